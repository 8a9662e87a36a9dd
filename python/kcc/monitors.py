"""Which way is better: Keras's callbacks ask the metrics of the live model, which are made at its first batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Sequence

import numpy as np

from kcc.callbacks import flat
from kcc.library import Library, Tensor


def prepare_metrics(keras_model: Any, library: Library, callbacks: Any) -> None:
    """Shows the live model a batch of zeros, in shapes alone, if a callback watches something else than the loss."""
    build = getattr(keras_model, "_symbolic_build", None)
    watched = [getattr(callback, "monitor", "loss") for callback in flat(callbacks)]
    if build is None or all(name.removeprefix("val_") == "loss" for name in watched):
        return
    # A Sequential has neither attribute.
    inputs = _zeros(library.inputs, getattr(keras_model, "input", None))
    build(data_batch=(inputs, _zeros(library.targets, getattr(keras_model, "output", None)), None))


def _zeros(tensors: Sequence[Tensor], structure: Any) -> Any:
    """In the model's structure: a dict, a list or one array."""
    arrays = {tensor.name: np.zeros((1, *tensor.shape), tensor.dtype) for tensor in tensors}
    if isinstance(structure, Mapping):
        return arrays
    return list(arrays.values()) if isinstance(structure, (list, tuple)) else next(iter(arrays.values()))
