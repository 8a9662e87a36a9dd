"""Runs the tests of one file: build/venv/bin/python run.py --kcc build/release/kcc TEST_FILE [unittest options]"""

import argparse
import os
import sys
import unittest
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--kcc", type=Path, required=True)
parser.add_argument("module")
options, rest = parser.parse_known_args()
os.environ["KCC"] = str(options.kcc.resolve())
os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))
unittest.main(module=options.module, argv=[sys.argv[0], *rest])
