"""The models that are compared: those of a model zoo, and a few built-in ones that need no zoo.

Both are compiled Keras models, so that every peer gets the same one: `build` makes it under whatever backend Keras has.
Names of built-in models start with "builtin_".
"""
import os
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

DEFAULT_ZOO = Path(__file__).resolve().parents[3] / "shared" / "zoo"
BYTES_OF_DATA = 32 << 20  # of samples in memory, at least one batch of them
MOST_BATCHES = 64


@dataclass(frozen=True)
class Case:
    name: str
    build: callable  # () -> compiled Keras model
    data: callable   # model -> (x arrays, y arrays, sample weights or None): one batch
    batch: int
    class_weight: dict | None = None
    sample_weight: str = ""  # "", "1d" or "temporal"
    define: str = ""  # source of the model's own functions
    tags: tuple = field(default=())


class ZooMissing(SystemExit):
    def __init__(self, zoo):
        super().__init__(f"peers: error: no model zoo in {zoo}: a folder with seed_models.py and zoo.py is expected (it is "
                         "not part of this repository); name it with --zoo DIR, or take --models builtin")


class ArrayFunctions:
    """What the zoo's custom functions call as K, on any backend: Keras's own K needs TensorFlow."""

    @staticmethod
    def mean(x, axis=None, keepdims=False):
        from keras import ops
        return ops.mean(x, axis=axis, keepdims=keepdims)

    @staticmethod
    def l2_normalize(x, axis=-1):
        from keras import ops
        return ops.normalize(x, axis=axis)

    @staticmethod
    def relu(x):
        from keras import ops
        return ops.relu(x)

    @staticmethod
    def concatenate(tensors, axis=-1):
        from keras import ops
        return ops.concatenate(tensors, axis=axis)


def zoo_cases(folder):
    folder = Path(folder)
    if not (folder / "seed_models.py").exists():
        raise ZooMissing(folder)
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    import seed_models
    import zoo

    zoo.legacy_backend = ArrayFunctions()
    full = zoo.picker("full")

    def one(case):
        batch = full(*case.batch)

        def data(model):
            made = zoo.make_data(case, model, "full", samples=batch)
            rows = slice(0, batch)
            cut = lambda arrays: None if arrays is None else [a[rows] for a in arrays]
            return cut(made.x), cut(made.y), cut(made.sample_weight)

        def build():
            zoo.keras.utils.set_random_seed(zoo.seed_of(case))
            return case.build(full)

        return Case(case.name, build, data, batch, case.class_weight, case.sample_weight, case.define, case.tags)

    return {name: one(case) for name, case in seed_models.SEEDS.items()}


def mlp(inputs, units, rate):
    from keras import layers as L
    return [(inputs,), L.Dense(units, "relu"), L.Dropout(rate), L.Dense(units, "relu"), L.Dropout(rate),
            L.Dense(10, "softmax")]


def convnet():
    from keras import layers as L
    return [(100, 100, 3), L.Conv2D(32, 3, activation="relu"), L.Conv2D(32, 3, activation="relu"), L.MaxPooling2D(2),
            L.Dropout(0.25), L.Conv2D(64, 3, activation="relu"), L.Conv2D(64, 3, activation="relu"),
            L.MaxPooling2D(2), L.Dropout(0.25), L.Flatten(), L.Dense(256, "relu"), L.Dropout(0.5),
            L.Dense(10, "softmax")]


def recurrent(kind, units, masked):
    """A hundred steps of 64 values; masked: Masking in front, sequences end in zeros."""
    from keras import layers as L
    mask = [L.Masking()] if masked else []
    return [(100, 64), *mask, getattr(L, kind)(units), L.Dense(10, "softmax")]


def builtin(name, layers, batch, padded=False):
    def build():
        import keras
        keras.utils.set_random_seed(1)
        shape, *stack = layers()
        model = keras.Sequential([keras.Input(shape), *stack])
        model.compile(keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True), "categorical_crossentropy")
        return model

    def data(model):
        import numpy as np
        rng = np.random.default_rng(0)
        x = rng.random((batch, *model.inputs[0].shape[1:]), dtype="float32")
        for row, length in zip(x, rng.integers(x.shape[1] // 2, x.shape[1] + 1, batch) if padded else ()):
            row[length:] = 0
        return [x], [np.eye(10, dtype="float32")[rng.integers(0, 10, batch)]], None

    return Case(name, build, data, batch, tags=("sequential", "builtin"))


def builtin_cases():
    rows = [("builtin_mlp_small", lambda: mlp(20, 64, 0.5), 128), ("builtin_mlp_large", lambda: mlp(784, 512, 0.2), 128),
            ("builtin_vgg_like", convnet, 32)]
    return {name: builtin(name, layers, batch) for name, layers, batch in rows} | recurrent_cases()


def recurrent_cases():
    cases = {}
    for kind in ("LSTM", "GRU", "SimpleRNN"):
        for units in (32, 128, 256):
            for masked in (False, True):
                name = f"builtin_{kind.lower()}_{units}{'_masked' if masked else ''}"
                cases[name] = builtin(name, partial(recurrent, kind, units, masked), 32, masked)
    return cases


def find(name, zoo):
    """The case called NAME or, trained with another batch size, NAME@BATCH."""
    base, _, batch = name.partition("@")
    cases = builtin_cases() if base.startswith("builtin_") else zoo_cases(zoo)
    if base not in cases:
        raise SystemExit(f"peers: error: no model {base!r}; known are {', '.join(cases)}")
    return with_batch(cases[base], name, int(batch)) if batch else cases[base]


def with_batch(case, name, batch):
    def data(model):
        import numpy as np
        resized = lambda arrays: None if arrays is None else [np.resize(a, (batch, *a.shape[1:])) for a in arrays]
        return tuple(map(resized, case.data(model)))

    return Case(name, case.build, data, batch, case.class_weight, case.sample_weight, case.define, case.tags)


def names_in(zoo):
    """The zoo's names, read without importing a framework where that is possible: in a process of its own."""
    import subprocess
    if not (Path(zoo) / "seed_models.py").exists():
        raise ZooMissing(zoo)
    listed = subprocess.run([sys.executable, Path(zoo) / "seed_models.py", "--list"], capture_output=True, text=True,
                            check=True, env={**os.environ, "KERAS_BACKEND": "jax"})
    return [line.split()[0] for line in listed.stdout.splitlines()]
