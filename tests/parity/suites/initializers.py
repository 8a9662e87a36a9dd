"""Every initializer: what the program draws has the distribution of what Keras draws."""
import keras
import numpy as np
from keras import initializers as I
from keras import layers as L
from scipy import stats

from case import Case

keras.utils.set_random_seed(20)  # an initializer takes its seed when it is made
RANDOM = {
    "glorot_uniform": "glorot_uniform",
    "glorot_normal": "glorot_normal",
    "he_uniform": "he_uniform",
    "he_normal": "he_normal",
    "lecun_uniform": "lecun_uniform",
    "lecun_normal": "lecun_normal",
    "random_uniform": I.RandomUniform(-0.2, 0.5),
    "random_normal": I.RandomNormal(0.1, 0.3),
    "truncated_normal": I.TruncatedNormal(0.1, 0.3),
    "scaling_out": I.VarianceScaling(2.0, "fan_out", "untruncated_normal"),
    "scaling_average": I.VarianceScaling(0.5, "fan_avg", "truncated_normal"),
    "scaling_uniform": I.VarianceScaling(3.0, "fan_in", "uniform"),
    "own_seed": I.RandomNormal(0.0, 1.0, seed=7),
}
EXACT = {"zeros": "zeros", "ones": "ones", "constant": I.Constant(0.3), "identity": "identity"}  # Keras forgets to write Identity's gain
ORTHOGONAL = {"orthogonal": (64, I.Orthogonal(1.5)), "orthogonal_wide": (250, "orthogonal")}
INPUTS, UNITS = 120, 200


def build():
    x = keras.Input((INPUTS,), name="x")
    dense = lambda units, initializer, name: L.Dense(units, kernel_initializer=initializer, bias_initializer="ones",
                                                     name=name)(x)
    outputs = [dense(UNITS, initializer, name) for name, initializer in (RANDOM | EXACT).items()]
    outputs += [dense(UNITS, "glorot_uniform", "second")]
    outputs += [dense(units, initializer, name) for name, (units, initializer) in ORTHOGONAL.items()]
    image = L.Reshape((6, 5, 4), name="image")(x)
    outputs += [L.Flatten()(L.Conv2D(512, (3, 5), kernel_initializer="he_normal", name="conv")(image))]
    model = keras.Model(x, L.Concatenate(name="y")(outputs))
    model.compile(keras.optimizers.SGD(0.01), "mse")
    return model


def drawn(trainer, seed):
    """What the program starts from: a step at rate 0 leaves it as it was drawn."""
    values, _ = trainer.fit(1, "--learning-rate", 0, "--seed", seed, save=f"seed{seed}.weights.h5",
                            weights=["--seed", seed])
    return values


def check_distribution(name, ours, keras_draws):
    """Kolmogorov and Smirnov's test, and the limits, which it would not see: two deviations apart is rare for the
    extremes of a normal distribution, and less than cutting one off does."""
    failures = []
    p = stats.ks_2samp(ours.ravel(), keras_draws.ravel()).pvalue
    if p < 1e-4:
        failures.append(f"{name}: not Keras's distribution (p = {p:.1e}): mean {ours.mean():.5f} and deviation "
                        f"{ours.std():.5f}, Keras has {keras_draws.mean():.5f} and {keras_draws.std():.5f}")
    spread = keras_draws.std()
    for what, mine, theirs in (("smallest", ours.min(), keras_draws.min()), ("largest", ours.max(), keras_draws.max())):
        if abs(mine - theirs) > 2 * spread:
            failures.append(f"{name}: {what} is {mine:.4f}, Keras has {theirs:.4f}")
    return failures


def check_exact(name, ours, keras_value):
    return [] if np.array_equal(ours, keras_value) else [f"{name}: not the values of Keras"]


def check_orthogonal(name, kernel, gain):
    tall = kernel if kernel.shape[0] >= kernel.shape[1] else kernel.T
    product = tall.T.astype("float64") @ tall
    error = np.abs(product - gain ** 2 * np.eye(len(product))).max()
    return [] if error < 1e-5 * gain ** 2 else [f"{name}: columns are not orthogonal, off by {error:.1e}"]


def distributions(tools):
    trainer = tools.trainer(Case("distributions", build, samples=4))
    trainer.compile()
    first, other, again = drawn(trainer, 1), drawn(trainer, 2), drawn(trainer, 1)
    model = trainer.keras.model
    failures = []
    for name in [*RANDOM, "second", "conv"]:
        path = f"{name}/kernel"
        kernel = model.get_layer(name).kernel
        failures += check_distribution(name, first[path], np.array(kernel.value))
        same = np.array_equal(first[path], other[path])
        if same and name != "own_seed":
            failures.append(f"{name}: does not depend on the run's seed")
        if not same and name == "own_seed":
            failures.append(f"{name}: depends on the run's seed though it has its own")
    for name in EXACT:
        failures += check_exact(name, first[f"{name}/kernel"], np.array(I.get(EXACT[name])((INPUTS, UNITS))))
        failures += check_exact(f"{name} bias", first[f"{name}/bias"], np.ones(UNITS, "float32"))
    failures += check_orthogonal("orthogonal", first["orthogonal/kernel"], 1.5)
    failures += check_orthogonal("orthogonal_wide", first["orthogonal_wide/kernel"], 1.0)
    failures += [f"{path}: the same seed draws other values" for path in first if not np.array_equal(first[path], again[path])]
    if np.array_equal(first["glorot_uniform/kernel"], first["second/kernel"]):
        failures.append("two layers with the same initializer draw the same values")
    correlation = np.corrcoef(first["random_normal/kernel"].ravel(), first["own_seed/kernel"].ravel())[0, 1]
    if abs(correlation) > 0.03:
        failures.append(f"values of two layers are correlated: {correlation:.3f}")
    return "", failures


CHECKS = {"distributions": distributions}
