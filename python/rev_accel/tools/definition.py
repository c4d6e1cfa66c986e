"""A tool: a Python function, and what a model and a person are told about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from inspect import Parameter, iscoroutinefunction, isroutine, signature
from typing import TYPE_CHECKING, Any, TypeVar

from rev_accel.errors import InputError

from .template import compiled

if TYPE_CHECKING:
    from .schema import Signature

__all__ = ["Tool", "tool"]

F = TypeVar("F", bound=Callable[..., object])

# What servers of both dialects take.
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")

_MARK = "__rev_accel_tool__"


def tool(*, description: str, reads: bool, name: str | None = None) -> Callable[[F], F]:
    """Marks a function, or a method, as a tool; it stays the function that it is.

    Each parameter needs a type hint, from which its part of the JSON schema is made by pydantic. What the model is
    told is the docstring; a section `Args:` describes parameters. What the function returns is given to the model: a
    `str` as it is, `None` as `Done.`, anything else as JSON. What it raises becomes a text for the model.

    Args:
        description: What a person sees while it runs, with parameters in braces: `Reading {path}`.
        reads: Whether it only reads: such tools run beside each other, those that write one at a time.
        name: By default that of the function.
    """

    def mark(function: F) -> F:
        setattr(function, _MARK, (name, description, reads))
        return function

    return mark


class Tool:
    """A function that a model may call. Made by `Registry.add` from what `tool` has marked.

    Raises:
        InputError: It is not a function, or one of another kind than tools may be; or its name cannot be used.
    """

    name: str
    description: str
    """What a person sees while it runs, with parameters in braces."""
    reads: bool
    """Whether it only reads."""
    function: Callable[..., object]
    parameters: dict[str, object]
    """With their defaults, `inspect.Parameter.empty` where there is none."""
    describe: Callable[[Mapping[str, Any]], str]
    """Gives what a person sees while it runs with some arguments: one line."""

    def __init__(self, function: Callable[..., object]) -> None:
        mark = getattr(function, _MARK, None)
        if mark is None or not isroutine(function):
            raise InputError(f"`{function!r}` is no tool: expected a function or method under `@tool(...)`")
        name, self.description, self.reads = mark
        self.name = function.__name__ if name is None else name
        self.function = function
        if not NAME.fullmatch(self.name):
            raise InputError(f"`{self.name}` cannot be the name of a tool: expected 1 to 64 of A-Z a-z 0-9 _ -")
        if iscoroutinefunction(function):
            raise InputError(f"tool `{self.name}` is a coroutine function: expected a plain one")
        found = signature(function).parameters.values()
        for one in found:
            if one.kind not in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
                raise InputError(f"parameter `{one}` of tool `{self.name}` has no name that a model could give")
        self.parameters = {one.name: one.default for one in found}
        shown = {name: "?" if default is Parameter.empty else default for name, default in self.parameters.items()}
        self.describe = compiled(self.description, self.name, shown)

    @cached_property
    def signature(self) -> Signature:
        """What it takes; made at the first use, which loads pydantic."""
        from .schema import Signature

        return Signature(self.name, self.function, self.parameters)

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as models are told of it, in the dialects of OpenAI and Ollama."""
        found = self.signature
        function = {"name": self.name, "description": found.description, "parameters": found.schema}
        return {"type": "function", "function": function}

    def __repr__(self) -> str:
        return f"<Tool {self.name}({', '.join(self.parameters)})>"
