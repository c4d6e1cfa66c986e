"""Data that nobody can change: what a request and a log own, and what is read out of a reply."""

from __future__ import annotations

from typing import Any, NoReturn, Self

from . import _core
from .errors import InputError

__all__ = ["FrozenDict", "FrozenList", "Immutable", "copy", "freeze", "thaw"]

# As many as a digest takes: more are copied only if another thread makes the value larger meanwhile.
MOST_VALUES = 10_000_000

# Steps after which the digest is asked whether a value has an end.
MANY_STEPS = 100_000

# What holds nothing else and is no subclass.
_PLAIN = frozenset({str, int, float, bool, type(None)})


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


def freeze(value: Any, name: str) -> tuple[Any, str]:
    """A deep copy in which lists and tuples are `FrozenList`s, dicts `FrozenDict`s, and subclasses what they are of.

    Args:
        value: What has a digest: see `rev_accel.digest`.
        name: What the value is called in the text of an error, and the domain of its digest.

    Returns:
        The copy and its digest.

    Raises:
        TypeError, rev_accel.errors.InputError: It has no digest.
    """
    # Of the copy, which nobody changes meanwhile.
    made = copy(value, name)
    return made, _core.digest(made, domain=name)


def copy(value: Any, name: str = "value") -> Any:
    """The copy that `freeze` makes. What has no digest may still be in it; whoever asks for the digest is told."""
    if type(value) is dict:
        # As most messages and options are.
        made = FrozenDict(value)
        for key, item in made.items():
            if type(key) is not str or type(item) not in _PLAIN:
                break
        else:
            return made
    return _copied(value, name, FrozenDict, FrozenList)


def thaw(value: Any) -> Any:
    """A deep copy that can be changed."""
    return _copied(value, "value", dict, list)


def _copied(value: Any, name: str, dict_type: type[dict[str, Any]], list_type: type[list[Any]]) -> Any:
    # Iterative, since values may nest deeper than Python's stack.
    finished: list[Any] = []
    waiting: list[tuple[Any, list[str] | int | None]] = [(value, None)]
    for steps in (MANY_STEPS, 2 * MOST_VALUES):
        for _ in range(steps):
            if not waiting:
                return finished[0]
            part, shape = waiting.pop()
            if isinstance(shape, int):
                start = len(finished) - shape
                finished[start:] = [list_type(finished[start:])]
            elif shape is not None:
                start = len(finished) - len(shape)
                made = dict_type(zip(shape, finished[start:], strict=True))
                if len(made) != len(shape):
                    # Keys that were different as objects of a subclass: the digest says where.
                    _core.digest_bytes(value, domain=name)
                    raise InputError(f"`{name}` was changed while it was copied")
                finished[start:] = [made]
            elif isinstance(part, dict):
                # In one go: somebody may change it meanwhile.
                entries = list(dict.items(part))
                waiting.append((None, [_leaf(key) for key, _ in entries]))
                waiting.extend((item, None) for _, item in reversed(entries))
            elif isinstance(part, (list, tuple)):
                elements = list.copy(part) if isinstance(part, list) else tuple(part)
                waiting.append((None, len(elements)))
                waiting.extend((element, None) for element in reversed(elements))
            else:
                finished.append(_leaf(part))
        # It ends whatever the value is like, with an error for what contains itself.
        _core.digest_bytes(value, domain=name)
    raise InputError(f"`{name}` grew while it was copied")


def _leaf(part: Any) -> Any:
    """A value that holds no others, as the base class that a digest counts it as; what has no digest, as it is."""
    if type(part) in _PLAIN:
        return part
    if isinstance(part, str):
        return str.__str__(part)
    if isinstance(part, int):
        return int.__int__(part)
    return float.__float__(part) if isinstance(part, float) else part
