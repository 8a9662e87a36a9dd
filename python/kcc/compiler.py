"""compile and load: a Keras model → `kcc` → a shared object → a Model."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Sequence

from kcc.keras_file import read_description
from kcc.keras_model import ModelFiles, is_keras_model, write_model
from kcc.library import Library
from kcc.model import Model


class CompileError(ValueError):
    """What kcc says about a model that it cannot compile."""


def compile(
    model: Any,
    *,
    threads: int | None = None,
    seed: int | None = None,
    batch_size: int = 32,
    inference: bool = False,
    define: str | Path | Sequence[str | Path] | None = None,
    options: Sequence[str] = (),
    kcc: str | Path | None = None,
) -> Model:
    """Compiles a live Keras 3 model, or a model file, and loads the result.

    Args:
        model: a built `keras.Model`, or the path of a file that kcc reads (.keras, .h5, .json).
        threads: that compute; all cores that the process may use, if not given.
        seed: of shuffling and dropout, and of initial weights where a file has none. Not given: from Python's `random`,
            which `keras.utils.set_random_seed` sets.
        batch_size: that kernels are made for. Others run, too.
        inference: leave training out. So are models that were not compiled with a loss.
        define: Python files with the source of custom functions (docs/define.md), where it cannot be taken from
            the model.
        options: more of kcc's command line, such as ["--target=x86-64-v3"].
        kcc: the compiler; else $KCC, one installed beside this Python, or one on the PATH.
    """
    files = [Path(define)] if isinstance(define, (str, Path)) else [Path(file) for file in define or ()]
    compiler = find_compiler(kcc)
    live = is_keras_model(model)
    if not live and not isinstance(model, (str, Path)):
        raise TypeError(f"kcc.compile takes a Keras model or a file's path, not a {type(model).__name__}")
    inference = inference or (live and not getattr(model, "compiled", False))
    with tempfile.TemporaryDirectory(prefix="kcc-") as name:
        folder = Path(name)
        written = write_model(model, folder, files) if live else ModelFiles(Path(model), None, None)
        if written.define:
            files.append(written.define)
        command = [
            compiler,
            written.model,
            "--emit=shared",
            "--name",
            "model",
            "-o",
            folder / "libmodel.so",
            "--batch-size",
            batch_size,
            *options,
        ]
        command += ["--inference"] if inference else []
        for file in files:
            command += ["--define", file]
        _run(command, folder)
        # A loaded object needs its file no longer.
        made = Model(
            Library(folder / "libmodel.so"),
            threads=threads,
            seed=seed,
            max_rows=batch_size,
            predict_only=inference,
            keras_model=model if live else None,
            description=None if live else read_description(Path(model)),
        )
        if written.weights:
            made.load_weights(written.weights)
    return made


def load(
    path: str | Path,
    *,
    threads: int | None = None,
    seed: int | None = None,
    batch_size: int = 32,
    inference: bool = False,
) -> Model:
    """A shared object made earlier by `kcc MODEL --emit=shared -o libNAME.so`; for the arguments see `compile`."""
    return Model(Library(path), threads=threads, seed=seed, max_rows=batch_size, predict_only=inference)


def find_compiler(given: str | Path | None = None) -> Path:
    for value, origin in ((given, "kcc="), (os.environ.get("KCC"), "$KCC")):
        if value:
            if not os.access(value, os.X_OK) or Path(value).is_dir():
                raise FileNotFoundError(f"the compiler {value}, named by {origin}, is not there or cannot be run")
            return Path(value)
    for folder in (Path(__file__).parent / "bin", Path(sys.prefix) / "bin"):
        if os.access(folder / "kcc", os.X_OK):
            return folder / "kcc"
    if found := shutil.which("kcc"):
        return Path(found)
    raise FileNotFoundError(
        "the compiler kcc was not found: put it on the PATH, or name it with $KCC or kcc.compile(kcc=...)"
    )


def _run(command: Sequence[object], folder: Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        text = done.stderr.strip() or f"kcc ended with status {done.returncode}"
        raise CompileError(_with_source(text, folder).replace(f"{folder}/", ""))


def _with_source(text: str, folder: Path) -> str:
    """The line of a function taken from the model that the message is about: the file is gone when it is read."""
    place = re.search(re.escape(f"{folder}/functions.py:") + r"(\d+)", text)
    if not place:
        return text
    lines = (folder / "functions.py").read_text().splitlines()
    return f"{text}\nin what was taken from the model:\n{lines[int(place[1]) - 1]}"
