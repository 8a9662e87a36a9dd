"""Makes model.json with real Keras: KERAS_BACKEND=jax python make_model.py.

With --train SEED... it also trains the model in Keras, for comparison with what kcc's program reaches.
"""
import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers

here = Path(__file__).parent


def build():
    model = keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.25),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Dropout(0.25),
        layers.Flatten(),
        layers.Dense(64, activation="relu"),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ], name="digits")
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(seed):
    keras.utils.set_random_seed(seed)
    data = {name: np.load(here / f"{name}.npy") for name in ("x_train", "y_train", "x_test", "y_test")}
    history = build().fit(data["x_train"], data["y_train"], epochs=30, verbose=0,
                          validation_data=(data["x_test"], data["y_test"])).history
    return history["val_accuracy"][-1]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", type=int, nargs="*", default=[], metavar="SEED")
    seeds = parser.parse_args().train
    (here / "model.json").write_text(build().to_json(indent=2) + "\n")
    for seed in seeds:
        print(f"Keras with seed {seed}: {train(seed):.4f} on the held-out digits", flush=True)
