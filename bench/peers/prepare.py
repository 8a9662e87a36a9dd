"""Writes a case into a folder, for the workers: python prepare.py NAME FOLDER ZOO.

    case.json          batch, steps (batches in memory), rows (samples of a prediction: 1 or a fixed batch), how many x, y and w arrays, names of inputs and outputs, options
    model.json         the model with its compile configuration, what kcc compiles
    define.py          the model's own functions, where it has any
    weights.npz        its weights, by variable path; model.weights.h5: as Keras saves them
    x-0.npy, y-0.npy   data of all batches in the order of inputs and outputs; w-0.npy: what each sample counts
    expected.npz       what Keras answers to the first batch: predictions p0, p1, ... and the loss, nothing dropped out
"""
import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"

import without_tensorflow
import keras
import numpy as np

from cases import BYTES_OF_DATA, MOST_BATCHES, find
from worker import alone


def nodes_of(tensors):
    return [tensor._keras_history.operation.name for tensor in tensors]


def weights_of_samples(case, y, weights):
    """Sample weights as a peer without class_weight is given them."""
    if weights is not None or not case.class_weight:
        return weights or []
    labels = y[0].argmax(-1) if y[0].shape[-1] > 1 else y[0].reshape(-1).astype(int)
    return [np.array([case.class_weight.get(label, 1.0) for label in labels.tolist()], "float32")]


def main():
    name, folder, zoo = sys.argv[1:]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    case = find(name, zoo)
    model = case.build()
    x, y, weights = case.data(model)
    plain = weights_of_samples(case, y, weights)

    expected = {f"p{i}": np.asarray(p) for i, p in enumerate(listed(model.predict(alone(x), case.batch, verbose=0)))}
    reset(model)
    loss = model.evaluate(alone(x), alone(y), case.batch, verbose=0, sample_weight=alone(plain) if plain else None,
                          return_dict=True)["loss"]
    np.savez(folder / "expected.npz", loss=loss, **expected)
    model.save_weights(folder / "model.weights.h5")
    np.savez(folder / "weights.npz", **{v.path: np.asarray(v.value) for v in model.weights})

    bytes_of_batch = sum(a.nbytes for a in (*x, *y))
    steps = int(np.clip(BYTES_OF_DATA // bytes_of_batch, 1, MOST_BATCHES))
    for kind, arrays in (("x", x), ("y", y), ("w", plain)):
        for index, array in enumerate(arrays):
            np.save(folder / f"{kind}-{index}.npy", np.concatenate([array] * steps))
    (folder / "model.json").write_text(model.to_json())
    if case.define:
        (folder / "define.py").write_text(case.define)
    (folder / "case.json").write_text(json.dumps({
        "name": name, "zoo": zoo, "batch": case.batch, "steps": steps, "rows": model.inputs[0].shape[0] or 1, "inputs": nodes_of(model.inputs),
        "outputs": nodes_of(model.outputs), "count": {"x": len(x), "y": len(y), "w": len(plain)},
        "class_weight": case.class_weight, "sample_weight": case.sample_weight, "define": bool(case.define),
        "parameters": model.count_params()}, indent=1))


def listed(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def reset(model):
    for layer in model._flatten_layers():
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
            layer.reset_states()


main()
