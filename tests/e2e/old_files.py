"""Genuine files of Keras 1 and 2 (../shared/zoo/legacy beside the repository): each predicts what its own Keras did,
from the whole-model .h5 alone and from the JSON with weights of either kind."""
import io
import json
import struct
import unittest
import zipfile

import tools
from tools import Case, ROOT, npy, run

ZOO = ROOT.parent / "shared" / "zoo" / "legacy"
TOLERANCE = 2e-6  # between two orders of float sums

NAMES = {"acc": "accuracy"}  # Keras 3's for Keras 1's

# Keras 2.21's Nadam counts its momentum schedule once a weight, and not as often in the first steps, where it runs in
# a graph; this is what it computes with run_eagerly, where it keeps to its formula.
EAGER = {"keras2_nested_time_distributed": {"loss": ((3,), "d", [0.26781702, 0.25606754, 0.24786997])}}


def read_npy(data):
    """Shape, struct code and values."""
    header_size, = struct.unpack_from("<H", data, 8)
    header = eval(data[10:10 + header_size], {"__builtins__": {}})  # our own zoo's
    if header["fortran_order"]:
        raise ValueError("Fortran order")
    code = {"f4": "f", "f8": "d", "i4": "i", "i8": "q"}[header["descr"][1:]]
    body = data[10 + header_size:]
    return header["shape"], code, struct.unpack(f"<{len(body) // struct.calcsize(code)}{code}", body)


def read_npz(source):
    with zipfile.ZipFile(source) as archive:
        return {name.removesuffix(".npy"): read_npy(archive.read(name)) for name in archive.namelist()}


def part(arrays, prefix):
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


@unittest.skipUnless(ZOO.is_dir(), f"no old files at {ZOO}")
class OldFiles(Case):
    def write_inputs(self, inputs):
        """Arguments of predict."""
        arguments = []
        for name, (shape, code, values) in inputs.items():
            path = self.write(f"x-{name}.npy", npy(shape, values, {"f": "<f4", "i": "<i4", "d": "<f8", "q": "<i8"}[code]))
            arguments += ["-x", path if len(inputs) == 1 else f"{name}={path}"]
        return arguments

    def predictions(self, arguments, names):
        """Of the program that lies in the folder."""
        out = self.folder / ("out.npz" if len(names) > 1 else "out.npy")
        self.assert_works(run(self.folder / "trainer", "predict", *arguments, "-o", out))
        found = read_npz(out) if len(names) > 1 else {names[0]: read_npy(out.read_bytes())}
        return {name: values for name, (_, _, values) in found.items()}

    def compare(self, found, expected, what):
        self.assertEqual(sorted(found), sorted(expected))
        for name, (_, _, values) in expected.items():
            self.assertEqual(len(found[name]), len(values), f"{what}: {name}")
            worst = max(abs(a - b) for a, b in zip(found[name], values))
            self.assertLess(worst, TOLERANCE, f"{what}: {name}")

    def check(self, folder):
        expected = read_npz(io.BytesIO((folder / "expected.npz").read_bytes()))
        outputs = part(expected, "predict/")
        arguments = self.write_inputs(part(expected, "x/"))
        for model, *weights in (["model.h5"], ["model.json", "weights.h5"], ["model.json", "model.h5"]):
            done = run(tools.KCC, folder / model, "-o", self.folder / "trainer")
            self.assert_works(done)
            loaded = [f"--weights={folder / file}" for file in weights]
            self.compare(self.predictions(arguments + loaded, list(outputs)), outputs, f"{folder.name}/{model} {weights}")

            if not weights:
                data = arguments + self.write_labels(part(expected, "y/"))
                self.evaluate(data, part(expected, "evaluate/"), folder.name)
                self.fit(data, part(expected, "history/") | EAGER.get(folder.name, {}), folder.name)

    def write_labels(self, labels):
        arguments = []
        for name, (shape, code, values) in labels.items():
            path = self.write(f"y-{name}.npy", npy(shape, values, {"f": "<f4", "i": "<i4", "d": "<f8", "q": "<i8"}[code]))
            arguments += ["-y", path if len(labels) == 1 else f"{name}={path}"]
        return arguments

    def evaluate(self, arguments, expected, what):
        """The loss and metrics that the .h5 names, as its own Keras computed them."""
        done = run(self.folder / "trainer", "evaluate", *arguments, "--json")
        self.assert_works(done)
        found = {name: values[0] for name, values in json.loads(done.stdout).items()}
        for name, (_, _, values) in expected.items():
            self.assert_near(found[NAMES.get(name, name)], values[0], 2e-6, f"{what}: {name}")

    def fit(self, arguments, expected, what):
        """Three full-batch steps with the optimizer that the .h5 names, from its own weights."""
        done = run(self.folder / "trainer", "fit", *arguments, "--epochs", 3, "--batch-size", 12, "--shuffle", "false",
                   "--no-save", "--history", self.folder / "history.json")
        self.assert_works(done)
        found = json.loads((self.folder / "history.json").read_text())
        for name, (_, _, values) in expected.items():
            for epoch, value in enumerate(values):
                self.assert_near(found[NAMES.get(name, name)][epoch], value, 1e-4, f"{what}: {name}, epoch {epoch}")

    def assert_near(self, found, expected, tolerance, what):
        self.assertLess(abs(found - expected), tolerance * max(1, abs(expected)), f"{what}: {found}, {expected}")

    def test_the_weights_may_be_embedded(self):
        folder = ZOO / "keras2_mlp"
        expected = read_npz(io.BytesIO((folder / "expected.npz").read_bytes()))
        self.assert_works(run(tools.KCC, folder / "model.json", "-o", self.folder / "trainer",
                              "--weights", folder / "weights.h5"))
        outputs = part(expected, "predict/")
        arguments = self.write_inputs(part(expected, "x/"))
        self.compare(self.predictions(arguments, list(outputs)), outputs, "embedded")

    def test_weights_of_another_model_are_refused(self):
        for compiled, weights in (("keras2_mlp", "keras1_mlp"), ("keras2_mlp", "keras2_unet")):
            done = run(tools.KCC, ZOO / compiled / "model.json", "-o", self.folder / "trainer",
                       "--weights", ZOO / weights / "weights.h5")
            if weights == "keras1_mlp":  # the same layers under other names: they go by position
                self.assert_works(done)
                continue
            self.assert_refused(done, r"weights\.h5: error: holds weights of \d+ layers, the model has 3")


def add_test(folder):
    setattr(OldFiles, f"test_{folder.name}", lambda self: self.check(folder))


for folder in sorted(ZOO.glob("keras*")) if ZOO.is_dir() else []:
    add_test(folder)
