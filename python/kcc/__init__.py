"""Compiled Keras models: `fast = kcc.compile(model)`, then fit, evaluate and predict as in Keras."""

from kcc.compiler import CompileError, compile, find_compiler, load
from kcc.library import VERSION as __version__
from kcc.model import Model
from kcc.source import FunctionError

__all__ = ["CompileError", "FunctionError", "Model", "__version__", "compile", "find_compiler", "load"]
