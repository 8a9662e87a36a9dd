"""Kinds of data files, each through a whole program: what they hold trains, and what is wrong is said."""
import gzip
import shutil
import struct

import tools
from tools import Case, ROOT, TrainerCase, compile_to, npy, numbers, run

PICTURES = ROOT / "tests" / "runtime" / "cases" / "data" / "images"


def convnet(loss, channels=3):
    return tools.sequential(("InputLayer", {"batch_shape": [None, 6, 5, channels], "name": "image"}),
                            ("Rescaling", {"scale": 1 / 255}),
                            ("Conv2D", {"filters": 4, "kernel_size": [3, 3], "activation": "relu"}),
                            ("GlobalAveragePooling2D", {}),
                            ("Dense", {"units": 1 if loss.startswith("binary") else 2,
                                       "activation": "sigmoid" if loss.startswith("binary") else "softmax"}),
                            loss=loss, optimizer="adam", metrics=["accuracy"])


class Pictures(Case):
    @classmethod
    def setUpClass(cls):
        cls.home = tools.Path(tools.tempfile.mkdtemp(prefix="kcc-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.trainers = {}
        for loss in ("sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"):
            folder = cls.home / loss
            folder.mkdir()
            cls.trainers[loss] = compile_to(folder, convnet(loss))

    def setUp(self):
        super().setUp()
        shutil.copytree(PICTURES, self.folder / "pictures")
        self.trainer = self.trainers["sparse_categorical_crossentropy"]

    def fit(self, *arguments, x="pictures"):
        return run(self.trainer, "fit", "-x", x, "--no-save", "--seed", "1", *arguments, cwd=self.folder)

    def test_labels_follow_the_loss(self):
        for loss, self.trainer in self.trainers.items():
            with self.subTest(loss):
                self.assert_works(self.fit("--batch-size", "4", "--validation-x", "pictures"))

    def test_the_order_of_evaluate_is_that_of_the_folders(self):
        """y.npy written by hand gives the scores that the folders' names give."""
        self.write("y.npy", npy((18,), [0] * 5 + [1] * 13, "<i4"))
        self.assert_works(run(self.trainer, "fit", "-x", "pictures", "--save", "w.weights.h5", cwd=self.folder))
        scores = [run(self.trainer, "evaluate", "-x", "pictures", *y, "--weights", "w.weights.h5", "--json",
                      cwd=self.folder) for y in ((), ("-y", "y.npy"))]
        for done in scores:
            self.assert_works(done)
        self.assertEqual(scores[0].stdout, scores[1].stdout)

    def test_a_split_has_pictures_of_every_class(self):
        done = self.fit("--validation-split", "0.5", "--epochs", "2", "--verbose", "2")
        self.assert_works(done)
        self.assertIn("val_loss", done.stdout)
        self.write("w.npy", npy((18,), [1.0] * 18))
        self.assert_refused(self.fit("--validation-split", "0.5", "--sample-weight", "w.npy"), "--validation-x",
                            status=2)

    def test_a_damaged_picture_is_named(self):
        path = self.folder / "pictures" / "jpeg" / "smooth_chroma.jpg"
        path.write_bytes(path.read_bytes()[:300])
        self.assert_refused(self.fit(), r"pictures/jpeg/smooth_chroma\.jpg: a damaged JPEG: cut off")

    def test_what_a_folder_must_hold(self):
        (self.folder / "empty" / "class").mkdir(parents=True)
        self.assert_refused(self.fit(x="empty"), "empty: no pictures found")
        self.assert_refused(self.fit(x="pictures/png"), "no folders in it: expected one for each class")
        (self.folder / "pictures" / "third").mkdir()
        shutil.copy(self.folder / "pictures" / "jpeg" / "grey.jpg", self.folder / "pictures" / "third")
        self.assert_refused(self.fit(), "got 2, expected a whole number from 0 to 1", "has 2 classes")


class OtherFiles(TrainerCase):
    """The data of x.npy and y.npy in other files give the same numbers."""

    def history(self, *arguments):
        done = self.run_trainer("fit", *arguments, "--seed", "1", "--no-save", "--history", "h.json")
        self.assert_works(done)
        return (self.folder / "h.json").read_text()

    def test_idx(self):
        expected = self.history("-x", "x.npy", "-y", "y.npy")
        x = struct.pack(">BBBBII96f", 0, 0, 0x0d, 2, 24, 4, *numbers(96))
        y = struct.pack(">BBBBI24B", 0, 0, 0x08, 1, 24, *[i * 7 % 3 for i in range(24)])
        self.write("x-idx2-float", x)
        self.write("y-idx1-ubyte.gz", gzip.compress(y))
        self.assertEqual(self.history("-x", "x-idx2-float", "-y", "y-idx1-ubyte.gz"), expected)

    def test_half_precision_and_bytes(self):
        x = [i % 200 for i in range(96)]
        self.write("x.npy", npy((24, 4), x))
        expected = self.history("-x", "x.npy", "-y", "y.npy")
        halves = b"".join(struct.pack("<e", value) for value in x)
        for name, content in {"halves": npy((24, 4), halves, "<c2").replace(b"<c2", b"<f2"),
                              "bytes": npy((24, 4), x, "|u1"), "doubles": npy((24, 4), x, "<f8")}.items():
            with self.subTest(name):
                self.write("other.npy", content)
                self.assertEqual(self.history("-x", "other.npy", "-y", "y.npy"), expected)

    def test_hdf5_that_is_not_there(self):
        shutil.copy(ROOT / "tests" / "runtime" / "cases" / "data" / "old.h5", self.folder)
        for dataset, message in {"/none": "has no 'none', it has 'partly', 'types', 'ways'",
                                 "/partly": r"shape \(7, 3, 5\), but input 'dense' takes \(n, 4\)|takes \(n, 4\)"}.items():
            done = self.run_trainer("fit", "-x", "old.h5:" + dataset, "-y", "y.npy")
            self.assert_refused(done, message)

    def test_a_folder_is_for_pictures(self):
        (self.folder / "pictures").mkdir()
        self.assert_refused(self.run_trainer("fit", "-x", "pictures"), "the model takes no pictures")
        self.assertNotIn(b"libpng", self.trainer.read_bytes())
