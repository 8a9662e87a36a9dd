"""Model files and weights files of every form that Keras 3 writes, read by kcc and by its programs."""
import h5py
import keras
import numpy as np
from keras import layers as L
from keras.src.legacy.saving import legacy_h5_format

from case import BATCH, Case
from compare import compare_weights
from kcc_side import run


def branched():
    """Shared layers, a model as a layer, wrappers, statistics, recurrent layers, a frozen layer."""
    a, b = keras.Input((6, 5), name="a"), keras.Input((6, 5), name="b")
    inner = keras.Sequential([keras.Input((5,)), L.Dense(4, "tanh"), L.BatchNormalization(), L.Dense(3)], name="inner")
    each = L.TimeDistributed(inner, name="each")
    lstm = L.LSTM(4, name="lstm")
    c = L.Concatenate()([lstm(each(a)), lstm(each(b)), L.Bidirectional(L.GRU(2))(a)])
    c = L.Dense(5, "relu", name="frozen", trainable=False)(c)
    return keras.Model([a, b], L.Dense(2, name="y")(c))


def images():
    return keras.Sequential([keras.Input((9, 8, 2), name="x"), L.Conv2D(4, 3, strides=2, activation="relu"),
                             L.BatchNormalization(), L.SeparableConv2D(3, 2), L.Conv2DTranspose(2, 3, strides=2),
                             L.Flatten(), L.Dense(3, name="y")])


def compiled(build, optimizer="adam"):
    def make():
        model = build()
        model.compile(optimizer, "mse")
        return model
    return make


def difference(ours, answer):
    return max(float(np.abs(ours[name] - answer[name]).max()) for name in answer)


def compile_model(trainer, model, *options):
    run(trainer.kcc, trainer.folder / model, "-o", trainer.folder / "trainer", "--cache", trainer.cache, "--batch-size",
        BATCH, *options)


def failure_of(what, error):
    return [] if error < 1e-5 else [f"{what}: predictions differ by {error:.1e}"]


def save_legacy_weights(model, path):
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def every_weights_file(build):
    """The program of the JSON alone, with each file that holds the weights."""
    def check(tools):
        trainer = tools.trainer(Case(f"weights_{build.__name__}", compiled(build)))
        trainer.compile()
        model, folder = trainer.keras.model, trainer.folder
        answer = trainer.keras.predict()
        model.save(folder / "m.keras")
        model.save(folder / "m.h5")
        save_legacy_weights(model, folder / "legacy.h5")
        failures = []
        for name in ("start.weights.h5", "m.keras", "m.h5", "legacy.h5"):
            failures += failure_of(name, difference(trainer.predict("--weights", folder / name), answer))
        return "", failures
    return check


def every_model_file(build):
    """A model's own weights are embedded: it predicts without more."""
    def check(tools):
        trainer = tools.trainer(Case(f"model_{build.__name__}", compiled(build)))
        model, folder = trainer.keras.model, trainer.folder
        answer = trainer.keras.predict()
        model.save(folder / "m.keras")
        model.save(folder / "m.h5")
        failures = []
        for name in ("m.keras", "m.h5"):
            compile_model(trainer, name)
            failures += failure_of(name, difference(trainer.predict("--verbose", 0), answer))
        compile_model(trainer, "model.json", "--weights", folder / "m.keras")
        return "", failures + failure_of("--weights", difference(trainer.predict("--verbose", 0), answer))
    return check


def training_goes_on(tools):
    """A .keras archive has the optimizer's state: Adam's third and fourth epoch follow its second."""
    trainer = tools.trainer(Case("goes_on", compiled(images)))
    trainer.keras.reset()
    trainer.keras.fit(2)
    trainer.keras.model.save(trainer.folder / "m.keras")
    before = trainer.keras.values()
    trainer.keras.fit(2)
    expected = trainer.keras.values()
    compile_model(trainer, "m.keras")
    ours, _ = trainer.fit(2, weights=["--seed", 1])  # from what is embedded
    error, failures = compare_weights(1e-3, ours, expected, before)
    return f"{error:.1g}", failures


CHECKS = {f"{kind.__name__}_{build.__name__}": kind(build)
          for kind in (every_weights_file, every_model_file) for build in (branched, images)}
CHECKS["training_goes_on"] = training_goes_on
