"""Records what real Keras computes, for tests/frontend/golden_test.cpp.

Each file holds a model as `to_json()` writes it, its weights, one batch, and what Keras makes of them: predictions,
evaluation, logs and all variables after three training steps, the weights file's paths, the summary's rows.
Run with Keras 3.15.1 on JAX:  KERAS_BACKEND=jax python tests/frontend/record_goldens.py tests/cases/frontend
"""

import json
import os
import sys
import tempfile

import h5py
import keras
import numpy as np
from keras import layers as L

RNG = np.random.default_rng(7)
BATCH, STEPS = 6, 3


def flat(array):
    array = np.asarray(array)
    values = array.astype("float64").ravel().tolist()
    return {"shape": list(array.shape), "values": [float(f"{v:.8g}") for v in values]}


def seq(*layers, shape):
    return keras.Sequential([L.Input(shape), *layers])


def classes(n):
    return lambda: RNG.integers(0, n, BATCH)


def one_hot(n, *middle):
    return lambda: np.eye(n, dtype="float32")[RNG.integers(0, n, (BATCH, *middle))]


def binary(*shape):
    return lambda: RNG.integers(0, 2, (BATCH, *shape)).astype("float32")


def real(*shape):
    return lambda: RNG.normal(size=(BATCH, *shape)).astype("float32")


def activation(name, **kwargs):
    return seq(L.Dense(6), L.Activation(name), L.Dense(2), shape=(4,)), dict(loss="mse"), [real(2)]


def optimizer(o):
    return seq(L.Dense(5, "tanh"), L.Dense(2), shape=(3,)), dict(loss="mse", optimizer=o), [real(2)]


def image(*layers, shape=(6, 7, 3), target=None):
    return seq(*layers, L.Flatten(), L.Dense(2), shape=shape), dict(loss="mse"), [target or real(2)]


def loss(l, activation=None, units=3, target=None, **kwargs):
    return seq(L.Dense(units, activation=activation), shape=(4,)), dict(loss=l, **kwargs), [target or real(units)]


def two_outputs():
    i, j = L.Input((4,), name="left"), L.Input((4,))
    shared = L.Dense(4, activation="relu", name="shared")
    a, b = shared(i), shared(j)
    o1 = L.Dense(1, activation="sigmoid", name="o1")(L.Add()([a, b]))
    o2 = L.Dense(3, name="o2")(L.Concatenate()([a, b, i]))
    return keras.Model([i, j], [o1, o2])


def residual():
    x = i = L.Input((5, 5, 4))
    x = L.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = L.BatchNormalization()(x)
    x = L.Activation("relu")(x)
    x = L.Add()([x, i])
    side = L.Conv2D(2, 1, activation="relu")(i)
    x = L.Concatenate(axis=-1)([x, side])
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(i, L.Dense(3, activation="softmax")(x), name="residual")


def frozen():
    return seq(L.Dense(5, trainable=False), L.BatchNormalization(trainable=False), L.Dense(2), shape=(4,))


def mode_calls():
    # fit() replaces the call's own mode
    i = L.Input((4,))
    x = L.Dense(3)(i)
    x = L.BatchNormalization()(x, training=False)
    return keras.Model(i, L.Dense(2)(x))


def broadcasting():
    i, j = L.Input((3, 4)), L.Input((4,))
    x = L.Add()([i, j])
    x = L.Flatten()(x)
    return keras.Model([i, j], L.Dense(2)(x))


def penalties():
    r = keras.regularizers
    return seq(L.Dense(4, kernel_regularizer=r.L2(0.1), bias_regularizer=r.L1(0.2)), L.BatchNormalization(gamma_regularizer=r.L1L2(0.1, 0.2)), L.Dense(2), shape=(3,))


S = keras.optimizers.schedules
O = keras.optimizers
CL = keras.losses
FIRST = "channels_first"
ACTIVATIONS = """relu leaky_relu relu6 softmax celu elu selu softplus softsign squareplus soft_shrink sparse_plus silu
gelu glu tanh tanh_shrink sigmoid exponential hard_sigmoid hard_silu hard_tanh hard_shrink linear mish log_softmax
log_sigmoid sparse_sigmoid sparsemax""".split()

CASES = {
    **{f"activation_{name}": (lambda name=name: activation(name)) for name in ACTIVATIONS if name != "glu"},
    "activation_glu": lambda: (seq(L.Dense(6, "glu"), shape=(4,)), dict(loss="mse"), [real(3)]),
    "activation_layers": lambda: (seq(L.Dense(8), L.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.2), L.Dense(6), L.LeakyReLU(), L.Dense(6), L.ELU(0.5), L.ReLU(6), L.Dense(6), L.ReLU(negative_slope=0.3), L.Reshape((2, 3)), L.Softmax(axis=1), L.Flatten(), L.Dense(2), shape=(4,)), dict(loss="mse"), [real(2)]),
    "sgd": lambda: optimizer(O.SGD(0.1)),
    "sgd_momentum": lambda: optimizer(O.SGD(0.1, momentum=0.9)),
    "sgd_nesterov": lambda: optimizer(O.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.1)),
    "sgd_exponential": lambda: optimizer(O.SGD(S.ExponentialDecay(0.1, 2, 0.5), momentum=0.5)),
    "sgd_staircase": lambda: optimizer(O.SGD(S.ExponentialDecay(0.1, 2, 0.5, staircase=True))),
    "sgd_inverse_time": lambda: optimizer(O.SGD(S.InverseTimeDecay(0.1, 1, 0.5))),
    "sgd_clipnorm": lambda: optimizer(O.SGD(0.1, clipnorm=0.3)),
    "sgd_clipvalue": lambda: optimizer(O.SGD(0.1, clipvalue=0.1)),
    "sgd_global_clipnorm": lambda: optimizer(O.SGD(0.1, global_clipnorm=0.5)),
    "rmsprop": lambda: optimizer("rmsprop"),
    "rmsprop_momentum": lambda: optimizer(O.RMSprop(0.01, rho=0.8, momentum=0.5, epsilon=1e-3)),
    "rmsprop_centered": lambda: optimizer(O.RMSprop(0.01, momentum=0.5, centered=True)),
    "adam": lambda: optimizer("adam"),
    "adam_accumulated": lambda: optimizer(O.Adam(0.01, epsilon=1e-3, gradient_accumulation_steps=2, loss_scale_factor=4.0)),
    "nadam_decayed": lambda: optimizer(O.Nadam(0.01, epsilon=1e-3, weight_decay=0.1)),
    "adam_amsgrad": lambda: optimizer(O.Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-5, amsgrad=True)),
    "conv_valid": lambda: image(L.Conv2D(4, (3, 2), activation="relu")),
    "conv_same_strides": lambda: image(L.Conv2D(4, 3, strides=(2, 3), padding="same")),
    "conv_dilation": lambda: image(L.Conv2D(4, 2, dilation_rate=(2, 3), padding="same", use_bias=False)),
    "conv_groups": lambda: image(L.Conv2D(4, 3, groups=2), shape=(5, 5, 4)),
    "pool_max": lambda: image(L.MaxPooling2D(), L.MaxPooling2D((2, 3), strides=1, padding="same")),
    "pool_average": lambda: image(L.AveragePooling2D((2, 3), strides=(2, 1)), L.AveragePooling2D(2, padding="same")),
    "pool_global": lambda: image(L.GlobalAveragePooling2D(keepdims=True)),
    "reshape": lambda: image(L.Reshape((7, -1)), L.Dense(3, "relu"), L.Reshape((21,))),
    "batch_norm": lambda: image(L.BatchNormalization(), L.BatchNormalization(axis=1, momentum=0.8, epsilon=0.01, center=False)),
    "batch_norm_dense": lambda: (seq(L.Dense(5, use_bias=False), L.BatchNormalization(scale=False), L.Dense(2), shape=(3,)), dict(loss="mse", optimizer="adam"), [real(2)]),
    "residual": lambda: (residual(), dict(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"]), [one_hot(3)]),
    "frozen": lambda: (frozen(), dict(loss="mse", optimizer="adam"), [real(2)]),
    "mode_calls": lambda: (mode_calls(), dict(loss="mse"), [real(2)]),
    "broadcasting": lambda: (broadcasting(), dict(loss="mae"), [real(2)]),
    "penalties": lambda: (penalties(), dict(loss="mse", optimizer="sgd"), [real(2)]),
    "loss_mse": lambda: loss("mse", metrics=["mae", "MSE", "acc"]),
    "loss_mae": lambda: loss(CL.MeanAbsoluteError(), metrics=[keras.metrics.MeanSquaredError(), "mse", "mse"]),
    "loss_sum": lambda: loss(CL.MeanSquaredError(reduction="sum")),
    "loss_weighted_mean": lambda: loss(CL.MeanSquaredError(reduction="mean_with_sample_weight")),
    "loss_function": lambda: loss(CL.mean_squared_error, metrics=[keras.metrics.mean_absolute_error]),
    "loss_bce": lambda: loss("binary_crossentropy", "sigmoid", 1, binary(1), metrics=["accuracy", keras.metrics.BinaryAccuracy(threshold=0.7)]),
    "loss_bce_many": lambda: loss(CL.BinaryCrossentropy(label_smoothing=0.2), "sigmoid", 3, binary(3), metrics=["accuracy", "binary_accuracy", "binary_crossentropy"]),
    "loss_bce_logits": lambda: loss(CL.BinaryCrossentropy(from_logits=True), None, 3, binary(3)),
    "loss_bce_clipped": lambda: loss("binary_crossentropy", "hard_sigmoid", 3, binary(3)),
    "loss_cce": lambda: loss("categorical_crossentropy", "softmax", 3, one_hot(3), metrics=["accuracy", "categorical_crossentropy"]),
    "loss_cce_logits": lambda: loss(CL.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), None, 3, one_hot(3)),
    "loss_cce_clipped": lambda: loss("categorical_crossentropy", "sigmoid", 3, one_hot(3)),
    "loss_sparse": lambda: loss("sparse_categorical_crossentropy", "softmax", 3, classes(3), metrics=["accuracy", "Accuracy", "sparse_categorical_crossentropy"], weighted_metrics=["accuracy", "sparse_categorical_accuracy"]),
    "loss_sparse_logits": lambda: loss(CL.SparseCategoricalCrossentropy(from_logits=True), None, 3, classes(3)),
    "loss_sparse_clipped": lambda: loss("sparse_categorical_crossentropy", "softplus", 3, classes(3)),
    "positions": lambda: (seq(L.Dense(4, "tanh"), L.Dense(3, activation="softmax"), shape=(5, 2)), dict(loss="categorical_crossentropy", metrics=["accuracy"]), [one_hot(3, 5)]),
    "two_outputs": lambda: (two_outputs(), dict(optimizer=O.SGD(0.1, momentum=0.9), loss={"o1": "binary_crossentropy", "o2": CL.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)}, loss_weights={"o1": 0.3, "o2": 1.5}, metrics={"o1": ["accuracy", "mae"], "o2": ["acc", keras.metrics.CategoricalCrossentropy(from_logits=True)]}, weighted_metrics=[["accuracy"], ["mse"]]), [binary(1), one_hot(3)]),
    "compile_shared_weight": lambda: (two_outputs(), dict(loss="mse", loss_weights=2.0, metrics=[None, "mae"]), [binary(1), one_hot(3)]),
    # Weights by name for losses in a list: Keras takes them by their sorted names.
    "compile_sorted_weights": lambda: (two_outputs(), dict(loss=[["mse"], "mae"], loss_weights={"z": 0.5, "a": 3.0}), [binary(1), one_hot(3)]),
    "compile_named_losses": lambda: (two_outputs(), dict(loss={"o2": "mse", "o1": "mae"}, loss_weights=[0.5, 3.0], metrics={"o2": "mae"}), [binary(1), one_hot(3)]),
    # One output: its metrics may have any name.
    "compile_any_name": lambda: loss("mse", loss_weights={"whatever": 0.5}, metrics={"z": "mae", "b": ["mse"]}, weighted_metrics=[["mae"]]),
}
# Keras's own channels_first pooling and convolution need no accelerator on JAX.
CASES["conv_first"] = lambda: image(L.Conv2D(4, 3, padding="same", data_format=FIRST, activation="relu"), L.MaxPooling2D(2, data_format=FIRST), L.AveragePooling2D(2, strides=1, data_format=FIRST), L.Flatten(data_format=FIRST), shape=(3, 6, 7))
CASES["pool_global_first"] = lambda: image(L.BatchNormalization(axis=1), L.GlobalAveragePooling2D(data_format=FIRST), shape=(3, 6, 7))
WEIGHTED = {"loss_sparse", "loss_mse", "two_outputs", "loss_weighted_mean", "loss_bce"}


def variables(model):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m.weights.h5")
        model.save_weights(path)
        found = {}
        with h5py.File(path) as f:
            f.visititems(lambda name, item: found.update({name: flat(item[()])}) if isinstance(item, h5py.Dataset) else None)
    return found


def record(name, folder):
    keras.utils.clear_session()
    model, compile_arguments, targets = CASES[name]()
    model.compile(**{"optimizer": "sgd", **compile_arguments})
    for variable in model.weights:
        value = RNG.normal(size=variable.shape, scale=0.5)
        variable.assign(np.abs(value) + 0.1 if "variance" in variable.path else value)
    x = [RNG.normal(size=(BATCH, *t.shape[1:])).astype("float32") for t in model.inputs]
    y = [target() for target in targets]
    w = [RNG.uniform(0.2, 2, BATCH).astype("float32") for _ in y] if name in WEIGHTED else None
    one = lambda a: a[0] if a is not None and len(a) == 1 else a
    golden = {
        "model": model.to_json(),
        "weights": variables(model),
        "inputs": [flat(a) for a in x],
        "targets": [flat(a) for a in y],
        "sample_weights": [flat(a) for a in w] if w else None,
        "predict": [flat(a) for a in (lambda p: p if isinstance(p, list) else [p])(model.predict(one(x), verbose=0))],
        "evaluate": model.evaluate(one(x), one(y), sample_weight=one(w), batch_size=4, return_dict=True, verbose=0),
    }
    golden["evaluate_batches"] = [4, 2]
    again = lambda arrays: one([np.concatenate([a] * STEPS) for a in arrays]) if arrays else None
    history = model.fit(again(x), again(y), sample_weight=again(w), batch_size=BATCH, shuffle=False, verbose=0)
    golden["steps"] = STEPS
    golden["logs"] = {k: v[-1] for k, v in history.history.items()}
    golden["trained"] = variables(model)
    golden["rows"] = [[l.name, type(l).__name__, str(l._inbound_nodes[-1].output_tensors[0].shape), l.count_params()] for l in model.layers]
    if name == "activation_glu":  # Keras's symbolic shape forgets that glu halves
        golden["rows"][-1][2] = "(None, 3)"
    golden["trainable"] = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
    golden["other"] = sum(int(np.prod(v.shape)) for v in model.non_trainable_weights)
    with open(os.path.join(folder, f"golden_{name}.json"), "w") as f:
        json.dump(golden, f, separators=(",", ":"))
        f.write("\n")


def record_activations(folder):
    """Values and derivatives of each element-wise activation, at kinks and far out."""
    import jax

    points = [-200.0, -100.0, -20.0, -6.0, -5.0, -3.0, -2.5, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.5, 3.0, 6.0, 8.0, 20.0, 80.0]
    table = {"x": points}
    for name in ACTIVATIONS:
        if name in ("softmax", "log_softmax", "sparsemax", "glu"):
            continue
        f = keras.activations.get(name)
        y = [float(f(np.float32(x))) for x in points]
        dy = [float(jax.grad(lambda v: f(v).astype("float32"))(np.float32(x))) for x in points]
        table[name] = {"y": y, "dy": dy}
    with open(os.path.join(folder, "activations.json"), "w") as f:
        json.dump(table, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    record_activations(sys.argv[1])
    for name in sys.argv[2:] or CASES:
        record(name, sys.argv[1])
        print(name, flush=True)
