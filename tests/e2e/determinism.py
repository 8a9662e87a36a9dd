"""The same input gives the same bytes: of the compiler twice, of training with any number of threads."""

from tools import TrainerCase, compile_to, convnet, sequential


class Determinism(TrainerCase):
    model = staticmethod(convnet)
    data = {"samples": 50, "shape": (12, 12, 2)}

    def trained(self, name, *options):
        self.assert_works(self.fit("--epochs", "2", "--batch-size", "16", "--verbose", "0", "--save", name, *options))
        return (self.folder / name).read_bytes()

    def test_of_the_compiler(self):
        for name in ("one", "two"):
            (self.folder / name).mkdir()
        first = compile_to(self.folder / "one", convnet(), "--no-cache").read_bytes()
        second = compile_to(self.folder / "two", convnet(), "--no-cache", "--jobs", "1").read_bytes()
        self.assertEqual(first, second)

    def test_of_training_with_any_number_of_threads(self):
        once = self.trained("one.weights.h5", "--seed", "5", "--threads", "1")
        for threads in ("1", "2", "3", "4", "8"):
            self.assertEqual(once, self.trained("again.weights.h5", "--seed", "5", "--threads", threads), threads)
        self.assertEqual(once, self.trained("default.weights.h5", "--seed", "5"))

    def test_of_predictions_with_any_number_of_threads(self):
        self.trained("w.weights.h5", "--seed", "5")
        answers = set()
        for threads in ("1", "2", "3"):
            for batch in ("1", "16", "50"):
                self.assert_works(self.run_trainer("predict", "-x", "x.npy", "--weights", "w.weights.h5", "-o", "p.npy",
                                                   "--threads", threads, "--batch-size", batch))
                answers.add((batch, (self.folder / "p.npy").read_bytes()))
        self.assertEqual(len(answers), 3)  # the batch may change the last bits, threads may not

    def test_seeds_matter(self):
        first = self.trained("one.weights.h5", "--seed", "5")
        self.assertNotEqual(first, self.trained("two.weights.h5", "--seed", "6"))

    def test_shuffling_matters_and_follows_the_seed(self):
        start = ["--weights", "start.weights.h5"]
        self.trained("start.weights.h5", "--seed", "1", "--epochs", "1")
        ordered = self.trained("a.weights.h5", *start, "--seed", "1", "--shuffle", "false")
        shuffled = self.trained("b.weights.h5", *start, "--seed", "1")
        self.assertNotEqual(ordered, shuffled)
        self.assertEqual(shuffled, self.trained("c.weights.h5", *start, "--seed", "1"))
        self.assertNotEqual(shuffled, self.trained("d.weights.h5", *start, "--seed", "2"))


class OfThreads(TrainerCase):
    """Layers wide enough that their calls go to several threads."""

    def trained(self, threads):
        self.assert_works(self.fit("--epochs", "2", "--batch-size", "16", "--verbose", "0", "--seed", "5", "--save",
                                   "w.weights.h5", "--threads", threads))
        return (self.folder / "w.weights.h5").read_bytes()

    def compare(self):
        once = self.trained("1")
        for threads in ("2", "3", "4", "8"):
            self.assertEqual(once, self.trained(threads), threads)


class OfThreadsInMlp(OfThreads):
    data = {"samples": 50, "shape": (300,)}
    model = staticmethod(lambda: sequential(
        ("Dense", {"units": 256, "activation": "relu", "input_dim": 300}), ("BatchNormalization", {}),
        ("Dropout", {"rate": 0.25}), ("Dense", {"units": 3, "activation": "softmax"}),
        loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"]))

    def test_training_gives_the_same_bits(self):
        self.compare()


class OfThreadsInLstm(OfThreads):
    data = {"samples": 50, "shape": (5, 40)}
    model = staticmethod(lambda: sequential(
        ("InputLayer", {"batch_shape": [None, 5, 40], "name": "x"}), ("Masking", {"mask_value": 0.0}),
        ("LSTM", {"units": 96, "recurrent_dropout": 0.2, "dropout": 0.2}),
        ("Dense", {"units": 3, "activation": "softmax"}),
        loss="sparse_categorical_crossentropy", optimizer="rmsprop", metrics=["accuracy"]))

    def test_training_gives_the_same_bits(self):
        self.compare()
