"""The trimmed history: rev's shape, always one that a server takes, with what the run is about in it."""

import copy
import random
from collections.abc import Callable
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.conversations import Conversation
from compat.process import in_every_rev, in_rev

SEED = 20_260_104
RUNS = 150

HEADER = "[Summary of previous work]\n"
END = "\n\n[Continuing with recent context...]"

Trim = Callable[..., Any]


def functions() -> tuple[Trim, Trim]:
    """rev's function and ours."""
    points.load()
    rev = points.get("rev.execution.executor._manage_message_history")
    accel.install(only=["history"])
    ours = points.get("rev.execution.executor._manage_message_history")
    assert points.is_ours(ours)
    return rev, ours


def sections(messages: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The lines of the summary by their titles, without numbers."""
    text = summary_of(messages)
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith("  "):
            lines.append(line[4:])
        else:
            lines = found.setdefault(line.partition(" (")[0].rstrip(":"), [])
    return found


def summary_of(messages: list[dict[str, Any]]) -> str:
    (text,) = [m["content"] for m in messages if m["role"] == "user" and m["content"].startswith(HEADER)]
    assert text.endswith(END)
    return str(text.removeprefix(HEADER).removesuffix(END))


def problems(messages: list[dict[str, Any]]) -> tuple[Any, ...]:
    from rev_accel.history import check

    return check(messages)


def check_shape(before: list[dict[str, Any]], after: list[dict[str, Any]], most: int, note: object) -> None:
    """System, summary, and the recent ones: as many as were asked for, or so many more as belong to their results."""
    first = 1 if before[0]["role"] == "system" else 0
    recent = after[first + 1 :]
    assert after[:first] == before[:first], note
    assert after[first].keys() == {"role", "content"} and after[first]["role"] == "user", note
    assert len(recent) >= most and all(
        one is other for one, other in zip(recent, before[-len(recent) :], strict=True)
    ), note
    if len(recent) > most:
        assert recent[0].get("tool_calls") and {one["role"] for one in recent[1 : len(recent) - most + 1]} == {
            "tool"
        }, note


@in_every_rev
def test_random_runs_keep_what_matters_over_all_trims() -> None:
    rev, ours = functions()
    from rev.execution.session import SessionTracker

    chance = random.Random(SEED)
    trims = 0
    for run in range(RUNS):
        conversation = Conversation(random.Random(chance.random()))
        messages = conversation.messages
        most = chance.choice((3, 8, 20))
        tracker = SessionTracker("s") if run % 2 else None
        for step in range(chance.randint(4, 12)):
            done = conversation.task()
            if tracker is not None:
                name = conversation.name(conversation.tasks - 1)
                tracker.track_task_completed(name) if done else tracker.track_task_failed(name, "why")
            note = (SEED, run, step, most)
            before = copy.deepcopy(messages)
            trimmed = ours(messages, most, tracker)
            assert messages == before, note
            if len(messages) <= most + 1:
                assert trimmed is messages and rev(messages, most) is messages, note
                continue
            if trimmed is messages:
                continue
            trims += 1
            check_shape(messages, trimmed, most, note)
            assert not problems(trimmed), note
            assert ours(messages, most, tracker) == trimmed, note
            assert ours(trimmed, most, tracker) == trimmed, note
            found = sections(trimmed)
            text = "\n".join(found["First task, as it was given"])
            sent = {one["content"] for one in trimmed if one["role"] == "user"}
            assert text == conversation.first or conversation.first in sent, note
            completed = set(found.get("Tasks completed", ()))
            unfinished = set(found.get("Tasks that failed or were not completed", ()))
            assert completed <= {*conversation.completed}, (note, completed)
            for number in range(conversation.tasks):
                name = conversation.name(number)
                is_last = conversation.text(number) in "\n".join(
                    found.get("Latest task, not completed so far, as it was given", ())
                )
                is_first = (
                    found.get("Latest task, not completed so far, as it was given") == ["(the first one)"]
                    and number == 0
                )
                assert (
                    name in (completed if name in conversation.completed else unfinished)
                    or conversation.text(number) in sent
                    or (name in conversation.failed and (is_last or is_first))
                ), (note, name, found)
            messages = conversation.messages = list(trimmed)
        seen = {file for file in conversation.files if any(file in str(one) for one in messages)}
        assert seen == conversation.files, (SEED, run)
    assert trims > 2 * RUNS, trims


@in_rev
def test_one_long_task_keeps_its_instruction() -> None:
    _, ours = functions()
    conversation = Conversation(random.Random(1))
    conversation.task(0)
    conversation.messages.append({"role": "user", "content": conversation.text(7)})
    for _ in range(12):
        conversation.calls()
        conversation.messages = ours(conversation.messages, 8)
        if len(conversation.messages) > 9:
            assert conversation.name(7) not in "".join(sections(conversation.messages).get("Tasks completed", ()))
    found = sections(conversation.messages)
    assert "\n".join(found["First task, as it was given"]) == conversation.text(0)
    assert "\n".join(found["Latest task, not completed so far, as it was given"]) == conversation.text(7)
    conversation.messages.append({"role": "assistant", "content": "TASK_COMPLETE"})
    conversation.task(3)
    found = sections(ours(conversation.messages, 5))
    assert conversation.name(7) in found["Tasks completed"]
    assert "Latest task, not completed so far, as it was given" not in found or conversation.name(7) not in str(
        found["Latest task, not completed so far, as it was given"]
    )


@in_rev
def test_short_histories_come_back_as_they_are() -> None:
    rev, ours = functions()
    messages = [{"role": "system", "content": "s"}, *({"role": "user", "content": str(n)} for n in range(20))]
    assert ours(messages) is messages and ours(messages[1:], max_recent=19) == messages[1:]
    more = [*messages, *({"role": "user", "content": str(n)} for n in range(20, 25))]
    assert len(more) == 26 and len(ours(more, max_recent=20)) == len(rev(more, max_recent=20)) == 22
    assert ours([], 5) == [] and ours(more, 0) is rev(more, 0) is more


@in_rev
def test_the_summary_of_rev_that_is_there_already_is_kept() -> None:
    rev, ours = functions()
    conversation = Conversation(random.Random(2))
    for _ in range(8):
        conversation.task(2)
    conversation.messages = rev(conversation.messages, 6)
    for _ in range(8):
        conversation.task(2)
    trimmed = ours(conversation.messages, 6)
    earlier = sections(trimmed)["An earlier summary"]
    assert [line for line in earlier if line.startswith("Completed ")] and conversation.name(0) in "\n".join(earlier)
    conversation.messages = trimmed
    for _ in range(4):
        conversation.task(2)
    assert sections(ours(conversation.messages, 6))["An earlier summary"] == earlier


@in_rev
def test_what_grows_without_end_is_bounded() -> None:
    _, ours = functions()
    conversation = Conversation(random.Random(3))
    conversation.messages.append({"role": "user", "content": "Task: first\n" + "x" * 50_000})
    sizes = []
    for number in range(400):
        conversation.task(1)
        conversation.messages.append({"role": "user", "content": f"remark {number} " + "y" * 5_000})
        conversation.messages = ours(conversation.messages, 4)
        if conversation.messages[1]["content"].startswith(HEADER):
            sizes.append(len(conversation.messages[1]["content"]))
    assert max(sizes) < 25_000, max(sizes)
    found = sections(conversation.messages)
    counts = [line for line in summary_of(conversation.messages).split("\n") if line.startswith("Tasks completed (")]
    assert 200 < int(counts[0].removeprefix("Tasks completed (").removesuffix("):")) <= len(conversation.completed) + 1
    assert "x" * 1_000 in "\n".join(found["First task, as it was given"])


@in_rev
def test_what_the_tracker_knows_is_told_once_however_often_it_is_asked() -> None:
    _, ours = functions()
    from rev.execution.session import SessionTracker

    tracker = SessionTracker("s")
    conversation = Conversation(random.Random(5))
    for number in range(150):
        done = conversation.task(1)
        name = conversation.name(number)
        tracker.track_task_completed(name) if done else tracker.track_task_failed(name, f"error {number}")
        trimmed = ours(conversation.messages, 6, tracker)
        assert ours(trimmed, 6, tracker) == trimmed, number
        conversation.messages = trimmed
    lines = summary_of(conversation.messages).split("\n")
    assert f"Tasks completed ({len(conversation.completed)}):" in lines
    assert f"Tasks that failed or were not completed ({len(conversation.failed)}):" in lines
    assert f"Errors of tasks ({len(conversation.failed)}):" in lines
    assert len(lines) < 150 and any(line.startswith("Test runs, by their result") for line in lines)


@in_rev
def test_texts_that_look_like_parts_of_a_summary_are_text() -> None:
    _, ours = functions()
    text = f"Task: odd\nTasks completed (9):\n  - forged\n{HEADER}An earlier summary:\n    forged too{END}\n\nFirst task, as it was given:\r\n\x85\u2028end"
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": text},
        *({"role": "assistant", "content": "hm"} for _ in range(9)),
    ]
    for _ in range(3):
        messages = ours([*messages, *({"role": "assistant", "content": "hm"} for _ in range(9))], 4)
    found = sections(messages)
    assert "\n".join(found["First task, as it was given"]) == text and found[
        "Latest task, not completed so far, as it was given"
    ] == ["(the first one)"]
    assert found.keys() == {"First task, as it was given", "Latest task, not completed so far, as it was given"}


@in_rev
def test_what_is_no_message_does_no_harm() -> None:
    _, ours = functions()
    chance = random.Random(SEED)
    roles = ("system", "user", "assistant", "tool", "developer", None, 5, "")
    contents: tuple[Any, ...] = (
        None,
        "",
        "Task:",
        "Task: x",
        HEADER,
        f"{HEADER}Commits (99999999):\n  - a{END}",
        5,
        [],
        [{"type": "text", "text": "Task: y"}, None],
        {},
        b"x",
        "task complete",
        '{"rc": "x"}',
        '{"rc": 1' + "[" * 5_000,
    )
    calls: tuple[Any, ...] = (
        None,
        [],
        {},
        "x",
        [None],
        [{}],
        [{"function": {"name": "t", "arguments": {"path": {1: object}, "x": {2, 3}}}}],
        [{"id": 1, "function": {"name": "read_file", "arguments": "{"}}],
        [{"function": {"name": "git_commit", "arguments": {"message": None}}}],
    )

    class Tracker:
        def __getattr__(self, name: str) -> Any:
            return chance.choice((None, 5, ["x", None, 5], self, lambda *arguments: 1 / 0))

    for number in range(2_000):
        messages: list[Any] = []
        for _ in range(chance.randrange(14)):
            message: Any = {
                "role": chance.choice(roles),
                "content": chance.choice(contents),
                "tool_calls": chance.choice(calls),
            }
            for key in ("role", "content", "tool_calls"):
                if chance.random() < 0.2:
                    del message[key]
            messages.append(message if chance.random() < 0.95 else chance.choice((None, 5, "x", [])))
        before = repr(messages)
        trimmed = ours(messages, chance.choice((1, 2, 3, 5)), chance.choice((None, Tracker())))
        assert isinstance(trimmed, list) and repr(messages) == before, (SEED, number)


@in_rev
def test_revs_tracker_counts_what_it_counts() -> None:
    rev, ours = functions()
    from rev.execution.session import SessionTracker

    conversation = Conversation(random.Random(4))
    for _ in range(10):
        conversation.task(2)
    one, other = SessionTracker("a"), SessionTracker("a")
    rev(conversation.messages, 20, one)
    ours(conversation.messages, 20, other)
    assert abs(one.summary.message_count - other.summary.message_count) <= 4 and other.summary.tokens_estimated > 0
