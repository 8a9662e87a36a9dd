"""Threads that predict with models over the same weights: nothing is written that another thread reads.

Compiled as source, with --emit=c++, so that ThreadSanitizer sees every access of kernels and runtime.
"""
import os
import shutil

import tools
from tools import Case, convnet, mlp, run

# Between rounds of predictions the owner trains, when nobody else computes.
MAIN = r"""
#include <cstdio>
#include <memory>
#include <thread>
#include <vector>
#include "net.hpp"
constexpr std::size_t kRows = 4, kThreads = 8;
int main() {
  static float x[kRows * ROW], first[kRows * 3];
  static const std::int32_t labels[kRows] = {0, 1, 2, 1};
  for (std::size_t i = 0; i < kRows * ROW; ++i) x[i] = static_cast<float>(i % 17) / 17;
  net::Model model({.max_rows = kRows, .seed = 3});
  for (int round = 0; round < 3; ++round) {
    if (model.predict(x, first) != net::Status::kOk) return 1;
    bool good[kThreads] = {};
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        net::Model mine = model.share();
        float y[kRows * 3];
        good[t] = true;
        for (int i = 0; i < 200; ++i) {
          good[t] &= mine.predict(x, y) == net::Status::kOk;
          for (std::size_t k = 0; k < kRows * 3; ++k) good[t] &= y[k] == first[k];
        }
      });
    RACE
    for (std::thread& thread : threads) thread.join();
    for (bool g : good) if (!g) return 2;
    if (model.train_on_batch({x, labels}) != net::Status::kOk) return 3;
  }
  std::puts("good");
}
"""
RACE = "if (model.train_on_batch({x, labels}) != net::Status::kOk) return 4;"


class ThreadSanitizer(Case):
    def program(self, model, row, race=""):
        path = self.write("model.json", model)
        self.assert_works(run(tools.KCC, path, "--emit=c++", "--name", "net", "-o", self.folder / "net"))
        main = self.write("main.cpp", MAIN.replace("ROW", str(row)).replace("RACE", race))
        program = self.folder / "main"
        done = run("g++", "-std=c++20", "-O1", "-g", "-fsanitize=thread", f"-I{self.folder / 'net'}",
                   self.folder / "net" / "net.cpp", main, "-o", program)
        if "cannot find" in done.stderr and "tsan" in done.stderr:
            self.skipTest("ThreadSanitizer is not installed (Debian: libtsan2)")
        self.assert_works(done)
        return program

    def start(self, program):
        # Where the kernel spreads addresses wide, older ThreadSanitizers do not start.
        fixed = ["setarch", "-R"] if shutil.which("setarch") and run("setarch", "-R", "true").returncode == 0 else []
        return run(*fixed, program, env={**os.environ, "TSAN_OPTIONS": "exitcode=66"})

    def test_shared_models_do_not_race(self):
        for name, model, row in ("mlp", mlp(), 4), ("convnet", convnet(), 12 * 12 * 2):
            with self.subTest(name):
                done = self.start(self.program(model, row))
                self.assertNotIn("WARNING: ThreadSanitizer", done.stderr)
                self.assertEqual((done.returncode, done.stdout), (0, "good\n"), done.stderr)

    def test_races_of_the_caller_are_seen(self):
        """Training while others predict, which the header forbids: what the test above would not miss."""
        done = self.start(self.program(mlp(), 4, RACE))
        self.assertIn("WARNING: ThreadSanitizer: data race", done.stderr)
