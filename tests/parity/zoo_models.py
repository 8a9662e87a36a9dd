"""The guides' models (../shared/zoo/seed_models.py) against real Keras: what a user does with each, from file to
trained weights."""
import json
import os
import sys
import time
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"

import numpy as np

import backend_functions
from compare import GRADIENT, compare, compare_metrics, compare_weights, join, largest
from kcc_side import run

ZOO = Path(__file__).resolve().parents[2].parent / "shared" / "zoo"
EPOCHS = 3


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
                 "--epochs", EPOCHS, "--shuffle", "false", "--save", self.folder / "trained.weights.h5",
                 "--history", self.folder / "history.json")
        history = self.zoo.fit(self.quiet, self.data, EPOCHS)
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
    note = ", ".join(f"{name} {error:.2g}" for name, (error, _) in parts.items()) + " of what is allowed"
    shares = {name: error for name, (error, _) in parts.items()}
    (model.folder / "result.json").write_text(json.dumps({
        "name": case.name, "tags": case.tags, "scale": scale, "parameters": model.model.count_params(),
        "compile_s": model.compile_s, "shares": shares}))
    return note, [text for _, texts in parts.values() for text in texts]


def checks(scale):
    """A check for each of the guides' models: what a suite offers as CHECKS."""
    seed_models, module = zoo()
    if seed_models is None:
        print(f"SKIPPED: no {ZOO}")
        return {}
    return {name: lambda tools, case=case: check(tools, case, scale, module)
            for name, case in seed_models.SEEDS.items()}
