"""The examples as their READMEs run them, against Keras on the same split: held-out accuracy within what the seeds of
either make of it."""
import importlib.util
import json
import sys
from pathlib import Path

from kcc_side import run

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def load(example, module):
    """A Python file of an example, by its path: two examples have files of the same names."""
    folder = EXAMPLES / example
    sys.path.insert(0, str(folder))
    spec = importlib.util.spec_from_file_location(f"{example}_{module}", folder / f"{module}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    sys.path.remove(str(folder))
    sys.modules.pop("make_data", None)
    return loaded


def compiled(tools, example, *options):
    folder = tools.work / example
    folder.mkdir(parents=True)
    run(tools.kcc, EXAMPLES / example / "model.json", "-o", folder / example, "--cache", tools.work / "cache", *options)
    return folder, folder / example


def verdict(what, ours, theirs, allowed):
    note = f"{what}: {ours:.4f}, Keras {theirs:.4f}"
    return note, [] if abs(ours - theirs) <= allowed else [f"{note}, apart by more than {allowed}"]


def accuracy(program, *arguments):
    return json.loads(run(program, "evaluate", *arguments, "--json"))["accuracy"][-1]


def breast_cancer(tools):
    data = EXAMPLES / "breast_cancer"
    folder, program = compiled(tools, "breast_cancer")
    best = folder / "best.weights.h5"
    run(program, "fit", "-x", data / "train.csv", "--csv-label", "malignant", "--epochs", 200, "--validation-split", 0.2,
        "--seed", 1, "--no-save", "--history", folder / "run.json",
        "--callback", "EarlyStopping(monitor='val_loss', patience=15)",
        "--callback", f"ModelCheckpoint('{best}', monitor='val_loss', save_best_only=True, save_weights_only=True)")
    epochs = len(json.loads((folder / "run.json").read_text())["loss"])
    ours = accuracy(program, "-x", data / "test.csv", "--csv-label", "malignant", "--weights", best)
    note, failures = verdict("held-out accuracy", ours, load("breast_cancer", "make_model").train(1), 0.04)
    if epochs == 200:
        failures.append("nothing stopped the run early")
    return f"{note}, {epochs} epochs", failures


def languages(tools):
    example = load("languages", "make_model")
    folder, program = compiled(tools, "languages", "--batch-size", example.BATCH)
    load("languages", "make_data").make_data(folder)
    run(program, "fit", "-x", folder / "x_train.npy", "-y", folder / "y_train.npy", "--epochs", example.EPOCHS,
        "--batch-size", example.BATCH, "--seed", 1, "--save", folder / "best.weights.h5")
    ours = accuracy(program, "-x", folder / "x_test.npy", "-y", folder / "y_test.npy", "--weights",
                    folder / "best.weights.h5")
    return verdict("held-out accuracy", ours, example.train(folder, 1), 0.02)


CHECKS = {"breast_cancer": breast_cancer, "languages": languages}
