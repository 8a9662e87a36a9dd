"""What a trainer saves appears whole or not at all, and the old file stays until then."""
import json
import os
import resource
import signal
import unittest
import zipfile

import tools
from tools import TrainerCase, run

NAMES = ("m.weights.h5", "m.keras", "m.h5")


class SavedFiles(TrainerCase):
    def save(self, name, **options):
        return run(self.trainer, "fit", "-x", "x.npy", "-y", "y.npy", "--epochs", 1, "--seed", 1, "--verbose", 0,
                   "--save", name, cwd=self.folder, **options)

    def test_a_full_disk_leaves_the_old_file(self):
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        for name in NAMES:
            with self.subTest(name):
                self.write(name, b"old")
                before = sorted(os.listdir(self.folder))
                done = self.save(name, preexec_fn=small_files)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, rf"error: .*{name}: cannot write: File too large")
                self.assertEqual((self.folder / name).read_bytes(), b"old")
                self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_what_cannot_be_written_is_said_before_training(self):
        (self.folder / "folder.keras").mkdir()
        rows = {"folder.keras": "it is a folder", "no/m.h5": "No such file or directory",
                "n" * 260 + ".keras": "File name too long", "m.txt": "expected a name that ends in"}
        if os.geteuid() != 0:  # root may write anywhere
            (self.folder / "locked").mkdir(mode=0o500)
            rows["locked/m.keras"] = "Permission denied"
        for name, reason in rows.items():
            with self.subTest(name[:20]):
                done = run(self.trainer, "fit", "-x", "no.npy", "-y", "no.npy", "--save", name, cwd=self.folder)
                self.assertEqual(done.returncode, 1)
                self.assertIn(name, done.stderr)
                self.assertIn(reason, done.stderr)

    def test_the_same_run_gives_the_same_bytes(self):
        for name in NAMES:
            self.assert_works(self.save(name))
            first = (self.folder / name).read_bytes()
            self.assert_works(self.save(name))
            self.assertEqual((self.folder / name).read_bytes(), first, name)

    def test_options_are_in_the_file(self):
        model = self.write("m.json", json.dumps(tools.mlp()).encode())
        program = self.folder / "other"
        self.assert_works(run(tools.KCC, model, "-o", program, "--optimizer", "SGD(0.5, momentum=0.25)", "--metric", "acc"))
        self.assert_works(run(program, "fit", "-x", "x.npy", "-y", "y.npy", "--verbose", 0, "--save", "o.keras",
                              cwd=self.folder))
        with zipfile.ZipFile(self.folder / "o.keras") as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual({info.compress_type for info in archive.infolist()}, {zipfile.ZIP_STORED})
            config = json.loads(archive.read("config.json"))
        optimizer = config["compile_config"]["optimizer"]
        self.assertEqual((optimizer["class_name"], optimizer["config"]), ("SGD", {"learning_rate": 0.5, "momentum": 0.25}))
        self.assertEqual(config["compile_config"]["metrics"], ["acc"])
        self.assertEqual([layer["class_name"] for layer in config["config"]["layers"]],
                         ["InputLayer", "Dense", "Dropout", "Dense"])
        # And compiled from there, without options.
        self.assert_works(run(tools.KCC, self.folder / "o.keras", "-o", program))
        self.assert_works(run(program, "evaluate", "-x", "x.npy", "-y", "y.npy", cwd=self.folder))

    def test_what_keras_3_cannot_say_is_refused(self):
        model = tools.sequential(("LSTM", {"units": 2, "batch_input_shape": [None, 4, 1], "name": "old"}),
                                 loss="mse", optimizer="sgd")
        model["keras_version"] = "2.2.4"
        path = self.write("old.json", json.dumps(model).encode())
        program = self.folder / "other"
        self.assert_works(run(tools.KCC, path, "-o", program))
        done = run(program, "fit", "-x", "x.npy", "-y", "y.npy", "--save", "m.keras", cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("layer 'old' has 'hard_sigmoid' as Keras 1 and 2 meant it", done.stderr)
        self.assertIn(".weights.h5", done.stderr)

    def test_generated_source_has_its_weights_beside_it(self):
        self.assert_works(self.save("m.keras"))
        self.assert_works(run(tools.KCC, self.folder / "m.keras", "--emit=c++", "--name", "net", "-o", self.folder / "net"))
        self.assertIn('#include "net_weights.inc"', (self.folder / "net" / "net.cpp").read_text())
        numbers = (self.folder / "net" / "net_weights.inc").read_text().split()
        self.assertGreaterEqual(len(numbers), 4 * 8 + 8 + 8 * 3 + 3)


if __name__ == "__main__":
    unittest.main()
