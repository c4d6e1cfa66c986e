"""Copies of messages that cannot be changed, neither through what they were made of nor themselves."""

from __future__ import annotations

from typing import Any, NoReturn

from rev_accel.errors import InputError

__all__ = ["FrozenDict", "FrozenList", "freeze", "thaw"]

# Messages and the schemas of tools have a dozen levels; each one here is a call inside another.
MOST_LEVELS = 200


def _refuse(_self: object, *_arguments: Any, **_options: Any) -> NoReturn:
    raise TypeError("a message of a log cannot be changed; `copy.deepcopy` makes one that can")


class FrozenDict(dict[str, Any]):
    """A dict to be read: `json` and `digest` take it for one. `copy()` and `copy.deepcopy` make usual ones."""

    __slots__ = ()

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def copy(self) -> dict[str, Any]:
        return dict(self)

    def __copy__(self) -> dict[str, Any]:
        return dict(self)

    def __deepcopy__(self, memo: object) -> Any:
        return thaw(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (thaw(self),)


class FrozenList(list[Any]):
    """A list to be read, as `FrozenDict`."""

    __slots__ = ()

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def copy(self) -> list[Any]:
        return list(self)

    def __copy__(self) -> list[Any]:
        return list(self)

    def __deepcopy__(self, memo: object) -> Any:
        return thaw(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (thaw(self),)


def freeze(value: Any, levels: int = MOST_LEVELS) -> Any:
    """A copy that shares nothing that can be changed. Of an object of a subclass, what it holds as its base counts.

    What is no data is left as it is, for `digest` to refuse.
    """
    kind = type(value)
    if kind is str:
        return value
    if isinstance(value, dict):
        levels = _next(levels)
        # In one go: somebody may change it meanwhile.
        return FrozenDict([(_text(key), freeze(part, levels)) for key, part in list(dict.items(value))])
    if isinstance(value, (list, tuple)):
        levels = _next(levels)
        return FrozenList([freeze(part, levels) for part in value[:]])
    if isinstance(value, str):
        return _text(value)
    if value is None or kind is bool or kind is int or kind is float:
        return value
    if isinstance(value, (int, float)):
        # Exact, also for -0.0 and whatever the class of the number says.
        return int.__pos__(value) if isinstance(value, int) else float.__pos__(value)
    return value


def thaw(value: Any) -> Any:
    """A copy of what `freeze` gives that can be changed."""
    if isinstance(value, dict):
        return {key: thaw(part) for key, part in value.items()}
    if isinstance(value, list):
        return [thaw(part) for part in value]
    return value


def _text(value: Any) -> Any:
    return str.__str__(value) if isinstance(value, str) else value


def _next(levels: int) -> int:
    if levels == 0:
        raise InputError(f"a message must not hold more than {MOST_LEVELS} lists and dicts inside each other")
    return levels - 1
