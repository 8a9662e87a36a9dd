"""Every layer of the first set with each of its options."""
import numpy as np
from keras import layers as L

from case import Row, packed


def conv(name, filters=3, size=3, **options):
    return Row(name, lambda x, n: L.Conv2D(filters, size, name=n, **options)(x))


CONV = [
    conv("valid"),
    conv("same", padding="same"),
    conv("even_kernel_same", size=(2, 4), padding="same"),
    conv("one_by_one", size=1),
    conv("whole_image", size=(9, 8)),
    conv("one_filter", filters=1),
    conv("odd_filters", filters=17),
    conv("no_bias", use_bias=False),
    conv("relu", activation="relu"),
    conv("five_tanh", size=5, activation="tanh", padding="same"),
]

CONV_STRIDES = [
    conv("strides", strides=2),
    conv("strides_same", strides=2, padding="same"),
    conv("uneven_strides_same", strides=(2, 1), padding="same"),
    conv("strides_over_kernel", size=2, strides=3),
    conv("strides_one_by_one", size=1, strides=2),
    conv("dilation", dilation_rate=2),
    conv("uneven_dilation_same", size=(3, 2), dilation_rate=(2, 3), padding="same"),
    conv("groups", filters=4, groups=2),
]

CONV_CHANNELS_FIRST = [
    conv("first", data_format="channels_first"),
    conv("first_same", data_format="channels_first", padding="same"),
    conv("first_strides", data_format="channels_first", strides=2, activation="relu"),
    Row("first_max", lambda x, n: L.MaxPooling2D(2, data_format="channels_first", name=n)(x)),
    Row("first_average", lambda x, n: L.AveragePooling2D(2, data_format="channels_first", name=n)(x)),
    Row("first_global", lambda x, n: L.GlobalAveragePooling2D(data_format="channels_first", name=n)(x)),
    Row("first_flatten", lambda x, n: L.Flatten(data_format="channels_first", name=n)(x)),
    Row("first_norm", lambda x, n: L.BatchNormalization(axis=1, name=n)(x)),
]


def pool(name, layer, size=2, **options):
    return Row(name, lambda x, n: layer(size, name=n, **options)(x))


POOL = [
    pool(f"{kind}_{name}", layer, **options)
    for kind, layer in (("max", L.MaxPooling2D), ("average", L.AveragePooling2D))
    for name, options in (
        ("valid", {}),
        ("same", {"padding": "same"}),
        ("overlap", {"size": 3, "strides": 2}),
        ("uneven", {"size": (2, 3), "strides": (1, 2)}),
        ("overlap_same", {"size": 3, "strides": 1, "padding": "same"}),
        ("strides_over_window", {"size": 2, "strides": 3, "padding": "same"}),
    )
] + [
    Row("global_average", lambda x, n: L.GlobalAveragePooling2D(name=n)(x)),
    Row("global_keepdims", lambda x, n: L.GlobalAveragePooling2D(keepdims=True, name=n)(x)),
]


def dense(name, units=5, **options):
    return Row(name, lambda x, n: L.Dense(units, name=n, **options)(x))


DENSE = [
    dense("one_unit", 1),
    dense("sixteen", 16),
    dense("seventeen", 17),
    dense("hundred", 100),
    dense("no_bias", use_bias=False),
    dense("relu", activation="relu"),
    dense("softmax", activation="softmax"),
    Row("deep", lambda x, n: L.Dense(3, name=n)(L.Dense(33, "relu", name=f"{n}_1")(L.Dense(20, "tanh", name=f"{n}_0")(x)))),
]

DENSE_SEQUENCE = [
    dense("steps", 6),
    dense("steps_softmax", 6, activation="softmax"),
    Row("steps_norm", lambda x, n: L.BatchNormalization(name=n)(x)),
    Row("steps_norm_axis", lambda x, n: L.BatchNormalization(axis=1, name=n)(x)),
]


def norm(name, **options):
    return Row(name, lambda x, n: L.BatchNormalization(name=n, **options)(x))


NORM = [
    norm("plain"),
    norm("momentum", momentum=0.7),
    norm("epsilon", epsilon=0.1),
    norm("no_center", center=False),
    norm("no_scale", scale=False),
    norm("neither", center=False, scale=False),
    Row("then_relu", lambda x, n: L.Activation("relu")(L.BatchNormalization(name=n)(x))),
    Row("after_conv", lambda x, n: L.BatchNormalization(name=n)(L.Conv2D(4, 3, use_bias=False, name=f"{n}_conv")(x))),
]

NORM_ROWS = [
    norm("rows"),
    Row("after_dense", lambda x, n: L.Activation("relu")(L.BatchNormalization(name=n)(L.Dense(6, use_bias=False)(x)))),
]

SHAPES = [
    Row("flattened", lambda x, n: L.Flatten(name=n)(x)),
    Row("reshaped", lambda x, n: L.Conv2D(2, 2, name=f"{n}_conv")(L.Reshape((3, 6, 4), name=n)(x))),
    Row("reshape_rest", lambda x, n: L.Dense(2, name=f"{n}_dense")(L.Reshape((-1, 6), name=n)(x))),
    Row("reshape_back", lambda x, n: L.Conv2D(2, 2, name=f"{n}_conv")(L.Reshape((6, 3, 4), name=n)(L.Flatten()(x)))),
    Row("add_two", lambda x, n: L.Add(name=n)([x, L.Conv2D(4, 1, name=f"{n}_conv")(x)])),
    Row("add_three", lambda x, n: L.Add(name=n)([x, L.Conv2D(4, 1, name=f"{n}_conv")(x), L.Activation("tanh")(x)])),
    Row("add_itself", lambda x, n: L.Add(name=n)([x, x])),
    Row("concatenate_channels", lambda x, n: L.Concatenate(name=n)([x, L.Conv2D(3, 1, name=f"{n}_conv")(x)])),
    Row("concatenate_rows", lambda x, n: L.Concatenate(axis=1, name=n)([x, L.Conv2D(4, 2, padding="same", name=f"{n}_conv")(x), x])),
    Row("concatenate_columns", lambda x, n: L.Concatenate(axis=2, name=n)([L.Activation("relu")(x), x])),
    Row("dropout_predicts", lambda x, n: L.Dropout(0.0, name=n)(x)),
]


def stem_image(channels):
    """Trained layers in front, so that the gradient with respect to the rows' input shows too."""
    return lambda x: L.Conv2D(channels, 1, name="stem")(x)


def stem_image_without_bias(channels):
    """For rows that subtract the mean again: a bias would have no gradient but rounding."""
    return lambda x: L.Conv2D(channels, 1, use_bias=False, name="stem")(x)


def stem_rows(units):
    return lambda x: L.Dense(units, name="stem")(x)


def spread(shape):
    """Inputs of very different means and scales, which show how a normalization computes its variance."""
    def inputs(rng, samples):
        x = rng.normal(size=(samples,) + shape) * np.array([0.1, 1, 3, 10]) + np.array([5, 0, -20, 100])
        return {"x": x.astype("float32")}
    return inputs


def cases(alone):
    image, rows = (9, 8, 4), (12,)
    return [
        *packed("conv", image, CONV, alone, stem=stem_image(4)),
        *packed("conv_strides", image, CONV_STRIDES, alone, stem=stem_image(4)),
        *packed("channels_first", image, CONV_CHANNELS_FIRST, alone, stem=stem_image(5)),
        *packed("pool", image, POOL, alone, stem=stem_image(5)),
        *packed("dense", rows, DENSE, alone, stem=stem_rows(7)),
        *packed("dense_sequence", (5, 12), DENSE_SEQUENCE, alone, stem=stem_rows(7)),
        *packed("norm", (5, 6, 4), NORM, alone, stem=stem_image_without_bias(4)),
        *packed("norm_spread", (5, 6, 4), [norm("spread")], alone, inputs=spread((5, 6, 4))),
        *packed("norm_rows", rows, NORM_ROWS, alone, stem=lambda x: L.Dense(7, use_bias=False, name="stem")(x)),
        *packed("shapes", (3, 6, 4), SHAPES, alone, stem=stem_image(4)),
    ]
