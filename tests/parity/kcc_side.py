"""What kcc and the program it makes answer for a case."""
import json
import subprocess

import numpy as np

from case import BATCH
from keras_side import GRADIENT_RATE, Answers


class Failure(Exception):
    """Something that is not as it must be, as a sentence."""


def run(*command, timeout=300):
    command = [str(part) for part in command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        raise Failure(f"more than {timeout} s: {' '.join(command)}") from None
    if done.returncode != 0:
        raise Failure(f"exit status {done.returncode}: {' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def named(option, paths):
    """-x FILE for one, -x NAME=FILE for several."""
    if len(paths) == 1:
        return [option, *paths.values()]
    return [part for name, path in paths.items() for part in (option, f"{name}={path}")]


class Trainer:
    """A case's compiled program, its files in a folder of its own."""

    def __init__(self, keras_model, kcc, cache, folder):
        self.keras = keras_model
        self.folder = folder
        self.kcc = kcc
        self.cache = cache
        folder.mkdir(parents=True)
        (folder / "model.json").write_text(keras_model.model.to_json())
        keras_model.reset()
        keras_model.model.save_weights(folder / "start.weights.h5")
        self.x = self._save("x", keras_model.x)
        self.y = self._save("y", keras_model.y)

    def _save(self, kind, arrays, count=None):
        paths = {}
        for index, (name, array) in enumerate(arrays.items()):
            paths[name] = self.folder / f"{kind}{'' if count is None else count}_{index}.npy"
            np.save(paths[name], array[:count])
        return paths

    @property
    def start(self):
        return ["--weights", self.folder / "start.weights.h5"]

    def compile(self):
        run(self.kcc, self.folder / "model.json", "-o", self.folder / "trainer", "--cache", self.cache,
            "--batch-size", BATCH, "--single-process", *self.keras.case.options)

    def run(self, verb, *arguments):
        return run(self.folder / "trainer", verb, *arguments)

    def predict(self, *weights):
        single = len(self.keras.model.outputs) == 1
        path = self.folder / ("predictions.npy" if single else "predictions.npz")
        self.run("predict", *named("-x", self.x), *(weights or self.start), "-o", path)
        found = np.load(path)
        return {next(iter(self.keras.y)): found} if single else {name: found[name] for name in found.files}

    def evaluate(self):
        text = self.run("evaluate", *named("-x", self.x), *named("-y", self.y), *self.start, "--batch-size", BATCH,
                        "--json")
        return {name: value[-1] if isinstance(value, list) else value for name, value in json.loads(text).items()}

    def fit(self, epochs, *options, count=None, save="trained.weights.h5", weights=None):
        """Trains and returns (values by path, history); Keras itself reads the weights that were saved."""
        x = self.x if count is None else self._save("x", self.keras.x, count)
        y = self.y if count is None else self._save("y", self.keras.y, count)
        history = self.folder / "history.json"
        self.run("fit", *named("-x", x), *named("-y", y), *(weights or self.start), "--batch-size", BATCH, "--epochs",
                 epochs, "--shuffle", "false", "--verbose", 0, "--save", self.folder / save, "--history", history,
                 *options)
        return self.load(save), json.loads(history.read_text())

    def load(self, name):
        self.keras.model.load_weights(self.folder / name)
        values = self.keras.values()
        self.keras.reset()
        return values

    def gradients(self):
        self.keras.reset()
        before = self.keras.values()
        after, _ = self.fit(1, "--learning-rate", GRADIENT_RATE, count=BATCH, save="stepped.weights.h5")
        return self.keras.gradients_between(before, after)

    def answers(self):
        case = self.keras.case
        predictions = self.predict()
        if getattr(self.keras.model, "optimizer", None) is None:
            return Answers(predictions, {}, {}, {}, {})
        evaluation = self.evaluate()
        gradients = self.gradients() if case.gradients else {}
        trained, history = self.fit(case.epochs) if case.epochs else ({}, {})
        return Answers(predictions, evaluation, gradients, trained, history)
