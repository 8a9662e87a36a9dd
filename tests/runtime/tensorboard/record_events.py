"""Records events as the tensorboard package serializes them, for event_test.cpp: python THIS_FILE (needs tensorboard)"""
import pathlib
import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.plugins.histogram import summary_v2 as histogram
from tensorboard.plugins.scalar import summary_v2 as scalar

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"
lines = []


def record(name, event):
    lines.append(f"{name} {event.SerializeToString(deterministic=True).hex()}")


def with_content(summary):
    """As TensorFlow's own kernels write tensors: bytes in place of lists of numbers."""
    from tensorboard.util import tensor_util
    for value in summary.value:
        array = tensor_util.make_ndarray(value.tensor)
        shape = value.tensor.tensor_shape
        value.tensor.CopyFrom(tensor_pb2.TensorProto(dtype=value.tensor.dtype, tensor_shape=shape,
                                                     tensor_content=array.tobytes()))
    return summary


record("version", event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2"))
for step, value in ((0, 0.5), (300, -1e30), (70000, float("inf"))):
    summary = with_content(scalar.scalar_pb("epoch_loss", value))
    record(f"scalar {step} {value}", event_pb2.Event(wall_time=1700000000.25, step=step, summary=summary))
data = {"ramp": np.arange(100, dtype=np.float32) - 20, "same": np.full(7, 2.5, np.float32),
        "none": np.zeros(0, np.float32)}
for name, values in data.items():
    summary = with_content(histogram.histogram_pb("dense/kernel/histogram", values))
    record(f"histogram {name}", event_pb2.Event(wall_time=1700000000.25, step=3, summary=summary))
summary = summary_pb2.Summary()
value = summary.value.add(tag="keras", tensor=tensor_pb2.TensorProto(
    dtype=types_pb2.DT_STRING, tensor_shape={}, string_val=[b'{"class_name": "Sequential"}']))
value.metadata.plugin_data.plugin_name = "graph_keras_model"
value.metadata.plugin_data.content = b"1"
record("model", event_pb2.Event(wall_time=1700000000.25, summary=summary))
(CASES / "events.txt").write_text("\n".join(lines) + "\n")
