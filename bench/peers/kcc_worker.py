"""kcc's program: python kcc_worker.py MODEL TRAINER. A run costs its start; the difference of a long and a short
run is the steps alone, with shuffling and reading the data as fit does it.
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from models import BATCHES, MODELS
from worker import threads


def main():
    name, trainer = sys.argv[1:]
    spec, batches = MODELS[name], BATCHES[name]
    folder = Path(tempfile.mkdtemp(prefix="kcc-bench-"))
    x, y = spec.batches(batches)
    np.save(folder / "x.npy", np.concatenate(x))
    np.save(folder / "y.npy", np.concatenate(y))

    def run(epochs):
        began = time.perf_counter()
        subprocess.run([trainer, "fit", "-x", folder / "x.npy", "-y", folder / "y.npy", "--batch-size", str(spec.batch),
                        "--epochs", str(epochs), "--verbose", "0", "--threads", str(threads()), "--no-save",
                        "--history", folder / "history.json"], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began

    run(1)
    version = subprocess.run([trainer, "--version"], capture_output=True, text=True).stdout.strip()
    print(json.dumps({"framework": "kcc", "version": version}), flush=True)
    for line in sys.stdin:
        epochs = max(1, round(int(line) / batches))
        seconds = run(epochs + 1) - run(1)
        loss = json.loads((folder / "history.json").read_text())["loss"][-1]
        print(json.dumps({"seconds": seconds * int(line) / (epochs * batches), "loss": loss}), flush=True)


main()
