"""Data that nobody can change: what a request owns, and what is read out of a reply."""

from __future__ import annotations

from typing import Any, NoReturn

from rev_accel import _core
from rev_accel.errors import InputError

__all__ = ["FrozenDict", "copy", "freeze"]

# As many as a digest takes: reached only by a value that another thread makes larger while it is copied.
MOST_VALUES = 10_000_000


class FrozenDict(dict[str, Any]):
    """A dict that cannot be changed; `dict(it)` is a shallow copy that can.

    It is a dict, so that `json.dumps`, `digest` and other libraries take it as it is.
    """

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this dict is part of a request or reply and cannot be changed; make a copy with `dict(...)`")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __copy__(self) -> FrozenDict:
        return self

    def __deepcopy__(self, _: object) -> FrozenDict:
        return self

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return FrozenDict, (dict(self),)


def freeze(value: Any, name: str) -> Any:
    """A deep copy in which lists are tuples, dicts `FrozenDict`s, and subclasses what they are subclasses of.

    Args:
        value: What has a digest: see `rev_accel.digest`.
        name: What the value is called in the text of an error.

    Raises:
        TypeError, rev_accel.errors.InputError: It has no digest.
    """
    # The digest is asked first: it ends whatever the value is like, with an error that names the place.
    _core.digest_bytes(value, domain=name)
    return copy(value)


def copy(value: Any) -> Any:
    """`freeze`, of a value known to have a digest. Iterative, since values may nest deeper than Python's stack."""
    finished: list[Any] = []
    waiting: list[tuple[Any, list[str] | int | None]] = [(value, None)]
    for _ in range(2 * MOST_VALUES):
        if not waiting:
            return finished[0]
        part, shape = waiting.pop()
        if isinstance(shape, int):
            start = len(finished) - shape
            finished[start:] = [tuple(finished[start:])]
        elif shape is not None:
            start = len(finished) - len(shape)
            finished[start:] = [FrozenDict(zip(shape, finished[start:], strict=True))]
        elif isinstance(part, dict):
            entries = list(dict.items(part))
            waiting.append((None, [text(name) for name, _ in entries]))
            waiting.extend((item, None) for _, item in reversed(entries))
        elif isinstance(part, (list, tuple)):
            elements = list.copy(part) if isinstance(part, list) else part[:]
            waiting.append((None, len(elements)))
            waiting.extend((element, None) for element in reversed(elements))
        else:
            finished.append(leaf(part))
    raise InputError("a value grew while it was copied")


def leaf(part: Any) -> Any:
    """A value that holds no others, as the base class that a digest counts it as."""
    if part is None or isinstance(part, bool):
        return part
    if isinstance(part, str):
        return text(part)
    return int.__int__(part) if isinstance(part, int) else float.__float__(part)


def text(part: str) -> str:
    return part if type(part) is str else str.__str__(part)
