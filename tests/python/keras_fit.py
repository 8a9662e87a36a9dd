"""fit, evaluate and predict of the compiled model against those of the Keras model that it comes from."""

import contextlib
import io
import re
import tempfile
import time

import keras
import numpy as np
from keras import layers as L

import kcc
from kcc.progress import Progbar
from both import Both, classifier, data


def printed(call):
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        call()
    last_of_lines = [line.split("\r")[-1] for line in text.getvalue().split("\n")]  # what is left to be seen of a bar
    return [re.sub(r"\d+(us|ms|s)\b", "T", line).rstrip() for line in last_of_lines]


class Fit(Both):
    def setUp(self):
        self.x, self.y = data()

    def test_training(self):
        model = classifier(metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)])
        fast = self.compiled(model)
        self.assert_close(fast.predict(self.x, verbose=0), model.predict(self.x, verbose=0))
        self.assert_same_training(model, fast, self.x, self.y, epochs=4, validation_split=0.2, batch_size=20)
        # Goes on from the optimizer's state, in both.
        self.assert_same_training(model, fast, self.x, self.y, epochs=2, class_weight={0: 2.0, 2: 0.5})
        self.assert_same_training(model, fast, self.x, self.y, epochs=2, sample_weight=np.linspace(0, 2, 90))
        self.assert_same_training(
            model,
            fast,
            self.x,
            self.y,
            epochs=6,
            initial_epoch=4,
            steps_per_epoch=2,
            validation_data=(self.x[:50], self.y[:50], np.linspace(0, 1, 50)),
            validation_freq=2,
            validation_batch_size=7,
            validation_steps=3,
        )
        for options in ({}, {"sample_weight": np.linspace(0, 2, 90)}, {"batch_size": 13, "steps": 2}):
            self.assert_close(
                fast.evaluate(self.x, self.y, verbose=0, **options),
                model.evaluate(self.x, self.y, verbose=0, **options),
            )
        self.assert_close(
            fast.evaluate(self.x, self.y, verbose=0, return_dict=True),
            model.evaluate(self.x, self.y, verbose=0, return_dict=True),
        )
        for method in ("train_on_batch", "test_on_batch"):
            call, other = getattr(fast, method), getattr(model, method)
            self.assert_close(call(self.x, self.y), [float(v) for v in other(self.x, self.y)])
            self.assert_close(
                call(self.x, self.y, sample_weight=np.linspace(0, 2, 90), return_dict=True),
                other(self.x, self.y, sample_weight=np.linspace(0, 2, 90), return_dict=True),
            )
        self.assert_close(fast.predict_on_batch(self.x[:5]), model.predict_on_batch(self.x[:5]))

    def test_a_trained_model_goes_on_and_comes_back(self):
        model = classifier()
        model.fit(self.x, self.y, epochs=2, verbose=0)
        fast = self.compiled(model)
        self.assertEqual(fast.optimizer.iterations, 6)
        twin = keras.models.clone_model(model)
        twin.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
        fast.fit(self.x, self.y, epochs=3, verbose=0)
        fast.sync(twin)
        self.assertEqual(int(twin.optimizer.iterations), 15)
        self.assert_close(twin.get_weights(), fast.get_weights(), rtol=0, atol=0)
        self.assertIs(fast.to_keras(), model)
        self.assert_close(model.get_weights(), fast.get_weights(), rtol=0, atol=0)
        self.assert_same_training(model, fast, self.x, self.y, epochs=2)

    def test_texts(self):
        model, x, y = classifier(), self.x, self.y
        fast = self.compiled(model)
        for options in ({"verbose": 1}, {"verbose": 2}, {"verbose": "auto", "epochs": 2, "validation_split": 0.2}):
            with self.subTest(options):
                fast.set_weights(model.get_weights())
                expected = printed(lambda: model.fit(x, y, shuffle=False, **options))
                seen = printed(lambda: fast.fit(x, y, shuffle=False, **options))
                self.assertEqual(_without_numbers(seen), _without_numbers(expected))
        for verb in ("predict", "evaluate"):
            arguments = (x,) if verb == "predict" else (x, y)
            self.assertEqual(
                _without_numbers(printed(lambda: getattr(fast, verb)(*arguments))),
                _without_numbers(printed(lambda: getattr(model, verb)(*arguments))),
            )

    def test_own_printer_writes_as_keras(self):
        for verbose, target in ((1, 120), (1, None), (2, 7), (2, None)):
            texts = []
            for make in (
                lambda: Progbar(target, verbose),
                lambda: keras.utils.Progbar(target, verbose=verbose, stateless_metrics=set()),
            ):
                with _Clock().instead_of(time):
                    text = io.StringIO()
                    with contextlib.redirect_stdout(text):
                        bar = make()
                        for step in range(1, 8):
                            values = {"loss": 3.0 / step, "mae": 1e-5 * step, "r2": -0.5}
                            bar.update(
                                step, values if isinstance(bar, Progbar) else list(values.items()), finalize=False
                            )
                        if target:
                            bar.update(
                                target, values if isinstance(bar, Progbar) else list(values.items()), finalize=True
                            )
                    texts.append(text.getvalue())
            self.assertEqual(texts[0], texts[1])

    def test_layers_with_state(self):
        keras.utils.set_random_seed(2)
        model = keras.Sequential(
            [
                keras.Input((8, 8, 2)),
                L.Conv2D(4, 3),
                L.BatchNormalization(),
                L.ReLU(),
                L.MaxPooling2D(),
                L.Flatten(),
                L.Dense(1),
            ]
        )
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse", metrics=["mae"])
        x = np.random.default_rng(0).normal(size=(40, 8, 8, 2)).astype(np.float32)
        self.assert_same_training(
            model, self.compiled(model), x, x.mean((1, 2))[:, 0], epochs=2, batch_size=16, rtol=1e-3
        )

    def test_averaged_weights_take_the_place_of_the_last(self):
        class Batches(keras.utils.PyDataset):
            def __len__(this):
                return 4

            def __getitem__(this, i):
                return self.x, self.y

        for arguments in ((self.x, self.y), (Batches(),)):
            model = classifier(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8))
            self.assert_same_training(model, self.compiled(model), *arguments, epochs=2)

    def test_inference(self):
        model = classifier()
        fast = self.compiled(model, inference=True)
        self.assert_close(fast.predict(self.x, verbose=0), model.predict(self.x, verbose=0))
        with self.assertRaisesRegex(ValueError, "fit needs a model that was compiled with a loss"):
            fast.fit(self.x, self.y)
        not_compiled = keras.Sequential([keras.Input((6,)), L.Dense(2)])
        self.assert_close(
            self.compiled(not_compiled).predict(self.x, verbose=0), not_compiled.predict(self.x, verbose=0)
        )

    def test_files_are_compiled_too(self):
        with tempfile.TemporaryDirectory() as folder:
            model = classifier()
            model.fit(self.x, self.y, verbose=0)
            model.save(f"{folder}/m.keras")
            fast = self.compiled(f"{folder}/m.keras")
            self.assert_close(fast.predict(self.x, verbose=0), model.predict(self.x, verbose=0))
            self.assert_close(fast.to_keras().predict(self.x, verbose=0), model.predict(self.x, verbose=0))

    def test_what_cannot_be_compiled(self):
        class Own(keras.layers.Layer):
            def call(self, x):
                return x

        class Subclass(keras.Model):
            def __init__(self):
                super().__init__()
                self.built = True

        class WithStep(keras.Sequential):
            def train_step(self, *_):
                return {}

        with_step = WithStep([keras.Input((6,)), L.Dense(2)])
        with_step.compile("sgd", "mse")
        unbuilt = keras.Sequential([L.Dense(2)])
        unbuilt.compile("sgd", "mse")
        own = keras.Sequential([keras.Input((6,)), Own(name="mine"), L.Dense(2)])
        own.compile("sgd", "mse")
        rows = [
            (unbuilt, ValueError, "no shapes yet"),
            (own, kcc.CompileError, "Own"),
            (Subclass(), ValueError, "only its call"),
            (with_step, kcc.CompileError, "WithStep"),
        ]
        for model, error, pattern in rows:
            with self.assertRaisesRegex(error, pattern):
                kcc.compile(model)
        one_hot = classifier(loss="categorical_crossentropy")
        with self.assertRaisesRegex(
            ValueError, r"y has shape \(90,\), but output .* takes \(None, 3\).*to_categorical"
        ):
            self.compiled(one_hot).fit(self.x, self.y)


class _Clock:
    """Time that goes on by 30 ms with every look at it."""

    def __init__(self):
        self.now = 1000.0

    def time(self):
        self.now += 0.03
        return self.now

    @contextlib.contextmanager
    def instead_of(self, module):
        before, module.time = module.time, self.time
        try:
            yield
        finally:
            module.time = before


def _without_numbers(lines):
    return [re.sub(r"\d\.\d{4}(e-\d\d)?", "N", line) for line in lines]
