"""What a tool returned, as a text for the model."""

from __future__ import annotations

import dataclasses
import json

__all__ = ["Failure", "as_text", "plain"]


class Failure(str):
    """A text for the model that tells what went wrong with a call."""

    __slots__ = ()


def as_text(value: object) -> str:
    """A `str` as it is, `None` as `Done.`, anything else as JSON: all that arguments may be, too.

    Raises:
        TypeError, ValueError: It is nothing that JSON can say.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "Done."
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=plain)


def plain(value: object) -> object:
    """What JSON says of a value that it has no form for, for `json.dumps`: the same in any process.

    Raises:
        TypeError: Nothing.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        # They are in another order in each process.
        return sorted(value, key=lambda one: json.dumps(one, default=plain))
    try:
        from pydantic import BaseModel
        from pydantic_core import to_jsonable_python

        if isinstance(value, BaseModel):
            # Not as JSON yet: sets in it are to be sorted.
            return value.model_dump(by_alias=True)
        return to_jsonable_python(value)
    except (ImportError, ValueError):  # pydantic is no part of the base, and knows no such thing either
        raise TypeError(
            f"the tool returned a `{type(value).__name__}`: expected a text, or what JSON can say"
        ) from None
