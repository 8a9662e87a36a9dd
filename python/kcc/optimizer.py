"""What callbacks see as `model.optimizer`: its learning rate and how many steps it made."""

from __future__ import annotations

import ctypes
from typing import Any, Callable

import numpy as np


class LearningRate(float):
    """A number that can also be asked and set as Keras's variable."""

    _set: Callable[[float], None]

    def __new__(cls, value: float, set_value: Callable[[float], None]) -> LearningRate:
        number = super().__new__(cls, value)
        number._set = set_value
        return number

    def assign(self, value: float) -> None:
        self._set(value)

    def numpy(self) -> np.float32:
        return np.float32(self)


class Optimizer:
    """`learning_rate` can be read and set; `iterations` counts the steps."""

    built = True  # for BackupAndRestore, which would build it

    def __init__(self, model: Any):
        self._model = model

    @property
    def learning_rate(self) -> LearningRate:
        rate = ctypes.c_double()
        self._model.call("get_learning_rate", ctypes.byref(rate))
        return LearningRate(rate.value, self._set_learning_rate)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._set_learning_rate(value)

    def _set_learning_rate(self, value: float) -> None:
        self._model.call("set_learning_rate", float(value))

    @property
    def iterations(self) -> int:
        return self._model.ask("iterations")
