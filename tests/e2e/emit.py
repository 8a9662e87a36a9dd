"""What each stage shows, exactly: the golden files are tests/cases/emit/MODEL.FORM.txt.

KCC_UPDATE_GOLDEN=1 writes them anew; read the difference before committing it.
"""
import json
import os
import tempfile
import unittest
from pathlib import Path

import tools
from tools import run

CASES = Path(__file__).resolve().parents[1] / "cases" / "emit"
FORMS = ("graph", "train-graph", "plan")  # the others differ between machines


class Emit(unittest.TestCase):
    maxDiff = None

    def kcc(self, *arguments):
        done = run(tools.KCC, *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_stages_are_as_recorded(self):
        for model in sorted(CASES.glob("*.json")):
            for form in FORMS:
                with self.subTest(model=model.name, form=form):
                    text = self.kcc(model, f"--emit={form}")
                    self.assert_as_recorded(text, f"{model.stem}.{form}.txt")

    def assert_as_recorded(self, text, name):
        golden = CASES / name
        if os.environ.get("KCC_UPDATE_GOLDEN"):
            golden.write_text(text)
        self.assertEqual(text, golden.read_text())

    # Without the helpers and the runtime's core, which are the same in every model.
    def test_source_is_as_recorded(self):
        for model in sorted(CASES.glob("*.json")):
            with self.subTest(model=model.name), tempfile.TemporaryDirectory() as folder:
                self.kcc(model, "--emit=c++", "--name", "net", "-o", folder)
                parts = (Path(folder) / "net.cpp").read_text().split("// ==== ")
                own = [part for part in parts if part.startswith(("kernels", "entries"))]
                self.assert_as_recorded("// ==== ".join(["", *own]), f"{model.stem}.c++.txt")

    def test_kernels_show_their_loops_and_instructions(self):
        model = CASES / "convnet.json"
        self.assertIn("for (", self.kcc(model, "--emit=stmt"))
        self.assertIn("define", self.kcc(model, "--emit=llvm"))
        self.assertIn("vfmadd", self.kcc(model, "--emit=asm", "--target=x86-64-v3"))

    def test_every_stage_is_dumped_in_order(self):
        with tempfile.TemporaryDirectory() as folder:
            self.kcc(CASES / "convnet.json", "--dump-dir", folder, "--emit=c++", "-o", Path(folder) / "source")
            self.assertEqual(sorted(file.name for file in Path(folder).iterdir() if file.is_file()),
                             ["01-module.txt", "02-graphs.txt", "03-plan.txt", "04-program.cpp"])

    def test_decisions_are_explained(self):
        model = CASES / "convnet.json"
        self.assertIn("ended:", self.kcc(model, "--explain=fusion", "--emit=plan"))
        self.assertIn("alive at once", self.kcc(model, "--explain=memory", "--emit=plan"))

    def test_convolutions_are_direct_on_demand(self):
        model = tools.sequential(("InputLayer", {"batch_shape": [None, 24, 24, 32], "name": "x"}),
                                 ("Conv2D", {"filters": 32, "kernel_size": [3, 3]}))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            path.write_text(json.dumps(model))
            cache = ("--cache", Path(folder) / "cache", "--explain=schedule", "-o", Path(folder) / "program")
            self.assertIn("F(4)", self.kcc(path, *cache))
            self.assertNotIn("F(4)", self.kcc(path, *cache, "--no-winograd"))
