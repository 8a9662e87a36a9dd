"""What --emit=c++ gives: the same model as --emit=shared, without an object of kcc's, to rounding."""
import ctypes
import json
import random
import tempfile
import unittest
from pathlib import Path

import tools
from tools import run

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("-std=c++17", "-O2", "-ffp-contract=fast", "-Wall", "-Wextra", "-Werror")


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("size", ctypes.c_int64), ("index_limit", ctypes.c_int64)]


class Options(ctypes.Structure):
    _fields_ = [("max_rows", ctypes.c_int64), ("threads", ctypes.c_int32), ("seed", ctypes.c_uint64),
                ("arena", ctypes.c_void_p), ("arena_size", ctypes.c_size_t), ("predict_only", ctypes.c_int32)]


class Data(ctypes.Structure):
    _fields_ = [("rows", ctypes.c_int64), ("inputs", ctypes.c_void_p), ("targets", ctypes.c_void_p),
                ("weights", ctypes.c_void_p)]


def pointers(arrays):
    return (ctypes.c_void_p * len(arrays))(*[ctypes.cast(a, ctypes.c_void_p) for a in arrays])


class Library:
    """A model of a shared object by the functions of its header."""

    def __init__(self, path, name, rows):
        self.calls, self.name = ctypes.CDLL(str(path)), name
        for word in ("input", "output", "target", "weight"):
            getattr(self.calls, f"{name}_{word}").restype = ctypes.POINTER(Tensor)
        self.function("error").restype = ctypes.c_char_p
        self.function("version").restype = ctypes.c_char_p
        self.model = ctypes.c_void_p()
        self.check(self.function("create")(ctypes.byref(self.model), ctypes.byref(Options(rows, 1, 3))))

    def function(self, word):
        return getattr(self.calls, f"{self.name}_{word}")

    def check(self, status):
        if status != 0:
            raise AssertionError(f"status {status}: {self.function('error')(self.model) if self.model else ''}")

    def tensors(self, word):
        found, i = [], 0
        while tensor := self.function(word)(i):
            found.append(tensor.contents)
            i += 1
        return found

    def close(self):
        self.function("destroy")(self.model)

    def predict(self, rows, inputs):
        outputs = [(ctypes.c_float * (rows * t.size))() for t in self.tensors("output")]
        self.check(self.function("predict_arrays")(self.model, ctypes.c_int64(rows), pointers(inputs),
                                                   pointers(outputs)))
        return [list(o) for o in outputs]

    def step(self, word, rows, inputs, targets):
        metrics = (ctypes.c_float * 16)()
        held = pointers(inputs), pointers(targets)
        data = Data(rows, ctypes.cast(held[0], ctypes.c_void_p), ctypes.cast(held[1], ctypes.c_void_p), None)
        self.check(self.function(word)(self.model, ctypes.byref(data), metrics))
        return list(metrics)

    def weights(self):
        values = []
        for t in self.tensors("weight"):
            buffer = (ctypes.c_float * t.size)()
            self.check(self.function("get_weight")(self.model, t.name, buffer, ctypes.c_int64(t.size)))
            values.append(list(buffer))
        return values


def values_for(tensor, rows, generator):
    count = rows * tensor.size
    if tensor.type == 0:
        top = tensor.index_limit
        return (ctypes.c_float * count)(*[generator.randrange(top) if top else generator.random() for _ in range(count)])
    kind = ctypes.c_uint8 if tensor.type == 3 else ctypes.c_int32
    return (kind * count)(*[generator.randrange(tensor.index_limit or 2) for _ in range(count)])


class SourceLibrary(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def made(self, *words):
        done = run(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), " ".join(map(str, words)))

    def source(self, path, name, *options, compiler="c++"):
        self.made(tools.KCC, path, "--emit=c++", "--name", name, "-o", self.folder / name, *options)
        library = self.folder / f"{name}.so"
        self.made(compiler, *FLAGS, "-fPIC", "-shared", self.folder / name / f"{name}.cpp", "-o", library)
        return library

    def assert_close(self, got, expected, tolerance, what):
        for i, (a, b) in enumerate(zip(got, expected)):
            scale = max((abs(v) for v in b), default=0) or 1
            worst = max((abs(x - y) for x, y in zip(a, b)), default=0)
            self.assertLessEqual(worst, tolerance * scale, f"{what} {i}")

    def compare(self, path, rows=7, steps=3):
        objects = self.folder / "libnet.so"
        self.made(tools.KCC, path, "--emit=shared", "--name", "net", "-o", objects)
        models = [Library(objects, "net", rows), Library(self.source(path, "net"), "net", rows)]
        generator = random.Random(5)
        inputs = [values_for(t, rows, generator) for t in models[0].tensors("input")]
        self.assert_close(*[m.predict(rows, inputs) for m in reversed(models)], 1e-5, "output")
        for step in range(steps):
            targets = [values_for(t, rows, generator) for t in models[0].tensors("target")]
            metrics = [m.step("train_on_arrays", rows, inputs, targets) for m in models]
            self.assert_close([metrics[1]], [metrics[0]], 1e-4, f"metrics of step {step}")
        self.assert_close(*[m.weights() for m in reversed(models)], 1e-3, "weight")
        for m in models:
            m.close()

    def test_examples_train_as_their_objects_do(self):
        for name in ("digits", "languages", "breast_cancer"):
            with self.subTest(model=name):
                self.compare(ROOT / "examples" / name / "model.json")

    def test_loops_over_time_and_windows_train_as_their_objects_do(self):
        for name in ("recurrent", "convnet"):
            with self.subTest(model=name):
                self.compare(ROOT / "tests" / "cases" / "emit" / f"{name}.json")

    def test_two_models_meet_in_one_c_program(self):
        for name, model in ("first", tools.mlp()), ("second", tools.mlp(inputs=6)):
            path = self.folder / f"{name}.json"
            path.write_text(json.dumps(model))
            self.made(tools.KCC, path, "--emit=c++", "--name", name, "-o", self.folder / name)
            self.made("c++", *FLAGS, "-c", self.folder / name / f"{name}.cpp", "-o", self.folder / f"{name}.o")
        main = self.folder / "main.c"
        main.write_text(r"""
#include <math.h>
#include <stdio.h>
#include "first/first.h"
#include "second/second.h"
int main(void) {
  first_model* a; second_model* b; float x[12] = {1, 2, 3, 4}, y[6] = {0}, z[6] = {0};
  if (first_create(&a, NULL) || second_create(&b, NULL)) return 1;
  if (first_predict(a, 2, x, y) || second_predict(b, 2, x, z)) return 2;
  printf("%.3f %.3f\n", y[0] + y[1] + y[2], z[3] + z[4] + z[5]);
  first_destroy(a); second_destroy(b);
  return 0;
}""")
        self.made("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-c", main, "-o", self.folder / "main.o")
        objects = [self.folder / f"{name}.o" for name in ("main", "first", "second")]
        self.made("c++", *objects, "-o", self.folder / "main")
        self.assertEqual(run(self.folder / "main").stdout, "1.000 1.000\n")

    def test_layers_are_in_it_and_halide_is_not(self):
        path = self.folder / "net.json"
        path.write_text(json.dumps(tools.mlp()))
        self.made(tools.KCC, path, "--emit=c++", "--name", "net", "-o", self.folder / "net")
        text = (self.folder / "net" / "net.cpp").read_text()
        self.assertIn("// dense", text)
        for word in "#include \"Halide", "halide_buffer_t", "#include \"runtime":
            self.assertFalse(word in text, word)
        self.assertNotIn("net_load_weights(", (self.folder / "net" / "net.h").read_text())

    def test_a_file_in_the_folders_place_is_refused(self):
        path = self.folder / "net.json"
        path.write_text(json.dumps(tools.mlp()))
        (self.folder / "taken").write_text("mine")
        done = run(tools.KCC, path, "--emit=c++", "-o", self.folder / "taken")
        self.assertEqual(done.returncode, 1)
        self.assertIn("expected the name of a folder", done.stderr)
        self.assertEqual((self.folder / "taken").read_text(), "mine")
