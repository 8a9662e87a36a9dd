"""What --emit=library and --emit=shared give, used from C and C++ programs as their headers say."""
import json
import re
import struct
import tempfile
import unittest
from pathlib import Path

import tools
from tools import npy, numbers, run

SAMPLES, INPUTS, CLASSES = 70, 4, 3

# Counts what asks the system for memory between two calls of counting().
COUNTING = r"""
#include <stddef.h>
static long allocations = 0; static int counts = 0;
void* __real_malloc(size_t n); void* __real_calloc(size_t n, size_t m); void* __real_aligned_alloc(size_t a, size_t n);
int __real_posix_memalign(void** p, size_t a, size_t n);
void* __real_mmap(void* a, size_t n, int p, int f, int d, long o);
void* __wrap_malloc(size_t n) { allocations += counts; return __real_malloc(n); }
void* __wrap_calloc(size_t n, size_t m) { allocations += counts; return __real_calloc(n, m); }
void* __wrap_aligned_alloc(size_t a, size_t n) { allocations += counts; return __real_aligned_alloc(a, n); }
int __wrap_posix_memalign(void** p, size_t a, size_t n) { allocations += counts; return __real_posix_memalign(p, a, n); }
void* __wrap_mmap(void* a, size_t n, int p, int f, int d, long o) {
  allocations += counts; return __real_mmap(a, n, p, f, d, o);
}
"""
WRAPPED = [f"-Wl,--wrap={name}" for name in ("malloc", "calloc", "aligned_alloc", "posix_memalign", "mmap")]


def made(*words):
    done = run(*words)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{' '.join(map(str, words))}\n{done.stderr}")


class LibraryCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        x, labels = numbers(SAMPLES * INPUTS), [i % CLASSES for i in range(SAMPLES)]
        (self.folder / "x.npy").write_bytes(npy((SAMPLES, INPUTS), x))
        (self.folder / "y.npy").write_bytes(npy((SAMPLES,), labels, "<i4"))
        (self.folder / "data.h").write_text(
            f"static const float data_x[] = {{{', '.join(map(repr, x))}}};\n"
            f"static const int data_y[] = {{{', '.join(map(str, labels))}}};\n")

    def write(self, name, text):
        path = self.folder / name
        path.write_text(json.dumps(text) if isinstance(text, dict) else text)
        return path

    def library(self, name, model, *options):
        made(tools.KCC, self.write(f"{name}.json", model), "--emit=library", "--name", name, "-o", self.folder / name,
             *options)
        return [f"-I{self.folder / name}", f"-L{self.folder / name}", f"-l{name}"]

    def c_program(self, text, *libraries, compiler="gcc", flags=()):
        suffix, standard = ("c", "-std=c11") if compiler == "gcc" else ("cpp", "-std=c++20")
        source = self.write(f"main.{suffix}", text)
        links = [word for library in libraries for word in library]
        made(compiler, standard, "-O1", "-Wall", "-Wextra", "-Werror", f"-I{self.folder}", *flags, source, *links,
             "-lm", "-o", self.folder / "main")
        done = run(self.folder / "main", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout


class Library(LibraryCase):
    def test_c_program_predicts_what_the_trainer_predicts(self):
        library = self.library("net", tools.mlp())
        printed = self.c_program(r"""
#include <stdio.h>
#include "data.h"
#include "net.h"
int main(void) {
  net_model* model;
  if (net_create(&model, NULL) != NET_OK) return 1;
  net_fit_options options = {0};
  options.epochs = 3; options.seed = 7; options.batch_size = 8;
  const void* inputs[] = {data_x}; const void* targets[] = {data_y};
  const net_data data = {70, inputs, targets, NULL};
  if (net_reset(model, 7) != NET_OK || net_fit(model, &data, &options) != NET_OK) return puts(net_error(model)), 1;
  if (net_save_weights(model, "c.weights.h5") != NET_OK) return puts(net_error(model)), 1;
  float y[70 * 3];
  if (net_predict(model, 70, data_x, y) != NET_OK) return 1;
  for (int i = 0; i < 210; ++i) printf("%a\n", (double)y[i]);
  net_destroy(model);
  return 0;
}""", library)
        trainer = self.folder / "trainer"
        made(tools.KCC, self.folder / "net.json", "-o", trainer)
        done = run(trainer, "fit", "-x", "x.npy", "-y", "y.npy", "--epochs", 3, "--seed", 7, "--batch-size", 8,
                   "--verbose", 0, "--threads", 1, "--save", "t.weights.h5", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        # The same file, so the same weights and optimizer to the bit.
        self.assertEqual((self.folder / "c.weights.h5").read_bytes(), (self.folder / "t.weights.h5").read_bytes())
        run(trainer, "predict", "-x", "x.npy", "--weights", "c.weights.h5", "-o", "p.npy", "--verbose", 0,
            cwd=self.folder)
        expected = struct.unpack(f"<{SAMPLES * CLASSES}f", (self.folder / "p.npy").read_bytes()[-4 * SAMPLES * CLASSES:])
        self.assertEqual([float.fromhex(line) for line in printed.split()], list(expected))

    def test_needs_libc_alone_and_shows_only_its_functions(self):
        self.library("net", tools.mlp())
        symbols = run("nm", self.folder / "net" / "libnet.a").stdout
        shown = re.findall(r" [TDBVWR] (\S+)", symbols)
        self.assertIn("net_predict", shown)
        self.assertEqual([name for name in shown if not name.startswith("net_")], [])
        self.assertEqual(re.findall(r"_Z\S+|U halide\S+", symbols), [])  # nor names of inner C++ functions

    def test_predict_and_train_allocate_nothing(self):
        for name, model, rows in ("net", tools.mlp(), INPUTS), ("conv", tools.convnet(), 12 * 12 * 2):
            with self.subTest(model=name):
                library = self.library(name, model)
                printed = self.c_program(COUNTING + r"""
#include <stdio.h>
#include "NAME.h"
static float x[40 * ROW], y[40 * 3]; static int labels[40];
int main(void) {
  NAME_model* model; float metrics[8];
  for (int i = 0; i < 40 * ROW; ++i) x[i] = (float)(i % 17) / 17;
  if (NAME_create(&model, NULL) != 0) return 1;
  counts = 1;
  for (int rows = 1; rows <= 32; ++rows) {
    if (NAME_predict(model, rows, x, y) != 0) return 2;
    if (NAME_train_on_batch(model, rows, x, labels, NULL, metrics) != 0) return 3;
    if (NAME_test_on_batch(model, rows, x, labels, NULL, metrics) != 0) return 4;
  }
  if (NAME_predict(model, 40, x, y) != 0) return 5;  /* more than was made ready: in pieces */
  counts = 0;
  printf("%ld\n", allocations);
  return 0;
}""".replace("NAME", name).replace("ROW", str(rows)), library, flags=WRAPPED)
                self.assertEqual(printed, "0\n")

    def test_arena_of_the_caller_is_enough(self):
        library = self.library("conv", tools.convnet())
        printed = self.c_program(COUNTING + r"""
#include <stdio.h>
#include <stdlib.h>
#include "conv.h"
static float x[32 * 288], y[32 * 3]; static int labels[32];
int main(void) {
  conv_options options = {0};
  options.max_rows = 32; options.threads = 2;
  options.arena_size = conv_arena_size(&options);
  options.arena = aligned_alloc(CONV_ARENA_ALIGNMENT, options.arena_size + 64);
  char* end = (char*)options.arena + options.arena_size;
  for (int i = 0; i < 64; ++i) end[i] = 77;
  conv_model* model;
  if (conv_create(&model, &options) != 0) return 1;
  counts = 1;
  if (conv_predict(model, 32, x, y) != 0 || conv_train_on_batch(model, 32, x, labels, NULL, NULL) != 0) return 2;
  counts = 0;
  for (int i = 0; i < 64; ++i) if (end[i] != 77) return 3;
  if (conv_train_on_batch(model, 33, x, labels, NULL, NULL) == 0) return 4;  /* does not fit */
  printf("%ld %s\n", allocations, conv_error(model));
  conv_destroy(model);
  options.arena_size -= 1;
  if (conv_create(&model, &options) != CONV_NO_MEMORY || model != NULL) return 5;
  options.arena_size += 1; options.arena = (char*)options.arena + 4;
  return conv_create(&model, &options) == CONV_BAD_ARGUMENT ? 0 : 6;
}""", library, flags=WRAPPED)
        self.assertRegex(printed, r"^0 .*arena")

    def test_two_models_meet_in_one_program(self):
        one = self.library("one", tools.mlp())
        two = self.library("two", tools.mlp(inputs=5, classes=2))
        printed = self.c_program(r"""
#include <cstdio>
#include "one.hpp"
#include "two.hpp"
int main() {
  one::Model a({.seed = 1}), b({.seed = 1}); two::Model c;
  const float x[20] = {1, 2, 3, 4, 5};
  float ya[3], yb[3], yc[8];
  if (a.predict({x, 4}, ya) != one::Status::kOk || b.predict({x, 4}, yb) != one::Status::kOk) return 1;
  if (c.predict(x, yc) != two::Status::kOk) return 2;
  std::printf("%d %d %d\n", ya[0] == yb[0], two::input::input_layer::size == 5, c.predict({x, 4}, yc) == two::Status::kBadArgument);
}""", one, two, compiler="g++")
        self.assertEqual(printed, "1 1 1\n")

    def test_class_trains_saves_and_shares(self):
        library = self.library("net", tools.mlp())
        printed = self.c_program(r"""
#include <cstdio>
#include <stdexcept>
#include <thread>
#include "data.h"
#include "net.hpp"
int main() {
  net::Model model({.seed = 3});
  const net::Model::Data data{data_x, {data_y, 70}};
  std::size_t epochs = 0;
  float first = 0, last = 0;
  const auto status = model.fit(data, {.epochs = 20, .validation = &data, .events = 1u << NET_EPOCH_END}, [&](const net::Model::Progress& p) {
    if (p.epoch == 0) first = p.metrics->loss;
    last = p.metrics->loss;
    if (p.validation_metrics == nullptr) return false;
    return ++epochs < 15;
  });
  std::printf("%d %zu %d\n", status == net::Status::kStopped, epochs, last < first);
  try {
    (void)model.fit(data, {}, [](const net::Model::Progress&) -> bool { throw std::runtime_error("mine"); });
  } catch (const std::runtime_error& error) { std::puts(error.what()); }

  net::Model::Metrics scores;
  if (model.evaluate(data, scores) != net::Status::kOk) return 1;
  if (model.save_weights("m.weights.h5") != net::Status::kOk) return 2;
  net::Model other({.seed = 4});
  if (other.load_weights("m.weights.h5") != net::Status::kOk) return 3;
  net::Model::Metrics same;
  if (other.evaluate(data, same) != net::Status::kOk) return 4;
  std::printf("%d %lld %lld\n", scores.loss == same.loss, (long long)model.iterations(), (long long)other.iterations());

  float kernel[32], bias[8];
  if (model.get_weight("dense/kernel", kernel) != net::Status::kOk) return 5;
  if (model.get_weight("dense/bias", {bias, 7}) != net::Status::kBadArgument) return 6;
  std::puts(model.error());
  for (float& value : kernel) value = 0;
  if (other.set_weight("dense/kernel", kernel) != net::Status::kOk) return 7;

  float y[8][3], expected[3];
  if (model.predict({data_x, 4}, expected) != net::Status::kOk) return 8;
  std::vector<std::thread> threads;
  bool good[8];
  for (int t = 0; t < 8; ++t) threads.emplace_back([&, t] {
    net::Model mine = model.share();
    good[t] = true;
    for (int i = 0; i < 1000; ++i) good[t] &= mine.predict({data_x, 4}, y[t]) == net::Status::kOk && y[t][0] == expected[0];
    good[t] &= mine.train_on_batch(data) == net::Status::kUnsupported;
  });
  for (std::thread& thread : threads) thread.join();
  int all = 0;
  for (bool g : good) all += g;
  double rate = 0;
  if (model.set_learning_rate(0.25) != net::Status::kOk || model.get_learning_rate(&rate) != net::Status::kOk) return 9;
  std::printf("%d %g\n", all, rate);
}""", library, compiler="g++", flags=["-pthread"])
        self.assertEqual(printed, "1 15 1\nmine\n1 45 45\nweight 'dense/bias' has 8 elements, received 7\n8 0.25\n")

    def test_leaves_the_modes_of_arithmetic_as_they_were(self):
        library = self.library("net", tools.mlp())
        self.c_program(r"""
#include <fenv.h>
#include <string.h>
#include "data.h"
#include "net.h"
static unsigned mode(void) { unsigned m; __asm__ volatile("stmxcsr %0" : "=m"(m)); return m; }
int main(void) {
  net_model* model;
  float y[3], z[3];
  if (net_create(&model, NULL) != NET_OK || net_predict(model, 1, data_x, y) != NET_OK) return 1;
  fesetround(FE_UPWARD);
  const unsigned before = mode();
  if (net_predict(model, 1, data_x, z) != NET_OK) return 2;
  if (net_train_on_batch(model, 4, data_x, data_y, NULL, NULL) != NET_OK) return 3;
  if (mode() != before) return 4;
  return memcmp(y, z, sizeof y) == 0 ? 0 : 5;  /* whatever the caller's rounding */
}""", library)

    def test_inference_has_no_training_and_asks_for_weights(self):
        library = self.library("net", tools.mlp(), "--inference")
        self.assertNotIn("net_train", (self.folder / "net" / "net.h").read_text())
        printed = self.c_program(r"""
#include <stdio.h>
#include "data.h"
#include "net.h"
int main(void) {
  net_model* model;
  float y[3];
  if (net_create(&model, NULL) != NET_OK) return 1;
  if (net_predict(model, 1, data_x, y) != NET_NO_WEIGHTS) return 2;
  puts(net_error(model));
  return 0;
}""", library)
        self.assertIn("no weights", printed)

    def test_refuses_indices_outside_the_table(self):
        model = tools.sequential(("InputLayer", {"batch_shape": [None, 3], "dtype": "int32", "name": "words"}),
                                 ("Embedding", {"input_dim": 10, "output_dim": 4}), ("Flatten", {}),
                                 ("Dense", {"units": 2}), loss="mse", optimizer="sgd")
        printed = self.c_program(r"""
#include <stdio.h>
#include "net.h"
int main(void) {
  net_model* model;
  float y[2]; int32_t words[3] = {0, 9, 10};
  if (net_create(&model, NULL) != NET_OK) return 1;
  if (net_predict(model, 1, words, y) != NET_BAD_ARGUMENT) return 2;
  puts(net_error(model));
  return 0;
}""", self.library("net", model))
        self.assertEqual(printed, "input 'words': an index is not in 0 to 9\n")

    def test_refuses_what_it_cannot_use_and_changes_nothing(self):
        printed = self.c_program(r"""
#include <math.h>
#include <stdio.h>
#include "data.h"
#include "net.h"
#define REFUSED(call) do { if ((call) != NET_BAD_ARGUMENT) return __LINE__; puts(net_error(model)); } while (0)
int main(void) {
  net_model* model;
  float values[210], before[32], after[32], metrics[NET_METRICS];
  int labels[] = {0, 1, 3};
  if (net_create(&model, NULL) != NET_OK || net_get_weight(model, "dense/kernel", before, 32) != NET_OK) return 1;
  REFUSED(net_predict(model, 2, data_x, NULL));
  REFUSED(net_train_on_batch(model, 3, data_x, labels, NULL, metrics));
  labels[2] = -1;
  REFUSED(net_test_on_batch(model, 3, data_x, labels, NULL, metrics));
  REFUSED(net_train_on_batch(model, 3, data_x, NULL, NULL, metrics));
  REFUSED(net_get_weight(model, NULL, values, 32));
  REFUSED(net_get_weight(model, "dense/kernel", NULL, 32));
  REFUSED(net_set_weight(model, "dense/kernel", NULL, 32));
  REFUSED(net_load_weights(model, NULL));
  REFUSED(net_save_weights(model, NULL));
  REFUSED(net_set_learning_rate(model, NAN));
  REFUSED(net_set_learning_rate(model, -1));
  const void* inputs[] = {data_x}; const void* targets[] = {data_y}; const void* none[] = {NULL};
  net_data data = {70, inputs, targets, NULL};
  net_fit_options options = {0};
  options.batch_size = -8;
  REFUSED(net_fit(model, &data, &options));
  options.batch_size = 8; options.shuffle = 3;
  REFUSED(net_fit(model, &data, &options));
  REFUSED(net_evaluate(model, &data, -1, metrics));
  REFUSED(net_evaluate(model, &data, 0, NULL));
  data.targets = none;
  REFUSED(net_fit(model, &data, NULL));
  int bad_last[70] = {0};
  bad_last[69] = 3;
  const void* bad[] = {bad_last};
  data.targets = bad;
  options.shuffle = 1;
  REFUSED(net_fit(model, &data, &options));  /* before the first of nine steps */
  if (net_iterations(model) != 0 || net_get_weight(model, "dense/kernel", after, 32) != NET_OK) return 2;
  for (int i = 0; i < 32; ++i)
    if (before[i] != after[i]) return 3;
  return 0;
}""", self.library("net", tools.mlp()))
        lines = printed.splitlines()
        self.assertEqual(lines[:2], ["output 'dense_1' is null", "target 'dense_1': a class number is not in 0 to 2"])
        self.assertIn("a learning rate of nan, expected at least 0", lines)
        self.assertIn("batch_size is -8, expected at least 0", lines)
        self.assertIn("shuffle is 3, expected 0, 1 or 2", lines)
        self.assertEqual(lines[-2:], ["target 'dense_1' is null", "target 'dense_1': a class number is not in 0 to 2"])

    def test_stateful_models_refuse_other_batches(self):
        model = tools.sequential(("InputLayer", {"batch_shape": [4, 5, 3], "name": "x"}),
                                 ("LSTM", {"units": 6, "stateful": True}), ("Dense", {"units": 1}),
                                 loss="mse", optimizer="sgd")
        printed = self.c_program(r"""
#include <stdio.h>
#include <string.h>
#include "net.h"
int main(void) {
  net_model* model;
  float x[8 * 15], y[8], first[4], second[4];
  for (int i = 0; i < 8 * 15; ++i) x[i] = (float)(i % 7) / 7;
  if (net_create(&model, NULL) != NET_OK || net_predict(model, 4, x, first) != NET_OK) return 1;
  if (net_predict(model, 4, x, second) != NET_OK || memcmp(first, second, sizeof first) == 0) return 2;
  net_reset_states(model);
  if (net_predict(model, 8, x, y) != NET_OK || memcmp(first, y, sizeof first) != 0) return 3;  /* in pieces of 4 */
  if (net_predict(model, 5, x, y) != NET_BAD_ARGUMENT) return 4;
  if (net_train_on_batch(model, 8, x, y, NULL, NULL) != NET_BAD_ARGUMENT) return 5;
  puts(net_error(model));
  const void* inputs[] = {x}; const void* targets[] = {y};
  const net_data data = {8, inputs, targets, NULL};
  net_fit_options options = {0};
  options.batch_size = 2;
  if (net_fit(model, &data, &options) != NET_BAD_ARGUMENT || net_iterations(model) != 0) return 6;
  options.batch_size = 0;
  if (net_fit(model, &data, &options) != NET_OK || net_iterations(model) != 2) return 7;
  net_model* shared;
  if (net_create_shared(&shared, model, NULL) != NET_UNSUPPORTED || shared != NULL) return 8;
  return 0;
}""", self.library("net", model))
        self.assertEqual(printed, "the model is stateful and runs batches of 4 samples alone, not of 8\n")

    def test_layers_may_be_called_as_the_code_around_them(self):
        pairs = [("of", "status"), ("name", "shape"), ("size", "Element"), ("std", "fits"), ("rows_of", "Status"),
                 ("Data", "Metrics"), ("Model", "Arrays"), ("net_predict", "restrict"), ("class", "int"), ("I", "N"),
                 ("in/put", "out put"), ("x", "X"), ("input", "output")]
        for i, (first, last) in enumerate(pairs):
            with self.subTest(input=first, output=last):
                model = tools.sequential(("InputLayer", {"batch_shape": [None, 4], "name": first}),
                                         ("Dense", {"units": 3, "activation": "softmax", "name": last}),
                                         loss="sparse_categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
                made(tools.KCC, self.write("m.json", model), "--emit=library", "--name", "net", "-o", self.folder / "net")
                (self.folder / "main.c").write_text('#include <complex.h>\n#include "net.h"\n')
                (self.folder / "main.cpp").write_text('#include "net.hpp"\nstatic_assert(sizeof(net::Model) != 0);\n')
                flags = ["-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror",
                         f"-I{self.folder / 'net'}"]
                made("gcc", "-std=c11", *flags, self.folder / "main.c")
                made("g++", "-std=c++20", *flags, self.folder / "main.cpp")
                self.assertNotIn("__SIZE", (self.folder / "net" / "net.h").read_text())
        self.assertIn("needs C++20", run("g++", "-std=c++17", *flags, self.folder / "main.cpp").stderr)

    def test_refuses_names_that_mean_something_else(self):
        model = self.write("m.json", tools.mlp())
        for name, why in (("class", "means something else in C"), ("time", "<time.h>"), ("m", "-lm"), ("std", "namespace"),
                          ("kcc", "find_package"), ("index", "function of the C library")):
            for kind in "library", "shared", "c++":
                with self.subTest(name=name, kind=kind):
                    done = run(tools.KCC, model, f"--emit={kind}", "--name", name, "-o", self.folder / "out")
                    self.assertEqual(done.returncode, 1)
                    self.assertIn(f"a library cannot be called {name}: ", done.stderr)
                    self.assertIn(why, done.stderr)
                    self.assertFalse((self.folder / "out").exists())

    def test_errors_leave_the_folder_as_it_was(self):
        self.library("net", tools.mlp())
        before = sorted((path.name, path.read_bytes()) for path in (self.folder / "net").iterdir())
        done = run(tools.KCC, self.write("net.json", tools.sequential(("Nonsense", {}))), "--emit=library", "-o",
                   self.folder / "net")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(before, sorted((path.name, path.read_bytes()) for path in (self.folder / "net").iterdir()))


class Shared(LibraryCase):
    def test_needs_libc_alone(self):
        shared = self.folder / "libnet.so"
        made(tools.KCC, self.write("net.json", tools.mlp()), "--emit=shared", "--name", "net", "-o", shared)
        needed = re.findall(r"NEEDED.*\[(.*)\]", run("readelf", "-d", shared).stdout)
        self.assertLessEqual(set(needed), {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"})
        shown = re.findall(r" T (\S+)", run("nm", "-D", shared).stdout)
        self.assertEqual([name for name in shown if not name.startswith("net_")], [])
        printed = self.c_program(r"""
#include <stdio.h>
#include "data.h"
#include "net.h"
int main(void) {
  net_model* model;
  float y[3];
  if (net_create(&model, NULL) != NET_OK || net_predict(model, 1, data_x, y) != NET_OK) return 1;
  puts(net_version());
  return 0;
}""", [f"-I{self.folder}", shared, f"-Wl,-rpath,{self.folder}"])
        self.assertTrue(printed.startswith("net, kcc "))


if __name__ == "__main__":
    unittest.main()
