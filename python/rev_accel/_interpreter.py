"""What the native core asks of the running interpreter: is this text valid, and what does it say.

The core asks rarely: about texts that its parser rejects or finds doubtful, and only within limits of size
(`rust/core`, `guard.rs`).
"""

import ast
import os
import re
import warnings
from collections.abc import Callable

# A name that no file can have: CPython opens the file of that name to show the line of a syntax error.
_FILENAME = f"{os.devnull}/<rev_accel>"
_FILTER = rf"\A{re.escape(_FILENAME)}\Z"

_CALLEES = frozenset({"print", "eval", "exec", "compile", "__import__"})

# line, column, name or names, number of parameters (None for a call), whether a return annotation is there
Fact = tuple[int, int, str | list[str], int | None, bool]
# class, message, line and column
Refusal = tuple[str, str, tuple[int, int] | None]


def answer(text: str, reply: Callable[[list[Fact] | Refusal | None], object]) -> None:
    """Reply with what `inspect` says of `text`: the body of a thread that nobody joins."""
    try:
        said = inspect(text)
    except BaseException:
        # Only memory can run out here, and nobody could see what is raised.
        said = None
    reply(said)


def inspect(text: str) -> list[Fact] | Refusal:
    """Parse `text` and list its facts in the order of `ast.walk`, or describe the exception that it raises."""
    _silence_warnings()
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


def _silence_warnings() -> None:
    """Ignore warnings about the file name that texts are compiled under.

    Compiling warns, for example, of invalid escapes. `warnings.catch_warnings` would change what other threads see;
    a filter for this name alone does not. It must come first, and is only set when it does not: each change makes
    Python forget which warnings it has shown.
    """
    filters = warnings.filters
    module = filters[0][3] if filters else None
    if not isinstance(module, re.Pattern) or module.pattern != _FILTER:
        warnings.filterwarnings("ignore", module=_FILTER)


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
