"""Every metric with its options: unweighted, weighted and masked, over several batches of which the last is ragged, as
evaluate reports them and as fit's history holds them."""
import json

import keras
import numpy as np
from keras import layers as L
from keras import losses, metrics as M

from case import BATCH, Case
from compare import compare_metrics, join
from kcc_side import named
from suites.losses import bits, classes, numbers, one_hot

SAMPLES = 2 * BATCH + 5
CLASSES = 5


def of_one_bit(_):
    return [M.AUC(name="auc"), M.AUC(curve="PR", num_thresholds=50, name="pr"),
            M.AUC(curve="PR", summation_method="majoring", name="pr_major"),
            M.AUC(curve="PRGAIN", summation_method="minoring", num_thresholds=20, name="gain"),
            M.AUC(curve="PRGAIN", name="gain_200"), M.AUC(num_thresholds=2, name="two"),
            M.AUC(summation_method="minoring", thresholds=[0.3, 0.6, 0.35], name="uneven"),
            M.AUC(thresholds=[0.5], name="one_threshold"),
            "accuracy", "binary_accuracy", M.BinaryAccuracy(threshold=0.4, name="at_0_4"),
            M.Precision(name="precision"), M.Recall(thresholds=[0.4], name="recall"),
            M.TruePositives(name="tp"), M.TrueNegatives(name="tn"), M.FalsePositives(thresholds=0.3, name="fp"),
            M.FalseNegatives(name="fn"), M.SensitivityAtSpecificity(0.5, name="sens"),
            M.SpecificityAtSensitivity(0.5, num_thresholds=30, name="spec"),
            M.PrecisionAtRecall(0.4, num_thresholds=1, name="at_recall"), M.RecallAtPrecision(0.5, name="at_precision"),
            M.BinaryIoU(name="iou"), M.BinaryIoU([1], threshold=0.45, name="iou_on"), M.F1Score("macro", name="f1", threshold=0.5),
            M.BinaryCrossentropy(name="bce", label_smoothing=0.1)]


def unweighted(which, *rows):
    """Metrics that Keras cannot weigh: of several columns a sample, or of the batch as a whole."""
    return list(rows) if which == "metrics" else []


def of_bits(which):
    return [M.AUC(name="auc"), M.AUC(multi_label=True, name="by_label"),
            M.AUC(multi_label=True, curve="PR", label_weights=[1, 2, 0.5, 1, 3], name="weighted_labels"),
            M.AUC(multi_label=True, num_labels=CLASSES, num_thresholds=20, name="by_label_coarse"),
            M.AUC(label_weights=[1, 2, 0.5, 1, 3], name="label_weights"),
            M.Precision(name="precision"), M.Precision(top_k=2, name="first_two"), M.Recall(top_k=3, class_id=1, name="one_class"),
            M.Recall(class_id=4, thresholds=0.45, name="last_class"), M.Precision(top_k=2, thresholds=0.5, name="sure_two"),
            M.SensitivityAtSpecificity(0.3, class_id=2, name="sens"),
            M.F1Score("macro", threshold=0.5, name="macro"), M.F1Score("micro", name="micro"),
            M.FBetaScore("weighted", beta=2.0, threshold=0.4, name="weighted"), M.FBetaScore("macro", 0.5, name="half"),
            M.BinaryCrossentropy(name="bce", from_logits=True), M.Accuracy(name="same")] + unweighted(
                which, M.BinaryIoU(name="iou"))


def of_rows(_):
    return ["accuracy", M.CategoricalAccuracy(name="right"), M.TopKCategoricalAccuracy(2, name="first_two"),
            "top_k_categorical_accuracy", M.CategoricalCrossentropy(name="cce", label_smoothing=0.1),
            M.KLDivergence(name="kld"), M.CategoricalHinge(name="hinge"), M.OneHotMeanIoU(CLASSES, name="mean_iou"),
            M.OneHotIoU(CLASSES, [0, 3], name="iou"), M.OneHotIoU(CLASSES, [1, 2], ignore_class=2, name="ignoring"),
            M.F1Score("macro", name="macro"), M.F1Score("weighted", name="weighted"), M.Precision(class_id=2, name="precision"),
            losses.categorical_focal_crossentropy, losses.cosine_similarity, M.CosineSimilarity(name="cosine")]


def of_classes(_):
    return ["accuracy", M.SparseCategoricalAccuracy(name="right"), M.SparseTopKCategoricalAccuracy(3, name="first_three"),
            M.SparseCategoricalCrossentropy(name="scce"), M.SparseCategoricalCrossentropy(ignore_class=1, name="ignoring"),
            M.MeanIoU(CLASSES, sparse_y_pred=False, name="mean_iou"), M.IoU(CLASSES, [2, 0], sparse_y_pred=False, name="iou"),
            M.MeanIoU(CLASSES - 1, ignore_class=0, sparse_y_pred=False, name="outside"),
            M.MeanIoU(CLASSES, sparse_y_pred=False, dtype="float32", name="float_iou")]


def of_numbers(which):
    rows = ["mse", "MSE", M.MeanSquaredError(name="squares"), M.RootMeanSquaredError(name="rmse"), "mae",
            M.MeanAbsolutePercentageError(name="mape"), M.MeanSquaredLogarithmicError(name="msle"), M.LogCoshError(),
            M.CosineSimilarity(name="cosine"), M.R2Score(name="r2"), M.R2Score("variance_weighted_average", name="r2_variance"),
            M.PearsonCorrelation(name="pearson"), M.ConcordanceCorrelation(name="concordance"), M.Hinge(name="hinge"),
            M.SquaredHinge(name="squared_hinge"), losses.huber]
    return rows + unweighted(which, M.PearsonCorrelation(axis=0, name="over_batch"), M.MeanIoU(3, name="whole_numbers"))


def of_counts(_):
    return [M.Poisson(name="poisson"), M.R2Score(name="r2"), M.RootMeanSquaredError(name="rmse")]


# output: (activation, units, loss, labels, metrics)
FLAT = {
    "bit": ("sigmoid", 1, "binary_crossentropy", bits, of_one_bit),
    "bits": ("sigmoid", CLASSES, "binary_crossentropy", bits, of_bits),
    "rows": ("softmax", CLASSES, "categorical_crossentropy", one_hot, of_rows),
    "classes": ("softmax", CLASSES, "sparse_categorical_crossentropy", classes, of_classes),
    "numbers": (None, 3, "mse", numbers, of_numbers),
    "counts": ("softplus", 1, "poisson", lambda rng, shape: rng.poisson(2, shape).astype("float32"), of_counts),
}


def sequence_bits(_):
    return [M.AUC(name="auc"), M.Precision(name="precision"), "accuracy",
            M.RootMeanSquaredError(name="rmse"), M.Recall(top_k=2, name="first_two"), M.CosineSimilarity(name="cosine")]


def sequence_classes(_):
    return ["accuracy", M.SparseTopKCategoricalAccuracy(2, name="first_two"),
            M.SparseCategoricalCrossentropy(ignore_class=1, name="ignoring")]


def sequence_iou(_):
    return [M.MeanIoU(CLASSES, sparse_y_pred=False, name="mean_iou"), M.SparseCategoricalCrossentropy(name="scce")]


SEQUENCES = {
    "bits": ("sigmoid", CLASSES, "binary_crossentropy", bits, sequence_bits),
    "classes": ("softmax", CLASSES, losses.SparseCategoricalCrossentropy(ignore_class=2), classes, sequence_classes),
    "numbers": (None, 3, "mae", numbers, lambda _: ["mse", M.MeanAbsolutePercentageError(name="mape"), M.Hinge(name="hinge")]),
}


def build(shape, rows, masked=False):
    x = keras.Input(shape, name="x")
    hidden = L.Masking(name="masking")(x) if masked else x
    hidden = L.Dense(16, "tanh", name="hidden")(hidden)
    outputs = [L.Dense(row[1], row[0], name=name, kernel_initializer="random_normal" if row[0] == "softplus" else
                       keras.initializers.RandomNormal(stddev=1.0)) (hidden) for name, row in rows.items()]
    model = keras.Model(x, outputs)
    model.compile(keras.optimizers.SGD(0.05), {name: row[2] for name, row in rows.items()},
                  metrics={name: row[4]("metrics") for name, row in rows.items()},
                  weighted_metrics={name: row[4]("weighted_metrics") for name, row in rows.items()})
    return model


def weights_like(rng, rows, shape):
    return {name: rng.choice([0, 0.5, 1, 2.25, 3], shape).astype("float32") for name in rows}


class Comparison:
    """One model in Keras and in kcc, with weights."""

    def __init__(self, tools, name, shape, rows, masked=False, temporal=False):
        labels = lambda rng, samples: {row: rows[row][3](rng, (samples,) + shape[:-1] + (rows[row][1],)) for row in rows}

        def inputs(rng, samples):
            x = rng.normal(size=(samples,) + shape).astype("float32")
            if masked:
                x[rng.random((samples, shape[0])) < 0.3] = 0
            return {"x": x}

        options = ["--sample-weight-mode", "temporal"] if temporal else []
        self.case = Case(name, lambda: build(shape, rows, masked), samples=SAMPLES, inputs=inputs, labels=labels,
                         options=options)
        self.trainer = tools.trainer(self.case)
        self.trainer.compile()
        rng = np.random.default_rng(3)
        self.weights = weights_like(rng, rows, (SAMPLES, shape[0]) if temporal else (SAMPLES,))
        self.files = self.trainer._save("w", self.weights)
        self.data = [*named("-x", self.trainer.x), *named("-y", self.trainer.y), *self.trainer.start, "--batch-size", BATCH]

    def evaluate(self, weighted):
        keras_model = self.trainer.keras
        keras_model.reset()
        weights = [self.weights[name] for name in keras_model.y] if weighted else None
        theirs = keras_model.model.evaluate(keras_model.inputs()[0], keras_model.labels(), batch_size=BATCH, verbose=0,
                                            return_dict=True, sample_weight=weights)
        ours = json.loads(self.trainer.run("evaluate", *self.data, "--json", *(named("--sample-weight", self.files)
                                                                               if weighted else [])))
        ours = {name: value[-1] if isinstance(value, list) else value for name, value in ours.items()}
        return compare_metrics("weighted" if weighted else "evaluate", ours, theirs)

    def fit(self):
        """Two epochs with weights; the last five samples are validation data, with their weights."""
        keras_model = self.trainer.keras
        keras_model.reset()
        theirs = keras_model.model.fit(
            keras_model.inputs()[0], keras_model.labels(), batch_size=BATCH, epochs=2, shuffle=False, verbose=0,
            validation_split=0.25, sample_weight=[self.weights[name] for name in keras_model.y]).history
        history = self.trainer.folder / "history.json"
        self.trainer.run("fit", *self.data, *named("--sample-weight", self.files), "--epochs", 2, "--shuffle", "false",
                         "--verbose", 0, "--validation-split", 0.25, "--save",
                         self.trainer.folder / "trained.weights.h5", "--history", history)
        return compare_metrics("history", json.loads(history.read_text()), theirs, 1e-4)


def answer(results):
    error, failures = join(results)
    return f"{error:.2g} of what is allowed", failures


def flat(tools):
    """Weights at once with and without: a list of metrics takes them, the other does not."""
    return answer([Comparison(tools, "flat", (6,), FLAT).evaluate(True)])


def history(tools):
    """Several kinds of states in training and validation, and no weights given where some could be."""
    rows = {"bit": (*FLAT["bit"][:4], lambda _: [M.AUC(name="auc"), M.Precision(name="precision"), "accuracy"]),
            "rows": (*FLAT["rows"][:4], lambda _: [M.OneHotMeanIoU(CLASSES, name="iou"), M.F1Score("macro", name="f1")])}
    c = Comparison(tools, "history", (6,), rows)
    return answer([c.evaluate(False), c.fit()])


def temporal(tools):
    c = Comparison(tools, "temporal", (4, 6), {**SEQUENCES, "iou": (*FLAT["classes"][:4], sequence_iou)}, temporal=True)
    return answer([c.evaluate(True), c.fit()])


def masked(tools):
    """Masks count in evaluate; fit on JAX loses them (compare.py)."""
    c = Comparison(tools, "masked", (4, 6), SEQUENCES, masked=True, temporal=True)
    return answer([c.evaluate(True)])


CHECKS = {"flat": flat, "history": history, "temporal": temporal, "masked": masked}
