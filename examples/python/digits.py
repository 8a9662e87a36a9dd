"""Trains the digits model in Keras and, after one more line, compiled: same accuracy, other times.

KERAS_BACKEND=jax PYTHONPATH=python KCC=build/release/kcc python examples/python/digits.py [--epochs 15]
"""

import argparse
import time
from pathlib import Path

import keras
import numpy as np
from keras import layers

import kcc

DATA = Path(__file__).resolve().parents[1] / "digits"


def build():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(name, model, epochs, data):
    """Seconds an epoch, without the first, in which Keras compiles."""
    model.fit(data["x_train"], data["y_train"], epochs=1, verbose=0)
    start = time.perf_counter()
    model.fit(data["x_train"], data["y_train"], epochs=epochs, verbose=0)
    seconds = (time.perf_counter() - start) / epochs
    accuracy = model.evaluate(data["x_test"], data["y_test"], verbose=0)[1]
    print(f"{name:10} {1000 * seconds:7.1f} ms an epoch, {accuracy:.2%} of the held-out digits", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=15)
    epochs = parser.parse_args().epochs
    data = {name: np.load(DATA / f"{name}.npy") for name in ("x_train", "y_train", "x_test", "y_test")}

    keras.utils.set_random_seed(1)
    model = build()
    start = time.perf_counter()
    fast = kcc.compile(model)  # the one line
    print(f"kcc.compile: {time.perf_counter() - start:.1f} s")
    train("Keras", model, epochs, data)
    train("compiled", fast, epochs, data)

    learnt = fast.to_keras().evaluate(data["x_test"], data["y_test"], verbose=0)[1]
    print(f"back in Keras: {learnt:.2%}")


if __name__ == "__main__":
    main()
