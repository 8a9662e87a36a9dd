"""Every loss with its options and accuracies; at extreme logits against the definition in double."""
import json

import keras
import numpy as np
from keras import layers as L
from keras import losses

from case import Case
from compare import compare, join
from kcc_side import named

CLASSES = 5


def classes(rng, shape):
    return rng.integers(0, shape[-1], shape[:-1]).astype("int32")


def one_hot(rng, shape):
    return np.eye(shape[-1], dtype="float32")[classes(rng, shape)]


def bits(rng, shape):
    return rng.integers(0, 2, shape).astype("float32")


def soft(rng, shape):
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1]).astype("float32")


def numbers(rng, shape):
    return rng.normal(size=shape).astype("float32")


def positive(rng, shape):
    return rng.uniform(0.5, 2, shape).astype("float32")


def counts(rng, shape):
    return rng.poisson(2, shape).astype("float32")


def signs(rng, shape):
    return 2 * bits(rng, shape) - 1


# name: (activation of the output, units, loss, labels, metrics)
ROWS = {
    "mse": (None, 3, "mse", numbers, []),
    "mean_squared_error": ("tanh", 3, losses.MeanSquaredError(), numbers, []),
    "mae": (None, 3, "mae", numbers, []),
    "mean_absolute_error": (None, 1, losses.MeanAbsoluteError(), numbers, []),
    "binary": ("sigmoid", 3, "binary_crossentropy", bits, ["accuracy"]),
    "binary_one": ("sigmoid", 1, "binary_crossentropy", bits, ["accuracy", "binary_accuracy"]),
    "binary_logits": (None, 3, losses.BinaryCrossentropy(from_logits=True), bits, []),
    "binary_smooth": ("sigmoid", 3, losses.BinaryCrossentropy(label_smoothing=0.2), bits, []),
    "binary_softmax": ("softmax", 3, "binary_crossentropy", one_hot, []),
    "categorical": ("softmax", CLASSES, "categorical_crossentropy", one_hot, ["accuracy"]),
    "categorical_soft": ("softmax", CLASSES, "categorical_crossentropy", soft, ["categorical_accuracy"]),
    "categorical_logits": (None, CLASSES, losses.CategoricalCrossentropy(from_logits=True), one_hot, ["accuracy"]),
    "categorical_smooth": ("softmax", CLASSES, losses.CategoricalCrossentropy(label_smoothing=0.1), one_hot, []),
    "categorical_sigmoid": ("sigmoid", CLASSES, "categorical_crossentropy", one_hot, []),
    "sparse": ("softmax", CLASSES, "sparse_categorical_crossentropy", classes, ["accuracy"]),
    "sparse_logits": (None, CLASSES, losses.SparseCategoricalCrossentropy(from_logits=True), classes,
                      ["sparse_categorical_accuracy"]),
}


# The other losses, in a model of their own: their gradients differ much in size.
MORE_ROWS = {
    "mape": ("softplus", 3, "mape", positive, ["MAPE"]),
    "msle": ("softplus", 3, losses.MeanSquaredLogarithmicError(), positive, []),
    "msle_negative": (None, 3, "MSLE", numbers, []),
    "log_cosh": (None, 3, losses.LogCosh(), numbers, []),
    "huber": (None, 3, losses.Huber(), lambda rng, shape: 2 * numbers(rng, shape), []),
    "huber_narrow": (None, 3, losses.Huber(0.3), numbers, []),
    "cosine": (None, 4, losses.CosineSimilarity(), numbers, ["cosine_similarity"]),
    "hinge": ("tanh", 3, "hinge", signs, []),
    "hinge_bits": ("tanh", 3, losses.Hinge(), bits, []),
    "squared_hinge": (None, 3, "squared_hinge", bits, []),
    "categorical_hinge": (None, CLASSES, "categorical_hinge", one_hot, []),
    "kld": ("softmax", CLASSES, "kld", soft, ["kl_divergence"]),
    "poisson": ("softplus", 2, "poisson", counts, []),
    "focal": ("sigmoid", 3, "binary_focal_crossentropy", bits, []),
    "focal_balanced": ("sigmoid", 3, losses.BinaryFocalCrossentropy(True, 0.3, 1.5, label_smoothing=0.1), bits, []),
    "focal_logits": (None, 3, losses.BinaryFocalCrossentropy(gamma=1.0, from_logits=True), bits, []),
    "categorical_focal": ("softmax", CLASSES, "categorical_focal_crossentropy", one_hot, []),
    "categorical_focal_logits": (None, CLASSES, losses.CategoricalFocalCrossentropy(0.5, 3.0, True, 0.1), one_hot, []),
    "dice": ("sigmoid", 3, "dice", bits, []),
    "dice_rows": ("sigmoid", 3, losses.Dice(axis=-1), bits, []),
    "tversky": ("sigmoid", 3, losses.Tversky(0.3, 0.7), bits, []),
    "generalized": ("softmax", CLASSES, losses.CategoricalGeneralizedCrossEntropy(0.7), classes, []),
    "ignoring": ("softmax", CLASSES, losses.SparseCategoricalCrossentropy(ignore_class=1), classes, ["accuracy"]),
    "ignoring_logits": (None, CLASSES, losses.SparseCategoricalCrossentropy(True, -1), classes, []),
    "summed": (None, 3, losses.MeanSquaredError(reduction="sum"), numbers, []),
    "weighted_mean": (None, 3, losses.MeanAbsoluteError(reduction="mean_with_sample_weight"), numbers, []),
}
LOSS_WEIGHTS = {"mape": 0.01, "summed": 0.1}
# Keras's files leave these options out (LossFunctionWrapper's get_config, overridden): the command line has them.
UNSAVED = {"huber_narrow": "Huber(delta=0.3)"}


def build(shape, rows):
    x = keras.Input(shape, name="x")
    hidden = L.Dense(16, "tanh", name="hidden")(x)
    outputs = [L.Dense(units, activation, name=name)(hidden) for name, (activation, units, *_) in rows.items()]
    model = keras.Model(x, outputs)
    model.compile(keras.optimizers.SGD(0.2), {name: row[2] for name, row in rows.items()},
                  loss_weights={name: LOSS_WEIGHTS.get(name, 1.0) for name in rows},
                  metrics={name: row[4] for name, row in rows.items() if row[4]})
    return model


def table_case(name, shape, rows):
    labels = lambda rng, samples: {row: make(rng, (samples,) + shape[:-1] + (units,))
                                   for row, (_, units, _, make, _) in rows.items()}
    options = [part for row, loss in UNSAVED.items() if row in rows for part in ("--loss", f"{row}={loss}")]
    return Case(name, lambda: build(shape, rows), labels=labels, options=options)


def alone_case(name):
    """As the only output, whose metrics have no prefix; a partial last batch counts by its size."""
    activation, units, loss, make, metrics = ROWS[name]

    def one_output():
        model = keras.Sequential([keras.Input((6,)), L.Dense(9, "relu"), L.Dense(units, activation, name="y")])
        model.compile(keras.optimizers.SGD(0.2), loss, metrics=metrics)
        return model

    labels = lambda rng, samples: {"y": make(rng, (samples, units))}
    return Case(f"only_{name}", one_output, samples=21, labels=labels)


SEQUENCE_ROWS = ["mse", "mae", "binary", "binary_logits", "categorical", "categorical_logits", "sparse", "sparse_logits"]


MORE_SEQUENCE_ROWS = ["mape", "log_cosh", "cosine", "hinge", "kld", "focal", "categorical_focal", "dice", "dice_rows",
                      "ignoring", "huber_narrow"]


def cases(alone):
    tables = [[name] for name in ROWS] if alone else [list(ROWS)]
    flat = [table_case("rows" if not alone else f"rows.{names[0]}", (6,), {n: ROWS[n] for n in names})
            for names in tables]
    tables = [[name] for name in MORE_ROWS] if alone else [list(MORE_ROWS)]
    flat += [table_case("more_rows" if not alone else f"more.{names[0]}", (6,), {n: MORE_ROWS[n] for n in names})
             for names in tables]
    return flat + [
        table_case("sequences", (4, 6), {name: ROWS[name] for name in SEQUENCE_ROWS}),
        table_case("more_sequences", (4, 6), {name: MORE_ROWS[name] for name in MORE_SEQUENCE_ROWS}),
        *[alone_case(name) for name in ("mse", "binary_one", "categorical", "sparse")],
    ]


# ---- extremes: real Keras on JAX clips probabilities at 1e-7; on TensorFlow it finds the logits behind the softmax
# and loses nothing. kcc does as TensorFlow: what counts is the definition, here in double.

LOGITS = np.array([[0, 0, 0], [1, 2, 3], [100, -100, 0], [-100, 100, 100], [100, 99, -100], [1e4, 0, -1e4]])
LABELS = [0, 2, 1, 0, 1, 2]
EXTREME_ROWS = {name: ROWS[name] for name in
                ("binary", "binary_logits", "categorical", "categorical_logits", "sparse", "sparse_logits")}


def extreme_model():
    x = keras.Input((3,), name="x")
    outputs = [L.Dense(3, activation, kernel_initializer="identity", name=name)(x)
               for name, (activation, *_) in EXTREME_ROWS.items()]
    model = keras.Model(x, outputs)
    model.compile(keras.optimizers.SGD(1.0), {name: row[2] for name, row in EXTREME_ROWS.items()})
    return model


def cross_entropy(name, z, label):
    """The loss of one sample and its gradient with respect to the logits."""
    y = np.eye(3)[label]
    if name.startswith("binary"):
        loss = np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))
        with np.errstate(over="ignore"):
            return loss.mean(), (1 / (1 + np.exp(-z)) - y) / 3
    shifted = z - z.max()
    log_p = shifted - np.log(np.exp(shifted).sum())
    return -log_p[label], np.exp(log_p) - y


def extremes(tools):
    case = Case("extremes", extreme_model, samples=1, labels=lambda rng, samples: {
        name: row[3](rng, (samples, 3)) for name, row in EXTREME_ROWS.items()})
    trainer = tools.trainer(case)
    model = trainer.keras.model
    for layer in model.layers[1:]:
        layer.set_weights([np.eye(3), np.zeros(3)])
    model.save_weights(trainer.folder / "start.weights.h5")
    trainer.compile()

    results = []
    for index, (z, label) in enumerate(zip(LOGITS, LABELS)):
        x = trainer._save(f"x{index}", {"x": z[None].astype("float32")})
        y = trainer._save(f"y{index}", {
            name: np.array([label], "int32") if row[3] is classes else np.eye(3, dtype="float32")[[label]]
            for name, row in EXTREME_ROWS.items()})
        data = [*named("-x", x), *named("-y", y), *trainer.start]
        losses_found = json.loads(trainer.run("evaluate", *data, "--json"))
        trainer.run("fit", *data, "--verbose", 0, "--save", trainer.folder / "stepped.weights.h5")
        model.load_weights(trainer.folder / "stepped.weights.h5")
        for name in EXTREME_ROWS:
            loss, gradient = cross_entropy(name, z, label)
            found = np.ravel(losses_found[f"{name}_loss"])[-1]
            step = -np.array(model.get_layer(name).bias.value)
            results += [compare(f"{name} loss at {z}", found, loss, 1e-5 * max(loss, 0.1)),
                        compare(f"{name} gradient at {z}", step, gradient, 1e-6)]
    error, failures = join(results)
    return f"{error:.2g} of what is allowed", failures


CHECKS = {"extremes": extremes}
