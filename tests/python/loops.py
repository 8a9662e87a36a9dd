"""fit, evaluate and predict in a process without Keras."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
import warnings

import numpy as np

import tools

BATCH_METHODS = (
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


class Recorder:
    """A callback that writes down what it hears."""

    def __init__(self, *methods):
        self.calls = []
        for method in methods:
            setattr(self, method, lambda *arguments, name=method, **named: self.calls.append((name, *arguments)))


def printed(call):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        call()
    return re.sub(r"\d+(us|ms|s)\b", "T", text.getvalue())


class Loops(unittest.TestCase):
    def setUp(self):
        self.model = tools.classifier()
        self.addCleanup(self.model.close)
        self.x, self.y = tools.data()

    def test_keras_is_not_needed(self):
        self.assertNotIn("keras", sys.modules)

    def test_history(self):
        history = self.model.fit(self.x, self.y, epochs=40, batch_size=10, validation_split=0.2, verbose=0)
        self.assertEqual(list(history.history), ["accuracy", "loss", "val_accuracy", "val_loss"])
        self.assertEqual(history.epoch, list(range(40)))
        self.assertEqual(history.params, {"verbose": 0, "epochs": 40, "steps": 8})
        self.assertIs(self.model.history, history)
        self.assertGreater(history.history["val_accuracy"][-1], 0.7)
        self.assertLess(history.history["loss"][-1], 0.6 * history.history["loss"][0])
        np.testing.assert_allclose(
            self.model.evaluate(self.x[80:], self.y[80:], verbose=0, batch_size=10),
            [history.history["val_loss"][-1], history.history["val_accuracy"][-1]],
            rtol=1e-6,
        )

    def test_the_numbers_are_those_of_the_trainer(self):
        library = tools.library()
        trainer = library.with_suffix(".trainer")
        subprocess.run([os.environ["KCC"], tools.FOLDER / "classifier.json", "-o", trainer], check=True)
        np.save(tools.FOLDER / "x.npy", self.x)
        np.save(tools.FOLDER / "y.npy", self.y)
        options = ["--epochs", "4", "--seed", "7", "--validation-split", "0.2", "--no-save", "--history", "h.json"]
        done = subprocess.run(
            [trainer, "fit", "-x", "x.npy", "-y", "y.npy", *options], cwd=tools.FOLDER, text=True, capture_output=True
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = json.loads((tools.FOLDER / "h.json").read_text())
        with tools.classifier(seed=7) as model:
            seen = model.fit(self.x, self.y, epochs=4, validation_split=0.2, verbose=0).history
        for name, values in seen.items():
            np.testing.assert_allclose(values, expected[name], rtol=1e-7)

    def test_the_same_seed_gives_the_same_bits(self):
        def losses(**options):
            with tools.classifier(**options) as model:
                return [model.fit(self.x, self.y, epochs=3, verbose=0).history["loss"] for _ in range(2)]

        self.assertEqual(losses(seed=5), losses(seed=5, threads=2))
        self.assertNotEqual(losses(seed=5), losses(seed=6))

    def test_events_come_in_keras_order(self):
        recorder = Recorder(
            "on_train_begin",
            "on_epoch_begin",
            *BATCH_METHODS,
            "on_test_begin",
            "on_test_end",
            "on_epoch_end",
            "on_train_end",
        )
        self.model.fit(
            self.x,
            self.y,
            batch_size=50,
            epochs=2,
            validation_data=(self.x, self.y),
            validation_batch_size=100,
            validation_freq=2,
            callbacks=[[recorder]],
            verbose=0,
        )
        train = [
            ("on_train_batch_begin", 0),
            ("on_train_batch_end", 0),
            ("on_train_batch_begin", 1),
            ("on_train_batch_end", 1),
        ]
        self.assertEqual(
            [call[:2] for call in recorder.calls],
            [
                ("on_train_begin", {}),
                ("on_epoch_begin", 0),
                *train,
                ("on_epoch_end", 0, recorder.calls[6][2])[:2],
                ("on_epoch_begin", 1),
                *train,
                ("on_test_begin", {}),
                ("on_test_batch_begin", 0),
                ("on_test_batch_end", 0),
                recorder.calls[-3][:2],
                ("on_epoch_end", 1),
                recorder.calls[-1][:2],
            ],
        )
        self.assertEqual(set(recorder.calls[6][2]), {"loss", "accuracy"})
        self.assertEqual(set(recorder.calls[-1][1]), {"loss", "accuracy", "val_loss", "val_accuracy"})

    def test_watching_changes_nothing(self):
        def weights(**options):
            with tools.classifier() as model:
                history = model.fit(self.x, self.y, epochs=3, verbose=0, validation_split=0.3, **options)
                return history.history, [w.tobytes() for w in model.get_weights()]

        self.assertEqual(weights(), weights(callbacks=[Recorder(*BATCH_METHODS)]))

    def test_a_callback_stops_after_the_batch_or_the_epoch(self):
        def stop(*_, **__):
            self.model.stop_training = True

        for method, batches in (("on_train_batch_end", 1), ("on_epoch_end", 4), ("on_epoch_begin", 1)):
            with self.subTest(method):
                stopper, recorder = Recorder(), Recorder("on_train_batch_end", "on_epoch_end", "on_train_end")
                setattr(stopper, method, stop)
                history = self.model.fit(
                    self.x,
                    self.y,
                    25,
                    epochs=9,
                    validation_data=(self.x, self.y),
                    verbose=0,
                    callbacks=[stopper, recorder],
                )
                names = [call[0] for call in recorder.calls]
                self.assertEqual(names, ["on_train_batch_end"] * batches + ["on_epoch_end", "on_train_end"])
                self.assertEqual(len(history.history["val_loss"]), 1)

    def test_exceptions_of_callbacks_reach_the_caller(self):
        def fail(*_, **__):
            raise ZeroDivisionError("in a callback")

        for method in (
            "on_epoch_begin",
            "on_train_batch_begin",
            "on_train_batch_end",
            "on_test_batch_end",
            "on_epoch_end",
        ):
            with self.subTest(method):
                callback, recorder = Recorder(), Recorder("on_train_batch_end", "on_epoch_end", "on_train_end")
                setattr(callback, method, fail)
                with self.assertRaisesRegex(ZeroDivisionError, "in a callback"):
                    self.model.fit(
                        self.x, self.y, validation_split=0.5, epochs=5, verbose=0, callbacks=[callback, recorder]
                    )
                self.assertLess(len(recorder.calls), 3)
                self.assertNotIn("on_train_end", [call[0] for call in recorder.calls])
        self.model.fit(self.x, self.y, verbose=0)  # still in order

    def test_ctrl_c(self):
        handler = signal.getsignal(signal.SIGINT)
        for callbacks in ([], [Recorder("on_train_batch_end")]):
            timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
            timer.start()
            started = time.monotonic()
            with self.assertRaises(KeyboardInterrupt):
                self.model.fit(self.x, self.y, epochs=10**8, verbose=0, callbacks=callbacks)
            self.assertLess(time.monotonic() - started, 5)
            self.assertIs(signal.getsignal(signal.SIGINT), handler)

    def test_learning_rate(self):
        rates = []
        schedule, recorder = Recorder(), Recorder()
        schedule.on_epoch_begin = lambda epoch, logs: setattr(self.model.optimizer, "learning_rate", 0.1 / (1 + epoch))
        recorder.on_epoch_end = lambda epoch, logs: rates.append(self.model.optimizer.learning_rate)
        self.model.fit(self.x, self.y, epochs=3, verbose=0, callbacks=[schedule, recorder])
        np.testing.assert_allclose(rates, [0.1, 0.05, 0.1 / 3], rtol=1e-6)
        self.assertEqual(self.model.optimizer.iterations, 12)
        self.model.optimizer.learning_rate = 0.0
        before = self.model.get_weights()
        self.model.fit(self.x, self.y, verbose=0)
        for a, b in zip(before, self.model.get_weights()):
            np.testing.assert_array_equal(a, b)

    def test_callbacks_may_use_the_model(self):
        seen = []
        callback = Recorder()
        callback.on_epoch_end = lambda epoch, logs: seen.append(
            (self.model.evaluate(self.x, self.y, verbose=0), self.model.predict(self.x, verbose=0), logs)
        )
        plain = tools.classifier()
        self.model.fit(self.x, self.y, epochs=3, verbose=0, callbacks=[callback])
        history = plain.fit(self.x, self.y, epochs=3, verbose=0, validation_data=(self.x, self.y))
        self.assertEqual([s[0][0] for s in seen], history.history["val_loss"])
        np.testing.assert_array_equal(seen[-1][1], plain.predict(self.x, verbose=0))

    def test_steps(self):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            history = self.model.fit(self.x, self.y, steps_per_epoch=4, epochs=2, verbose=0)
            self.assertEqual((history.params["steps"], self.model.optimizer.iterations, len(caught)), (4, 8, 0))
            self.model.fit(self.x, self.y, batch_size=30, steps_per_epoch=3, epochs=2, verbose=0)
            self.assertEqual((self.model.optimizer.iterations, len(caught)), (12, 1))
        self.assertEqual(self.model.fit(self.x, self.y, epochs=3, initial_epoch=2, verbose=0).epoch, [2])
        self.assertEqual(self.model.fit(self.x, self.y, epochs=0, verbose=0).history, {})
        some = self.model.evaluate(self.x, self.y, batch_size=10, steps=3, verbose=0)
        np.testing.assert_allclose(some, self.model.evaluate(self.x[:30], self.y[:30], batch_size=10, verbose=0))
        self.assertEqual(self.model.predict(self.x, batch_size=10, steps=3, verbose=0).shape, (30, 3))

    def test_generators_and_sequences(self):
        class Sequence:
            ended = 0

            def __len__(self):
                return 5

            def __getitem__(this, i):
                return self.x[i * 20 : i * 20 + 20], self.y[i * 20 : i * 20 + 20]

            def on_epoch_end(self):
                self.ended += 1

        with tools.classifier() as plain:
            expected = plain.fit(
                self.x, self.y, 20, epochs=2, shuffle=False, verbose=0, validation_data=(self.x, self.y)
            )
        sequence = Sequence()
        history = self.model.fit(sequence, epochs=2, shuffle=False, verbose=0, validation_data=Sequence())
        for name, values in expected.history.items():
            np.testing.assert_allclose(history.history[name], values, rtol=1e-5)
        self.assertEqual((history.params["steps"], sequence.ended), (5, 2))
        np.testing.assert_array_equal(self.model.predict(sequence, verbose=0), self.model.predict(self.x, verbose=0))

        def forever():
            while True:
                yield from sequence_batches(sequence)

        self.model.fit(forever(), steps_per_epoch=7, epochs=2, verbose=0)
        self.assertEqual(self.model.optimizer.iterations, 10 + 14)
        with self.assertWarnsRegex(UserWarning, "ran out of data"):
            self.model.fit(iter(list(sequence_batches(sequence))), steps_per_epoch=7, epochs=1, verbose=0)

    def test_one_batch(self):
        before = self.model.test_on_batch(self.x, self.y, return_dict=True)
        self.assertEqual(list(before), ["accuracy", "loss"])
        self.assertEqual(self.model.test_on_batch(self.x, self.y), [before["loss"], before["accuracy"]])
        first = self.model.train_on_batch(self.x, self.y)
        self.assertAlmostEqual(first[0], before["loss"], places=5)
        self.assertLess(self.model.test_on_batch(self.x, self.y)[0], first[0])
        np.testing.assert_array_equal(self.model.predict_on_batch(self.x), self.model.predict(self.x))

    def test_weights_of_samples_and_classes(self):
        weights = np.where(self.y == 1, 3, 1).astype(np.float32)
        by_class = self.model.test_on_batch(self.x, self.y, sample_weight=weights)
        losses = []
        for options in ({"sample_weight": weights}, {"class_weight": {1: 3}}, {"sample_weight": weights[:, None]}):
            with tools.classifier() as model:
                losses.append(model.fit(self.x, self.y, epochs=2, verbose=0, **options).history["loss"])
        self.assertEqual(losses[0], losses[1])
        self.assertEqual(losses[0], losses[2])
        self.assertNotEqual(by_class, self.model.test_on_batch(self.x, self.y))

    def test_predict_calls_back_with_outputs(self):
        recorder = Recorder()
        outputs = []
        recorder.on_predict_batch_end = lambda batch, logs: outputs.append(logs["outputs"].copy())
        predicted = self.model.predict(self.x, batch_size=30, verbose=0, callbacks=[recorder])
        self.assertEqual([len(o) for o in outputs], [30, 30, 30, 10])
        np.testing.assert_array_equal(np.concatenate(outputs), predicted)

    def test_progress_texts(self):
        line = printed(lambda: self.model.fit(self.x, self.y, epochs=2, verbose=2))
        self.assertRegex(
            line, r"^Epoch 1/2\n4/4 - T - T/step - accuracy: 0\.\d{4} - loss: \d\.\d{4}\nEpoch 2/2\n4/4 - "
        )
        bar = printed(lambda: self.model.fit(self.x, self.y, verbose=1, validation_split=0.5))
        self.assertTrue(bar.endswith("\n"))
        self.assertRegex(
            bar.split("\r")[-1],
            "^\x1b\\[1m2/2\x1b\\[0m \x1b\\[32m━{20}\x1b\\[0m\x1b\\[37m\x1b\\[0m \x1b\\[1mT\x1b\\[0m "
            r"T/step - accuracy: [\d.]{6} - loss: [\d.]{6} - val_accuracy: [\d.]{6} - val_loss: [\d.]{6} *\n$",
        )
        self.assertEqual(printed(lambda: self.model.fit(self.x, self.y, verbose=0)), "")
        self.assertIn("4/4", printed(lambda: self.model.predict(self.x)))
        self.assertIn("4/4", printed(lambda: self.model.evaluate(self.x, self.y, verbose=2)))


def sequence_batches(sequence):
    return (sequence[i] for i in range(len(sequence)))
