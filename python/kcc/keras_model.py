"""A live Keras model → the files that `kcc` reads: its JSON, its weights, the source of its own functions."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any, Iterator, Sequence

from kcc.functions import FunctionWriter, known_name
from kcc.source import FunctionError

# Attributes of layers that hold functions of the user.
_FUNCTION_ATTRIBUTES = ("function", "activation", "recurrent_activation")


@dataclass
class ModelFiles:
    model: Path
    weights: Path
    define: Path | None  # of functions taken from the live model


@dataclass
class _Use:
    """Where a function is used: for messages, and under which other name --define may have it."""

    function: FunctionType
    place: str
    layer: str = ""


def is_keras_model(value: Any) -> bool:
    return hasattr(value, "to_json") and hasattr(value, "save_weights") and hasattr(value, "layers")


def write_model(model: Any, folder: Path, define: Sequence[Path]) -> ModelFiles:
    """`define`: the user's own files, whose functions come first."""
    if not getattr(model, "built", False):
        raise ValueError(
            f"the model '{model.name}' has no shapes yet: give it a keras.Input, or call it on data, first"
        )
    if getattr(model, "inputs", None) is None:
        raise ValueError(
            f"the model '{model.name}' is a subclass, and only its call() knows its graph: build it with "
            "keras.Sequential or keras.Model(inputs, outputs)"
        )
    writer = FunctionWriter()
    defined = _defined_names(define)
    names: dict[FunctionType, str] = {}
    for use in _functions_of(model):
        if use.function.__name__ in defined or re.sub(r"\W", "_", use.layer) in defined:
            continue
        try:
            names[use.function] = writer.add(use.function)
        except FunctionError as error:
            raise FunctionError(f"{use.place}: {error}") from None
    losses = getattr(getattr(model, "_compile_config", None), "config", {}).get("loss")
    loss_names = _add_loss_classes(losses, writer, defined)
    files = ModelFiles(
        folder / "model.json", folder / "model.weights.h5", folder / "functions.py" if writer.names else None
    )
    with _renamed(names):
        description = json.loads(model.to_json())
    if loss_names:
        compiled = description["compile_config"]
        compiled["loss"] = _with_functions(losses, compiled["loss"], loss_names)
    for argument in ("metrics", "weighted_metrics"):
        _keep_metric_names((description.get("compile_config") or {}).get(argument), names)
    files.model.write_text(json.dumps(description))
    if files.define:
        files.define.write_text(writer.text)
    model.save_weights(files.weights)
    return files


def _functions_of(model: Any) -> Iterator[_Use]:
    """Those that are not Keras's."""
    for layer in model._flatten_layers(include_self=False):
        for attribute in _FUNCTION_ATTRIBUTES:
            function = vars(layer).get(attribute)
            place = f"layer '{layer.name}' ({type(layer).__name__}): {attribute}"
            if attribute == "function" and function is not None and not isinstance(function, FunctionType):
                raise FunctionError(f"{place} is a {type(function).__name__}: make it a function, with def or lambda")
            if isinstance(function, FunctionType) and not _keras_serves(function, attribute):
                yield _Use(function, place, layer.name if attribute == "function" else "")
    config = getattr(model, "_compile_config", None)
    for argument in ("loss", "metrics", "weighted_metrics"):
        for function in _functions_in(config and config.config.get(argument)):
            yield _Use(function, f"compile(): {argument}")


def _keras_serves(function: FunctionType, attribute: str) -> bool:
    """A function of Keras, which the file's name for it finds. A Lambda finds only what --define has."""
    return attribute != "function" and known_name(function) is not None


def _functions_in(value: Any) -> Iterator[FunctionType]:
    """Of a loss or metrics as compile() takes them: names, functions, objects around functions, in lists and dicts."""
    for leaf in _leaves(value):
        function = getattr(leaf, "fn", None) or getattr(leaf, "_fn", None) or leaf
        if isinstance(function, FunctionType) and known_name(function) is None:
            yield function


@contextlib.contextmanager
def _renamed(names: Mapping[FunctionType, str]) -> Iterator[None]:
    """Keras writes a lambda as bytecode, which kcc does not read, but a function with a name as that name."""
    before = {function: function.__name__ for function in names}
    try:
        for function, name in names.items():
            function.__name__ = name
        yield
    finally:
        for function, name in before.items():
            function.__name__ = name


def _add_loss_classes(losses: Any, writer: FunctionWriter, defined: set[str]) -> dict[int, str]:
    """Losses that are objects of the user's classes, by id: their call() is a function of its object's attributes."""
    names: dict[int, str] = {}
    for loss in _leaves(losses):
        kind = type(loss)
        own = hasattr(loss, "call") and hasattr(loss, "reduction") and not kind.__module__.startswith("keras.")
        if not own or kind.__name__ in defined:
            continue
        if loss.reduction not in ("sum_over_batch_size", "mean"):
            raise FunctionError(
                f"compile(): loss: {kind.__name__} has reduction={loss.reduction!r}: only the mean can be taken"
            )
        try:
            names[id(loss)] = writer.add(loss.call, kind.__name__)
        except FunctionError as error:
            raise FunctionError(f"compile(): loss: {kind.__name__}: {error}") from None
    return names


def _leaves(value: Any) -> Iterator[Any]:
    items = value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else None
    if items is None:
        yield value
        return
    for item in items:
        yield from _leaves(item)


def _with_functions(losses: Any, written: Any, names: Mapping[int, str]) -> Any:
    """The losses as Keras wrote them, with functions in the place of those objects."""
    if isinstance(losses, Mapping):
        return {key: _with_functions(loss, written[key], names) for key, loss in losses.items()}
    if isinstance(losses, (list, tuple)):
        return [_with_functions(loss, other, names) for loss, other in zip(losses, written)]
    name = names.get(id(losses))
    return (
        written
        if name is None
        else {"module": "builtins", "class_name": "function", "config": name, "registered_name": "function"}
    )


def _keep_metric_names(metrics: Any, names: Mapping[FunctionType, str]) -> None:
    """A metric is logged under its function's own name, also where that was taken: Keras calls a lambda "lambda"."""
    before = {name: function.__name__.strip("<>") for function, name in names.items()}
    items = metrics.items() if isinstance(metrics, dict) else enumerate(metrics if isinstance(metrics, list) else ())
    for key, metric in items:
        written = metric.get("config") if isinstance(metric, dict) and metric.get("class_name") == "function" else None
        if before.get(written, written) != written:
            metrics[key] = {
                "module": "keras.metrics",
                "class_name": "MeanMetricWrapper",
                "registered_name": None,
                "config": {"name": before[written], "dtype": "float32", "fn": metric},
            }
        else:
            _keep_metric_names(metric, names)


def _defined_names(files: Sequence[Path]) -> set[str]:
    names: set[str] = set()
    for file in files:
        for statement in ast.parse(Path(file).read_text(), str(file)).body:
            if isinstance(statement, ast.FunctionDef):
                names.add(statement.name)
            elif isinstance(statement, ast.Assign):
                names.update(target.id for target in statement.targets if isinstance(target, ast.Name))
    return names
