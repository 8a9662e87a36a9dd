"""Data and files that a trainer must refuse: one message that names both sides, exit status 1, nothing written."""
import tools
from tools import TrainerCase, npy, numbers


def x_of(shape, **options):
    count = 1
    for extent in shape:
        count *= extent
    return npy(shape, numbers(count), **options)


GOOD_X = x_of((24, 4))

# name: (x.npy, patterns)
BAD_X = {
    "too few features": (x_of((24, 3)), ["3", "4"]),
    "too many dimensions": (x_of((24, 4, 2)), ["4, 2", r"\b4\b"]),
    "too few dimensions": (x_of((96,)), ["96", "4"]),
    "other count than labels": (x_of((23, 4)), ["23", "24"]),
    "no samples": (x_of((0, 4)), ["0|no samples|empty"]),
    "complex numbers": (npy((24, 4), bytes(24 * 4 * 8), "<c8"), ["c8|complex"]),
    "text": (npy((24, 4), bytes(24 * 4 * 2), "|S2"), ["S2|text|string"]),
    "objects": (npy((24, 4), bytes(24 * 4 * 8), "|O"), ["O|object"]),
    "data cut off": (GOOD_X[:-8], [r"x\.npy"]),
    "header cut off": (GOOD_X[:40], [r"x\.npy"]),
    "magic alone": (GOOD_X[:6], [r"x\.npy"]),
    "empty": (b"", [r"x\.npy"]),
    "not .npy": (b"1,2,3\n", [r"x\.npy"]),
    "header without shape": (GOOD_X.replace(b"'shape'", b"'shap3'"), [r"x\.npy"]),
    "endless shape": (GOOD_X.replace(b"(24, 4)", b"(9e9, 4"), [r"x\.npy"]),
    "shape beyond the file": (GOOD_X.replace(b"(24, 4), ", b"(99999, 4"), [r"x\.npy"]),
    "negative shape": (GOOD_X.replace(b"(24, 4)", b"(-2, 4)"), [r"x\.npy"]),
}

BAD_Y = {
    "class beyond the last": (npy((24,), [3] * 24, "<i4"), ["3"]),
    "negative class": (npy((24,), [-1] * 24, "<i4"), ["-1"]),
    "other count than samples": (npy((20,), [0] * 20, "<i4"), ["20", "24"]),
    "fractions": (npy((24,), [0.5] * 24), ["0.5|f4|float|integer"]),
    "too wide": (npy((24, 2), [0] * 48, "<i4"), ["2"]),
}

# x that is unusual but right
GOOD = {
    "doubles": npy((24, 4), numbers(96), "<f8"),
    "big-endian": npy((24, 4), numbers(96), ">f4"),
    "a last dimension of one": x_of((24, 4, 1)),  # Keras takes it too
    "bytes": npy((24, 4), [i % 200 for i in range(96)], "|u1"),
    "long integers": npy((24, 4), list(range(96)), "<i8"),
}


class BadData(TrainerCase):
    def assert_refused_cleanly(self, done, *patterns, status=1, also=()):
        self.assert_refused(done, *patterns, status=status)
        self.assertEqual({path.name for path in self.folder.iterdir()}, {"x.npy", "y.npy", *also})

    def test_inputs(self):
        for name, (content, patterns) in BAD_X.items():
            with self.subTest(name):
                self.write("x.npy", content)
                self.assert_refused_cleanly(self.fit("--save", "out.weights.h5"), *patterns)

    def test_labels(self):
        for name, (content, patterns) in BAD_Y.items():
            with self.subTest(name):
                self.write("y.npy", content)
                self.assert_refused_cleanly(self.fit("--save", "out.weights.h5"), *patterns)

    def test_unusual_inputs_are_taken(self):
        for name, content in GOOD.items():
            with self.subTest(name):
                self.write("x.npy", content)
                self.assert_works(self.fit("--no-save"))

    def test_files_that_are_not_there(self):
        self.assert_refused_cleanly(self.run_trainer("fit", "-x", "none.npy", "-y", "y.npy"), r"none\.npy")
        self.assert_refused_cleanly(self.fit("--weights", "none.weights.h5"), r"none\.weights\.h5")
        self.assert_refused_cleanly(self.run_trainer("fit", "-x", "y.npz:x", "-y", "y.npy"), r"y\.npz")

    def test_names_that_the_model_has_not(self):
        self.assert_refused_cleanly(self.run_trainer("fit", "-x", "other=x.npy", "-y", "y.npy"), "other")
        self.assert_refused_cleanly(self.run_trainer("fit", "-x", "x.npy", "-y", "other=y.npy"), "other")

    def test_outputs_that_cannot_be_written(self):
        self.assert_works(self.fit("--save", "good.weights.h5", "--verbose", "0"))
        for arguments in (["fit", "-x", "x.npy", "-y", "y.npy", "--save", "no/out.weights.h5"],
                          ["fit", "-x", "x.npy", "-y", "y.npy", "--no-save", "--history", "no/history.json"],
                          ["predict", "-x", "x.npy", "--weights", "good.weights.h5", "-o", "no/out.npy"]):
            with self.subTest(arguments):
                done = self.run_trainer(*arguments)
                self.assert_refused_cleanly(done, "no/", also=["good.weights.h5"])

    def test_weights_of_another_kind(self):
        self.assert_works(self.fit("--save", "good.weights.h5", "--verbose", "0"))
        good = (self.folder / "good.weights.h5").read_bytes()
        for name, content in {"cut off": good[:len(good) // 2], "empty": b"", "text": b"no weights\n" * 50,
                              "header alone": good[:96]}.items():
            with self.subTest(name):
                self.write("bad.weights.h5", content)
                done = self.run_trainer("predict", "-x", "x.npy", "--weights", "bad.weights.h5", "-o", "out.npy")
                self.assert_refused_cleanly(done, r"bad\.weights\.h5", also=["good.weights.h5", "bad.weights.h5"])

    def test_weights_of_another_model(self):
        other = self.folder / "other"
        other.mkdir()
        program = tools.compile_to(other, tools.mlp(inputs=5))
        tools.write_data(other, shape=(5,))
        self.assert_works(tools.run(program, "fit", "-x", "x.npy", "-y", "y.npy", "--save", "w.weights.h5", cwd=other))
        done = self.run_trainer("predict", "-x", "x.npy", "--weights", "other/w.weights.h5", "-o", "out.npy")
        self.assert_refused_cleanly(done, "dense", "5", "4", also=["other"])

    def test_predicting_without_weights(self):
        self.assert_refused_cleanly(self.run_trainer("predict", "-x", "x.npy", "-o", "out.npy"), "weights")

    def test_csv_with_a_wrong_row(self):
        self.write("x.csv", "1,2,3,4\n" * 10 + "1,2,3\n" + "1,2,3,4\n" * 13)
        done = self.run_trainer("fit", "-x", "x.csv", "-y", "y.npy")
        self.assert_refused_cleanly(done, r"x\.csv:11", also=["x.csv"])
        self.write("x.csv", "1,2,3,4\n" * 20 + "1,two,3,4\n" * 4)
        done = self.run_trainer("fit", "-x", "x.csv", "-y", "y.npy")
        self.assert_refused_cleanly(done, r"x\.csv:21", "two", also=["x.csv"])

    def test_wrong_usage_exits_with_two(self):
        for arguments in (["--epoch", "3"], ["--epochs", "-1"], ["--epochs", "some"], ["--batch-size", "0"],
                          ["--validation-split", "1.5"], ["--shuffle", "perhaps"], ["--verbose", "7"]):
            with self.subTest(arguments):
                done = self.fit(*arguments)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(arguments[0], done.stderr)

    def test_forgotten_arguments(self):
        for arguments in (["fit", "-x", "x.npy"], ["fit", "-y", "y.npy"], ["predict", "-x", "x.npy"], ["fly"]):
            with self.subTest(arguments):
                done = self.run_trainer(*arguments)
                self.assertIn(done.returncode, (1, 2), done.stderr)
                self.assertNotEqual(done.stderr.strip(), "")
