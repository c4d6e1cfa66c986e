"""Pairs of requests: whether their keys are equal exactly when they are the same request.

    cd tests && python -m llm.pairs 100000 [seed]

runs the long form.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from digests import values
from rev_accel.errors import InputError
from rev_accel.llm import Request, ToolSet, diff

Fields = dict[str, Any]

ENDPOINTS = ("http://localhost:11434", "http://localhost:11435", "https://localhost:11434", "http://localhost:11434/v1")
MODELS = ("m", "M", "", "default", "m:latest", "é")
ROLES = ("system", "user", "assistant", "tool")
OPTIONS = ("temperature", "top_p", "seed", "num_ctx", "stop", "max_tokens", "think", "logit_bias", "odd name", "")
PLAIN = ("model", "endpoint", "dialect")
COUNTED = (*PLAIN, "messages", "tools", "tool_choice", "response_format", "options")


@dataclass
class Outcome:
    pairs: int = 0
    equal: int = 0
    changed: int = 0
    in_place: int = 0
    collisions: list[Any] = field(default_factory=list)
    false_misses: list[Any] = field(default_factory=list)
    leaks: list[Any] = field(default_factory=list)
    """Requests that changed with the lists that they were made of."""
    wrong_places: list[Any] = field(default_factory=list)
    """Pairs of which `diff` said that they are alike, or the other way round."""


def compare(seed: int, pairs: int) -> Outcome:
    """Compares so many pairs, and the key of every first request with all others."""
    source = random.Random(seed)
    outcome = Outcome()
    seen: dict[str, Fields] = {}
    while outcome.pairs < pairs:
        one = fields(source)
        for make in (equal_copy, changed, changed, changed_in_place):
            if make is changed_in_place:
                one = editable(one)
            request = Request(**one)
            before = values.editable(one)
            other = make(source, one)
            if other is None:
                continue
            if make is changed_in_place:
                outcome.in_place += 1
                if Request(**request.to_dict()).key() != Request(**before).key():
                    outcome.leaks.append((before, other))
            judge(outcome, before, request, other)
            if not same(seen.setdefault(str(request.key()), before), before):
                outcome.collisions.append((seen[str(request.key())], before))
    return outcome


def judge(outcome: Outcome, one: Fields, request: Request, other: Fields) -> None:
    outcome.pairs += 1
    second = Request(**other)
    is_same, is_equal = same(one, other), request.key() == second.key()
    outcome.equal += is_same
    outcome.changed += not is_same
    if is_equal and not is_same:
        outcome.collisions.append((one, other))
    if is_same and not is_equal:
        outcome.false_misses.append((one, other))
    place = diff(request, second)
    if (place is None) != is_same or (place is not None and not leads_somewhere(place, one, other)):
        outcome.wrong_places.append((place, one, other))


def leads_somewhere(place: str, one: Fields, other: Fields) -> bool:
    """Whether a place begins with a field that differs, and with the number of a message that does."""
    name = place.partition(".")[0].partition("[")[0]
    left, right = one.get(name), other.get(name)
    if name == "messages" and place.startswith("messages["):
        number = int(place[len("messages[") :].partition("]")[0])
        if not values.same(left[:number], right[:number]):
            return False
        return number >= min(len(left), len(right)) or not values.same(left[number], right[number])
    return not values.same(left, right)


def same(one: Fields, other: Fields) -> bool:
    """Whether two requests are the same, from their parts; an absent field is `None`."""
    return all(values.same(one.get(name), other.get(name)) for name in COUNTED)


def fields(source: random.Random) -> Fields:
    """The fields of a random request."""
    made: Fields = {
        "endpoint": source.choice(ENDPOINTS),
        "dialect": source.choice(("ollama", "openai")),
        "model": source.choice(MODELS),
        "messages": [message(source) for _ in range(source.choice((0, 1, 2, 3, 6)))],
        "options": {name: values.value(source, 3) for name in source.sample(OPTIONS, source.randint(0, 4))},
    }
    if source.random() < 0.5:
        made["tools"] = [tool(source) for _ in range(source.choice((0, 1, 2)))]
    for name in ("tool_choice", "response_format"):
        if source.random() < 0.3:
            made[name] = values.value(source, 2)
    return made


def message(source: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {"role": source.choice(ROLES), "content": values.text(source)}
    if source.random() < 0.3:
        made["tool_calls"] = [
            {"id": values.text(source), "function": {"name": "f", "arguments": values.value(source, 3)}}
        ]
    if source.random() < 0.2:
        made["content"] = [{"type": "text", "text": values.text(source)}]
    return made


def tool(source: random.Random) -> dict[str, Any]:
    names = source.sample("abcdef", source.randint(0, 3))
    properties = {
        name: {"type": source.choice(("string", "integer")), "default": values.leaf(source)} for name in names
    }
    schema = {"type": "object", "properties": properties, "required": names[:1]}
    return {"type": "function", "function": {"name": values.text(source), "parameters": schema}}


def editable(one: Fields) -> Fields:
    made: Fields = values.editable(one)
    return made


def equal_copy(source: random.Random, one: Fields) -> Fields:
    """The same in other objects: keys in another order, tuples for lists, subclasses, a `ToolSet`, slashes."""
    entries = [(name, values.equal_copy(source, item)) for name, item in one.items()]
    source.shuffle(entries)
    made = dict(entries)
    if source.random() < 0.3:
        made["options"] = dict(made["options"])
    if "tools" in made and source.random() < 0.5:
        made["tools"] = ToolSet(made["tools"])
    if source.random() < 0.3:
        made.setdefault("tool_choice", None)
    uncounted = {"timeout": source.random() + 1, "retries": source.randint(0, 5), "trace_id": source.choice(("a", "b"))}
    return {**made, **dict(source.sample(list(uncounted.items()), source.randint(0, 3)))}


def changed(source: random.Random, one: Fields) -> Fields | None:
    """A copy with a change somewhere that leaves it a request."""
    return edit(source, editable(one))


def changed_in_place(source: random.Random, one: Fields) -> Fields | None:
    """The same objects, one of them changed."""
    return edit(source, one)


def edit(source: random.Random, one: Fields) -> Fields | None:
    name = source.choice([*one, "messages", "options", "tools", "tool_choice", "response_format"])
    if name in PLAIN:
        one[name] = source.choice({"model": MODELS, "endpoint": ENDPOINTS, "dialect": ("ollama", "openai")}[name])
    elif name not in one:
        one[name] = source.choice(([], [{}])) if name == "tools" else values.value(source, 2)
    elif source.random() < 0.1:
        one[name] = [] if name in ("messages", "tools") else {}
    else:
        holder = [one[name]]
        source.choice(list(values.possible_changes(source, holder, 0, {})))()
        one[name] = holder[0]
    try:
        Request(**one)
    except (TypeError, InputError):
        return None
    return one


def report(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.pairs} pairs: {outcome.equal} equal, {outcome.changed} changed, {outcome.in_place} of them in place"
    for name in ("collisions", "false_misses", "leaks", "wrong_places"):
        yield f"{name.replace('_', ' ')}: {len(getattr(outcome, name))}"


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    print("seed:", chosen, flush=True)
    result = compare(chosen, number)
    print("\n".join(report(result)))
    sys.exit(bool(result.collisions or result.false_misses or result.leaks or result.wrong_places))
