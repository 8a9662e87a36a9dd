"""Operations of keras.ops between layers, as files record `x + 1` and their like."""
import keras
from keras import layers as L
from keras import ops

from case import Case, Row, packed


def row(name, apply):
    return Row(f"on_{name}", lambda x, n: L.Dense(3, name=n)(flat(apply(x), n)))


def flat(tensor, n):
    return tensor if len(tensor.shape) == 2 else L.Flatten(name=f"{n}_inner")(tensor)


ARITHMETIC = [
    row("plus", lambda x: x + 1),
    row("plus_real", lambda x: 0.5 + x),
    row("minus", lambda x: x - 0.25),
    row("from_one", lambda x: 1 - x),
    row("times", lambda x: 2 * x),
    row("over", lambda x: x / 3),
    row("under", lambda x: 1 / (x + 3)),
    row("power", lambda x: x ** 2),
    row("power_real", lambda x: (x + 3) ** 1.5 / 8),
    row("negative", lambda x: -x),
    row("absolute", lambda x: abs(x)),
    row("tensors", lambda x: (x + x * x - x / (x * x + 1))),
    row("stretch", lambda x: x * ops.mean(x, axis=-1, keepdims=True)),
    row("stretch_steps", lambda x: x - ops.max(x, axis=(1, 2), keepdims=True)),
    row("maximum", lambda x: ops.maximum(x, 0.25)),
    row("minimum", lambda x: ops.minimum(x, ops.negative(x))),
    row("clip", lambda x: ops.clip(x, -0.5, 0.5)),
    row("where", lambda x: ops.where(x > 0, x, 0.5 * x)),
    row("where_equal", lambda x: ops.where(ops.equal(x, 0), 1.0, x)),
    row("logic", lambda x: ops.where(ops.logical_and(x > -0.5, ops.logical_not(x > 0.5)), x, ops.zeros_like(x))),
    row("ones", lambda x: x * 2 + ops.ones_like(x)),
]

FUNCTIONS = [row(name, lambda x, name=name: getattr(ops, name)(x)) for name in (
    "exp", "expm1", "sin", "cos", "tanh", "sigmoid", "erf", "square", "relu", "relu6", "softplus", "softsign", "silu",
    "elu", "selu", "gelu", "leaky_relu", "hard_sigmoid", "hard_silu", "log_sigmoid", "softmax", "log_softmax", "celu",
    "hard_tanh", "sign")] + [
    row("log", lambda x: ops.log(x * x + 1)),
    row("log1p", lambda x: ops.log1p(x * x)),
    row("sqrt", lambda x: ops.sqrt(x * x + 1)),
    row("rsqrt", lambda x: ops.rsqrt(x * x + 1)),
    row("reciprocal", lambda x: ops.reciprocal(x + 3)),
    row("softmax_steps", lambda x: ops.softmax(x, axis=1)),
    row("leaky_steep", lambda x: ops.leaky_relu(x, 0.6)),
    row("gelu_exact", lambda x: ops.gelu(x, approximate=False)),
]

REDUCTIONS = [
    row("mean", lambda x: ops.mean(x, axis=1)),
    row("mean_last", lambda x: ops.mean(x, axis=-1)),
    row("mean_both", lambda x: ops.mean(x, axis=[1, 2], keepdims=True)),
    row("sum", lambda x: ops.sum(x, axis=(1,), keepdims=True)),
    row("max", lambda x: ops.max(x, axis=-1)),
    row("min", lambda x: ops.min(x, axis=1)),
    row("any", lambda x: ops.where(ops.any(x > 0.5, axis=-1, keepdims=True), x, 0.0)),
    row("all", lambda x: ops.where(ops.all(x > -0.5, axis=1, keepdims=True), x, 0.0)),
]

MOVEMENT = [
    row("reshape", lambda x: ops.reshape(x, (-1, 2, 12))),
    row("transpose", lambda x: ops.transpose(x, (0, 2, 1))),
    row("transpose_negative", lambda x: ops.transpose(x, (0, -1, -2))),
    row("expand", lambda x: ops.expand_dims(x, 1)),
    row("expand_last", lambda x: ops.expand_dims(x, -1)),
    row("expand_two", lambda x: ops.expand_dims(x, (1, 3))),
    row("squeeze", lambda x: ops.squeeze(ops.expand_dims(x, 2), 2)),
    row("concatenate", lambda x: ops.concatenate([x, x * 2, x], axis=1)),
    row("concatenate_last", lambda x: ops.concatenate([x, x * 2], axis=-1)),
    row("stack", lambda x: ops.stack([x, x * 2], axis=1)),
    row("stack_last", lambda x: ops.stack([x, x * 2, x * 3], axis=-1)),
    row("flip", lambda x: ops.flip(x, 1)),
    row("step", lambda x: x[:, 0]),
    row("last_step", lambda x: x[:, -1]),
    row("steps", lambda x: x[:, 1:4]),
    row("every_other", lambda x: x[:, 1::2]),
    row("channel", lambda x: x[..., 2]),
    row("part", lambda x: x[:, -3:-1, :3]),
    row("new_axis", lambda x: x[:, None, :, 1]),
    row("matmul", lambda x: x @ ops.transpose(x, (0, 2, 1))),
    row("matmul_stretched", lambda x: ops.matmul(ops.stack([x, 2 * x], axis=1), ops.expand_dims(ops.transpose(x, (0, 2, 1)), 1))),
]


def integers():
    """Counting and comparing integers, which stay integers until a real number meets them."""
    words = keras.Input((5,), dtype="int32", name="words")
    known = ops.not_equal(words, 0)
    model = keras.Model(words, L.Dense(2, name="y")(ops.where(known, words * 2 + 1, 0) / 4))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model


def some_integers(rng, samples):
    return {"words": rng.integers(0, 4, (samples, 5)).astype("int32")}


def cases(alone):
    stem = lambda x: L.Dense(4, name="stem")(x)
    tables = {"arithmetic": ARITHMETIC[:11], "comparisons": ARITHMETIC[11:], "functions": FUNCTIONS, "reductions": REDUCTIONS, "movement": MOVEMENT}
    made = [packed(name, (6, 4), rows, alone, stem=stem, samples=19) for name, rows in tables.items()]
    return sum(made, []) + [Case("integers", integers, samples=19, inputs=some_integers)]
