"""What the native core asks of the running interpreter: is this text valid, and what does it say.

The core asks rarely: about texts that its parser rejects or finds doubtful, and only within limits of size (`rust/core`, `guard.rs`).
"""

import ast
import warnings

# Compiling can warn, for example of invalid escapes. A filter for this file name alone silences that for good and, unlike
# `warnings.catch_warnings`, does not touch what other threads see.
_FILENAME = "<rev_accel>"
_FILTER = "\\A<rev_accel>\\Z"

_CALLEES = frozenset({"print", "eval", "exec", "compile", "__import__"})

# line, column, name or names, number of parameters (None for a call), whether a return annotation is there
Fact = tuple[int, int, str | list[str], int | None, bool]
# class, message, line and column
Refusal = tuple[str, str, tuple[int, int] | None]


def inspect(text: str) -> list[Fact] | Refusal:
    """Parse `text` and list its facts in the order of `ast.walk`, or describe the exception that it raises."""
    warnings.filterwarnings("ignore", module=_FILTER)
    try:
        tree = ast.parse(text, filename=_FILENAME)
    except Exception as error:
        return _describe(error)
    lines = text.split("\n")
    facts: list[Fact] = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _CALLEES:
                facts.append((*_place(lines, node), name, None, False))
            case ast.FunctionDef():
                facts.append((*_place(lines, node), node.name, len(node.args.args), node.returns is not None))
            case ast.Global():
                facts.append((*_place(lines, node), node.names, None, False))
    return facts


def _place(lines: list[str], node: ast.expr | ast.stmt) -> tuple[int, int]:
    """Line and column of a node, both 1-based; `col_offset` counts bytes, the column characters."""
    before = lines[node.lineno - 1].encode("utf-8", "surrogatepass")[: node.col_offset]
    return node.lineno, len(before.decode("utf-8", "replace")) + 1


def _describe(error: Exception) -> Refusal:
    position = None
    message = str(error)
    if isinstance(error, SyntaxError):
        message = error.msg
        if error.lineno is not None and error.offset is not None and error.lineno > 0:
            position = (error.lineno, max(error.offset, 1))
    return type(error).__name__, message, position
