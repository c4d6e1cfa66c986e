"""Messages of any form: `check` tells what is wrong with them, and a view of them is sound."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.history.conversations import conversation
from tests.history.judge import refusal

from rev_accel import History, MessageLog
from rev_accel.errors import InputError
from rev_accel.history import Budget, Problem, check

from .choices import Choices, data, text

MEMBERS = ("role", "content", "tool_calls", "tool_call_id", "tool_name", "thinking", "refusal")
RULES = {"role", "content", "calls", "arguments", "missing_result", "orphan_result", "result_order", "no_user"}


def run(data: bytes) -> None:
    source = Choices(data)
    told = conversation(source)
    messages, dialect = told.messages[: source.randrange(12)], told.dialect
    is_harmed = source.random() < 0.7
    if is_harmed:
        for _ in range(source.randrange(4)):
            messages = harmed(source, messages)
    for one in (None, "openai", "ollama"):
        found = check(messages, dialect=one)
        assert all(type(problem) is Problem and problem.rule in RULES and str(problem) for problem in found)
    problems = [problem for problem in check(messages, dialect=dialect) if problem.rule != "no_user"]
    if not is_harmed:
        assert bool(problems) == (refusal(messages, dialect) is not None), (messages, problems)
    view(source, messages, dialect)


def view(source: random.Random, messages: list[Any], dialect: Any) -> None:
    """A view of a log that is not sound has nothing wrong in it that was not wrong before."""
    budget = Budget(tokens=source.choice((50, 300, 2_500)), summary=source.choice((0.05, 0.15)))
    try:
        log = MessageLog(messages)
    except (TypeError, InputError):
        assert not all(isinstance(one, dict) for one in messages)
        return
    shown = list(History(log, budget=budget, dialect=dialect).view().messages)
    before = {problem.rule for problem in check(messages, dialect=dialect)}
    after = {problem.rule for problem in check(shown, dialect=dialect)}
    assert after <= before | {"no_user"}, (before, after)


def harmed(source: random.Random, messages: list[Any]) -> list[Any]:
    made = [dict(one) for one in messages]
    at = source.randrange(len(made) + 1)
    if at == len(made):
        return [*made, message(source)]
    match source.randrange(5):
        case 0:
            del made[at]
        case 1:
            made.insert(at, made[source.randrange(len(made))])
        case 2:
            made[at].pop(source.choice(MEMBERS), None)
        case 3:
            made[at][source.choice(MEMBERS)] = part(source)
        case _:
            made.insert(at, message(source))
    return made


def message(source: random.Random) -> Any:
    return {source.choice(MEMBERS): part(source) for _ in range(source.randrange(5))}


def part(source: random.Random) -> Any:
    call = {"id": data(source), "function": {"name": text(source), "arguments": data(source)}}
    return source.choice(
        (
            data(source),
            text(source),
            "assistant",
            "tool",
            "user",
            [],
            [call],
            [call, call, data(source)],
            [{"function": data(source)}],
            [{"type": "text", "text": data(source)}],
            "a",
        )
    )


def seeds() -> Sequence[bytes]:
    return [random.Random(number).randbytes(100 + 40 * (number % 30)) for number in range(60)]
