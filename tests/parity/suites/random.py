"""Random models: 200 graphs, always the same ones unless the environment says otherwise.

KCC_RANDOM_SEED=N is the first graph's seed, KCC_RANDOM_COUNT=N the number of graphs; KCC_RANDOM_SEED=$RANDOM makes new ones.
"""
import os

from case import Case
from random_models import build, data

GRAPHS = 10  # in a model
COUNT = int(os.environ.get("KCC_RANDOM_COUNT", 200))
SEED = int(os.environ.get("KCC_RANDOM_SEED", 262_203))


def case(seeds, name):
    made = Case(name, None, samples=11, epochs=0, options=["-O1"])

    def build_model():
        model = build(seeds)
        made.inputs = data(model)
        return model

    made.build = build_model
    return made


def cases(alone):
    print(f"KCC_RANDOM_SEED={SEED} KCC_RANDOM_COUNT={COUNT}", flush=True)
    step = 1 if alone else GRAPHS
    starts = range(SEED, SEED + COUNT, step)
    return [case(list(range(start, min(start + step, SEED + COUNT))), f"seeds_{start}") for start in starts]
