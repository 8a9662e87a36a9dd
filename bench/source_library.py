"""Kernels as C++ against Halide's objects: one step of training and one prediction, one thread, in turns.

    python3 bench/source_library.py build/release/kcc [COMPILER...]
"""
import ctypes
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from source_library import Library, pointers, values_for, Data  # noqa: E402
import tools  # noqa: E402

FLAGS = "-std=c++17 -O3 -march=native -ffp-contract=fast -fPIC -shared".split()


def mlp():
    return tools.sequential(("Dense", {"units": 64, "activation": "relu", "input_dim": 20}),
                            ("Dense", {"units": 64, "activation": "relu"}),
                            ("Dense", {"units": 10, "activation": "softmax"}),
                            loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])


def build(kcc, compilers, model, folder):
    subprocess.run([kcc, model, "--emit=shared", "--name", "net", "-o", folder / "libnet.so"], check=True)
    subprocess.run([kcc, model, "--emit=c++", "--name", "net", "-o", folder / "net"], check=True)
    libraries = {"objects": folder / "libnet.so"}
    for compiler in compilers:
        libraries[compiler] = folder / f"{Path(compiler).name}.so"
        subprocess.run([compiler, *FLAGS, folder / "net" / "net.cpp", "-o", libraries[compiler]], check=True)
    return libraries


class Calls:
    """Both calls of one library, ready to be repeated."""

    def __init__(self, path, rows):
        library, generator = Library(path, "net", rows), random.Random(1)
        inputs = [values_for(t, rows, generator) for t in library.tensors("input")]
        targets = [values_for(t, rows, generator) for t in library.tensors("target")]
        outputs = [(ctypes.c_float * (rows * t.size))() for t in library.tensors("output")]
        held = pointers(inputs), pointers(targets), pointers(outputs)
        data = Data(rows, ctypes.cast(held[0], ctypes.c_void_p), ctypes.cast(held[1], ctypes.c_void_p), None)
        self.keep = library, inputs, targets, outputs, held, data
        predict, train = library.function("predict_arrays"), library.function("train_on_arrays")
        self.predict = lambda: predict(library.model, ctypes.c_int64(rows), held[0], held[2])
        self.train = lambda: train(library.model, ctypes.byref(data), None)


def seconds(call):
    repeat, spent = 1, 0
    while spent < 0.02:
        start = time.perf_counter()
        for _ in range(repeat):
            call()
        spent, repeat = time.perf_counter() - start, repeat * 2
    return spent / (repeat / 2)


def main():
    kcc, compilers = Path(sys.argv[1]).resolve(), sys.argv[2:] or ["g++", "clang++"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "mlp.json").write_text(json.dumps(mlp()))
        models = [("mlp", folder / "mlp.json", rows) for rows in (32, 128)]
        models.append(("digits", ROOT / "examples" / "digits" / "model.json", 32))
        for title, model, rows in models:
            own = folder / f"{title}_{rows}"  # a path of its own: a library that is loaded is not loaded again
            own.mkdir()
            libraries = build(kcc, compilers, model, own)
            calls = {form: Calls(path, rows) for form, path in libraries.items()}
            for what in "predict", "train":
                best = {}
                for _ in range(15):
                    for form in calls:
                        best[form] = min(best.get(form, 1e9), seconds(getattr(calls[form], what)))
                line = ", ".join(f"{form} {1e6 * t:.1f} us ({t / best['objects']:.2f})" for form, t in best.items())
                print(f"{title}, batch {rows}, {what}: {line}", flush=True)


if __name__ == "__main__":
    main()
