"""Every optimizer with its options over nine steps, and its state in files."""
import keras
import numpy as np
from keras import layers as L
from keras import optimizers
from keras.optimizers import schedules

from case import Case
from compare import compare_weights

ROWS = {
    "sgd": lambda: optimizers.SGD(0.1),
    "sgd_default": lambda: "sgd",
    "sgd_momentum": lambda: optimizers.SGD(0.05, momentum=0.9),
    "sgd_nesterov": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "sgd_decay": lambda: optimizers.SGD(schedules.InverseTimeDecay(0.1, 1, 0.2), momentum=0.9, nesterov=True),
    "rmsprop": lambda: "rmsprop",
    "rmsprop_options": lambda: optimizers.RMSprop(0.01, rho=0.8, momentum=0.5, epsilon=1e-3),
    "rmsprop_centered": lambda: optimizers.RMSprop(0.01, centered=True),
    "adam": lambda: "adam",
    "adam_options": lambda: optimizers.Adam(0.02, beta_1=0.8, beta_2=0.95, epsilon=1e-4),
    "adam_amsgrad": lambda: optimizers.Adam(0.02, amsgrad=True),
}
SAMPLES = 20  # a partial last batch


def build(optimizer):
    model = keras.Sequential([keras.Input((12,)), L.Dense(16, "tanh", name="hidden"), L.Dense(5, "softmax", name="y")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def case(name, row, **options):
    labels = lambda rng, samples: {"y": rng.integers(0, 5, samples).astype("int32")}
    return Case(name, lambda: build(ROWS[row]()), samples=SAMPLES, labels=labels, gradients=False,
                **options)


def cases(alone):
    return [case(name, name) for name in ROWS]


def override(tools):
    """The optimizer given on the command line in Keras 2's words."""
    trainer = tools.trainer(case("override", "sgd_decay"))
    trainer.keras.case.options = ["--optimizer", "SGD(lr=0.1, decay=0.2, momentum=0.9, nesterov=True)"]
    # What the file says must not matter.
    model = (trainer.folder / "model.json").read_text()
    (trainer.folder / "model.json").write_text(model.replace('"nesterov": true', '"nesterov": false'))
    trainer.compile()
    start = trainer.keras.values()
    keras_weights, _ = trainer.keras.train()
    ours, _ = trainer.fit(3)
    return "", compare_weights(1e-4, ours, keras_weights, start)[1]


def state_goes_on_in_keras(tools):
    """Two epochs by kcc's program, the third by Keras from the file it wrote: the same as three by Keras."""
    failures = []
    for row in ("adam", "rmsprop_centered", "sgd_nesterov"):
        trainer = tools.trainer(case(f"goes_on_{row}", row))
        trainer.compile()
        start = trainer.keras.values()
        keras_weights, _ = trainer.keras.train()
        trainer.fit(2, save="two.weights.h5")
        trainer.keras.model.load_weights(trainer.folder / "two.weights.h5")
        iterations = int(np.array(trainer.keras.model.optimizer.iterations.value))
        if iterations != 6:
            failures.append(f"{row}: the file says {iterations} steps, 6 were done")
        trainer.keras.fit(1)
        failures += compare_weights(1e-4, trainer.keras.values(), keras_weights, start)[1]
    return "", failures


def resumes(tools):
    """Two epochs, then two more from the file, give the bits of four."""
    trainer = tools.trainer(case("resumes", "adam"))
    trainer.compile()
    four, _ = trainer.fit(4, save="four.weights.h5")
    trainer.fit(2, save="two.weights.h5")
    again, _ = trainer.fit(2, save="again.weights.h5", weights=["--weights", trainer.folder / "two.weights.h5"])
    reset, _ = trainer.fit(2, "--reset-optimizer", save="reset.weights.h5",
                           weights=["--weights", trainer.folder / "two.weights.h5"])
    failures = [f"{path} differs after resuming" for path in four if not np.array_equal(four[path], again[path])]
    if all(np.array_equal(four[path], reset[path]) for path in four):
        failures.append("--reset-optimizer changes nothing")
    return "", failures


CHECKS = {"override": override, "state_goes_on_in_keras": state_goes_on_in_keras, "resumes": resumes}
