"""mpirun: N processes train what one does, to rounding; rank 0 alone prints and writes; what cannot be is refused."""
import json
import os
import shutil
from unittest import SkipTest

import tools
from tools import Case, TrainerCase, compile_to, run, sequential

MPIRUN = shutil.which("mpirun")
# Root in a container, more ranks than cores: what Open MPI refuses unless it is told to.
MPI = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
       "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none"}


def setUpModule():
    plugin = tools.KCC and os.path.join(os.path.dirname(tools.KCC), "lib", "kcc", "libkcc_mpi.so")
    if MPIRUN is None or not os.path.exists(plugin):
        raise SkipTest("no MPI on this machine")


class Ranks(TrainerCase):
    """Histories of one rank and of several; ragged batches: 50 samples, by 16, leave 2 for 4 ranks."""

    steps = ("--batch-size", "16", "--epochs", "13", "--seed", "3", "--threads", "1")  # 52 steps
    data = {"samples": 50}
    tolerance = 1e-5

    def on_ranks(self, count, *arguments, **options):
        return run(MPIRUN, "-np", str(count), self.trainer, *arguments, cwd=self.folder, env=MPI, **options)

    def history(self, ranks, *options):
        arguments = ("fit", "-x", "x.npy", "-y", "y.npy", *self.steps, "--history", "h.json", "--no-save",
                     "--verbose", "0", *options)
        done = self.on_ranks(ranks, *arguments) if ranks > 1 else self.run_trainer(*arguments)
        self.assert_works(done)
        self.assertEqual(done.stdout, "")
        return json.loads((self.folder / "h.json").read_text())

    def compare(self, *options):
        wanted = self.history(1, *options)
        self.assertNotEqual(wanted["loss"][0], wanted["loss"][-1])
        for ranks in (2, 4):
            got = self.history(ranks, *options)
            self.assertEqual(got.keys(), wanted.keys())
            for name, values in wanted.items():
                for epoch, (a, b) in enumerate(zip(got[name], values)):
                    self.assertLessEqual(abs(a - b), self.tolerance * (1 + abs(b)),
                                         f"{ranks} ranks, {name} of epoch {epoch}: {a}, one rank: {b}")


class Mlp(Ranks):
    """Adam, dropout, a penalty; the masks are those of one rank as 64 elements a sample are whole blocks of words."""

    model = staticmethod(lambda: sequential(
        ("Dense", {"units": 64, "activation": "relu", "input_dim": 4, "kernel_regularizer": "l2"}),
        ("Dropout", {"rate": 0.25}), ("Dense", {"units": 3, "activation": "softmax"}),
        loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"]))

    def test_four_ranks_train_as_one_does(self):
        self.compare("--validation-split", "0.2")

    def test_the_same_ranks_give_the_same_bits(self):
        weights = []
        for name in ("a.weights.h5", "b.weights.h5"):
            self.assert_works(self.on_ranks(2, "fit", "-x", "x.npy", "-y", "y.npy", *self.steps, "--save", name))
            weights.append((self.folder / name).read_bytes())
        self.assertEqual(*weights)

    def test_one_rank_prints_and_evaluation_is_that_of_one(self):
        done = self.on_ranks(2, "fit", "-x", "x.npy", "-y", "y.npy", "--epochs", "2", "--verbose", "2", "--save",
                             "w.weights.h5")
        self.assert_works(done)
        self.assertEqual(done.stdout.count("Epoch 2/2"), 1, done.stdout)
        arguments = ("evaluate", "-x", "x.npy", "-y", "y.npy", "--weights", "w.weights.h5", "--json", "--batch-size", "8")
        wanted, got = self.run_trainer(*arguments), self.on_ranks(4, *arguments)
        self.assert_works(got)
        wanted, got = json.loads(wanted.stdout), json.loads(got.stdout)
        for name, values in wanted.items():
            self.assertAlmostEqual(got[name][0], values[0], places=6)

    def test_callbacks_decide_alike_and_write_once(self):
        done = self.on_ranks(2, "fit", "-x", "x.npy", "-y", "y.npy", "--epochs", "9", "--seed", "1", "--no-save",
                             "--callback", "EarlyStopping(monitor='loss', patience=1, min_delta=9)",
                             "--callback", "CSVLogger('log.csv')", "--callback",
                             "ModelCheckpoint('{epoch}.weights.h5', save_weights_only=True)")
        self.assert_works(done)
        self.assertEqual(len((self.folder / "log.csv").read_text().splitlines()), 3)  # header, two epochs
        done = self.on_ranks(2, "fit", "-x", "x.npy", "-y", "y.npy", "--callback", "BackupAndRestore('backup')")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("BackupAndRestore keeps the training of one process, not of 2", done.stderr)

    def test_without_a_seed_ranks_agree_on_one(self):
        done = self.on_ranks(3, "fit", "-x", "x.npy", "-y", "y.npy", "--verbose", "0", "--no-save")
        self.assert_works(done)

    def test_predict_is_for_one_process(self):
        done = self.on_ranks(2, "predict", "-x", "x.npy", "-o", "p.npy")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("predict runs in one process", done.stderr)
        self.assertFalse((self.folder / "p.npy").exists())

    def test_a_missing_plugin_ends_every_process(self):
        done = run(MPIRUN, "-np", "2", self.trainer, "fit", "-x", "x.npy", "-y", "y.npy", "--save", "w.weights.h5",
                   cwd=self.folder, env={**MPI, "KCC_MPI_PLUGIN": str(self.folder / "none.so")})
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("2 processes were started, but kcc's MPI plugin cannot be loaded", done.stderr)
        self.assertFalse((self.folder / "w.weights.h5").exists())

    def test_an_error_of_one_rank_ends_all(self):
        done = self.on_ranks(2, "fit", "-x", "x.npy", "-y", "nothing.npy", "--no-save")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("nothing.npy", done.stderr)


class Convnet(Ranks):
    """Batch normalization over the whole batch, pooling, dropout, clipping by the norm of all gradients."""

    # 4 samples a rank, 400 dropped values a sample: whole blocks of 64, so that the masks are those of one rank.
    steps = ("--batch-size", "16", "--epochs", "17", "--seed", "3", "--threads", "1")  # 51 steps
    data = {"samples": 48, "shape": (12, 12, 2)}
    model = staticmethod(lambda: sequential(
        ("InputLayer", {"batch_shape": [None, 12, 12, 2], "name": "x"}),
        ("Conv2D", {"filters": 8, "kernel_size": [3, 3], "activation": "relu"}), ("BatchNormalization", {}),
        ("Conv2D", {"filters": 16, "kernel_size": [3, 3], "padding": "same"}), ("MaxPooling2D", {}),
        ("Dropout", {"rate": 0.25}), ("Flatten", {}), ("Dense", {"units": 3, "activation": "softmax"}),
        loss="sparse_categorical_crossentropy", metrics=["accuracy"],
        optimizer={"class_name": "SGD", "config": {"learning_rate": 0.01, "momentum": 0.9, "global_clipnorm": 1.0}}))

    def test_four_ranks_train_as_one_does(self):
        self.compare()


class Recurrent(Ranks):
    """Masked steps, whose number decides how much each sample's loss counts, and batches smaller than the ranks."""

    data = {"samples": 50, "shape": (6, 3)}
    model = staticmethod(lambda: sequential(
        ("InputLayer", {"batch_shape": [None, 6, 3], "name": "x"}), ("Masking", {"mask_value": 0.0}),
        ("LSTM", {"units": 8, "return_sequences": True}), ("GRU", {"units": 5}),
        ("Dense", {"units": 3, "activation": "softmax"}),
        loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"]))

    def setUp(self):
        super().setUp()
        values = tools.numbers(50 * 6 * 3, seed=5)
        for sample in range(50):
            for step in range(6 - sample % 4, 6):
                for feature in range(3):
                    values[(sample * 6 + step) * 3 + feature] = 0.0
        (self.folder / "x.npy").write_bytes(tools.npy((50, 6, 3), values))

    def test_four_ranks_train_as_one_does(self):
        self.compare()


class Refusals(Case):
    def test_a_stateful_model(self):
        folder = self.folder
        trainer = compile_to(folder, sequential(
            ("InputLayer", {"batch_shape": [4, 6, 3], "name": "x"}), ("LSTM", {"units": 4, "stateful": True}),
            ("Dense", {"units": 1}), loss="mse", optimizer="sgd"))
        (folder / "x.npy").write_bytes(tools.npy((4, 6, 3), tools.numbers(72)))
        (folder / "y.npy").write_bytes(tools.npy((4, 1), tools.numbers(4)))
        done = run(MPIRUN, "-np", "2", trainer, "fit", "-x", "x.npy", "-y", "y.npy", "--no-save", cwd=folder, env=MPI)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, r"cannot train this model together: lstm \(LSTM\): its memory")
