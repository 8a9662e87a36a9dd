"""examples/embed, built by its own CMake project and run as its README says."""
import re
import tempfile
import shutil
import unittest
from pathlib import Path

import tools
from tools import run

EXAMPLES = tools.ROOT / "examples"


class EmbedExamples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = Path(tempfile.mkdtemp(prefix="kcc-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        digits = EXAMPLES / "digits"
        cls.works(tools.KCC, digits / "model.json", "-o", cls.home / "trainer")
        cls.works(cls.home / "trainer", "fit", "-x", digits / "x_train.npy", "-y", digits / "y_train.npy", "--epochs", 10,
                  "--seed", 1, "--verbose", 0, "--save", cls.home / "digits.weights.h5")
        cls.works("cmake", "-S", EXAMPLES / "embed", "-B", cls.home / "build",
                  f"-Dkcc_DIR={Path(tools.KCC).parent / 'package'}", f"-DDIGITS_WEIGHTS={cls.home / 'digits.weights.h5'}",
                  "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
        cls.works("cmake", "--build", cls.home / "build")

    @staticmethod
    def works(*command):
        done = run(*command)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def test_c_program_reads_digits(self):
        digits = EXAMPLES / "digits"
        text = self.works(self.home / "build" / "read_digits", digits / "x_test.npy", digits / "y_test.npy")
        right = int(re.fullmatch(r"(\d+) of 297 digits read right\n", text).group(1))
        self.assertGreater(right, 285)  # seeds give 290 to 297
        done = run(self.home / "build" / "read_digits", digits / "y_test.npy", digits / "y_test.npy")
        self.assertEqual(done.returncode, 1)

    def test_threads_share_weights(self):
        self.assertIn("0 failed", self.works(self.home / "build" / "serve_threads"))

    def test_online_learner_follows_the_signal(self):
        text = self.works(self.home / "build" / "online_learner")
        learning, without = map(float, re.findall(r"40000: off by ([\d.]+) on average, without learning ([\d.]+)", text)[0])
        self.assertLess(learning, without / 2)


if __name__ == "__main__":
    unittest.main()
