"""What `History` sends of a log."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from llm.hit_rate import conversations
from rev_accel import History, InputError, MessageLog
from rev_accel.history import INTERRUPTED, Budget, ToolOutputs, atoms, check
from rev_accel.history.summary import HEADER
from rev_accel.history.tokens import message_tokens
from rev_accel.history.validity import Checker
from rev_accel.llm import Request, ToolSet

from .campaign import run

SYSTEM = {"role": "system", "content": "Be brief."}
TASK = {"role": "user", "content": "Make the tests pass, and never touch setup.py."}
# Of some 28 tokens.
FILLER = "a line of text that fills the window; " * 3


def user(number: int, text: str = FILLER) -> dict[str, Any]:
    return {"role": "user", "content": f"{number}: {text}"}


def said(number: int, text: str = FILLER) -> dict[str, Any]:
    return {"role": "assistant", "content": f"{number}: {text}"}


def called(identity: str, tool: str = "read_file", **arguments: Any) -> dict[str, Any]:
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": identity, "type": "function", "function": function}],
    }


def result(identity: str, content: str = "done") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": identity, "content": content}


def talk(count: int) -> list[dict[str, Any]]:
    return [SYSTEM, TASK, *(said(number) if number % 2 else user(number) for number in range(1, count))]


def sent(log: list[dict[str, Any]], budget: int | Budget = 1_000, **how: Any) -> list[dict[str, Any]]:
    return list(History(MessageLog(log), budget=budget, **how).view().messages)


@pytest.mark.parametrize("_part", range(5))
def test_random_histories_give_views_that_servers_take_with_all_that_is_pinned(_part: int) -> None:
    seed = random.randrange(2**32)
    outcome = run(seed, 1_000)
    assert not any(outcome.found.values()), f"seed {seed}: {outcome}"
    # Enough of everything happened for this to mean something.
    assert outcome.cuts > 500 and outcome.by_model > 20 and outcome.summaries_compared > 200, outcome


def test_what_fits_is_sent_as_it_is() -> None:
    messages = talk(10)
    view = History(MessageLog(messages), budget=10_000).view()
    assert list(view.messages) == messages
    assert (view.cut, view.problems, view.omitted, view.fits) == (None, (), 0, True)


def test_a_request_takes_a_view_and_copies_nothing() -> None:
    log = MessageLog(talk(10))
    view = History(log, budget=10_000).view()
    request = Request(endpoint="http://localhost:11434", dialect="ollama", model="m", messages=view.messages)
    assert request.messages is view.messages
    # The key is that of the same messages given as a list.
    assert request.messages.digest == log.digest


def test_at_the_high_mark_it_is_cut_to_the_low_one_and_then_left_alone() -> None:
    history = History(MessageLog(), budget=Budget(tokens=2_000))
    sizes, cuts = [], []
    for message in talk(400):
        if message["role"] == "assistant":
            view = history.view()
            sizes.append(view.tokens)
            cuts.append(0 if view.cut is None else view.cut.number)
        history.append(message)
    assert max(sizes) <= 2_000
    assert 5 <= cuts[-1] <= 15
    for before, after, size in zip(cuts, cuts[1:], sizes[1:], strict=False):
        if before != after:
            assert size <= 0.35 * 2_000
    # Only cuts break the beginning of a request.
    assert history.prefix.broken == cuts[-1]
    assert history.prefix.share > 0.85


def test_the_same_log_and_budget_give_the_same_bytes_whenever_they_are_asked() -> None:
    messages = talk(120)
    history = History(MessageLog(), budget=1_500)
    for number, message in enumerate(messages):
        history.append(message)
        if number % 3 == 0:
            history.view()
    assert list(history.view().messages) == sent(messages, 1_500)


def test_system_task_latest_message_open_calls_and_last_error_are_never_cut() -> None:
    error = [called("bad", path="x.py"), result("bad", "Error: no such file")]
    calls = [{**called("open")["tool_calls"][0], "id": f"open{number}"} for number in range(3)]
    messages = [
        SYSTEM,
        TASK,
        *(said(number) for number in range(20)),
        *error,
        *(said(number) for number in range(40)),
        user(7, "the latest"),
        *(said(number) for number in range(30)),
        {"role": "assistant", "content": None, "tool_calls": calls},
        result("open1"),
    ]
    found = sent(messages, 800)
    assert found[:2] == [SYSTEM, TASK]
    assert found[2]["content"].startswith(HEADER)
    assert found[3:5] == error
    assert user(7, "the latest") in found
    waiting = [result("open0", INTERRUPTED), result("open1"), result("open2", INTERRUPTED)]
    assert found[-4:] == [messages[-2], *waiting]
    assert len(found) < 40


def test_results_are_put_in_the_order_of_the_calls() -> None:
    both = {**called("a"), "tool_calls": [called("a")["tool_calls"][0], called("b")["tool_calls"][0]]}
    messages = [TASK, both, result("b", "second"), result("a", "first")]
    assert sent(messages) == [TASK, both, result("a", "first"), result("b", "second")]
    unnamed = [TASK, both, {"role": "tool", "content": "first"}, {"role": "tool", "content": "second"}]
    assert sent(unnamed) == sent(messages)


def test_what_no_server_takes_is_mended_or_left_out_and_counted() -> None:
    messages = [
        TASK,
        result("nowhere"),
        {"role": "function", "name": "f", "content": "old"},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "assistant", "content": "", "tool_calls": 7},
        {**called("a"), "tool_calls": [*called("a")["tool_calls"], "no call"]},
        {"role": "tool", "tool_call_id": "a", "content": None},
        result("a", "twice"),
        {"role": "user", "content": {"a": 1}},
        {"role": "user", "content": []},
        {"role": "user", "content": 10**5000},
    ]
    view = History(MessageLog(messages), budget=1_000).view()
    assert list(view.messages) == [
        TASK,
        {"role": "assistant", "content": ""},
        {"role": "assistant", "content": ""},
        called("a"),
        result("a", ""),
        {"role": "user", "content": '{"a":1}'},
        {"role": "user", "content": ""},
        {"role": "user", "content": ""},
    ]
    assert (view.omitted, view.problems, check(messages) == ()) == (3, (), False)


def test_a_late_result_takes_the_place_of_interrupted_as_long_as_nothing_came_after() -> None:
    history = History(MessageLog([TASK, called("a")]), budget=1_000)
    assert history.view().messages[-1] == result("a", INTERRUPTED)
    history.append(result("a"))
    view = history.view()
    assert view.messages[-1] == result("a")
    assert view.prefix.broken_by == "messages[2]"


def test_pins_alone_can_be_more_than_the_budget_and_that_is_said() -> None:
    view = History(MessageLog([SYSTEM, {"role": "user", "content": "word " * 2_000}, said(1)]), budget=500).view()
    assert not view.fits and len(view.messages) == 3


def test_pins_beyond_the_budget_do_not_have_it_cut_at_each_call() -> None:
    asked = []
    task = {"role": "user", "content": "word " * 2_000}
    history = History(MessageLog([SYSTEM, task]), budget=1_000, summariser=lambda view: asked.append(view))
    for message in talk(100)[2:]:
        if message["role"] == "assistant":
            assert not history.view().fits
        history.append(message)
    assert history.prefix.requests > 40 and history.prefix.broken <= 25
    assert len(asked) <= history.prefix.broken


def test_an_empty_log_has_an_empty_view() -> None:
    view = History(MessageLog(), budget=100).view()
    assert (list(view.messages), view.tokens, view.prefix.share, view.cut) == ([], 0, 0, None)
    assert [problem.rule for problem in view.problems] == ["no_user"]


HOSTILE = (
    "\n" * 300_000,
    "- [ ]" * 100_000,
    "<think>" * 100_000,
    "</think>" + "<think>" * 100_000,
    "1" * 300_000,
    ". " * 200_000,
    "decided " * 50_000,
    "aaab" * 100_000,
    " " * 300_000 + "error",
    '{"error" ' * 50_000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:10].strip() or "blank" for text in HOSTILE])
def test_no_text_takes_more_than_its_length(text: str) -> None:
    # What is quadratic in these does not end before the time-out of the test.
    asked = called("a", text=text, path=text)
    messages = [TASK, said(1, text), user(1, text), asked, result("a", text), *talk(100)[2:]]
    view = History(MessageLog(messages), budget=1_000, outputs=ToolOutputs(None)).view()
    assert view.cut is not None and view.problems == ()


def test_results_without_end_for_a_call_that_waits_are_passed_over() -> None:
    both = {**called("a"), "tool_calls": [called("a")["tool_calls"][0], called("b")["tool_calls"][0]]}
    messages = [TASK, both, *(result(name) for name in ("a", "nowhere") * 50_000)]
    view = History(MessageLog(messages), budget=1_000).view()
    assert list(view.messages) == [TASK, both, result("a"), result("b", INTERRUPTED)]


def test_what_an_error_is_can_be_said_otherwise() -> None:
    def is_error(message: Any) -> bool:
        return "exit code 1" in message["content"]

    failed = [called("a", "run"), result("a", "exit code 1")]
    messages = [SYSTEM, TASK, *failed, *(said(number) for number in range(60))]
    assert failed[0] not in sent(messages)
    assert failed[0] in sent(messages, is_error=is_error)
    messages += [called("b", "run"), result("b", "exit code 1"), *(said(number) for number in range(60))]
    assert "Failed:\n- run(): exit code 1" in sent(messages, is_error=is_error)[2]["content"]
    assert "Failed" not in sent(messages)[2]["content"]


@pytest.mark.parametrize("wrong", [{"tokens": 0}, {"low": 0.95}, {"high": 1.5}, {"summary": 0.4}, {"least_gain": 1.0}])
def test_a_budget_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="budget"):
        Budget(**{"tokens": 1_000, **wrong})


def test_reported_tokens_move_the_marks() -> None:
    messages = talk(30)
    plain = History(MessageLog(messages), budget=2_000)
    reported = History(MessageLog(messages), budget=2_000)
    for history in (plain, reported):
        assert history.view().cut is None
    # Of a server that counts twice as many.
    view = reported.view()
    reported.observe(view, 2 * view.estimated, model="m")
    assert list(reported.view().messages) == list(view.messages)
    for history in (plain, reported):
        history.append(said(1))
        history.append(user(2))
    assert plain.view().cut is None
    assert reported.view().cut is not None
    assert reported.view().tokens > 1.5 * reported.view().estimated


def test_a_report_that_cannot_be_of_the_whole_request_is_not_believed() -> None:
    history = History(MessageLog(talk(30)), budget=2_000)
    view = history.view()
    history.observe(view, 10)
    history.observe(view, None)
    history.append(said(1))
    after = history.view()
    assert after.tokens == after.estimated


def test_a_resumed_run_goes_on_with_the_same_view(tmp_path: Path) -> None:
    messages = talk(100)
    asked = []

    def summary(view: Any) -> str:
        asked.append(len(view))
        return f"Summary {len(asked)}: the user wants the tests to pass."

    def play(part: list[dict[str, Any]]) -> tuple[Any, ...]:
        with MessageLog.open(tmp_path / "log") as log, MessageLog.open(tmp_path / "notes") as notes:
            history = History(log, budget=1_000, notes=notes, summariser=summary)
            for message in part:
                if message["role"] == "assistant":
                    view = history.view()
                    history.observe(view, int(1.2 * view.estimated), model="m")
                history.append(message)
            view = history.view()
            return list(view.messages), view.tokens, view.cut

    before = play(messages)
    count = len(asked)
    assert count >= 3
    assert play([]) == before
    assert len(asked) == count


def test_notes_of_something_else_are_passed_over() -> None:
    notes = MessageLog([{}, {"at": "x"}, {"kind": "usage", "at": 0}, {"kind": "summary", "at": 1, "text": None}, TASK])
    messages = talk(100)
    assert sent(messages, 1_000, notes=notes) == sent(messages, 1_000)


def test_a_view_costs_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = 0
    weigh = atoms.message_tokens

    def counting(message: Any) -> int:
        nonlocal measured
        measured += 1
        return weigh(message)

    monkeypatch.setattr(atoms, "message_tokens", counting)
    history = History(MessageLog(talk(3_000)), budget=10**6)
    first = history.view()
    assert measured == 3_001
    for number in range(5):
        history.append(said(number))
        view = history.view()
        # The list of what is sent is the same, with more in it.
        assert view.messages._items is first.messages._items
    assert measured == 3_006
    # With cuts, each message is weighed once, and each summary.
    measured = 0
    cut = History(MessageLog(talk(3_000)), budget=2_000).view().cut
    assert cut is not None and measured == 3_001 + cut.number


def test_a_view_while_calls_wait_checks_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = 0
    feed = Checker.feed

    def counting(self: Checker, message: Any) -> None:
        nonlocal checked
        checked += 1
        feed(self, message)

    monkeypatch.setattr(Checker, "feed", counting)
    history = History(MessageLog([*talk(3_000), TASK, called("a")]), budget=10**6)
    assert history.view().problems == ()
    checked = 0
    for _ in range(5):
        assert history.view().problems == ()
    # The call, and what stands for its result.
    assert checked == 10


def test_what_a_view_holds_does_not_change_with_the_log() -> None:
    history = History(MessageLog(talk(10)), budget=10_000)
    view = history.view()
    before = list(view.messages)
    history.append(user(1))
    history.view()
    assert list(view.messages) == before


def test_tools_count_and_what_breaks_the_beginning_of_a_request_is_named() -> None:
    tool = {"type": "function", "function": {"name": "read", "description": "Reads a file. " * 50}}
    log = MessageLog([SYSTEM, TASK])
    history = History(log, budget=5_000, tools=[tool])
    first = history.view()
    assert first.prefix.broken_by is None and first.prefix.shared_messages == 0
    assert first.tokens > History(log, budget=5_000).view().tokens + 100
    log.append(said(1))
    second = history.view(tools=ToolSet([tool]))
    assert second.prefix.broken_by is None and second.prefix.shared_messages == 2
    assert 0 < second.prefix.share < 1
    log.append(user(1))
    assert history.view(tools=[]).prefix.broken_by == "tools"
    log.append(called("a"))
    history.view(tools=[])
    log.append(result("a"))
    assert history.view(tools=[]).prefix.broken_by == "messages[5]"
    log.extend(said(number) for number in range(300))
    assert history.view(tools=[]).prefix.broken_by == "cut"
    assert (history.prefix.requests, history.prefix.broken) == (6, 3)


def test_long_results_are_cut_when_they_are_appended(tmp_path: Path) -> None:
    history = History(MessageLog(), budget=10_000, outputs=ToolOutputs(tmp_path, limit=500))
    for message in (TASK, called("a"), result("a", "x" * 2_000), user(1, "y" * 2_000)):
        history.append(message)
    assert len(history.log[2]["content"]) < 700
    assert len(history.log[3]["content"]) > 2_000


def sliding(messages: list[Any], sizes: list[int], keep: int = 20) -> float:
    """What a request of the last messages costs: all of it but the system message is fresh once the window moves."""
    if len(messages) <= keep:
        # Only what came since the request before.
        fresh = sizes[-2:]
        return sum(fresh) + 0.1 * (sum(sizes) - sum(fresh))
    start = len(messages) - keep
    while messages[start]["role"] == "tool":
        start += 1
    return 0.1 * sizes[0] + sum(sizes[start:])


@pytest.mark.parametrize("budget", [6_000, 8_000])
def test_recorded_conversations_cost_half_of_never_trimming_and_less_than_a_sliding_window(budget: int) -> None:
    singles = conversations()
    spent = []
    sliding_cost = 0.0
    for start in range(0, len(singles), 10):
        told = [singles[start][0], *(message for one in singles[start : start + 10] for message in one[1:])]
        assert len(told) > 100
        messages: list[Any] = []
        sizes: list[int] = []
        history, whole = History(MessageLog(), budget=budget), History(MessageLog(), budget=10**9)
        for message in told:
            if message["role"] == "assistant":
                view = history.view()
                assert view.problems == () and view.fits
                whole.view()
                sliding_cost += sliding(messages, sizes)
            history.append(message)
            whole.append(message)
            messages.append(message)
            sizes.append(message_tokens(message))
        spent.append((history.prefix, whole.prefix))
    tokens, never = (sum(pair[at].tokens for pair in spent) for at in (0, 1))
    cost, never_cost = (sum(pair[at].cost() for pair in spent) for at in (0, 1))
    assert 0.6 <= 1 - tokens / never <= 0.8
    assert cost / never_cost <= 0.5
    assert cost / sliding_cost <= 0.45
