"""Records what real Keras prints, for progress_bar_test.cpp and summary_test.cpp:
build/venv/bin/python THIS_FILE .../tf_keras/src/utils/generic_utils.py"""

import ast
import contextlib
import io
import os
import pathlib
import random
import sys
import time
import types

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy
from keras import layers

CASES = pathlib.Path(__file__).parent / "cases"


def escape(text):
    return "".join(c if c >= " " else f"\\x{ord(c):02x}" for c in text)


class FakeClock:
    now = 0.0

    def time(self):
        return self.now


def keras2_progbar():
    """tf_keras's class without its package, which needs TensorFlow: pip install --no-deps tf_keras somewhere."""
    path = next(p for p in map(pathlib.Path, sys.argv[1:]) if p.name == "generic_utils.py")
    tree = ast.parse(path.read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Progbar"]
    printer = types.SimpleNamespace(print_msg=lambda text, line_break: print(text, end=""))
    names = {"np": numpy, "keras_export": lambda name: lambda thing: thing, "os": os, "sys": sys, "time": time, "io_utils": printer}
    exec(compile(tree, str(path), "exec"), names)
    return names["Progbar"]


class Recorder:
    """Bars of one Keras, as lines of progress_bar.txt."""

    def __init__(self, style, make_bar):
        self.style, self.make_bar, self.out = style, make_bar, []

    def bar(self, target, verbose, updates):
        """target: 0 for unknown. updates: (current, finalize, now, {name: value})."""
        clock = FakeClock()
        clock.now = updates[0][2]
        real, time.time = time.time, clock.time
        try:
            bar = self.make_bar(target or None, verbose)
            self.out.append(f"bar {self.style} {target} {verbose} {clock.now!r}")
            for current, finalize, now, values in updates[1:]:
                clock.now = now
                text = io.StringIO()
                with contextlib.redirect_stdout(text):
                    bar.update(current, list(values.items()), finalize=finalize)
                named = "".join(f" {k}={v!r}" for k, v in values.items())
                self.out.append(f"update {current} {int(finalize)} {now!r}{named}")
                self.out.append(f"expect {escape(text.getvalue())}")
        finally:
            time.time = real


def record_bars(recorder):
    record_bar = recorder.bar
    start = 1700000000.0
    for verbose in (1, 2):
        for target, seconds in [(1, 0.5), (9, 0.0001), (10, 0.02), (57, 0.06), (100, 0.3), (313, 7.0), (1000, 15.25)]:
            now = start
            updates = [(0, False, now, {})]
            for step in sorted({1, 2, 3, target // 3, target // 2, target - 1, target} & set(range(1, target + 1))):
                now = start + step * seconds + (0.4 if step > 1 else 0)
                logs = {"accuracy": step / target, "loss": 2.5 / step - 0.0002 * step}
                updates.append((step, False, now, logs))
            logs["val_loss"] = 0.00043
            updates.append((target, True, now + 0.01, logs))
            record_bar(target, verbose, updates)
        for value in (0.0, 0.001, -0.5, -0.0001, 123456.789, 1e-30, float("nan"), float("inf"), -float("nan")):
            record_bar(4, verbose, [(0, False, start, {}), (2, False, start + 1, {"loss": value}),
                                    (4, True, start + 2, {"loss": value})])
        # Predict shows no metrics; an epoch may end before its target; text may get shorter.
        record_bar(20, verbose, [(0, False, start, {}), (20, True, start + 3, {})])
        record_bar(20, verbose, [(0, False, start, {}), (5, False, start + 1, {"a": 1.0}),
                                 (20, True, start + 2, {"a": 1.0})])
        record_bar(100, verbose, [(0, False, start, {}), (1, False, start + 90, {"a": 123456.0}),
                                  (99, False, start + 95, {"a": 1.0}), (100, True, start + 96, {"a": 1.0})])
        # The borders between seconds, minutes and hours; times that round to even.
        for left in (59.5, 60, 60.99, 61, 3599, 3600, 3600.5, 3661, 86399, 90061):
            record_bar(2, verbose, [(0, False, start, {}), (1, False, start + left, {"a": 1.0}),
                                    (2, True, start + 2 * left, {"a": 1.0})])
        # Longer lists of metrics, some of which only the end brings.
        many = {f"output_{i}_accuracy": i / 7 for i in range(9)}
        record_bar(12345678, verbose, [(0, False, start, {}), (1, False, start + 0.5, many),
                                       (6000000, False, start + 2.5, many),
                                       (12345678, True, start + 3.5, many | {f"val_{k}": v for k, v in many.items()})])
    # Unknown lengths.
    for seconds in (0.00001, 0.004, 5.0, 400.0):
        record_bar(0, 1, [(0, False, start, {}), (1, False, start + seconds, {"a": 1.0}),
                          (2, False, start + 0.1 + 2 * seconds, {"a": 123456.0}),
                          (10000000, False, start + 1 + 3 * seconds, {"a": 0.5}),
                          (10000000, True, start + 1 + 3 * seconds, {"a": 0.5, "val_a": 0.25})])
    rng = random.Random(1)
    for _ in range(20):
        target = rng.choice([3, 12, 99, 100, 101, 5000])
        now, updates = start, [(0, False, start, {})]
        for step in range(1, target + 1, max(1, target // 10)):
            now += 10 ** rng.uniform(-4, 4)
            updates.append((step, False, now, {"b": rng.uniform(-1, 1), "c": 10 ** rng.uniform(-8, 8)}))
        updates.append((target, True, now, {"b": 0.5, "c": 2.0, "val_b": 0.25}))
        record_bar(target, 1, updates)
    return recorder.out


class Names:
    """Every metric is shown as it is, as fit says of its own."""

    def __contains__(self, name):
        return True


def progress_bars():
    keras2 = keras2_progbar()

    def keras2_bar(target, verbose):
        bar = keras2(target=target, verbose=verbose)
        bar.stateful_metrics = Names()
        return bar

    def keras3_bar(target, verbose):
        return keras.utils.Progbar(target=target, verbose=verbose, stateless_metrics=set())

    return record_bars(Recorder("keras3", keras3_bar)) + record_bars(Recorder("keras2", keras2_bar))


def summary_case(model, columns):
    os.environ["COLUMNS"] = str(columns)
    text = []
    model.summary(print_fn=text.append)
    text = "".join(text)
    sequential = text.count("┴") == 2
    optimizer = sum(v.value.size for v in model.optimizer.variables) if model.compiled else 0
    count = lambda ws: sum(w.value.size for w in ws)
    out = [f"model {model.name} {int(sequential)} {columns} {count(model.trainable_weights)} "
           f"{count(model.non_trainable_weights)} {optimizer}"]
    for layer in model.layers:
        shape = keras.src.utils.summary_utils.format_layer_shape(layer)
        for tag in ("[color(34)]", "[color(45)]", "[/]"):
            shape = shape.replace(tag, "")
        connected = ",".join(
            f"{t._keras_history.operation.name}[{t._keras_history.node_index}][{t._keras_history.tensor_index}]"
            for node in layer._inbound_nodes for t in node.input_tensors)
        out.append(f"layer {layer.name}|{layer.__class__.__name__}|{shape}|{layer.count_params()}|{connected}")
    out.append("expect")
    out += text.rstrip("\n").split("\n")
    out.append("end")
    return out


def models():
    keras.utils.clear_session()
    convnet = keras.Sequential(
        [layers.Input((28, 28, 1)), layers.Conv2D(32, 3), layers.MaxPooling2D(), layers.BatchNormalization(),
         layers.Conv2D(64, 3, name="a_layer_with_a_name_that_does_not_fit_into_its_column_at_all"), layers.Flatten(),
         layers.Dropout(0.5), layers.Dense(1000), layers.Dense(10, activation="softmax")], name="digits")
    convnet.compile("adam", "mse")
    convnet.optimizer.build(convnet.trainable_variables)
    a, b = keras.Input((32,), name="first_input"), keras.Input((32,), name="second_input_of_the_model")
    x = layers.Dense(64, name="encoder")(a)
    y = layers.Dense(64, name="the_other_encoder_with_a_long_name")(b)
    z = layers.Add()([x, y])
    z = layers.Concatenate()([z, x, y, a])
    graph = keras.Model([a, b], layers.Dense(3)(z), name="two_towers")
    tiny = keras.Sequential([layers.Input((3,)), layers.Dense(1)])
    return [convnet, graph, tiny]


def summaries():
    out = []
    for model in models():
        for columns in (40, 53, 80, 97, 120, 200):
            out += summary_case(model, columns)
    return out


if __name__ == "__main__":
    (CASES / "progress_bar.txt").write_text("\n".join(progress_bars()) + "\n", encoding="utf-8")
    (CASES / "summary.txt").write_text("\n".join(summaries()) + "\n", encoding="utf-8")
    sys.exit(0)
