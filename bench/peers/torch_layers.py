"""Keras layers as plain PyTorch modules: `layer_of(config, weights)`.

Tensors keep Keras's shapes. Pictures with channels last are seen by convolutions as NCHW in PyTorch's channels_last
memory format, which are the same bytes; nothing is copied.
"""
import torch
from torch import nn
from torch.nn import functional as F

from torch_recurrent import GRU, LSTM, SimpleRNN
from translation import Untranslatable, no_others


ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": F.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "elu": F.elu,
    "softmax": lambda x: F.softmax(x, dim=-1),
}


def activation_named(name):
    if name not in ACTIVATIONS:
        raise Untranslatable(f"activation {name}")
    return name


def pair(value):
    return (value, value) if isinstance(value, int) else tuple(value)


def same_padding(sizes, kernel, strides, dilation):
    """(low, high) for the rows, then for the columns, as TensorFlow pads."""
    pads = []
    for size, k, s, d in zip(sizes, kernel, strides, dilation):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        pads.append((total // 2, total - total // 2))
    return pads


class OnPictures(nn.Module):
    """A layer whose work is on NCHW; `process(x, sizes)`."""

    def __init__(self, config):
        super().__init__()
        self.last = config["data_format"] == "channels_last"

    def forward(self, x):
        y = self.process(x.permute(0, 3, 1, 2) if self.last else x)
        return y.permute(0, 2, 3, 1) if self.last else y


class Conv2D(OnPictures):
    def __init__(self, config, weights):
        super().__init__(config)
        no_others(config, groups=1)
        kernel = weights.get(config["name"], "kernel")
        self.kernel_size, self.strides = tuple(kernel.shape[:2]), pair(config["strides"])
        self.dilation, self.same = pair(config["dilation_rate"]), config["padding"] == "same"
        self.kernel = nn.Parameter(kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last))
        self.bias = nn.Parameter(weights.get(config["name"], "bias")) if config["use_bias"] else None
        self.activation = activation_named(config["activation"])

    def process(self, x):
        padding = (0, 0)
        if self.same:
            pads = same_padding(x.shape[2:], self.kernel_size, self.strides, self.dilation)
            if all(low == high for low, high in pads):
                padding = (pads[0][0], pads[1][0])
            else:
                x = F.pad(x, (*pads[1], *pads[0]))
        return ACTIVATIONS[self.activation](F.conv2d(x, self.kernel, self.bias, self.strides, padding, self.dilation))


class MaxPooling2D(OnPictures):
    def __init__(self, config, weights):
        super().__init__(config)
        self.size, self.same = pair(config["pool_size"]), config["padding"] == "same"
        self.strides = pair(config["strides"] or config["pool_size"])

    def process(self, x):
        padding = (0, 0)
        if self.same:
            pads = same_padding(x.shape[2:], self.size, self.strides, (1, 1))
            if all(low == high for low, high in pads):
                padding = (pads[0][0], pads[1][0])
            else:
                x = F.pad(x, (*pads[1], *pads[0]), value=float("-inf"))
        return F.max_pool2d(x, self.size, self.strides, padding)


class UpSampling2D(OnPictures):
    def __init__(self, config, weights):
        super().__init__(config)
        no_others(config, interpolation="nearest")
        self.size = pair(config["size"])

    def process(self, x):
        return F.interpolate(x, scale_factor=self.size, mode="nearest")


class Dense(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.kernel = nn.Parameter(weights.get(config["name"], "kernel").t().contiguous())
        self.bias = nn.Parameter(weights.get(config["name"], "bias")) if config["use_bias"] else None
        self.activation = activation_named(config["activation"])

    def forward(self, x):
        return ACTIVATIONS[self.activation](F.linear(x, self.kernel, self.bias))


class Activation(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.activation = activation_named(config["activation"])

    def forward(self, x):
        return ACTIVATIONS[self.activation](x)


class Dropout(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.rate, self.noise_shape = config["rate"], config["noise_shape"]

    def forward(self, x):
        if self.noise_shape is None or not self.training:
            return F.dropout(x, self.rate, self.training)
        shape = [own if own is not None else size for own, size in zip(self.noise_shape, x.shape)]
        return x * F.dropout(torch.ones(shape), self.rate)


class Embedding(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.embeddings = nn.Parameter(weights.get(config["name"], "embeddings"))
        self.makes_mask = config["mask_zero"]

    def forward(self, x):
        return F.embedding(x, self.embeddings)

    def mask(self, x):
        return x != 0


class Masking(nn.Module):
    makes_mask = True

    def __init__(self, config, weights):
        super().__init__()
        self.value = config["mask_value"]

    def forward(self, x):
        return x * self.mask(x).unsqueeze(-1)

    def mask(self, x):
        return (x != self.value).any(-1)


class BatchNormalization(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        name = config["name"]
        axis = config["axis"]
        self.axis = axis[0] if isinstance(axis, list) else axis
        self.momentum, self.epsilon = 1 - config["momentum"], config["epsilon"]
        self.gamma = nn.Parameter(weights.get(name, "gamma")) if config["scale"] else None
        self.beta = nn.Parameter(weights.get(name, "beta")) if config["center"] else None
        self.register_buffer("mean", weights.get(name, "moving_mean"))
        self.register_buffer("variance", weights.get(name, "moving_variance"))

    def forward(self, x):
        moved = x if self.axis == 1 or x.dim() == 2 else x.movedim(self.axis, 1)
        y = F.batch_norm(moved, self.mean, self.variance, self.gamma, self.beta, self.training, self.momentum,
                         self.epsilon)
        return y if moved is x else y.movedim(1, self.axis)


class Flatten(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.first = config["data_format"] == "channels_first"

    def forward(self, x):
        return (x.movedim(1, -1) if self.first and x.dim() > 2 else x).flatten(1)


class Reshape(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.shape = config["target_shape"]

    def forward(self, x):
        return x.reshape(len(x), *self.shape)


class Permute(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.dims = (0, *config["dims"])

    def forward(self, x):
        return x.permute(self.dims)


class RepeatVector(nn.Module):
    def __init__(self, config, weights):
        super().__init__()
        self.times = config["n"]

    def forward(self, x):
        return x.unsqueeze(1).expand(-1, self.times, -1)


class Identity(nn.Module):
    """A layer that only adds to the loss."""

    def __init__(self, config, weights):
        super().__init__()

    def forward(self, x):
        return x


class Merge(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *tensors):
        return self.function(tensors)


def folded(function):
    def merge(tensors):
        result = tensors[0]
        for tensor in tensors[1:]:
            result = function(result, tensor)
        return result
    return lambda config, weights: Merge(merge)


def average(config, weights):
    return Merge(lambda tensors: sum(tensors) / len(tensors))


def concatenate(config, weights):
    return Merge(lambda tensors: torch.cat(tensors, config["axis"]))


def dot(config, weights):
    axes = config["axes"]
    first, second = (axes, axes) if isinstance(axes, int) else axes

    def merge(tensors):
        a, b = tensors
        if config["normalize"]:
            a, b = F.normalize(a, dim=first), F.normalize(b, dim=second)
        if a.dim() == 2 and b.dim() == 2:
            return (a * b).sum(1, keepdim=True)
        if a.dim() != 3 or b.dim() != 3:
            raise Untranslatable("Dot of tensors that are not both matrices")
        return torch.bmm(a.movedim(first, 2), b.movedim(second, 1))

    return Merge(merge)


LAYERS = {
    "Activation": Activation, "ActivityRegularization": Identity, "Add": folded(torch.add), "Average": average,
    "BatchNormalization": BatchNormalization, "Concatenate": concatenate, "Conv2D": Conv2D, "Dense": Dense, "Dot": dot,
    "Dropout": Dropout, "Embedding": Embedding, "Flatten": Flatten, "GRU": GRU, "LSTM": LSTM, "Masking": Masking,
    "MaxPooling2D": MaxPooling2D, "Maximum": folded(torch.maximum), "Multiply": folded(torch.mul), "Permute": Permute,
    "RepeatVector": RepeatVector, "Reshape": Reshape, "SimpleRNN": SimpleRNN, "Subtract": folded(torch.sub),
    "UpSampling2D": UpSampling2D,
}


def layer_of(class_name, config, weights):
    if class_name not in LAYERS:
        raise Untranslatable(f"layer {class_name}")
    return LAYERS[class_name](config, weights)
