"""`check`: what a server would refuse."""

from __future__ import annotations

from typing import Any

import pytest

from rev_accel.history import check

from .judge import refusal
from .test_views import TASK, called, result

BOTH = {**called("a"), "tool_calls": [called("a")["tool_calls"][0], called("b")["tool_calls"][0]]}
OLLAMA = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "read_file", "arguments": {}}}]}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], "messages no_user"),
        ([{"role": "assistant", "content": "x"}], "messages no_user"),
        ([TASK, result("a")], "messages[1] orphan_result"),
        ([TASK, called("a")], "messages[1].tool_calls[0] missing_result"),
        ([TASK, BOTH, result("a"), TASK], "messages[1].tool_calls[1] missing_result"),
        ([TASK, BOTH, TASK, result("a"), result("b")], "messages[1].tool_calls[0] missing_result"),
        ([TASK, BOTH, result("b"), result("a")], "messages[2] result_order"),
        ([TASK, called("a"), result("a"), result("a")], "messages[3] orphan_result"),
        ([TASK, called("a"), result("b")], "messages[2] result_order"),
        ([TASK, {"role": "assistant", "content": "x", "tool_calls": []}], "messages[1].tool_calls calls"),
        ([TASK, {"role": "assistant", "content": None}], "messages[1].content content"),
        ([{"role": "user"}], "messages[0].content content"),
        ([{"role": "user", "content": []}], "messages[0].content content"),
        ([{"role": "user", "content": 7}], "messages[0].content content"),
        ([TASK, {"role": "function", "content": "x"}], "messages[1].role role"),
        ([TASK, {"content": "x"}], "messages[1].role role"),
    ],
)
def test_the_first_problem_is_named_by_its_place_and_rule(messages: list[dict[str, Any]], expected: str) -> None:
    for dialect in (None, "openai", "ollama") if "tool_calls" not in str(messages) else (None, "openai"):
        problem = check(messages, dialect=dialect)[0]
        assert f"{problem.place} {problem.rule}" == expected
        assert str(problem).startswith(f"`{problem.place}` ")


@pytest.mark.parametrize("content", [7, True, {"type": "text"}, [], [1], [None, {"type": "text"}]])
def test_what_is_neither_text_nor_parts_is_refused_by_the_judge_of_random_conversations_too(content: Any) -> None:
    messages = [{"role": "user", "content": content}]
    assert check(messages, dialect="openai") and refusal(messages, "openai") is not None


def test_sound_messages_have_no_problems() -> None:
    messages = [
        {"role": "system", "content": "x"},
        TASK,
        TASK,
        BOTH,
        result("a"),
        result("b"),
        called("a"),
        result("a"),
    ]
    assert check(messages) == check(messages, dialect="openai") == ()
    messages = [
        TASK,
        OLLAMA,
        {"role": "tool", "content": "x"},
        OLLAMA,
        {"role": "tool", "tool_name": "read_file", "content": "x"},
    ]
    assert check(messages) == check(messages, dialect="ollama") == ()


@pytest.mark.parametrize(
    ("message", "dialect", "expected"),
    [
        (OLLAMA, "openai", {"messages[1].tool_calls[0].id", "messages[1].tool_calls[0].function.arguments"}),
        (called("a"), "ollama", {"messages[1].tool_calls[0].function.arguments"}),
        ({"role": "assistant", "content": [{"type": "text", "text": "x"}]}, "ollama", {"messages[1].content"}),
    ],
)
def test_a_dialect_asks_for_more(message: dict[str, Any], dialect: Any, expected: set[str]) -> None:
    results = [{"role": "tool", "content": "x", **({"tool_call_id": "a"} if "id" in str(message) else {})}]
    messages = [TASK, message, *(results if message.get("tool_calls") else [])]
    assert {problem.place for problem in check(messages, dialect=dialect)} == expected
    assert check(messages) == ()
