"""`.keras` files, as Keras 3 reads them: the model's description and a weights file in an archive."""

from __future__ import annotations

import datetime
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Callable


def read_description(path: Path) -> str | None:
    """The JSON in a `.keras` file, or that is the file; None where a file has none that Keras 3 reads."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return archive.read("config.json").decode() if "config.json" in archive.namelist() else None
    with open(path, "rb") as file:
        text = file.read() if file.peek(1)[:1] == b"{" else b"{}"
    return text.decode() if "module" in json.loads(text) else None


def write_keras_file(path: str, description: str, keras_version: str, save_weights: Callable[[Path], None]) -> None:
    """The whole file or none."""
    now = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    with tempfile.TemporaryDirectory(prefix=".kcc-", dir=os.path.dirname(os.path.abspath(path))) as folder:
        weights, archive_path = Path(folder) / "model.weights.h5", Path(folder) / "model.keras"
        save_weights(weights)
        with zipfile.ZipFile(archive_path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": keras_version, "date_saved": now}))
            archive.writestr("config.json", description)
            archive.write(weights, "model.weights.h5")
        os.replace(archive_path, path)
