"""Convolutions, pooling and what cuts, pads, repeats and turns images, in one to three dimensions, with each of their
options, in both data formats. Odd sizes; the last batch has one sample."""
import keras
from keras import layers as L

from case import Row, packed

FIRST = {"data_format": "channels_first"}
SAMPLES = 9  # batches of eight and one


def row(name, layer, *arguments, **options):
    return Row(name, lambda x, n: layer(*arguments, name=n, **options)(x))


def both(name, layer, *arguments, **options):
    """The row in both formats."""
    return [row(name, layer, *arguments, **options), row(f"{name}_first", layer, *arguments, **FIRST, **options)]


def join(*lists):
    return [item for some in lists for item in some]


# ---- convolutions

CONV1D = join(
    both("valid", L.Conv1D, 3, 3),
    both("same_strides", L.Conv1D, 5, 4, strides=3, padding="same", activation="relu"),
    both("causal", L.Conv1D, 4, 3, padding="causal"),
    both("causal_dilated", L.Conv1D, 17, 2, padding="causal", dilation_rate=3),
    both("causal_strides", L.Conv1D, 2, 3, padding="causal", strides=2, use_bias=False),
    both("dilated_same", L.Conv1D, 3, 3, padding="same", dilation_rate=2),
    both("groups", L.Conv1D, 8, 3, groups=2),
    both("groups_of_one", L.Conv1D, 8, 3, groups=4, padding="same"),
    both("softmax", L.Conv1D, 3, 2, activation="softmax"),
)

CONV2D = join(
    both("groups", L.Conv2D, 4, 3, groups=2),
    both("groups_many", L.Conv2D, 64, 3, groups=2, padding="same"),
    both("groups_strides", L.Conv2D, 6, 3, groups=2, strides=2, padding="same"),
    both("groups_of_one", L.Conv2D, 12, 3, groups=4),
    both("dilated", L.Conv2D, 3, 2, dilation_rate=(3, 2), padding="same"),
    both("tall_softmax", L.Conv2D, 3, (5, 1), activation="softmax", padding="same"),
)

CONV3D = join(
    both("valid", L.Conv3D, 3, 2),
    both("same_strides", L.Conv3D, 3, 3, strides=(1, 2, 2), padding="same", activation="relu"),
    both("dilated", L.Conv3D, 4, (2, 1, 2), dilation_rate=(2, 1, 2), padding="same"),
    both("groups", L.Conv3D, 4, 2, groups=2),
    both("one_by_one", L.Conv3D, 17, 1, use_bias=False),
)

WEIGHTED = dict(kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l2")

CONV_WEIGHTS = [
    row("conv1d", L.Conv1D, 3, 3, kernel_constraint="max_norm", bias_constraint="max_norm", **WEIGHTED),
    row("transposed1d", L.Conv1DTranspose, 3, 3, kernel_constraint="unit_norm", **WEIGHTED),
    row("depthwise1d", L.DepthwiseConv1D, 3, depthwise_regularizer="l1", bias_regularizer="l2",
        depthwise_constraint="max_norm", bias_constraint="non_neg", depthwise_initializer="he_normal"),
    row("separable1d", L.SeparableConv1D, 4, 3, depthwise_regularizer="l1", pointwise_regularizer="l2",
        bias_regularizer=keras.regularizers.L1L2(0.01, 0.02), depthwise_constraint="max_norm", pointwise_constraint="unit_norm",
        bias_constraint="non_neg", depthwise_initializer="he_normal", pointwise_initializer="lecun_uniform",
        bias_initializer="ones"),
]

DEPTHWISE1D = join(
    both("valid", L.DepthwiseConv1D, 3),
    both("multiplier", L.DepthwiseConv1D, 3, depth_multiplier=3, padding="same", strides=2),
    both("dilated", L.DepthwiseConv1D, 2, dilation_rate=3, padding="same", activation="relu", use_bias=False),
    both("separable", L.SeparableConv1D, 5, 3, padding="same"),
    both("separable_multiplier", L.SeparableConv1D, 3, 4, depth_multiplier=2, strides=2, activation="tanh"),
    both("separable_dilated", L.SeparableConv1D, 3, 2, dilation_rate=2, use_bias=False),
)

DEPTHWISE2D = join(
    both("valid", L.DepthwiseConv2D, 3),
    both("same", L.DepthwiseConv2D, (2, 5), padding="same", activation="relu"),
    both("strides", L.DepthwiseConv2D, 3, strides=2, padding="same"),
    both("multiplier", L.DepthwiseConv2D, 3, depth_multiplier=2),
    both("multiplier_strides", L.DepthwiseConv2D, 2, depth_multiplier=5, strides=2, padding="same", use_bias=False),
    both("dilated", L.DepthwiseConv2D, 3, dilation_rate=2, padding="same"),
    both("separable", L.SeparableConv2D, 5, 3, padding="same"),
    both("separable_multiplier", L.SeparableConv2D, 3, (3, 2), depth_multiplier=3, strides=2, activation="tanh"),
    both("separable_dilated", L.SeparableConv2D, 3, 2, dilation_rate=(1, 2), use_bias=False),
)

TRANSPOSED1D = join(
    both("valid", L.Conv1DTranspose, 3, 3),
    both("strides", L.Conv1DTranspose, 4, 2, strides=3),
    both("same_strides", L.Conv1DTranspose, 5, 4, strides=3, padding="same", activation="relu"),
    both("output_padding", L.Conv1DTranspose, 3, 4, strides=3, output_padding=2),
    both("same_output_padding", L.Conv1DTranspose, 3, 5, strides=2, padding="same", output_padding=0),
    both("dilated", L.Conv1DTranspose, 2, 3, dilation_rate=2, use_bias=False),
    both("dilated_same", L.Conv1DTranspose, 2, 2, dilation_rate=3, padding="same"),
)

TRANSPOSED2D = join(
    both("valid", L.Conv2DTranspose, 3, 3),
    both("same", L.Conv2DTranspose, 3, (4, 3), padding="same"),
    both("strides", L.Conv2DTranspose, 4, 3, strides=2),
    both("same_strides", L.Conv2DTranspose, 17, 4, strides=2, padding="same", activation="relu"),
    both("strides_over_kernel", L.Conv2DTranspose, 2, (2, 1), strides=(3, 2)),
    both("same_strides_over_kernel", L.Conv2DTranspose, 2, 2, strides=3, padding="same"),
    both("output_padding", L.Conv2DTranspose, 3, 3, strides=2, output_padding=1),
    both("same_output_padding", L.Conv2DTranspose, 3, (3, 4), strides=(2, 3), padding="same", output_padding=(1, 2)),
    both("dilated", L.Conv2DTranspose, 2, 3, dilation_rate=2, padding="same", use_bias=False),
    both("softmax", L.Conv2DTranspose, 3, 2, activation="softmax"),
)

TRANSPOSED3D = join(
    both("valid", L.Conv3DTranspose, 3, 2),
    both("same_strides", L.Conv3DTranspose, 2, 3, strides=(1, 2, 2), padding="same", activation="relu"),
    both("output_padding", L.Conv3DTranspose, 2, (2, 1, 3), strides=2, output_padding=(1, 0, 1)),
)

# ---- pooling


def pools(kind, maximum, average, small):
    options = {
        "valid": {"pool_size": 2},
        "same": {"pool_size": 2, "padding": "same"},
        "overlap": {"pool_size": 3, "strides": 2},
        "overlap_same": {"pool_size": 3, "strides": 1, "padding": "same"},
        "strides_over_window": {"pool_size": 2, "strides": 3, "padding": "same"},
    }
    if small:  # keeps the third dimension's cases few
        options = {name: options[name] for name in ("valid", "overlap_same")}
    return join(*[both(f"{name}_{what}", layer, **chosen) for what, layer in (("max", maximum), ("average", average))
                  for name, chosen in options.items()])


def global_pools(maximum, average):
    return join(*[both(f"global_{what}{'_keepdims' if keep else ''}", layer, keepdims=keep)
                  for what, layer in (("max", maximum), ("average", average)) for keep in (False, True)])


POOL1D = pools("1d", L.MaxPooling1D, L.AveragePooling1D, False) + global_pools(
    L.GlobalMaxPooling1D, L.GlobalAveragePooling1D)
POOL2D = pools("2d", L.MaxPooling2D, L.AveragePooling2D, False) + global_pools(
    L.GlobalMaxPooling2D, L.GlobalAveragePooling2D)
POOL3D = pools("3d", L.MaxPooling3D, L.AveragePooling3D, True) + global_pools(
    L.GlobalMaxPooling3D, L.GlobalAveragePooling3D)

# ---- movement

MOVED1D = join(
    [row("crop", L.Cropping1D), row("crop_one", L.Cropping1D, 2), row("crop_pair", L.Cropping1D, (0, 3)),
     row("up", L.UpSampling1D, 3), row("up_once", L.UpSampling1D, 1)],
    both("pad", L.ZeroPadding1D),
    both("pad_pair", L.ZeroPadding1D, (0, 2)),
    [row("permute", L.Permute, (2, 1)),
     Row("repeat", lambda x, n: L.RepeatVector(3, name=n)(L.Flatten(name=f"{n}_row")(x)))],
)

MOVED2D = join(
    both("crop", L.Cropping2D, 1),
    both("crop_each", L.Cropping2D, (0, 2)),
    both("crop_pairs", L.Cropping2D, ((1, 0), (0, 2))),
    both("pad", L.ZeroPadding2D),
    both("pad_each", L.ZeroPadding2D, (0, 2)),
    both("pad_pairs", L.ZeroPadding2D, ((1, 0), (0, 2))),
    both("up", L.UpSampling2D),
    both("up_uneven", L.UpSampling2D, (3, 1)),
    both("up_linear", L.UpSampling2D, 2, interpolation="bilinear"),
    both("up_linear_uneven", L.UpSampling2D, (1, 3), interpolation="bilinear"),
    both("up_linear_many", L.UpSampling2D, (4, 5), interpolation="bilinear"),
    [row("permute_to_first", L.Permute, (3, 1, 2)), row("permute_all", L.Permute, (3, 2, 1)),
     row("permute_none", L.Permute, (1, 2, 3)), row("flatten_first", L.Flatten, **FIRST)],
)

MOVED3D = join(
    both("crop", L.Cropping3D),
    both("crop_pairs", L.Cropping3D, ((1, 0), (0, 1), (1, 1))),
    both("pad", L.ZeroPadding3D, 1),
    both("pad_pairs", L.ZeroPadding3D, ((1, 0), (0, 2), (0, 0))),
    both("up", L.UpSampling3D),
    both("up_uneven", L.UpSampling3D, (1, 3, 2)),
    [row("permute", L.Permute, (2, 4, 1, 3))],
)

# ---- chains, whose turns the compiler moves to the edges


def norm_first(name):
    def apply(x, n):
        x = L.Conv2D(5, 3, padding="same", use_bias=False, name=f"{n}_conv", **FIRST)(x)
        x = L.Activation("relu")(L.BatchNormalization(axis=1, name=n)(x))
        return L.GlobalAveragePooling2D(**FIRST)(L.Conv2D(4, 2, name=f"{n}_last", **FIRST)(x))
    return Row(name, apply)


def residual_first(name):
    def apply(x, n):
        y = L.Conv2D(7, 3, padding="same", activation="relu", name=f"{n}_conv", **FIRST)(x)
        y = L.Add(name=n)([x, L.Conv2D(7, 3, padding="same", name=f"{n}_again", **FIRST)(y)])
        return L.MaxPooling2D(2, **FIRST)(L.ReLU()(y))
    return Row(name, apply)


def grow_and_join_first(name):
    def apply(x, n):
        small = L.Conv2D(3, 3, padding="same", name=f"{n}_small", **FIRST)(L.MaxPooling2D((1, 2), **FIRST)(x))
        grown = L.UpSampling2D((1, 2), **FIRST)(small)
        padded = L.Cropping2D(((0, 0), (0, 0)), **FIRST)(L.ZeroPadding2D(1, **FIRST)(L.Concatenate(axis=1)([grown, x])))
        return L.Permute((2, 3, 1))(L.Conv2D(4, 3, name=n, activation="relu", **FIRST)(padded))
    return Row(name, apply)


CHAINS = [norm_first("norm"), residual_first("residual"), grow_and_join_first("grow_and_join")]


# ---- masks


def with_holes(rng, samples):
    """Some steps are zero throughout, never all of a sample."""
    x = rng.uniform(-1, 1, (samples, 7, 3)).astype("float32")
    x[:, 1:] *= rng.integers(0, 2, (samples, 6, 1))
    return {"x": x}


MASKED = [row("mean", L.GlobalAveragePooling1D), row("mean_keepdims", L.GlobalAveragePooling1D, keepdims=True),
          row("max", L.GlobalMaxPooling1D)]


def stem(rank):
    layer = {1: L.Conv1D, 2: L.Conv2D, 3: L.Conv3D}[rank]
    return lambda channels: lambda x: layer(channels, 1, name="stem")(x)


def faint(shape):
    """Small inputs: with the usual ones training diverges, which compares nothing."""
    return lambda rng, samples: {"x": rng.uniform(-0.3, 0.3, (samples,) + shape).astype("float32")}


def cases(alone):
    line, image, volume = (11, 4), (6, 8, 4), (4, 5, 6, 4)
    groups = [
        ("conv1d", (12, 4), CONV1D, stem(1)(8)), ("conv2d", (8, 7, 4), CONV2D, None), ("conv3d", (4, 3, 4, 4), CONV3D, stem(3)(4)),
        ("conv_weights", line, CONV_WEIGHTS, stem(1)(5)),
        ("depthwise1d", line, DEPTHWISE1D, stem(1)(5)), ("depthwise2d", image, DEPTHWISE2D, stem(2)(5)),
        ("transposed1d", (5, 4), TRANSPOSED1D, stem(1)(6)), ("transposed2d", (3, 4, 4), TRANSPOSED2D, stem(2)(5)),
        ("transposed3d", (2, 3, 3, 4), TRANSPOSED3D, stem(3)(3)),
        ("pool1d", line, POOL1D, stem(1)(5)), ("pool2d", (7, 9, 4), POOL2D, stem(2)(6)),
        ("pool3d", volume, POOL3D, stem(3)(4)),
        ("moved1d", line, MOVED1D, stem(1)(5)), ("moved2d", image, MOVED2D, stem(2)(5)),
        ("moved3d", volume, MOVED3D, stem(3)(3)),
        ("chains_first", (7, 6, 8), CHAINS, None),
    ]
    masked = packed("masked", (7, 3), MASKED, alone, samples=SAMPLES, inputs=with_holes,
                    stem=lambda x: L.Dense(4, name="stem")(L.Masking(name="masking")(x)))
    return masked + join(*[packed(name, shape, rows, alone, stem=start, samples=SAMPLES,
                         inputs=faint(shape) if name == "conv3d" else None)
                  for name, shape, rows, start in groups])
