"""The same model twice: live Keras, and compiled from it. Both start from the same weights."""

import os
import unittest
import warnings

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np

import kcc

warnings.filterwarnings("ignore", message=".*includes a `lambda`.*")


def data(samples=90, features=6, classes=3, seed=0):
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, samples)
    x = random.normal(size=(samples, features)).astype(np.float32)
    x[np.arange(samples), y] += 2
    return x, y


def classifier(optimizer=None, loss="sparse_categorical_crossentropy", metrics=("accuracy",), **options):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(3, "softmax")])
    model.compile(optimizer or keras.optimizers.Adam(0.01), loss, metrics=list(metrics), **options)
    return model


class Both(unittest.TestCase):
    """Compares what the two say."""

    def compiled(self, model, **options):
        fast = kcc.compile(model, **{"seed": 1, "threads": 1, **options})
        self.addCleanup(fast.close)
        return fast

    def assert_close(self, seen, expected, rtol=1e-4, atol=1e-5):
        if isinstance(expected, dict):
            self.assertEqual(list(seen), list(expected))
            seen, expected = list(seen.values()), list(expected.values())
        if isinstance(expected, (list, tuple)) and expected and hasattr(expected[0], "__len__"):
            self.assertEqual(len(seen), len(expected))
            for a, b in zip(seen, expected):
                self.assert_close(a, b, rtol, atol)
            return
        np.testing.assert_allclose(seen, expected, rtol=rtol, atol=atol)

    def assert_same_training(self, model, fast, *arguments, rtol=1e-4, **options):
        """fit of both gives the same history and weights; they are handed back."""
        options = {"shuffle": False, "verbose": 0, **options}
        expected, seen = model.fit(*arguments, **options), fast.fit(*arguments, **options)
        self.assert_close(seen.history, expected.history, rtol=rtol)
        self.assertEqual((seen.epoch, seen.params), (expected.epoch, expected.params))
        self.assertIs(type(seen), type(expected))
        self.assert_close(fast.get_weights(), model.get_weights(), rtol=1e-3, atol=1e-4)
        return seen, expected
