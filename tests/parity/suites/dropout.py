"""Dropout while training: how much it keeps, how it scales, that masks differ, and that seeds decide them.

A mask shows in the gradient of a Dense layer behind the dropout: one sample of ones, weights w, target 0 and the
mean squared error give dw = 2 (d . w) d, where d is the mask times its scale.
"""
import keras
import numpy as np
from keras import layers as L

from case import Case

WIDTH = 4096
RATES = {"tenth": 0.1, "half": 0.5, "most": 0.9, "none": 0.0, "half_again": 0.5}
RATE_OF_LEARNING = 2.0 ** -20  # so small that the second step still sees the first's weights


def build():
    x = keras.Input((WIDTH,), name="x")
    outputs = [L.Dense(1, use_bias=False, kernel_initializer="ones", name=f"{name}_out")(L.Dropout(rate, name=name)(x))
               for name, rate in RATES.items()]
    model = keras.Model(x, outputs)
    model.compile(keras.optimizers.SGD(RATE_OF_LEARNING), ["mse"] * len(outputs))
    return model


def case(name, samples):
    ones = lambda rng, count: {"x": np.ones((count, WIDTH), "float32")}
    zeros = lambda rng, count: {f"{row}_out": np.zeros((count, 1), "float32") for row in RATES}
    return Case(name, build, samples=samples, inputs=ones, labels=zeros)


class Masks:
    """The masks of single steps, by layer."""

    def __init__(self, tools):
        self.trainer = tools.trainer(case("masks", 1))
        self.trainer.compile()

    def weights(self, steps, *options):
        # Every epoch is one step: there is one sample.
        values, _ = self.trainer.fit(steps, *options, save="masked.weights.h5")
        return {name: values[f"{name}_out/kernel"].ravel().astype("float64") for name in RATES}

    def step(self, index, *options):
        """How each element's weight changed in the step, by layer."""
        before = self.weights(index, *options) if index else {name: np.ones(WIDTH) for name in RATES}
        after = self.weights(index + 1, *options)
        return {name: before[name] - after[name] for name in RATES}


def check_step(name, change):
    """From ones, dw = 2 lr (k s) s at the k elements that are kept, s being their scale."""
    failures = []
    rate = RATES[name]
    kept = change != 0
    count = int(kept.sum())
    expected = WIDTH * (1 - rate)
    if abs(count - expected) > 5 * np.sqrt(WIDTH * rate * (1 - rate)):
        failures.append(f"{name}: keeps {count} of {WIDTH}, {expected:.0f} were to be expected")
    scale = np.sqrt(change[kept] / (2 * RATE_OF_LEARNING * max(count, 1)))
    if np.abs(scale * (1 - rate) - 1).max(initial=0) > 1e-3:
        failures.append(f"{name}: scales by {scale.mean():.5f}, not by {1 / (1 - rate):.5f}")
    runs = int(np.count_nonzero(kept[1:] & kept[:-1]))
    if abs(runs - WIDTH * (1 - rate) ** 2) > 6 * np.sqrt(WIDTH) / 2:
        failures.append(f"{name}: {runs} neighbours are kept together, {WIDTH * (1 - rate) ** 2:.0f} were to be expected")
    return failures


def differ(what, first, second):
    """Independent masks of rate 1/2 agree on about half of their elements."""
    share = np.mean((first != 0) == (second != 0))
    return [] if abs(share - 0.5) < 0.05 else [f"{what}: {100 * share:.1f} % of the masks agree, 50 % were to be expected"]


def masks(tools):
    masks = Masks(tools)
    first, second = masks.step(0, "--seed", 1), masks.step(1, "--seed", 1)
    other = masks.step(0, "--seed", 2)
    failures = [text for name in RATES for text in check_step(name, first[name])]
    failures += differ("two steps", first["half"], second["half"])
    failures += differ("two seeds", first["half"], other["half"])
    failures += differ("two layers", first["half"], first["half_again"])
    failures += differ("two layers a step apart", first["half"], second["half_again"])
    start = masks.weights(3, "--seed", 1)
    for threads in (1, 2, 3):
        again = masks.weights(3, "--seed", 1, "--threads", threads)
        failures += [f"{name}: {threads} threads give other bits" for name in RATES
                     if not np.array_equal(start[name], again[name])]
    return "", failures


def predicts_without(tools):
    trainer = tools.trainer(case("predicts_without", 3))
    trainer.compile()
    return "", [f"{name}: predict drops" for name, found in trainer.predict().items() if not np.all(found == WIDTH)]


def samples_differ(tools):
    """Within a batch every sample has its own mask: the loss of many equal samples is that of independent masks."""
    trainer = tools.trainer(case("samples_differ", 64))
    trainer.compile()
    _, history = trainer.fit(1, "--learning-rate", 0, "--batch-size", 64)
    failures = []
    for name, rate in RATES.items():
        # the mean of (k s)^2 over 64 samples, k binomial: variance makes it exceed WIDTH^2 by WIDTH rate / (1 - rate)
        deviation = 2 * WIDTH * np.sqrt(WIDTH * rate / (1 - rate) / 64)
        if abs(history[f"{name}_out_loss"][0] - WIDTH ** 2) > 5 * deviation + 1e-5 * WIDTH ** 2:
            failures.append(f"{name}: mean square {history[f'{name}_out_loss'][0]:.0f}, expected {WIDTH ** 2}")
    return "", failures


CHECKS = {"masks": masks, "predicts_without": predicts_without, "samples_differ": samples_differ}
