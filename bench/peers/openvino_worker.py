"""OpenVINO, one sample: python openvino_worker.py FOLDER. In float32, as all others: left alone it takes bfloat16."""
import sys

import openvino

from worker import Prepared, serve, threads


def main():
    prepared = Prepared(sys.argv[1])
    core = openvino.Core()
    model = core.compile_model(prepared.folder / "model.onnx", "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": str(threads()),
        "INFERENCE_PRECISION_HINT": "f32"})
    request = model.create_infer_request()
    arrays = {f"x{i}": a for i, a in enumerate(prepared.samples())}
    for port in model.inputs:
        request.set_tensor(port, openvino.Tensor(arrays[port.any_name.split(":")[0]]))
    request.infer()
    prepared.check([request.get_tensor(port).data.copy() for port in model.outputs])

    def calls(count):
        for _ in range(count):
            request.infer()

    serve(openvino.__version__, calls)


main()
