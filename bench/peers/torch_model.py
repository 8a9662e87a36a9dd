"""A Keras model's JSON as a plain PyTorch module: `translate(model_json, weights, define)`."""
from torch import nn
import torch
from torch.nn import functional as F

from torch_layers import layer_of
from translation import Untranslatable, Weights

MASK_PASSES = ("Dropout", "Activation", "Masking", "Embedding")


class ArrayFunctions:
    """What a model's own functions call as K."""

    @staticmethod
    def mean(x, axis=None, keepdims=False):
        return x.mean() if axis is None else x.mean(axis, keepdim=keepdims)

    @staticmethod
    def l2_normalize(x, axis=-1):
        return F.normalize(x, dim=axis)

    relu = staticmethod(F.relu)

    @staticmethod
    def concatenate(tensors, axis=-1):
        return torch.cat(tensors, axis)


class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class TimeDistributed(nn.Module):
    """Steps are taken as further samples."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class Graph(nn.Module):
    """Layers called in order; values are slots of a list, the model's inputs first."""

    def __init__(self, layers, calls, inputs, outputs):
        super().__init__()
        self.layers = nn.ModuleDict(layers)
        self.calls, self.inputs, self.outputs = calls, inputs, outputs  # calls: (module, class, arguments, result)

    def forward(self, *tensors):
        values, masks = dict(zip(self.inputs, tensors)), {}
        for module, class_name, arguments, result in self.calls:
            taken = [values[a] for a in arguments]
            mask = masks.get(arguments[0]) if masks else None
            if mask is not None and getattr(module, "takes_mask", False):
                values[result] = module(*taken, mask=mask)
                continue
            if mask is not None and class_name not in MASK_PASSES:
                raise Untranslatable(f"a mask for {class_name}")
            values[result] = module(*taken)
            if getattr(module, "makes_mask", False):
                masks[result] = module.mask(*taken)
            elif mask is not None:
                masks[result] = mask
        results = [values[o] for o in self.outputs]
        return results[0] if len(results) == 1 else results


class Translator:
    def __init__(self, weights, define):
        self.weights, self.functions = Weights(weights), {}
        if define:
            names = {"K": ArrayFunctions}
            exec(define, names)
            self.functions = {name: value for name, value in names.items() if callable(value) and name != "K"}

    def module(self, entry):
        kind, config = entry["class_name"], entry["config"]
        if kind in ("Sequential", "Functional"):
            return self.model(entry)
        if kind == "TimeDistributed":
            return TimeDistributed(self.module(config["layer"]))
        if kind == "Lambda":
            return Lambda(self.function(config))
        return layer_of(kind, config, self.weights)

    def function(self, config):
        named = config["function"].get("config") if isinstance(config["function"], dict) else config["function"]
        for name in (config["name"], named):
            if isinstance(name, str) and name in self.functions:
                return self.functions[name]
        raise Untranslatable(f"Lambda {config['name']}")

    def model(self, entry):
        config = entry["config"]
        layers = {layer["config"]["name"]: layer for layer in config["layers"]}
        modules = {name: self.module(layer) for name, layer in layers.items() if layer["class_name"] != "InputLayer"}
        if entry["class_name"] == "Sequential":
            calls, inputs, outputs = sequential_calls(config["layers"])
        else:
            calls, inputs, outputs = functional_calls(config)
        calls = [(modules[name], layers[name]["class_name"], arguments, result) for name, arguments, result in calls]
        return Graph({name.replace(".", "_"): module for name, module in modules.items()}, calls, inputs, outputs)


def sequential_calls(layers):
    calls, value = [], "input"
    for layer in layers:
        if layer["class_name"] != "InputLayer":
            calls.append((layer["config"]["name"], [value], layer["config"]["name"]))
            value = layer["config"]["name"]
    return calls, ["input"], [value]


def histories(value):
    """Where the tensors of a node's arguments come from: (layer, node, tensor)."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [tuple(value["config"]["keras_history"])]
        return [h for item in value.values() for h in histories(item)]
    if isinstance(value, list):
        return [h for item in value for h in histories(item)]
    return []


def references(value):
    """Inputs or outputs of a model: one [name, node, tensor] or a list of them."""
    return [tuple(value)] if value and isinstance(value[0], str) else [tuple(one) for one in value]


def functional_calls(config):
    waiting = [(layer["config"]["name"], node, [h for h in histories(inbound["args"])])
               for layer in config["layers"] for node, inbound in enumerate(layer["inbound_nodes"])]
    inputs, outputs = references(config["input_layers"]), references(config["output_layers"])
    known, calls = set(inputs), []
    while waiting:
        ready = [call for call in waiting if set(call[2]) <= known]
        if not ready:
            raise Untranslatable("calls that wait for each other")
        for name, node, arguments in ready:
            calls.append((name, arguments, (name, node, 0)))
            known.add((name, node, 0))
        waiting = [call for call in waiting if call not in ready]
    return calls, inputs, outputs


def translate(model_json, weights, define=""):
    return Translator(weights, define).model(model_json)
