"""What compile's optimizer does to weights besides their gradients: regularizers and constraints."""
import keras
from keras import constraints, layers as L, regularizers

from case import Case, Row, packed


def dense(name, **options):
    return Row(name, lambda x, n: L.Dense(6, name=n, **options)(x))


REGULARIZERS = [
    dense("l1", kernel_regularizer="l1"),
    dense("l2", kernel_regularizer="l2"),
    dense("l1_l2", kernel_regularizer="L1L2"),
    dense("l1_strong", kernel_regularizer=regularizers.L1(0.3)),
    dense("l2_strong", kernel_regularizer=regularizers.L2(0.3)),
    dense("both", kernel_regularizer=regularizers.L1L2(0.1, 0.2)),
    dense("both_none", kernel_regularizer=regularizers.L1L2()),
    dense("bias", bias_regularizer=regularizers.L1L2(l2=0.1)),
    dense("activity", activity_regularizer=regularizers.L1L2(0.01, 0.02)),
    dense("rows", kernel_regularizer=regularizers.OrthogonalRegularizer(0.3)),
    dense("columns", kernel_regularizer=regularizers.OrthogonalRegularizer(0.3, mode="columns")),
    dense("orthogonal", kernel_regularizer="OrthogonalRegularizer"),
    Row("layer", lambda x, n: L.ActivityRegularization(0.01, 0.02, name=n)(x)),
    Row("layer_none", lambda x, n: L.ActivityRegularization(name=n)(x)),
    Row("layer_steps", lambda x, n: L.ActivityRegularization(l1=0.1, name=n)(L.Reshape((2, 3, 2), name=f"{n}_shape")(x))),
]

CONSTRAINTS = [
    dense("max_norm", kernel_constraint="max_norm"),
    dense("max_norm_small", kernel_constraint=constraints.MaxNorm(0.4)),
    dense("max_norm_rows", kernel_constraint=constraints.MaxNorm(0.4, axis=1)),
    dense("max_norm_whole", kernel_constraint=constraints.MaxNorm(0.4, axis=[0, 1])),
    dense("max_norm_last", kernel_constraint=constraints.MaxNorm(0.4, axis=-1)),
    dense("non_neg", kernel_constraint="non_neg"),
    dense("unit_norm", kernel_constraint="unit_norm"),
    dense("unit_norm_rows", kernel_constraint=constraints.UnitNorm(axis=1)),
    dense("min_max", kernel_constraint="min_max_norm"),
    dense("min_max_narrow", kernel_constraint=constraints.MinMaxNorm(0.5, 0.6)),
    dense("min_max_rate", kernel_constraint=constraints.MinMaxNorm(0.5, 0.6, rate=0.3, axis=1)),
    dense("bias", bias_constraint=constraints.MaxNorm(0.01)),
    dense("bias_non_neg", bias_constraint="non_neg"),
    dense("with_penalty", kernel_regularizer="l2", kernel_constraint=constraints.UnitNorm()),
]


def conv(name, **options):
    return Row(name, lambda x, n: L.Conv2D(3, 2, name=n, **options)(x))


CONV_CONSTRAINTS = [
    conv("conv_default", kernel_constraint=constraints.MaxNorm(0.3)),
    conv("conv_filters", kernel_constraint=constraints.MaxNorm(0.3, axis=[0, 1, 2])),
    conv("conv_unit", kernel_constraint=constraints.UnitNorm(axis=[0, 1, 2])),
    conv("conv_channels", kernel_constraint=constraints.MinMaxNorm(0.1, 0.2, 0.5, axis=2)),
    conv("conv_non_neg", kernel_constraint="non_neg"),
]


def words(rng, samples):
    return {"x": rng.integers(0, 6, (samples, 5)).astype("int32")}


def embedding(constraint):
    def build():
        model = keras.Sequential([keras.Input((5,), dtype="int32", name="x"),
                                  L.Embedding(6, 4, embeddings_constraint=constraint), L.Flatten(), L.Dense(3, name="y")])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        return model
    return build


def adam_constrained():
    """Constraints come after the step of any optimizer, and after weight decay."""
    model = keras.Sequential([keras.Input((5,), name="x"), L.Dense(6, "tanh", kernel_constraint="unit_norm"),
                              L.Dense(3, kernel_constraint="non_neg", bias_constraint=constraints.MaxNorm(0.02), name="y")])
    model.compile(keras.optimizers.Adam(0.02, weight_decay=0.1), "mse")
    return model


def many_activities():
    """The losses of many layers, each over two sizes of batch: keras_side.keep_losses_apart."""
    y = x = keras.Input((4,), name="x")
    for _ in range(24):
        y = L.ActivityRegularization(0.01, 0.02)(y)
        y = L.Dense(4, "tanh", activity_regularizer=regularizers.L2(0.01))(y)
    model = keras.Model(x, L.Dense(2, name="y")(y))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


def cases(alone):
    stem = lambda x: L.Dense(12, "tanh", name="stem")(x)
    # Gradients are measured with a step so long that a constraint would hide them.
    return [
        *packed("regularizers", (8,), REGULARIZERS, alone, stem=stem, samples=19),
        *packed("constraints", (8,), CONSTRAINTS, alone, stem=stem, samples=19, gradients=False),
        *packed("conv_constraints", (4, 5, 2), CONV_CONSTRAINTS, alone, samples=19, gradients=False),
        Case("embedding_unit", embedding("unit_norm"), samples=19, inputs=words, gradients=False),
        Case("embedding_max", embedding(constraints.MaxNorm(0.05, axis=1)), samples=19, inputs=words, gradients=False),
        Case("many_activities", many_activities, samples=11),
        Case("adam_constrained", adam_constrained, samples=19, gradients=False),
    ]
