"""One jitted step in plain JAX, its weights and momenta donated: python jax_worker.py MODEL."""
import sys
from itertools import cycle

import jax
import jax.numpy as jnp

from models import BATCHES, CLASSES, LEARNING_RATE, MODELS, MOMENTUM
from worker import serve

# JAX's default generator, threefry, is its fastest on a CPU: rbg and unsafe_rbg take 1.4 to 2 times as long a step.


def glorot(key, shape):
    fan_in, fan_out = (shape[-2] * shape[0] * shape[1], shape[-1] * shape[0] * shape[1]) if len(shape) == 4 else shape
    limit = (6 / (fan_in + fan_out)) ** 0.5
    return jax.random.uniform(key, shape, jnp.float32, -limit, limit)


def initialize(spec):
    key, shape, weights = jax.random.key(0), spec.shape, []
    for kind, *numbers in spec.layers:
        key, own = jax.random.split(key)
        if kind in ("dense", "classes"):
            units = CLASSES if kind == "classes" else numbers[0]
            weights.append((glorot(own, (shape[0], units)), jnp.zeros(units)))
            shape = (units,)
        elif kind == "conv":
            weights.append((glorot(own, (3, 3, shape[2], numbers[0])), jnp.zeros(numbers[0])))
            shape = (shape[0] - 2, shape[1] - 2, numbers[0])
        elif kind == "pool":
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        elif kind == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
    return weights


def loss_of(weights, key, x, y, layers):
    weights = iter(weights)
    for index, (kind, *numbers) in enumerate(layers):
        if kind in ("dense", "classes"):
            w, b = next(weights)
            x = x @ w + b
            x = x if kind == "classes" else jax.nn.relu(x)
        elif kind == "conv":
            w, b = next(weights)
            x = jax.lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = jax.nn.relu(x + b)
        elif kind == "pool":
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        elif kind == "flatten":
            x = x.reshape(len(x), -1)
        elif kind == "dropout":
            keep = 1 - numbers[0]
            x = jnp.where(jax.random.bernoulli(jax.random.fold_in(key, index), keep, x.shape), x / keep, 0)
    return -jnp.mean(jnp.sum(y * jax.nn.log_softmax(x), axis=-1))


def main():
    name = sys.argv[1]
    spec = MODELS[name]

    def step(weights, momenta, key, x, y):
        key, own = jax.random.split(key)
        loss, gradients = jax.value_and_grad(loss_of)(weights, own, x, y, spec.layers)
        momenta = jax.tree.map(lambda m, g: MOMENTUM * m - LEARNING_RATE * g, momenta, gradients)
        weights = jax.tree.map(lambda w, m, g: w + MOMENTUM * m - LEARNING_RATE * g, weights, momenta, gradients)
        return weights, momenta, key, loss

    jitted = jax.jit(step, donate_argnums=(0, 1, 2))
    weights = initialize(spec)
    state = [weights, jax.tree.map(jnp.zeros_like, weights), jax.random.key(1)]
    batches = cycle([(jnp.array(x), jnp.array(y)) for x, y in zip(*spec.batches(BATCHES[name]))])

    def steps(count):
        for _ in range(count):
            *state[:], loss = jitted(*state, *next(batches))
        return loss.block_until_ready()

    serve("JAX, one jitted step", jax.__version__, steps)


main()
