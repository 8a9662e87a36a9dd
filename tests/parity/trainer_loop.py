"""The trainer's loop against real Keras: the same linear model, weights and data give the same History, weights,
predictions and printed lines. Usage: python trainer_loop.py LINEAR_TRAINER (tests/runtime/linear_trainer.cpp)."""

import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

TRAINER = pathlib.Path(sys.argv.pop(1)).resolve()
# Both sum in float32, in different orders.
TOLERANCE = {"rtol": 2e-6, "atol": 1e-6}


def make_model(learning_rate=0.01):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(learning_rate), loss="mse", metrics=["mae"])
    return model


def without_times(text):
    return re.sub(r"\d+(s|ms|us)(/step)?", "TIME", text)


class TrainerParity(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        rng = np.random.default_rng(7)
        self.x = rng.normal(size=(103, 3)).astype("float32")
        self.y = (self.x @ rng.normal(size=(3, 2)) + rng.normal(size=(103, 2)) * 0.1).astype("float32")
        np.save(self.path("x.npy"), self.x)
        np.save(self.path("y.npy"), self.y)
        self.model = make_model()
        self.model.save_weights(self.path("start.weights.h5"))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def run_trainer(self, command, *options):
        result = subprocess.run([TRAINER, command, "-x", "x.npy", *options], cwd=self.folder.name,
                                capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.decode()

    def fit_both(self, options, **arguments):
        keras_out = io.StringIO()
        with contextlib.redirect_stdout(keras_out):
            history = self.model.fit(self.x, self.y, shuffle=False, verbose=2,
                                     callbacks=[keras.callbacks.CSVLogger(self.path("keras.csv"))], **arguments)
        fit = ["-y", "y.npy", "--weights", "start.weights.h5", "--shuffle", "false", *options]
        out = self.run_trainer("fit", *fit, "--save", "end.weights.h5", "--history", "ours.json")
        self.run_trainer("fit", *fit, "--no-save", "--history", "ours.csv")
        ours = json.loads(pathlib.Path(self.path("ours.json")).read_text())
        self.assertEqual(list(ours), list(history.history))
        for name, values in history.history.items():
            np.testing.assert_allclose(ours[name], values, **TOLERANCE, err_msg=name)
        self.assertEqual(without_times(out), without_times(keras_out.getvalue()))
        self.compare_csv()
        self.compare_weights()

    def compare_csv(self):
        read = lambda name: pathlib.Path(self.path(name)).read_bytes().decode().split("\r\n")
        ours, theirs = read("ours.csv"), read("keras.csv")
        self.assertEqual(ours[0], theirs[0])
        self.assertEqual(len(ours), len(theirs))
        for our_row, their_row in zip(ours[1:-1], theirs[1:-1]):
            for our_cell, their_cell in zip(our_row.split(","), their_row.split(","), strict=True):
                if their_cell == "NA":
                    self.assertEqual(our_cell, "NA")
                else:
                    np.testing.assert_allclose(float(our_cell), float(their_cell), **TOLERANCE)

    def compare_weights(self):
        loaded = make_model(0.5)
        loaded.optimizer.build(loaded.trainable_variables)
        loaded.load_weights(self.path("end.weights.h5"))
        for ours, theirs in zip(loaded.get_weights(), self.model.get_weights()):
            np.testing.assert_allclose(ours, theirs, **TOLERANCE)
        for ours, theirs in zip(loaded.optimizer.variables, self.model.optimizer.variables, strict=True):
            np.testing.assert_array_equal(ours, theirs)

    def test_fit(self):
        self.fit_both(["--epochs", "4"], epochs=4)

    def test_fit_one_epoch_of_one_batch(self):
        self.fit_both(["--batch-size", "200"], batch_size=200)

    def test_fit_with_validation_split(self):
        self.fit_both(["--epochs", "3", "--validation-split", "0.27", "--batch-size", "10"],
                      epochs=3, validation_split=0.27, batch_size=10)

    def test_fit_with_validation_data_and_steps(self):
        np.save(self.path("vx.npy"), self.x[:40] + 1)
        np.save(self.path("vy.npy"), self.y[:40])
        files = ["--validation-x", "vx.npy", "--validation-y", "vy.npy"]
        self.fit_both([*files, "--epochs", "2", "--validation-steps", "3"], epochs=2,
                      validation_data=(self.x[:40] + 1, self.y[:40]), validation_steps=3)

    def test_fit_with_initial_epoch(self):
        self.fit_both(["--epochs", "5", "--initial-epoch", "3"], epochs=5, initial_epoch=3)

    def test_fit_with_steps_per_epoch(self):
        self.fit_both(["--epochs", "5", "--steps-per-epoch", "3", "--batch-size", "16"],
                      epochs=5, steps_per_epoch=3, batch_size=16)

    def test_fit_with_steps_instead_of_a_batch_size(self):
        self.fit_both(["--epochs", "2", "--steps-per-epoch", "7"], epochs=2, steps_per_epoch=7)

    def test_evaluate_and_predict(self):
        keras_out = io.StringIO()
        with contextlib.redirect_stdout(keras_out):
            scores = self.model.evaluate(self.x, self.y, batch_size=10, return_dict=True, verbose=1)
            outputs = self.model.predict(self.x, batch_size=10, verbose=1)
        weights = ["--weights", "start.weights.h5", "--batch-size", "10", "--verbose", "1"]
        out = self.run_trainer("evaluate", "-y", "y.npy", *weights)
        out += self.run_trainer("predict", "-o", "p.npy", *weights)
        last_bars = lambda text: [line.split("\r")[-1].rstrip() for line in without_times(text).split("\n")]
        self.assertEqual(last_bars(out), last_bars(keras_out.getvalue()))
        np.testing.assert_allclose(np.load(self.path("p.npy")), outputs, **TOLERANCE)
        ours = json.loads(self.run_trainer("evaluate", "-y", "y.npy", *weights, "--json"))
        self.assertEqual(sorted(ours), sorted(scores))
        for name, value in scores.items():
            np.testing.assert_allclose(ours[name], [value], **TOLERANCE)


if __name__ == "__main__":
    unittest.main()
