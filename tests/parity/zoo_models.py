"""The guides' models (../shared/zoo/seed_models.py) against real Keras: what a user does with each, from file to
trained weights."""
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")  # or tensorflow, which video_qa at full size needs

import keras
import numpy as np

import backend_functions
from compare import GRADIENT, compare, compare_metrics, compare_weights, join, largest
from kcc_side import run

# Models whose answers were recorded from TensorFlow, because JAX gives others: tests/cases/recorded/README.md.
RECORDED = Path(__file__).resolve().parents[1] / "cases" / "recorded"
ZOO = Path(__file__).resolve().parents[2].parent / "shared" / "zoo"
EPOCHS = {"small": 3, "full": 1}


def zoo():
    """The zoo's two modules, or None where the checkout stands alone."""
    if not ZOO.is_dir():
        return None, None
    sys.path.insert(0, str(ZOO))
    import seed_models
    import zoo as module
    module.legacy_backend = backend_functions  # Keras's own needs TensorFlow
    return seed_models, module


class ZooModel:
    """One model of the zoo at one scale, in Keras and in kcc, in a folder of its own."""

    def __init__(self, tools, case, scale, zoo):
        self.zoo, self.case, self.scale, self.tools = zoo, case, scale, tools
        self.folder = tools.work / f"{case.name}_{scale}"
        self.folder.mkdir(parents=True)
        self.model = zoo.build(case, scale)
        self.data = zoo.make_data(case, self.model, scale)
        (self.folder / "model.json").write_text(self.model.to_json())
        self.model.save_weights(self.folder / "weights.weights.h5")
        self.quiet = zoo.silence_noise(zoo.build(case, scale))  # without dropout, so that training can be compared
        (self.folder / "train_model.json").write_text(self.quiet.to_json())
        self.quiet.save_weights(self.folder / "train.weights.h5")
        self.arguments = zoo.save_data(self.model, self.data, self.folder)

    def compile(self, model, program):
        options = ["--cache", self.tools.work / "cache", "--batch-size", self.data.batch]
        if self.case.define:
            (self.folder / "define.py").write_text(self.case.define)
            options += ["--define", self.folder / "define.py"]
        if self.case.sample_weight == "temporal":
            options += ["--sample-weight-mode", "temporal"]
        began = time.time()
        run(self.tools.kcc, self.folder / model, "-o", self.folder / program, *options, timeout=1200)
        self.compile_s = time.time() - began

    def run(self, program, verb, *arguments):
        return run(self.folder / program, verb, *self.arguments["x"], *arguments, "--batch-size", self.data.batch,
                   timeout=1200)

    # ---- comparisons: (largest error as a share of what is allowed, failures)

    def predict(self, program="trainer", model=None, weights="weights.weights.h5"):
        model = model or self.model
        several = len(self.model.outputs) > 1
        path = self.folder / ("predictions.npz" if several else "predictions.npy")
        self.run(program, "predict", "--weights", self.folder / weights, "-o", path)
        found = np.load(path)
        ours = [found[name] for name in found.files] if several else [found]
        theirs = self.zoo.predict(model, self.data)
        return join(compare(f"output {i}", mine, keras, 1e-5 * max(largest(keras), 1e-3))
                    for i, (mine, keras) in enumerate(zip(ours, theirs, strict=True)))

    def evaluate(self):
        text = self.run("trainer", "evaluate", *self.arguments["y"], *self.arguments["weight"], "--weights",
                        self.folder / "weights.weights.h5", "--json")
        ours = {name: value[-1] for name, value in json.loads(text).items()}
        return compare_metrics("evaluate", ours, self.zoo.evaluate(self.model, self.data))

    def fit(self):
        options = list(self.arguments["weight"])
        if self.data.class_weight:
            options += ["--class-weight", ",".join(f"{k}={v}" for k, v in self.data.class_weight.items())]
        start = [np.array(value) for value in self.zoo.weight_values(self.quiet)]
        self.run("train", "fit", *self.arguments["y"], *options, "--weights", self.folder / "train.weights.h5",
                 "--epochs", EPOCHS[self.scale], "--shuffle", "false", "--save", self.folder / "trained.weights.h5",
                 "--history", self.folder / "history.json")
        history = self.zoo.fit(self.quiet, self.data, EPOCHS[self.scale])
        theirs = [np.array(value) for value in self.zoo.weight_values(self.quiet)]
        paths = [f"{i} {v.path}" for i, v in enumerate(self.zoo.numeric_weights(self.quiet))]
        self.quiet.load_weights(self.folder / "trained.weights.h5")
        ours = [np.array(value) for value in self.zoo.weight_values(self.quiet)]
        by_path = lambda values: dict(zip(paths, values, strict=True))
        return {
            "history": compare_metrics("history", json.loads((self.folder / "history.json").read_text()), history,
                                       GRADIENT),
            "weights": compare_weights(1e-4, by_path(ours), by_path(theirs), by_path(start)),
            "reload": self.predict("train", self.quiet, "trained.weights.h5"),
        }


def check(tools, case, scale, zoo):
    """(note, failures) of everything at once."""
    model = ZooModel(tools, case, scale, zoo)
    model.compile("model.json", "trainer")
    model.compile("train_model.json", "train")
    parts = {"predict": model.predict(), "evaluate": model.evaluate(), **model.fit()}
    return verdict(case.name, scale, model.model, model.compile_s, parts, model.folder, case.tags)


def check_recorded(tools, name):
    """As check, against recorded answers."""
    recorded = RECORDED / name
    folder = tools.work / f"{name}_recorded"
    folder.mkdir(parents=True)
    expected = np.load(recorded / "expected.npz")
    x, y = ["-x", next(recorded.glob("x-*.npy"))], ["-y", next(recorded.glob("y-*.npy"))]
    for model, program in (("model.json", "trainer"), ("train_model.json", "train")):
        run(tools.kcc, recorded / model, "-o", folder / program, "--cache", tools.work / "cache")
    weights = ["--weights", recorded / "weights.weights.h5"]
    run(folder / "trainer", "predict", *x, *weights, "-o", folder / "predictions.npy")
    evaluation = json.loads(run(folder / "trainer", "evaluate", *x, *y, *weights, "--json"))
    run(folder / "train", "fit", *x, *y, "--weights", recorded / "train_weights.weights.h5", "--epochs",
        EPOCHS["small"], "--shuffle", "false", "--save", folder / "trained.weights.h5", "--history", folder / "history.json")
    named = lambda prefix: {key.removeprefix(prefix): expected[key] for key in expected.files if key.startswith(prefix)}
    model = keras.models.model_from_json((recorded / "train_model.json").read_text())
    values = lambda file: [np.array(v.value) for v in load(model, file).weights if "float" in str(v.dtype)]
    theirs = named("weights/")
    by_path = lambda arrays: dict(zip(theirs, arrays))
    parts = {
        "predict": join(compare(key, np.load(folder / "predictions.npy"), value, 1e-5 * largest(value))
                        for key, value in named("predict/").items()),
        "evaluate": compare_metrics("evaluate", {k: v[-1] for k, v in evaluation.items()}, named("evaluate/")),
        "history": compare_metrics("history", json.loads((folder / "history.json").read_text()), named("history/"),
                                   GRADIENT),
        "weights": compare_weights(1e-4, by_path(values(folder / "trained.weights.h5")), theirs,
                                   by_path(values(recorded / "train_weights.weights.h5"))),
    }
    return verdict(name, "small", model, 0, parts, folder, ["recorded"])


def load(model, file):
    model.load_weights(file)
    return model


def verdict(name, scale, model, compile_s, parts, folder, tags):
    """(note, failures); result.json is for models_table.py."""
    shares = {key: error for key, (error, _) in parts.items()}
    (folder / "result.json").write_text(json.dumps({
        "name": name, "tags": tags, "scale": scale, "parameters": model.count_params(), "compile_s": compile_s,
        "shares": shares}))
    note = ", ".join(f"{key} {error:.2g}" for key, error in shares.items()) + " of what is allowed"
    return note, [text for _, texts in parts.values() for text in texts]


def checks(scale):
    """A check for each of the guides' models: what a suite offers as CHECKS."""
    seed_models, module = zoo()
    if seed_models is None:
        print(f"SKIPPED: no {ZOO}")
        return {}
    is_recorded = lambda name: keras.backend.backend() == "jax" and (RECORDED / name).is_dir()
    recorded = {name: lambda tools, name=name: check_recorded(tools, name)
                for name in seed_models.SEEDS if scale == "small" and is_recorded(name)}
    live = {name: lambda tools, case=case: check(tools, case, scale, module)
            for name, case in seed_models.SEEDS.items() if not is_recorded(name)}
    return {**live, **recorded}
