"""Writes old.h5 and new.h5 beside itself: the same numbers in every way of storing them that h5py has.

    build/venv/bin/python tests/runtime/cases/data/make_hdf5.py

Dataset "x..." is arange(105) % 100 of shape (7, 3, 5)."""
from pathlib import Path

import h5py
import numpy as np

NUMBERS = np.arange(105).reshape(7, 3, 5) % 100
WAYS = {
    "plain": {},
    "checked": {"chunks": (2, 2, 5), "fletcher32": True},
    "packed": {"chunks": (2, 3, 2), "compression": "gzip", "shuffle": True, "fletcher32": True},
    "one_chunk": {"chunks": (7, 3, 5), "compression": "gzip"},
    "many_chunks": {"chunks": (1, 1, 1)},
    "resizable": {"chunks": (3, 3, 3), "maxshape": (None, 3, 5)},
    "lzf": {"compression": "lzf"},
}

for name, libver in {"old.h5": "earliest", "new.h5": "latest"}.items():
    with h5py.File(Path(__file__).parent / name, "w", libver=libver) as file:
        ways = file.create_group("ways")
        for way, options in WAYS.items():
            ways.create_dataset("x_" + way, data=NUMBERS.astype("<i2"), **options)
        types = file.create_group("types")
        for kind in ("f2", "f8", "i1", "u8"):
            types.create_dataset(kind, data=NUMBERS.astype("<" + kind), chunks=(4, 2, 2), shuffle=True)
        types.create_dataset("bool", data=NUMBERS % 2 == 0)
        types.create_dataset("text", data=["a", "b"])
        types.create_dataset("big", data=NUMBERS.astype(">i4"))
        partly = file.create_dataset("partly", (7, 3, 5), "<f4", chunks=(2, 3, 5), fillvalue=7.5)
        partly[2:3] = 1
