"""Keras's own fit: python keras_worker.py FOLDER tensorflow|jax|torch [jit]."""
import os
import sys
import time

folder, backend, *how = sys.argv[1:]
os.environ["KERAS_BACKEND"] = backend
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

if backend != "tensorflow":
    import without_tensorflow
import keras

from cases import find
from worker import Prepared, alone, serve, threads


def limit_threads():
    if backend == "tensorflow":
        import tensorflow as tf
        tf.config.threading.set_intra_op_parallelism_threads(threads())
        tf.config.threading.set_inter_op_parallelism_threads(1)
        return tf.__version__
    if backend == "torch":
        import torch
        torch.set_num_threads(threads())
        return torch.__version__
    import jax  # its thread pool has as many threads as the process has cores
    return jax.__version__


def main():
    version = limit_threads()
    prepared = Prepared(folder)
    case = find(prepared.name, prepared.zoo)
    model = case.build()
    model.jit_compile = "jit" in how or backend == "jax"
    x, y, weights = (prepared.arrays(kind) for kind in "xyw")
    options = {}
    if case.class_weight:
        options["class_weight"] = case.class_weight
    elif weights:
        options["sample_weight"] = alone(weights)

    def fit(steps, epochs):
        rows = slice(0, steps * prepared.batch)
        own = {key: value[rows] if key == "sample_weight" else value for key, value in options.items()}
        return model.fit(alone([a[rows] for a in x]), alone([a[rows] for a in y]), batch_size=prepared.batch,
                         epochs=epochs, verbose=0, **own).history["loss"][-1]

    def steps(count):
        # Whole epochs over the same arrays, as users write it.
        now, epochs = min(count, prepared.steps), max(1, round(count / prepared.steps))
        began = time.perf_counter()
        loss = fit(now, epochs)
        return (time.perf_counter() - began) * count / (now * epochs), loss

    serve(f"Keras {keras.__version__} on {version}", steps)


main()
