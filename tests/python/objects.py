"""Models in a process: how they live with each other, with threads, forks and files; how the package is installed."""

import os
import shutil
import subprocess
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

import kcc
import tools

ROOT = Path(__file__).resolve().parents[2]


class Objects(unittest.TestCase):
    def setUp(self):
        self.x, self.y = tools.data()

    def test_two_models_do_not_see_each_other(self):
        other = kcc.load(tools.library("regression", "mean_squared_error", (), "sgd"), seed=3)
        model, twin = tools.classifier(), tools.classifier()
        np.testing.assert_array_equal(model.predict(self.x, verbose=0), twin.predict(self.x, verbose=0))
        model.fit(self.x, self.y, epochs=2, verbose=0)
        other.fit(self.x, np.eye(3)[self.y], verbose=0)
        self.assertFalse(np.array_equal(model.get_weights()[0], twin.get_weights()[0]))
        self.assertIsInstance(other.evaluate(self.x, np.eye(3)[self.y], verbose=0), float)
        self.assertEqual((other.metrics_names, model.metrics_names), (["loss"], ["loss", "accuracy"]))

    def test_closing(self):
        with tools.classifier(threads=2) as model:
            model.fit(self.x, self.y, verbose=0)
        model.close()  # again is fine
        for call in (lambda: model.predict(self.x), model.get_weights, lambda: model.optimizer.iterations):
            with self.assertRaisesRegex(ValueError, "closed"):
                call()

    def test_many_models_leave_no_threads_or_memory(self):
        def rounds(count):
            for _ in range(count):
                with tools.classifier(threads=3) as model:
                    model.fit(self.x, self.y, verbose=0)

        rounds(3)
        threads, memory = len(os.listdir("/proc/self/task")), _resident()
        rounds(60)
        self.assertEqual(len(os.listdir("/proc/self/task")), threads)
        self.assertLess(_resident() - memory, 4 << 20)

    def test_threads_share_weights(self):
        model = tools.classifier()
        model.fit(self.x, self.y, epochs=3, verbose=0)
        expected = model.predict(self.x, verbose=0)

        def work(shared):
            return [shared.predict(self.x, verbose=0) for _ in range(50)]

        with ThreadPoolExecutor(3) as pool:
            for outputs in pool.map(work, [model.shared() for _ in range(3)]):
                for output in outputs:
                    np.testing.assert_array_equal(output, expected)
        with self.assertRaisesRegex(RuntimeError, "only predicts"):
            model.shared().fit(self.x, self.y, verbose=0)

    def test_calls_of_threads_wait_for_each_other(self):
        model = tools.classifier()

        def train():
            model.fit(self.x, self.y, epochs=20, verbose=0)

        threads = [threading.Thread(target=train) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            self.assertTrue(np.isfinite(model.predict(self.x, verbose=0)).all())
        for thread in threads:
            thread.join()
        self.assertEqual(model.optimizer.iterations, 3 * 20 * 4)

    def test_python_runs_while_the_library_computes(self):
        model = tools.classifier()
        ticks = []
        done = threading.Event()

        def tick():
            while not done.wait(0.001):
                ticks.append(1)

        thread = threading.Thread(target=tick)
        thread.start()
        model.predict(np.zeros((3_000_000, 4), np.float32), verbose=0)
        done.set()
        thread.join()
        self.assertGreater(len(ticks), 5)

    def test_a_fork_is_told(self):
        code = """
import os, sys, numpy as np, tools
x, y = tools.data()
for threads in (1, 2):
    model = tools.classifier(threads=threads)
    model.fit(x, y, verbose=0)
    child = os.fork()
    if not child:
        try:
            model.predict(x, verbose=0)
            os._exit(0)
        except RuntimeError as error:
            os._exit(9 if "after the fork" in str(error) else 8)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
        paths = os.pathsep.join([str(ROOT / "python"), str(ROOT / "tests/python")])
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=100,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self.assertEqual(done.stdout, "0\n9\n", done.stderr)

    def test_stateful_models_have_one_batch_size(self):
        model = kcc.load(tools.library("stateful", "mean_squared_error", ()), seed=1)
        x, y = np.ones((8, 5, 2), np.float32), np.ones((8, 1), np.float32)
        first = model.predict(x, verbose=0)
        self.assertFalse(np.array_equal(first[:4], first[4:]))  # it remembers the batch before
        losses = model.fit(x, y, batch_size=4, epochs=5, verbose=0).history["loss"]
        self.assertLess(losses[-1], losses[0])
        with self.assertRaisesRegex(ValueError, "stateful"):
            model.predict(x[:3], verbose=0)
        with self.assertRaisesRegex(RuntimeError, "stateful"):
            model.shared()

    def test_files(self):
        model, other = tools.classifier(), tools.classifier(seed=8)
        model.fit(self.x, self.y, epochs=3, verbose=0)
        model.save_weights(tools.FOLDER / "m.weights.h5")
        other.load_weights(tools.FOLDER / "m.weights.h5")
        for a, b in zip(model.get_weights(), other.get_weights()):
            np.testing.assert_array_equal(a, b)
        self.assertEqual(other.optimizer.iterations, 12)
        other.reset(seed=2)
        self.assertEqual(other.optimizer.iterations, 0)

    def test_installing(self):
        target, source = tools.FOLDER / "installed", tools.FOLDER / "source"
        shutil.copytree(ROOT / "python", source)  # which the build writes to
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--no-build-isolation",
                "--target",
                target,
                source,
            ],
            capture_output=True,
            text=True,
        )
        if "invalid command 'bdist_wheel'" in done.stderr:
            self.skipTest("setuptools is too old: scripts/setup.sh installs another")
        self.assertEqual(done.returncode, 0, done.stderr)
        code = "import kcc, sys; print(kcc.__version__, kcc.__file__)"
        seen = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(target)}
        )
        self.assertEqual(seen.stdout.split(), ["0.1.0", str(target / "kcc" / "__init__.py")], seen.stderr)


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
