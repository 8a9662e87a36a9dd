"""`kcc ops` against real Keras: what it lists has Keras's names, arguments and defaults, and no argument that Keras
saves is missing.

    build/venv/bin/python tests/parity/ops_keras.py KCC
"""
import ast
import inspect
import re
import subprocess
import sys
import unittest

import keras

KCC = None

# Arguments that files of older versions bring, and what stands in every file without being an argument.
OLD = {"lr", "decay", "renorm", "renorm_clipping", "renorm_momentum", "time_major", "input_length", "implementation",
       "is_legacy_optimizer", "jit_compile", "weights", "use_cudnn", "rms_scaling", "period", "lora_rank", "lora_alpha",
       "shape", "batch_input_shape", "input_shape", "fn", "dtype", "autocast", "trainable", "activity_regularizer",
       "name"}
OURS = {("LeakyReLU", "alpha"), ("Accuracy", "threshold"), ("Embedding", "sparse")}  # old names and Keras 2's
# Of base classes, set by those that inherit from them.
INTERNAL = {"rank", "pool_mode", "pool_dimensions", "cell"}
NOT_TAKEN = {("ReduceLROnPlateau", "baseline")}  # of a base class; Keras, too, has no use for it there
OLD_CLASSES = {"ThresholdedReLU"}
MODULES = {"Layers": keras.layers, "Activations": keras.activations, "Initializers": keras.initializers,
           "Regularizers": keras.regularizers, "Constraints": keras.constraints, "Losses": keras.losses,
           "Metrics": keras.metrics, "Optimizers": keras.optimizers,
           "Learning rate schedules": keras.optimizers.schedules, "Callbacks of the trainer": keras.callbacks}
# Keras 2's defaults, where Keras 3 wants to be told.
MILDER = {(f"AveragePooling{n}D", "pool_size") for n in (1, 2, 3)}


def words(cell):
    return [word.strip("`") for word in re.findall(r"`[^`]*`", cell.replace("\\|", "|"))]


def read_page(page):
    """{kind: {name: (arguments {name: default text or None}, limited and ignored names)}}, common ones in each."""
    kinds = {}
    for section in page.split("\n## ")[1:]:
        title, _, body = section.partition("\n")
        rows, common = {}, ({}, set())
        for line in body.splitlines():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if len(cells) != 4 or cells[0] in ("name", "---"):
                continue
            arguments = {}
            for word in words(cells[1]):
                name, equals, default = word.partition("=")
                arguments[name] = default.split("|")[0] if equals else None
            others = {re.split(r"[: ]", part.strip())[0] for part in cells[2].split("; ")} - {""}
            others |= set(words(cells[3]))
            if cells[0] == "all of them":
                common = (arguments, others)
            else:
                rows[words(cells[0])[0]] = ({**common[0], **arguments}, common[1] | others)
        kinds[title] = rows
    return kinds


def find_class(kind, name):
    module = MODULES[kind]
    if kind == "Losses":
        name = {"kl_divergence": "KLDivergence", "log_cosh": "LogCosh"}.get(
            name, "".join(part.capitalize() for part in name.split("_")))
    elif kind in ("Initializers", "Constraints"):
        name = "".join(part.capitalize() for part in name.split("_"))
        name = {"Identity": "IdentityInitializer", "Orthogonal": "OrthogonalInitializer"}.get(name, name)
    return getattr(module, name, None)


def parameters(target):
    """{argument: default, or inspect.Parameter.empty} of all classes of Keras that the class inherits from."""
    found = {}
    classes = [target] if not inspect.isclass(target) else [c for c in target.__mro__ if "keras" in c.__module__]
    for owner in classes:
        function = owner.__dict__.get("__init__", None) if inspect.isclass(owner) else owner
        if not inspect.isfunction(function):
            continue
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) or name == "self":
                continue
            found.setdefault(name, parameter.default)
        if not any(p.kind == p.VAR_KEYWORD for p in inspect.signature(function).parameters.values()):
            break
    return found


def normal(value):
    """(1, 1) is 1; names in any case."""
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, (list, tuple)) and len(set(map(str, value))) == 1:
        return normal(value[0])
    return value


class Ops(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kinds = read_page(subprocess.run([KCC, "ops", "--markdown"], capture_output=True, text=True,
                                             check=True).stdout)

    def entries(self):
        for kind in MODULES:
            for name, (arguments, others) in self.kinds[kind].items():
                if name not in OLD_CLASSES:
                    yield kind, name, arguments, others

    def test_every_kind_is_there(self):
        self.assertLess(set(MODULES), set(self.kinds))
        self.assertGreater(sum(len(rows) for rows in self.kinds.values()), 200)

    def test_every_name_is_one_of_keras(self):
        for kind, name, _, _ in self.entries():
            with self.subTest(kind=kind, name=name):
                self.assertIsNotNone(find_class(kind, name))

    def test_no_argument_of_keras_is_missing(self):
        for kind, name, arguments, others in self.entries():
            target = find_class(kind, name)
            missing = set(parameters(target)) - set(arguments) - others - OLD - INTERNAL - {"x"}
            with self.subTest(kind=kind, name=name):
                self.assertEqual({m for m in missing if (name, m) not in NOT_TAKEN}, set())

    def test_no_argument_is_of_our_making(self):
        for kind, name, arguments, others in self.entries():
            known = set(parameters(find_class(kind, name)))
            with self.subTest(kind=kind, name=name):
                extra = (set(arguments) | others) - known - OLD
                self.assertEqual({e for e in extra if (name, e) not in OURS}, set())

    def test_defaults_are_those_of_keras(self):
        for kind, name, arguments, _ in self.entries():
            known = parameters(find_class(kind, name))
            for argument, default in arguments.items():
                if argument in OLD or argument not in known or default == "..." or (name, argument) in MILDER:
                    continue
                with self.subTest(kind=kind, name=name, argument=argument):
                    if default is None:
                        self.assertIs(known[argument], inspect.Parameter.empty)
                        continue
                    ours, theirs = normal(ast.literal_eval(default)), normal(known[argument])
                    if argument == "data_format" and theirs is None:
                        theirs = keras.config.image_data_format()
                    self.assertEqual(ours, theirs)


if __name__ == "__main__":
    KCC = sys.argv.pop(1)
    unittest.main()
