"""Model: a compiled model with Keras's methods."""

from __future__ import annotations

import ctypes
import os
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from kcc import evaluation
from kcc.arrays import Dataset, are_arrays, bind, pointers
from kcc.batches import BatchSource, open_batches
from kcc.callbacks import CallbackList
from kcc.handle import Handle
from kcc.keras_file import write_keras_file
from kcc.library import Data, Library
from kcc.monitors import prepare_metrics
from kcc.optimizer import Optimizer
from kcc.progress import Logs
from kcc.training import ArrayLoop, BatchLoop, Plan, Validation


class Model(Handle):
    """A compiled model: `fit`, `evaluate`, `predict` and the rest as in Keras. Made by `kcc.compile` or `kcc.load`.

    `with kcc.compile(...) as fast:` or `close()` frees it at once.
    """

    built = True
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    _initial_epoch: int | None = None  # set by BackupAndRestore

    def __init__(
        self,
        library: Library,
        *,
        threads: int | None = None,
        seed: int | None = None,
        max_rows: int = 32,
        predict_only: bool = False,
        keras_model: Any = None,
        description: str | None = None,
        owner: Model | None = None,
    ):
        super().__init__(library, threads=threads, seed=seed, max_rows=max_rows, predict_only=predict_only, owner=owner)
        self._keras_model = keras_model
        self._description = description  # JSON of the model's file, where there was one instead
        self.name = getattr(keras_model, "name", library.name)
        self.history: Any = None

    def __repr__(self) -> str:
        inputs = ", ".join(f"{t.name}{(None, *t.shape)}" for t in self.library.inputs)
        outputs = ", ".join(f"{t.name}{(None, *t.shape)}" for t in self.library.outputs)
        return f"<kcc.Model {self.name}: {inputs} -> {outputs}>"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a kcc model has no '{name}': what needs Keras's own model finds it in to_keras()")

    def shared(self, threads: int = 1) -> Model:
        """A model for another thread, over the same weights: it predicts with what this one has learnt. This one must
        not train or set weights meanwhile."""
        return Model(
            self.library,
            threads=threads,
            max_rows=self._max_rows,
            predict_only=True,
            owner=self,
            keras_model=self._keras_model,
            description=self._description,
        )

    @property
    def optimizer(self) -> Optimizer:
        return Optimizer(self)

    @property
    def metrics_names(self) -> list[str]:
        return list(self.library.metrics)

    @property
    def metrics(self) -> list[Any]:
        """Those of the live Keras model, which tell callbacks whether more or less of one is better."""
        if self._keras_model is None:
            raise AttributeError("metrics: the model was not made from a live Keras model")
        return self._keras_model.metrics

    # ---- fit, evaluate, predict

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | list[int] = 1,
    ) -> Any:
        """Trains as Keras's fit does; arguments, callbacks and the History returned are Keras's."""
        self._check_trains("fit")
        if not isinstance(validation_freq, (int, list)):
            raise ValueError(f"validation_freq is a list or an int, not {validation_freq!r}")
        data: Dataset | None = None
        source: BatchSource | None = None
        if are_arrays(x) or _is_plain(x):
            data = bind(self.library, x, y, sample_weight, class_weight)
        else:
            source = open_batches(
                x, y, sample_weight, steps=steps_per_epoch, shuffle=shuffle, class_weight=class_weight
            )
            source.reset()
        if validation_split and validation_data is None:
            data, validation_data = _split(data, validation_split)
        validation = None
        if validation_data is not None:
            validation = self._open_validation(
                validation_data, batch_size, validation_batch_size, validation_steps, validation_freq
            )
        size = evaluation.batch_size(data, batch_size, steps_per_epoch)
        steps = source.num_batches if source else steps_per_epoch or -(-data.rows // size)
        prepare_metrics(self._keras_model, self.library, callbacks)
        called = CallbackList(callbacks, self, verbose=verbose, epochs=epochs, steps=steps, add_history=True)
        self.history = called.history
        self.stop_training = False
        called.on_begin("on_train_begin")
        plan = Plan(self._initial_epoch or initial_epoch, epochs, size, steps_per_epoch, shuffle, self.next_seed())
        logs: Logs = {}
        if plan.initial_epoch < epochs:
            if source:
                logs = BatchLoop(self, called, validation).run(source, plan)
            else:
                _warn_of_shortage(data, plan)
                logs = ArrayLoop(self, called, validation).run(data, plan)
        called.on_end("on_train_end", logs)
        return self.history

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and metrics of all of the data, as a list or, with return_dict, by name."""
        self._check_trains("evaluate")
        data = self._open(x, y, sample_weight, steps)
        size = evaluation.batch_size(data, batch_size, steps)
        called = CallbackList(
            callbacks, self, verbose=verbose, epochs=1, steps=evaluation.batch_count(data, size, steps)
        )
        logs = evaluation.evaluate(self, data, size, steps, called, draws=verbose in (1, "auto"))
        return logs if return_dict else self._in_order(logs)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The output for every row: an array, or a list of them where there are several outputs."""
        arrays = are_arrays(x) or _is_plain(x)
        data = bind(self.library, x, with_targets=False) if arrays else open_batches(x, steps=steps)
        size = evaluation.batch_size(data, batch_size, steps)
        called = CallbackList(
            callbacks, self, verbose=verbose, epochs=1, steps=evaluation.batch_count(data, size, steps)
        )
        return evaluation.predict(self, data, size, steps, called, draws=verbose in (1, "auto"))

    # ---- one batch

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        self._check_trains("train_on_batch")
        batch = bind(self.library, x, y, sample_weight, class_weight)
        self.reset_metrics()
        logs = self.logs_of(self.train_step(batch))
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        self._check_trains("test_on_batch")
        batch = bind(self.library, x, y, sample_weight)
        self.reset_metrics()
        logs = self.logs_of(self.run_step("test_on_arrays", batch.as_c()))
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        batch = bind(self.library, x, with_targets=False)
        outputs = evaluation.new_outputs(self, batch.rows)
        self.call("predict_arrays", batch.rows, pointers(batch.inputs), pointers(outputs.inputs))
        return self.as_outputs(outputs.inputs)

    def train_step(self, batch: Dataset) -> Sequence[float]:
        """The metrics so far, in the library's order."""
        return self.run_step("train_on_arrays", batch.as_c())

    def run_step(self, function: str, batch: Data) -> Sequence[float]:
        values = self.new_metrics()
        self.call(function, ctypes.byref(batch), values)
        return values

    # ---- files, and back to Keras

    def save_weights(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Weights and the optimizer's state, as `.weights.h5`."""
        path = _free_path(filepath, ".weights.h5", overwrite)
        self.call("save_weights", os.fsencode(path))

    def save(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """The whole model, as `.keras`. What it is comes from the live model or from the file that was compiled."""
        path = _free_path(filepath, ".keras", overwrite)
        description = self._keras_model.to_json() if self._keras_model is not None else self._description
        if description is None:
            raise ValueError(
                f"{path}: a library that was loaded does not know the model's description: use save_weights, or "
                "compile a live model or a .keras file"
            )
        write_keras_file(path, description, self.library.keras_version, self.save_weights)

    def load_weights(self, filepath: str | os.PathLike) -> None:
        """From `.weights.h5`, `.keras`, or `.h5` of any Keras; with the optimizer's state where it fits."""
        self.call("load_weights", os.fsencode(filepath))

    def reset(self, seed: int | None = None) -> None:
        """Initial weights, optimizer and metrics, as just compiled; not those of the live model."""
        self.call("reset", self.next_seed() if seed is None else seed)

    def sync(self, model: Any = None) -> None:
        """Copies weights and the optimizer's state into a live Keras model: the one that this was compiled from."""
        model = self._keras_model if model is None else model
        if model is None:
            raise ValueError("sync needs a Keras model: this one was not made from a live one")
        optimizer = getattr(model, "optimizer", None)
        if optimizer is not None and not optimizer.built:
            optimizer.build(model.trainable_variables)
        with tempfile.TemporaryDirectory(prefix="kcc-") as folder:
            path = Path(folder) / "model.weights.h5"
            self.save_weights(path)
            model.load_weights(path)

    def to_keras(self) -> Any:
        """The live Keras model with what was learnt, or, where there was none, a new one."""
        if self._keras_model is not None:
            self.sync()
            return self._keras_model
        import keras

        with tempfile.TemporaryDirectory(prefix="kcc-") as folder:
            path = Path(folder) / "model.keras"
            self.save(path)
            return keras.saving.load_model(path)

    # ---- inside

    def validate(self, validation: Validation, callbacks: CallbackList) -> Logs:
        """In fit: the bar is fit's."""
        return evaluation.evaluate(
            self, validation.data, validation.batch_size, validation.steps, callbacks, draws=False
        )

    def as_outputs(self, outputs: list[np.ndarray]) -> Any:
        """A dict where the live model gives one."""
        if isinstance(getattr(self._keras_model, "output", None), Mapping):
            return {tensor.name: output for tensor, output in zip(self.library.outputs, outputs)}
        return outputs[0] if len(outputs) == 1 else outputs

    def _in_order(self, logs: Mapping[str, float]) -> Any:
        """As Keras lists them: the loss, those of several outputs, the metrics; a number if there is the loss alone."""
        names = self.library.metrics
        if len(self.library.targets) > 1:
            losses = ["loss", *(f"{target.name}_loss" for target in self.library.targets)]
            names = [name for name in losses if name in logs] + sorted(set(logs) - set(losses))
        values = [logs[name] for name in names]
        return values[0] if len(values) == 1 else values

    def _open(self, x: Any, y: Any, sample_weight: Any, steps: int | None) -> Dataset | BatchSource:
        if are_arrays(x) or _is_plain(x):
            return bind(self.library, x, y, sample_weight)
        return open_batches(x, y, sample_weight, steps=steps)

    def _open_validation(
        self,
        data: Any,
        batch_size: int | None,
        validation_batch_size: int | None,
        steps: int | None,
        freq: int | list[int],
    ) -> Validation:
        if not isinstance(data, Dataset):
            parts = (*data, None, None)[:3] if isinstance(data, (tuple, list)) else (data, None, None)
            data = self._open(*parts, steps)
        return Validation(data, evaluation.batch_size(data, validation_batch_size or batch_size, steps), steps, freq)

    def _check_trains(self, method: str) -> None:
        if not self.library.trains:
            raise ValueError(f"{method} needs a model that was compiled with a loss and without inference=True")


def _free_path(filepath: str | os.PathLike, ending: str, overwrite: bool) -> str:
    path = os.fspath(filepath)
    if not path.endswith(ending):
        raise ValueError(f"'{path}': the name must end in {ending}")
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{path} exists already, and overwrite is False")
    return path


def _is_plain(x: Any) -> bool:
    """Numbers in lists, which `bind` refuses with advice."""
    return isinstance(x, (list, tuple, Mapping)) or x is None


def _split(data: Dataset | None, share: float) -> tuple[Dataset, Dataset]:
    """The last part is for validation, before any shuffling."""
    if data is None:
        raise ValueError("validation_split needs arrays: pass validation_data")
    if not 0 < share < 1:
        raise ValueError(f"validation_split is {share}, expected a number from 0 to 1")
    at = int(np.floor(data.rows * (1.0 - share)))
    if at in (0, data.rows):
        raise ValueError(
            f"validation_split={share} of {data.rows} samples leaves none for {'training' if at == 0 else 'validation'}"
        )
    return data.part(0, at), data.part(at, data.rows)


def _warn_of_shortage(data: Dataset, plan: Plan) -> None:
    batches = -(-data.rows // plan.batch_size)
    steps = plan.steps_per_epoch
    if steps and batches % steps and (plan.epochs - plan.initial_epoch) * steps > batches - batches % steps:
        warnings.warn(
            f"the data ran out: it has {batches} batches of {plan.batch_size}, which steps_per_epoch={steps} does "
            "not divide; an epoch will have fewer",
            stacklevel=3,
        )
