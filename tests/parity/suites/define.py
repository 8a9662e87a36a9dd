"""Functions of --define as Lambda layers, activations, losses and metrics, with their gradients."""
import math
from pathlib import Path

import keras
import numpy as np
from keras import layers as L

import backend_functions
from case import BATCH, Case, Row, packed

FILE = Path(__file__).resolve().parents[1] / "define" / "functions.py"
OPTIONS = ["--define", FILE]


def functions_of(path):
    names = {"K": backend_functions, "keras": keras, "ops": keras.ops, "np": np, "math": math}
    exec(path.read_text(), names)
    return names


F = functions_of(FILE)


def starting(prefix):
    return {name: function for name, function in F.items() if name.startswith(prefix)}


def lambda_row(name, **arguments):
    def apply(x, n):
        dense = L.Dense(6, name=f"{n}_dense")(x)
        # Not every function can be run on shapes alone in Keras, so that it is told the result's.
        result = F[name](keras.ops.ones((2,) + tuple(dense.shape[1:])), **arguments)
        return L.Lambda(F[name], output_shape=tuple(result.shape[1:]), name=n, arguments=arguments)(dense)
    return Row(name, apply)


def vector_rows():
    given = {"v_constant": {"scale": 1.5, "offsets": [1, 2, 3, 4, 5, 6.5]}}
    return [lambda_row(name, **given.get(name, {})) for name in starting("v_")]


def antirectifier():
    model = keras.Sequential([
        keras.Input((20,)), L.Dense(8),
        L.Lambda(F["antirectifier"], output_shape=F["antirectifier_output_shape"]), L.Dense(10, "softmax")])
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return model


def bytecode():
    model = keras.Sequential([keras.Input((20,)), L.Dense(8), L.Lambda(lambda x: x ** 2, name="v_square"), L.Dense(3)])
    model.compile("sgd", "mse")
    return model


def several():
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    joined = L.Lambda(F["two_inputs"], name="join")([L.Dense(6)(a), L.Dense(6)(b)])
    first, second = L.Lambda(F["two_outputs"], output_shape=[(2,), (4,)], name="part")(joined)
    model = keras.Model([a, b], L.Concatenate()([second, first]))
    model.compile("sgd", "mse")
    return model


def activations():
    model = keras.Sequential([
        keras.Input((7,)), L.Dense(6, activation=F["act_cube"]), L.Activation(F["act_scaled_tanh"]), L.Dense(2)])
    model.compile("sgd", "mse")
    return model


def with_loss(name, units=4, activation=None):
    def build():
        model = keras.Sequential([keras.Input((7,)), L.Dense(8, "tanh"), L.Dense(units, activation)])
        model.compile(keras.optimizers.SGD(0.05), F[name], metrics=[F["worst"]] if name != "loss_sparse" else [])
        return model
    return build


def with_metrics():
    model = keras.Sequential([keras.Input((7,)), L.Dense(8, "tanh"), L.Dense(3)])
    model.compile("sgd", "mse", metrics=["mae"] + [F[name] for name in ("mean_pred", "within", "worst", "column_means")],
                  weighted_metrics=[F["within"]])
    return model


def one_hot(rng, samples, classes=10):
    return np.eye(classes, dtype="float32")[rng.integers(0, classes, samples)]


def case(name, build, **options):
    return Case(name, build, options=OPTIONS, **options)


def cases(alone):
    labels = lambda layer, classes: lambda rng, samples: {layer: one_hot(rng, samples, classes)}
    return [
        *packed("vectors", (10,), vector_rows(), alone, options=OPTIONS),
        *packed("sequences", (4, 5), [lambda_row(name) for name in starting("s_")], alone, options=OPTIONS),
        *packed("whole_batch", (10,), [lambda_row("whole_batch")], alone, options=OPTIONS, samples=BATCH),
        case("antirectifier", antirectifier, labels=lambda rng, n: {"dense_1": one_hot(rng, n)}),
        case("bytecode", bytecode),
        case("several", several),
        case("activations", activations),
        *[case(name, with_loss(name)) for name in ("loss_huber", "loss_elements", "loss_number")],
        case("loss_dice", with_loss("loss_dice", activation="sigmoid")),
        case("focal_loss", with_loss("focal_loss", 5, "softmax"), labels=labels("dense_1", 5)),
        case("loss_sparse", with_loss("loss_sparse", 5, "softmax"),
             labels=lambda rng, n: {"dense_1": rng.integers(0, 5, n).astype("int32")}),
        case("metrics", with_metrics, samples=20),
    ]


CHECKS = {}
