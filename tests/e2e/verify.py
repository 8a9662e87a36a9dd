"""Programs that hold inputs and expected outputs: kcc --verify-data, and the trainer's verify."""
import io
import json
import math
import re
import struct
import zipfile

import tools
from tools import Case, compile_to, mlp, npy, numbers, run, sequential

INPUT = ("InputLayer", {"batch_shape": [None, 4], "name": "x"})
# Nothing to learn: what comes out can be worked out by hand.
SOFTMAX = sequential(INPUT, ("Softmax", {"name": "p"}))


def npz(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name + ".npy", content)
    return file.getvalue()


def softmax(values):
    rows = [[math.exp(v) for v in row] for row in zip(*[iter(values)] * 4)]
    return [v / sum(row) for row in rows for v in row]


def two_outputs():
    """Of one input of words: their mean vector, and the largest class of it."""
    layers = [("InputLayer", "words", {"batch_shape": [None, 5], "dtype": "int32"}, []),
              ("Embedding", "table", {"input_dim": 20, "output_dim": 6}, ["words"]),
              ("GlobalAveragePooling1D", "mean", {}, ["table"]),
              ("Dense", "score", {"units": 1}, ["mean"]),
              ("Dense", "class", {"units": 3, "activation": "softmax"}, ["mean"])]
    node = lambda sources: [[[name, 0, 0, {}] for name in sources]] if sources else []
    return {"class_name": "Functional", "keras_version": "2.15.0", "config": {
        "name": "two", "layers": [{"class_name": kind, "name": name, "config": {"name": name, **config},
                                   "inbound_nodes": node(sources)} for kind, name, config, sources in layers],
        "input_layers": [["words", 0, 0]], "output_layers": [["score", 0, 0], ["class", 0, 0]]}}


class ByHand(Case):
    """Expected values that do not come from kcc."""

    def setUp(self):
        super().setUp()
        self.values = numbers(40)
        self.expected = softmax(self.values)
        self.model = self.write("model.json", SOFTMAX)

    def compile(self, *options, out="t", **members):
        self.write("v.npz", npz(**{"x": npy((10, 4), self.values), "p": npy((10, 4), self.expected), **members}))
        return run(tools.KCC, self.model, "-o", self.folder / out, "--verify-data", self.folder / "v.npz", *options)

    def verify(self, *arguments):
        return run(self.folder / "t", "verify", *arguments, cwd=self.folder)

    def test_right_values_are_good(self):
        self.assert_works(self.compile())
        done = self.verify()
        self.assert_works(done)
        self.assertRegex(done.stdout, r"^p: 10 rows, largest difference \d\.\de-0[6-9] \(allowed \d\.\de-05\): good\n$")
        self.assertEqual(done.stdout, self.verify("--threads", "1").stdout)

    def test_a_wrong_value_is_found(self):
        self.expected[4 * 7 + 2] += 0.01
        self.assert_works(self.compile())
        done = self.verify()
        self.assert_refused(done, r"output 'p' is not what was expected")
        self.assertRegex(done.stdout, r"^p: 10 rows, largest difference 1.0e-02 at \[7, 2\] \(allowed .*\), \S+ instead of \S+: bad\n$")
        found = json.loads(self.verify("--json").stdout)
        self.assertFalse(found["good"])
        self.assertEqual(found["rows"], 10)
        self.assertEqual(found["outputs"]["p"]["at"], [7, 2])
        self.assertAlmostEqual(found["outputs"]["p"]["largest_difference"], 0.01, places=6)
        self.assertAlmostEqual(found["outputs"]["p"]["expected"], self.expected[30], places=6)

    def test_differences_of_rounding_are_allowed_and_no_more(self):
        largest = max(self.expected)
        for factor, status in ((0.5, 0), (2, 1)):
            expected = list(self.expected)
            expected[3] += factor * (1e-4 * largest + 1e-6)
            self.assert_works(self.compile(p=npy((10, 4), expected)))
            self.assertEqual(self.verify().returncode, status)

    def test_what_is_no_number_must_be_none(self):
        self.expected[5] = math.nan
        self.assert_works(self.compile())
        self.assertIn("largest difference inf at [1, 1]", self.verify().stdout)
        self.values[4] = math.nan  # the whole row is
        self.expected[4:8] = [math.nan] * 4
        self.assert_works(self.compile())
        self.assert_works(self.verify())

    def test_other_number_types_are_read(self):
        self.assert_works(self.compile(x=npy((10, 4), self.values, "<f8"), p=npy((10, 4), self.expected, ">f8")))
        self.assert_works(self.verify())
        whole = [round(3 * v) for v in self.values]
        self.assert_works(self.compile(x=npy((10, 4), whole, "<i2"), p=npy((10, 4), softmax(whole))))
        self.assert_works(self.verify())

    def test_a_program_without_data_says_so(self):
        self.assert_works(run(tools.KCC, self.model, "-o", self.folder / "t"))
        self.assert_refused(self.verify(), r"nothing to verify with was stored: .*kcc --verify-data FILE.npz")

    def test_readable_source_takes_none(self):
        self.assert_refused(self.compile("--emit=c++", out="source"), r"--verify-data does not go with --emit=c\+\+")
        self.assertFalse((self.folder / "source").exists())

    def test_same_input_same_bytes(self):
        self.assert_works(self.compile())
        first = (self.folder / "t").read_bytes()
        self.assert_works(self.compile())
        self.assertEqual(first, (self.folder / "t").read_bytes())


class Refused(Case):
    def refuse(self, content, *patterns):
        model = self.write("model.json", SOFTMAX)
        self.write("v.npz", content)
        done = run(tools.KCC, model, "-o", self.folder / "t", "--verify-data", self.folder / "v.npz")
        self.assert_refused(done, r"v\.npz: error: ", *patterns)
        self.assertEqual(done.stderr.count("v.npz"), 1, done.stderr)
        self.assertFalse((self.folder / "t").exists())

    def test_files_that_do_not_fit(self):
        x, p = npy((2, 4), numbers(8)), npy((2, 4), numbers(8))
        good = npz(x=x, p=p)
        rows = [
            (npz(x=x), "there is no member 'p': expected input 'x' and output 'p'"),
            (npz(p=p), "there is no member 'x'"),
            (npz(x=x, p=p, q=p), "member 'q' is neither an input nor an output of the model, which has input 'x' and"),
            (npz(x=x, P=p), "member 'P' is neither.*did you mean 'p'"),
            (npz(x=npy((2, 5), numbers(10)), p=p), r"member 'x' has shape \(2, 5\), but input 'x' takes \(n, 4\)"),
            (npz(x=x, p=npy((2, 4, 1), numbers(8))), r"member 'p' has shape \(2, 4, 1\), but output 'p' gives \(n, 4\)"),
            (npz(x=x, p=npy((), [1])), r"member 'p' has shape \(\), but output 'p' gives \(n, 4\)"),
            (npz(x=x, p=npy((3, 4), numbers(12))), "member 'p' has 3 rows, but 'x' has 2"),
            (npz(x=npy((0, 4), []), p=npy((0, 4), [])), "member 'x' has no rows"),
            (npz(x=x, p=npy((2, 4), [1] * 8, "<i4")), "member 'p' is int32, but output 'p' gives float32"),
            (npz(x=b"no array", p=p), "x: "),
            (npz(x=npy((2, 4), numbers(7)), p=p), "x: "),
            (good[:len(good) // 2], "."),
            (b"", "zip"),
            (b"no zip at all", "zip"),
        ]
        for content, pattern in rows:
            with self.subTest(pattern):
                self.refuse(content, pattern)

    def test_damage_is_found(self):
        good = bytearray(npz(x=npy((20, 4), numbers(80)), p=npy((20, 4), numbers(80, 2))))
        good[200] ^= 0x55  # in the compressed bytes of x
        self.refuse(bytes(good), "x")

    def test_a_data_set_is_too_much(self):
        rows = (64 << 20) // 16
        self.refuse(npz(x=npy((rows, 4), [], "|V0") + bytes(rows * 16), p=npy((1, 4), [0] * 4)),
                    "at most .* can be stored in a program; a few rows are enough")

    def test_a_file_that_is_not_there(self):
        model = self.write("model.json", SOFTMAX)
        done = run(tools.KCC, model, "-o", self.folder / "t", "--verify-data", self.folder / "none.npz")
        self.assert_refused(done, r"none\.npz: error: .*No such file")


class Weights(Case):
    """Several outputs, integer inputs, and weights: expected values are what predict wrote."""

    def setUp(self):
        super().setUp()
        self.words = [n * 7 % 20 for n in range(45)]
        self.write("words.npy", npy((9, 5), self.words, "<i8"))
        self.write("y.npy", npy((9, 1), numbers(9)))
        self.write("c.npy", npy((9,), [n % 3 for n in range(9)], "<i4"))
        self.options = ["--loss", "score=mse", "--loss", "class=sparse_categorical_crossentropy", "--optimizer", "adam"]
        trainer = compile_to(self.folder, two_outputs(), *self.options)
        for seed in (1, 2):
            self.assert_works(run(trainer, "fit", "-x", "words.npy", "-y", "score=y.npy", "-y", "class=c.npy",
                                  "--seed", seed, "--save", f"w{seed}.weights.h5", cwd=self.folder))
        self.assert_works(run(trainer, "predict", "-x", "words.npy", "--weights", "w1.weights.h5", "-o", "p.npz",
                              cwd=self.folder))
        with zipfile.ZipFile(self.folder / "p.npz") as outputs:
            self.expected = {name[:-4]: outputs.read(name) for name in outputs.namelist()}

    def compile(self, *options, **members):
        content = {"words": npy((9, 5), self.words, "<i8"), **self.expected, **members}
        self.write("v.npz", npz(**content))
        (self.folder / "model.json").write_text(json.dumps(two_outputs()))
        return run(tools.KCC, self.folder / "model.json", "-o", self.folder / "v", "--verify-data",
                   self.folder / "v.npz", *self.options, *options)

    def verify(self, *arguments):
        return run(self.folder / "v", "verify", *arguments, cwd=self.folder)

    def test_of_the_program_or_of_a_file(self):
        self.assert_works(self.compile("--weights", self.folder / "w1.weights.h5"))
        done = self.verify()
        self.assert_works(done)
        self.assertEqual(re.findall(r"^(\w+): 9 rows, .*: good$", done.stdout, re.MULTILINE), ["score", "class"])
        done = self.verify("--weights", "w2.weights.h5")
        self.assert_refused(done, "output 'score', 'class' is not what was expected")
        self.assertEqual(done.stdout.count(": bad\n"), 2)

    def test_are_needed(self):
        self.assert_works(self.compile("--inference"))
        self.assert_refused(self.verify(), "no weights: none were embedded at compile time, pass --weights FILE")
        self.assert_works(self.verify("--weights", "w1.weights.h5"))

    def test_one_wrong_output_is_named(self):
        wrong = {"class": npy((9, 3), [1 / 3] * 27)}
        self.assert_works(self.compile("--weights", self.folder / "w1.weights.h5", **wrong))
        done = self.verify()
        self.assert_refused(done, "output 'class' is not what was expected")
        self.assertRegex(done.stdout, r"score: .*: good\nclass: .*: bad\n")

    def test_integers_must_be_indices(self):
        for words, message in (([20] * 45, r"indices|integers from 0 to 19"), ([-1] * 45, "integers from 0 to 19")):
            self.assert_refused(self.compile(words=npy((9, 5), words, "<i4")), message, "input 'words'")
        self.assert_refused(self.compile(words=npy((9, 5), [0.5] * 45)), "input 'words'")


class Stateful(Case):
    def test_rows_are_whole_batches(self):
        model = self.write("model.json", sequential(
            ("InputLayer", {"batch_shape": [4, 3, 2], "name": "x"}), ("LSTM", {"units": 2, "stateful": True, "name": "h"})))
        for rows, pattern in ((6, "has 6 rows, but the model is stateful and runs batches of 4 alone"), (8, "")):
            data = self.write("v.npz", npz(x=npy((rows, 3, 2), numbers(rows * 6)), h=npy((rows, 2), [0] * (rows * 2))))
            done = run(tools.KCC, model, "-o", self.folder / "t", "--verify-data", data)
            if pattern:
                self.assert_refused(done, pattern)
            else:
                self.assert_works(done)


class Usage(Case):
    def test_help_lists_the_options(self):
        trainer = compile_to(self.folder, mlp())
        text = run(trainer, "verify", "--help").stdout
        for option in ("--weights", "--threads", "--json"):
            self.assertIn(option, text)
        self.assert_refused(run(trainer, "verify", "-x", "x.npy"), "verify does not take -x", status=2)
