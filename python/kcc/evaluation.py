"""The loops of evaluate and predict: in one call of the library, or by batches where somebody watches or makes them."""

from __future__ import annotations

import ctypes
from typing import Any, Callable, Iterator

import numpy as np

from kcc.arrays import Dataset
from kcc.batches import BatchSource, bind_batch
from kcc.callbacks import CallbackList
from kcc.library import Data
from kcc.progress import Logs


def evaluate(
    model: Any, data: Dataset | BatchSource, size: int, steps: int | None, callbacks: CallbackList, draws: bool
) -> Logs:
    """`size`: of a batch of arrays; `steps`: batches, or None for all. `draws`: the bar is this evaluation's."""
    model.stop_evaluating = False
    callbacks.on_begin("on_test_begin")
    values = model.new_metrics()
    watched = draws or callbacks.listens("on_test_batch_begin") or callbacks.listens("on_test_batch_end")
    if isinstance(data, Dataset) and not watched:
        some = data.part(0, steps * size) if steps else data
        model.call("evaluate", ctypes.byref(some.as_c()), size, values)
    else:
        model.reset_metrics()
        for step, batch in _batches(model, data, size, steps):
            callbacks.on_batch("on_test_batch_begin", step, {})
            values = model.run_step("test_on_arrays", batch)
            _tell(callbacks, "on_test_batch_end", step, lambda: model.logs_of(values), draws)
            if model.stop_evaluating:
                break
    logs = model.logs_of(values)
    callbacks.on_end("on_test_end", logs)
    return logs


def predict(
    model: Any, data: Dataset | BatchSource, size: int, steps: int | None, callbacks: CallbackList, draws: bool
) -> Any:
    """The outputs of all rows, as the model gives them."""
    model.stop_predicting = False
    callbacks.on_begin("on_predict_begin")
    whole = isinstance(data, Dataset)
    if whole:
        data = data.part(0, steps * size) if steps else data
        if not (draws or callbacks.listens("on_predict_batch_begin") or callbacks.listens("on_predict_batch_end")):
            size = data.rows
    made: list[list[np.ndarray]] = []
    for step, (batch, into) in enumerate(_predictions(model, data, size)):
        callbacks.on_batch("on_predict_batch_begin", step, {})
        model.call("predict_arrays", batch.rows, batch.inputs, into.inputs)
        first = step * size if whole else 0
        last = first + batch.rows
        _tell(
            callbacks,
            "on_predict_batch_end",
            step,
            lambda: {"outputs": model.as_outputs(into.owner.part(first, last).inputs)},
            draws,
        )
        if not whole:
            made.append(into.owner.inputs)
        if model.stop_predicting:
            break
    callbacks.on_end("on_predict_end")
    outputs = into.owner.part(0, last).inputs if whole else [np.concatenate(parts) for parts in zip(*made)]
    return model.as_outputs(outputs)


def new_outputs(model: Any, rows: int) -> Dataset:
    """Room for them, as a Dataset's inputs."""
    return Dataset([np.empty((rows, *tensor.shape), tensor.dtype) for tensor in model.library.outputs])


def batch_size(data: Any, given: int | None, steps: int | None) -> int:
    """Keras's default: 32, or as many as make `steps` batches."""
    for name, number in ("batch_size", given), ("steps", steps):
        if number is not None and number < 1:
            raise ValueError(f"{name} is {number}, expected at least 1")
    if given is not None:
        return int(given)
    return -(-data.rows // steps) if steps and isinstance(data, Dataset) else 32


def batch_count(data: Dataset | BatchSource, size: int, steps: int | None) -> int | None:
    if isinstance(data, Dataset):
        return min(steps or data.rows, -(-data.rows // size))
    return data.num_batches


def _batches(model: Any, data: Dataset | BatchSource, size: int, steps: int | None) -> Iterator[tuple[int, Data]]:
    if isinstance(data, Dataset):
        yield from enumerate((data.part(0, steps * size) if steps else data).windows(size))
        return
    data.reset()
    for step, batch in data.epoch():
        yield step, bind_batch(model.library, batch).as_c()


def _predictions(model: Any, data: Dataset | BatchSource, size: int) -> Iterator[tuple[Data, Data]]:
    """Each batch, and where its outputs go: for arrays, rows of one array."""
    if isinstance(data, Dataset):
        yield from zip(data.windows(size), new_outputs(model, data.rows).windows(size))
        return
    data.reset()
    for _, batch in data.epoch():
        rows = bind_batch(model.library, batch, with_targets=False)
        yield rows.as_c(), new_outputs(model, rows.rows).as_c()


def _tell(callbacks: CallbackList, event: str, step: int, make_logs: Callable[[], dict[str, Any]], draws: bool) -> None:
    if callbacks.listens(event):
        callbacks.on_batch(event, step, make_logs())
    if draws and callbacks.bar_is_due(step):
        callbacks.draw(event, step, make_logs())
