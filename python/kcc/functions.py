"""Functions of a live model (Lambda layers, losses, metrics, activations) → source that `kcc --define` reads.

A function's own source is found and rewritten so that it stands alone: what it takes from outside (closures, globals,
defaults) becomes a constant, another function beside it, or a name that kcc knows (keras.ops, np, ...). What cannot be
is refused with the function's name.
"""

from __future__ import annotations

import ast
import functools
import inspect
import math
import sys
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Iterator

import numpy as np

from kcc.source import FunctionError, find_node

# Modules whose functions kcc knows, as it writes them. A function is looked for in this order.
_MODULES = {
    "keras.ops": "keras.ops",
    "keras.activations": "keras.activations",
    "keras.losses": "keras.losses",
    "keras.metrics": "keras.metrics",
    "keras.random": "keras.random",
    "keras.backend": "keras.backend",
    "keras": "keras",
    "keras.ops.numpy": "keras.ops",
    "keras.ops.nn": "keras.ops",
    "tensorflow": "tf",
    "tensorflow.math": "tf.math",
    "tensorflow.nn": "tf.nn",
    "tensorflow.linalg": "tf.linalg",
    "tensorflow.random": "tf.random",
    "jax.numpy": "keras.ops",
    "jax.nn": "keras.ops",
    "numpy": "np",
    "math": "math",
}
_LARGEST_CONSTANT = 10_000  # elements


class FunctionWriter:
    """Collects definitions: `add` a function, then take `text`."""

    def __init__(self) -> None:
        self._definitions: list[str] = []
        self.names: dict[FunctionType | MethodType, str] = {}

    @property
    def text(self) -> str:
        return "\n\n\n".join(self._definitions) + "\n"

    def add(self, function: FunctionType | MethodType, wanted: str | None = None) -> str:
        """The name under which it is defined: its own or the wanted, or another if that is taken or there is none. Of a
        method what it reads of `self` is a constant."""
        if function in self.names:
            return self.names[function]
        base = wanted or function.__name__
        base = base if base.isidentifier() else "kcc_lambda"
        taken = set(self.names.values())
        name = next(n for n in _numbered(base) if n not in taken)
        self.names[function] = name
        if known := known_name(function):
            self._definitions.append(f"{name} = {known}")
            return name
        definition = _Rewriter(function, self).definition(name)
        self._definitions.append(ast.unparse(ast.fix_missing_locations(definition)))
        return name


def known_name(value: Any) -> str | None:
    """`keras.ops.relu`: how a function or module is written for kcc; None for others."""
    if isinstance(value, ModuleType):
        return _MODULES.get(_public(value.__name__))
    name = getattr(value, "__name__", None)
    if name is None or not callable(value):
        return None
    for module, written in _MODULES.items():
        if getattr(_loaded(module), name, None) is value:
            return f"{written}.{name}"
    return None


def _loaded(module: str) -> Any:
    """TensorFlow's inner modules are known to it alone. None for those that nobody has imported."""
    root, *inner = module.split(".")
    return functools.reduce(lambda outer, name: getattr(outer, name, None), inner, sys.modules.get(root))


def _public(module: str) -> str:
    for inner in ("._tf_keras.keras", ".src", "._api.v2"):
        module = module.replace(inner, "", 1)
    return {"tensorflow.keras": "keras"}.get(module, module)


def _numbered(base: str) -> Iterator[str]:
    yield base
    number = 1
    while True:
        yield f"{base}_{number}"
        number += 1


class _Rewriter(ast.NodeTransformer):
    """One function's source with everything from outside written out."""

    def __init__(self, function: FunctionType | MethodType, writer: FunctionWriter):
        self._function = getattr(function, "__func__", function)
        self._writer = writer
        self._node = find_node(self._function)
        self._scopes = [_bound_names(self._node)]  # of this function and those inside that are being visited
        self._closure = dict(inspect.getclosurevars(self._function).nonlocals)
        if isinstance(function, MethodType):  # self comes from outside
            instance = self._node.args.args.pop(0).arg
            self._scopes[0].discard(instance)
            self._closure[instance] = function.__self__

    def definition(self, name: str) -> ast.FunctionDef:
        node = self._node
        body = [ast.Return(self.visit(node.body))] if isinstance(node, ast.Lambda) else self._body(node.body)
        return ast.FunctionDef(name, self._parameters(node.args), body, decorator_list=[], type_params=[])

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if self._is_bound(node.id) or not isinstance(node.ctx, ast.Load):
            return node
        found, value = self._outside(node.id)
        return self._write(value, node.id) if found else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        """Of what comes from outside: `config.alpha`, `self.rate`."""
        found, value = self._value_of(node)
        if not found:
            return self.generic_visit(node)
        return self._write(value, ast.unparse(node))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """A function inside: kcc needs neither its annotations nor its documentation."""
        node.args = self.visit(node.args)
        self._scopes.append(_bound_names(node))
        node.body, node.returns = self._body(node.body), None
        self._scopes.pop()
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        node.args = self.visit(node.args)
        self._scopes.append(_bound_names(node))
        node.body = self.visit(node.body)
        self._scopes.pop()
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        return ast.Assign([node.target], self.visit(node.value)) if node.value else ast.Pass()

    def _body(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Without the documentation."""
        kept = [s for s in statements if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        return [self.visit(s) for s in kept] or [ast.Pass()]

    def _parameters(self, args: ast.arguments) -> ast.arguments:
        if args.vararg or args.kwarg:
            self._refuse("takes *args or **kwargs", "name its parameters")
        function = self._function
        given = [*(function.__defaults__ or ())]
        named = [(function.__kwdefaults__ or {}).get(a.arg, inspect.Parameter.empty) for a in args.kwonlyargs]
        return ast.arguments(
            posonlyargs=[],
            args=[ast.arg(a.arg) for a in args.posonlyargs + args.args],
            kwonlyargs=[ast.arg(a.arg) for a in args.kwonlyargs],
            kw_defaults=[None if v is inspect.Parameter.empty else self._write(v, "a default") for v in named],
            defaults=[self._write(value, "a default") for value in given],
        )

    # ---- what comes from outside

    def _is_bound(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes)

    def _outside(self, name: str) -> tuple[bool, Any]:
        """(False, None) for built-in functions, which kcc has too, and for names that it may know."""
        for scope in (self._closure, self._function.__globals__):
            if name in scope:
                return True, scope[name]
        return False, None

    def _value_of(self, node: ast.expr) -> tuple[bool, Any]:
        """Of a name or a chain of attributes that begins outside."""
        if isinstance(node, ast.Name):
            return (False, None) if self._is_bound(node.id) else self._outside(node.id)
        if not isinstance(node, ast.Attribute):
            return False, None
        found, base = self._value_of(node.value)
        if not found:
            return False, None
        if not hasattr(base, node.attr):
            # keras.backend of Keras 2 had more functions than today's; kcc knows them.
            if known_name(base):
                return False, None
            self._refuse(f"uses '{ast.unparse(node)}', which does not exist", "correct it")
        return True, getattr(base, node.attr)

    def _write(self, value: Any, name: str) -> ast.expr:
        known = known_name(value)
        if known:
            return ast.parse(known, mode="eval").body
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, (bool, int, str)):
            return ast.Constant(value)
        if isinstance(value, float):
            return _float(value)
        if isinstance(value, (tuple, list)):
            kind = ast.Tuple if isinstance(value, tuple) else ast.List
            return kind([self._write(item, name) for item in value], ast.Load())
        if isinstance(value, FunctionType):
            return ast.Name(self._writer.add(value), ast.Load())
        if hasattr(value, "assign"):
            self._refuse(f"uses the variable '{name}'", "make it a weight of a layer, or a number")
        if hasattr(value, "__array__"):
            return self._array(np.asarray(value), name)
        if isinstance(value, ModuleType):
            self._refuse(f"uses the module '{value.__name__}'", "use keras.ops, numpy or math")
        if isinstance(value, (BuiltinFunctionType, functools.partial)) or callable(value):
            self._refuse(f"calls '{name}', a {type(value).__name__}", "call functions of keras.ops, or your own 'def'")
        self._refuse(f"uses '{name}', a {type(value).__name__}", "use numbers, lists or arrays")

    def _array(self, value: np.ndarray, name: str) -> ast.expr:
        if value.size > _LARGEST_CONSTANT:
            self._refuse(f"uses '{name}', an array of {value.size} elements", "make it a weight of a layer")
        if value.ndim == 0:
            return self._write(value.item(), name)
        return ast.Call(ast.parse("np.array", mode="eval").body, [self._write(value.tolist(), name)], [])

    def _refuse(self, what: str, advice: str) -> None:
        raise FunctionError(
            f"the function '{self._function.__name__}' {what}: {advice}, "
            "or pass the function's source with define='FILE.py' (docs/define.md)"
        )


def _float(value: float) -> ast.expr:
    if math.isfinite(value):
        return ast.Constant(value)
    text = "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    return ast.parse(text, mode="eval").body


def _bound_names(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    """Parameters, what is assigned, functions and imports; not those of functions inside."""
    names = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    waiting = [function.body] if isinstance(function, ast.Lambda) else list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
    return names
