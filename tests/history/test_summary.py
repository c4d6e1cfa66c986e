"""What stands for messages that were cut."""

from __future__ import annotations

import json
import random
import re
from itertools import pairwise
from typing import Any

import pytest

from rev_accel import History, MessageLog, ModelError
from rev_accel.frozen import FrozenDict
from rev_accel.history import Budget, ModelSummary
from rev_accel.history.atoms import Grouping
from rev_accel.history.earlier import shortened
from rev_accel.history.facts import MOST_LINES, Facts, is_error
from rev_accel.history.summary import HEADER
from rev_accel.llm import Answer, Request, ScriptedClient, ToolSet

from .campaign import FREE
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
- write_file × 2
- task × 1: write a
Failed:
- run_tests(tests): Error: 2 failed
Pending:
- write c
Files touched:
- write_file: src/a.py, src/b.py
- run_tests: tests
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


def test_each_file_is_named_once_with_all_that_touched_it() -> None:
    text = facts(
        *(one for tool in ("read", "edit", "read") for one in (called("a", tool, path="src/a.py"), result("a"))),
        called("b", "read", path="src/b.py"),
        result("b"),
    ).text(4_000)
    assert "Done:\n- read × 3\n- edit × 1\nFiles touched:\n- read, edit: src/a.py\n- read: src/b.py" in text
    assert text.count("src/a.py") == 1


def test_what_was_done_is_thinned_before_what_the_user_said() -> None:
    asked = [user(number, f"Never touch zone {number}, whatever {'word ' * 30}ends.") for number in range(8)]
    work = [
        message for number in range(300) for message in (called("a", "edit", path=f"src/file{number}.py"), result("a"))
    ]
    text = facts(*asked, *work).text(3_000)
    assert len(text) <= 3_000 and "more)" in text
    assert text.count("ends.\n") == 8


NOTES = "\n".join(
    [
        "Intent: build it.",
        "Done:",
        *(f"- wrote part {number}" for number in range(60)),
        "Constraint: NEVER delete prod.db",
        "Next step: run the tests",
    ]
)


def test_an_earlier_summary_by_a_model_stays_whole_and_facts_of_low_rank_make_room() -> None:
    found = facts(
        user(1, "Use spaces, not tabs."),
        *(
            message
            for number in range(100)
            for message in (called("a", "edit", path=f"src/file{number}.py"), result("a"))
        ),
    )
    found.earlier = NOTES
    room = len(NOTES) + 900
    text = found.text(room)
    assert len(text) <= room and f"\n{NOTES}\n" in text
    assert "- 1: Use spaces, not tabs." in text and "more)" in text


@pytest.mark.parametrize("room", [400, 800, 1_200])
def test_an_earlier_summary_without_room_is_cut_at_line_ends_with_a_mark(room: int) -> None:
    found = facts(*WORK)
    found.earlier = NOTES
    text = found.text(room)
    kept = text.partition("by a model:\n")[2].partition("\nWhat the user said")[0].splitlines()
    assert {"Intent: build it.", "Constraint: NEVER delete prod.db", "Next step: run the tests"} <= set(kept)
    marks = [line for line in kept if line not in NOTES.splitlines()]
    missing = sum(int(mark.removeprefix("(").split()[0]) for mark in marks)
    assert marks and all(re.fullmatch(r"\(\d+ more lines?\)", mark) for mark in marks)
    assert len(kept) - len(marks) + missing == len(NOTES.splitlines())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        # Prose: whole sentences.
        (
            "It began so. " + "This was done there. " * 50 + "You must not push. " + "More. " * 50,
            "\nYou must not push.\n",
        ),
        ("## Next step\n- run b\n## Work\n" + "- edited\n" * 100, "## Next step\n- run b\n"),
        ("- edited\n" * 50 + "- Next step: run b\n" + "- edited\n" * 50, "- Next step: run b\n"),
        # Words that are not known: beginning and end.
        ("erstens\n" + "getan\n" * 100 + "zuletzt", "\nzuletzt"),
        ("erstens\n" + "getan\n" * 100 + "zuletzt", "erstens\n"),
        # One line without an end.
        ("word" * 1_000, "wordwor…"),
    ],
)
def test_what_an_earlier_summary_must_not_lose_is_found_in_many_forms(text: str, kept: str) -> None:
    assert kept in shortened(text, 310)
    assert len(shortened(text, 310)) <= 310
    assert shortened(text, len(text)) == text
    assert re.fullmatch(r"\(\d+ more lines?\)", shortened(text, 5))


def test_a_summary_keeps_within_its_room_and_says_what_is_missing() -> None:
    newest = MOST_LINES + 50
    many = [
        message
        for number in range(newest + 1)
        for message in (user(number, "word " * 100), called("a", "edit", path=f"file{number}.py"), result("a"))
    ]
    found = facts(*many)
    assert len(found.asked) == len(found.files) == MOST_LINES
    for room in (20_000, 5_000, 1_000, 600):
        text = found.text(room)
        assert len(text) <= room and "more)" in text
        assert f"- {newest}: word" in text
    assert "- 0: word" in found.text(5_000)


def worked(steps: int) -> list[dict[str, Any]]:
    """Many files, and now and then a constraint, a decision and a failure."""
    made: list[dict[str, Any]] = []
    for number in range(steps):
        if number % 7 == 3:
            made.append(user(number, f"Constraint number {number}: never touch module_{number}."))
            made.append(said(number, f"We decided to use approach_{number} instead of other_{number}."))
        outcome = f"Error: failed thing_{number}" if number % 11 == 5 else "ok"
        made.append(called(f"c{number}", "edit_file", path=f"src/file_{number}.py"))
        made.append(result(f"c{number}", f"{outcome} {'x y z ' * 60}"))
    return made


WORKED = re.compile(r"never touch module_\d+\.|approach_\d+|thing_\d+|src/file_\d+\.py")


@pytest.mark.parametrize("room", [2_000, 3_200, 6_000, 9_000, 30_000])
def test_what_the_user_said_is_cut_last_and_nothing_is_cut_while_there_is_room(room: int) -> None:
    text = facts(*worked(150)).text(room)
    assert len(set(re.findall(r"never touch module_\d+\.", text))) == 21
    said_of = set(WORKED.findall(json.dumps(worked(150))))
    if said_of - set(WORKED.findall(text)):
        assert room - FREE < len(text) <= room
    else:
        assert room >= 9_000


@pytest.mark.parametrize("seed", range(20))
def test_a_summary_that_leaves_something_out_fills_its_room(seed: int) -> None:
    source = random.Random(seed)
    found = facts(*worked(source.randrange(5, 120)))
    found.asked += ["y" * source.randrange(1, 3_000) for _ in range(source.randrange(4))]
    found.earlier = "\n".join("z" * source.randrange(1, 100) for _ in range(source.choice((0, 0, 30))))
    room = source.randrange(1_500, 12_000)
    text = found.text(room)
    assert len(text) <= room, seed
    if "more)" in text or "more line" in text or "…" in text:
        # Of lines that are all shortened, each could be a character longer.
        assert room - len(text) < FREE, seed


def test_later_summaries_lose_facts_only_when_they_are_full() -> None:
    history, summaries = History(MessageLog(), budget=8_000), dict[int, str]()
    history.append(user(0, "Build it."))
    for message in worked(200):
        history.append(message)
        if message["role"] == "tool" and (view := history.view()).cut is not None:
            summaries[view.cut.number] = next(
                one["content"] for one in view.messages if str(one["content"]).startswith(HEADER)
            )
    assert len(summaries) > 3
    full = 0
    for first, second in pairwise(summaries.values()):
        lost = set(WORKED.findall(first)) - set(WORKED.findall(second))
        assert not any(one.startswith("never") for one in lost)
        if lost:
            full += 1
            assert 3_200 - FREE < len(second) <= 3_200
    assert full


def test_a_long_message_of_the_user_is_whole_if_there_is_room() -> None:
    long = "word " * 500
    text = facts(user(1, f"{long}Never push."), *worked(5)).text(8_000)
    assert "Never push." in text
    # If there is not, it leaves room for others.
    assert "src/file_4.py" in facts(user(1, f"{long}Never push."), *worked(5)).text(3_000)


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


def test_second_and_third_summaries_keep_the_constraint_of_a_first_one_that_filled_its_room() -> None:
    first = "\n".join([*(f"Decision {number}: use part{number}" for number in range(60)), *NOTES.splitlines()[-2:]])
    answers = iter([first])
    history = History(MessageLog(), budget=Budget(tokens=4_000), summariser=lambda _: next(answers, None))
    history.append(user(0, "task"))
    cuts: dict[int, str] = {}
    for number in range(80):
        history.append({"role": "assistant", "content": "word " * 150})
        history.append(user(number, "go on"))
        view = history.view()
        if view.cut is not None:
            summary = next(one["content"] for one in view.messages if str(one["content"]).startswith(HEADER))
            cuts.setdefault(view.cut.number, summary)
    assert len(cuts) > 3
    for number, summary in cuts.items():
        assert len(summary) <= 1_700, number
        assert "Constraint: NEVER delete prod.db" in summary and "Next step: run the tests" in summary
        assert "Decision 59: " in summary and (number == 1 or "more line" in summary)
