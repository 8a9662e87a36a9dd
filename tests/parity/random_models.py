"""Random valid models over all layers that kcc knows: shared layers, nested models called several times, masks, merges.

A model holds several graphs side by side, each from its own seed and with an output of its own, so that one run of the
compiler and of Keras serves them all and a failure still names the graph: `python random_models.py SEED` shows it.
"""
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from keras import layers as L

MOST_ELEMENTS = 600  # a sample: graphs stay small, so that hundreds of them run in minutes


def size(shape):
    return int(np.prod(shape[1:]))


def adds_losses(layer):
    """Keras on JAX counts the activity losses of a shared layer's last call only; elsewhere all calls count."""
    return any(getattr(one, "activity_regularizer", None) or isinstance(one, L.ActivityRegularization)
               for one in layer._flatten_layers())


class Generator:
    """One graph: tensors so far, and steps that add to them."""

    def __init__(self, seed):
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.tensors = []
        self.inputs = []
        self.masked = False  # whether some tensor may have a mask
        self.layers = []  # (layer, input shape): shared with later tensors of the same shape

    # ---- choices

    def pick(self, *options):
        return options[self.rng.integers(len(options))]

    def chance(self, probability):
        return self.rng.random() < probability

    def number(self, low, high):
        return int(self.rng.integers(low, high + 1))

    def real(self, low, high):
        return round(float(self.rng.uniform(low, high)), 3)

    def activation(self):
        return self.pick(None, None, "relu", "tanh", "sigmoid", "elu", "softplus", "selu", "swish", "gelu", "softsign",
                         "hard_sigmoid", "leaky_relu", "exponential" if self.chance(0.1) else "linear", "softmax")

    def regularizer(self):
        return self.pick(*[None] * 6, "l1", "l2", keras.regularizers.L1L2(self.real(0.001, 0.02), self.real(0.001, 0.02)))

    def constraint(self):
        return self.pick(*[None] * 6, "max_norm", "non_neg", "unit_norm",
                         keras.constraints.MinMaxNorm(0.2, 0.9, rate=self.real(0.5, 1)))

    def kernel(self):
        return dict(kernel_regularizer=self.regularizer(), use_bias=self.chance(0.8),
                    kernel_initializer=self.pick("glorot_uniform", "he_normal", "lecun_uniform", "truncated_normal"))

    # ---- layers by the rank of what they take

    def any_rank(self, shape):
        rank = len(shape)
        axes = list(range(1, rank))
        yield lambda: L.Dense(self.number(1, 9), self.activation(), kernel_constraint=self.constraint(),
                              activity_regularizer=self.regularizer(), **self.kernel())
        yield lambda: L.Activation(self.pick("relu", "tanh", "sigmoid", "gelu", "mish", "log_softmax", "relu6"))
        yield lambda: L.LeakyReLU(self.real(0.05, 0.5))
        yield lambda: L.ReLU(self.pick(None, 1.5), self.real(0, 0.3), self.pick(0.0, 0.2))
        yield lambda: L.ELU(self.real(0.3, 1.5))
        yield lambda: L.PReLU(alpha_initializer="random_uniform",
                              shared_axes=None if rank == 2 or self.chance(0.5) else [1])
        yield lambda: L.Softmax(axis=self.pick(*axes, -1))
        yield lambda: L.BatchNormalization(axis=self.pick(*axes, -1), momentum=self.pick(0.99, 0.8),
                                           epsilon=self.pick(1e-3, 1e-2), center=self.chance(0.8),
                                           scale=self.chance(0.8))
        if size(shape) > 1:
            # Never over one number: of what it takes from itself, only rounding would be left.
            yield lambda: L.LayerNormalization(axis=self.pick(-1, axes) if shape[-1] > 1 else axes,
                                               epsilon=self.pick(1e-3, 1e-2), center=self.chance(0.8),
                                               scale=self.chance(0.8))
        yield lambda: L.Dropout(0.0)
        yield lambda: L.GaussianNoise(0.0)
        yield lambda: L.ActivityRegularization(l1=self.real(0, 0.01), l2=self.real(0, 0.01))
        yield lambda: L.Rescaling(self.real(0.5, 2), self.real(-1, 1))
        yield lambda: L.Flatten()
        yield lambda: L.Reshape((-1,) if rank == 3 or self.chance(0.3) else self.factors(size(shape)))
        if rank > 2:
            yield lambda: L.Permute([*range(2, rank), 1])

    def factors(self, count):
        for first in self.rng.permutation([2, 3, 4, 5, 7]):
            if count % first == 0:
                return (int(first), count // int(first)) if self.chance(0.5) else (count // int(first), int(first))
        return (count, 1)

    def of_rank_2(self, shape):
        yield lambda: L.RepeatVector(self.number(2, 4))

    def of_rank_3(self, shape):
        steps, features = shape[1:]
        recurrent = lambda: dict(return_sequences=self.chance(0.6), go_backwards=self.chance(0.3),
                                 activation=self.pick("tanh", "relu", "sigmoid"), use_bias=self.chance(0.8),
                                 kernel_regularizer=self.regularizer())
        units = lambda: self.number(1, 6)
        gates = lambda: self.pick("sigmoid", "hard_sigmoid")
        yield lambda: L.LSTM(units(), recurrent_activation=gates(), unit_forget_bias=self.chance(0.7), **recurrent())
        yield lambda: L.GRU(units(), recurrent_activation=gates(), reset_after=self.chance(0.6), **recurrent())
        yield lambda: L.SimpleRNN(units(), **recurrent())
        yield lambda: L.Bidirectional(
            self.pick(L.LSTM, L.GRU, L.SimpleRNN)(units(), return_sequences=self.chance(0.6)),
            merge_mode=self.pick("concat", "sum", "mul", "ave"))
        yield lambda: L.TimeDistributed(L.Dense(self.number(1, 6), self.activation()))
        yield lambda: L.TimeDistributed(keras.Sequential([
            keras.Input((features,)), L.Dense(self.number(1, 5), "tanh"), L.Dense(self.number(1, 5))]))
        yield lambda: L.Masking(0.0)
        yield lambda: L.SpatialDropout1D(0.0)
        yield from self.spatial(shape, 1, L.Conv1D, L.MaxPooling1D, L.AveragePooling1D, L.GlobalMaxPooling1D,
                                L.GlobalAveragePooling1D, L.UpSampling1D, L.ZeroPadding1D, L.Cropping1D)
        yield lambda: L.Conv1D(self.number(1, 5), self.number(1, 4), padding="causal",
                               dilation_rate=self.number(1, 2), **self.kernel())

    def of_rank_4(self, shape):
        yield from self.spatial(shape, 2, L.Conv2D, L.MaxPooling2D, L.AveragePooling2D, L.GlobalMaxPooling2D,
                                L.GlobalAveragePooling2D, L.UpSampling2D, L.ZeroPadding2D, L.Cropping2D)
        window = lambda: dict(padding=self.pick("same", "valid") if min(shape[1:3]) > 3 else "same",
                              strides=self.number(1, 2))
        kernel = lambda: self.number(1, 3)
        yield lambda: L.SeparableConv2D(self.number(1, 5), kernel(), depth_multiplier=self.number(1, 2), **window())
        yield lambda: L.DepthwiseConv2D(kernel(), depth_multiplier=self.number(1, 2), **window())
        yield lambda: L.Conv2DTranspose(self.number(1, 4), kernel(), **window())

    def of_rank_5(self, shape):
        yield from self.spatial(shape, 3, L.Conv3D, L.MaxPooling3D, L.AveragePooling3D, L.GlobalMaxPooling3D,
                                L.GlobalAveragePooling3D, L.UpSampling3D, L.ZeroPadding3D, L.Cropping3D)

    def spatial(self, shape, rank, conv, max_pool, average_pool, global_max, global_average, up, pad, crop):
        each = lambda low, high: tuple(self.number(low, high) for _ in range(rank))
        one = lambda values: values[0] if rank == 1 else values
        first = self.chance(0.25)
        layout = dict(data_format="channels_first" if first else "channels_last")
        extents = shape[2:] if first else shape[1:-1]
        fits = lambda: "valid" if min(extents) >= 3 and self.chance(0.5) else "same"

        def convolution():
            strides, dilation = each(1, 2), (1,) * rank
            if self.chance(0.3):
                strides, dilation = (1,) * rank, each(1, 2)
            wide = max(dilation) > 1 and min(extents) < 5
            return conv(self.number(1, 5), one(each(1, 3)), strides=one(strides), dilation_rate=one(dilation),
                        padding="same" if wide else fits(), activation=self.activation() if not first else None,
                        kernel_constraint=self.constraint(), **layout, **self.kernel())

        def pool(kind):
            return kind(one(each(1, 3)), strides=one(each(1, 3)), padding=fits(), **layout)

        yield convolution
        yield convolution
        yield lambda: pool(max_pool)
        yield lambda: pool(average_pool)
        yield lambda: self.pick(global_max, global_average)(keepdims=self.chance(0.3), **layout)
        pairs = lambda high: tuple((self.number(0, high), self.number(0, high)) for _ in range(rank))
        if rank == 1:
            # Never by nothing: on JAX the tensor would be the same object and keep its mask.
            yield lambda: up(2)
            yield lambda: pad(self.pick(self.number(1, 2), (self.number(0, 2), 1)))
            if shape[1] > 1:
                yield lambda: crop(self.pick((1, 0), (0, 1)))
        else:
            yield lambda: up(each(1, 2), **layout)
            yield lambda: pad(self.pick(each(0, 2), pairs(2)), **layout)
            yield lambda: crop(tuple((self.number(0, 1), 0) if e > 1 else (0, 0) for e in extents), **layout)

    # ---- steps

    def input(self):
        kind = self.pick("flat", "steps", "steps", "words", "image", "image", "volume")
        name = f"g{self.seed}_x{len(self.inputs)}"
        if kind == "words":
            words = keras.Input((self.number(2, 7),), dtype="int32", name=name)
            self.inputs.append(words)
            self.masked |= (masked := self.chance(0.7))
            return L.Embedding(20, self.number(1, 6), mask_zero=masked)(words)
        shape = {"flat": lambda: (self.number(1, 12),), "steps": lambda: (self.number(1, 7), self.number(1, 6)),
                 "image": lambda: (self.number(2, 8), self.number(2, 8), self.number(1, 4)),
                 "volume": lambda: (self.number(2, 4), self.number(2, 4), self.number(2, 4), self.number(1, 3))}[kind]()
        self.inputs.append(keras.Input(shape, name=name))
        return self.inputs[-1]

    def candidates(self, shape):
        made = list(self.any_rank(shape))
        own = list({2: self.of_rank_2, 3: self.of_rank_3, 4: self.of_rank_4, 5: self.of_rank_5}
                   .get(len(shape), lambda shape: [])(shape))
        return own if own and self.chance(0.6) else made

    def suits(self, layer, shape):
        """Where there are masks, Keras itself fails: Softmax takes them for its own argument, which does not broadcast
        over features, BatchNormalization weighs with them along the last axis only and squeezes a single feature away,
        and GlobalAveragePooling1D with channels first lays the mask of its second axis along its third."""
        if not self.masked:
            return True
        if isinstance(layer, L.BatchNormalization):
            return layer.axis == -1 and (layer.moving_mean.shape[0] if layer.built else shape[-1]) > 1
        return not (isinstance(layer, L.Softmax) or
                    (isinstance(layer, L.GlobalAveragePooling1D) and layer.data_format == "channels_first"))

    def apply_layer(self, x):
        options = self.candidates(x.shape)
        layer = options[self.rng.integers(len(options))]()
        if not self.suits(layer, x.shape):
            return None
        self.masked |= isinstance(layer, L.Masking)
        y = layer(x)
        if size(y.shape) <= MOST_ELEMENTS and len(y.shape) <= 5:
            self.layers.append((layer, x.shape))
            return y
        return None

    def share_layer(self, x):
        fitting = [layer for layer, shape in self.layers
                   if shape == x.shape and not adds_losses(layer)
                   and all(self.suits(one, shape) for one in layer._flatten_layers())]
        return self.pick(*fitting)(x) if fitting else None

    def merge(self, x):
        same = [t for t in self.tensors if t.shape == x.shape and t is not x]
        if same:
            kind = self.pick(L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum, L.Concatenate, L.Dot)
            others = [same[self.rng.integers(len(same))]]
            if kind is L.Dot:
                axes = self.number(1, min(len(x.shape), 3) - 1)
                return L.Dot(axes, normalize=self.chance(0.4))([x, *others]) if len(x.shape) <= 3 else None
            if kind is L.Concatenate:
                return L.Concatenate(axis=self.number(1, len(x.shape) - 1))([x, *others])
            return kind()([x, *others])
        flat = [t for t in self.tensors if len(t.shape) == 2 and t is not x]
        if len(x.shape) == 2 and flat:
            return L.Concatenate()([x, flat[self.rng.integers(len(flat))]])
        return None

    def nest(self, x):
        """A model of two or three layers, called on one or two tensors."""
        start = keras.Input(x.shape[1:])
        inner = start
        for _ in range(self.number(1, 3)):
            options = list(self.any_rank(inner.shape))
            layer = options[self.rng.integers(len(options))]()
            if self.suits(layer, inner.shape):
                inner = layer(inner)
        model = keras.Model(start, inner)
        self.layers.append((model, x.shape))
        return model(x)

    def step(self):
        x = self.tensors[self.rng.integers(max(0, len(self.tensors) - 3), len(self.tensors))]
        action = self.pick(*[self.apply_layer] * 6, self.share_layer, self.merge, self.merge, self.nest)
        y = action(x)
        if y is not None and y is not x and size(y.shape) <= MOST_ELEMENTS:
            self.tensors.append(y)

    def run(self):
        """(inputs, output of rank 2 or 3)"""
        self.tensors = [self.input() for _ in range(self.pick(1, 1, 2))]
        for _ in range(self.number(2, 9)):
            self.step()
        x = self.tensors[-1]
        if len(x.shape) > 3 or (len(x.shape) == 3 and self.chance(0.5)):
            x = L.Flatten()(x)
        return self.inputs, L.Dense(self.number(1, 3), name=f"g{self.seed}")(x)


def generate(seed):
    """The graph of a seed; steps that Keras itself refuses are passed over."""
    generator = Generator(seed)
    inputs, output = generator.run()
    used = {id(t) for t in keras.Model(inputs, output).inputs}
    return [t for t in inputs if id(t) in used], output


def build(seeds):
    """One compiled model with a graph, an input and an output for each seed."""
    inputs, outputs = [], []
    for seed in seeds:
        more, output = generate(seed)
        inputs += more
        outputs.append(output)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(0.05), ["mse"] * len(outputs))
    return model


def data(model):
    """Inputs by layer; every third step of a sequence is zero, and words end in zeros, so that masks have work."""
    def inputs(rng, samples):
        made = {}
        for tensor in model.inputs:
            name, shape = tensor._keras_history.operation.name, (samples, *tensor.shape[1:])
            if "int" in tensor.dtype:
                words = rng.integers(1, 20, shape)
                for row, length in zip(words, rng.integers(0, shape[1] + 1, samples)):
                    row[length:] = 0
                made[name] = words.astype("int32")
            else:
                made[name] = rng.uniform(-1, 1, shape).astype("float32")
                if len(shape) == 3:
                    made[name][rng.random(shape[:2]) < 0.3] = 0
        return made
    return inputs


if __name__ == "__main__":
    keras.Model(*generate(int(sys.argv[1]))).summary()
