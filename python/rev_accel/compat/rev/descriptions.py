"""The line that rev prints for a tool call: only the one that is wanted.

rev makes a dict of the lines of all tools at each call and takes one of them. Here the display of that dict is taken
apart, as it stands in the source text of the rev that is installed: each of its values becomes a function of its own.
So the texts are rev's, whatever they are, and one that cannot be made for another tool's arguments is not missed.
"""

from __future__ import annotations

import ast
import linecache
from types import CodeType, FunctionType

from .points import UnfitError

__all__ = ["get_friendly_description"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Which function has the dict.
FORMATTER = "_format_description"


def get_friendly_description(original: FunctionType) -> Callable[..., str]:
    """For the function of that name, which is looked up at each call of a tool."""
    own = original.__globals__
    formatter = own.get(FORMATTER)
    if type(formatter) is not FunctionType or formatter.__globals__ is not own:
        raise UnfitError(f"calls `{FORMATTER}`, which is not rev's own: somebody else has replaced it")
    like: FunctionType = formatter
    values, otherwise = _taken_apart(like)
    made: dict[str, Callable[..., str]] = {}
    other = _function(otherwise, like)

    def _get_friendly_description(name: str, args: dict[str, object]) -> str:
        if own.get(FORMATTER) is not formatter:
            text: str = original(name, args)
            return text
        make = made.get(name)
        if make is None:
            value = values.get(name)
            # Compiled at the first use: few of them are used in one run.
            make = other if value is None else made.setdefault(name, _function(value, like))
        return make(name, args)

    return _get_friendly_description


def _taken_apart(function: FunctionType) -> tuple[dict[str, ast.expr], ast.expr]:
    """The value for each tool, and that for all others; `UnfitError` where the function is not made as it is known."""
    match _definition(function).body:
        case [
            ast.Expr(value=ast.Constant()),
            ast.Assign(targets=[ast.Name(id=table)], value=ast.Dict(keys=keys, values=values)),
            ast.Return(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id=same), attr="get"),
                    args=[ast.Name(id="name"), otherwise],
                    keywords=[],
                )
            ),
        ] if table == same and function.__code__.co_varnames[:2] == ("name", "args"):
            names = [key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
            if len(names) == len(keys) and not any(_uses(value, table) for value in (*values, otherwise)):
                return dict(zip(names, values, strict=True)), otherwise
    raise UnfitError(f"calls `{FORMATTER}`, which is made in another way than in the versions that are known")


def _definition(function: FunctionType) -> ast.FunctionDef:
    """The syntax tree of a function, if its source text is there and still that of its code."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    last = max((end for _, end, _, _ in code.co_positions() if end is not None), default=0)
    try:
        # Blank lines before it, so that line numbers are those of the file.
        tree = ast.parse("\n" * (code.co_firstlineno - 1) + "".join(lines[code.co_firstlineno - 1 : last]))
    except SyntaxError:
        tree = ast.Module([], [])
    match tree.body:
        case [ast.FunctionDef() as definition] if any(map(_same, _compiled(tree, function), [code])):
            return definition
    raise UnfitError(f"calls `{FORMATTER}`, whose source text is not at hand")


def _function(value: ast.expr, like: FunctionType) -> Callable[..., str]:
    """A function that takes what another takes, and returns the value of an expression of it."""
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(arg=name) for name in like.__code__.co_varnames[:2]],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    made = ast.FunctionDef(name=like.__name__, args=arguments, body=[ast.Return(value)], decorator_list=[])
    for node in (made, made.body[0], *arguments.args):
        ast.copy_location(node, value)
    if hasattr(made, "type_params"):
        made.type_params = []
    code = next(_compiled(ast.Module([made], []), like))
    return FunctionType(code, like.__globals__)


def _compiled(tree: ast.Module, like: FunctionType) -> Iterator[CodeType]:
    """The code of the functions of a module, with the same `__future__` as another."""
    code = compile(tree, like.__code__.co_filename, "exec", flags=like.__code__.co_flags & _FUTURE, dont_inherit=True)
    return (constant for constant in code.co_consts if isinstance(constant, CodeType))


def _future() -> int:
    import __future__

    flags = 0
    for name in __future__.all_feature_names:
        flags |= getattr(__future__, name).compiler_flag
    return flags


_FUTURE = _future()


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two codes do the same."""
    if (one.co_code, one.co_names, one.co_varnames) != (other.co_code, other.co_names, other.co_varnames):
        return False
    if len(one.co_consts) != len(other.co_consts):
        return False
    return all(
        _same(mine, its)
        if isinstance(mine, CodeType) and isinstance(its, CodeType)
        else (type(mine), mine) == (type(its), its)
        for mine, its in zip(one.co_consts, other.co_consts, strict=True)
    )


def _uses(value: ast.expr, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(value))
