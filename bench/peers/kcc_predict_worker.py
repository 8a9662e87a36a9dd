"""kcc's shared library called from Python, as the other runtimes are: python kcc_predict_worker.py FOLDER LIBRARY.

The arguments of the C function are made once, so that a call costs what ctypes needs. kcc_predict.c is the same in C.
"""
import ctypes
import sys

import numpy as np

from worker import Prepared, serve, threads


class Options(ctypes.Structure):
    _fields_ = [("max_rows", ctypes.c_int64), ("threads", ctypes.c_int32), ("seed", ctypes.c_uint64),
                ("arena", ctypes.c_void_p), ("arena_size", ctypes.c_size_t), ("predict_only", ctypes.c_int32)]


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("size", ctypes.c_int64), ("index_limit", ctypes.c_int64)]


TYPES = ["float32", "int32", "uint32", "bool"]


def tensors(function):
    function.restype, found, index = ctypes.POINTER(Tensor), [], 0
    while tensor := function(index):
        found.append(tensor.contents)
        index += 1
    return found


def main():
    prepared, library = Prepared(sys.argv[1]), ctypes.CDLL(sys.argv[2])
    rows = prepared.rows
    model = ctypes.c_void_p()
    if library.net_create(ctypes.byref(model), ctypes.byref(Options(max_rows=rows, threads=threads()))):
        raise SystemExit("net_create failed")
    inputs = [np.ascontiguousarray(a, TYPES[t.type]) for a, t in zip(prepared.samples(), tensors(library.net_input))]
    outputs = [np.empty(rows * t.size, TYPES[t.type]) for t in tensors(library.net_output)]
    pointers = lambda arrays: (ctypes.c_void_p * len(arrays))(*[a.ctypes.data for a in arrays])
    arguments = model, ctypes.c_int64(rows), pointers(inputs), pointers(outputs)
    predict = library.net_predict_arrays
    if predict(*arguments):
        raise SystemExit("net_predict_arrays failed")
    prepared.check(outputs)

    def calls(count):
        for _ in range(count):
            predict(*arguments)

    library.net_version.restype = ctypes.c_char_p
    serve(library.net_version().decode().split(", ")[1], calls)


main()
