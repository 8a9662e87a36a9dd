"""PyTorch: python torch_worker.py MODEL eager|compile."""
import sys
from itertools import cycle

import torch
from torch import nn

from models import BATCHES, CLASSES, LEARNING_RATE, MODELS, MOMENTUM
from worker import serve, threads


def build(spec):
    shape, modules = spec.shape, []
    for kind, *numbers in spec.layers:
        if kind in ("dense", "classes"):
            units = CLASSES if kind == "classes" else numbers[0]
            modules.append(nn.Linear(shape[0], units))
            if kind == "dense":
                modules.append(nn.ReLU())
            shape = (units,)
        elif kind == "conv":
            modules += [nn.Conv2d(shape[2], numbers[0], 3), nn.ReLU()]
            shape = (shape[0] - 2, shape[1] - 2, numbers[0])
        elif kind == "pool":
            modules.append(nn.MaxPool2d(2))
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        elif kind == "flatten":
            modules.append(nn.Flatten())
            shape = (shape[0] * shape[1] * shape[2],)
        elif kind == "dropout":
            modules.append(nn.Dropout(numbers[0]))
    return nn.Sequential(*modules)


def main():
    name, how = sys.argv[1:]
    spec = MODELS[name]
    torch.set_num_threads(threads())
    torch.manual_seed(0)
    model = build(spec)
    inputs = [torch.from_numpy(x) for x in spec.batches(BATCHES[name])[0]]
    labels = [torch.from_numpy(y) for y in spec.batches(BATCHES[name])[1]]
    if len(spec.shape) == 3:  # the same bytes, seen as NCHW
        inputs = [x.permute(0, 3, 1, 2) for x in inputs]
        model = model.to(memory_format=torch.channels_last)
    batches = cycle(list(zip(inputs, labels)))
    optimizer = torch.optim.SGD(model.parameters(), LEARNING_RATE, MOMENTUM, nesterov=True, fused=True)
    loss_of = lambda x, y: nn.functional.cross_entropy(model(x), y)
    if how == "compile":
        loss_of = torch.compile(loss_of)

    def steps(count):
        for _ in range(count):
            loss = loss_of(*next(batches))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return loss.item()

    serve(f"PyTorch {how}", torch.__version__, steps)


main()
