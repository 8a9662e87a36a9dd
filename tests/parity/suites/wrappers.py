"""TimeDistributed over layers and models: weights, statistics of each step, masks, losses, inside and outside."""
import keras
import numpy as np
from keras import layers as L

from case import Case, Row, packed


def over(name, make, **options):
    return Row(name, lambda x, n: L.TimeDistributed(make(n), name=n, **options)(x))


def model(*layers):
    return lambda n: keras.Sequential([layer() for layer in layers], name=f"{n}_model")


def functional(n):
    x = keras.Input((4,))
    y = L.Dense(5, "tanh")(x)
    return keras.Model(x, L.Concatenate()([L.Add()([y, L.Dense(5)(x)]), x]), name=f"{n}_model")


SEQUENCE = [
    over("dense", lambda n: L.Dense(3)),
    over("dense_relu", lambda n: L.Dense(3, "relu", kernel_regularizer=keras.regularizers.L2(0.001))),
    over("activation", lambda n: L.Activation("softmax")),
    over("batch_norm", lambda n: L.BatchNormalization()),
    over("batch_norm_momentum", lambda n: L.BatchNormalization(momentum=0.6, epsilon=0.1)),
    over("batch_norm_last", lambda n: L.BatchNormalization(momentum=0.0)),
    over("layer_norm", lambda n: L.LayerNormalization()),
    over("prelu", lambda n: L.PReLU(alpha_initializer="ones")),
    over("dropout", lambda n: L.Dropout(0.0)),
    over("frozen", lambda n: L.Dense(3, trainable=False)),
    over("frozen_outside", lambda n: L.Dense(3), trainable=False),
    over("repeat", lambda n: L.RepeatVector(3)),
    over("model", model(lambda: L.Dense(5, "relu"), lambda: L.Dense(2))),
    over("model_norm", model(lambda: L.Dense(5, use_bias=False), lambda: L.BatchNormalization(), lambda: L.ReLU())),
    over("model_functional", functional),
    over("losses_left_out", lambda n: L.Dense(3, activity_regularizer="l2")),
    over("losses_of_model", model(lambda: L.Dense(3, activity_regularizer=keras.regularizers.L2(0.002)))),
    over("losses_outside", lambda n: L.Dense(3), activity_regularizer=keras.regularizers.L1(0.0005)),
]

IMAGES = [
    over("conv", lambda n: L.Conv2D(3, 3, padding="same", activation="relu")),
    over("conv_first", lambda n: L.Conv2D(3, 2, data_format="channels_first")),
    over("conv_strides", lambda n: L.Conv2D(3, 3, strides=2)),
    over("depthwise", lambda n: L.DepthwiseConv2D(3)),
    over("separable", lambda n: L.SeparableConv2D(3, 3)),
    over("transposed", lambda n: L.Conv2DTranspose(3, 3, strides=2)),
    over("max_pool", lambda n: L.MaxPooling2D(2)),
    over("average_pool", lambda n: L.AveragePooling2D(2, padding="same")),
    over("global_pool", lambda n: L.GlobalAveragePooling2D()),
    over("global_max", lambda n: L.GlobalMaxPooling2D(keepdims=True)),
    over("flatten", lambda n: L.Flatten()),
    over("reshape", lambda n: L.Reshape((-1, 4))),
    over("permute", lambda n: L.Permute((3, 1, 2))),
    over("norm", lambda n: L.BatchNormalization()),
    over("norm_first", lambda n: L.BatchNormalization(axis=1)),
    over("upsample", lambda n: L.UpSampling2D(2)),
    over("pad", lambda n: L.ZeroPadding2D(1)),
    over("steps_in_steps", lambda n: L.TimeDistributed(L.Dense(2))),
    over("norm_in_steps", lambda n: L.TimeDistributed(L.BatchNormalization(momentum=0.7))),
    over("net", model(lambda: L.Conv2D(4, 3, use_bias=False), lambda: L.BatchNormalization(), lambda: L.ReLU(),
                      lambda: L.MaxPooling2D(2), lambda: L.Flatten(), lambda: L.Dropout(0.0), lambda: L.Dense(3))),
    over("recurrent", lambda n: keras.Sequential([L.Reshape((5, 16)), L.LSTM(3)], name=f"{n}_model")),
]


def masked(rng, samples):
    x = rng.uniform(-1, 1, (samples, 6, 4)).astype("float32")
    x[rng.uniform(size=(samples, 6)) < 0.4] = 0
    x[0], x[1, :, 0] = 0, 0.5
    return {"x": x}


def masked_steps(name, make, **compile_options):
    """Sequence to sequence: the mask reaches the loss and the metrics."""
    def build():
        model = keras.Sequential([keras.Input((6, 4), name="x"), L.Masking(), L.TimeDistributed(make("inner")),
                                  L.TimeDistributed(L.Dense(3), name="y")])
        model.compile(keras.optimizers.SGD(0.1), **({"loss": "mse"} | compile_options))
        return model
    return Case(f"masked_{name}", build, samples=19, inputs=masked, masked=True)


def classes(rng, samples):
    return {"y": rng.integers(0, 3, (samples, 6)).astype("int32")}


def words(rng, samples):
    x = rng.integers(1, 7, (samples, 6)).astype("int32")
    x[rng.uniform(size=(samples, 6)) < 0.3] = 0
    return {"x": x}


def tagger():
    """A class for each word, none for padding."""
    model = keras.Sequential([keras.Input((6,), dtype="int32", name="x"), L.Embedding(7, 5, mask_zero=True),
                              L.Bidirectional(L.LSTM(4, return_sequences=True)),
                              L.TimeDistributed(L.Dense(3, "softmax"), name="y")])
    model.compile(keras.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"],
                  weighted_metrics=["accuracy"])
    return model


def cases(alone):
    return [
        *packed("steps", (6, 4), SEQUENCE, alone, stem=lambda x: L.Dense(4, name="stem")(x), samples=19),
        *packed("images", (3, 5, 4, 4), IMAGES, alone, stem=lambda x: L.Dense(4, use_bias=False, name="stem")(x), samples=19),
        masked_steps("dense", lambda n: L.Dense(5), metrics=["mae"], weighted_metrics=["mse"]),
        masked_steps("norm", lambda n: L.BatchNormalization(momentum=0.6)),
        masked_steps("model", model(lambda: L.Dense(5), lambda: L.BatchNormalization())),
        masked_steps("sum", lambda n: L.Dense(5), loss=keras.losses.MeanSquaredError(reduction="sum")),
        Case("tagger", tagger, samples=19, inputs=words, labels=classes, masked=True),
    ]
