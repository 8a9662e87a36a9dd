"""Archives and model files made to harm: each is refused in a moment, with one message, and nothing is opened, run or
written but what the command line names."""
import io
import json
import os
import struct
import zipfile

import tools
from tools import Case, mlp, run, sequential

METADATA = json.dumps({"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"})


def archive(**members):
    """A zip: NAME=(content, method); "__" in a name is "/"."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zip_file:
        for name, content in members.items():
            method = zipfile.ZIP_DEFLATED if isinstance(content, tuple) else zipfile.ZIP_STORED
            zip_file.writestr(name, content[0] if isinstance(content, tuple) else content, compress_type=method)
    return out.getvalue()


def keras(config, **more):
    return archive(**{"metadata.json": METADATA, "config.json": json.dumps(config), **more})


def with_wrong_size(data, name, size):
    """The central directory claims another unpacked size of a member."""
    data = bytearray(data)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        length, = struct.unpack_from("<H", data, at + 28)
        if data[at + 46:at + 46 + length] == name.encode():
            struct.pack_into("<I", data, at + 24, size)
        at = data.find(b"PK\x01\x02", at + 1)
    return bytes(data)


def lambda_model(function):
    return sequential(("InputLayer", {"batch_shape": [None, 4]}), ("Lambda", {"name": "half", "function": function}))


def custom(module, class_name):
    return {"class_name": "Sequential", "module": "keras", "config": {"layers": [
        {"class_name": "InputLayer", "module": "keras.layers", "config": {"batch_shape": [None, 4]}},
        {"class_name": class_name, "module": module, "registered_name": None, "config": {"units": 3}}]}}


# name: (bytes, patterns of the message)
TABLE = {
    "no config": (archive(**{"metadata.json": METADATA}), [r"no member 'config\.json'"]),
    "no metadata": (archive(**{"config.json": json.dumps(mlp())}), [r"no member 'metadata\.json'"]),
    "members that lead out": (archive(**{"../config.json": json.dumps(mlp()), "/metadata.json": METADATA}),
                              [r"no member 'config\.json'"]),
    "config is no JSON": (archive(**{"metadata.json": METADATA, "config.json": "{"}), [r"m\.keras:config\.json:1:2"]),
    "bomb": (archive(**{"metadata.json": METADATA, "config.json": (b" " * (300 << 20),)}), ["no model"]),
    "claimed size": (with_wrong_size(keras(mlp()), "config.json", 0xFFFFFF00), ["config.json"]),
    "cut off": (keras(mlp())[:-30], ["zip archive"]),
    "weights cut off": (keras(mlp(), **{"model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(40)}), ["model.weights.h5"]),
    "weights are no HDF5": (keras(mlp(), **{"model.weights.h5": b"pickle"}), [r"not an HDF5 file"]),
    "HDF5 without a model": (b"\x89HDF\r\n\x1a\n" + bytes(2000), ["HDF5"]),
    "bytecode": (keras(lambda_model({"class_name": "__lambda__", "config": {"code": "4wEAAA==", "defaults": None}})),
                 ["half", "Lambda|define"]),
    "bytecode of Keras 2": (json.dumps({**lambda_model(["4wEAAA==", None, None]), "keras_version": "2.2.4"}).encode(),
                            ["half", "Lambda|define"]),
    "a module to import": (keras(custom("os", "system")), ["'system' of module 'os'"]),
    "a function to call": (keras(custom("keras.src.utils.file_utils", "get_file")), ["get_file"]),
    "a custom class with a known name": (keras(custom("my_layers", "Dense")), ["'Dense' of module 'my_layers'"]),
    "a SavedModel elsewhere": (keras(custom("keras.layers", "TFSMLayer")), ["TFSMLayer"]),
    "a pickle in a layer": (keras(custom("keras.layers", "TorchModuleWrapper")), ["TorchModuleWrapper"]),
    "a vocabulary in a file": (keras(sequential(("InputLayer", {"batch_shape": [None, 1]}),
                                                ("StringLookup", {"vocabulary": "/etc/passwd"}))), ["StringLookup"]),
}


class HostileFiles(Case):
    def check(self, content, patterns):
        path = self.write("m.keras", content)
        done = run(tools.KCC, path, "-o", self.folder / "trainer", timeout=20)
        self.assert_refused(done, *patterns)
        self.assertEqual(sorted(os.listdir(self.folder)), ["m.keras"])


def add_test(name, row):
    setattr(HostileFiles, "test_" + name.replace(" ", "_"), lambda self: self.check(*row))


for name, row in TABLE.items():
    add_test(name, row)
