"""LiteRT with XNNPACK, one sample: python litert_worker.py FOLDER."""
import sys
from importlib.metadata import version

from ai_edge_litert import interpreter as litert

from worker import Prepared, serve, threads


def main():
    prepared = Prepared(sys.argv[1])
    model = litert.Interpreter(str(prepared.folder / "model.tflite"), num_threads=threads())
    model.allocate_tensors()
    inputs = sorted(model.get_input_details(), key=lambda detail: detail["name"])
    for detail, array in zip(inputs, prepared.samples()):
        model.set_tensor(detail["index"], array)
    model.invoke()
    prepared.check([model.get_tensor(detail["index"]) for detail in model.get_output_details()])

    def calls(count):
        for _ in range(count):
            model.invoke()

    serve(version("ai-edge-litert"), calls)


main()
