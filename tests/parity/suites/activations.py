"""Every activation of Keras: as a layer, as an argument, on images, and at extreme values."""
import numpy as np
from keras import layers as L
from keras.src.activations import ALL_OBJECTS_DICT

from case import Row, packed

NAMES = sorted(set(ALL_OBJECTS_DICT) - {"threshold"})  # which takes arguments: no model can name it
# Keras believes that glu, which halves the last axis, keeps its shape: such a model predicts but does not train.
TRAINED = [name for name in NAMES if name != "glu"]
ALONG_ROWS = ["log_softmax", "softmax", "sparsemax"]
EXTREMES = [-100, -30, -9, -6, -3, -2.5, -1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, 2.5, 3, 6, 9, 30, 100, 88]


def after_dense(name):
    return Row(name, lambda x, n: L.Activation(name, name=n)(L.Dense(6, name=f"{n}_dense")(x)))


def in_dense(name):
    return Row(f"dense_{name}", lambda x, n: L.Dense(6, activation=name, name=n)(x))


def on_image(name):
    return Row(f"image_{name}", lambda x, n: L.Activation(name, name=n)(L.Conv2D(4, 1, name=f"{n}_conv")(x)))


def alone_on(name):
    return Row(f"only_{name}", lambda x, n: L.Activation(name, name=n)(x))


def scaled(values):
    """A row of the values, then the same ever smaller and moved along, so that softmax sees many rows."""
    def inputs(rng, samples):
        rows = [np.roll(values, i) / 2 ** (i // 2) for i in range(samples)]
        return {"x": np.array(rows, "float32")}
    return inputs


def cases(alone):
    wide = lambda shape: lambda rng, samples: {"x": rng.uniform(-1.5, 1.5, (samples,) + shape).astype("float32")}
    not_finite = ["relu", "sigmoid", "softmax", "tanh"]
    return [
        *packed("as_layers", (10,), [after_dense(name) for name in TRAINED], alone, inputs=wide((10,))),
        *packed("as_arguments", (10,), [in_dense(name) for name in TRAINED], alone, inputs=wide((10,))),
        *packed("on_images", (3, 4, 5), [on_image(name) for name in ALONG_ROWS + ["relu", "tanh"]], alone,
                inputs=wide((3, 4, 5))),
        *packed("extremes", (len(EXTREMES),), [alone_on(name) for name in TRAINED], alone, compiled=False,
                extreme=True, inputs=scaled(EXTREMES)),
        *packed("glu", (6,), [alone_on("glu")], compiled=False),
        *packed("not_finite", (4,), [alone_on(name) for name in not_finite], alone, compiled=False, extreme=True,
                inputs=scaled([np.nan, 1, -1, 2])),
        *packed("infinite", (4,), [alone_on(name) for name in not_finite], alone, compiled=False, extreme=True,
                inputs=scaled([-np.inf, 1, -1, 2])),
    ]
