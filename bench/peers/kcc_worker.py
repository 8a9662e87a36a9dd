"""kcc's trainer: python kcc_worker.py FOLDER TRAINER.

A run costs its start; the difference of a long and a short run is the steps alone, with shuffling and reading the data
as fit does it. Memory is that of the trainer while it trains.
"""
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from worker import Prepared, answer, peak_mib, serve, threads

STARTS = 7  # of which the median is the start-up


def named(option, names, folder, kind):
    files = [folder / f"{kind}-{index}.npy" for index in range(len(names))]
    return [part for name, file in zip(names, files)
            for part in (option, file if len(names) == 1 else f"{name}={file}")]


def main():
    prepared, trainer = Prepared(sys.argv[1]), sys.argv[2]
    folder = prepared.folder
    command = [trainer, "fit", *named("-x", prepared.inputs, folder, "x"), *named("-y", prepared.outputs, folder, "y"),
               "--batch-size", prepared.batch, "--verbose", "0", "--threads", threads(), "--no-save"]
    if prepared.class_weight:
        command += ["--class-weight", ",".join(f"{label}={weight}" for label, weight in prepared.class_weight.items())]
    elif prepared.count["w"]:
        command += named("--sample-weight", prepared.outputs, folder, "w")
    history = Path(tempfile.mkdtemp(prefix="kcc-peers-")) / "history.json"

    def start(epochs, *options):
        arguments = [*command, "--epochs", epochs, "--history", history, *options]
        return subprocess.Popen(list(map(str, arguments)), stdout=subprocess.DEVNULL)

    def run(epochs, *options):
        began = time.perf_counter()
        if start(epochs, *options).wait() != 0:
            raise SystemExit(f"{trainer} failed")
        return time.perf_counter() - began

    def steps(count):
        epochs = max(1, round(count / prepared.steps))
        seconds = run(epochs + 1) - run(1)
        loss = json.loads(history.read_text())["loss"][-1]
        return max(seconds, 1e-9) * count / (epochs * prepared.steps), loss

    def peak():
        highest, process = 0, start(max(2, 32 // prepared.steps))
        while process.poll() is None:
            try:
                highest = max(highest, peak_mib(process.pid))
            except (TypeError, OSError):  # it has just ended
                pass
            time.sleep(0.002)
        return highest

    first = sorted(run(1, "--steps-per-epoch", 1) for _ in range(STARTS))[STARTS // 2]
    answer(startup=first)
    version = subprocess.run([trainer, "--version"], capture_output=True, text=True).stdout.split("\n")[0].strip()
    serve(version, steps, peak)


main()
