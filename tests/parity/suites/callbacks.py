"""Callbacks and the options of fit: the same run in Keras and in the program, told apart by what anyone can see of it:
what it prints and warns of, its history, the files it writes and the weights it ends with.

A row's callbacks are Keras code: Keras evaluates them, the program gets them as they stand."""
import contextlib
import io
import json
import re
import subprocess
import warnings
from dataclasses import dataclass, field

import keras
import numpy as np
from keras import layers as L

from case import Case

TOLERANCE = 2e-5
NUMBER = re.compile(r"(?<![\w.])-?(?:\d+\.\d*(?:e[-+]?\d+)?|\d+e[-+]?\d+|nan|inf)(?![\w])")
TIMES = re.compile(r" - \d+s - \d+(?:s|ms|us)/step")


@dataclass
class Row:
    name: str
    callbacks: list = field(default_factory=list)
    options: list = field(default_factory=list)   # of the program, beyond the callbacks
    fit: dict = field(default_factory=dict)       # the same for Keras
    model: str = "plain"
    epochs: int = 6
    batch: int | None = 8
    schedule: tuple | None = None                 # (a formula as text, the same as a function): LearningRateScheduler
    own_words: bool = False                       # both refuse it, in words of their own


# ---- the models: each is compiled once for all its rows

def plain():
    model = keras.Sequential([keras.Input((4,), name="x"), L.Dense(8, "tanh"), L.Dense(3, "softmax", name="y")])
    model.compile(keras.optimizers.SGD(0.9, momentum=0.8), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def decaying():
    model = keras.Sequential([keras.Input((4,), name="x"), L.Dense(3, "softmax", name="y")])
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def branched():
    a, b = keras.Input((4,), name="a"), keras.Input((2,), name="b")
    both = L.Concatenate()([L.Dense(5, "tanh")(a), b])
    model = keras.Model([a, b], [L.Dense(3, "softmax", name="kind")(both), L.Dense(1, name="size")(both)])
    model.compile(keras.optimizers.SGD(0.1), {"kind": "sparse_categorical_crossentropy", "size": "mse"},
                  metrics={"kind": ["accuracy"], "size": ["mae"]}, loss_weights={"kind": 1.0, "size": 0.5})
    return model


def classes(rng, samples):
    return {"y": rng.integers(0, 3, samples).astype("int32")}


def kinds(rng, samples):
    return {"kind": rng.integers(0, 3, samples).astype("int32"), "size": rng.normal(size=(samples, 1)).astype("float32")}


CASES = {
    "plain": Case("plain", plain, samples=46, labels=classes),
    "decaying": Case("decaying", decaying, samples=46, labels=classes),
    "branched": Case("branched", branched, samples=46, labels=kinds),
}

SPLIT = {"options": ["--validation-split", "0.3"], "fit": {"validation_split": 0.3}}


def stop(arguments):
    return f"EarlyStopping({arguments})"


def checkpoint(arguments):
    return f"ModelCheckpoint({arguments}, save_weights_only=True)"


ROWS = [
    # EarlyStopping: the validation loss rises soon, the loss falls.
    Row("stop_default", [stop("")], **SPLIT),
    Row("stop_patience", [stop("patience=2, verbose=1")], **SPLIT),
    Row("stop_restores", [stop("'val_loss', 0, 2, 1, restore_best_weights=True")], **SPLIT),
    Row("stop_restores_at_the_end", [stop("patience=50, verbose=1, restore_best_weights=True")], **SPLIT),
    Row("stop_min_delta", [stop("monitor='loss', min_delta=0.05, patience=1, verbose=1")]),
    Row("stop_mode_max", [stop("monitor='loss', mode='max', patience=2, verbose=1, restore_best_weights=True")]),
    Row("stop_accuracy", [stop("monitor='val_accuracy', patience=2, verbose=1, restore_best_weights=True")], epochs=10, **SPLIT),
    Row("stop_baseline", [stop("monitor='loss', baseline=0.1, patience=3, verbose=1, restore_best_weights=True")]),
    Row("stop_baseline_beaten", [stop("monitor='loss', baseline=5, patience=3, verbose=1")]),
    Row("stop_start_from", [stop("patience=1, start_from_epoch=3, verbose=1, restore_best_weights=True")], epochs=12,
        **SPLIT),
    Row("stop_without_validation", [stop("patience=1")]),
    Row("stop_unknown_mode", [stop("mode='down', patience=1, verbose=1")], **SPLIT),
    Row("stop_unknown_metric", [stop("monitor='val_acc', mode='max')")[:-1]], **SPLIT),
    Row("stop_undecidable", [stop("monitor='val_precision'")], **SPLIT),
    # ModelCheckpoint
    Row("save_each", [checkpoint("'w-{epoch:02d}-{val_loss:.2f}.weights.h5', verbose=1")], epochs=3, **SPLIT),
    Row("save_best", [checkpoint("'best.weights.h5', save_best_only=True, verbose=1")], **SPLIT),
    Row("save_best_names", [checkpoint("'ck/sub/{epoch}.weights.h5', 'val_accuracy', 1, True, mode='max'")], **SPLIT),
    Row("save_best_threshold", [checkpoint("'b{epoch}.weights.h5', monitor='loss', save_best_only=True, verbose=1, "
                                           "initial_value_threshold=1.15")]),
    Row("save_best_without_validation", [checkpoint("'b{epoch}.weights.h5', save_best_only=True")], epochs=2),
    Row("save_batches", [checkpoint("'{epoch}-{batch}-{loss:.3f}.weights.h5', save_freq=4, verbose=1")], epochs=3),
    Row("save_unknown_field", [checkpoint("'{epoch}-{mape}.weights.h5'")], epochs=1),
    Row("save_unknown_monitor", [checkpoint("'w.weights.h5', monitor='val_acc'")], epochs=1, **SPLIT),
    Row("save_wrong_suffix", ["ModelCheckpoint('w.hdf5')"]),
    Row("save_wrong_weights_suffix", ["ModelCheckpoint('w.keras', save_weights_only=True)"]),
    # The learning rate
    Row("reduce", ["ReduceLROnPlateau(factor=0.2, patience=1, verbose=1)"], **SPLIT),
    Row("reduce_cooldown", ["ReduceLROnPlateau('loss', 0.5, 1, 1, min_delta=0.2, cooldown=1)"], epochs=8),
    Row("reduce_min_lr", ["ReduceLROnPlateau('loss', factor=0.1, patience=1, verbose=1, min_delta=9, min_lr=0.004)"]),
    Row("reduce_max", ["ReduceLROnPlateau('val_accuracy', factor=0.3, patience=2, verbose=1)"], epochs=8, **SPLIT),
    Row("reduce_without_validation", ["ReduceLROnPlateau()"], epochs=2),
    Row("reduce_wrong_factor", ["ReduceLROnPlateau(factor=1.5)"]),
    Row("schedule", ["LearningRateScheduler(lambda epoch: 0.1 * 0.5 ** (epoch // 2), verbose=1)"]),
    Row("schedule_of_rate", ["LearningRateScheduler(lambda e, rate: rate * 0.7 if e > 1 else rate, 1)"]),
    Row("schedule_formula", schedule=("0.1 * 0.5 ** floor((1 + epoch) / 10)",
                                      lambda epoch, lr: 0.1 * 0.5 ** np.floor((1 + epoch) / 10))),
    Row("schedule_integer", ["LearningRateScheduler(lambda epoch: 1)"], epochs=1),
    Row("schedule_with_reduce", ["LearningRateScheduler(lambda e, r: r * 0.9)",
                                 "ReduceLROnPlateau('loss', 0.5, 1, min_delta=9, verbose=1)"]),
    Row("schedule_of_a_schedule", ["LearningRateScheduler(lambda epoch: 0.1)"], model="decaying", epochs=1),
    # CSVLogger
    Row("csv", ["CSVLogger('log.csv')"], epochs=3),
    Row("csv_validation", ["CSVLogger('log.csv', ';')"], epochs=3, **SPLIT),
    Row("csv_before_rate", ["CSVLogger('log.csv')", "LearningRateScheduler(lambda e, r: r)"], epochs=2),
    Row("csv_after_rate", ["LearningRateScheduler(lambda e, r: r)", "CSVLogger('log.csv')"], epochs=2, **SPLIT),
    Row("csv_append", ["CSVLogger('log.csv')", "CSVLogger('old.csv', append=True)"], epochs=2),
    # Others, and the order in which they speak
    Row("nan", ["TerminateOnNaN()", "CSVLogger('log.csv')"], options=["--sample-weight", "../broken.npy"],
        fit={"sample_weight": "broken"}),
    Row("nan_error", ["TerminateOnNaN(raise_error=True)"], options=["--sample-weight", "../broken.npy"],
        fit={"sample_weight": "broken"}),
    Row("nan_unwatched", ["EarlyStopping(monitor='loss', patience=2, verbose=1)"],
        options=["--sample-weight", "../broken.npy"], fit={"sample_weight": "broken"}),
    Row("progress_first", ["ProgbarLogger()", "ReduceLROnPlateau('loss', 0.5, 1, 1, min_delta=9)"], epochs=3),
    Row("history_first", ["History()", "LearningRateScheduler(lambda e, r: r)"], epochs=2),
    Row("backup", ["BackupAndRestore('backup')"], epochs=2),
    Row("all", ["EarlyStopping(patience=3, restore_best_weights=True, verbose=1)",
                checkpoint("'w{epoch}.weights.h5', save_best_only=True, verbose=1"),
                "ReduceLROnPlateau(factor=0.5, patience=1, verbose=1)", "CSVLogger('log.csv')", "TerminateOnNaN()"],
        epochs=12, **SPLIT),
    # The options of fit
    Row("initial_epoch", options=["--initial-epoch", "2"], fit={"initial_epoch": 2}, epochs=4),
    Row("validation_steps", options=["--validation-split", "0.5", "--validation-steps", "2"],
        fit={"validation_split": 0.5, "validation_steps": 2}, epochs=2),
    Row("steps", options=["--steps-per-epoch", "4"], fit={"steps_per_epoch": 4}, epochs=4),
    Row("steps_decide_the_batch", options=["--steps-per-epoch", "4"], fit={"steps_per_epoch": 4}, batch=None),
    Row("class_weight", options=["--class-weight", "0=0.2,2=3", "--validation-split", "0.3"],
        fit={"class_weight": {0: 0.2, 2: 3.0}, "validation_split": 0.3}, epochs=2),
    Row("sample_weight", options=["--sample-weight", "../weight.npy", "--validation-split", "0.3"],
        fit={"sample_weight": "weight", "validation_split": 0.3}, epochs=2),
    Row("both_weights", options=["--sample-weight", "../weight.npy", "--class-weight", "0=0.2"],
        fit={"sample_weight": "weight", "class_weight": {0: 0.2}}, own_words=True),
    Row("branched_split", model="branched", epochs=3, **SPLIT),
    Row("branched_monitor", [stop("monitor='val_kind_loss'")], model="branched", epochs=2, **SPLIT),
    Row("branched_stop", [stop("monitor='val_kind_accuracy', mode='max', verbose=1, patience=1")], model="branched",
        **SPLIT),
]

class Run:
    """What is seen of a run: texts, history, files, final weights."""

    def __init__(self):
        self.out, self.error, self.warnings, self.history, self.weights = "", "", [], {}, {}


def calls(row):
    """The row's callbacks as Keras objects."""
    made = [eval(text, {**vars(keras.callbacks)}) for text in row.callbacks]
    if row.schedule:
        made.append(keras.callbacks.LearningRateScheduler(row.schedule[1], verbose=1))
    return made


def keras_run(trainer, row, folder):
    run, out, side = Run(), io.StringIO(), trainer.keras
    side.reset()
    options = dict(row.fit)
    if "sample_weight" in options:
        options["sample_weight"] = np.load(folder.parent / f"{options['sample_weight']}.npy")
    one = lambda values: values[0] if len(values) == 1 else values
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            history = side.model.fit(one(side.inputs()), one(side.labels()), batch_size=row.batch, epochs=row.epochs,
                                     shuffle=False, verbose=2, callbacks=calls(row), **options)
            run.history = {name: [float(value) for value in values] for name, values in history.history.items()}
            run.weights = side.values()
        except Exception as exception:
            run.error = str(exception.args[0])
    run.out = out.getvalue()
    for warning in caught:
        if warning.category is UserWarning and str(warning.message) not in run.warnings:
            run.warnings.append(str(warning.message))
    return run


def our_run(trainer, row, folder):
    run = Run()
    callbacks = list(row.callbacks)
    if row.schedule:
        callbacks.append(f"LearningRateScheduler('{row.schedule[0]}', verbose=1)")
    data = []
    for option, paths in (("-x", trainer.x), ("-y", trainer.y)):
        for name, path in paths.items():
            data += [option, f"{name}={path}"]
    batch = ["--batch-size", str(row.batch)] if row.batch else []
    done = subprocess.run(
        [trainer.folder / "trainer", "fit", *data, *trainer.start, *batch, "--epochs", str(row.epochs), "--shuffle",
         "false", "--verbose", "2", "--save", "../end.weights.h5", "--history", "../history.json",
         *[part for call in callbacks for part in ("--callback", call)], *row.options],
        cwd=folder, capture_output=True, text=True, timeout=300)
    run.out = done.stdout
    for line in done.stderr.splitlines():
        message = line.removeprefix("trainer: ")
        if message.startswith("error: "):
            run.error = message.removeprefix("error: ").removeprefix("--callback: ")
        elif not message.startswith("trained on "):  # how fast it was
            run.warnings.append(message)
    if done.returncode == 0:
        run.history = json.loads((folder.parent / "history.json").read_text())
        run.weights = trainer.load(folder.parent / "end.weights.h5")
    return run


def same_text(ours, theirs):
    """Whether two texts are the same but for the last digits of their numbers."""
    ours, theirs = TIMES.sub("", ours), TIMES.sub("", theirs)
    if NUMBER.sub("#", ours) != NUMBER.sub("#", theirs):
        return False
    pairs = zip(NUMBER.findall(ours), NUMBER.findall(theirs))
    return all(np.isclose(float(a), float(b), rtol=1e-4, atol=1.1e-4, equal_nan=True) for a, b in pairs)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def values_of(trainer, path):
    trainer.keras.model.load_weights(path)
    values = trainer.keras.values()
    trainer.keras.reset()
    return values


def compare_values(what, ours, theirs):
    bad = [path for path in theirs if not np.allclose(ours[path], theirs[path], rtol=1e-4, atol=TOLERANCE,
                                                      equal_nan=True)]
    return [f"{what}: {', '.join(bad)} differ"] if bad else []


def compare_files(trainer, ours, theirs):
    if files(ours) != files(theirs):
        return [f"wrote {files(ours)}, Keras {files(theirs)}"]
    failures = []
    for name in files(theirs):
        if name.endswith(".weights.h5"):
            failures += compare_values(name, values_of(trainer, ours / name), values_of(trainer, theirs / name))
        elif not same_text((ours / name).read_bytes().decode(), (theirs / name).read_bytes().decode()):
            failures.append(f"{name}:\n{(ours / name).read_text()}Keras:\n{(theirs / name).read_text()}")
    return failures


def compare_runs(row, ours, theirs):
    if row.own_words:
        return [] if ours.error and theirs.error else [f"error: '{ours.error}', Keras: '{theirs.error}'"]
    if theirs.error:
        same = ours.error == theirs.error or (len(theirs.error) > 20 and theirs.error in ours.error)
        return [] if same else [f"error: '{ours.error}', Keras: '{theirs.error}'"]
    if ours.error:
        return [f"error: '{ours.error}', Keras has none"]
    failures = []
    if not same_text(ours.out, theirs.out):
        failures.append(f"printed:\n{ours.out}Keras:\n{theirs.out}")
    if list(ours.history) != list(theirs.history):
        failures.append(f"history has {list(ours.history)}, Keras {list(theirs.history)}")
    for name, values in theirs.history.items():
        seen = ours.history.get(name, [])
        if len(seen) != len(values) or not np.allclose(seen, values, rtol=1e-4, atol=TOLERANCE, equal_nan=True):
            failures.append(f"history of {name}: {seen}, Keras {values}")
    ours_said = [text for text in ours.warnings if "the data ran out" not in text]
    theirs_said = [text for text in theirs.warnings if "ran out of data" not in text]
    if ours_said != theirs_said:
        failures.append(f"warned {ours_said}, Keras {theirs_said}")
    return failures + compare_values("weights", ours.weights, theirs.weights)


TRAINERS = {}


def trainer_of(tools, model):
    if model not in TRAINERS:
        TRAINERS[model] = tools.trainer(CASES[model])
        TRAINERS[model].compile()
    return TRAINERS[model]


def make_folders(tools, trainer, row):
    """A folder for each side to run in, and the files that both read."""
    runs = tools.work / "runs" / row.name
    weight = np.linspace(0.1, 2, trainer.keras.case.samples).astype("float32")
    folders = runs / "ours", runs / "keras"
    for folder in folders:
        folder.mkdir(parents=True)
        if row.name == "csv_append":
            (folder / "old.csv").write_text("epoch,loss\n")
    np.save(runs / "weight.npy", weight)
    weight[20] = np.nan
    np.save(runs / "broken.npy", weight)
    return folders


def note(run, folder):
    if run.error:
        return "both refuse it: " + run.error.splitlines()[0][:60]
    return f"{len(next(iter(run.history.values())))} epochs, {len(files(folder))} files"


def check(row):
    def action(tools):
        trainer = trainer_of(tools, row.model)
        folders = make_folders(tools, trainer, row)
        ours, theirs = our_run(trainer, row, folders[0]), keras_run(trainer, row, folders[1])
        failures = compare_runs(row, ours, theirs)
        if not theirs.error:
            failures += compare_files(trainer, *folders)
        return note(theirs, folders[1]), failures
    return action


CHECKS = {row.name: check(row) for row in ROWS}
