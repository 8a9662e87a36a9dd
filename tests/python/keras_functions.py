"""Functions out of the live model: Lambda layers, losses, metrics and activations that kcc gets as source."""

import functools
import math
import os
import tempfile

import keras
import numpy as np
from keras import layers as L
from keras import ops
from keras.ops import softmax as smooth

import kcc
from both import Both, data

RATE = 0.25
SCALES = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], np.float32)


BIG = np.zeros((200, 60))


class Settings:
    slope = 0.1
    clip = (-2.0, 2.0)

    def half(self, x):
        return x / 2


def scaled(x: "tensor", by: float = RATE) -> "tensor":
    """Documentation, annotations and defaults."""
    result: float = x * by
    return result + helper(x)


def helper(x):
    return ops.where(x > 0, x, Settings.slope * x)


def with_inner(x):
    import keras.ops as inside

    def twice(RATE, by: int = 2):
        return RATE * by

    return inside.tanh(twice(x)) + sum([x * i for i in range(3)]) * RATE


def focal(gamma, weight=None):
    def loss(y_true, y_pred):
        p = ops.clip(y_pred, 1e-7, 1.0)
        return -ops.sum(y_true * ops.power(1 - p, gamma) * ops.log(p), axis=-1) * (weight or 1)

    return loss


@functools.wraps(helper)
def decorated(x):
    return helper(x) * 3


partial = functools.partial(helper)


def largest(y_true, y_pred):
    return ops.max(ops.abs(y_true - y_pred), axis=-1)


class Functions(Both):
    def setUp(self):
        self.x, y = data()
        self.y = np.eye(3, dtype=np.float32)[y]

    def test_taken_from_the_model(self):
        def build():
            keras.utils.set_random_seed(4)
            double, thrice = L.Lambda(lambda x: x * 2), L.Lambda(lambda x: (lambda z: z * 3)(x))
            model = keras.Sequential(
                [
                    keras.Input((6,)),
                    L.Lambda(scaled),
                    L.Lambda(lambda x: x * SCALES + math.pi),
                    double,
                    L.Lambda(with_inner),
                    thrice,
                    L.Lambda(lambda t: ops.clip(t, *Settings.clip) if RATE < 1 else t, name="in-the middle"),
                    L.Lambda(ops.square),
                    L.Lambda(decorated),
                    L.Dense(8, activation=helper),
                    L.Dense(5, activation=lambda v: v * ops.sigmoid(v)),
                    L.Lambda(lambda x, k: x + k, arguments={"k": 0.5}),
                    L.Dense(3, activation=smooth),
                ]
            )
            model.compile(
                "sgd",
                focal(2.0, weight=RATE),
                metrics=[largest, lambda t, p: ops.mean(ops.square(t - p), axis=-1), focal(1.0), "accuracy"],
            )
            return model

        model = build()
        names = [layer.function.__name__ for layer in model.layers if isinstance(layer, L.Lambda)]
        fast = self.compiled(model)
        self.assertEqual(names, [layer.function.__name__ for layer in model.layers if isinstance(layer, L.Lambda)])
        self.assert_close(fast.predict(self.x, verbose=0), model.predict(self.x, verbose=0))
        self.assert_same_training(model, fast, self.x, self.y, epochs=3)

    def test_classes_of_losses(self):
        class Weighted(keras.losses.Loss):
            def __init__(self, factors, power=2):
                super().__init__(name="weighted")
                self.factors = factors if hasattr(factors, "assign") else np.array(factors, np.float32)
                self.power = power

            def call(self, y_true, y_pred):
                """A mean over classes."""
                return ops.mean(ops.abs(y_true - y_pred) ** self.power * self.factors, axis=-1)

        inputs = keras.Input((6,))
        outputs = [L.Dense(3, name="a")(inputs), L.Dense(3, name="b")(inputs)]
        model = keras.Model(inputs, outputs)
        model.compile("sgd", {"a": Weighted([1.0, 2.0, 0.5]), "b": Weighted([3.0, 1.0, 1.0], power=4)})
        self.assert_same_training(model, self.compiled(model), self.x, [self.y, self.y], epochs=2)
        model.compile("sgd", [Weighted(keras.Variable([1.0, 2.0, 0.5])), "mse"])
        with self.assertRaisesRegex(ValueError, "Weighted: the function 'call' uses the variable 'self.factors'"):
            kcc.compile(model)

    def test_a_file_of_the_users_comes_first(self):
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write("def scaled(x):\n    return x * 100\n")
            file.flush()
            model = keras.Sequential([keras.Input((6,)), L.Lambda(scaled)])
            self.assert_close(self.compiled(model, define=file.name).predict(self.x, verbose=0), self.x * 100)

    def test_what_cannot_be_taken(self):
        table, variable = {"a": 1.0}, keras.Variable(2.0)
        typed = {}
        exec("def typed(x): return x * 2", typed)
        rows = [
            (lambda x: x * table["a"], "uses 'table', a dict"),
            (lambda x: x * variable, "uses the variable 'variable'"),
            (lambda x, *more: x, r"takes \*args"),
            (lambda x: x * os.cpu_count(), "calls 'os.cpu_count', a builtin"),
            (lambda x: x * len(vars(os)), "uses the module 'os'"),
            (lambda x: x * partial(x), "calls 'partial', a partial"),
            (lambda x: x * BIG[0, 0], "uses 'BIG', an array of 12000 elements"),
            (typed["typed"], "cannot be found"),
            (partial, "function is a partial: make it a function"),
            (Settings().half, "function is a method: make it a function"),
        ]
        for function, pattern in rows:
            with self.subTest(pattern):
                model = keras.Sequential([keras.Input((6,)), L.Lambda(function, output_shape=(6,), name="wrong")])
                with self.assertRaisesRegex(ValueError, rf"(?s)wrong.*({pattern})"):
                    kcc.compile(model)

    def test_what_kcc_refuses_is_shown(self):
        model = keras.Sequential(
            [keras.Input((6,)), L.Lambda(lambda x: ops.fft2(x)[0], output_shape=(6,), name="wrong")]
        )
        with self.assertRaisesRegex(kcc.CompileError, r"(?s)functions.py:2.*wrong.*taken from the model:\n.*fft2"):
            kcc.compile(model)
