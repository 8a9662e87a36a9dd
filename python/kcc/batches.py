"""Batches from what is iterated over: generators, Keras's PyDataset (Sequence), tf.data, data loaders.

Where the program uses Keras, Keras's own EpochIterator reads them, so that epochs, steps, warnings and worker threads
are Keras's. Without Keras, sequences and iterators are read here.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, Iterator, Protocol

import numpy as np

from kcc.arrays import Dataset, bind
from kcc.library import Library


class BatchSource(Protocol):
    """`num_batches`: of an epoch, None if not known yet. `epoch` gives numbered batches."""

    @property
    def num_batches(self) -> int | None: ...

    def reset(self) -> None: ...

    def epoch(self) -> Iterator[tuple[int, Any]]: ...


def open_batches(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    steps: int | None,
    shuffle: bool | str = False,
    class_weight: dict[int, float] | None = None,
) -> BatchSource:
    if "keras" in sys.modules and hasattr(sys.modules["keras"], "src"):
        return _KerasBatches(x, y, sample_weight, steps, shuffle, class_weight)
    for name, value in (("y", y), ("sample_weight", sample_weight), ("class_weight", class_weight)):
        if value is not None:
            raise ValueError(f"{name} cannot be given where x is a {type(x).__name__}: its batches hold it")
    if not hasattr(x, "__iter__") and not _is_sequence(x):
        raise ValueError(f"x is a {type(x).__name__}: pass arrays, or something that gives batches (x, y)")
    return _Batches(x, steps, bool(shuffle))


def bind_batch(library: Library, batch: Any, with_targets: bool = True) -> Dataset:
    """x, (x, y) or (x, y, sample_weight)."""
    parts = tuple(batch) if isinstance(batch, (list, tuple)) else (batch,)
    if not 1 <= len(parts) <= 3:
        raise ValueError(f"a batch has {len(parts)} parts, expected (x, y) or (x, y, sample_weight)")
    x, y, sample_weight = (*parts, None, None)[:3]
    return bind(library, x, y, sample_weight, with_targets=with_targets)


class _KerasBatches:
    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        steps: int | None,
        shuffle: bool | str,
        class_weight: dict[int, float] | None,
    ):
        from keras.src.trainers.epoch_iterator import EpochIterator

        self._iterator = EpochIterator(
            x, y, sample_weight, steps_per_epoch=steps, shuffle=shuffle, class_weight=class_weight
        )

    @property
    def num_batches(self) -> int | None:
        return self._iterator.num_batches

    def reset(self) -> None:
        self._iterator.reset()

    def epoch(self) -> Iterator[tuple[int, Any]]:
        with self._iterator.catch_stop_iteration():
            for step, _, batches in self._iterator.enumerate_epoch():
                yield step, batches[0]


def _is_sequence(x: Any) -> bool:
    return hasattr(x, "__getitem__") and hasattr(x, "__len__")


class _Batches:
    """A sequence has an epoch of its own length, an iterable begins anew in each, an iterator goes on."""

    def __init__(self, x: Any, steps: int | None, shuffle: bool):
        self._x = x
        self._steps = steps
        self._shuffle = shuffle
        self._length = len(x) if hasattr(x, "__len__") else None
        self._going: Iterator[Any] | None = None

    @property
    def num_batches(self) -> int | None:
        return self._steps or self._length

    def reset(self) -> None:
        self._going = None

    def epoch(self) -> Iterator[tuple[int, Any]]:
        if self._going is None or not self._steps:
            self._going = self._begin()
        step = 0
        while self._steps is None or step < self._steps:
            try:
                batch = next(self._going)
            except StopIteration:
                self._going = None
                if self._steps or step == 0:
                    warnings.warn(
                        "the input ran out of data: it must give steps_per_epoch * epochs batches", stacklevel=2
                    )
                break
            yield step, batch
            step += 1
        if self._length is None:
            self._length = step

    def _begin(self) -> Iterator[Any]:
        if not _is_sequence(self._x):
            yield from self._x
            return
        order = np.random.permutation(len(self._x)) if self._shuffle else range(len(self._x))
        for i in order:
            yield self._x[int(i)]
        if hasattr(self._x, "on_epoch_end"):
            self._x.on_epoch_end()
