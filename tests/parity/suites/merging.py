"""Layers that make one tensor of several: shapes that broadcast, axes, masks."""
import keras
import numpy as np
from keras import layers as L

from case import Case, Row, packed

MERGES = [L.Add, L.Average, L.Maximum, L.Minimum, L.Multiply, L.Subtract]


def dense(x, n, units):
    return L.Dense(units, name=f"{n}_{units}")(x)


def two(layer):
    return Row(f"{layer.__name__.lower()}_two", lambda x, n: layer(name=n)([x, dense(x, n, 4)]))


def three(layer):
    def apply(x, n):
        return layer(name=n)([x, L.Activation("tanh", name=f"{n}_a")(x), dense(x, n, 4)])
    return Row(f"{layer.__name__.lower()}_three", apply)


def itself(layer):
    """Ties everywhere: each gets its share of the gradient."""
    return Row(f"{layer.__name__.lower()}_itself", lambda x, n: layer(name=n)([x, x]))


def stretched(layer):
    """(B, 5, 4) with (B, 5, 1), and with (B, 4), which becomes (B, 1, 4)."""
    def apply(x, n):
        wide = layer(name=f"{n}_wide")([x, dense(x, n, 1)])
        row = L.Flatten(name=f"{n}_row")(x)
        return layer(name=n)([wide, dense(row, n, 4)])
    return Row(f"{layer.__name__.lower()}_stretched", apply)


def alone(layer):
    return Row(f"{layer.__name__.lower()}_alone", lambda x, n: dense(layer(name=n)([x]), n, 3))


ROWS = [make(layer) for layer in MERGES for make in (two, itself, stretched)] + [
    make(layer) for layer in MERGES if layer is not L.Subtract for make in (three, alone)]


def joined(name, axis, others):
    return Row(name, lambda x, n: L.Concatenate(axis=axis, name=n)([x, *others(x, n)]))


CONCATENATIONS = [
    joined("join_last", -1, lambda x, n: [dense(x, n, 2), dense(x, n, 7)]),
    joined("join_last_positive", 2, lambda x, n: [dense(x, n, 2)]),
    joined("join_steps", 1, lambda x, n: [dense(x, n, 4), x]),
    joined("join_steps_negative", -2, lambda x, n: [L.Activation("relu", name=f"{n}_a")(x)]),
    joined("join_alone", -1, lambda x, n: []),
]


def matrix(x, n, which, steps, width):
    flat = L.Dense(steps * width, name=f"{n}_{which}_dense")(L.Flatten(name=f"{n}_{which}_flat")(x))
    return L.Reshape((steps, width), name=f"{n}_{which}")(flat)


def dots(name, a, b, axes, **options):
    """a, b: shapes of the samples."""
    def apply(x, n):
        def make(which, shape):
            size = int(np.prod(shape))
            flat = L.Dense(size, name=f"{n}_{which}_dense")(L.Flatten(name=f"{n}_{which}_flat")(x))
            return L.Reshape(shape, name=f"{n}_{which}")(flat)
        return L.Dot(axes=axes, name=n, **options)([make("a", a), make("b", b)])
    return Row(name, apply)


DOTS = [
    dots("vectors", (6,), (6,), 1),
    dots("vectors_negative", (6,), (6,), -1),
    dots("vectors_normalized", (6,), (6,), 1, normalize=True),
    dots("rows", (5, 4), (3, 4), 2),
    dots("rows_negative", (5, 4), (3, 4), -1),
    dots("rows_normalized", (5, 4), (3, 4), (2, 2), normalize=True),
    dots("columns", (4, 5), (4, 3), 1),
    dots("matrices", (5, 4), (4, 3), (2, 1)),
    dots("matrices_negative", (5, 4), (4, 3), (-1, -2)),
    dots("turned", (4, 5), (3, 4), (1, 2)),
    dots("matrix_vector", (5, 4), (4,), (2, 1)),
    dots("vector_matrix", (4,), (4, 3), (1, 1)),
    dots("vector_matrix_last", (4,), (3, 4), (1, 2)),
    dots("cubes", (2, 4, 3), (4, 2), (2, 1)),
    dots("two_cubes", (2, 3, 4), (4, 2, 3), (3, 1)),
    dots("middle", (2, 4, 3), (2, 4, 3), (2, 2)),
    dots("wide", (17, 20), (33, 20), 2),
    dots("one_row", (1, 9), (7, 9), 2),
]


def masked(rng, samples):
    """Steps of zeros, which Masking finds; a sample that is all zeros and one that has none."""
    def some():
        x = rng.uniform(-1, 1, (samples, 6, 4)).astype("float32")
        x[rng.uniform(size=(samples, 6)) < 0.4] = 0
        x[0], x[1, :, 0] = 0, 0.5
        return x
    return {"a": some(), "b": some(), "c": some()}


def masked_merge(layer, masks):
    def build():
        starts = [keras.Input((6, 4), name=name) for name in "abc"]
        seen = [L.Masking()(x) if name in masks else x for name, x in zip("abc", starts)]
        seen = [L.TimeDistributed(L.Dense(4, use_bias=False))(x) for x in seen]
        if layer is L.Subtract:
            seen = seen[:2]
        model = keras.Model(starts, L.TimeDistributed(L.Dense(3), name="y")(layer()(seen)))
        model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"], weighted_metrics=["mse"])
        return model
    name = getattr(layer, "__name__", "concatenate").lower()
    return Case(f"masked_{name}_{masks or 'none'}", build, samples=19, inputs=masked, masked=True)


def steps(**_):
    return L.Concatenate(axis=1)


def cases(alone):
    sequence = (5, 4)
    return [
        *packed("merge", sequence, ROWS, alone, stem=lambda x: L.Dense(4, name="stem")(x), samples=19),
        *packed("concatenate", sequence, CONCATENATIONS, alone, stem=lambda x: L.Dense(4, name="stem")(x)),
        *packed("dot", sequence, DOTS, alone, stem=lambda x: L.Dense(4, name="stem")(x), samples=17),
        *[masked_merge(layer, masks) for layer in MERGES for masks in ("abc", "ab")],
        *[masked_merge(layer, masks) for layer in (L.Concatenate, steps) for masks in ("abc", "b")],
    ]
