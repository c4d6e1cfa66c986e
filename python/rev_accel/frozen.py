"""Data that nobody can change: what a request and a log own, and what is read out of a reply."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from . import _core
from .errors import InputError

__all__ = ["FrozenDict", "FrozenList", "Immutable", "copy", "freeze", "thaw"]

# As many as a digest takes: reached only by a value that another thread makes larger while it is copied.
MOST_VALUES = 10_000_000


def _refuse(_self: object, *_: object, **__: object) -> NoReturn:
    raise TypeError(
        "this is part of a request, a reply or a log and cannot be changed; `copy.deepcopy` makes one that can"
    )


class FrozenDict(dict[str, Any]):
    """A dict that cannot be changed. `copy()` makes a usual one, `copy.deepcopy` one that can be changed all through.

    It is a dict, so that `json.dumps`, `digest` and other libraries take it as it is.
    """

    __slots__ = ()

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def copy(self) -> dict[str, Any]:
        return dict(self)

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, _: object) -> Any:
        return thaw(self)

    def __reduce__(self) -> tuple[type[FrozenDict], tuple[dict[str, Any]]]:
        return FrozenDict, (dict(self),)


class FrozenList(list[Any]):
    """A list that cannot be changed, as `FrozenDict`."""

    __slots__ = ()

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def copy(self) -> list[Any]:
        return list(self)

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, _: object) -> Any:
        return thaw(self)

    def __reduce__(self) -> tuple[type[FrozenList], tuple[list[Any]]]:
        return FrozenList, (list(self),)


class Immutable:
    """For classes of which nothing can be changed: they are their own copies."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: object) -> Self:
        return self


def freeze(value: Any, name: str) -> Any:
    """A deep copy in which lists and tuples are `FrozenList`s, dicts `FrozenDict`s, and subclasses what they are of.

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
    """`freeze`, of a value known to have a digest."""
    return _copied(value, FrozenDict, FrozenList)


def thaw(value: Any) -> Any:
    """A deep copy that can be changed."""
    return _copied(value, dict, list)


def _copied(value: Any, dict_type: type[dict[str, Any]], list_type: type[list[Any]]) -> Any:
    # Iterative, since values may nest deeper than Python's stack.
    finished: list[Any] = []
    waiting: list[tuple[Any, list[str] | int | None]] = [(value, None)]
    for _ in range(2 * MOST_VALUES):
        if not waiting:
            return finished[0]
        part, shape = waiting.pop()
        if isinstance(shape, int):
            start = len(finished) - shape
            finished[start:] = [list_type(finished[start:])]
        elif shape is not None:
            start = len(finished) - len(shape)
            finished[start:] = [dict_type(zip(shape, finished[start:], strict=True))]
        elif isinstance(part, dict):
            # In one go: somebody may change it meanwhile.
            entries = list(dict.items(part))
            waiting.append((None, [_text(name) for name, _ in entries]))
            waiting.extend((item, None) for _, item in reversed(entries))
        elif isinstance(part, (list, tuple)):
            elements = list.copy(part) if isinstance(part, list) else part[:]
            waiting.append((None, len(elements)))
            waiting.extend((element, None) for element in reversed(elements))
        else:
            finished.append(_leaf(part))
    raise InputError("a value grew while it was copied")


def _leaf(part: Any) -> Any:
    """A value that holds no others, as the base class that a digest counts it as."""
    if part is None or isinstance(part, bool):
        return part
    if isinstance(part, str):
        return _text(part)
    return int.__int__(part) if isinstance(part, int) else float.__float__(part)


def _text(part: str) -> str:
    return part if type(part) is str else str.__str__(part)
