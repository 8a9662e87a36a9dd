"""Models and data of the tests without Keras, and how they are compiled."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import kcc

FOLDER = Path(tempfile.mkdtemp(prefix="kcc-python-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

CLASSIFIER = [
    ("Dense", {"units": 8, "activation": "relu", "input_dim": 4}),
    ("Dense", {"units": 3, "activation": "softmax"}),
]


STATEFUL = [("LSTM", {"units": 3, "stateful": True, "batch_input_shape": [4, 5, 2]}), ("Dense", {"units": 1})]


@functools.cache
def library(name="classifier", loss="sparse_categorical_crossentropy", metrics=("accuracy",), optimizer="adam"):
    """The shared object of a small model, compiled once."""
    layers = STATEFUL if name == "stateful" else CLASSIFIER
    model = {
        "class_name": "Sequential",
        "config": {"name": name, "layers": [{"class_name": kind, "config": config} for kind, config in layers]},
        "compile_config": {"loss": loss, "optimizer": optimizer, "metrics": list(metrics)},
    }
    description, path = FOLDER / f"{name}.json", FOLDER / f"lib{name}.so"
    description.write_text(json.dumps(model))
    subprocess.run([os.environ["KCC"], description, "--emit=shared", "--name", name, "-o", path], check=True)
    return path


def classifier(**options):
    return kcc.load(library(), **{"seed": 1, "threads": 1, **options})


def data(samples=100, seed=0):
    """Three classes that a small network tells apart."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, samples).astype(np.int32)
    x = random.normal(size=(samples, 4)).astype(np.float32)
    x[np.arange(samples), y] += 2
    return x, y
