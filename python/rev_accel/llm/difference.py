"""Where two requests differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from rev_accel._core import digest_bytes

from .key import place
from .request import FIELDS, Request

__all__ = ["Difference", "diff", "find"]

SHOWN_CHARACTERS = 60


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


NOTHING: Final = _Nothing()
"""What stands at a place that only the other request has."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two requests differ, and what stands there in each."""

    place: str
    one: Any
    other: Any


def diff(one: Request, other: Request) -> str | None:
    """The first field in which two requests differ, as `messages[7].content` or `options.num_ctx`.

    `None` when their keys are equal. "First" is in the order of `Key.explain()`; in a dict, in the order of its keys.
    """
    found = find(one, other)
    return None if found is None else found.place


def find(one: Request, other: Request) -> Difference | None:
    """`diff`, with what stands there in each."""
    if one.key() == other.key():
        return None
    ours, theirs = one.to_dict(), other.to_dict()
    name = next(name for name in FIELDS if not equal(ours[name], theirs[name]))
    return descend(name, ours[name], theirs[name])


def descend(where: str, one: Any, other: Any) -> Difference:
    """The first difference inside two values that differ."""
    while True:
        for step, left, right in children(one, other):
            if left is NOTHING or right is NOTHING:
                return Difference(place(where, step), left, right)
            if not equal(left, right):
                where, one, other = place(where, step), left, right
                break
        else:
            return Difference(where, one, other)


def children(one: Any, other: Any) -> Iterator[tuple[str | int, Any, Any]]:
    """What stands at the same places inside of two values; nothing if these are not of one kind."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            yield name, one.get(name, NOTHING), other.get(name, NOTHING)
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        for index in range(max(len(one), len(other))):
            left = one[index] if index < len(one) else NOTHING
            yield index, left, other[index] if index < len(other) else NOTHING


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same data, as digests see it: `1` is not `True`."""
    return digest_bytes(one) == digest_bytes(other)


def shown(one: Any, other: Any) -> tuple[str, str]:
    """Two values, each on a line; of long texts, the part round the first difference."""
    if isinstance(one, str) and isinstance(other, str):
        same = next(
            (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
        )
        start = max(0, same - SHOWN_CHARACTERS // 3)
        return excerpt(one, start), excerpt(other, start)
    return brief(one), brief(other)


def excerpt(text: str, start: int) -> str:
    end = start + SHOWN_CHARACTERS
    return f"{'…' if start else ''}{text[start:end]!r}{'…' if len(text) > end else ''}"


def brief(value: Any) -> str:
    if isinstance(value, (dict, list, tuple)):
        return f"a {'dict' if isinstance(value, dict) else 'list'} of {len(value)}"
    if isinstance(value, str):
        return excerpt(value, 0)
    return repr(value)
