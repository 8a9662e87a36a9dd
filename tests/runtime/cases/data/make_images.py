"""Writes images/ beside itself, small pictures of every kind, and images_HxWxC.npy: what Keras makes of them.

    KERAS_BACKEND=tensorflow PYTHON tests/runtime/cases/data/make_images.py

PYTHON has TensorFlow and Keras 3: image_dataset_from_directory(labels=None, shuffle=False) is the oracle."""
import shutil
import struct
import zlib
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
FOLDER = HERE / "images"
random = np.random.default_rng(0)


def smooth(height, width, channels):
    values = random.random((height // 4 + 2, width // 4 + 2, channels)) * 255
    return np.clip(tf.image.resize(values, (height, width), method="bicubic").numpy(), 0, 255).astype(np.uint8)


def png(width, height, depth, color, rows, *chunks):
    """A PNG file of rows of bytes, for the kinds that tf.io.encode_png does not write."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunk(*c) for c in chunks) + data + chunk(b"IEND", b"")


def noise(rows, width):
    return random.integers(0, 256, (rows, width)).astype(np.uint8)


PALETTE = (b"PLTE", bytes(noise(1, 3 * 16)[0]))
PNGS = {
    "rgb": tf.io.encode_png(smooth(9, 14, 3)).numpy(),
    "grey": tf.io.encode_png(smooth(12, 7, 1)).numpy(),
    "rgba": tf.io.encode_png(smooth(8, 8, 4)).numpy(),
    "grey_alpha": tf.io.encode_png(smooth(6, 11, 2)).numpy(),
    "deep": tf.io.encode_png(smooth(7, 9, 3).astype(np.uint16) * 256 + 200).numpy(),
    "one_bit": png(13, 6, 1, 0, noise(6, 2)),
    "four_bits": png(10, 5, 4, 0, noise(5, 5)),
    "palette": png(9, 8, 4, 3, noise(8, 5), PALETTE),
    "palette_alpha": png(8, 8, 4, 3, noise(8, 4), PALETTE, (b"tRNS", bytes(range(0, 160, 10)))),
    "rgb_key": png(5, 6, 8, 2, np.full((6, 15), 7, np.uint8), (b"tRNS", struct.pack(">3H", 7, 7, 7))),
    "gamma": png(6, 6, 8, 2, noise(6, 18), (b"gAMA", struct.pack(">I", 45455))),
    "same_size": tf.io.encode_png(smooth(6, 5, 3)).numpy(),
}
JPEGS = {
    "smooth_chroma": tf.io.encode_jpeg(smooth(33, 30, 3), quality=40).numpy(),
    "full_chroma": tf.io.encode_jpeg(smooth(20, 18, 3), quality=95, chroma_downsampling=False).numpy(),
    "progressive": tf.io.encode_jpeg(smooth(25, 17, 3), progressive=True).numpy(),
    "grey": tf.io.encode_jpeg(smooth(16, 16, 1)).numpy(),
}

shutil.rmtree(FOLDER, ignore_errors=True)
for name in ("jpeg/sub", "png"):
    (FOLDER / name).mkdir(parents=True)
for name, content in PNGS.items():
    (FOLDER / "png" / f"{name}.PNG").write_bytes(content)
for name, content in JPEGS.items():
    (FOLDER / "jpeg" / f"{name}.jpg").write_bytes(content)
(FOLDER / "jpeg" / "sub" / "under_another_name.png").write_bytes(JPEGS["grey"])
(FOLDER / "png" / ".hidden.jpeg").write_bytes(PNGS["rgb"])
(FOLDER / "png" / "notes.txt").write_text("no picture")

for channels, mode, folder in ((3, "rgb", ""), (1, "grayscale", ""), (4, "rgba", "png")):
    data = keras.utils.image_dataset_from_directory(FOLDER / folder, labels=None, color_mode=mode, image_size=(6, 5),
                                                    shuffle=False, batch_size=None)
    pictures = [np.asarray(picture, np.float32) for picture in data]
    np.save(HERE / f"images_6x5x{channels}.npy", np.stack(pictures))
