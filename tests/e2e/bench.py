"""kcc bench: every kernel is timed, the numbers agree with each other, reports can be compared."""
import json
import re

import tools
from tools import Case, ROOT, convnet, mlp, run, sequential

DIGITS = ROOT / "examples" / "digits" / "model.json"


def lstm():
    return sequential(("InputLayer", {"batch_shape": [None, 6, 5], "name": "x"}),
                      ("LSTM", {"units": 8, "return_sequences": True}), ("LSTM", {"units": 8}),
                      ("Dense", {"units": 3}), loss="mse", optimizer="sgd")


class Bench(Case):
    def bench(self, model, *options):
        self.done = run(tools.KCC, "bench", model, "--json", self.folder / "report.json", "--seconds", 0.1, *options)
        self.assert_works(self.done)
        for line in self.done.stdout.splitlines():
            self.assertLessEqual(len(line), 120, line)
        return json.loads((self.folder / "report.json").read_text())

    def planned(self, model):
        """The kernels of each entry."""
        done = run(tools.KCC, model, "--emit=plan", "--single-process")
        self.assert_works(done)
        parts = re.split(r"^entry (\w+):.*$", done.stdout, flags=re.M)
        return {name: re.findall(r"^ +(\w+)  # ", text, flags=re.M) for name, text in zip(parts[1::2], parts[2::2])}

    def check(self, model, report):
        steps = {step["name"]: step for step in report["steps"]}
        plan = self.planned(model)
        for entry in [name for name in ("train", "evaluate", "predict") if name in plan]:
            with self.subTest(entry):
                rows = [row for row in report["rows"] if row["entry"] == entry]
                self.assertEqual([row["kernel"] for row in rows], plan[entry])
                together = sum(row["best"] for row in rows)
                self.assertGreater(together, 0.1 * steps[entry]["best"])
                self.assertLess(together, 3 * steps["timed_" + entry]["median"])
                for row in rows:
                    self.assertGreater(row["best"], 0, row)
                    self.assertLessEqual(row["best"], row["median"], row)
                    self.assertTrue(0 <= row["share"] <= 1.5, row)
                    self.assertGreater(row["bytes"], 0, row)
                self.assertGreater(max(row["share"] for row in rows), 0.01)
        for step in steps.values():
            self.assertLessEqual(step["best"], step["median"], step)
        return steps

    def test_of_a_convolutional_model(self):
        report = self.bench(DIGITS)
        steps = self.check(DIGITS, report)
        self.assertEqual(set(steps), {"train", "evaluate", "predict", "predict_one", "timed_train", "timed_evaluate",
                                      "timed_predict"})
        self.assertEqual((steps["predict_one"]["batch_size"], steps["train"]["batch_size"]), (1, 32))
        products = {row["family"]: row for row in report["rows"] if row["entry"] == "train" and row["flops"] > 1e7}
        self.assertLessEqual({"conv", "conv_input_grad", "conv_weight_grad"}, set(products))
        phases = {row["family"]: row["phase"] for row in products.values()}
        self.assertEqual((phases["conv"], phases["conv_input_grad"], phases["conv_weight_grad"]),
                         ("forward", "backward", "update"))
        # 32 x 3 x 3 taps of 32 channels, 8 x 8 places, 32 images: the rest is what follows the product
        second = next(row for row in report["rows"] if row["call"].startswith("conv2d_1 (Conv2D): conv, "))
        self.assertAlmostEqual(second["flops"] / (2 * 32 * 9 * 32 * 64 * 32), 1, delta=0.02)
        for word in ("forward", "backward", "update", "all calls of that step", "predict one sample", "GFLOP/s of"):
            self.assertIn(word, self.done.stdout)

    def test_of_a_recurrent_model(self):
        model = self.write("model.json", lstm())
        report = self.bench(model, "--batch-size", 16, "--threads", 1)
        self.check(model, report)
        self.assertEqual((report["batch_size"], report["machine"]["threads"]), (16, 1))
        self.assertEqual({row["turns"] for row in report["rows"]}, {1, 6})

    def test_without_a_loss_times_predictions(self):
        model = self.write("model.json", sequential(("Dense", {"units": 10, "input_dim": 20})))
        report = self.bench(model)
        self.assertEqual({row["entry"] for row in report["rows"]}, {"predict"})
        self.assertIn("predicting on a batch of 32", self.done.stdout)

    def test_of_a_stateful_model_keeps_its_batch(self):
        model = self.write("model.json", sequential(
            ("InputLayer", {"batch_shape": [4, 6, 5]}), ("LSTM", {"units": 8, "stateful": True}),
            loss="mse", optimizer="sgd"))
        report = self.bench(model)
        self.assertEqual(report["batch_size"], 4)
        self.assertNotIn("predict_one", {step["name"] for step in report["steps"]})

    def test_leaves_nothing_behind(self):
        model = self.write("model.json", mlp())
        before = sorted(self.folder.iterdir())
        self.assert_works(run(tools.KCC, "bench", model, "--seconds", 0.01, cwd=self.folder))
        self.assertEqual(before, sorted(self.folder.iterdir()))


class Compare(Case):
    def bench(self, name, model, *options):
        self.assert_works(run(tools.KCC, "bench", self.write("model.json", model), "--json", self.folder / name,
                              "--seconds", 0.05, *options))

    def compare(self, *files):
        return run(tools.KCC, "bench", "--compare", *files, cwd=self.folder)

    def test_gives_ratios_and_refuses_what_cannot_be_compared(self):
        self.bench("a.json", mlp())
        self.bench("b.json", mlp(), "-O0")
        self.bench("batch.json", mlp(), "--batch-size", 8)
        other = convnet()
        other["config"]["name"] = "another"
        self.bench("other.json", other)
        done = self.compare("a.json", "b.json")
        self.assert_works(done)
        self.assertRegex(done.stdout, r"note: -O: 2 and 0")
        self.assertRegex(done.stdout, r"geometric mean of \d+ calls: B is \d+\.\d+ times as fast as A")
        self.assertRegex(done.stdout, r"train +batch of 32 +[\d.]+ +[\d.]+ +[\d.]+")
        same = self.compare("a.json", "a.json").stdout
        self.assertIn("B is 1.00 times as fast as A", same)
        self.assert_refused(self.compare("a.json", "batch.json"), "batch.json: error: has batches of 8")
        self.assert_refused(self.compare("a.json", "other.json"), "other.json: error: is of the model 'another'")
        self.assert_refused(self.compare("a.json", "model.json"), "model.json: error: is not a report")
        self.assert_refused(self.compare("a.json", "none.json"), "none.json: error: cannot be read")


class Tune(Case):
    """What is found depends on the machine and its neighbours; that it is found again, and right, does not."""

    def test_searches_and_keeps_what_it_found_in_the_cache(self):
        model = self.write("model.json", sequential(("Dense", {"units": 96, "input_dim": 200}), ("Dense", {"units": 64}),
                                                    loss="mse", optimizer="sgd"))
        cache = ["--cache", self.folder / "cache"]
        plain = self.compile(model, "--no-cache")
        done = run(tools.KCC, "bench", model, "--tune", 8, "--seconds", 0.05, *cache)
        self.assert_works(done)
        self.assertRegex(done.stderr, r"kcc: tuning: \d+ programs, \d+ kernels faster")
        winners = re.findall(r"kcc: tuning: (\w+) takes \d+ % of its time with (.+)", done.stderr)
        tuned = self.compile(model, *cache)
        self.assertEqual(tuned != plain, bool(winners), done.stderr)
        self.assertEqual(self.compile(model, *cache), tuned)
        self.assertEqual(self.compile(model, "--no-cache"), plain)
        self.assertEqual(self.compile(model, "-O1", *cache), self.compile(model, "-O1", "--no-cache"))
        for path in (self.folder / "cache").rglob("*.kernel"):
            path.write_bytes(path.read_bytes()[:-1])
        self.assertEqual(self.compile(model, *cache), plain)

    def compile(self, model, *options):
        self.assert_works(run(tools.KCC, model, "-o", self.folder / "program", *options))
        return (self.folder / "program").read_bytes()


class Usage(Case):
    def test_that_is_wrong(self):
        model = self.write("model.json", mlp())
        for arguments, pattern in [
                ([], "no model file"),
                ([model, "--seconds", "0"], "--seconds"),
                ([model, "--threads", "0"], "--threads"),
                ([model, "-o", "out"], "-o"),
                ([model, "--second", "1"], "did you mean '--seconds'"),
                (["--compare", "a.json"], "--compare"),
                ([model, "--tune", "5", "--no-cache"], "--tune keeps what it finds in the cache"),
                ([model, "--tune", "5", "-O1"], "--tune keeps what it finds"),
                ([model, "--tune", "0"], "--tune"),
                ([model, "--compare", "a.json", "b.json"], "--compare takes two reports and no model")]:
            with self.subTest(arguments):
                self.assert_refused(run(tools.KCC, "bench", *arguments, cwd=self.folder), pattern, status=2)

    def test_of_a_folder_that_is_not_there_is_known_before_measuring(self):
        model = self.write("model.json", mlp())
        done = run(tools.KCC, "bench", model, "--json", "no/such/report.json", cwd=self.folder)
        self.assert_refused(done, "no/such/report.json: error: cannot be written: there is no folder 'no/such'")
