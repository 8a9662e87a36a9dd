"""Makes model.json with real Keras: KERAS_BACKEND=jax python make_model.py.

With --train FOLDER SEED... it also trains the model in Keras on the data that make_data.py wrote there, for comparison
with what kcc's program reaches.
"""
import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers

from make_data import ALPHABET, LENGTH, LISTS

here = Path(__file__).parent
EPOCHS, BATCH = 6, 128


def build():
    model = keras.Sequential([
        keras.Input((LENGTH,), dtype="int32"),
        layers.Embedding(len(ALPHABET) + 1, 24, mask_zero=True),
        layers.LSTM(64),
        layers.Dropout(0.2),
        layers.Dense(len(LISTS), activation="softmax"),
    ], name="languages")
    model.compile(optimizer=keras.optimizers.Adam(0.003), loss="sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    return model


def train(folder, seed):
    keras.utils.set_random_seed(seed)
    data = {name: np.load(Path(folder) / f"{name}.npy") for name in ("x_train", "y_train", "x_test", "y_test")}
    model = build()
    model.fit(data["x_train"], data["y_train"], epochs=EPOCHS, batch_size=BATCH, verbose=0)
    return model.evaluate(data["x_test"], data["y_test"], verbose=0, return_dict=True)["accuracy"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", nargs="+", default=[], metavar=("FOLDER", "SEED"))
    folder, *seeds = parser.parse_args().train or [""]
    (here / "model.json").write_text(build().to_json(indent=2) + "\n")
    for seed in seeds:
        print(f"Keras with seed {seed}: {train(folder, int(seed)):.4f} of the held-out words", flush=True)
