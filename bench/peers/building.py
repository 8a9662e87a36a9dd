"""What has to be made before a model's peers can start: its folder, kcc's programs, files for the runtimes."""
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATIENCE = 600  # seconds for one command


def run(command):
    try:
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=HERE, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"> {PATIENCE} s") from None
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise RuntimeError(lines[-1] if lines else f"status {done.returncode}")


def prepare(name, zoo, folder):
    """The case's folder, made anew where what makes it has changed."""
    done = folder / ".prepared"
    sources = [HERE / "prepare.py", HERE / "cases.py", zoo / "seed_models.py", zoo / "zoo.py"]
    changed = max(source.stat().st_mtime for source in sources if source.exists())
    if not done.exists() or done.stat().st_mtime < changed:
        shutil.rmtree(folder, ignore_errors=True)
        try:
            run([sys.executable, HERE / "prepare.py", name, folder, zoo])
        except RuntimeError as error:
            raise SystemExit(f"peers: error: {name} cannot be prepared: {error}") from None
        done.touch()
    return json.loads((folder / "case.json").read_text())


def options_of(case, folder):
    options = ["--define", folder / "define.py"] if case["define"] else []
    return options + (["--sample-weight-mode", "temporal"] if case["sample_weight"] == "temporal" else [])


def compile_trainer(kcc, case, folder):
    run([kcc, folder / "model.json", "-o", folder / "trainer", "--batch-size", case["batch"],
         *options_of(case, folder)])


def compile_library(kcc, case, folder):
    """net.so, for Python, and the C program that calls the same model."""
    common = [kcc, folder / "model.json", "--inference", "--name", "net", "--weights", folder / "model.weights.h5",
              "--batch-size", case["rows"], *options_of(case, folder)]
    run([*common, "--emit=shared", "-o", folder / "net.so"])
    shutil.rmtree(folder / "net", ignore_errors=True)
    run([*common, "--emit=library", "-o", folder / "net"])
    run([os.environ.get("CC", "cc"), "-O2", "-I", folder / "net", HERE / "kcc_predict.c", folder / "net" / "libnet.a",
         "-o", folder / "kcc_predict", "-lstdc++", "-lm", "-lpthread"])


def convert(folder, form):
    """The model as a file for a runtime, made once; raises RuntimeError with the reason where that fails."""
    failure = folder / f"{form}.failed"
    made = folder / {"onnx": "model.onnx", "litert": "model.tflite"}[form]
    if failure.exists():
        raise RuntimeError(failure.read_text())
    if not made.exists():
        try:
            run([sys.executable, HERE / "convert.py", folder, form])
        except RuntimeError as error:
            failure.write_text(f"conversion to {form}: {error}")
            raise RuntimeError(failure.read_text()) from None


def timed(action, *arguments):
    began = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - began
