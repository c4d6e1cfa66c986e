"""The keys of rev's cache of replies beside those of the drop-in: which requests have the same one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

from .comparing import cut, judged, outcome, seconds
from .findings import Check

__all__ = ["keys"]

# What the drop-in does otherwise on purpose, by the names that the page for rev's users explains.
DEFAULT_MODEL, TEMPORARY, CHANGED = "key_of_model", "key_of_tools", "key_after_change"
TRIALS = 20

Key = Callable[..., str]


def keys(rev_cache: type, our_cache: type, tools: list[Any]) -> Check:
    """The check; the classes are rev's with its own methods, and as it is now."""
    asked = list(requests(tools))

    # A cache of its own for each key, since rev remembers lists of tools by where they were in memory.
    theirs = [outcome(key_of(rev_cache), *one) for one in asked]
    ours = [outcome(key_of(our_cache), *one) for one in asked]
    differences: list[str] = []
    fixed = {DEFAULT_MODEL: 0, TEMPORARY: 0, CHANGED: 0}
    good: list[int] = []
    for number, (request, their, our) in enumerate(zip(asked, theirs, ours, strict=True)):
        if their[0] != our[0]:
            differences.append(f"{cut(request)}: rev {their[0] or 'has a key'}, rev-accel {our[0] or 'has a key'}")
        elif not our[0]:
            good.append(number)
    for one, other in combinations(good, 2):
        equal = [found[one] == found[other] for found in (theirs, ours)]
        if equal[0] == equal[1]:
            continue
        models = {asked[one][2], asked[other][2]}
        if equal[0] and "default" in models and models & {None, ""}:
            fixed[DEFAULT_MODEL] += 1
        else:
            said = ["one key" if same else "two keys" for same in equal]
            differences.append(f"{cut(asked[one])} and {cut(asked[other])}: rev {said[0]}, rev-accel {said[1]}")
    for what, pair in ((TEMPORARY, temporary), (CHANGED, changed)):
        for number in range(TRIALS):
            if pair(key_of(our_cache), number):
                differences.append("two lists of tools with different content have one key")
            elif pair(key_of(rev_cache), number):
                fixed[what] += 1
    check = judged("keys", f"{len(good) * (len(good) - 1) // 2:,} pairs of requests", differences, fixed)
    messages = [{"role": "user", "content": f"{number} ".ljust(850, "x")} for number in range(120)]
    rev_key, our_key = key_of(rev_cache), key_of(our_cache)
    times = seconds(
        {"rev": lambda: rev_key(messages, tools, "m"), "ours": lambda: our_key(messages, tools, "m")}, repeat=5
    )
    check.times.append((f"120 messages and {len(tools)} tools", times["rev"], times["ours"]))
    return check


def key_of(cache: type) -> Key:
    key: Key = cache()._hash_messages
    return key


def requests(tools: list[Any]) -> Sequence[tuple[Any, Any, Any]]:
    message = {"role": "user", "content": "Ünïcode \udc80"}
    numbers: list[Any] = [1, 1.0, True, None, float("nan"), [1, [2]], [[1], 2], {"1": 2}]
    messages: list[Any] = [
        *([], [message], (message,), [dict(reversed(message.items()))], [message, message]),
        *([{**message, "n": number}] for number in numbers),
        *([{1: 2}], [{"1": 2}], [b"x"], [{1, 2}], [object()], None),
    ]
    lists: list[Any] = [None, [], tools[:1], tools[1:2], tools, tuple(tools)]
    found: list[tuple[Any, Any, Any]] = [(one, None, "m") for one in messages]
    return found + [([message], some, model) for some in lists for model in (None, "", "default", "m")]


def temporary(key: Key, number: int) -> bool:
    """Whether two lists of tools have one key, of which the second may be where the first was."""
    messages: list[object] = []
    first, second = (key(messages, [{"name": f"tool {number} {which}"}], "m") for which in range(2))
    return first == second


def changed(key: Key, number: int) -> bool:
    tools = [{"name": f"tool {number}"}]
    before = key([], tools, "m")
    tools[0]["name"] = "another"
    return before == key([], tools, "m")
