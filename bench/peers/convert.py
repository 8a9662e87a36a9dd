"""Writes a case as a file for a runtime, for one sample: python convert.py FOLDER onnx|litert.

Makes FOLDER/model.onnx or FOLDER/model.tflite with the case's weights. Models come from Keras on TensorFlow, but for
ONNX those with a recurrent layer from their translation to PyTorch, where that can be had: it gives ONNX's own layer, which is many
times as fast as the loop that TensorFlow's graph becomes. Inputs are called x0, x1, ... in the model's order.
"""
import json
import os
import sys

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np

from worker import Prepared


def frozen(prepared):
    """The Keras model as a TensorFlow function whose weights are constants."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    from cases import find
    model = find(prepared.name, prepared.zoo).build()
    model.optimizer = None
    model.load_weights(prepared.folder / "model.weights.h5")
    signature = [tf.TensorSpec(a.shape, a.dtype, name=f"x{i}") for i, a in enumerate(prepared.samples())]
    call = tf.function(lambda *x: model(list(x) if len(x) > 1 else x[0], training=False), input_signature=signature)
    return convert_variables_to_constants_v2(call.get_concrete_function())


def onnx_of_tensorflow(prepared, path):
    if not hasattr(np, "cast"):  # tf2onnx 1.17 was written for NumPy 1
        np.cast = {kind: (lambda value, kind=kind: np.asarray(value, dtype=kind)) for kind in map(np.dtype, "fdilqI?")}
    import tf2onnx
    function = frozen(prepared)
    tf2onnx.convert._convert_common(function.graph.as_graph_def(), opset=17, output_path=path,
                                    input_names=[t.name for t in function.inputs],
                                    output_names=[t.name for t in function.outputs])


def onnx_of_torch(prepared, path):
    import torch

    from torch_model import translate
    entry = json.loads((prepared.folder / "model.json").read_text())
    define = (prepared.folder / "define.py").read_text() if prepared.define else ""
    model = translate(entry, np.load(prepared.folder / "weights.npz"), define).eval()
    x = [torch.from_numpy(a) for a in prepared.samples()]
    torch.onnx.export(model, tuple(x), path, input_names=[f"x{i}" for i in range(len(x))], opset_version=17,
                      dynamo=False)


def onnx(prepared):
    path = str(prepared.folder / "model.onnx")
    text = (prepared.folder / "model.json").read_text()
    if any(f'"{layer}"' in text for layer in ("GRU", "LSTM", "SimpleRNN")):
        try:
            return onnx_of_torch(prepared, path)
        except Exception as error:  # whatever the exporter refuses, TensorFlow's way may still do
            print(f"not by way of PyTorch: {error}", file=sys.stderr)
    return onnx_of_tensorflow(prepared, path)


def litert(prepared):
    import tensorflow as tf
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen(prepared)])
    (prepared.folder / "model.tflite").write_bytes(converter.convert())


def main():
    {"onnx": onnx, "litert": litert}[sys.argv[2]](Prepared(sys.argv[1]))


main()
