"""Runs one suite of comparisons with real Keras.

    python run.py SUITE --kcc KCC --work DIR [--case PATTERN] [--alone]

DIR is made anew and keeps every model, file and program of the run. --alone gives each row of a packed model a
model of its own, which takes long but finds the row at fault.
"""
import argparse
import fnmatch
import importlib
import shutil
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from compare import compare_answers
from kcc_side import Failure, Trainer
from keras_side import KerasModel

COMPILERS = 2


@dataclass
class Tools:
    """What a suite's checks work with."""
    kcc: Path
    work: Path
    alone: bool

    def trainer(self, case):
        """The case in Keras and its trainer, not yet compiled."""
        return Trainer(KerasModel(case), self.kcc, self.work / "cache", self.work / case.name)


@dataclass
class Report:
    failed: int = 0

    def row(self, name, failures, note=""):
        self.failed += bool(failures)
        print(f"{'FAIL' if failures else 'ok  '} {name}{': ' if note else ''}{note}", flush=True)
        for failure in failures:
            print("     " + failure.replace("\n", "\n     "), flush=True)


def check(trainer, compiled):
    """Compares one case; returns (note, failures)."""
    keras_answers = trainer.keras.answers()
    start = trainer.keras.values()
    compiled.result()
    errors, failures = compare_answers(trainer.keras.case, trainer.answers(), keras_answers, start)
    return ", ".join(f"{what} {error:.2g}" for what, error in errors.items()) + " of what is allowed", failures


def guarded(action):
    """Runs it; whatever goes wrong becomes a failure."""
    try:
        return action()
    except Failure as failure:
        return "", [str(failure)]
    except Exception:
        return "", [traceback.format_exc()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite")
    parser.add_argument("--kcc", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--case", default="*", help="only cases whose name matches")
    parser.add_argument("--alone", action="store_true")
    options = parser.parse_args()

    began = time.time()
    shutil.rmtree(options.work, ignore_errors=True)
    tools = Tools(options.kcc.resolve(), options.work.resolve(), options.alone)
    suite = importlib.import_module(f"suites.{options.suite}")
    report = Report()
    # Two compilers at work while Keras answers. A suite has cases, checks of its own, or both.
    with ThreadPoolExecutor(COMPILERS) as compilers:
        wanted = lambda name: fnmatch.fnmatch(name, options.case)
        cases = [case for case in getattr(suite, "cases", lambda alone: [])(options.alone) if wanted(case.name)]
        begun = []
        for case in cases:
            trainer = tools.trainer(case)
            begun.append((trainer, compilers.submit(trainer.compile)))
        for trainer, compiled in begun:
            note, failures = guarded(lambda: check(trainer, compiled))
            report.row(trainer.keras.case.name, failures, note)
        for name, action in getattr(suite, "CHECKS", {}).items():
            if wanted(name):
                note, failures = guarded(lambda: action(tools))
                report.row(name, failures, note)
    print(f"{options.suite}: {'FAILED' if report.failed else 'passed'}, {time.time() - began:.0f} s")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
