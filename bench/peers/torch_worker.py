"""PyTorch: python torch_worker.py FOLDER eager|compile.

The Keras model as plain modules, its answers compared with Keras's before anything is timed.
"""
import json
import sys
from itertools import cycle

import numpy as np
import torch

from torch_model import translate
from torch_training import Extras, Loss, optimizer_of
from translation import Untranslatable
from worker import Prepared, close, serve, threads, unsupported


def tensors(arrays):
    return [torch.from_numpy(a.astype("int64") if a.dtype.kind == "i" else a) for a in arrays]


def check(model, loss, extras, folder, batch):
    """Predictions and loss of the first batch against Keras's; returns the model to training."""
    x, y, w = batch
    expected = np.load(folder / "expected.npz")
    model.eval()
    loss.on_logits(False)
    with torch.no_grad():
        answers = model(*x)
        for index, answer in enumerate(answers if isinstance(answers, list) else [answers]):
            close(answer.numpy(), expected[f"p{index}"])
        reset(model)
        extras.activities.clear()
        loss.on_logits(True)
        close((loss(model(*x), y, w) + extras.loss()).numpy(), expected["loss"])
    reset(model)
    model.train()


def reset(model):
    for module in model.modules():
        if hasattr(module, "stateful"):
            module.state = None


def main():
    folder, how = sys.argv[1:]
    prepared = Prepared(folder)
    torch.set_num_threads(threads())
    torch.manual_seed(0)
    entry = json.loads((prepared.folder / "model.json").read_text())
    define = (prepared.folder / "define.py").read_text() if prepared.define else ""
    try:
        model = translate(entry, np.load(prepared.folder / "weights.npz"), define)
        loss = Loss(model, entry["compile_config"], prepared.outputs)
        extras = Extras(model, entry)
        parameters = [p for p in model.parameters() if p.requires_grad]
        optimizer = optimizer_of(entry["compile_config"]["optimizer"], parameters)
        batches = [tuple(map(tensors, batch)) for batch in prepared.batches()]
        check(model, loss, extras, prepared.folder, batches[0])
    except Untranslatable as what:
        unsupported(f"{what} is not translated to PyTorch")

    def loss_of(x, y, w):
        return loss(model(*x), y, w) + extras.loss()

    compute = torch.compile(loss_of) if how == "compile" else loss_of
    turn = cycle(batches)

    def steps(count):
        for _ in range(count):
            value = compute(*next(turn))
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            optimizer.step()
            if extras.constraints:
                extras.constrain_weights()
        return value.item()

    serve(torch.__version__, steps)


main()
