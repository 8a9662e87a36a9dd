"""The C interface of a shared object made by `kcc --emit=shared`, as its header NAME.h describes it.

Nothing here knows Keras or looks at data: structures, functions with their types, a status turned into an exception.
"""

from __future__ import annotations

import ctypes
import re
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_double, c_int, c_int32, c_int64, c_size_t
from ctypes import c_uint32, c_uint64, c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import numpy as np

VERSION = "0.1.0"  # of the interface: that of the compiler

OK, BAD_ARGUMENT, NO_MEMORY, FILE, NO_WEIGHTS, UNSUPPORTED, STOPPED, MISMATCH = range(8)
EPOCH_BEGIN, EPOCH_END, BATCH_BEGIN, BATCH_END = range(4)

_DTYPES = (np.dtype(np.float32), np.dtype(np.int32), np.dtype(np.uint32), np.dtype(np.bool_))
_EXCEPTIONS = {BAD_ARGUMENT: ValueError, NO_MEMORY: MemoryError, FILE: OSError, NO_WEIGHTS: ValueError}


class TensorInfo(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("type", c_int32),
        ("rank", c_int32),
        ("shape", POINTER(c_int64)),
        ("size", c_int64),
        ("index_limit", c_int64),
    ]


class Options(Structure):
    _fields_ = [
        ("max_rows", c_int64),
        ("threads", c_int32),
        ("seed", c_uint64),
        ("arena", c_void_p),
        ("arena_size", c_size_t),
        ("predict_only", c_int32),
    ]


class Data(Structure):
    _fields_ = [
        ("rows", c_int64),
        ("inputs", POINTER(c_void_p)),
        ("targets", POINTER(c_void_p)),
        ("weights", POINTER(c_void_p)),
    ]


class Progress(Structure):
    _fields_ = [
        ("event", c_int),
        ("epoch", c_int64),
        ("batch", c_int64),
        ("batches", c_int64),
        ("metrics", c_void_p),
        ("validation_metrics", c_void_p),
    ]


# By address: the structure is looked at only where an event needs it.
Callback = CFUNCTYPE(c_int, c_void_p, c_void_p)


class FitOptions(Structure):
    _fields_ = [
        ("epochs", c_int64),
        ("initial_epoch", c_int64),
        ("batch_size", c_int64),
        ("steps_per_epoch", c_int64),
        ("validation_steps", c_int64),
        ("validation_batch_size", c_int64),
        ("shuffle", c_int32),
        ("seed", c_uint64),
        ("validation", POINTER(Data)),
        ("callback", Callback),
        ("user", c_void_p),
        ("events", c_uint32),
    ]


@dataclass(frozen=True)
class Tensor:
    """An input, output or target (shape: one row's), or a weight (shape: the whole)."""

    name: str
    dtype: np.dtype
    shape: tuple[int, ...]


_STATUS = c_int32
_ARRAYS = POINTER(c_void_p)
# name → result, arguments after the model. Those of training are missing after --inference.
_OF_MODEL = {
    "destroy": (None,),
    "error": (c_char_p,),
    "predict_arrays": (_STATUS, c_int64, _ARRAYS, _ARRAYS),
    "get_weight": (_STATUS, c_char_p, c_void_p, c_int64),
    "set_weight": (_STATUS, c_char_p, c_void_p, c_int64),
    "load_weights": (_STATUS, c_char_p),
    "save_weights": (_STATUS, c_char_p),
}
_OF_TRAINING = {
    "train_on_arrays": (_STATUS, POINTER(Data), c_void_p),
    "test_on_arrays": (_STATUS, POINTER(Data), c_void_p),
    "reset_metrics": (None,),
    "get_learning_rate": (_STATUS, POINTER(c_double)),
    "set_learning_rate": (_STATUS, c_double),
    "iterations": (c_int64,),
    "reset": (_STATUS, c_uint64),
    "fit": (_STATUS, POINTER(Data), POINTER(FitOptions)),
    "evaluate": (_STATUS, POINTER(Data), c_int64, c_void_p),
}


class Library:
    """A loaded shared object: what it says about its model, and its functions under their short names."""

    def __init__(self, path: str | Path):
        self.path = Path(path).resolve()
        self.name = _exported_name(self.path)
        self._shared = ctypes.CDLL(str(self.path))  # symbols stay private: models do not see each other
        self._bind("version", c_char_p)
        self._bind("status_text", c_char_p, _STATUS)
        self._bind("create", _STATUS, POINTER(c_void_p), POINTER(Options))
        self._bind("create_shared", _STATUS, POINTER(c_void_p), c_void_p, POINTER(Options))
        made_by = self.version().decode()
        if f"kcc {VERSION}" not in made_by:
            raise RuntimeError(f"{self.path} is '{made_by}', but this package is for kcc {VERSION}: compile it again")
        self.keras_version = made_by.rpartition("Keras ")[2]  # that the model's file was of
        for function, (result, *arguments) in _OF_MODEL.items():
            self._bind(function, result, c_void_p, *arguments)
        self.trains = hasattr(self._shared, f"{self.name}_fit")
        if self.trains:
            for function, (result, *arguments) in _OF_TRAINING.items():
                self._bind(function, result, c_void_p, *arguments)
        self.inputs = list(self._tensors("input"))
        self.outputs = list(self._tensors("output"))
        self.weights = list(self._tensors("weight"))
        self.targets = list(self._tensors("target")) if self.trains else []
        self.target_weights = list(self._tensors("target_weight")) if self.trains else []
        self.metrics = list(self._names("metric")) if self.trains else []

    def check(self, status: int, model: c_void_p | None = None) -> None:
        """Raises what a status other than OK means."""
        if status == OK:
            return
        text = self.error(model) if model else self.status_text(status)
        raise _EXCEPTIONS.get(status, RuntimeError)(text.decode(errors="replace"))

    def new_model(self, options: Options) -> c_void_p:
        model = c_void_p()
        self.check(self.create(byref(model), byref(options)))
        return model

    def new_shared(self, owner: c_void_p, options: Options) -> c_void_p:
        """Over the weights of `owner`, for another thread."""
        model = c_void_p()
        self.check(self.create_shared(byref(model), owner, byref(options)), owner)
        return model

    def _bind(self, function: str, result: object, *arguments: object) -> None:
        bound = getattr(self._shared, f"{self.name}_{function}")
        bound.restype, bound.argtypes = result, arguments
        setattr(self, function, bound)

    def _each(self, function: str, result: object) -> Iterator:
        self._bind(function, result, c_int32)
        i = 0
        while found := getattr(self, function)(i):
            yield found
            i += 1

    def _tensors(self, function: str) -> Iterator[Tensor]:
        for found in self._each(function, POINTER(TensorInfo)):
            info = found.contents
            yield Tensor(info.name.decode(), _DTYPES[info.type], tuple(info.shape[: info.rank]))

    def _names(self, function: str) -> Iterator[str]:
        return (name.decode() for name in self._each(function, c_char_p))


def _exported_name(path: Path) -> str:
    """The model's name, which every symbol begins with."""
    found = re.search(rb"\0([A-Za-z_]\w*)_create_shared\0", path.read_bytes())
    if not found:
        raise ValueError(f"{path} is not a shared object made by kcc --emit=shared")
    return found[1].decode()
