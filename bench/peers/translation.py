"""What a translation from Keras reads: a model's weights and the configuration of its layers."""
import re

import torch


class Untranslatable(Exception):
    """The model has something that is not written here."""


class Weights:
    """A model's weights by layer, as prepare.py wrote them."""

    def __init__(self, arrays):
        self.arrays = arrays

    def get(self, layer, name):
        pattern = re.compile(rf"(^|.*/){re.escape(layer)}/(.*/)?{re.escape(name)}$")
        found = [key for key in self.arrays if pattern.match(key)]
        if len(found) != 1:
            raise Untranslatable(f"{len(found)} weights called {name} in layer {layer}")
        return torch.from_numpy(self.arrays[found[0]])


def no_others(config, **expected):
    for key, value in expected.items():
        if config.get(key, value) != value:
            raise Untranslatable(f"{key}={config[key]}")
