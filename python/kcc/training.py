"""The loops of fit: over arrays in the library, with Python called back for what is listened to; over batches here."""

from __future__ import annotations

import ctypes
import signal
import threading
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Callable

from kcc.arrays import Dataset
from kcc.batches import BatchSource, bind_batch
from kcc.callbacks import CallbackList
from kcc.library import (
    BATCH_BEGIN,
    BATCH_END,
    EPOCH_BEGIN,
    EPOCH_END,
    OK,
    STOPPED,
    Callback,
    FitOptions,
    Progress,
)
from kcc.progress import Logs

_SHUFFLE = {True: 0, False: 1, "batch": 2}
_TEST_EVENTS = ("on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_end")


@dataclass
class Validation:
    """The data that is evaluated at the end of epochs."""

    data: Dataset | BatchSource
    batch_size: int
    steps: int | None
    freq: int | list[int]

    def is_due(self, epoch: int) -> bool:
        """`epoch` counts from 0, `freq` from 1."""
        return (epoch + 1) % self.freq == 0 if isinstance(self.freq, int) else epoch + 1 in self.freq


@dataclass
class Plan:
    initial_epoch: int
    epochs: int
    batch_size: int
    steps_per_epoch: int | None
    shuffle: bool | str
    seed: int


class _Loop:
    """What an epoch ends with, wherever its batches were run."""

    def __init__(self, model: Any, callbacks: CallbackList, validation: Validation | None):
        self.model, self.callbacks, self.validation = model, callbacks, validation
        self.logs: Logs = {}  # of the last epoch

    def end_epoch(self, epoch: int, logs: Logs, validation_logs: Logs | None = None) -> None:
        validation = self.validation
        if validation_logs is None and validation is not None and validation.is_due(epoch):
            validation_logs = self.model.validate(validation, self.callbacks)
        if validation_logs is not None:
            logs.update({f"val_{name}": value for name, value in validation_logs.items()})
        self.logs = dict(sorted(logs.items()))
        self.callbacks.on_epoch_end(epoch, self.logs)

    def end_batch(self, batch: int, make_logs: Callable[[], Logs]) -> None:
        event = "on_train_batch_end"
        if self.callbacks.listens(event):
            self.callbacks.on_batch(event, batch, make_logs())
        if self.callbacks.bar_is_due(batch):
            self.callbacks.draw(event, batch, make_logs())


class ArrayLoop(_Loop):
    """NAME_fit, and what it calls back."""

    def __init__(self, model: Any, callbacks: CallbackList, validation: Validation | None):
        super().__init__(model, callbacks, validation)
        # The library validates unless somebody watches, or it is not its turn.
        self._in_library = (
            validation is not None
            and isinstance(validation.data, Dataset)
            and validation.freq == 1
            and not any(map(callbacks.listens, _TEST_EVENTS))
        )
        self._error: BaseException | None = None
        self._progress = (0, Progress())  # with its address
        self._watched = callbacks.listens("on_train_batch_end")
        self._interrupts = _Interrupts()

    def run(self, data: Dataset, plan: Plan) -> Logs:
        # The end of a batch is always waited for: it is where Ctrl-C is seen.
        events = 1 << EPOCH_BEGIN | 1 << EPOCH_END | 1 << BATCH_END
        events |= self.callbacks.listens("on_train_batch_begin") << BATCH_BEGIN
        callback = Callback(self._on_event)
        options = FitOptions(
            epochs=plan.epochs,
            initial_epoch=plan.initial_epoch,
            batch_size=plan.batch_size,
            steps_per_epoch=plan.steps_per_epoch or 0,
            shuffle=_SHUFFLE[plan.shuffle],
            seed=plan.seed,
            callback=callback,
            events=events,
        )
        validation = self.validation
        if self._in_library:
            rows = validation.data.as_c()
            options.validation = ctypes.pointer(rows)
            options.validation_batch_size, options.validation_steps = validation.batch_size, validation.steps or 0
        train = data.as_c()
        with self._interrupts:
            status = self.model.status_of("fit", ctypes.byref(train), ctypes.byref(options))
        if self._error is not None:
            raise self._error
        self.model.check(OK if status == STOPPED else status)
        return self.logs

    def _on_event(self, _user: int | None, address: int) -> int:
        """Nothing may be raised through the library: it ends training first."""
        progress = self._progress_at(address)
        if progress.event == BATCH_END and self._may_pass(progress):
            return 0
        try:
            if self._error is None:
                with self._interrupts.allowed():
                    self._handle(progress)
        except BaseException as error:
            self._error = error
        # As in Keras, a stop counts after a batch or an epoch: one begun ends with its validation.
        stopped = self.model.stop_training and progress.event in (BATCH_END, EPOCH_END)
        return 1 if stopped or self._error is not None else 0

    def _may_pass(self, progress: Progress) -> bool:
        """Nobody wants this batch: most of them, so that this must be quick."""
        return not (
            self._watched
            or self._interrupts.pending
            or self.model.stop_training
            or self._error is not None
            or self.callbacks.bar_is_due(progress.batch)
        )

    def _progress_at(self, address: int) -> Progress:
        if self._progress[0] != address:
            self._progress = address, Progress.from_address(address)
        return self._progress[1]

    def _handle(self, progress: Progress) -> None:
        event = progress.event
        if event == BATCH_END:
            self.end_batch(progress.batch, lambda: self.model.logs_at(progress.metrics))
        elif event == BATCH_BEGIN:
            self.callbacks.on_batch("on_train_batch_begin", progress.batch, {})
        elif event == EPOCH_BEGIN:
            self.callbacks.on_epoch_begin(progress.epoch)
        else:
            values = progress.validation_metrics
            self.end_epoch(
                progress.epoch, self.model.logs_at(progress.metrics), self.model.logs_at(values) if values else None
            )


class BatchLoop(_Loop):
    """For batches that Python makes."""

    def run(self, source: BatchSource, plan: Plan) -> Logs:
        model, callbacks = self.model, self.callbacks
        last: Dataset | None = None
        for epoch in range(plan.initial_epoch, plan.epochs):
            model.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            for step, batch in source.epoch():
                callbacks.on_batch("on_train_batch_begin", step, {})
                last = bind_batch(model.library, batch)
                values = model.train_step(last)
                self.end_batch(step, lambda: model.logs_of(values))
                if model.stop_training:
                    break
            if last is None:
                raise ValueError("x gave no batch")
            self.end_epoch(epoch, model.logs_of(values))
            if model.stop_training:
                break
        if last is not None:
            self._finalize(last)
        return self.logs

    def _finalize(self, rows: Dataset) -> None:
        """What training ends with, such as averaged weights that replace the last ones: fit of no epoch does it."""
        data = rows.as_c()
        self.model.call("fit", ctypes.byref(data), ctypes.byref(FitOptions(initial_epoch=1, epochs=1)))


class _Interrupts:
    """Ctrl-C while the library runs: kept until Python runs again, so that it is never lost in between."""

    def __init__(self) -> None:
        self._previous: Any = None
        self.pending = False
        self._inside = False

    def __enter__(self) -> _Interrupts:
        if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
            self._previous = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._raise_pending()

    def allowed(self) -> _Allowed:
        return _Allowed(self)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._inside:
            self._previous(number, frame)
        else:
            self.pending = True

    def _raise_pending(self) -> None:
        if self.pending:
            self.pending = False
            self._previous(signal.SIGINT, None)


class _Allowed:
    """Where the signal may raise at once."""

    def __init__(self, interrupts: _Interrupts):
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self._interrupts._inside = True
        self._interrupts._raise_pending()

    def __exit__(self, *_: object) -> None:
        self._interrupts._inside = False
