"""Compiled Keras models: `fast = kcc.compile(model)`, then fit, evaluate and predict as in Keras."""
from kcc.compiler import CompileError, compile, find_compiler, load
from kcc.functions import FunctionError
from kcc.library import VERSION as __version__
from kcc.model import Model

__all__ = ["CompileError", "FunctionError", "Model", "__version__", "compile", "find_compiler", "load"]
