"""What a Keras model's compile configuration means in PyTorch: loss, optimizer, regularizers and constraints."""
import torch
from torch.nn import functional as F

from torch_model import Graph, TimeDistributed
from translation import Untranslatable

EPSILON = 1e-7


def last_activation(module):
    """The module whose activation ends `module`, or None."""
    if isinstance(module, TimeDistributed):
        return last_activation(module.layer)
    if isinstance(module, Graph):
        return last_activation(maker_of(module, 0)) if len(module.outputs) == 1 else None
    return module if isinstance(getattr(module, "activation", None), str) else None


def maker_of(graph, index):
    """The module that makes an output, unless others read that value too."""
    slot = graph.outputs[index]
    if any(slot in arguments for _, _, arguments, _ in graph.calls):
        return None
    return next((module for module, _, _, result in graph.calls if result == slot), None)


class Loss:
    """The sum over outputs; each as PyTorch users write it, on logits where the model ends in softmax or sigmoid."""

    FROM_LOGITS = {"categorical_crossentropy": "softmax", "binary_crossentropy": "sigmoid"}

    def __init__(self, graph, config, outputs):
        by_output = lambda value: ([value.get(name) for name in outputs] if isinstance(value, dict) else
                                   value if isinstance(value, list) else [value] * len(outputs))
        self.kinds = by_output(config["loss"])
        self.weights = by_output(config.get("loss_weights") or 1.0)
        self.logits, self.folded = [], []
        for index, kind in enumerate(self.kinds):
            if kind not in ("mse", *self.FROM_LOGITS):
                raise Untranslatable(f"loss {kind}")
            last = last_activation(maker_of(graph, index))
            fold = last is not None and last.activation == self.FROM_LOGITS.get(kind)
            self.logits.append(fold)
            if fold:
                self.folded.append((last, last.activation))
        self.on_logits(True)

    def on_logits(self, wanted):
        """Whether the model leaves out activations that the loss computes together with itself."""
        for module, activation in self.folded:
            module.activation = "linear" if wanted else activation

    def __call__(self, answers, labels, weights):
        answers = answers if isinstance(answers, list) else [answers]
        total = 0
        for index, (kind, z, y) in enumerate(zip(self.kinds, answers, labels)):
            value = self.one(kind, self.logits[index], z, y, weights[index] if weights else None)
            total = total + (value if self.weights[index] == 1 else self.weights[index] * value)
        return total

    @staticmethod
    def one(kind, logits, z, y, weight):
        how = "mean" if weight is None else "none"
        if kind == "mse":
            value = F.mse_loss(z, y, reduction=how)
        elif kind == "binary_crossentropy":
            value = (F.binary_cross_entropy_with_logits(z, y, reduction=how) if logits else
                     F.binary_cross_entropy(z.clamp(EPSILON, 1 - EPSILON), y, reduction=how))
        elif logits:
            value = F.cross_entropy(z.flatten(0, -2), y.flatten(0, -2), reduction=how)
            return value if weight is None else (value * weight.flatten()).mean()
        else:
            value = -(y * (z / z.sum(-1, keepdim=True)).clamp(EPSILON, 1 - EPSILON).log()).sum(-1)
            return value.mean() if weight is None else (value * weight).mean()
        return value if weight is None else (value.mean(-1) * weight).mean()


def strength(config, key):
    return float(config.get(key, 0.0))


def penalty_of(regularizer):
    """(l1, l2) of a Keras regularizer as its configuration writes it."""
    if isinstance(regularizer, str):
        return {"l1": (0.01, 0.0), "l2": (0.0, 0.01)}[regularizer]
    return strength(regularizer["config"], "l1"), strength(regularizer["config"], "l2")


def penalized(value, l1, l2):
    total = 0
    if l1:
        total = total + l1 * value.abs().sum()
    if l2:
        total = total + l2 * value.square().sum()
    return total


def max_norm(value, config, axis):
    norms = value.norm(dim=axis, keepdim=True)
    return value * (norms.clamp(0, config.get("max_value", 2)) / (EPSILON + norms))


CONSTRAINTS = {
    "MaxNorm": max_norm, "max_norm": max_norm,
    "NonNeg": lambda value, config, axis: value.clamp_min(0), "non_neg": lambda value, config, axis: value.clamp_min(0),
    "UnitNorm": lambda value, config, axis: value / (EPSILON + value.norm(dim=axis, keepdim=True)),
}
CONSTRAINTS["unit_norm"] = CONSTRAINTS["UnitNorm"]
# Keras's variable -> its axis 0, as this translation stores it
KERAS_AXIS_0 = {"Dense": {"kernel": 1, "bias": 0}, "Conv2D": {"kernel": 2, "bias": 0}}


class Extras:
    """Regularizers, added to the loss, and constraints, applied after a step."""

    def __init__(self, graph, entry):
        self.penalties, self.activities, self.constraints = [], [], []
        self.collect(graph, entry)

    def collect(self, graph, entry):
        for layer in entry["config"]["layers"]:
            config, kind = layer["config"], layer["class_name"]
            if kind == "InputLayer":
                continue
            module = graph.layers[config["name"].replace(".", "_")]
            if isinstance(module, Graph):
                self.collect(module, layer)
            for key, value in config.items():
                if value and key.endswith("_regularizer") and key != "activity_regularizer":
                    self.penalties.append((getattr(module, key.removesuffix("_regularizer")), *penalty_of(value)))
                elif value and key.endswith("_constraint"):
                    self.constrain(module, kind, key.removesuffix("_constraint"), value)
            activity = config.get("activity_regularizer")
            if kind == "ActivityRegularization":
                self.watch(module, config["l1"], config["l2"])
            elif activity:
                self.watch(module, *penalty_of(activity))

    def constrain(self, module, kind, key, value):
        name, config = (value, {}) if isinstance(value, str) else (value["class_name"], value["config"])
        if name not in CONSTRAINTS:
            raise Untranslatable(f"constraint {name}")
        axis = KERAS_AXIS_0.get(kind, {}).get(key, 0)
        self.constraints.append((getattr(module, key), CONSTRAINTS[name], config, axis))

    def watch(self, module, l1, l2):
        module.register_forward_hook(lambda own, inputs, output: self.activities.append((output, l1, l2)))

    def loss(self):
        total = 0
        for value, l1, l2 in self.penalties:
            total = total + penalized(value, l1, l2)
        for value, l1, l2 in self.activities:
            total = total + penalized(value, l1, l2) / len(value)
        self.activities.clear()
        return total

    @torch.no_grad()
    def constrain_weights(self):
        for value, function, config, axis in self.constraints:
            value.copy_(function(value, config, axis))


def optimizer_of(entry, parameters):
    """PyTorch's own, fused or foreach. A schedule of the learning rate is left out, which is in PyTorch's favour."""
    kind, config = entry["class_name"], entry["config"]
    rate = config["learning_rate"]
    if isinstance(rate, dict):
        rate = rate["config"]["initial_learning_rate"]
    if kind == "SGD":
        return torch.optim.SGD(parameters, rate, config["momentum"], nesterov=config["nesterov"], fused=True)
    if kind == "RMSprop":
        return torch.optim.RMSprop(parameters, rate, config["rho"], config["epsilon"], momentum=config["momentum"],
                                   centered=config["centered"], foreach=True)
    if kind == "Adam":
        return torch.optim.Adam(parameters, rate, (config["beta_1"], config["beta_2"]), config["epsilon"],
                                amsgrad=config["amsgrad"], fused=True)
    raise Untranslatable(f"optimizer {kind}")
