"""A function → its place in its source: the node of the syntax tree, whatever statement it stands in."""

from __future__ import annotations

import ast
import inspect
from types import CodeType, FunctionType
from typing import Iterator


class FunctionError(ValueError):
    """A function that cannot be written for kcc; the message says why and what to do."""


def find_node(function: FunctionType) -> ast.FunctionDef | ast.Lambda:
    code = function.__code__
    missing = FunctionError(
        f"the source of the function '{function.__name__}' cannot be found (was it typed at a prompt?): "
        "put it into a file, or pass its source with define='FILE.py' (docs/define.md)"
    )
    try:
        text = "".join(inspect.findsource(code)[0])
        tree = ast.parse(text)
    except (OSError, SyntaxError) as error:
        raise missing from error
    if not any(_same_code(code, other) for other in _codes(compile(tree, code.co_filename, "exec", dont_inherit=True))):
        raise FunctionError(
            f"the source of the function '{function.__name__}' in {code.co_filename} has changed since it "
            "was loaded: start again, or pass its source with define='FILE.py' (docs/define.md)"
        )
    candidates = [node for node in ast.walk(tree) if _may_be(node, code)]
    if not candidates:
        raise missing
    return min(candidates, key=_extent)  # the innermost


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _same_code(a: CodeType, b: CodeType) -> bool:
    def plain(code: CodeType) -> tuple:
        constants = [repr(c) for c in code.co_consts if not isinstance(c, CodeType)]
        return code.co_name, code.co_firstlineno, code.co_varnames, code.co_names, constants

    return plain(a) == plain(b)


def _may_be(node: ast.AST, code: CodeType) -> bool:
    if isinstance(node, ast.FunctionDef):
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        return node.name == code.co_name and first == code.co_firstlineno
    if not isinstance(node, ast.Lambda) or code.co_name != "<lambda>" or node.lineno != code.co_firstlineno:
        return False
    # Several on a line: every instruction comes from the body of the right one.
    body = node.body
    first, last = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
    places = [((p[0], p[2]), (p[1], p[3])) for p in code.co_positions() if None not in p and p[3] > 0]
    return all(first <= begin and end <= last for begin, end in places)


def _extent(node: ast.AST) -> tuple[int, int]:
    """Lines, then columns."""
    return node.end_lineno - node.lineno, node.end_col_offset - node.col_offset
