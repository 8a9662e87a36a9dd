"""One jitted JAX step: python jax_worker.py FOLDER.

The model's forward pass, loss and optimizer as Keras's stateless functions give them, differentiated and compiled as
one function whose weights and optimizer state are donated. XLA sees the same computation as in hand-written JAX; no
metrics, no loop around it but this one. JAX's default generator, threefry, makes the dropout masks.
"""
import os
import sys
from itertools import cycle

os.environ["KERAS_BACKEND"] = "jax"

import without_tensorflow
import jax
import keras

from cases import find
from worker import Prepared, alone, serve


def main():
    prepared = Prepared(sys.argv[1])
    model = find(prepared.name, prepared.zoo).build()
    model.optimizer.build(model.trainable_variables)

    def step(trainable, others, optimizer, x, y, weights):
        def loss_of(trainable, others):
            loss, (_, _, others, _) = model.compute_loss_and_updates(
                trainable, others, [], x, y, weights, training=True, optimizer_variables=optimizer)
            return loss, others

        (loss, others), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable, others)
        trainable, optimizer = model.optimizer.stateless_apply(optimizer, gradients, trainable)
        return trainable, others, optimizer, loss

    jitted = jax.jit(step, donate_argnums=(0, 1, 2))
    values = lambda variables: [jax.numpy.array(v.value) for v in variables]
    state = [values(model.trainable_variables), values(model.non_trainable_variables), values(model.optimizer.variables)]
    put = lambda arrays: alone([jax.numpy.array(a) for a in arrays]) if arrays else None
    batches = cycle([tuple(map(put, batch)) for batch in prepared.batches()])

    def steps(count):
        for _ in range(count):
            *state[:], loss = jitted(*state, *next(batches))
        return loss.block_until_ready()

    serve(f"JAX {jax.__version__}, Keras {keras.__version__}", steps)


main()
