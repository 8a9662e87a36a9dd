"""Prediction of one sample in a framework: python predict_worker.py FOLDER jax|torch."""
import json
import os
import sys

import numpy as np

from worker import Prepared, alone, serve, threads, unsupported


def jax_calls(prepared):
    os.environ["KERAS_BACKEND"] = "jax"
    import without_tensorflow
    import jax
    from cases import find
    model = find(prepared.name, prepared.zoo).build()
    model.load_weights(prepared.folder / "model.weights.h5")
    values = lambda variables: [jax.numpy.array(v.value) for v in variables]
    state = values(model.trainable_variables), values(model.non_trainable_variables)
    x = alone([jax.numpy.array(a) for a in prepared.samples()])
    predict = jax.jit(lambda trainable, others, x: model.stateless_call(trainable, others, x, training=False)[0])
    answers = predict(*state, x)
    prepared.check(answers if isinstance(answers, (list, tuple)) else [answers])

    def calls(count):
        for _ in range(count):
            jax.block_until_ready(predict(*state, x))

    return jax.__version__, calls


def torch_calls(prepared):
    import torch
    from torch_model import translate
    from translation import Untranslatable
    torch.set_num_threads(threads())
    entry = json.loads((prepared.folder / "model.json").read_text())
    define = (prepared.folder / "define.py").read_text() if prepared.define else ""
    x = [torch.from_numpy(a) for a in prepared.samples()]
    try:
        model = translate(entry, np.load(prepared.folder / "weights.npz"), define).eval()
        with torch.inference_mode():
            answers = model(*x)
    except Untranslatable as what:
        unsupported(f"{what} is not translated to PyTorch")
    prepared.check([a.numpy() for a in (answers if isinstance(answers, list) else [answers])])

    def calls(count):
        with torch.inference_mode():
            for _ in range(count):
                model(*x)

    return torch.__version__, calls


def main():
    prepared = Prepared(sys.argv[1])
    serve(*{"jax": jax_calls, "torch": torch_calls}[sys.argv[2]](prepared))


main()
