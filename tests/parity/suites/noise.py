"""Layers of noise while training: distributions, scales, what is shared, seeds; nothing of it in predict.

The noise shows in the gradient of a Dense layer behind it: one sample x, weights of ones, target 0 and the mean squared
error give dw = 2 (w . y) y, where y is the noisy x.
"""
import keras
import numpy as np
from keras import layers as L

from case import Case

SIDE, WIDTH = 16, 4096
RATE_OF_LEARNING = 2.0 ** -20  # so small that the second step still sees the first's weights

# name: (layer, the input's value, what its noisy values are: mean and deviation)
ROWS = {
    "gaussian": (lambda n: L.GaussianNoise(0.3, name=n), 1.0, (1.0, 0.3)),
    "gaussian_wide": (lambda n: L.GaussianNoise(1.0, name=n), 2.0, (2.0, 1.0)),
    "gaussian_seeded": (lambda n: L.GaussianNoise(0.3, seed=5, name=n), 1.0, (1.0, 0.3)),
    "gaussian_dropout": (lambda n: L.GaussianDropout(0.2, name=n), 2.0, (2.0, 2 * 0.5)),
    "alpha": (lambda n: L.AlphaDropout(0.3, name=n), 0.5, None),
    "none": (lambda n: L.GaussianNoise(0.0, name=n), 1.0, (1.0, 0.0)),
    "spatial1": (lambda n: L.SpatialDropout1D(0.5, name=n), 1.0, (1.0, 1.0)),
    "spatial2": (lambda n: L.SpatialDropout2D(0.5, name=n), 1.0, (1.0, 1.0)),
    "spatial2_first": (lambda n: L.SpatialDropout2D(0.5, data_format="channels_first", name=n), 1.0, (1.0, 1.0)),
    "spatial3": (lambda n: L.SpatialDropout3D(0.5, name=n), 1.0, (1.0, 1.0)),
}
# The shape that a layer sees, and the axes along which its noise is one.
SHAPES = {"spatial1": ((SIDE, WIDTH // SIDE), (0,)), "spatial2": ((4, 4, WIDTH // 16), (0, 1)),
          "spatial2_first": ((WIDTH // 16, 4, 4), (1, 2)), "spatial3": ((2, 2, 4, WIDTH // 16), (0, 1, 2))}


def build():
    x = keras.Input((WIDTH,), name="x")
    outputs = []
    for name, (make, value, _) in ROWS.items():
        y = L.Rescaling(value, name=f"{name}_value")(x)
        if name in SHAPES:
            y = L.Flatten(name=f"{name}_flat")(make(name)(L.Reshape(SHAPES[name][0], name=f"{name}_shape")(y)))
        else:
            y = make(name)(y)
        outputs.append(L.Dense(1, use_bias=False, kernel_initializer="ones", name=f"{name}_out")(y))
    model = keras.Model(x, outputs)
    model.compile(keras.optimizers.SGD(RATE_OF_LEARNING), ["mse"] * len(outputs))
    return model


def case(name, samples):
    ones = lambda rng, count: {"x": np.ones((count, WIDTH), "float32")}
    zeros = lambda rng, count: {f"{row}_out": np.zeros((count, 1), "float32") for row in ROWS}
    return Case(name, build, samples=samples, inputs=ones, labels=zeros)


def noisy_values(trainer, *options):
    """The noisy inputs of the first step: dw / 2 is (sum of y) y, whose own sum is the square of that of y."""
    values, _ = trainer.fit(1, *options, save="noisy.weights.h5")
    found = {}
    for name, (_, value, _) in ROWS.items():
        change = (1 - values[f"{name}_out/kernel"].ravel().astype("float64")) / (2 * RATE_OF_LEARNING)
        found[name] = change / np.sqrt(max(change.sum(), 1e-30)) * np.sign(value)
    return found


def check_moments(name, y, mean, deviation):
    failures = []
    spread = max(deviation, 1e-3)
    count = WIDTH if name not in SHAPES else WIDTH // 16
    if abs(y.mean() - mean) > 5 * spread / np.sqrt(count):
        failures.append(f"{name}: mean {y.mean():.4f}, expected {mean}")
    if abs(y.std() - deviation) > 5 * spread / np.sqrt(2 * count) + 2e-3:
        failures.append(f"{name}: deviation {y.std():.4f}, expected {deviation:.4f}")
    if name.startswith("gaussian"):
        z = (y - mean) / deviation
        for quantile, expected in ((-2, 0.02275), (-1, 0.15866), (0, 0.5), (1, 0.84134), (2, 0.97725)):
            share = np.mean(z < quantile)
            if abs(share - expected) > 5 * np.sqrt(expected * (1 - expected) / WIDTH):
                failures.append(f"{name}: {share:.4f} of the values are below {quantile} deviations, expected {expected}")
        if abs(np.mean(z[1:] * z[:-1])) > 5 / np.sqrt(WIDTH):
            failures.append(f"{name}: neighbours are correlated by {np.mean(z[1:] * z[:-1]):.4f}")
    return failures


def check_alpha(y, value, rate):
    """Two values: a x + b where it is kept, a saturation + b where it is dropped."""
    saturation = -1.6732632423543772 * 1.0507009873554805
    a = ((1 - rate) * (1 + rate * saturation ** 2)) ** -0.5
    b = -a * saturation * rate
    kept = np.abs(y - (a * value + b)) < np.abs(y - (a * saturation + b))
    failures = []
    if abs(kept.mean() - (1 - rate)) > 5 * np.sqrt(rate * (1 - rate) / WIDTH):
        failures.append(f"alpha: keeps {kept.mean():.4f}, expected {1 - rate}")
    error = np.abs(y - np.where(kept, a * value + b, a * saturation + b)).max()
    return failures + ([f"alpha: values are off by {error:.4f}"] if error > 5e-3 else [])


def distributions(tools):
    trainer = tools.trainer(case("distributions", 1))
    trainer.compile()
    found = noisy_values(trainer, "--seed", 1)
    failures = []
    for name, (_, value, moments) in ROWS.items():
        failures += check_moments(name, found[name], *moments) if moments else check_alpha(found[name], value, 0.3)
    for name, (shape, axes) in SHAPES.items():
        maps = found[name].reshape(shape)
        if np.ptp(maps, axis=axes).max() > 1e-2:
            failures.append(f"{name}: the elements of a map are not dropped together")
    other = noisy_values(trainer, "--seed", 2)
    for name in ("gaussian", "gaussian_dropout", "alpha", "spatial2"):
        if np.allclose(found[name], other[name], atol=1e-2):
            failures.append(f"{name}: two seeds give one noise")
    for threads in (1, 2):
        again = noisy_values(trainer, "--seed", 1, "--threads", threads)
        failures += [f"{name}: {threads} threads give other bits" for name in ROWS if not np.array_equal(found[name], again[name])]
    return "", failures


def predicts_without(tools):
    trainer = tools.trainer(case("predicts_without", 3))
    trainer.compile()
    return "", [f"{name}: predict is noisy" for name, found in trainer.predict().items()
                if not np.allclose(found, WIDTH * ROWS[name[:-len('_out')]][1])]


CHECKS = {"distributions": distributions, "predicts_without": predicts_without}
