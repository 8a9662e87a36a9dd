"""What every worker process shares: the case it works on and the protocol with peers.py.

A worker is started with the case's folder. It answers with lines of JSON on standard output: {"ready": ...} once its
first step has finished, then for every request, a line on standard input, one line:

    N        do N steps: {"seconds": ..., "loss": ...}
    memory   {"peak_mib": ...}: the most that this process had resident so far
"""
import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np

TOLERANCE = 2e-3  # of the largest value


class Prepared:
    """A case as prepare.py left it in a folder: see there."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.__dict__.update(json.loads((self.folder / "case.json").read_text()))

    def arrays(self, kind):
        """Arrays in the order of the model's inputs (x) or outputs (y, w): all samples."""
        return [np.load(self.folder / f"{kind}-{index}.npy") for index in range(self.count[kind])]

    def batches(self):
        """(x, y, w) of each batch, contiguous in memory; w is an empty list where no sample weighs more than another."""
        arrays = [self.arrays(kind) for kind in "xyw"]
        cut = lambda index: (slice(index * self.batch, (index + 1) * self.batch))
        return [tuple([np.ascontiguousarray(a[cut(i)]) for a in group] for group in arrays) for i in range(self.steps)]

    def samples(self):
        """The first sample, or as many as the model's fixed batch has, of each input."""
        return [np.ascontiguousarray(a[:self.rows]) for a in self.arrays("x")]

    def check(self, answers):
        """Ends the worker where its predictions for `samples` are not Keras's."""
        expected = np.load(self.folder / "expected.npz")
        for index, ours in enumerate(answers):
            close(np.asarray(ours), expected[f"p{index}"][:self.rows])


def close(ours, keras):
    """Ends the worker where its answer is not Keras's. What is converted wrongly errs by far more than rounding."""
    keras = np.asarray(keras)
    if ours.size != keras.size:
        raise SystemExit(f"the answer has shape {ours.shape}, Keras's {keras.shape}")
    ours, scale = ours.reshape(keras.shape), np.abs(keras).max()
    if not np.abs(ours - keras).max() <= TOLERANCE * scale:
        raise SystemExit(f"the answer is not Keras's: {ours.ravel()[:4]} instead of {keras.ravel()[:4]}")


def alone(items):
    """Keras's way of writing a list of one."""
    return items[0] if len(items) == 1 else items


def threads():
    return len(os.sched_getaffinity(0))


def answer(**fields):
    print(json.dumps(fields), flush=True)


def peak_mib(process="self"):
    """VmHWM: the most resident memory so far of a process, shared libraries and mapped files included."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


def unsupported(reason):
    answer(unsupported=reason)
    sys.exit(0)


def serve(version, steps, peak=peak_mib):
    """`steps(n)` trains n steps (or predicts n times) and returns the last loss, nothing left unfinished."""
    steps(1)
    answer(ready=True, version=version)
    for line in sys.stdin:
        if line.strip() == "memory":
            answer(peak_mib=peak())
            continue
        began = time.perf_counter()
        loss = steps(int(line))
        if isinstance(loss, tuple):  # the worker has timed it itself
            seconds, loss = loss
        else:
            seconds = time.perf_counter() - began
        answer(seconds=seconds, loss=None if loss is None else float(loss))
