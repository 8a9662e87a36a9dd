"""Cases: a compiled Keras model with data, and many rows packed into one such model."""
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import zlib
from dataclasses import dataclass, field
from typing import Callable

import keras
import numpy as np
from keras import layers

BATCH = 8


@dataclass
class Case:
    name: str
    build: Callable                              # () -> compiled model
    samples: int = 2 * BATCH
    epochs: int = 3                              # 0: do not train
    inputs: Callable | None = None               # (rng, samples) -> {input layer: array}; default: uniform in (-1, 1)
    labels: Callable | None = None               # (rng, samples) -> {output layer: array}; default: uniform in (-1, 1)
    training_tolerance: float = 1e-4             # of the weights, relative to how far training moved them
    gradients: bool = True                       # whether one step of SGD shows them
    masked: bool = False                         # the outputs have masks: fit's metrics are not compared (compare.py)
    extreme: bool = False                        # predictions of very different sizes: each is compared by its own
    rows: list = field(default_factory=list)     # (name, start, stop) of a packed model's output
    options: list = field(default_factory=list)  # more arguments for kcc

    def rng(self):
        return np.random.default_rng(zlib.crc32(self.name.encode()))


@dataclass
class Row:
    """One line of a table: `apply(x, name)` builds layers on x, the one to be tested called `name`."""
    name: str
    apply: Callable


def input_names(model):
    return [tensor._keras_history.operation.name for tensor in model.inputs]


def output_names(model):
    return [tensor._keras_history.operation.name for tensor in model.outputs]


def flat(tensor, name):
    return tensor if len(tensor.shape) == 2 else layers.Flatten(name=f"{name}_flat")(tensor)


def pack(name, shape, rows, stem=None, compiled=True, **options):
    """One model with a branch for each row, their outputs side by side under one mean squared error."""
    case = Case(name, None, **options)

    def build():
        start = keras.Input(shape, name="x")
        x = stem(start) if stem else start
        branches = [flat(row.apply(x, row.name), row.name) for row in rows]
        ends = np.cumsum([branch.shape[-1] for branch in branches])
        case.rows = [(row.name, int(end - branch.shape[-1]), int(end))
                     for row, branch, end in zip(rows, branches, ends)]
        joined = layers.Concatenate(name="all_rows")(branches) if len(branches) > 1 else branches[0]
        model = keras.Model(start, joined)
        if compiled:  # The mean is over all outputs of all rows: the rate makes up for their number.
            model.compile(keras.optimizers.SGD(float(ends[-1]) / 200), "mse")
        return model

    case.build = build
    return case


def packed(name, shape, rows, alone=False, **options):
    """The rows as one case, or with `alone` each as its own, to find the row that spoils the others."""
    if alone:
        return [pack(f"{name}.{row.name}", shape, [row], **options) for row in rows]
    return [pack(name, shape, rows, **options)]


def unsettle(model, rng):
    """Moves biases, scales and moving statistics off their zeros and ones, so that leaving one out shows."""
    for variable in model.weights:
        if variable.name == "moving_variance":
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        elif variable.name in ("gamma", "beta", "bias", "moving_mean"):
            variable.assign(variable + rng.normal(0.03, 0.1, variable.shape))


def make_data(case, model):
    """The case's inputs and labels, by layer name."""
    rng = case.rng()
    uniform = lambda tensors, names: {
        name: rng.uniform(-1, 1, (case.samples,) + tuple(tensor.shape[1:])).astype("float32")
        for name, tensor in zip(names, tensors)}
    x = case.inputs(rng, case.samples) if case.inputs else uniform(model.inputs, input_names(model))
    y = case.labels(rng, case.samples) if case.labels else uniform(model.outputs, output_names(model))
    return x, y
