"""keras.backend of Keras 2 on keras.ops, as far as the tests use it: what old code calls K. Keras 3 keeps the originals for
TensorFlow alone."""
import math

import keras
from keras import ops
from keras.ops import (abs, all, any, cast, cos, equal, exp, greater, log, max, maximum, mean, min, minimum, ndim,
                       one_hot, prod, round, shape, sigmoid, sign, sin, softmax, softplus, softsign, sqrt, square,
                       squeeze, stack, std, sum, tanh, tile, var, zeros_like)


def epsilon():
    return 1e-7


def int_shape(x):
    return tuple(x.shape)


def constant(value, dtype="float32", shape=None):
    value = ops.convert_to_tensor(value, dtype=dtype)
    return value if shape is None else ops.broadcast_to(value, shape)


def argmax(x, axis=-1):
    return ops.argmax(x, axis)


def batch_dot(x, y, axes=None):
    """By one axis of each, sample by sample."""
    if axes is None:
        axes = (x.ndim - 1, 1 if y.ndim == 2 else y.ndim - 2)
    i, j = (axes, axes) if isinstance(axes, int) else axes
    left = ops.moveaxis(x, i, -1)
    right = ops.moveaxis(y, j, -1)
    product = ops.einsum("bxk,byk->bxy", ops.reshape(left, (x.shape[0] or -1, -1, x.shape[i])),
                         ops.reshape(right, (y.shape[0] or -1, -1, y.shape[j])))
    rest = left.shape[1:-1] + right.shape[1:-1]
    return ops.reshape(product, (-1,) + (rest or (1,)))


def batch_flatten(x):
    return ops.reshape(x, (-1, math.prod(x.shape[1:])))


def clip(x, min_value, max_value):
    return ops.clip(x, min_value, max_value)


def concatenate(tensors, axis=-1):
    return ops.concatenate(tensors, axis)


def dot(x, y):
    return ops.dot(x, y)


def elu(x, alpha=1.0):
    return ops.elu(x, alpha)


def expand_dims(x, axis=-1):
    return ops.expand_dims(x, axis)


def flatten(x):
    return ops.reshape(x, (-1,))


def hard_sigmoid(x):
    return ops.clip(0.2 * x + 0.5, 0, 1)


def l2_normalize(x, axis=None):
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis, keepdims=True), 1e-12))


def permute_dimensions(x, pattern):
    return ops.transpose(x, pattern)


def pow(x, a):
    return ops.power(x, a)


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    return keras.activations.relu(x, alpha, max_value, threshold)


def repeat(x, n):
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x, rep, axis):
    return ops.repeat(x, rep, axis)


def reshape(x, shape):
    return ops.reshape(x, shape)


def switch(condition, then_expression, else_expression):
    then, otherwise = (x() if callable(x) else x for x in (then_expression, else_expression))
    condition = ops.reshape(condition, tuple(condition.shape) + (1,) * (then.ndim - condition.ndim))
    return ops.where(condition, then, otherwise)
