"""Handle: one model of a library, freed when it is closed or no longer used. Calls of threads wait for each other."""

from __future__ import annotations

import ctypes
import os
import random
import threading
import weakref
from typing import Any, Sequence

import numpy as np

from kcc.library import OK, Library, Options
from kcc.progress import Logs


class Handle:
    """What `Model` is made of: calls into the library, weights, metrics. Shapes and names, but no Keras."""

    def __init__(
        self,
        library: Library,
        *,
        threads: int | None,
        seed: int | None,
        max_rows: int,
        predict_only: bool,
        owner: Handle | None = None,
    ):
        self.library = library
        self._threads = threads or _cores()
        self._max_rows = max_rows
        self._lock = threading.RLock()  # a callback of fit may call the model again
        self._process = os.getpid()
        self._seeds = random.Random(seed) if seed is not None else random
        self._first_seed = seed
        options = Options(
            max_rows=max_rows,
            threads=self._threads,
            predict_only=predict_only,
            seed=self._seeds.getrandbits(63) if seed is None else seed,
        )
        self._address = library.new_shared(owner._alive(), options) if owner else library.new_model(options)
        self._free = weakref.finalize(self, _destroy, library, self._address, self._process)
        self._names = library.metrics
        self._order = sorted(range(len(self._names)), key=self._names.__getitem__)

    def close(self) -> None:
        """Frees the model's memory and threads now. Using it afterwards is an error."""
        with self._lock:
            self._free()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next_seed(self) -> int:
        """The one given first, then others that follow from it."""
        seed, self._first_seed = self._first_seed, None
        return seed if seed is not None else self._seeds.getrandbits(63)

    # ---- calls

    def status_of(self, function: str, *arguments: Any) -> int:
        with self._lock:
            return getattr(self.library, function)(self._alive(), *arguments)

    def call(self, function: str, *arguments: Any) -> None:
        """Raises what the library says."""
        with self._lock:
            address = self._alive()
            status = getattr(self.library, function)(address, *arguments)
            if status != OK:
                self.library.check(status, address)

    def ask(self, function: str) -> Any:
        """A function that cannot fail."""
        return self.status_of(function)

    def check(self, status: int) -> None:
        self.library.check(status, self._alive())

    def _alive(self) -> ctypes.c_void_p:
        if not self._free.alive:
            raise ValueError("the model is closed")
        if self._threads > 1 and os.getpid() != self._process:
            raise RuntimeError(
                "the model was made before this process was forked, and its threads are not here: make it "
                "after the fork, or with threads=1"
            )
        return self._address

    # ---- metrics

    def logs_of(self, values: Sequence[float]) -> Logs:
        """By name, in Keras's order: that of the alphabet."""
        return {self._names[i]: float(values[i]) for i in self._order}

    def logs_at(self, address: int) -> Logs:
        return self.logs_of((ctypes.c_float * len(self._names)).from_address(address))

    def new_metrics(self) -> ctypes.Array:
        return (ctypes.c_float * len(self._names))()

    def reset_metrics(self) -> None:
        self.ask("reset_metrics")

    # ---- weights

    def get_weights(self) -> list[np.ndarray]:
        """Copies, in the order of Keras's get_weights()."""
        with self._lock:
            return [self._get_weight(weight.name, weight.shape) for weight in self.library.weights]

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        wanted = self.library.weights
        if len(weights) != len(wanted):
            raise ValueError(f"set_weights got {len(weights)} arrays, but the model has {len(wanted)} weights")
        arrays = [np.ascontiguousarray(values, dtype=np.float32) for values in weights]
        for values, weight in zip(arrays, wanted):
            if values.shape != weight.shape:
                raise ValueError(f"set_weights got shape {values.shape} for '{weight.name}', which has {weight.shape}")
        with self._lock:
            for values, weight in zip(arrays, wanted):
                self.call("set_weight", weight.name.encode(), values.ctypes.data, values.size)

    def _get_weight(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        values = np.empty(shape, np.float32)
        self.call("get_weight", name.encode(), values.ctypes.data, values.size)
        return values


def _cores() -> int:
    """That the process may use, by its affinity and its container's quota."""
    cores = len(os.sched_getaffinity(0))
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:
            quota, period = file.read().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, -(-int(quota) // int(period))))


def _destroy(library: Library, address: ctypes.c_void_p, process: int) -> None:
    """A forked process leaves alone what its parent made: the threads that it would wait for are not there."""
    if os.getpid() == process:
        library.destroy(address)
