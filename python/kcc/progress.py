"""Keras's progress bar, for processes that have not imported Keras. Text and order are Keras 3.15's."""

from __future__ import annotations

import sys
import time
from typing import Any

Logs = dict[str, float]


class Progbar:
    """One epoch's bar (verbose 1) or line (verbose 2)."""

    WIDTH = 20
    INTERVAL = 0.05  # seconds between two drawings

    def __init__(self, target: int | None, verbose: int):
        self.target = target
        self.verbose = verbose
        self._start = time.time()
        self._first_step_end: float | None = None
        self._last_update = 0.0
        self._shown = 0  # columns of the last drawing
        self._values: Logs = {}

    def update(self, current: int, values: Logs, finalize: bool) -> None:
        self._values.update(values)
        now = time.time()
        duration = self._step_duration(current, now)
        if self.verbose == 1:
            if now - self._last_update < self.INTERVAL and not finalize:
                return
            self._draw(current, duration, now, finalize)
        elif self.verbose == 2 and finalize and self.target:
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            _write(f"{count} - {now - self._start:.0f}s -{_time(duration)}{self._metrics()}\n")
        self._last_update = now

    def _draw(self, current: int, duration: float, now: float, finalize: bool) -> None:
        if self.target:
            full = int(self.WIDTH * current / self.target)
            count = f"{current:{len(str(self.target))}d}/{self.target}"
            bar = f"\x1b[1m{count}\x1b[0m " + (f"\33[32m{'━' * full}\x1b[0m" if full else "")
            bar += f"\33[37m{'━' * (self.WIDTH - full)}\x1b[0m"
            width = len(count) + 1 + self.WIDTH
        else:
            bar = f"{current:7d}/Unknown"
            width = len(bar)
        ahead = self.target and not finalize
        clock = _clock(duration * (self.target - current)) if ahead else f"{now - self._start:.0f}s"
        rest = _time(duration) + self._metrics()
        width += 1 + len(clock) + len(rest)
        text = "\b" * self._shown + f"\r{bar} \x1b[1m{clock}\x1b[0m{rest}" + " " * max(0, self._shown - width)
        _write(text + ("\n" if finalize else ""))
        self._shown = width

    def _metrics(self) -> str:
        # The line, unlike the bar, writes every negative number with an exponent.
        size = abs if self.verbose == 1 else float
        return "".join(
            f" - {name}: {value:.4f}" if size(value) > 1e-3 else f" - {name}: {value:.4e}"
            for name, value in self._values.items()
        )

    def _step_duration(self, current: int, now: float) -> float:
        """The first step is not representative: later estimates leave it out."""
        if not current:
            return 0.0
        if self._first_step_end is not None and current > 1:
            return (now - self._first_step_end) / (current - 1)
        if current == 1:
            self._first_step_end = now
        return (now - self._start) / current


def _clock(seconds: float) -> str:
    whole = int(seconds)
    if seconds > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if seconds > 60 else f"{whole}s"


def _time(seconds: float) -> str:
    if seconds >= 1 or seconds == 0:
        return f" {seconds:.0f}s/step"
    return f" {seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f" {seconds * 1e6:.0f}us/step"


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class ProgbarLogger:
    """The callback that draws: inside `fit` the validation is silent."""

    def set_params(self, params: dict[str, Any]) -> None:
        self._verbose = 1 if params["verbose"] == "auto" else params["verbose"]
        self._epochs, self._target = params["epochs"], params["steps"]
        self._in_fit = False

    def set_model(self, model: Any) -> None:
        pass

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit = True

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._begin()
        if self._verbose and self._epochs > 1:
            _write(f"Epoch {epoch + 1}/{self._epochs}\n")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._step(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._end(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._step(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if not self._in_fit:
            self._end(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._step(batch, None)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._end(logs)

    def _begin(self) -> None:
        self._seen = 0
        self._bar = Progbar(self._target, self._verbose)

    def _step(self, batch: int, logs: Logs | None) -> None:
        self._seen = batch + 1
        if self._verbose == 1:
            self._bar.update(self._seen, logs or {}, finalize=False)

    def _end(self, logs: Logs | None) -> None:
        if self._target is None:  # known after the first epoch
            self._target = self._bar.target = self._seen
        self._bar.update(self._target, logs or {}, finalize=True)
