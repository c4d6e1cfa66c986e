"""Random values that have a digest, copies that are equal to them, and changes that are not."""

from __future__ import annotations

import copy
import enum
import random
import struct
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

ALPHABETS = ("ab", "role content", "0123456789.-", "éß", "а€", "\U0001f600x", "\ud800\udfff\ufffd", '"\\{}[],:\0\n')
NAMES = ("role", "content", "name", "type", "a", "b", "ab", "", "1", "é", "\ud800", "tool_calls")
NUMBERS = (0, 1, -1, 2, 127, 128, 255, 256, 2**31, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**40)
REALS = (0.0, -0.0, 1.0, -1.0, 0.1, 2.0**53, 1e300, 5e-324, float("inf"), float("-inf"), float("nan"))
DEEPEST = 5


class Text(str):
    __slots__ = ()


class Whole(int):
    pass


class Real(float):
    pass


class Listed(list):  # type: ignore[type-arg]
    pass


class Named(dict):  # type: ignore[type-arg]
    pass


Pair = namedtuple("Pair", "first second")  # noqa: PYI024


def text(source: random.Random, longest: int = 12) -> str:
    return "".join(source.choices(source.choice(ALPHABETS), k=source.randint(0, longest)))


def leaf(source: random.Random) -> Any:
    match source.randrange(9):
        case 0:
            return None
        case 1:
            return source.random() < 0.5
        case 2:
            return source.choice(NUMBERS)
        case 3:
            return source.randint(-(2 ** source.randint(1, 200)), 2 ** source.randint(1, 200))
        case 4:
            return source.choice(REALS)
        case 5:
            return struct.unpack("<d", source.randbytes(8))[0]
        case 6:
            return source.choice(NAMES)
        case _:
            return text(source)


def value(source: random.Random, depth: int = 0) -> Any:
    if depth == DEEPEST or source.random() < depth / 8:
        return leaf(source)
    size = source.choice((0, 1, 2, 2, 3, 5))
    match source.randrange(4):
        case 0:
            return leaf(source)
        case 1:
            return [value(source, depth + 1) for _ in range(size)]
        case 2:
            return tuple(value(source, depth + 1) for _ in range(size))
        case _:
            return {key(source): value(source, depth + 1) for _ in range(size)}


def key(source: random.Random) -> str:
    return source.choice(NAMES) if source.random() < 0.7 else text(source)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same data, by comparing them part by part."""
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        if len(one) != len(other):
            return False
        # A loop: some versions of Python bound C that calls Python.
        for item, its in zip(one, other, strict=True):
            if not same(item, its):
                return False
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and same([*one.values()], [other[name] for name in one])
    for kind in (bool, int, str):
        if isinstance(one, kind) or isinstance(other, kind):
            return isinstance(one, kind) and isinstance(other, kind) and one == other
    if isinstance(one, float) and isinstance(other, float):
        return struct.pack("<d", one) == struct.pack("<d", other) or (one != one and other != other)
    return one is None and other is None


def equal_copy(source: random.Random, original: Any) -> Any:
    """The same data in other objects: keys in another order, tuples for lists, subclasses."""
    match original:
        case bool() | None:
            return original
        case str():
            joined = "".join(list(original))
            return source.choice((joined, Text(joined)))
        case int():
            return source.choice((original + 0, Whole(original), enum.IntEnum("Numbers", {"a": original}).a))
        case float():
            return source.choice((struct.unpack("<d", struct.pack("<d", original))[0], Real(original)))
        case list() | tuple():
            elements = [equal_copy(source, element) for element in original]
            if len(elements) == 2 and source.random() < 0.2:
                return Pair(*elements)
            return source.choice((list, tuple, Listed))(elements)
        case dict():
            entries = [(equal_copy(source, name), equal_copy(source, item)) for name, item in original.items()]
            source.shuffle(entries)
            made = source.choice((dict, OrderedDict, Named))(entries)
            return defaultdict(list, made) if source.random() < 0.1 else made
    raise AssertionError(original)


Change = Callable[[], None]


def changed(source: random.Random, original: Any) -> Any:
    """A deep copy with one change somewhere, made in place where that can be. It may come out as the same data."""
    holder = [editable(original)]
    changes = list(possible_changes(source, holder, 0, {}))
    source.choice(changes)()
    return holder[0]


def editable(original: Any) -> Any:
    """A deep copy in which tuples are lists."""
    if isinstance(original, dict):
        return {name: editable(item) for name, item in original.items()}
    if isinstance(original, (list, tuple)):
        return [editable(element) for element in original]
    return copy.copy(original)


def possible_changes(source: random.Random, container: Any, place: Any, around: dict[str, Any]) -> Iterator[Change]:
    """What can be done with the value at a place in a list or dict, and further inside."""
    part = container[place]

    def put(new: Any) -> Change:
        return lambda: container.__setitem__(place, new)

    yield put(leaf(source))
    yield put(other_type(part))
    yield put([part])
    yield put({"": part})
    if isinstance(part, str):
        at = source.randint(0, len(part))
        yield put(part[:at] + source.choice("ab \0é\ud800") + part[at:])
        yield put(part[:at] + part[at + 1 :])
        yield put([part[:at], part[at:]])
        yield put(part.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    elif isinstance(part, bool):
        yield put(not part)
    elif isinstance(part, int):
        yield put(part + source.choice((1, -1, 2**8, 2**64)))
        yield put(-part)
        yield put(part ^ 1 << source.randint(0, 70))
    elif isinstance(part, float):
        yield put(-part)
        yield put(part * (1 + 2**-52))
    elif isinstance(part, list):
        at = source.randint(0, len(part))
        yield lambda: part.insert(at, leaf(source))
        yield lambda: part.insert(at, None)
        yield lambda: part.reverse()
        if part:
            index = source.randrange(len(part))
            yield lambda: part.pop(index)
            yield lambda: part.insert(source.randrange(len(part)), part.pop(index))
            yield lambda: part.append(part[index])
            yield put([part[:index], part[index:]])
            yield lambda: shift(source, part)
            yield from possible_changes(source, part, index, around)
    elif isinstance(part, dict):
        yield lambda: part.update({key(source): leaf(source)})
        yield lambda: part.update({key(source): None})
        yield put([list(pair) for pair in part.items()])
        yield put(list(part.values()))
        if part:
            name = source.choice(list(part))
            yield lambda: part.pop(name)
            yield lambda: part.update({name + "x": part.pop(name)})
            yield lambda: part.update({key(source): part.pop(name)})
            yield lambda: swap(source, part)
            yield lambda: part.update({name: {name: part[name]}})
            yield from possible_changes(source, part, name, around)


def other_type(part: Any) -> Any:
    """What Python, JSON or `str` would call equal."""
    match part:
        case None:
            return "None"
        case True | False:
            return int(part)
        case int():
            return float(part) if abs(part) < 2**53 else str(part)
        case float():
            return int(part) if part == part and abs(part) < 2**53 else str(part)
        case str() if part.removeprefix("-").isdecimal() and part.isascii():
            return int(part)
        case str():
            return list(part)
        case list():
            return {str(index): element for index, element in enumerate(part)}
        case dict():
            return [element for pair in part.items() for element in pair]
    raise AssertionError(part)


def shift(source: random.Random, part: list[Any]) -> None:
    """Moves a character from one text of a list to the next: what a hash of joined texts would not see."""
    texts = [index for index, element in enumerate(part) if isinstance(element, str)]
    for index, following in zip(texts, texts[1:], strict=False):
        if part[index]:
            part[index], part[following] = part[index][:-1], part[index][-1] + part[following]
            return


def swap(source: random.Random, part: dict[str, Any]) -> None:
    """Exchanges the values of two keys."""
    one, other = source.choice(list(part)), source.choice(list(part))
    part[one], part[other] = part[other], part[one]
