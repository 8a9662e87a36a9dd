"""Keras's callbacks: who listens to what, and the calls in Keras's way and order."""

from __future__ import annotations

import sys
import time
from typing import Any, Iterator

from kcc.progress import Logs, ProgbarLogger


class History:
    """What `fit` returns where Keras is not imported: `history`, `epoch`, `params`, as Keras's."""

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.params: dict[str, Any] = {}
        self.model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params

    def set_model(self, model: Any) -> None:
        self.model = model

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


def _keras_callback(name: str, otherwise: type) -> type:
    """Keras's own class if the program uses Keras, so that it is what others take it for."""
    keras = sys.modules.get("keras")
    return getattr(getattr(keras, "callbacks", None), name, otherwise)


class CallbackList:
    """Calls the user's callbacks, then History (in `fit`) and the progress bar."""

    DRAW_INTERVAL = 0.05  # seconds: the bar draws no more often, so it need not be told more often

    def __init__(
        self,
        callbacks: Any,
        model: Any,
        *,
        verbose: int | str,
        epochs: int,
        steps: int | None,
        add_history: bool = False,
    ):
        history_class, bar_class = _keras_callback("History", History), _keras_callback("ProgbarLogger", ProgbarLogger)
        self.callbacks = list(flat(callbacks))
        self.history = next((c for c in self.callbacks if isinstance(c, history_class)), None)
        if add_history and self.history is None:
            self.history = history_class()
            self.callbacks.append(self.history)
        self._bar = next((c for c in self.callbacks if isinstance(c, bar_class)), None)
        if verbose != 0 and self._bar is None:
            self._bar = bar_class()
            self.callbacks.append(self._bar)
        self._draws = self._bar is not None and verbose in (1, "auto")
        self._counts = self._bar is not None and steps is None  # the bar learns the number of batches by itself
        self._drawn = 0.0
        self._listeners: dict[str, list[Any]] = {}
        params = {"verbose": verbose, "epochs": epochs, "steps": steps}
        for callback in self.callbacks:
            _call(callback, "set_model", model)
        for callback in self.callbacks:
            _call(callback, "set_params", params)

    def listens(self, event: str) -> bool:
        """Whether a callback other than the bar waits for this event of a batch, such as "on_train_batch_end"."""
        return bool(self._listening(event))

    def on_begin(self, event: str) -> None:
        """on_train_begin, on_test_begin, on_predict_begin."""
        for callback in self.callbacks:
            _call(callback, event, {})

    def on_end(self, event: str, logs: Logs | None = None) -> None:
        for callback in self.callbacks:
            _call(callback, event, logs or {})

    def on_epoch_begin(self, epoch: int) -> None:
        self._drawn = 0.0
        for callback in self.callbacks:
            _call(callback, "on_epoch_begin", epoch, {})

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        for callback in self.callbacks:
            _call(callback, "on_epoch_end", epoch, logs)

    def on_batch(self, event: str, batch: int, logs: dict[str, Any]) -> None:
        for callback in self._listening(event):
            getattr(callback, event)(batch, logs=logs)

    def bar_is_due(self, batch: int) -> bool:
        """The first batch counts for the estimate of a step's time."""
        return self._counts or self._draws and (batch == 0 or time.time() - self._drawn >= self.DRAW_INTERVAL)

    def draw(self, event: str, batch: int, logs: Logs) -> None:
        self._drawn = time.time()
        getattr(self._bar, event)(batch, logs)

    def _listening(self, event: str) -> list[Any]:
        if event not in self._listeners:
            self._listeners[event] = [c for c in self.callbacks if c is not self._bar and _overrides(c, event)]
        return self._listeners[event]


def flat(callbacks: Any) -> Iterator[Any]:
    """Each of lists in lists, one callback, or a CallbackList."""
    inner = getattr(callbacks, "callbacks", callbacks)
    if isinstance(inner, (list, tuple)):
        for callback in inner:
            yield from flat(callback)
    elif callbacks is not None:
        yield callbacks


def _call(callback: Any, method: str, *arguments: Any) -> None:
    """A callback that is not Keras's may leave methods out."""
    bound = getattr(callback, method, None)
    if bound is not None:
        bound(*arguments)


def _overrides(callback: Any, event: str) -> bool:
    """Keras marks the methods of its base class as defaults. ModelCheckpoint and BackupAndRestore wait for batches only
    if they save between epochs."""
    if getattr(callback, "save_freq", None) == "epoch" and type(callback).__module__.startswith("keras."):
        return False
    names = [event, event.replace("on_train_batch", "on_batch")]
    methods = [getattr(callback, name, None) for name in names]
    return any(method is not None and not getattr(method, "_is_default", False) for method in methods)
