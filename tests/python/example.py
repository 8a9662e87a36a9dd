"""examples/python does what its text says."""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Example(unittest.TestCase):
    def test_digits(self):
        done = subprocess.run(
            [sys.executable, ROOT / "examples/python/digits.py"],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        accuracies = [float(a) for a in re.findall(r"([\d.]+)%", done.stdout)]
        self.assertEqual(len(accuracies), 3, done.stdout)
        self.assertGreater(min(accuracies), 97, done.stdout)
        self.assertEqual(accuracies[1], accuracies[2])
