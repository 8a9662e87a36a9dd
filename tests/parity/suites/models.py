"""Whole models as users write them; real sizes where they matter to the kernels."""
import keras
import numpy as np
from keras import layers as L
from keras import optimizers

from case import Case


def labels_of(**outputs):
    """Labels by output: (kind, number of classes or units)."""
    def labels(rng, samples):
        made = {}
        for name, kind in outputs.items():
            count = kind[1]
            if kind[0] == "classes":
                made[name] = rng.integers(0, count, samples).astype("int32")
            elif kind[0] == "one_hot":
                made[name] = np.eye(count, dtype="float32")[rng.integers(0, count, samples)]
            elif kind[0] == "bits":
                made[name] = rng.integers(0, 2, (samples, count)).astype("float32")
            else:
                made[name] = rng.normal(size=(samples, count)).astype("float32")
        return made
    return labels


def compiled(model, loss, optimizer=None, **options):
    model.compile(optimizer or optimizers.SGD(0.05, momentum=0.9, nesterov=True), loss, **options)
    return model


def mlp():
    return compiled(keras.Sequential([
        keras.Input((20,)), L.Dense(64, "relu"), L.Dropout(0.0), L.Dense(64, "relu"), L.Dropout(0.0),
        L.Dense(10, "softmax", name="y")]), "categorical_crossentropy", metrics=["accuracy"])


def wide_mlp():
    return compiled(keras.Sequential([
        keras.Input((784,)), L.Dense(512, "relu"), L.Dense(512, "relu"), L.Dense(10, "softmax", name="y")]),
        "sparse_categorical_crossentropy", metrics=["accuracy"])


def binary():
    return compiled(keras.Sequential([keras.Input((100,)), L.Dense(32, "relu"), L.Dense(1, "sigmoid", name="y")]),
                    "binary_crossentropy", metrics=["accuracy"])


def activation_layers():
    return compiled(keras.Sequential([
        keras.Input((30,)), L.Dense(32), L.Activation("relu"), L.Dense(10), L.Activation("softmax", name="y")]),
        "categorical_crossentropy", metrics=["accuracy"])


def vgg_like(few=32, many=64, side=20):
    return compiled(keras.Sequential([
        keras.Input((side, side, 3)),
        L.Conv2D(few, (3, 3), activation="relu"), L.Conv2D(few, (3, 3), activation="relu"),
        L.MaxPooling2D((2, 2)), L.Dropout(0.0),
        L.Conv2D(many, (3, 3), activation="relu"), L.Conv2D(many, (3, 3), activation="relu"),
        L.MaxPooling2D((2, 2)), L.Dropout(0.0),
        L.Flatten(), L.Dense(256, "relu"), L.Dropout(0.0), L.Dense(10, "softmax", name="y"),
    ]), "categorical_crossentropy")


def block(x, filters, strides, name):
    shortcut = x
    y = L.Conv2D(filters, 3, strides, padding="same", use_bias=False, name=f"{name}_a")(x)
    y = L.Activation("relu")(L.BatchNormalization(name=f"{name}_a_norm")(y))
    y = L.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_b")(y)
    y = L.BatchNormalization(name=f"{name}_b_norm")(y)
    if strides != 1:
        shortcut = L.BatchNormalization(name=f"{name}_c_norm")(
            L.Conv2D(filters, 1, strides, use_bias=False, name=f"{name}_c")(x))
    return L.Activation("relu", name=name)(L.Add(name=f"{name}_add")([shortcut, y]))


def residual():
    x = keras.Input((16, 16, 3))
    y = L.Conv2D(8, 3, padding="same", use_bias=False, name="first")(x)
    y = L.Activation("relu")(L.BatchNormalization(name="first_norm")(y))
    y = block(block(y, 8, 1, "one"), 16, 2, "two")
    y = L.Dense(10, "softmax", name="y")(L.GlobalAveragePooling2D()(y))
    return compiled(keras.Model(x, y), "sparse_categorical_crossentropy", metrics=["accuracy"])


def shared_branches():
    left, right = keras.Input((16,), name="left"), keras.Input((16,), name="right")
    encoder = L.Dense(12, "tanh", name="encoder")
    joined = L.Concatenate(name="joined")([encoder(left), encoder(right)])
    return compiled(keras.Model([left, right], L.Dense(1, "sigmoid", name="y")(joined)), "binary_crossentropy",
                    metrics=["accuracy"])


def two_outputs():
    main, extra = keras.Input((9,), name="main"), keras.Input((5,), name="extra")
    x = L.Dense(16, "relu", name="x")(main)
    side = L.Dense(1, "sigmoid", name="side")(x)
    y = L.Dense(16, "relu", name="deep")(L.Concatenate()([x, extra]))
    return compiled(keras.Model([main, extra], [L.Dense(3, "softmax", name="top")(y), side]),
                    {"top": "sparse_categorical_crossentropy", "side": "binary_crossentropy"},
                    loss_weights={"top": 1.0, "side": 0.2}, metrics={"top": ["accuracy"]})


def layer_called_twice():
    x = keras.Input((8,), name="x")
    dense = L.Dense(8, "tanh", name="again")
    return compiled(keras.Model(x, L.Dense(2, name="y")(dense(dense(x)))), "mse")


def autoencoder():
    return compiled(keras.Sequential([
        keras.Input((8, 8, 1)), L.Conv2D(8, 3, 2, padding="same", activation="relu"), L.Flatten(),
        L.Dense(10, "relu"), L.Dense(64, "sigmoid"), L.Reshape((8, 8, 1), name="y")]), "mse", "rmsprop")


def cases(alone):
    return [
        Case("mlp", mlp, samples=20, labels=labels_of(y=("one_hot", 10))),
        Case("wide_mlp", wide_mlp, samples=20, labels=labels_of(y=("classes", 10)), training_tolerance=1e-3),
        Case("binary", binary, samples=20, labels=labels_of(y=("bits", 1))),
        Case("activation_layers", activation_layers, samples=20, labels=labels_of(y=("one_hot", 10))),
        Case("vgg_like", vgg_like, samples=12, labels=labels_of(y=("one_hot", 10)), epochs=2),
        Case("residual", residual, samples=20, labels=labels_of(y=("classes", 10))),
        Case("shared_branches", shared_branches, samples=20, labels=labels_of(y=("bits", 1))),
        Case("two_outputs", two_outputs, labels=labels_of(top=("classes", 3), side=("bits", 1))),
        Case("layer_called_twice", layer_called_twice, labels=labels_of(y=("numbers", 2))),
        Case("autoencoder", autoencoder, gradients=False,
             labels=lambda rng, samples: {"y": rng.random((samples, 8, 8, 1)).astype("float32")}),
    ]
