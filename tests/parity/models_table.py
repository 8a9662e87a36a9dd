"""The table of docs/models.md from what the suites guides and guides_full left in their work folders:

    python models_table.py WORK_SMALL [WORK_FULL] > docs/models.md
"""
import json
import sys
from pathlib import Path

FORWARD, TRAINED = 1e-5, 1e-4  # what compare.py allows

HEAD = """# The guides' models

Every example model of the five Keras guides, compiled by kcc and compared with live Keras 3.15.1 (on JAX; stateful_lstm
and video_qa at full size on TensorFlow): predictions, and losses and weights after three epochs of `fit` (one at full
size) without shuffling, dropout and noise switched off for that.
Errors are the largest difference of any number, for predictions and losses as a share of the largest value, for weights
as a share of how far training moved them. The tests allow 1e-5 for predictions and 1e-4 for the others.
`tests/parity/run.py guides` makes the small columns, `guides_full` the others; `tests/parity/models_table.py` this page.

At full size weights of some convolutional models differ by more. These are no errors of either side: where two values of a
pooling window, or a value and a relu's kink, lie within rounding of each other, the gradient goes to one or the other,
and RMSprop turns gradients that cancel to almost nothing into whole steps. Held against Keras in float64, the gradients
of vgg_like are off by 1e-3 in kcc and by the same 1e-3 in Keras's own float32 below the first pooling, by 3e-6 in Keras
and 3e-7 in kcc above it.

| model | small: predict | losses | weights | full size: parameters | predict | losses | weights |
|---|---|---|---|---|---|---|---|"""


def results(folder):
    return {result["name"]: result for result in
            (json.loads(path.read_text()) for path in sorted(Path(folder).glob("*/result.json")))}


def errors(result):
    if result is None:
        return ["", "", ""]
    shares = result["shares"]
    return [f"{shares[key] * allowed:.1e}" for key, allowed in
            (("predict", FORWARD), ("history", TRAINED), ("weights", TRAINED))]


def main():
    small = results(sys.argv[1])
    full = results(sys.argv[2]) if len(sys.argv) > 2 else {}
    print(HEAD)
    for name in small:
        parameters = f"{full[name]['parameters']:,}" if name in full else ""
        print("| " + " | ".join([name, *errors(small[name]), parameters, *errors(full.get(name))]) + " |")


if __name__ == "__main__":
    main()
