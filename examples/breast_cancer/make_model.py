"""Makes model.json with real Keras: KERAS_BACKEND=jax python make_model.py.

With --train SEED... it also trains the model in Keras, for comparison with what kcc's program reaches.
"""
import argparse
import tempfile
from pathlib import Path

import keras
import numpy as np
from keras import layers

here = Path(__file__).parent


def table(name):
    rows = np.loadtxt(here / f"{name}.csv", delimiter=",", skiprows=1)
    return rows[:, :-1].astype("float32"), rows[:, -1:].astype("float32")


def build():
    x, _ = table("train")
    model = keras.Sequential([
        keras.Input((x.shape[1],)),
        layers.Normalization(mean=x.mean(0).tolist(), variance=x.var(0).tolist()),
        layers.Dense(32, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
        layers.Dropout(0.3),
        layers.Dense(16, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3)),
        layers.Dense(1, activation="sigmoid"),
    ], name="breast_cancer")
    model.compile(optimizer=keras.optimizers.Adam(0.005), loss="binary_crossentropy",
                  metrics=["accuracy", keras.metrics.AUC(name="auc"), keras.metrics.Recall(name="recall")])
    return model


def train(seed):
    """Accuracy on the held-out rows, trained as README.md does it."""
    keras.utils.set_random_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        best = str(Path(folder) / "best.weights.h5")
        model = build()
        model.fit(*table("train"), epochs=200, validation_split=0.2, verbose=0, callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=15),
            keras.callbacks.ModelCheckpoint(best, monitor="val_loss", save_best_only=True, save_weights_only=True)])
        model.load_weights(best)
        return model.evaluate(*table("test"), verbose=0, return_dict=True)["accuracy"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--train", type=int, nargs="*", default=[], metavar="SEED")
    seeds = parser.parse_args().train
    (here / "model.json").write_text(build().to_json(indent=2) + "\n")
    for seed in seeds:
        print(f"Keras with seed {seed}: {train(seed):.4f} of the held-out rows", flush=True)
