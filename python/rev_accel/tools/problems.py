"""What a model is told when a call went wrong: short texts that name what was wrong and what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

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
    said = getattr(error, "errors", None)
    if said is None:  # it is the tool that cannot be used
        return failed(error)
    errors = said(include_url=False)
    texts = [_text(one) for one in errors[:AT_ONCE]]
    if len(errors) > AT_ONCE:
        texts.append(f"{len(errors) - AT_ONCE} more")
    return f"Error: arguments of `{tool.name}`: {'; '.join(texts)}. {_expected(tool)}"


def failed(error: BaseException) -> str:
    """A tool raised something."""
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:
        text = ""
    # Those of this package and of the system are sentences; others, as of a `KeyError`, may be a mere value.
    if not isinstance(error, (RevAccelError, OSError)) or not text:
        text = f"{kind}: {text}" if text else kind
    if len(text) > MOST:
        text = f"{text[: MOST // 2]} [...] {text[-MOST // 2 :]}"
    return f"Error: {text}"


def _text(error: Any) -> str:
    kind, place = error["type"], ".".join(map(str, error["loc"]))
    if kind == "json_invalid":
        return f"no JSON object: {error['ctx']['error']}"
    if not place:
        return f"expected an object, not {_kind(error['input'])}"
    place = f"`{shown(place)}`"
    if kind == "missing":
        return f"{place} is missing"
    if kind == "extra_forbidden":
        return f"{place} is no parameter"
    said = error["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{place} is {_value(error['input'])}: expected {said}" if said != error["msg"] else f"{place}: {said}"


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
