"""What the tests of the command line work with: Python's standard library alone, no Keras, no NumPy."""
import json
import shutil
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

KCC = None  # run.py sets it
ROOT = Path(__file__).resolve().parents[2]


def run(*command, timeout=300, **options):
    """Runs a command; its exit status and texts."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=timeout,
                          errors="replace", **options)


def sequential(*layers, **compile_config):
    """A hand-written model: layers are (class, config)."""
    model = {"class_name": "Sequential", "config": {"layers": [
        {"class_name": name, "config": config} for name, config in layers]}}
    if compile_config:
        model["compile_config"] = compile_config
    return model


def mlp(inputs=4, classes=3):
    return sequential(("Dense", {"units": 8, "activation": "relu", "input_dim": inputs}),
                      ("Dropout", {"rate": 0.25}),
                      ("Dense", {"units": classes, "activation": "softmax"}),
                      loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])


def convnet():
    return sequential(("InputLayer", {"batch_shape": [None, 12, 12, 2], "name": "x"}),
                      ("Conv2D", {"filters": 8, "kernel_size": [3, 3], "activation": "relu"}),
                      ("BatchNormalization", {}),
                      ("Conv2D", {"filters": 8, "kernel_size": [3, 3], "padding": "same"}),
                      ("MaxPooling2D", {}), ("Dropout", {"rate": 0.25}), ("Flatten", {}),
                      ("Dense", {"units": 32, "activation": "relu"}), ("Dropout", {"rate": 0.5}),
                      ("Dense", {"units": 3, "activation": "softmax"}),
                      loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])


def npy(shape, values, dtype="<f4", fortran=False):
    """The bytes of a .npy file (version 1.0)."""
    shape_text = "(" + "".join(f"{n}, " for n in shape).rstrip(" ") + ")" if len(shape) == 1 else str(tuple(shape))
    header = f"{{'descr': '{dtype}', 'fortran_order': {fortran}, 'shape': {shape_text}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    code = {"f4": "f", "f8": "d", "i4": "i", "i8": "q", "u1": "B", "b1": "?", "i2": "h"}.get(dtype[1:])
    data = struct.pack(f"{'>' if dtype[0] == '>' else '<'}{len(values)}{code}", *values) if code else bytes(values)
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data


def numbers(count, seed=1):
    """Numbers in (-1, 1) from a small generator, the same on every machine."""
    state, values = seed, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        values.append((state >> 40) / (1 << 23) - 1)
    return values


def write_data(folder, samples=24, shape=(4,), classes=3):
    """x.npy and y.npy for a classifier."""
    size = 1
    for extent in shape:
        size *= extent
    (folder / "x.npy").write_bytes(npy((samples, *shape), numbers(samples * size)))
    (folder / "y.npy").write_bytes(npy((samples,), [i * 7 % classes for i in range(samples)], "<i4"))


class Case(unittest.TestCase):
    """A test in a folder of its own."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="kcc-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, content):
        path = self.folder / name
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def assert_refused(self, done, *patterns, status=1):
        """One clear message with these patterns, this exit status, no sign of a crash."""
        text = done.stderr
        self.assertEqual(done.returncode, status, done.stdout + text)
        for pattern in patterns:
            self.assertRegex(text, pattern)
        self.assertEqual(len([line for line in text.splitlines() if "error:" in line]), 1, text)
        self.assertNotRegex(text, r"terminate called|Assertion|core dumped|Segmentation|check failed|internal error")
        self.assertNotRegex(text, r"\bat 0x|std::|basic_string")

    def assert_works(self, done):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def compile_to(folder, model, *options):
    """Compiles a model (a dict) to folder/trainer, which it returns."""
    (folder / "model.json").write_text(json.dumps(model))
    done = run(KCC, folder / "model.json", "-o", folder / "trainer", *options)
    if done.returncode != 0:
        raise AssertionError(f"kcc does not compile the test's model\n{done.stdout}{done.stderr}")
    return folder / "trainer"


class TrainerCase(Case):
    """Tests of one program, compiled once: subclasses name its model."""

    model = staticmethod(mlp)
    data = {}

    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="kcc-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.trainer = compile_to(cls.home, cls.model())

    def setUp(self):
        super().setUp()
        write_data(self.folder, **self.data)

    def run_trainer(self, verb, *arguments, **options):
        return run(self.trainer, verb, *arguments, cwd=self.folder, **options)

    def fit(self, *arguments, **options):
        return self.run_trainer("fit", "-x", "x.npy", "-y", "y.npy", *arguments, **options)
