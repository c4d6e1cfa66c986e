"""Descriptions of what a tool is about to do, for people: `Reading {path}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from reprlib import Repr
from string import Formatter
from typing import Any

from rev_accel.errors import InputError

__all__ = ["compiled", "shown"]

# Characters of a value that are shown: a description is one line of a terminal.
SHOWN = 60

_repr = Repr()
_repr.maxstring = _repr.maxother = SHOWN


def compiled(template: str, tool: str, defaults: Mapping[str, object]) -> Callable[[Mapping[str, Any]], str]:
    """The function that puts arguments into a template; for what is not given, the default is shown.

    Args:
        template: A text with parameters in braces.
        tool: The name of the tool, for errors.
        defaults: Its parameters, each with its default, or what is shown where there is none.

    Raises:
        InputError: The template is none, or names what is no parameter.
    """
    try:
        pieces = [
            (literal, field, form or conversion) for literal, field, form, conversion in Formatter().parse(template)
        ]
    except ValueError as error:
        raise InputError(f"the description of tool `{tool}`, `{template}`, is no template: {error}") from None
    for _, field, form in pieces:
        if form or (field is not None and field not in defaults):
            raise InputError(
                f"the description of tool `{tool}`, `{template}`, has `{field}`: expected names of its parameters only"
            )
    literals = [literal for literal, _, _ in pieces]
    names = [field for _, field, _ in pieces if field is not None]
    texts = {name: shown(defaults[name]) for name in names}
    if len(names) != 1:
        return lambda arguments: "".join(
            [
                literal if name is None else literal + (shown(arguments[name]) if name in arguments else texts[name])
                for literal, name, _ in pieces
            ]
        )
    # The usual one, in a third of the time.
    (name,), (before, *rest) = names, literals
    default, behind = texts[name], "".join(rest)

    def describe(arguments: Mapping[str, Any]) -> str:
        value = arguments.get(name, default)
        if type(value) is not str or len(value) > SHOWN or not value.isprintable():
            value = shown(value)
        return before + value + behind

    return describe


def shown(value: object) -> str:
    """A value in one line, cut where it is long."""
    if type(value) is not str:
        try:
            value = _repr.repr(value)
        except KeyboardInterrupt:
            raise
        except BaseException:  # a number of more digits than Python turns into text, or what its author has written
            value = f"<{type(value).__name__}>"
    if len(value) > SHOWN:
        value = value[: SHOWN - 1] + "…"
    return value if value.isprintable() else "".join(one if one.isprintable() else "·" for one in value)
