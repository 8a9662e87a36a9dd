"""The same input gives the same bytes: of the compiler twice, of training with any number of threads."""

from tools import TrainerCase, compile_to, convnet


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
        for threads in ("1", "2", "3"):
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
