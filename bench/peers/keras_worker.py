"""Keras's own fit on TensorFlow: python keras_worker.py MODEL jit|nojit; with `json PATH` it writes the model instead."""
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

from models import BATCHES, CLASSES, LEARNING_RATE, MODELS, MOMENTUM
from worker import serve, threads

MAKE = {
    "dense": lambda units: L.Dense(units, activation="relu"),
    "classes": lambda: L.Dense(CLASSES, activation="softmax"),
    "dropout": lambda rate: L.Dropout(rate),
    "conv": lambda filters: L.Conv2D(filters, 3, activation="relu"),
    "pool": lambda: L.MaxPooling2D(2),
    "flatten": lambda: L.Flatten(),
}


def build(spec, jit):
    model = keras.Sequential([keras.Input(spec.shape), *(MAKE[kind](*numbers) for kind, *numbers in spec.layers)])
    model.compile(keras.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM, nesterov=True), "categorical_crossentropy",
                  jit_compile=jit)
    return model


def main():
    name, how, *path = sys.argv[1:]
    spec = MODELS[name]
    if how == "json":
        with open(path[0], "w") as file:
            file.write(build(spec, "auto").to_json())
        return
    tf.config.threading.set_intra_op_parallelism_threads(threads())
    tf.config.threading.set_inter_op_parallelism_threads(1)
    model = build(spec, how == "jit")
    x, y = (np.concatenate(part) for part in spec.batches(BATCHES[name]))

    def steps(count):
        # Whole epochs over the same arrays, as users write it; a call costs little beside its many steps.
        loss = None
        while count > 0:
            now = min(count, BATCHES[name])
            samples = now * spec.batch
            epochs = max(1, count // now)
            loss = model.fit(x[:samples], y[:samples], batch_size=spec.batch, epochs=epochs, verbose=0).history["loss"][-1]
            count -= now * epochs
        return loss

    serve(f"Keras fit, TensorFlow{', XLA' if how == 'jit' else ''}", f"{keras.__version__} on {tf.__version__}", steps)


main()
