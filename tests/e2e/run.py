"""Runs the tests of one file against a compiler: python3 run.py --kcc build/release/kcc [TEST_FILE [unittest options]]"""
import argparse
import sys
import unittest
from pathlib import Path

import tools

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--kcc", type=Path, required=True)
parser.add_argument("module")
options, rest = parser.parse_known_args()
tools.KCC = options.kcc.resolve()
unittest.main(module=options.module, argv=[sys.argv[0], *rest])
