"""Files: weights both ways with Keras bit by bit, histories, validation, the formats of data."""
import csv
import json

import keras
import numpy as np
from keras import layers as L

from case import Case
from compare import compare_metrics, compare_weights


def every_layer():
    x = keras.Input((8, 8, 2), name="x")
    y = L.Conv2D(4, 3, name="conv")(x)
    y = L.BatchNormalization(name="norm")(y)
    y = L.Conv2D(4, 3)(L.Conv2D(3, 1)(y))
    y = L.Dropout(0.3)(L.Flatten()(y))
    return keras.Model(x, L.Dense(3, "softmax", name="y")(L.Dense(5, "relu")(y)))


def compiled(optimizer="adam"):
    model = every_layer()
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def small(optimizer="sgd"):
    model = keras.Sequential([keras.Input((6,), name="x"), L.Dense(8, "tanh"), L.Dense(3, "softmax", name="y")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def labels(rng, samples):
    return {"y": rng.integers(0, 3, samples).astype("int32")}


def keras_reads_the_same_bits(tools):
    """A step at rate 0 writes what it read, but for the moving statistics."""
    trainer = tools.trainer(Case("bits", compiled, labels=labels))
    trainer.compile()
    before = trainer.keras.values()
    after, _ = trainer.fit(1, "--learning-rate", 0)
    return "", [f"{path} has other bits" for path in before
                if "moving" not in path and not np.array_equal(before[path], after[path])]


def predictions_after_saving(tools):
    """What Keras predicts from the program's file is what the program predicts."""
    trainer = tools.trainer(Case("saved", compiled, labels=labels))
    trainer.compile()
    trainer.fit(2)
    ours = trainer.predict("--weights", trainer.folder / "trained.weights.h5")["y"]
    trainer.keras.model.load_weights(trainer.folder / "trained.weights.h5")
    keras_answer = trainer.keras.model.predict(trainer.keras.x["x"], verbose=0)
    error = np.abs(ours - keras_answer).max()
    return f"{error:.1e}", [] if error < 1e-5 else [f"predictions differ by {error:.1e}"]


def read_csv(path):
    with open(path) as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0]}


def histories(tools):
    """Validation split and data; JSON and CSV say the same."""
    trainer = tools.trainer(Case("histories", small, samples=21, labels=labels))
    trainer.compile()
    keras_model, failures = trainer.keras, []

    keras_model.reset()
    expected = keras_model.fit(3, validation_split=0.3)
    _, history = trainer.fit(3, "--validation-split", 0.3)
    failures += compare_metrics("validation split", history, expected)[1]

    keras_model.reset()
    x, y = keras_model.x["x"][:9], keras_model.y["y"][:9]
    expected = keras_model.fit(3, validation_data=(x, y))
    np.save(trainer.folder / "vx.npy", x)
    np.save(trainer.folder / "vy.npy", y)
    data = ["--validation-x", trainer.folder / "vx.npy", "--validation-y", trainer.folder / "vy.npy"]
    _, history = trainer.fit(3, *data)
    failures += compare_metrics("validation data", history, expected)[1]

    trainer.run("fit", "-x", trainer.x["x"], "-y", trainer.y["y"], *trainer.start, "--batch-size", 8, "--epochs", 3,
                "--shuffle", "false", "--verbose", 0, "--no-save", "--history", trainer.folder / "history.csv", *data)
    table = read_csv(trainer.folder / "history.csv")
    epochs = table.pop("epoch", None)
    if epochs != [0, 1, 2]:
        failures.append(f"history.csv: epochs {epochs}, expected 0, 1, 2")
    failures += compare_metrics("history.csv", table, history)[1]
    return "", failures


def data_formats(tools):
    """The same numbers as .npy, as a member of an .npz and as .csv."""
    trainer = tools.trainer(Case("formats", small, samples=12, labels=labels))
    trainer.compile()
    x, y = trainer.keras.x["x"], trainer.keras.y["y"]
    folder = trainer.folder
    np.savez(folder / "both.npz", x=x, y=y)
    np.savez_compressed(folder / "packed.npz", x=x, y=y)
    np.savetxt(folder / "x.csv", x, "%.9g", ",")
    np.savetxt(folder / "y.csv", y, "%d", ",")
    expected = json.loads(trainer.run("evaluate", "-x", trainer.x["x"], "-y", trainer.y["y"], *trainer.start, "--json"))
    failures = []
    for name, data in {
        "npz": ["-x", f"{folder}/both.npz:x", "-y", f"{folder}/both.npz:y"],
        "packed npz": ["-x", f"{folder}/packed.npz:x", "-y", f"{folder}/packed.npz:y"],
        "csv": ["-x", folder / "x.csv", "-y", folder / "y.csv"],
    }.items():
        found = json.loads(trainer.run("evaluate", *data, *trainer.start, "--json"))
        if found != expected:
            failures.append(f"{name}: {found}, from .npy {expected}")
    return "", failures


def hand_written(tools):
    """Short JSON with every default, as the contract's own example has it."""
    text = {"class_name": "Sequential", "config": {"layers": [
        {"class_name": "Dense", "config": {"units": 10, "activation": "relu", "input_dim": 20}},
        {"class_name": "Dense", "config": {"units": 3}}]}}

    def build():
        model = keras.Sequential([keras.Input((20,)), L.Dense(10, "relu"), L.Dense(3)])
        model.compile("rmsprop", "mse")
        return model

    case = Case("hand_written", build)
    trainer = tools.trainer(case)
    (trainer.folder / "model.json").write_text(json.dumps(text))
    case.options = ["--loss", "mse", "--optimizer", "rmsprop"]
    trainer.compile()
    keras_predicts = next(iter(trainer.keras.predict().values()))
    ours = next(iter(trainer.predict().values()))
    error = np.abs(ours - keras_predicts).max() / np.abs(keras_predicts).max()
    failures = [] if error < 1e-5 else [f"predictions differ by {error:.1e}"]
    start = trainer.keras.values()
    keras_weights, _ = trainer.keras.train()
    ours, _ = trainer.fit(3)
    return "", failures + compare_weights(1e-3, ours, keras_weights, start)[1]


CHECKS = {
    "keras_reads_the_same_bits": keras_reads_the_same_bits,
    "predictions_after_saving": predictions_after_saving,
    "histories": histories,
    "data_formats": data_formats,
    "hand_written": hand_written,
}
