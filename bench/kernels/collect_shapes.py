"""Writes the shapes of the kernels that models need, from their training graphs, for shapes.txt:

    python3 bench/kernels/collect_shapes.py build/release/kcc FOLDER... > bench/kernels/shapes.txt

Each FOLDER holds a model.json with a case.json beside it, as bench/peers leaves them in build/bench/cases.
A line is a kind and its sizes, as shape.h explains them.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

LEAST_FLOPS, MOST_FLOPS = 2e5, 1.5e10  # what is smaller is overhead, what is larger repeats a shape with more samples
LEAST_BYTES, MOST_BYTES = 1 << 18, 1 << 28
LINE = re.compile(r"(\s*)%(\d+) = (\w+)([^{:]*)(?:\{(.*)\})? : (?:\w+)\(([^()]*)\)")


def sizes(text, batch):
    """"100*B, 64" -> (100 * batch, 64)"""
    result = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        value = 1
        for factor in part.split("*"):
            value *= batch if factor == "B" else int(factor) if factor.isdigit() else 0
        result.append(value)
    return tuple(result)


def numbers(attributes, key):
    return [int(n) for n in re.search(rf"\b{key}: \[([^\]]*)\]", attributes)[1].split(",")]


def convolution(kind, x, w, y, attributes):
    if len(x) != 4 or "groups: 1" not in attributes:
        return None
    window = [n for key in ("strides", "dilations", "low", "high") for n in numbers(attributes, key)]
    flops = 2 * y[0] * y[1] * y[2] * w[0] * w[1] * w[2] * w[3]
    return (kind, *x, w[3], w[0], w[1], *window), flops


def product(a, b, attributes):
    if len(a) != 2 or len(b) != 2:
        return None
    if "transpose_a: 1" in attributes:
        kind, (m, k), n = "tn", a, b[1]
    elif "transpose_b: 1" in attributes:
        kind, (m, n), k = "nt", a, b[0]
    else:
        kind, (m, k), n = "nn", a, b[1]
    return (kind, m, k, n), 2 * m * k * n


def shapes_of(graph, batch):
    """(shape, work): floating-point operations, or bytes of kernels that only move data."""
    scopes = {}  # the bodies of loops number their values anew, further indented
    for line in graph.splitlines():
        match = LINE.match(line)
        if not match:
            continue
        indentation, index, op, operands, attributes, shape = match.groups()
        attributes, shape = attributes or "", sizes(shape, batch)
        values = scopes.setdefault(len(indentation), {})
        values[index] = shape
        given = [values.get(o, ()) for o in re.findall(r"%(\d+)", operands)]
        if op == "matmul":
            yield product(*given, attributes)
        elif op == "conv":
            yield convolution("conv", given[0], given[1], shape, attributes)
        elif op == "conv_input_grad":
            yield convolution("conv_input_grad", shape, given[1], given[0], attributes)
        elif op == "conv_weight_grad":
            yield convolution("conv_weight_grad", given[0], shape, given[1], attributes)
        elif op in ("max_pool", "max_pool_grad") and len(given[0]) == 4:
            window = [n for key in ("window", "strides", "low", "high") for n in numbers(attributes, key)]
            yield (op, *given[0], *window), 4 * count(given[0])
        elif op == "reduce_sum" and len(shape) == 1 and len(given[0]) in (2, 4) and given[0][-1] == shape[0]:
            yield ("bias_grad", count(given[0]) // shape[0], shape[0]), 4 * count(given[0])
        elif op == "sqrt":
            yield ("rmsprop", count(shape)), 20 * count(shape)
        elif op == "random_uniform":
            yield ("dropout", count(shape)), 8 * count(shape)
        elif op == "reduce_max" and len(given[0]) == 2:
            yield ("softmax", *given[0]), 8 * count(given[0])


def count(shape):
    total = 1
    for size in shape:
        total *= size
    return total


def worth_it(shape, work):
    if shape[0] in ("nn", "nt", "tn"):
        _, m, k, n = shape
        return work >= LEAST_FLOPS and 4 * (m * k + k * n + m * n) <= MOST_BYTES
    if shape[0].startswith("conv"):
        return LEAST_FLOPS <= work <= MOST_FLOPS
    return (LEAST_BYTES if shape[0] != "softmax" else 0) <= work <= MOST_BYTES


def main():
    kcc, *folders = sys.argv[1:]
    found = set()
    for folder in map(Path, folders):
        case = json.loads((folder / "case.json").read_text())
        define = ["--define", folder / "define.py"] if case["define"] else []
        mode = ["--sample-weight-mode", "temporal"] if case["sample_weight"] == "temporal" else []
        graph = subprocess.run([kcc, folder / "model.json", "--emit=train-graph", *define, *mode], check=True,
                               capture_output=True, text=True).stdout
        found |= {shape for one in shapes_of(graph, case["batch"]) if one for shape, work in [one]
                  if worth_it(shape, work)}
    # A prediction of one sample: the products of the forward pass with a single row.
    found |= {("nn", 1, k, n) for kind, *rest in found if kind == "nn" for _, k, n in [rest] if k * n >= 16384}
    print("# Written by collect_shapes.py: the kernels of the models in bench/peers at full size.")
    for shape in sorted(found):
        print(*shape)


main()
