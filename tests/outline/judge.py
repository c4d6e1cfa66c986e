"""What Python's own `ast` says that a file defines."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

# In 3.13 and later, docstrings lose their indentation when they are compiled; the first line is the same.
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TYPE_ALIAS: tuple[type[ast.stmt], ...] = (ast.TypeAlias,) if sys.version_info >= (3, 12) else ()


@dataclass(frozen=True)
class Expected:
    """A symbol; in place of its signature what that says, or `None` if it is a bare name.

    Not the node itself: trees of a whole library, kept, would keep the garbage collector busy.
    """

    depth: int
    kind: str
    is_async: bool
    name: str
    line: int
    first_line: int
    last_line: int
    doc: str | None
    header: tuple[str, ...] | None


def symbols(tree: ast.Module) -> list[Expected]:
    """The symbols of a file in its order."""
    return list(_body(tree.body, 0, "module"))


def headers(signatures: list[str]) -> list[tuple[str, ...]]:
    """What signatures say that are not bare names, in the form of `Expected.header`."""
    full = [signature for signature in signatures if not signature.replace("type ", "").isidentifier()]
    defined = ("def ", "def\t", "class ", "async ")
    text = "\n".join(f"{each}: pass" if each.startswith(defined) else each for each in full)
    return [_header(node) for node in ast.parse(text).body]


def _header(node: ast.AST) -> tuple[str, ...]:
    left_out = ("body", "decorator_list", "type_comment", "value", "simple")
    fields = [(name, value) for name, value in ast.iter_fields(node) if name not in left_out]
    return (type(node).__name__, *(f"{name}={_dump(value)}" for name, value in fields))


def _dump(value: object) -> str:
    if isinstance(value, list):
        return str([_dump(item) for item in value])
    return ast.dump(value) if isinstance(value, ast.AST) else repr(value)


def _body(body: list[ast.stmt], depth: int, scope: str) -> Iterator[Expected]:
    for node in body:
        yield from _statement(node, depth, scope)


def _statement(node: ast.stmt, depth: int, scope: str) -> Iterator[Expected]:
    if isinstance(node, FUNCTIONS):
        kind = "method" if scope == "class" else "function"
        yield _definition(node, depth, kind)
        yield from _body(node.body, depth + 1, "function")
    elif isinstance(node, ast.ClassDef):
        yield _definition(node, depth, "class")
        yield from _body(node.body, depth + 1, "class")
    elif isinstance(node, ast.Assign):
        if scope != "function":
            for target in node.targets:
                yield from (_variable(name, node, depth) for name in _names(target))
    elif isinstance(node, ast.AnnAssign):
        if scope != "function" and isinstance(node.target, ast.Name):
            yield _variable(node.target.id, node, depth)
    elif isinstance(node, TYPE_ALIAS):
        if scope != "function":
            yield _variable(node.name.id, node, depth)  # type: ignore[attr-defined]
    else:
        # `body`, handlers and cases, `orelse` and `finalbody` come in the order of the text.
        for _, value in ast.iter_fields(node):
            for item in value if isinstance(value, list) else []:
                if isinstance(item, ast.stmt):
                    yield from _statement(item, depth, scope)
                elif isinstance(item, (ast.excepthandler, ast.match_case)):
                    yield from _body(item.body, depth, scope)


def _names(target: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Name):
        yield target.id
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _names(element)
    elif isinstance(target, ast.Starred):
        yield from _names(target.value)


def _definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, depth: int, kind: str) -> Expected:
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    assert node.end_lineno is not None
    text = ast.get_docstring(node, clean=False) or ""
    lines = [line.strip() for line in re.split("[\r\n]", text)]
    doc = next((line for line in lines if line), None)
    is_async = isinstance(node, ast.AsyncFunctionDef)
    return Expected(depth, kind, is_async, node.name, node.lineno, first, node.end_lineno, doc, _header(node))


def _variable(name: str, node: ast.stmt, depth: int) -> Expected:
    assert node.end_lineno is not None
    header = _header(node) if isinstance(node, ast.AnnAssign) else None
    return Expected(depth, "variable", False, name, node.lineno, node.lineno, node.end_lineno, None, header)
