"""The user's arrays → what the library reads: in its order, of its types, dense; not copied where they are so already.

Every mistake is a ValueError that names both sides.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Iterator, Sequence

import numpy as np

from kcc.library import Data, Library, Tensor


def is_array(value: Any) -> bool:
    """NumPy's, and what turns into it: tensors of frameworks, tables."""
    return isinstance(value, np.ndarray) or hasattr(value, "__array__")


def are_arrays(structure: Any) -> bool:
    """Whether x (or y) is arrays, alone or in lists, tuples and dicts; not something to iterate over."""
    if isinstance(structure, Mapping):
        structure = tuple(structure.values())
    if isinstance(structure, (list, tuple)):
        return all(map(is_array, structure))
    return is_array(structure)


@dataclass
class Dataset:
    """Rows of inputs, targets and sample weights, in the library's order. `weights` may hold None: all weigh 1."""

    inputs: list[np.ndarray]
    targets: list[np.ndarray] = field(default_factory=list)
    weights: list[np.ndarray | None] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.inputs[0])

    def part(self, first: int, last: int) -> Dataset:
        """Views of some rows."""
        return Dataset(
            [a[first:last] for a in self.inputs],
            [a[first:last] for a in self.targets],
            [a if a is None else a[first:last] for a in self.weights],
        )

    def as_c(self) -> Data:
        data = Data(self.rows, pointers(self.inputs), pointers(self.targets), weight_pointers(self.weights))
        data.owner = self  # of the memory that it points to
        return data

    def windows(self, size: int) -> Iterator[Data]:
        """One structure that shows each batch in turn: nothing is made for a batch."""
        data = self.as_c()
        columns = [
            (where, i, array.ctypes.data, array.strides[0])
            for where, arrays in (
                (data.inputs, self.inputs),
                (data.targets, self.targets),
                (data.weights, self.weights),
            )
            for i, array in enumerate(arrays)
            if array is not None
        ]
        for first in range(0, self.rows, size):
            data.rows = min(size, self.rows - first)
            for where, i, address, row_bytes in columns:
                where[i] = address + first * row_bytes
            yield data


def pointers(arrays: Sequence[np.ndarray | None]) -> ctypes.Array:
    return (ctypes.c_void_p * max(len(arrays), 1))(*(None if a is None else a.ctypes.data for a in arrays))


def weight_pointers(weights: Sequence[np.ndarray | None]) -> ctypes.Array | None:
    return pointers(weights) if any(a is not None for a in weights) else None


def bind(
    library: Library,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    class_weight: dict[int, float] | None = None,
    with_targets: bool = True,
) -> Dataset:
    """Arrays of a call to fit, evaluate or predict (without targets)."""
    data = Dataset(
        [
            _fit_to(array, tensor, "input", f"x{where}")
            for array, tensor, where in _arrange(x, library.inputs, "x", "input")
        ]
    )
    if with_targets:
        if y is None:
            raise ValueError(f"y is missing: the model has {_listed(library.targets, 'output')}")
        data.targets = [
            _bind_target(library, array, tensor, f"y{where}")
            for array, tensor, where in _arrange(y, library.targets, "y", "output")
        ]
        if class_weight is not None:
            sample_weight = _weights_of_classes(library, y, sample_weight, class_weight)
        data.weights = _bind_weights(library, sample_weight)
    _check_rows(data)
    return data


# ---- from the user's structure to the library's order


def _listed(tensors: Sequence[Tensor], kind: str) -> str:
    names = ", ".join(f"'{tensor.name}'" for tensor in tensors)
    return f"the {kind} {names}" if len(tensors) == 1 else f"the {kind}s {names}"


def _arrange(data: Any, tensors: Sequence[Tensor], argument: str, kind: str) -> list[tuple[np.ndarray, Tensor, str]]:
    """Each tensor with its array, and how messages call it beside the argument's name."""
    if isinstance(data, Mapping):
        names = [tensor.name for tensor in tensors]
        if set(data) != set(names):
            given = ", ".join(f"'{name}'" for name in data)
            raise ValueError(f"{argument} has the keys {given}, but the model has {_listed(tensors, kind)}")
        return [
            (_as_array(data[name], f"{argument}['{name}']"), tensor, f"['{name}']")
            for name, tensor in zip(names, tensors)
        ]
    if isinstance(data, (list, tuple)):
        if data and not are_arrays(data):
            raise ValueError(
                f"{argument} is a {type(data).__name__} of {type(data[0]).__name__}: pass a NumPy array"
                f"{'' if len(tensors) == 1 else f', or one for each of {_listed(tensors, kind)}'}"
            )
        if len(data) != len(tensors):
            raise ValueError(f"{argument} holds {len(data)} arrays, but the model has {_listed(tensors, kind)}")
        return [
            (_as_array(value, f"{argument}[{i}]"), tensor, f"[{i}]")
            for i, (value, tensor) in enumerate(zip(data, tensors))
        ]
    if len(tensors) != 1:
        raise ValueError(
            f"{argument} is one {type(data).__name__}, but the model has {_listed(tensors, kind)}: "
            f"pass a dict or a list of arrays"
        )
    return [(_as_array(data, argument), tensors[0], "")]


def _as_array(value: Any, label: str) -> np.ndarray:
    if not is_array(value):
        raise ValueError(f"{label} is a {type(value).__name__}: pass a NumPy array")
    return value if type(value) is np.ndarray else np.asarray(value)


# ---- from an array to a tensor's rows


def _same_rows(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    """Equal but for a last axis of 1 on one side, which Keras adds and drops, too."""
    seen, wanted = list(shape), list(wanted)
    if len(seen) == len(wanted) + 1 and seen[-1] == 1:
        seen.pop()
    if len(wanted) == len(seen) + 1 and wanted[-1] == 1:
        wanted.pop()
    return seen == wanted


def _batched(shape: Sequence[int]) -> str:
    return str((None, *shape))


def _fit_to(array: np.ndarray, tensor: Tensor, kind: str, label: str) -> np.ndarray:
    if array.ndim == 0 or not _same_rows(array.shape[1:], tensor.shape):
        raise ValueError(f"{label} has shape {array.shape}, but {kind} '{tensor.name}' takes {_batched(tensor.shape)}")
    return _dense(array, tensor, kind, label)


def _dense(array: np.ndarray, tensor: Tensor, kind: str, label: str) -> np.ndarray:
    """Contiguous, of the tensor's type; the same object if it is so already."""
    if array.dtype != tensor.dtype:
        if array.dtype.kind not in "biufV" or array.dtype.names:
            raise ValueError(f"{label} has dtype {array.dtype}, but {kind} '{tensor.name}' takes {tensor.dtype}")
        if tensor.dtype.kind in "iu":
            limits = np.iinfo(tensor.dtype)
            _check_whole(array, limits.min, limits.max, label, f"{kind} '{tensor.name}' takes {tensor.dtype}")
    return np.ascontiguousarray(array, dtype=tensor.dtype)


def _check_whole(array: np.ndarray, lowest: int, highest: int, label: str, reason: str) -> None:
    if array.dtype.kind == "b" or array.size == 0:
        return
    wrong = None
    if array.dtype.kind not in "iu":
        broken = array != np.trunc(array)  # NaN too
        wrong = array[broken].flat[0] if broken.any() else None
    if wrong is None:
        wrong = next((value for value in (array.min(), array.max()) if not lowest <= value <= highest), None)
    if wrong is not None:
        raise ValueError(f"{label} holds {wrong}, expected whole numbers from {lowest} to {highest}: {reason}")


def _bind_target(library: Library, array: np.ndarray, tensor: Tensor, label: str) -> np.ndarray:
    shape = tensor.shape
    if array.ndim and not _same_rows(array.shape[1:], shape) and shape and _same_rows(array.shape[1:], shape[:-1]):
        raise ValueError(
            f"{label} has shape {array.shape}, but output '{tensor.name}' takes {_batched(shape)}: for class "
            f"numbers use a sparse loss, or keras.utils.to_categorical({label}, {shape[-1]})"
        )
    bound = _fit_to(array, tensor, "output", label)
    classes = _class_count(library, tensor)
    if classes:
        _check_whole(bound, 0, classes - 1, label, f"output '{tensor.name}' has {classes} classes")
    return bound


def _class_count(library: Library, target: Tensor) -> int | None:
    """Of a target of class numbers: the last extent of its output."""
    if target.dtype.kind not in "iu":
        return None
    return next((output.shape[-1] for output in library.outputs if output.name == target.name and output.shape), None)


def _check_rows(data: Dataset) -> None:
    arrays = [("x", a) for a in data.inputs] + [("y", a) for a in data.targets]
    arrays += [("sample_weight", a) for a in data.weights if a is not None]
    if data.rows == 0:
        raise ValueError("x holds no samples")
    for name, array in arrays:
        if len(array) != data.rows:
            raise ValueError(
                f"x has {data.rows} samples, but {name} has {len(array)}: all arrays must have the same number"
            )


# ---- sample weights


def _weights_of_classes(library: Library, y: Any, sample_weight: Any, class_weight: dict[int, float]) -> np.ndarray:
    """As Keras: a row's class is its number, or the place of its largest value; classes without a weight weigh 1."""
    if sample_weight is not None:
        raise ValueError("class_weight and sample_weight cannot be given together")
    if len(library.targets) != 1:
        raise ValueError(
            f"class_weight is for models with one output, this one has {_listed(library.targets, 'output')}"
        )
    labels = _arrange(y, library.targets, "y", "output")[0][0]
    if labels.ndim > 1:
        labels = labels.argmax(axis=-1) if labels.shape[-1] != 1 else labels[..., 0]
    if labels.ndim != 1:
        raise ValueError(f"class_weight needs one class a sample, but y has shape {np.shape(y)}")
    classes, places = np.unique(np.round(labels).astype(np.int32), return_inverse=True)
    return np.array([class_weight.get(int(c), 1.0) for c in classes], np.float32)[places]


def _bind_weights(library: Library, sample_weight: Any) -> list[np.ndarray | None]:
    targets = library.targets
    if sample_weight is None:
        return [None] * len(targets)
    if isinstance(sample_weight, Mapping):
        unknown = set(sample_weight) - {target.name for target in targets}
        if unknown:
            raise ValueError(
                f"sample_weight has the key '{sorted(unknown)[0]}', but the model has {_listed(targets, 'output')}"
            )
        given = [sample_weight.get(target.name) for target in targets]
    elif isinstance(sample_weight, (list, tuple)):
        if len(sample_weight) != len(targets):
            raise ValueError(
                f"sample_weight holds {len(sample_weight)} arrays, but the model has {_listed(targets, 'output')}"
            )
        given = list(sample_weight)
    else:
        given = [sample_weight] * len(targets)
    return [
        None if weight is None else _bind_weight(_as_array(weight, "sample_weight"), tensor)
        for weight, tensor in zip(given, library.target_weights)
    ]


def _bind_weight(weight: np.ndarray, tensor: Tensor) -> np.ndarray:
    try:
        return _fit_to(weight, tensor, "output", "sample_weight")
    except ValueError as error:
        if weight.ndim == 1 or tensor.shape:
            raise
        raise ValueError(
            f"{error}; kcc.compile(options=['--sample-weight-mode', 'temporal']) makes it take one a step"
        ) from None
