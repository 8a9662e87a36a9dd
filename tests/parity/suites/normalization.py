"""Normalizations, rescaling, and activation layers with options and weights."""
import keras
import numpy as np
from keras import layers as L

from case import Case, Row, packed


def row(name, layer, *arguments, **options):
    return Row(name, lambda x, n: layer(*arguments, name=n, **options)(x))


def batch_norm(name, **options):
    return row(name, L.BatchNormalization, **options)


BATCH_NORM = [
    batch_norm("axis_one", axis=1),
    batch_norm("axis_two", axis=2),
    batch_norm("axis_from_the_end", axis=-2),
    batch_norm("axis_list", axis=3),
    batch_norm("momentum_zero", momentum=0.0),
    batch_norm("momentum_one", momentum=1.0),
    batch_norm("starts", beta_initializer="ones", gamma_initializer=keras.initializers.Constant(2),
               moving_mean_initializer="ones", moving_variance_initializer=keras.initializers.Constant(3)),
    batch_norm("penalties", beta_regularizer="l2", gamma_regularizer="l1"),
    batch_norm("constraints", gamma_constraint="non_neg", beta_constraint=keras.constraints.MaxNorm(0.05)),
    batch_norm("frozen", trainable=False),
]


def layer_norm(name, **options):
    return row(name, L.LayerNormalization, **options)


LAYER_NORM = [
    layer_norm("plain"),
    layer_norm("first_axis", axis=1),
    layer_norm("two_axes", axis=[1, 2]),
    layer_norm("axes_apart", axis=[3, 1]),
    layer_norm("all_axes", axis=(1, 2, 3)),
    layer_norm("mixed_signs", axis=[1, -1]),
    layer_norm("epsilon", epsilon=0.1),
    layer_norm("no_center", center=False),
    layer_norm("no_scale", scale=False),
    layer_norm("neither", center=False, scale=False),
    layer_norm("starts", beta_initializer="ones", gamma_initializer=keras.initializers.Constant(2)),
    layer_norm("penalties", beta_regularizer="l2", gamma_regularizer="l1"),
    row("rms", L.RMSNormalization),
    row("rms_epsilon", L.RMSNormalization, epsilon=0.1),
    row("rms_two_axes", L.RMSNormalization, axis=[-2, -1]),
    row("unit", L.UnitNormalization),
    row("unit_first", L.UnitNormalization, axis=1),
    row("unit_two", L.UnitNormalization, axis=[1, 3]),
    row("groups", L.GroupNormalization, 2),
    row("groups_of_one", L.GroupNormalization, -1),
    row("one_group", L.GroupNormalization, 1),
    row("groups_first", L.GroupNormalization, 3, axis=1),
    row("groups_middle", L.GroupNormalization, 2, axis=-2),
    row("groups_plain", L.GroupNormalization, 4, center=False, scale=False, epsilon=0.1),
]

SCALING = [
    row("factor", L.Rescaling, 1 / 127.5, offset=-1),
    row("factor_alone", L.Rescaling, 2.5),
    row("factors", L.Rescaling, [0.5, 2, 3, 4], offset=[1, 0, -1, 2]),
    row("factors_equal", L.Rescaling, [2.0] * 4, offset=0.5),
    row("factors_rows", L.Rescaling, [[0.5], [2], [3], [4], [5], [6]]),
    row("known", L.Normalization, mean=[1, 2, 3, 4], variance=[4, 3, 2, 1]),
    row("known_numbers", L.Normalization, mean=3, variance=2),
    row("known_no_axis", L.Normalization, axis=None, mean=0.5, variance=4),
    row("known_invert", L.Normalization, mean=[1, 2, 3, 4], variance=[4, 3, 2, 0], invert=True),
    row("known_axis", L.Normalization, axis=2, mean=[1, 2, 3, 4, 5, 6], variance=[4, 3, 2, 1, 2, 3]),
    row("known_axes", L.Normalization, axis=(1, -1), mean=np.arange(12).reshape(3, 4).tolist(), variance=np.ones((3, 4)).tolist()),
    row("known_fewer", L.Normalization, axis=(1, -1), mean=[1, 2, 3, 4], variance=[4, 3, 2, 1]),
    row("known_row", L.Normalization, axis=(1, -1), mean=[[1], [2], [3]], variance=[[4], [3], [2]]),
    row("adapted", L.Normalization),
    row("adapted_axes", L.Normalization, axis=(1, 2)),
    row("adapted_no_axis", L.Normalization, axis=None),
    row("adapted_invert", L.Normalization, invert=True),
]

ACTIVATIONS = [
    row("relu", L.ReLU),
    row("relu_six", L.ReLU, 6.0),
    row("relu_low", L.ReLU, 0.25),
    row("relu_slope", L.ReLU, negative_slope=0.2),
    row("relu_threshold", L.ReLU, threshold=0.3),
    row("relu_all", L.ReLU, 0.5, negative_slope=0.1, threshold=0.25),
    row("leaky", L.LeakyReLU),
    row("leaky_steep", L.LeakyReLU, negative_slope=0.7),
    row("leaky_none", L.LeakyReLU, negative_slope=0.0),
    row("elu", L.ELU),
    row("elu_alpha", L.ELU, alpha=0.3),
    row("prelu", L.PReLU),
    row("prelu_starts", L.PReLU, alpha_initializer=keras.initializers.Constant(0.25)),
    row("prelu_shared", L.PReLU, alpha_initializer="ones", shared_axes=[1, 2]),
    row("prelu_shared_one", L.PReLU, shared_axes=2),
    row("prelu_penalty", L.PReLU, alpha_initializer="ones", alpha_regularizer="l2", alpha_constraint="non_neg"),
    row("softmax", L.Softmax),
    row("softmax_first", L.Softmax, axis=1),
    row("softmax_middle", L.Softmax, axis=-2),
    row("softmax_list", L.Softmax, axis=[2]),
    row("softmax_two", L.Softmax, axis=[1, 2]),
    row("softmax_apart", L.Softmax, axis=(-1, 1)),
    row("softmax_all", L.Softmax, axis=(1, 2, 3)),
    row("named", L.Activation, "softplus"),
    row("identity", L.Identity),
]

# Where the pieces of an activation meet, both signs of zero among them.
KINKS = np.array([-3, -1, -0.25, -0.0, 0.0, 0.25, 0.3, 0.5, 1, 3, 6, 7], "float32")
AT_KINKS = [entry for entry in ACTIVATIONS if entry.name.startswith(("relu", "leaky", "elu", "prelu"))]


def kinks(rng, samples):
    return {"x": np.broadcast_to(KINKS.reshape(3, 4, 1), (samples, 3, 4, 1)).astype("float32").copy()}


def masked(rng, samples):
    x = rng.uniform(-1, 1, (samples, 6, 4)).astype("float32")
    x[rng.uniform(size=(samples, 6)) < 0.4] = 0
    x[0], x[1, :, 0] = 0, 0.5
    return {"x": x}


def masked_case(name, *layers, inputs=masked):
    def build():
        made = [layer() for layer in layers]
        model = keras.Sequential([keras.Input((6, 4), name="x"), L.Masking(), *made, L.Dense(3, name="y")])
        model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"], weighted_metrics=["mse"])
        return model
    return Case(f"masked_{name}", build, samples=19, inputs=inputs, masked=True)


def attention():
    """A softmax over scores with a mask of their own shape, given by name."""
    x = keras.Input((5, 4), name="x")
    mask = keras.Input((5, 5), dtype="bool", name="mask")
    scores = L.Dot(axes=2)([L.Dense(4)(x), L.Dense(4)(x)])
    y = L.Dot(axes=(2, 1))([L.Softmax()(scores, mask=mask), x])
    model = keras.Model([x, mask], L.Dense(2, name="y")(y))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def with_mask(rng, samples):
    return {"x": rng.uniform(-1, 1, (samples, 5, 4)).astype("float32"), "mask": rng.uniform(size=(samples, 5, 5)) < 0.6}


def cases(alone):
    image = (3, 6, 4)
    stem = lambda x: L.Conv2D(4, 1, name="stem")(x)
    bare = lambda x: L.Conv2D(4, 1, use_bias=False, name="stem")(x)
    return [
        *packed("batch_norm", image, BATCH_NORM, alone, stem=bare, samples=19),
        *packed("layer_norm", image, LAYER_NORM, alone, stem=stem, samples=19),
        *packed("scaling", image, SCALING, alone, stem=stem),
        *packed("activations", image, ACTIVATIONS, alone, stem=stem),
        *packed("kinks", (3, 4, 1), AT_KINKS, alone, inputs=kinks, stem=lambda x: L.Identity(name="stem")(x)),
        Case("attention", attention, samples=19, inputs=with_mask),
        masked_case("batch_norm", lambda: L.BatchNormalization(), lambda: L.BatchNormalization(momentum=0.5)),
        masked_case("layer_norm", lambda: L.LayerNormalization()),
        masked_case("activation", lambda: L.Activation("tanh"), lambda: L.PReLU()),
    ]
