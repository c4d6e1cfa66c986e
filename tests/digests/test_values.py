"""What counts as equal, and what has no digest: exceptions, the places that they name, and bounds."""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import pathlib
import re
import sys
import threading
import types
import typing
import uuid
from typing import Any

import pytest

from rev_accel import InputError, canonical_bytes, digest, digest_bytes

EVERY = [digest, digest_bytes, canonical_bytes]


class HostileText(str):
    __slots__ = ()

    def refuse(self, *_: object) -> Any:
        raise AssertionError("a method of a subclass was called")

    __str__ = __repr__ = __len__ = __iter__ = __getitem__ = __eq__ = __format__ = refuse  # type: ignore[assignment]
    encode = isascii = lower = refuse

    def __hash__(self) -> int:
        return 1


class HostileInt(int):
    __int__ = __index__ = __float__ = __str__ = __repr__ = __eq__ = __abs__ = HostileText.refuse  # type: ignore[assignment]
    __bool__ = bit_length = to_bytes = __hash__ = HostileText.refuse  # type: ignore[assignment]


class HostileFloat(float):
    __float__ = __int__ = __str__ = __repr__ = __eq__ = is_integer = hex = HostileText.refuse  # type: ignore[assignment]


class HostileList(list):  # type: ignore[type-arg]
    __iter__ = __len__ = __getitem__ = __eq__ = __reversed__ = __bool__ = HostileText.refuse  # type: ignore[assignment]


class HostileTuple(tuple):  # type: ignore[type-arg]
    __slots__ = ()
    __iter__ = __len__ = __getitem__ = __eq__ = __bool__ = HostileText.refuse  # type: ignore[assignment]


class HostileDict(dict):  # type: ignore[type-arg]
    __iter__ = __len__ = __getitem__ = __eq__ = __contains__ = __bool__ = HostileText.refuse  # type: ignore[assignment]
    keys = values = items = get = __missing__ = HostileText.refuse


class Role(str, enum.Enum):  # noqa: UP042 - the older form is what is meant
    USER = "user"


class Point(typing.NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "base"),
    [
        ((), []),
        ((1, (2, [3])), [1, [2, (3,)]]),
        (Role.USER, "user"),
        (enum.StrEnum("Kind", {"A": "a"}).A, "a"),  # type: ignore[attr-defined]
        (enum.IntEnum("Number", {"A": 3}).A, 3),
        (enum.IntFlag("Flag", {"A": 4}).A, 4),
        (Point(1, 2), [1, 2]),
        (collections.OrderedDict(b=1, a=2), {"a": 2, "b": 1}),
        (collections.defaultdict(list, a=1), {"a": 1}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        ({Role.USER: 1}, {"user": 1}),
        (float("nan"), -float("nan")),
    ],
)
def test_a_subclass_counts_as_what_it_holds_as_its_base(value: Any, base: Any) -> None:
    assert digest(value) == digest(base)
    assert digest_bytes(value) == bytes.fromhex(digest(base))
    assert canonical_bytes(value) == canonical_bytes(base)


def test_no_method_of_a_subclass_is_called() -> None:
    # Not given to pytest, which would call some.
    for value, base in (
        (HostileText("text é \ud800"), "text é \ud800"),
        (HostileInt(-5), -5),
        (HostileInt(10**50), 10**50),
        (HostileFloat(1.5), 1.5),
        (HostileList([HostileText("a")]), ["a"]),
        (HostileTuple((1, 2)), [1, 2]),
        (HostileDict({HostileText("k\udc80"): HostileDict()}), {"k\udc80": {}}),
    ):
        assert digest(value) == digest(base)
        assert canonical_bytes([value]) == canonical_bytes([base])


def test_the_order_of_keys_is_irrelevant_at_every_level() -> None:
    one = {"a": {"x": 1, "y": [{"p": 1, "q": 2}]}, "b": None}
    other = {"b": None, "a": {"y": [{"q": 2, "p": 1}], "x": 1}}
    assert list(one) != list(other) and digest(one) == digest(other)


@dataclasses.dataclass
class Data:
    content: str = "text"


class Plain(enum.Enum):
    A = "a"


class Liar:
    """Says that it is a str."""

    __class__ = str  # type: ignore[assignment]


def generator() -> Any:
    yield 1


OTHER_TYPES: list[tuple[Any, str]] = [
    (b"bytes", "bytes"),
    (bytearray(b"bytes"), "bytearray"),
    (memoryview(b"bytes"), "memoryview"),
    ({1}, "set"),
    (frozenset(), "frozenset"),
    (1j, "complex"),
    (object(), "object"),
    (range(3), "range"),
    (slice(3), "slice"),
    (..., "ellipsis"),
    (NotImplemented, "NotImplementedType"),
    (int, "type"),
    (len, "builtin_function_or_method"),
    (generator(), "generator"),
    (iter([]), "list_iterator"),
    ({}.keys(), "dict_keys"),
    (decimal.Decimal(1), "decimal.Decimal"),
    (fractions.Fraction(1), "fractions.Fraction"),
    (datetime.date(2026, 1, 1), "datetime.date"),
    (datetime.datetime(2026, 1, 1), "datetime.datetime"),
    (uuid.UUID(int=1), "uuid.UUID"),
    (pathlib.PurePosixPath("a"), "PurePosixPath"),
    (array.array("d"), "array.array"),
    (collections.deque(), "collections.deque"),
    (collections.UserDict(), "collections.UserDict"),
    (collections.UserString("a"), "collections.UserString"),
    (types.MappingProxyType({}), "mappingproxy"),
    (types.SimpleNamespace(), "types.SimpleNamespace"),
    (Data(), "Data"),
    (Plain.A, "Plain"),
    (Liar(), "Liar"),
]


@pytest.mark.parametrize("function", EVERY)
@pytest.mark.parametrize(("value", "name"), OTHER_TYPES, ids=[name for _, name in OTHER_TYPES])
def test_any_other_type_is_a_type_error_that_names_its_place(function: Any, value: Any, name: str) -> None:
    messages = [{"role": "user", "content": ""}] * 3 + [{"role": "user", "content": value}]
    expected = r"^`messages\[3\]\.content` is of type `[\w.]*" + re.escape(name) + "`, which has no digest: expected "
    with pytest.raises(TypeError, match=expected):
        function(messages, domain="messages")
    with pytest.raises(TypeError, match=r"^`value` is of type "):
        function(value)
    with pytest.raises(TypeError, match=r"^`value\.messages\[3\]\.content` is of type "):
        function({"model": "m", "messages": messages})


@pytest.mark.parametrize("key", [1, 1.0, True, None, (), ("a",), b"a", frozenset(), Plain.A, object()])
def test_a_key_that_is_not_a_str_is_a_type_error_that_names_its_dict(key: Any) -> None:
    kind = type(key).__name__
    with pytest.raises(TypeError, match=rf"^`tools\[1\]\.parameters` has a key of type `[\w.]*{kind}`: expected only"):
        digest([{}, {"parameters": {"a": 1, key: 2, "b": 3}}], domain="tools")


def test_places_are_shown_as_python_reaches_them() -> None:
    def place(value: Any) -> str:
        with pytest.raises(TypeError) as caught:
            digest(value)
        return str(caught.value).split("`")[1]

    assert place({"a": [0, (1, {"b_2": 1j})]}) == "value.a[1][1].b_2"
    assert place({"x y": {"": {"1": 1j}}}) == 'value["x y"][""]["1"]'
    assert place({"é": {'"\\\n': {"\ud800`": 1j}}}) == r'value["é"]["\"\\\x0a"]["\ud800\x60"]'
    assert place({"k" * 1_000: 1j}) == f'value["{"k" * 40}…"]'
    assert place({"a": 1, "b": {"c": 2, "d": 1j}, "e": 3}) == "value.b.d"
    assert place([[], {}, {"a": [], "b": {}}, 1j]) == "value[3]"


class Odd(type):
    """A class that fails when it is asked for its name."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


def test_a_class_whose_name_cannot_be_had_is_a_type_error_all_the_same() -> None:
    with pytest.raises(TypeError, match=r"^`value` is of type "):
        digest(Odd("Made", (), {})())


class OwnKey(str):
    """A key that equals only itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


def test_two_keys_of_the_same_text_are_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"^`value\.a` has two keys that are the same text$"):
        digest({"a": {OwnKey("k"): 1, OwnKey("k"): 2}})
    assert digest({OwnKey("k"): 1}) == digest({"k": 1})


def nested(levels: int, wrap: Any = lambda inner: [inner]) -> Any:
    value = wrap(None)
    for _ in range(levels - 1):
        value = wrap(value)
    return value


WRAPS = {"list": lambda inner: [inner], "tuple": lambda inner: (inner,), "dict": lambda inner: {"k": inner}}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_a_thousand_levels_have_a_digest_and_more_are_a_value_error(wrap: Any) -> None:
    assert len(digest(nested(1_000, wrap))) == 64
    for levels in (1_001, 5_000):
        with pytest.raises(ValueError, match=r"` is nested too deeply: at most 1000 lists and dicts"):
            digest(nested(levels, wrap))


def test_two_hundred_thousand_levels_are_a_value_error() -> None:
    value: list[Any] = []
    for _ in range(200_000):
        value = [value]
    with pytest.raises(ValueError, match="too deeply") as caught:
        digest(value)
    assert len(str(caught.value)) < 300
    while value:  # taken apart from outside: freeing it at once would go deep
        value = value.pop()


def test_a_thread_with_the_smallest_stack_can_digest_the_deepest_value() -> None:
    value, found = nested(1_000, WRAPS["dict"]), []
    previous = threading.stack_size(32 << 10)
    try:
        thread = threading.Thread(target=lambda: found.append(digest(value)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(previous)
    assert found == [digest(value)]


def test_a_value_that_contains_itself_is_a_value_error_that_says_so() -> None:
    own_list: list[Any] = [1]
    own_list.append(own_list)
    own_dict: dict[str, Any] = {}
    own_dict["a"] = [{"b": own_dict}]
    own_tuple: Any = ([],)
    own_tuple[0].append(own_tuple)
    branching: list[Any] = []
    branching.extend([branching, branching])
    for value in (own_list, own_dict, own_tuple, branching):
        with pytest.raises(ValueError, match=r"^`value` contains itself$"):
            digest(value)
    with pytest.raises(ValueError, match=r"^`messages\[1\]\.content` contains itself$"):
        digest([None, {"content": own_dict}], domain="messages")


def test_the_same_part_in_several_places_is_no_cycle() -> None:
    part = {"a": [1, 2]}
    assert digest([part, part, {"part": part}]) == digest([{"a": [1, 2]}, {"a": [1, 2]}, {"part": {"a": [1, 2]}}])


def test_a_value_that_doubles_at_each_level_is_a_value_error() -> None:
    for wrap in (lambda inner: [inner, inner], lambda inner: {"a": inner, "b": inner}):
        value: Any = "x"
        for _ in range(40):
            value = wrap(value)
        with pytest.raises(ValueError, match=r"^`value` is made of too many values: at most 10000000 are allowed$"):
            digest(value)


def test_a_text_that_is_referred_to_too_often_is_a_value_error() -> None:
    text, key = "x" * (1 << 20), "k" * (8 << 20)
    deep = nested(200, lambda inner: {key: inner})
    for value in ([text] * 5_000, [[text] * 100] * 100, {"k": (text,) * 2_000}, deep):
        with pytest.raises(ValueError, match=r"^`value` is too large: at most 1024 MiB are allowed$"):
            digest(value)


def test_an_integer_of_a_million_digits_has_a_digest() -> None:
    number = 7 << 3_321_928
    assert len({digest(number), digest(-number), digest(number + 1)}) == 3
    assert len(canonical_bytes(number)) == 1 + 6 + 1 + 3 + (3_321_928 + 3) // 8 + 1


@pytest.mark.parametrize("domain", ["", " ", "two words", "line\n", "é", "\0", "\ud800", "d" * 65])
@pytest.mark.parametrize("function", EVERY)
def test_a_domain_that_is_not_a_short_name_is_refused(function: Any, domain: str) -> None:
    with pytest.raises(InputError, match=r"^`domain` must be 1 to 64 visible ASCII characters, not "):
        function(None, domain=domain)


@pytest.mark.parametrize("domain", [None, 1, b"value", ["value"]])
@pytest.mark.parametrize("function", EVERY)
def test_a_domain_that_is_not_a_str_is_a_type_error(function: Any, domain: Any) -> None:
    with pytest.raises(TypeError, match="domain"):
        function(None, domain=domain)


def test_the_value_must_be_given_and_the_domain_by_its_name() -> None:
    for arguments in ((), (1, "value")):
        with pytest.raises(TypeError):
            digest(*arguments)
    assert digest(value=1) == digest(1)


def test_a_long_text_does_not_grow_by_being_digested() -> None:
    # CPython keeps a second copy of a text that is not ASCII if it is asked for its UTF-8.
    for letter in "é€\U0001f600":
        text = letter * 1_000
        before = sys.getsizeof(text)
        digest([text, {text: text}])
        assert sys.getsizeof(text) == before
