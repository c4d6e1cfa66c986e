"""The calls of one reply: what runs at once, in which order results stand, and what Ctrl-C leaves."""

from __future__ import annotations

import contextvars
import os
import signal
import threading
import time
from typing import Any

import pytest

from rev_accel import MessageLog
from rev_accel.errors import InputError
from rev_accel.history import check
from rev_accel.history.log import INTERRUPTED
from rev_accel.tools import CallsInterrupted, Registry, ToolResult, execute_calls, tool

PLACE = contextvars.ContextVar("place", default="nowhere")


class Notebook:
    """Tools that write down when they began and ended."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.together = threading.Barrier(3, timeout=20)
        self.released = threading.Event()

    @tool(description="Reading {name}", reads=True)
    def read(self, name: str, wait: float = 0.0) -> str:
        self.events.append(f"+{name}")
        time.sleep(wait)
        self.events.append(f"-{name}")
        return f"{name} at {PLACE.get()}"

    @tool(description="Meeting", reads=True)
    def meet(self) -> str:
        self.together.wait()
        PLACE.set("changed")
        return threading.current_thread().name

    @tool(description="Writing {name}", reads=False)
    def write(self, name: str) -> str:
        self.events.append(f"write {name}")
        return f"wrote {name} at {PLACE.get()}"

    @tool(description="Interrupting", reads=False)
    def interrupt(self) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)
        return "not interrupted"

    @tool(description="Interrupting meanwhile", reads=True)
    def interrupt_from_a_thread(self) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "sent"

    @tool(description="Waiting", reads=True)
    def hang(self) -> str:
        self.released.wait(60)
        return "woke"


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def registry(notebook: Notebook) -> Registry:
    one = notebook
    return Registry([one.read, one.meet, one.write, one.interrupt, one.interrupt_from_a_thread, one.hang])


def call(tool_name: str, number: int | None = None, /, **arguments: Any) -> dict[str, Any]:
    function = {"name": tool_name, "arguments": arguments}
    return (
        {"function": function} if number is None else {"id": f"call_{number}", "type": "function", "function": function}
    )


def test_results_stand_in_the_order_of_the_calls(registry: Registry) -> None:
    calls = [call("read", n, name=str(n), wait=(5 - n) * 0.01) for n in range(6)]
    results = execute_calls(calls, registry)
    assert [one.text for one in results] == [f"{n} at nowhere" for n in range(6)]
    assert [one.id for one in results] == [f"call_{n}" for n in range(6)] and not any(one.failed for one in results)


def test_calls_that_read_run_at_once_in_copies_of_the_context(registry: Registry) -> None:
    was = PLACE.set("here")
    results = execute_calls([call("meet", n) for n in range(3)] + [call("read", 3, name="a")], registry)
    assert {one.text for one in results[:3]} == {"rev_accel.tools"} and results[3].text == "a at here"
    assert PLACE.get() == "here"
    PLACE.reset(was)


def test_no_more_threads_run_than_are_allowed(registry: Registry, notebook: Notebook) -> None:
    execute_calls([call("read", n, name=str(n), wait=0.01) for n in range(8)], registry, threads=2)
    inside = most = 0
    for event in notebook.events:
        inside += 1 if event[0] == "+" else -1
        most = max(most, inside)
    assert most == 2
    with pytest.raises(InputError, match="`threads` is 0"):
        execute_calls([], registry, threads=0)


def test_what_writes_waits_for_those_before_and_those_behind_wait_for_it(
    registry: Registry, notebook: Notebook
) -> None:
    calls = [
        call("read", 0, name="a", wait=0.05),
        call("read", 1, name="b"),
        call("write", 2, name="c"),
        call("write", 3, name="d"),
        call("read", 4, name="e"),
    ]
    results = execute_calls(calls, registry)
    assert notebook.events[4:] == ["write c", "write d", "+e", "-e"] and sorted(notebook.events[:4]) == [
        "+a",
        "+b",
        "-a",
        "-b",
    ]
    assert [one.text.split()[0] for one in results] == ["a", "b", "wrote", "wrote", "e"]


def test_results_of_both_dialects_make_a_valid_conversation(registry: Registry) -> None:
    for numbered in (True, False):
        calls = [call("read", 1 if numbered else None, name="a"), call("made_up", 2 if numbered else None)]
        log = MessageLog(
            [{"role": "user", "content": "go"}, {"role": "assistant", "content": None, "tool_calls": calls}]
        )
        results = execute_calls(log[1]["tool_calls"], registry)
        log.extend([one.message() for one in results])
        assert not check(log)
        assert [one.failed for one in results] == [False, True]
        assert ("tool_call_id" in log[2], "tool_name" in log[2]) == (numbered, not numbered)


def test_the_calls_of_a_reply_may_be_given_as_they_are(registry: Registry) -> None:
    from rev_accel.frozen import copy
    from rev_accel.llm import ToolCall

    calls = [
        ToolCall(name="read", arguments=copy({"name": "a"}, "x"), text='{"name": "a"}', id="1"),
        ToolCall(name="read", arguments=None, text='{"name": ', id="2", problem="no JSON"),
    ]
    good, bad = execute_calls(calls, registry)
    assert good == ToolResult(name="read", id="1", text="a at nowhere", failed=False)
    assert bad.failed and "no JSON object" in bad.text


@pytest.mark.parametrize("broken", [{}, {"function": None}, {"id": "1"}, {"id": 5, "function": []}, None, 5, "read"])
def test_what_is_no_call_has_a_result_that_says_so_beside_those_of_others(registry: Registry, broken: Any) -> None:
    first, second, third = execute_calls([call("read", 0, name="a"), broken, call("write", 2, name="b")], registry)
    assert (first.text, third.text) == ("a at nowhere", "wrote b at nowhere")
    assert second.failed and second.name == "" and "this is no call: expected a `function`" in second.text
    assert second.id == ("1" if broken == {"id": "1"} else None)


@pytest.mark.parametrize("most", [0, 1, 2])
def test_where_the_system_gives_no_more_threads_the_calls_are_executed_all_the_same(
    registry: Registry, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = threading.Thread.start, []

    def refuse(thread: threading.Thread) -> None:
        if len(started) >= most:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    results = execute_calls([call("read", n, name=str(n)) for n in range(20)], registry)
    assert [one.text for one in results] == [f"{n} at nowhere" for n in range(20)]


def test_a_call_without_a_usable_name_has_a_result(registry: Registry) -> None:
    (result,) = execute_calls([{"id": 5, "function": {"name": None, "arguments": {}}}], registry)
    assert result.failed and result.id is None and "there is no tool" in result.text


class TestInterrupted:
    def test_in_a_tool_that_writes(self, registry: Registry, notebook: Notebook) -> None:
        calls = [call("read", 0, name="a"), call("interrupt", 1), call("write", 2, name="b")]
        with pytest.raises(CallsInterrupted) as caught:
            execute_calls(calls, registry)
        assert [one.text for one in caught.value.results] == ["a at nowhere", INTERRUPTED, INTERRUPTED]
        assert [one.failed for one in caught.value.results] == [False, True, True]
        assert isinstance(caught.value, KeyboardInterrupt) and "write b" not in notebook.events

    def test_while_others_run_in_threads(self, registry: Registry, notebook: Notebook) -> None:
        calls = [call("hang", 0), call("interrupt_from_a_thread", 1), *(call("read", n, name=str(n)) for n in (2, 3))]
        started = time.monotonic()
        with pytest.raises(CallsInterrupted) as caught:
            execute_calls(calls, registry, threads=2)
        assert time.monotonic() - started < 30  # it does not wait for the one that hangs
        notebook.released.set()
        hung, *_ = caught.value.results
        assert hung.text == INTERRUPTED and len(caught.value.results) == 4
        log = MessageLog([{"role": "user", "content": "go"}, {"role": "assistant", "content": "", "tool_calls": calls}])
        log.extend([one.message() for one in caught.value.results])
        assert not check(log)
