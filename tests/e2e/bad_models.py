"""Models that kcc must refuse: one message that says where and what, exit status 1, no output."""
import json

from tools import Case, mlp, run, sequential
import tools

DENSE = ("Dense", {"units": 3, "input_dim": 4})


def functional(layers, outputs):
    """layers: (class, name, config, names of inbound layers)."""
    def node(sources):
        return [] if not sources else [[[source, 0, 0, {}] for source in sources]]
    return {"class_name": "Functional", "config": {
        "layers": [{"class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": node(sources)}
                   for kind, name, config, sources in layers],
        "input_layers": [[name, 0, 0] for kind, name, *_ in layers if kind == "InputLayer"],
        "output_layers": [[name, 0, 0] for name in outputs]}}


def two_dense(merge, left, right, **config):
    return functional([
        ("InputLayer", "x", {"batch_shape": [None, 4]}, []),
        ("Dense", "left", {"units": left}, ["x"]), ("Dense", "right", {"units": right}, ["x"]),
        (merge, "merge", config, ["left", "right"])], ["merge"])


def image(*layers):
    return sequential(("InputLayer", {"batch_shape": [None, 8, 8, 3]}), *layers)


def conv(**config):
    return ("Conv2D", {"filters": 2, "kernel_size": [3, 3], **config})


# name: (model, patterns of the message)
TABLE = {
    "empty file": ("", [r"model\.json"]),
    "not JSON": (b"\x00\x01\x02 no model", [r"model\.json: error: .*JSON"]),
    "JSON cut off": ('{"class_name": "Sequential",\n "config": {"layers": [', [r"model\.json:2:\d+: error"]),
    "comma too many": ('{"class_name": "Sequential",\n}', [r"model\.json:2:1: error"]),
    "text after the end": (json.dumps(mlp()) + "\n}", [r"model\.json:2:1: error"]),
    "nested too deep": ('{"a":' * 200000, [r"model\.json:1:\d+: error"]),
    "a list": ("[1, 2]", [r"model\.json"]),
    "no class": ('{"config": {}}', [r"class_name"]),
    "unknown kind of model": ({"class_name": "Sequentiel", "config": {"layers": []}}, ["Sequentiel", "Sequential"]),
    "no layers": (sequential(), [r"layer"]),
    "unknown layer": (sequential(("Dens", {"units": 3, "input_dim": 4})), ["'Dens'", "did you mean 'Dense'"]),
    "lambda": (sequential(DENSE, ("Lambda", {"function": "x"})), ["lambda", "--define FILE"]),
    "unknown option": (sequential(("Dense", {"units": 3, "unit": 3, "input_dim": 4})), ["'unit'", "'units'"]),
    "missing option": (sequential(("Dense", {"input_dim": 4})), ["units"]),
    "option of wrong type": (sequential(("Dense", {"units": "ten", "input_dim": 4})), ["units", "ten"]),
    "fraction": (sequential(("Dense", {"units": 2.5, "input_dim": 4})), ["units", r"2\.5"]),
    "zero units": (sequential(("Dense", {"units": 0, "input_dim": 4})), ["units", "0"]),
    "negative units": (sequential(("Dense", {"units": -3, "input_dim": 4})), ["units", "-3"]),
    "units beyond memory": (sequential(("Dense", {"units": 10 ** 18, "input_dim": 10 ** 6})), ["units|large|big|elements"]),
    "units beyond integers": (sequential(("Dense", {"units": 10 ** 30, "input_dim": 4})), ["units"]),
    "unknown activation": (sequential(("Dense", {"units": 3, "activation": "rellu", "input_dim": 4})), ["rellu", "'relu'"]),
    "unknown initializer": (sequential(("Dense", {"units": 3, "kernel_initializer": "he_norml", "input_dim": 4})),
                            ["he_norml", "he_normal"]),
    "unknown padding": (image(conv(padding="sme")), ["padding", "sme"]),
    "rate beyond one": (sequential(DENSE, ("Dropout", {"rate": 1.5})), ["rate", r"1\.5"]),
    "no input shape": (sequential(("Dense", {"units": 3})), ["input|shape"]),
    "convolution of rows": (sequential(DENSE, conv()), [r"conv2d", r"3"]),
    "kernel over its image": (image(conv(kernel_size=[9, 9])), ["conv2d", "9", "8"]),
    "pool over its image": (image(("MaxPooling2D", {"pool_size": [9, 9]})), ["max_pooling2d", "9", "8"]),
    "groups that do not divide": (image(conv(filters=4, groups=2)), ["groups", "3"]),
    "strides and dilation": (image(conv(strides=[2, 2], dilation_rate=[2, 2])), ["strides", "dilation"]),
    "reshape to another size": (sequential(DENSE, ("Reshape", {"target_shape": [2, 2]})), ["reshape", r"3", r"2, 2|4"]),
    "adding what does not fit": (two_dense("Add", 3, 5), ["merge", "3", "5"]),
    "concatenating what does not fit": (two_dense("Concatenate", 3, 5, axis=0), ["merge|axis"]),
    "axis that is not there": (image(("BatchNormalization", {"axis": 7})), ["axis", "7"]),
    "unknown loss": (dict(mlp(), compile_config={"loss": "mean_squared_eror", "optimizer": "sgd"}),
                     ["mean_squared_eror", "mean_squared_error"]),
    "unknown optimizer": (dict(mlp(), compile_config={"loss": "mse", "optimizer": "adm"}), ["adm", "[Aa]dam"]),
    "unknown metric": (dict(mlp(), compile_config={"loss": "mse", "optimizer": "sgd", "metrics": ["acuracy"]}),
                       ["acuracy", "accuracy"]),
    "unknown optimizer option": (dict(mlp(), compile_config={"loss": "mse", "optimizer": {
        "class_name": "SGD", "config": {"learning_rat": 0.1}}}), ["learning_rat", "learning_rate"]),
    "unknown inbound layer": (functional([("InputLayer", "x", {"batch_shape": [None, 4]}, []),
                                          ("Dense", "y", {"units": 3}, ["z"])], ["y"]), ["'z'"]),
    "unknown output layer": (functional([("InputLayer", "x", {"batch_shape": [None, 4]}, []),
                                         ("Dense", "y", {"units": 3}, ["x"])], ["z"]), ["'z'"]),
    "a circle": (functional([("InputLayer", "x", {"batch_shape": [None, 4]}, []),
                             ("Add", "a", {}, ["x", "b"]), ("Dense", "b", {"units": 4}, ["a"])], ["b"]), ["'a'|'b'"]),
    "two layers of one name": (functional([("InputLayer", "x", {"batch_shape": [None, 4]}, []),
                                           ("Dense", "y", {"units": 3}, ["x"]),
                                           ("Dense", "y", {"units": 3}, ["x"])], ["y"]), ["'y'"]),
}


class BadModels(Case):
    def refuse(self, *arguments, patterns, status=1):
        before = sorted(path.name for path in self.folder.iterdir())
        done = run(tools.KCC, *arguments, cwd=self.folder, timeout=30)
        self.assert_refused(done, *patterns, status=status)
        self.assertEqual(before, sorted(path.name for path in self.folder.iterdir()), "a file is left")

    def test_are_refused_with_their_place(self):
        for name, (model, patterns) in TABLE.items():
            with self.subTest(name):
                self.write("model.json", model)
                self.refuse("model.json", "-o", "out", patterns=patterns)

    def test_leave_an_older_output_alone(self):
        self.write("model.json", TABLE["unknown layer"][0])
        out = self.write("out", "older")
        self.refuse("model.json", "-o", "out", patterns=["Dens"])
        self.assertEqual(out.read_text(), "older")

    def test_that_are_not_there(self):
        self.refuse("none.json", "-o", "out", patterns=[r"none\.json"])
        self.refuse(".", "-o", "out", patterns=["directory"])

    def test_output_that_cannot_be_written(self):
        self.write("model.json", mlp())
        self.refuse("model.json", "-o", "no/such/folder/out", patterns=["no/such/folder"])
        (self.folder / "folder").mkdir()
        self.refuse("model.json", "-o", "folder", patterns=["folder"])

    def test_weights_that_cannot_be_embedded(self):
        self.write("model.json", mlp())
        self.write("text.h5", "no weights")
        for file, pattern in (("none.h5", r"none\.h5"), ("text.h5", r"text\.h5: error: not a weights file")):
            self.refuse("model.json", "-o", "out", "--weights", file, patterns=[pattern])

    def test_inference_needs_nothing_of_training(self):
        model = sequential(DENSE, loss="my_loss", optimizer="my_optimizer", metrics=["my_metric"])
        self.write("model.json", model)
        done = run(tools.KCC, "model.json", "--emit=plan", "-o", "plan", cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "my_loss")
        self.assert_works(run(tools.KCC, "model.json", "--emit=plan", "-o", "plan", "--inference", cwd=self.folder))

    def test_wrong_usage_exits_with_two(self):
        self.write("model.json", mlp())
        for arguments in (["model.json", "--no-such-option"], [], ["model.json", "--emit=nothing"],
                          ["model.json", "--batch-size", "many"], ["model.json", "-O7"]):
            with self.subTest(arguments):
                done = run(tools.KCC, *arguments, cwd=self.folder)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertNotEqual(done.stderr.strip(), "")
                self.assertFalse((self.folder / "a.out").exists())

    def test_every_mistake_is_reported_at_once(self):
        self.write("model.json", sequential(
            ("Dense", {"units": 3, "input_dim": 4, "activation": "rellu"}), ("Dens", {"units": 3})))
        done = run(tools.KCC, "model.json", "-o", "out", cwd=self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "rellu")
        self.assertRegex(done.stderr, "'Dens'")

    def test_programs_for_another_kind_of_machine_are_refused(self):
        (self.folder / "model.json").write_text(json.dumps(mlp()))
        done = run(tools.KCC, self.folder / "model.json", "-o", self.folder / "t", "--target=arm-64-linux")
        self.assertEqual(done.returncode, 1)
        self.assertIn("arm-64-linux cannot be linked on this machine", done.stderr)
        self.assertFalse((self.folder / "t").exists())
