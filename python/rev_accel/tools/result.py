"""What a tool returned, as a text for the model."""

from __future__ import annotations

import dataclasses
import json

__all__ = ["Failure", "as_text"]


class Failure(str):
    """A text for the model that tells what went wrong with a call."""

    __slots__ = ()


def as_text(value: object) -> str:
    """A `str` as it is, `None` as `Done.`, anything else as JSON.

    Raises:
        TypeError, ValueError: It is nothing that JSON can say.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "Done."
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=repr)
    raise TypeError(f"the tool returned a `{type(value).__name__}`: expected a text, or what JSON can say")
