"""What real Keras answers for a case."""
from dataclasses import dataclass

import keras
import numpy as np

from case import BATCH, input_names, make_data, output_names, unsettle

# So far that the step dwarfs the weights, and (before - after) / rate is the gradient to the last bits.
GRADIENT_RATE = 2.0 ** 16


@dataclass
class Answers:
    predictions: dict  # output layer -> array
    evaluation: dict   # metric -> number
    gradients: dict    # variable -> array; of those that are not trained: the value after the step
    trained: dict      # variable -> array
    history: dict      # metric -> list


def keep_losses_apart(model):
    """Keras on JAX knows a layer's activity losses by their id() alone. A layer forgets its ids only when it is next
    called, which is in the middle of tracing the next shape (a last, smaller batch), and with them it drops losses that
    other layers have just added where Python gave these the ids of losses long freed. Which are lost changes from run to
    run; on its other backends, and whenever ids happen to differ, all count. So the ids are forgotten before each trace.
    """
    call = model.stateless_call

    def stateless_call(*arguments, **options):
        model._clear_losses()
        return call(*arguments, **options)

    model.stateless_call = stateless_call


class KerasModel:
    """A case's model with its data; every question starts from the same weights and a fresh optimizer."""

    def __init__(self, case):
        keras.backend.clear_session()
        keras.utils.set_random_seed(int(case.rng().integers(1 << 30)))
        self.case = case
        self.model = case.build()
        keep_losses_apart(self.model)
        unsettle(self.model, case.rng())
        self.x, self.y = make_data(case, self.model)
        if getattr(self.model, "optimizer", None) is not None:
            self.model.optimizer.build(self.model.trainable_variables)
        self._start = [(v, np.array(v.value)) for v in self._variables()]

    def _variables(self):
        optimizer = getattr(self.model, "optimizer", None)
        return list(self.model.variables) + (list(optimizer.variables) if optimizer is not None else [])

    def reset(self):
        for variable, value in self._start:
            variable.assign(value)

    def inputs(self, count=None):
        return [self.x[name][:count] for name in input_names(self.model)]

    def labels(self, count=None):
        return [self.y[name][:count] for name in output_names(self.model)]

    def values(self):
        """Float weights by path, which names the layer."""
        return {v.path: np.array(v.value) for v in self.model.weights if "float" in str(v.dtype)}

    def trainable_paths(self):
        return {v.path for v in self.model.trainable_weights}

    def predict(self):
        self.reset()
        answer = self.model.predict(one(self.inputs()), batch_size=BATCH, verbose=0)
        return dict(zip(output_names(self.model), answer if isinstance(answer, (list, tuple)) else [answer]))

    def evaluate(self):
        self.reset()
        return self.model.evaluate(one(self.inputs()), one(self.labels()), batch_size=BATCH, verbose=0,
                                   return_dict=True)

    def fit(self, epochs, count=None, **options):
        return self.model.fit(one(self.inputs(count)), one(self.labels(count)), batch_size=BATCH, epochs=epochs,
                              shuffle=False, verbose=0, **options).history

    def gradients(self):
        self.reset()
        before = self.values()
        self.model.optimizer.learning_rate.assign(GRADIENT_RATE)
        self.fit(1, BATCH)
        return self.gradients_between(before, self.values())

    def gradients_between(self, before, after):
        trainable = self.trainable_paths()
        return {path: (before[path] - after[path]) / GRADIENT_RATE if path in trainable else after[path]
                for path in before}

    def train(self):
        self.reset()
        history = self.fit(self.case.epochs)
        return self.values(), history

    def answers(self):
        predictions = self.predict()
        if getattr(self.model, "optimizer", None) is None:
            return Answers(predictions, {}, {}, {}, {})
        evaluation = self.evaluate()
        gradients = self.gradients() if self.case.gradients else {}
        trained, history = self.train() if self.case.epochs else ({}, {})
        self.reset()
        return Answers(predictions, evaluation, gradients, trained, history)


def one(items):
    """Keras takes a single input or output without its list."""
    return items[0] if len(items) == 1 else items
