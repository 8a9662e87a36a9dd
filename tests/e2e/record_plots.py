"""Records what keras.utils.model_to_dot makes of some models, for plot.py. Needs Keras and pydot:
PYTHONPATH=where/pydot/is build/venv/bin/python THIS_FILE"""
import json
import os
import pathlib
import re

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import pydot
from keras import layers

CASES = pathlib.Path(__file__).resolve().parents[1] / "cases" / "plot"
OPTIONS = {
    "plain": {},
    "shapes": {"show_shapes": True},
    "all": {"show_shapes": True, "show_dtype": True, "show_layer_names": True, "show_layer_activations": True,
            "show_trainable": True, "expand_nested": True, "rankdir": "LR", "dpi": 96},
}


def sequential():
    return keras.Sequential([layers.Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"), layers.Flatten(),
                             layers.Dropout(0.5), layers.Dense(10, activation="softmax")], name="digits")


def branches():
    a, b = keras.Input((16,), name="a"), keras.Input((12,), name="b", dtype="int32")
    x = layers.Dense(8, activation="relu", name="left")(a)
    y = layers.Embedding(50, 4, name="words")(b)
    y, h, c = layers.LSTM(8, return_state=True, name="lstm")(y)
    frozen = layers.Dense(8, name="frozen", trainable=False)(h)
    z = layers.Concatenate(name="both")([x, y, frozen, x])
    return keras.Model([a, b], [layers.Dense(3, name="main")(z), layers.Add(name="sum")([c, x])], name="branches")


def nested():
    pixels = keras.Input((8, 8, 3), name="pixels")
    inner = keras.Sequential([layers.Input((6, 6, 4)), layers.Flatten(name="flat"), layers.Dense(5, name="code")],
                             name="tail")
    encoder = keras.Model(pixels, inner(layers.Conv2D(4, 3, name="conv")(pixels)), name="encoder")
    first, second = keras.Input((8, 8, 3), name="first"), keras.Input((8, 8, 3), name="second")
    x = layers.Subtract(name="difference")([encoder(first), encoder(second)])
    return keras.Model([first, second], layers.Dense(1, activation="sigmoid", name="same")(x), name="siamese")


def stacked():
    block = keras.Sequential([layers.Input((4,)), layers.Dense(4, name="inside"), layers.ReLU(name="relu")],
                             name="block")
    return keras.Sequential([layers.Input((4,)), block, layers.Dense(2, name="out")], name="stacked")


def main():
    CASES.mkdir(parents=True, exist_ok=True)
    for make in (sequential, branches, nested, stacked):
        keras.utils.clear_session()
        model = make()
        (CASES / f"{make.__name__}.json").write_text(json.dumps(json.loads(model.to_json()), indent=1) + "\n")
        for name, options in OPTIONS.items():
            text = keras.utils.model_to_dot(model, **{"show_layer_names": False, **options}).to_string()
            ids = {}  # Python's addresses become n0, n1, ...
            text = re.sub(r"\b\d{9,}\b", lambda m: ids.setdefault(m[0], f"n{len(ids)}"), text)
            (CASES / f"{make.__name__}.{name}.dot").write_text(text)


main()
