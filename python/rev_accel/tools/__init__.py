"""Tools that a model may call: Python functions with a schema, run with checked arguments, and the usual ones ready::

    from rev_accel.tools import Registry, tool

    @tool(description="Looking up {word}", reads=True)
    def define(word: str, language: str = "en") -> str:
        '''Looks a word up in the dictionary.

        Args:
            word: The word, in its base form.
            language: Two letters.
        '''
        ...

    registry = Registry([define])
    registry.schemas()                                  # for a `Request`: sorted, frozen, the same bytes each time
    registry.execute("define", {"word": "tree"})        # a text for the model, whatever happens

`execute_tool` does so with the tools of `default_registry`, which work in the workspace of the current root. Every name
is loaded when it is first used; checking arguments and making schemas needs the extra `rev-accel[agent]`.
"""

from rev_accel.lazily import loader as _loader

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .builtin import builtin_tools as builtin_tools
    from .builtin import default_registry as default_registry
    from .builtin import execute_tool as execute_tool
    from .calls import CallsInterrupted as CallsInterrupted
    from .calls import ToolResult as ToolResult
    from .calls import execute_calls as execute_calls
    from .definition import Tool as Tool
    from .definition import tool as tool
    from .registry import Registry as Registry
    from .result import Failure as Failure
    from .size import SchemaSizes as SchemaSizes

__all__ = [
    "CallsInterrupted",
    "Failure",
    "Registry",
    "SchemaSizes",
    "Tool",
    "ToolResult",
    "builtin_tools",
    "default_registry",
    "execute_calls",
    "execute_tool",
    "tool",
]

_HOMES = {
    "CallsInterrupted": "calls",
    "Failure": "result",
    "Registry": "registry",
    "SchemaSizes": "size",
    "Tool": "definition",
    "ToolResult": "calls",
    "builtin_tools": "builtin",
    "default_registry": "builtin",
    "execute_calls": "calls",
    "execute_tool": "builtin",
    "tool": "definition",
}

if not TYPE_CHECKING:
    __getattr__ = _loader(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
