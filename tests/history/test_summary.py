"""What stands for messages that were cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rev_accel import History, MessageLog, ModelError
from rev_accel.frozen import FrozenDict
from rev_accel.history import Budget, ModelSummary
from rev_accel.history.atoms import Grouping
from rev_accel.history.facts import HEADER, MOST_LINES, Facts, is_error
from rev_accel.llm import Answer, Request, ScriptedClient, ToolSet

from .test_views import SYSTEM, TASK, called, result, said, talk, user


def facts(*messages: dict[str, Any]) -> Facts:
    found, grouping = Facts(), Grouping()
    for message in messages:
        for atom in grouping.feed(FrozenDict(message)):
            found.add(atom)
    return found


WORK = (
    user(1, "Use spaces, not tabs."),
    called("a", "write_file", path="src/a.py", text="x"),
    result("a"),
    called("b", "run_tests", path="tests"),
    result("b", "Error: 2 failed"),
    called("c", "write_file", path="src/b.py"),
    result("c"),
    said(2, "I decided to keep the old name. Plan:\n- [x] write a\n- [ ] write c\nNext I will fix b."),
)


def test_a_summary_tells_apart_what_was_asked_done_failed_and_is_pending() -> None:
    text = facts(*WORK).text(4_000)
    assert (
        text
        == f"""\
{HEADER}: 8 messages, in their own words]
What the user said after the first task, in their words:
- 1: Use spaces, not tabs.
Done:
- write_file × 2: src/a.py, src/b.py
- task × 1: write a
Failed:
- run_tests(tests): Error: 2 failed
Pending:
- write c
Files touched:
- src/a.py, tests, src/b.py
Decisions:
- 2: I decided to keep the old name.
Last error:
- run_tests(tests): Error: 2 failed
Said last:
- 2: I decided to keep the old name. Plan: - [x] write a - [ ] write c Next I will fix b."""
    )


def test_what_failed_and_was_done_later_says_so_and_what_was_interrupted_is_pending() -> None:
    text = facts(
        *WORK, called("d", "run_tests", path="tests"), result("d", "ok"), called("e", "push"), user(3, "stop")
    ).text(4_000)
    assert "- run_tests(tests): (done later) Error: 2 failed" in text
    assert "- push(): interrupted, outcome unknown" in text


def test_a_summary_keeps_within_its_room_and_says_what_is_missing() -> None:
    many = [
        message
        for number in range(400)
        for message in (user(number, "word " * 100), called("a", "edit", path=f"file{number}.py"), result("a"))
    ]
    found = facts(*many)
    assert len(found.asked) == MOST_LINES
    for room in (20_000, 5_000, 1_000, 600):
        text = found.text(room)
        assert len(text) <= room and "more)" in text
        assert "- 399: word" in text
    assert "- 0: word" in found.text(5_000)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Error: x", True),
        ("Traceback (most recent call last):\n", True),
        ('{"error": "x"}', True),
        ("interrupted, outcome unknown", True),
        ("no error", False),
        ("errors.py", False),
        ("", False),
    ],
)
def test_results_that_tell_of_a_failure_are_known_by_their_beginning(content: str, expected: bool) -> None:
    assert is_error({"role": "tool", "content": content}) is expected


def request(messages: Any) -> Request:
    tools = ToolSet([{"type": "function", "function": {"name": "read_file"}}])
    return Request(endpoint="https://x.example/v1", dialect="openai", model="m", messages=messages, tools=tools)


def test_the_models_summary_is_asked_for_with_the_beginning_that_the_server_knows() -> None:
    client = ScriptedClient(["Intent: make the tests pass.", "Intent: the same, once more."])
    log = MessageLog()
    history = History(log, budget=1_000, summariser=ModelSummary(client, request))
    last = None
    for message in talk(100):
        if message["role"] == "assistant" and len(client.requests) < 2:
            asked = len(client.requests)
            view = history.view()
            if len(client.requests) > asked:
                assert last is not None and view.cut is not None and view.cut.by == "model"
                sent = client.requests[-1]
                # All of the last request, what came since, and the instruction; the tools as before, none to be called.
                assert list(sent.messages[: len(last.messages)]) == list(last.messages)
                assert sent.messages[-1]["role"] == "user" and "Write a summary" in sent.messages[-1]["content"]
                assert (sent.tool_choice, sent.tools) == ("none", request([TASK]).tools)
                assert view.messages[:2] == [SYSTEM, TASK]
                assert "Intent: " in view.messages[2]["content"]
            last = view
        history.append(message)
    assert len(client.requests) == 2
    # The first summary was in what the second was made of.
    assert any("Intent: make the tests pass." in str(one["content"]) for one in client.requests[1].messages)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("", "empty"),
        ("  <think>What to say?</think> ", "empty"),
        ("Error: too many tokens", "error"),
        (Answer(content="cut", finish_reason="length"), "length"),
        (Answer(tool_calls=(("read_file", {}),)), "tool_calls"),
        (ModelError("no connection"), "no connection"),
    ],
)
def test_what_is_no_summary_does_not_replace_anything(step: Any, why: str) -> None:
    summariser = ModelSummary(ScriptedClient([step]), request)
    messages = next(
        talk(count) for count in range(10, 60) if History(MessageLog(talk(count)), budget=1_000).view().cut is not None
    )
    view = History(MessageLog(messages), budget=1_000, summariser=summariser).view()
    assert summariser.failed == why
    # The one from the text of the messages is there instead.
    assert view.cut is not None and view.cut.by == "text"
    assert list(view.messages) == list(History(MessageLog(messages), budget=1_000).view().messages)


def test_a_summary_longer_than_what_it_stands_for_is_not_taken() -> None:
    view = History(MessageLog(talk(60)), budget=1_000, summariser=lambda _: "word " * 5_000).view()
    assert view.cut is not None and view.cut.by == "text"


def test_a_later_summary_keeps_what_a_model_said_in_an_earlier_one() -> None:
    answers = iter(["The user likes short names.", None])
    history = History(MessageLog(), budget=Budget(tokens=1_000, summary=0.25), summariser=lambda _: next(answers, None))
    for message in talk(150):
        if message["role"] == "assistant":
            view = history.view()
        history.append(message)
    assert view.cut is not None and view.cut.number > 2 and view.cut.by == "text"
    assert "The user likes short names." in json.dumps(list(view.messages))
