"""What a model is told when a call went wrong: short texts that name what was wrong and what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from rev_accel.errors import RevAccelError

from .template import shown

if TYPE_CHECKING:
    from .definition import Tool

__all__ = ["failed", "refused", "unknown"]

# Characters of the text of an exception: it may quote what it was given.
MOST = 2000
# Wrong arguments that are told of at once.
AT_ONCE = 5


def unknown(name: object, names: Iterable[str]) -> str:
    """There is no such tool."""
    near = get_close_matches(name, names, n=3) if isinstance(name, str) and len(name) <= 64 else []
    return f"Error: there is no tool `{shown(name)}`." + (f" Is it one of these: {', '.join(near)}?" if near else "")


def refused(tool: Tool, error: BaseException) -> str:
    """The arguments of a tool cannot be used."""
    try:
        said = getattr(error, "errors", None)
        if said is None:  # it is the tool that cannot be used
            return failed(error)
        problems = _problems(said(include_url=False), tool.signature.schema)
        texts = [_text(one.error, one.place, one.others) for one in problems[:AT_ONCE]]
        if len(problems) > AT_ONCE:
            texts.append(f"{len(problems) - AT_ONCE} more")
        return f"Error: arguments of `{tool.name}`: {'; '.join(texts)}. {_expected(tool)}"
    except KeyboardInterrupt:
        raise
    except BaseException:  # values and their types say themselves what they are
        return failed(error)


def failed(error: BaseException) -> str:
    """A tool raised something."""
    kind = type(error).__name__
    try:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException:
        text = ""
    # Those of this package and of the system are sentences; others, as of a `KeyError`, may be a mere value.
    if not isinstance(error, (RevAccelError, OSError)) or not text:
        text = f"{kind}: {text}" if text else kind
    if len(text) > MOST:
        text = f"{text[: MOST // 2]} [...] {text[-MOST // 2 :]}"
    return f"Error: {text}"


class _Problem(NamedTuple):
    """What is wrong with one value."""

    place: tuple[int | str, ...]
    error: Any
    """As pydantic tells it."""
    others: list[Any]
    """The same of the other types that the value may have."""


def _problems(errors: Sequence[Any], schema: dict[str, Any]) -> list[_Problem]:
    """The errors by the values that they are about: pydantic has one for each type that a value may have."""
    found: list[_Problem] = []
    first: dict[tuple[int | str, ...], _Problem] = {}
    within: dict[tuple[int | str, ...], int] = {}
    for error in errors:
        place, unions = _place(error["loc"], schema)
        # Of the types that a value may have, what is inside of one says more than that it is not another one.
        for union in unions:
            within[union] = max(within.get(union, 0), len(place))
        same = first.get(place) if unions and place == unions[-1] else None
        if same is None:
            found.append(_Problem(place, error, []))
            first.setdefault(place, found[-1])
        else:
            same.others.append(error)
    return [one for one in found if within.get(one.place, 0) <= len(one.place)]


def _place(
    loc: Sequence[int | str], schema: dict[str, Any]
) -> tuple[tuple[int | str, ...], list[tuple[int | str, ...]]]:
    """Where a value stands, without the names of types that pydantic puts in, and where a value has several types."""
    place: list[int | str] = []
    unions: list[tuple[int | str, ...]] = []
    steps, known = list(loc), _choices(schema, schema)
    while steps:
        if len(known) > 1 and tuple(place) not in unions:
            unions.append(tuple(place))
            steps.pop(0)
            continue
        step = steps.pop(0)
        place.append(step)
        inner = (
            part
            for one in known
            for part in (
                (one.get("items"), *one.get("prefixItems", ()))
                if isinstance(step, int)
                else (one.get("properties", {}).get(step, one.get("additionalProperties")),)
            )
        )
        known = [choice for part in inner if isinstance(part, dict) for choice in _choices(part, schema)]
    return tuple(place), unions


def _choices(part: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The types that a value may have; null is none of its own."""
    if (name := part.get("$ref")) is not None:
        part = schema.get("$defs", {}).get(str(name).rpartition("/")[2], {})
    choices = part.get("anyOf", part.get("oneOf"))
    if choices is None:
        return [] if part.get("type") == "null" else [part]
    return [one for choice in choices for one in _choices(choice, schema)]


def _text(error: Any, steps: Sequence[int | str], others: Sequence[Any]) -> str:
    kind, place = error["type"], ".".join(map(str, steps))
    if kind == "json_invalid":
        return f"no JSON object: {error['ctx']['error']}"
    if not place:
        return f"expected an object, not {_kind(error['input'])}"
    place = f"`{shown(place)}`"
    if kind == "missing":
        return f"{place} is missing"
    if kind == "extra_forbidden":
        return f"{place} is no parameter"
    # Each type that it may have once, in their order.
    said = " or ".join(dict.fromkeys(_said(one) for one in (error, *others)))
    return f"{place} is {_value(error['input'])}: expected {said}" if said != error["msg"] else f"{place}: {said}"


def _said(error: Any) -> str:
    return str(error["msg"].removeprefix("Input should be ").removeprefix("Value error, "))


def _value(value: object) -> str:
    return f'"{shown(value)}"' if isinstance(value, str) else "null" if value is None else shown(value)


def _kind(value: object) -> str:
    return {"NoneType": "null", "str": "a text", "list": "a list"}.get(type(value).__name__, type(value).__name__)


def _expected(tool: Tool) -> str:
    """The parameters with their types, as the schema has them."""
    schema = tool.signature.schema
    required = schema.get("required", ())
    parts = [
        f"{name} ({_type(part)}{'' if name in required else ', optional'})"
        for name, part in schema.get("properties", {}).items()
    ]
    return f"It takes {', '.join(parts)}." if parts else "It takes no arguments."


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', {}))}"
    return str(schema.get("const", schema.get("type", "object")))
