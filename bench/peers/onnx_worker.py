"""ONNX Runtime, one sample: python onnx_worker.py FOLDER. Inputs and outputs are bound once."""
import sys

import numpy as np
import onnxruntime

from worker import Prepared, serve, threads


def main():
    prepared = Prepared(sys.argv[1])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads(), 1
    session = onnxruntime.InferenceSession(str(prepared.folder / "model.onnx"), options, ["CPUExecutionProvider"])
    binding = session.io_binding()
    arrays = {f"x{i}": a for i, a in enumerate(prepared.samples())}
    for given in session.get_inputs():
        name = given.name.split(":")[0]
        binding.bind_ortvalue_input(given.name, onnxruntime.OrtValue.ortvalue_from_numpy(arrays[name]))
    for made in session.get_outputs():
        binding.bind_output(made.name)
    session.run_with_iobinding(binding)
    prepared.check([np.asarray(value) for value in binding.copy_outputs_to_cpu()])

    def calls(count):
        for _ in range(count):
            session.run_with_iobinding(binding)

    serve(onnxruntime.__version__, calls)


main()
