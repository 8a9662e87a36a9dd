"""Makes the .npy files of this folder out of digits.csv.gz: python make_data.py (needs numpy)."""
from pathlib import Path

import numpy as np

HELD_OUT = 297

here = Path(__file__).parent
table = np.loadtxt(here / "digits.csv.gz", delimiter=",")  # 64 pixels of 0..16, then the class
images = (table[:, :64].reshape(-1, 8, 8, 1) / 16).astype("float32")
labels = table[:, 64].astype("int32")

# Shuffled, because neighbours in the file were written by the same hand.
order = np.random.default_rng(0).permutation(len(table))
for name, rows in (("train", order[:-HELD_OUT]), ("test", order[-HELD_OUT:])):
    np.save(here / f"x_{name}.npy", images[rows])
    np.save(here / f"y_{name}.npy", labels[rows])
