"""The benchmark's models as data, so that every framework builds the same one. Layers: (kind, numbers...)."""
from dataclasses import dataclass

import numpy as np

CLASSES = 10
LEARNING_RATE, MOMENTUM = 0.01, 0.9  # SGD with Nesterov's momentum


@dataclass(frozen=True)
class Model:
    title: str
    shape: tuple
    batch: int
    layers: tuple

    def batches(self, count):
        """Batches of inputs and one-hot labels, as float32."""
        rng = np.random.default_rng(0)
        x = rng.random((count, self.batch, *self.shape), dtype="float32")
        y = np.eye(CLASSES, dtype="float32")[rng.integers(0, CLASSES, (count, self.batch))]
        return x, y


MODELS = {
    "mlp_small": Model("MLP 20-64-64-10, batch 128", (20,), 128, (
        ("dense", 64), ("dropout", 0.5), ("dense", 64), ("dropout", 0.5), ("classes",))),
    "mlp_large": Model("MLP 784-512-512-10, batch 128", (784,), 128, (
        ("dense", 512), ("dropout", 0.2), ("dense", 512), ("dropout", 0.2), ("classes",))),
    "vgg_like": Model("VGG-like convnet 100x100x3, batch 32", (100, 100, 3), 32, (
        ("conv", 32), ("conv", 32), ("pool",), ("dropout", 0.25),
        ("conv", 64), ("conv", 64), ("pool",), ("dropout", 0.25),
        ("flatten",), ("dense", 256), ("dropout", 0.5), ("classes",))),
}
# Distinct batches in memory; the large ones need few to keep caches honest.
BATCHES = {"mlp_small": 64, "mlp_large": 16, "vgg_like": 2}
