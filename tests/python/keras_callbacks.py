"""Keras's own callbacks on the compiled model do what they do on the Keras model."""

import contextlib
import io
import re
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import callbacks as C

from both import Both, classifier, data


class Recorder(C.Callback):
    """Every call with its names, not the values."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if not name.startswith("on_"):
            return super().__getattribute__(name)
        return lambda *arguments, logs=None: self.calls.append(
            (name, *(a if isinstance(a, int) else sorted(a or {}) for a in arguments), sorted(logs or {}))
        )


class Callbacks(Both):
    def setUp(self):
        self.x, self.y = data()
        self.model = classifier()
        self.fast = self.compiled(self.model)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def both(self, make, **options):
        """fit of both with callbacks that `make(folder)` gives; the folders, callbacks and printed texts."""
        results = []
        for name, model in (("keras", self.model), ("fast", self.fast)):
            folder = self.folder / name
            folder.mkdir(exist_ok=True)
            made, text = make(folder), io.StringIO()
            with contextlib.redirect_stdout(text):
                history = model.fit(
                    self.x,
                    self.y,
                    shuffle=False,
                    callbacks=made,
                    **{"epochs": 6, "validation_split": 0.3, "verbose": 0, **options},
                )
            results.append(
                (history, made, text.getvalue().replace(str(folder), ""), sorted(p.name for p in folder.iterdir()))
            )
        (expected, _, text, files), (seen, _, seen_text, seen_files) = results
        self.assert_close(seen.history, expected.history, rtol=1e-3)
        self.assertEqual(seen.epoch, expected.epoch)
        self.assertEqual((_rounded(seen_text), seen_files), (_rounded(text), files))
        self.assert_close(self.fast.get_weights(), self.model.get_weights(), rtol=1e-3, atol=1e-4)
        return results

    def test_calls(self):
        recorders = [results[1][0] for results in self.both(lambda _: [Recorder()], epochs=2, batch_size=40)]
        self.assertEqual(recorders[1].calls, recorders[0].calls)

    def test_early_stopping(self):
        self.x, self.y, self.weights = self.x[:40], self.y[:40], self.model.get_weights()
        for options in (
            {"patience": 1},
            {"patience": 2, "restore_best_weights": True, "verbose": 1},
            {"monitor": "val_accuracy", "patience": 1, "restore_best_weights": True},
            {"baseline": 0.01, "patience": 3, "start_from_epoch": 2},
        ):
            with self.subTest(options):
                # Until nothing is left to learn, where rounding decides.
                self.model.set_weights(self.weights)
                self.fast.set_weights(self.weights)
                self.model.optimizer.learning_rate = self.fast.optimizer.learning_rate = 0.03
                results = self.both(lambda _: [C.EarlyStopping(**options)], epochs=30)
                self.assertEqual(results[0][1][0].stopped_epoch, results[1][1][0].stopped_epoch)
                self.assertGreater(results[1][1][0].stopped_epoch, 0)

    def test_learning_rates(self):
        def make(_):
            return [
                C.LearningRateScheduler(lambda epoch, lr: lr * 0.9 if epoch else 0.05, verbose=1),
                C.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, min_delta=0.2, verbose=1),
            ]

        results = self.both(make)
        self.assertIn("learning_rate", results[1][0].history)
        self.assertIn("ReduceLROnPlateau reducing", results[1][2])

    def test_files(self):
        def make(folder):
            return [
                C.ModelCheckpoint(folder / "{epoch:02d}.weights.h5", save_weights_only=True, verbose=1),
                C.ModelCheckpoint(folder / "best.keras", save_best_only=True, monitor="val_accuracy"),
                C.ModelCheckpoint(folder / "batch-{batch:03d}.weights.h5", save_weights_only=True, save_freq=5),
                C.CSVLogger(folder / "log.csv"),
            ]

        self.both(make, epochs=3)
        for name in ("03.weights.h5", "best.keras", "batch-001.weights.h5"):
            loaded = []
            for folder in ("keras", "fast"):
                twin = classifier()
                twin.load_weights(self.folder / folder / name)
                loaded.append(twin.get_weights())
            self.assert_close(loaded[1], loaded[0], rtol=1e-3, atol=1e-4)
        best = keras.saving.load_model(self.folder / "fast" / "best.keras")
        self.assertEqual(best.predict(self.x, verbose=0).shape, (90, 3))
        logs = [
            np.genfromtxt(self.folder / folder / "log.csv", delimiter=",", names=True) for folder in ("keras", "fast")
        ]
        self.assertEqual(logs[0].dtype.names, logs[1].dtype.names)
        for column in logs[0].dtype.names:
            np.testing.assert_allclose(logs[1][column], logs[0][column], rtol=1e-3)

    def test_a_broken_run_goes_on(self):
        class Broken(Exception):
            pass

        def stop(epoch, logs):
            if epoch == 2:
                raise Broken

        whole = self.fast.fit(self.x, self.y, epochs=5, shuffle=False, verbose=0)
        again = self.compiled(self.model)
        backup = lambda: C.BackupAndRestore(self.folder / "backup")
        with self.assertRaises(Broken):
            again.fit(
                self.x,
                self.y,
                epochs=5,
                shuffle=False,
                verbose=0,
                callbacks=[backup(), C.LambdaCallback(on_epoch_begin=stop)],
            )
        again = self.compiled(self.model)
        rest = again.fit(self.x, self.y, epochs=5, shuffle=False, verbose=0, callbacks=[backup()])
        self.assertEqual(rest.epoch, [2, 3, 4])
        self.assertEqual(rest.history["loss"], whole.history["loss"][2:])
        self.assertFalse((self.folder / "backup").exists())

    def test_terminate_on_nan(self):
        self.x = self.x.copy()
        self.x[50, 0] = np.nan

        def make(_):
            return [C.TerminateOnNaN()]

        results = []
        for model in (self.model, self.fast):
            text = io.StringIO()
            with contextlib.redirect_stdout(text):
                history = model.fit(
                    self.x,
                    self.y,
                    shuffle=False,
                    epochs=4,
                    verbose=0,
                    callbacks=make(0),
                    validation_data=(self.x[:9], self.y[:9]),
                )
            results.append((history.epoch, list(history.history), text.getvalue()))
        self.assertEqual(results[0], results[1])
        self.assertEqual(results[1][0], [0])
        with self.assertRaisesRegex(RuntimeError, "NaN or Inf loss"):
            self.fast.fit(self.x, self.y, verbose=0, callbacks=[C.TerminateOnNaN(raise_error=True)])

    def test_lambda_callbacks_and_history(self):
        seen = []
        own = C.History()
        callback = C.LambdaCallback(
            on_epoch_end=lambda epoch, logs: seen.append((epoch, sorted(logs))),
            on_train_begin=lambda logs: seen.append("begin"),
            on_train_end=lambda logs: seen.append("end"),
        )
        history = self.fast.fit(self.x, self.y, epochs=2, verbose=0, callbacks=[callback, own])
        self.assertIs(history, own)
        self.assertEqual(seen, ["begin", (0, ["accuracy", "loss"]), (1, ["accuracy", "loss"]), "end"])

    def test_what_needs_a_real_model_says_so(self):
        callback = C.LambdaCallback(on_epoch_end=lambda epoch, logs: callback.model.layers[0])
        with self.assertRaisesRegex(AttributeError, "a kcc model has no 'layers'.*to_keras"):
            self.fast.fit(self.x, self.y, verbose=0, callbacks=[callback])


def _rounded(text):
    """Numbers that differ by rounding, to two places."""
    return re.sub(r"\d+\.\d+(e-\d+)?", lambda number: f"{float(number[0]):.2g}", text)
