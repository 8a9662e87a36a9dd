"""Libraries for ARM, made and run on this machine: the same numbers as this machine's own, to rounding.

They are compiled by aarch64-linux-gnu-g++ and run by qemu-aarch64 (Debian: g++-aarch64-linux-gnu, qemu-user); where one
is not there, those tests are skipped.
"""
import os
import shutil
from pathlib import Path

import tools
from tools import Case, convnet, mlp, run

ROOT = Path(__file__).resolve().parents[2]
# None has a bias before a BatchNormalization, whose gradient is zero but for rounding: Adam makes whole steps of that, so
# that even other flags of one compiler give other weights.
DIGITS = ROOT / "examples" / "digits" / "model.json"
CONVNET = ROOT / "tests" / "cases" / "emit" / "convnet.json"
MODELS = (DIGITS, (64, 10)), (CONVNET, (64, 3))  # with the sizes of a row and of a prediction
PREFIX = "aarch64-linux-gnu-"
QEMU = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"]
WARNINGS = ["-O2", "-Wall", "-Wextra", "-Werror"]

# Prints predictions, three steps of training, predictions again. main [WEIGHTS-TO-LOAD | -] [WEIGHTS-TO-SAVE]
MAIN = r"""
#include <stdio.h>
#include "net.h"
enum { kRows = 9 };
static float x[kRows * ROW], y[kRows * CLASSES];
static int32_t labels[kRows];
static net_model* model;
static int predict(void) {
  if (net_predict(model, kRows, x, y) != NET_OK) return 1;
  for (int i = 0; i < kRows * CLASSES; ++i) printf("%.9g\n", (double)y[i]);
  return 0;
}
int main(int argc, char** argv) {
  for (int i = 0; i < kRows * ROW; ++i) x[i] = (float)(i * 7 % 23) / 23;
  for (int i = 0; i < kRows; ++i) labels[i] = i * 5 % CLASSES;
  const net_options options = {.max_rows = kRows, .threads = THREADS, .seed = 5};
  if (net_create(&model, &options) != NET_OK) return 1;
#ifdef FILES
  if (argc > 1 && argv[1][0] != '-' && net_load_weights(model, argv[1]) != NET_OK) return puts(net_error(model)), 2;
#else
  (void)argc, (void)argv;
#endif
  if (predict() != 0) return 3;
  float metrics[NET_METRICS];
  for (int step = 0; step < 3; ++step) {
    if (net_train_on_batch(model, kRows, x, labels, NULL, metrics) != NET_OK) return 4;
    for (int i = 0; i < NET_METRICS; ++i) printf("%.9g\n", (double)metrics[i]);
  }
  if (predict() != 0) return 5;
#ifdef FILES
  if (argc > 2 && net_save_weights(model, argv[2]) != NET_OK) return puts(net_error(model)), 6;
#endif
  fprintf(stderr, "%s\n", net_processor(model));
  net_destroy(model);
  return 0;
}
"""


class Arm(Case):
    def setUp(self):
        super().setUp()
        for tool, package in ((PREFIX + "g++", "g++-aarch64-linux-gnu"), (QEMU[0], "qemu-user")):
            if not shutil.which(tool):
                self.skipTest(f"{tool} is not installed (Debian: {package})")
        self.write("main.c", MAIN)

    def make(self, model, output, *options):
        path = model if isinstance(model, Path) else self.write("model.json", model)
        done = run(tools.KCC, path, "--name", "net", "-o", self.folder / output, *options)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def program(self, folder, sizes, *links, prefix=PREFIX, compiler="gcc", flags=("-DFILES", "-DTHREADS=2")):
        """main.c with a library of `folder`, named after it. sizes: of a row, of a prediction."""
        program, made = self.folder / f"{folder}.out", self.folder / "main.o"
        row, classes = sizes
        self.assert_works(run(f"{prefix}gcc", "-std=c11", *WARNINGS, f"-DROW={row}", f"-DCLASSES={classes}", *flags,
                              f"-I{self.folder / folder}", "-c", self.folder / "main.c", "-o", made))
        self.assert_works(run(prefix + compiler, made, *links, "-lm", "-o", program))
        return program

    def numbers(self, *command, env=None):
        done = run(*command, cwd=self.folder, env=env)
        self.assert_works(done)
        return [float(line) for line in done.stdout.split()], done.stderr.strip()

    def assert_close(self, got, expected, tolerance=2e-5):
        self.assertEqual(len(got), len(expected))
        worst = max(abs(a - b) / max(1, abs(b)) for a, b in zip(got, expected))
        self.assertLess(worst, tolerance)

    def here(self, model, sizes):
        """The program with the library for this machine."""
        self.make(model, "here", "--emit=library")
        return self.program("here", sizes, self.folder / "here" / "libnet.a", prefix="")

    def test_libraries_compute_what_this_machine_computes(self):
        for model, sizes in MODELS:
            with self.subTest(classes=sizes[1]):
                expected, _ = self.numbers(self.here(model, sizes))
                self.make(model, "arm", "--emit=library", "--target=arm-64-linux")
                archive = self.folder / "arm" / "libnet.a"
                program = self.program("arm", sizes, archive, "-static")
                got, processor = self.numbers(*QEMU, program, "-", "arm.weights.h5")
                self.assertEqual(processor, "arm-64-linux")
                self.assert_close(got, expected)
                # What ARM saved is what this machine goes on with.
                loaded, _ = self.numbers(self.folder / "here.out", "arm.weights.h5")
                count = 9 * sizes[1]
                self.assert_close(loaded[:count], got[-count:])

    def test_shared_objects_compute_the_same(self):
        expected, _ = self.numbers(self.here(mlp(), (4, 3)))
        (self.folder / "arm").mkdir()
        self.make(mlp(), "arm/libnet.so", "--emit=shared", "--target=arm-64-linux")
        shared = self.folder / "arm" / "libnet.so"
        # Its interpreter is the one of the folder that -L names.
        program = self.program("arm", (4, 3), shared, f"-Wl,-rpath,{self.folder / 'arm'}")
        self.assert_close(self.numbers(*QEMU, program)[0], expected)
        needed = run(PREFIX + "readelf", "-d", shared).stdout
        self.assertNotIn("libstdc++", needed)

    def test_source_for_any_compiler_computes_the_same(self):
        for model, sizes in MODELS:
            with self.subTest(classes=sizes[1]):
                expected, _ = self.numbers(self.here(model, sizes))
                self.make(model, "source", "--emit=c++")
                compiled = self.folder / "source.o"
                self.assert_works(run(f"{PREFIX}g++", "-std=c++17", "-ffp-contract=fast", *WARNINGS, "-c",
                                      self.folder / "source" / "net.cpp", "-o", compiled))
                self.assertIn("fmla", self.assembly(compiled))
                program = self.program("source", sizes, compiled, "-static", compiler="g++", flags=("-DTHREADS=1",))
                self.assert_close(self.numbers(*QEMU, program)[0], expected)

    def assembly(self, path):
        return run(PREFIX + "objdump", "-d", path).stdout

    def test_kernels_multiply_in_vectors_and_names_stay_inside(self):
        self.make(convnet(), "arm", "--emit=library", "--target=arm-64-linux")
        archive = self.folder / "arm" / "libnet.a"
        self.assertRegex(self.assembly(archive), r"fmla\s+v\d+\.4s, v\d+\.4s")
        symbols = [line.split() for line in run(PREFIX + "nm", archive).stdout.splitlines() if line]
        shown = [words[-1] for words in symbols if len(words) > 1 and words[-2] in "TDBVWR"]
        self.assertIn("net_predict", shown)
        self.assertEqual([name for name in shown if not name.startswith("net_")], [])
        self.assertEqual([words[-1] for words in symbols if "_Z" in words[-1]], [])

    def test_same_bytes_whatever_the_cache_has(self):
        archives = []
        for options in [], ["--no-cache", "-j", "3"]:
            self.make(mlp(), "arm", "--emit=library", "--target=arm-64-linux", *options)
            archives.append((self.folder / "arm" / "libnet.a").read_bytes())
        self.assertTrue(archives[0] == archives[1])


class Refusals(Case):
    def test_no_compiler_for_arm(self):
        """A folder with what this machine's own compiler needs, and none for ARM."""
        (self.folder / "bin").mkdir()
        for name in ("g++", "objcopy", "ar"):
            (self.folder / "bin" / name).symlink_to(shutil.which(name))
        env = {**os.environ, "PATH": str(self.folder / "bin")}
        env.pop("CXX", None)
        model = self.write("model.json", mlp())
        words = (tools.KCC, model, "--emit=library", "-o", self.folder / "net", "--target=arm-64-linux")
        self.assert_refused(run(*words, env=env), r"no C\+\+ compiler for arm-64-linux found",
                            r"apt install g\+\+-aarch64-linux-gnu")
        self.assert_refused(run(*words, env={**env, "CXX": "g++"}), "not for arm-64-linux")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["bin", "model.json"])

    def test_trainers_are_refused_and_libraries_offered(self):
        model = self.write("model.json", mlp())
        for words in [model, "-o", self.folder / "t"], ["bench", model]:
            self.assert_refused(run(tools.KCC, *words, "--target=arm-64-linux", cwd=self.folder),
                                "a program for arm-64-linux cannot be linked", r"--emit=library", r"--emit=c\+\+")
        self.assertEqual([path.name for path in self.folder.iterdir()], ["model.json"])
