"""The key of a request to a model: which requests share one, and which are none."""

import enum
import json
import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_every_rev, in_rev

SEED = 20_260_102
PAIRS = 4_000


class Role(str, enum.Enum):  # noqa: UP042
    USER = "user"


class Number(enum.IntEnum):
    ONE = 1


def keys() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """rev's key, made in a new cache so that no list is remembered, and ours; what is raised is a class."""
    points.load()
    from rev.cache.implementations import LLMResponseCache

    original = LLMResponseCache._hash_messages
    tools = LLMResponseCache._hash_tools
    accel.install(only=["llm_key"])
    replacement = LLMResponseCache._hash_messages
    assert points.is_ours(replacement) and points.is_ours(LLMResponseCache._hash_tools)

    class Original(LLMResponseCache):  # type: ignore[misc]
        _hash_tools = tools
        _hash_messages = original

    def told(cache: Callable[[], Any], *arguments: Any) -> Any:
        try:
            key = cache()._hash_messages(*arguments)
        except Exception as error:
            return type(error)
        assert isinstance(key, str) and len(key) == 64 and int(key, 16) >= 0
        return key

    return (lambda *arguments: told(Original, *arguments)), (lambda *arguments: told(LLMResponseCache, *arguments))


def message(chance: random.Random, depth: int = 0) -> Any:
    """A random value of JSON, or nearly."""
    kind = chance.randrange(16 if depth < 3 else 10)
    if kind < 3:
        return chance.choice(("", "a", "é", "😀", "\udcff", "x" * 300, "\x00", "1", "true", "null"))
    if kind < 6:
        return chance.choice((0, 1, True, False, 1.0, 0.0, -0.0, 2**70, -1, 1.5, float("nan"), float("inf"), None))
    if kind < 10:
        return chance.choice((Role.USER, Number.ONE, None, "user", "one", 1, (), [], {}))
    if kind < 13:
        return [message(chance, depth + 1) for _ in range(chance.randrange(4))]
    names: list[Any] = chance.choice(
        (["role", "content", "é", "\udcff"], ["a", "b"], [1, 2, 3], [1.5, True, 0], [None], ["1", 1])
    )
    return {chance.choice(names): message(chance, depth + 1) for _ in range(chance.randrange(4))}


def varied(value: Any, chance: random.Random) -> Any:
    """The same data in another form, or nearly the same."""
    if isinstance(value, (list, tuple)):
        made = [varied(one, chance) for one in value]
        return tuple(made) if chance.random() < 0.5 else made
    if isinstance(value, dict):
        pairs = [(varied_key(key, chance), varied(one, chance)) for key, one in value.items()]
        chance.shuffle(pairs)
        return OrderedDict(pairs) if chance.random() < 0.3 else dict(pairs)
    if chance.random() < 0.03:
        return message(chance, 2)
    if value == "user" and chance.random() < 0.5:
        return Role.USER
    return value


def varied_key(key: Any, chance: random.Random) -> Any:
    if chance.random() < 0.2 and type(key) in (int, float, bool, type(None)):
        return (
            json.loads(json.dumps([key]), parse_int=str, parse_float=str)[0]
            if type(key) in (int, float)
            else json.dumps(key)
        )
    return key


def as_json(request: Any) -> str:
    """What a server would be sent, whatever the order of keys."""
    return json.dumps(json.loads(json.dumps(request)), sort_keys=True)


@in_every_rev
def test_two_requests_share_a_key_exactly_when_they_do_for_rev() -> None:
    rev, ours = keys()
    chance = random.Random(SEED)
    equal = different = failed = 0
    for number in range(PAIRS):
        one = (
            [message(chance, 1) for _ in range(chance.randrange(4))],
            chance.choice((None, [{"a": message(chance, 2)}])),
            chance.choice((None, "m")),
        )
        other = (varied(one[0], chance), varied(one[1], chance), chance.choice((one[2], one[2], "m")))
        told, found = (rev(*one), rev(*other)), (ours(*one), ours(*other))
        note = (SEED, number, one, other, told, found)
        for expected, key in zip(told, found, strict=True):
            assert isinstance(expected, str) == isinstance(key, str), note
            assert isinstance(key, str) or key is expected, note
        if isinstance(told[0], str) and isinstance(told[1], str):
            # rev sorts keys that are numbers as numbers, so it may not see that two dicts are the same in JSON.
            same = told[0] == told[1] or as_json(one) == as_json(other)
            assert same == (found[0] == found[1]), note
            equal += told[0] == told[1]
            different += told[0] != told[1]
        else:
            failed += 1
    assert min(equal, different, failed) > PAIRS // 50, (equal, different, failed)


@in_rev
def test_the_equalities_that_are_promised() -> None:
    rev, ours = keys()

    def said(content: Any, *rest: Any) -> tuple[Any, ...]:
        return ([{"role": "user", "content": content}], *rest)

    tools: list[dict[str, Any]] = [{"type": "function", "function": {"name": "a", "parameters": {}}}]
    same = [
        (said("x"), (({"content": "x", "role": "user"},),)),
        (said("x", tools), said("x", tuple(tools))),
        (said("x", None, None), said("x", None, "")),
        (said("user"), said(Role.USER)),
        (said({1: "a"}), said({"1": "a"})),
        (
            said(
                {
                    None: 1,
                }
            ),
            said({"null": 1}),
        ),
        (said({True: 1}), said({"true": 1})),
        (said({1.5: 1}), said({"1.5": 1})),
        (said(float("nan")), said(-float("nan"))),
        (said(Number.ONE), said(1)),
    ]
    for one, other in same:
        assert rev(*one) == rev(*other) and ours(*one) == ours(*other), (one, other)
    for values in (
        (1, 1.0, True, "1", [1]),
        (0.0, -0.0, 0, False, None, ""),
        ("a", "á", "\udcff"),
        ([], {}, [[]], [{}]),
        ({"a": 1}, {"a": 1.0}),
    ):
        for key in (rev, ours):
            assert len({key(*said(one)) for one in values}) == len(values), values
    assert ours(*said("x", tools)) != ours(*said("x", None)) != ours(*said("x", [])) != ours(*said("x", {}))
    assert len({ours(*said("x", None, model)) for model in (None, "default", "m")}) == 3
    cycle: list[Any] = []
    cycle.append(cycle)
    for bad in (
        b"x",
        {1, 2},
        object(),
        {(1,): 2},
        {1: 1, "1": 2},
        {None: 1, "a": 2},
        cycle,
        {"a": cycle},
        1j,
        range(3),
    ):
        told = rev(*said(bad))
        assert not isinstance(told, str) and ours(*said(bad)) is told, bad
        assert ours(*said("x", [bad])) is told
    deep: Any = "x"
    for _ in range(600):
        deep = [deep]
    assert isinstance(rev(*said(deep)), str) and isinstance(ours(*said(deep)), str)


@in_rev
def test_what_is_nested_deeper_than_a_digest_goes_has_a_key_where_rev_gives_one() -> None:
    import sys

    rev, ours = keys()
    sys.setrecursionlimit(20_000)

    def deep(depth: int, inside: str) -> Any:
        value: Any = inside
        for _ in range(depth):
            value = [value]
        return [value]

    assert isinstance(rev(deep(1_200, "x")), str)
    assert ours(deep(1_200, "x")) == ours(deep(1_200, "x")) != ours(deep(1_200, "y"))
    sys.setrecursionlimit(1_000)
    assert ours(deep(100_000, "x")) is rev(deep(100_000, "x")) is RecursionError


@in_rev
def test_responses_are_found_by_content_through_instances_and_subclasses() -> None:
    keys()
    from rev.cache.implementations import LLMResponseCache

    class Special(LLMResponseCache):  # type: ignore[misc]
        pass

    for cache in (LLMResponseCache(), Special()):
        for number in range(50):
            cache.set_response([{"role": "user", "content": "x"}], {"n": number}, [{"name": str(number)}], "m")
        for number in range(50):
            assert cache.get_response(({"content": "x", "role": "user"},), [{"name": str(number)}], "m") == {
                "n": number
            }
        assert cache.get_response([{"role": "user", "content": "x"}], None, "m") is None
        assert bool(cache) and not hasattr(cache, "__len__")


@in_rev
def test_dicts_with_the_same_name_twice_have_the_keys_that_rev_gives_them() -> None:
    rev, ours = keys()
    one, other = float("nan"), float("nan")
    pairs: list[dict[Any, int]] = [{one: 1, other: 2}, {one: 3, other: 2}, {one: 1, other: 3}, {"NaN": 2}]
    for place in (lambda pair: ([pair],), lambda pair: ([], [pair])):
        for key in (rev, ours):
            assert len({key(*place(pair)) for pair in pairs}) == len(pairs)
        assert ours(*place({one: 1, other: 2})) == ours(*place({other: 1, one: 2}))


@in_rev
def test_two_halves_of_a_character_and_the_character_differ_whatever_else_there_is() -> None:
    _, ours = keys()
    for more in ([], [{1: 1}], [{float("nan"): 1, float("nan"): 2}]):
        assert ours(["\ud83d\ude00", *more]) != ours(["\U0001f600", *more])
        assert ours(["\ud83d", *more]) != ours(["\ude00", *more])


@in_rev
def test_what_json_refuses_is_told_without_an_exception_of_ours_before_it() -> None:
    keys()
    from rev.cache.implementations import LLMResponseCache

    cache = LLMResponseCache()
    for call in (lambda: cache._hash_messages([b"x"]), lambda: cache._hash_tools([b"x"])):
        try:
            call()
        except TypeError as error:
            assert error.__context__ is None
        else:
            raise AssertionError
