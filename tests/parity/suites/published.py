"""Models that people published (../shared/zoo/wild beside the repository), where real Keras 3 loads them too: predictions
on random weights. One case at a time: --case '055*'. Without a pattern the small ones; all take an hour."""
import json
from pathlib import Path

import keras
import numpy as np
from keras.src.legacy.saving import saving_utils

from case import BATCH, unsettle
from kcc_side import named, run

ZOO = Path(__file__).resolve().parents[4] / "shared" / "zoo" / "wild"
MOST_LAYERS, MOST_WEIGHTS = 12, 2_000_000


def old_hard_sigmoid(x):
    return keras.ops.clip(0.2 * x + 0.5, 0, 1)


def document(path):
    text = json.loads(path.read_text())
    text = json.loads(text) if isinstance(text, str) else text
    text = text.get("modelTopology", text)
    return text.get("model_config", text), str(text.get("keras_version", "3"))


def prepared(value):
    """What Keras 3's own reader of old files stumbles over, without a change of meaning."""
    if isinstance(value, list):
        return [prepared(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: prepared(item) for key, item in value.items() if key != "shared_object_id"}
    kind, config = value.get("class_name"), value.get("config")
    if kind == "Sequential" and isinstance(config, list):
        value["config"] = {"name": "sequential", "layers": config}
    if isinstance(config, dict):
        for key in ("time_major", "noise_shape"):
            config.pop(key, None)
        if kind != "InputLayer" and "batch_input_shape" in config:
            config["input_shape"] = config.pop("batch_input_shape")[1:]
            if kind == "Embedding":
                config.pop("input_length", None)
    return value


def load(path):
    """The model as Keras 3 reads it; with hard_sigmoid as the file's own version means it."""
    model, version = document(path)
    names = keras.src.activations.ALL_OBJECTS_DICT
    own = names["hard_sigmoid"]
    names["hard_sigmoid"] = own if version.startswith("3") else old_hard_sigmoid
    try:
        if version.startswith("3"):
            return keras.models.model_from_json(json.dumps(model))
        return saving_utils.model_from_config(prepared(model))  # as for an .h5
    finally:
        names["hard_sigmoid"] = own


def inputs_of(model, rng):
    """Numbers that an Embedding too can look up."""
    words = [layer.input_dim for layer in model._flatten_layers() if isinstance(layer, keras.layers.Embedding)]
    high = min(words) if words else 0
    return {tensor._keras_history.operation.name:
            rng.integers(0, high, (BATCH, *tensor.shape[1:])).astype("float32") if high
            else rng.uniform(-1, 1, (BATCH, *tensor.shape[1:])).astype("float32") for tensor in model.inputs}


def check_of(path):
    def check(tools):
        try:
            model = load(path)
        except Exception as error:
            return f"Keras 3 does not load it: {str(error).splitlines()[0][:90]}", []
        if any(None in tensor.shape[1:] for tensor in model.inputs):
            return "its input's shape is open", []
        if model.count_params() > MOST_WEIGHTS:
            return f"{model.count_params()} weights", []
        rng = np.random.default_rng(7)
        unsettle(model, rng)
        folder = tools.work / path.stem
        folder.mkdir(parents=True)
        x = inputs_of(model, rng)
        model.save_weights(folder / "start.weights.h5")
        for name, array in x.items():
            np.save(folder / f"x-{name}.npy", array)
        run(tools.kcc, path, "-o", folder / "trainer", "--cache", tools.work / "cache", "--inference", timeout=600)
        out = folder / ("out.npz" if len(model.outputs) > 1 else "out.npy")
        run(folder / "trainer", "predict", *named("-x", {name: folder / f"x-{name}.npy" for name in x}), "-o", out,
            "--weights", folder / "start.weights.h5")
        found = np.load(out)
        answers = model.predict(list(x.values()) if len(x) > 1 else next(iter(x.values())), verbose=0)
        answers = answers if isinstance(answers, list) else [answers]
        ours = [found[name] for name in found.files] if len(answers) > 1 else [found]
        error = max(float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-6)) for a, b in zip(ours, answers))
        return f"{error:.1e}", [] if error < 1e-5 else [f"predictions differ by {error:.1e}"]
    return check


def small(path):
    def layers(value):
        inner = value["config"].get("layers", []) if isinstance(value["config"], dict) else value["config"]
        return sum(layers(layer) if "layers" in str(layer.get("config"))[:2000] and isinstance(layer.get("config"), (dict, list))
                   and layer["class_name"] in ("Sequential", "Model", "Functional") else 1 for layer in inner)
    model, version = document(path)
    return not version.startswith("1") and "Lambda" not in json.dumps(model) and layers(model) <= MOST_LAYERS


CHECKS = {path.stem: check_of(path) for path in sorted(ZOO.glob("*.json")) if small(path)}
