"""The calls of one reply of a model: those that read beside each other, with the results in the order of the calls."""

from __future__ import annotations

import contextvars
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from rev_accel.errors import InputError
from rev_accel.history.log import INTERRUPTED

from .result import Failure

if TYPE_CHECKING:
    from rev_accel.llm import ToolCall

    from .registry import Registry

__all__ = ["CallsInterrupted", "ToolResult", "as_dict", "execute_calls"]

THREADS = 8

NO_CALL = "Error: this is no call: expected a `function` with a `name`, as in `tool_calls` of an assistant's message."


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolResult:
    """What came of a call."""

    name: str
    id: str | None
    """As the server gave it; `None` where it gave none."""
    text: str
    failed: bool

    def message(self) -> dict[str, Any]:
        """The message that answers the call, in the dialects of OpenAI and Ollama."""
        which = {"tool_name": self.name} if self.id is None else {"tool_call_id": self.id}
        return {"role": "tool", **which, "content": self.text}


class CallsInterrupted(KeyboardInterrupt):
    """Ctrl-C while calls were executed. Each has a result all the same, so a conversation stays valid."""

    def __init__(self, results: Sequence[ToolResult]) -> None:
        super().__init__()
        self.results = results
        """In the order of the calls; of those that had not ended, the text says so."""


Execute = Callable[[int, str, Any], str]
"""Executes a call, given its number in the reply, the name of the tool and its arguments."""


def execute_calls(
    calls: Iterable[ToolCall | Mapping[str, Any]],
    registry: Registry,
    *,
    threads: int = THREADS,
    execute: Execute | None = None,
) -> list[ToolResult]:
    """Executes the calls of a reply, with the outcome of executing them one after the other.

    Calls of tools that read and stand next to each other are executed at once; one that writes waits for those before
    it, and those behind it wait for it. Each runs in a copy of the caller's context (`contextvars`).

    Args:
        calls: `reply.tool_calls`, or dicts as they stand in an assistant's message.
        threads: How many run at once at most.
        execute: Called in place of the registry's `execute`, for what is to be done around it.

    Returns:
        The results in the order of the calls; what is no call has one that says so.

    Raises:
        CallsInterrupted: Ctrl-C; it has all the results that there are. It does not wait for tools that run in other
            threads, but the process does before it ends.
    """
    if threads < 1:
        raise InputError(f"`threads` is {threads}: expected at least 1")
    asked = [_Asked.of(call) for call in calls]
    texts: list[str] = [Failure(INTERRUPTED)] * len(asked)

    def perform(number: int) -> None:
        one = asked[number]
        if not one.is_call:
            texts[number] = Failure(NO_CALL)
        elif execute is None:
            texts[number] = registry.execute(one.name, one.arguments)
        else:
            texts[number] = execute(number, one.name, one.arguments)

    try:
        for group in _groups(asked, registry):
            _execute(group, perform, threads)
    except KeyboardInterrupt as error:
        raise CallsInterrupted(_results(asked, texts)) from error
    return _results(asked, texts)


def as_dict(arguments: Any) -> dict[str, Any] | None:
    """The arguments of a call as data; `None` if they are no object, or no text of one."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            return None
    return dict(arguments) if isinstance(arguments, Mapping) else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A call, whatever it came as."""

    name: str
    id: str | None
    arguments: Any
    """A dict, or the text of a JSON object."""
    is_call: bool
    """Whether it came as one; what did not has a result, too, so that those of the others are not lost."""

    @classmethod
    def of(cls, call: ToolCall | Mapping[str, Any]) -> _Asked:
        if isinstance(call, Mapping):
            function, identity, name, arguments = call.get("function"), call.get("id"), None, None
            if is_call := isinstance(function, Mapping):
                name, arguments = function.get("name"), function.get("arguments")
        else:
            name, identity = getattr(call, "name", None), getattr(call, "id", None)
            arguments = getattr(call, "arguments", None)
            if arguments is None:
                arguments = getattr(call, "text", None)
            is_call = isinstance(name, str)
        return cls(
            str.__str__(name) if isinstance(name, str) else "",  # of no class of its own, which could be anything
            identity if isinstance(identity, str) and identity else None,
            arguments,
            is_call,
        )


def _results(asked: Sequence[_Asked], texts: Sequence[str]) -> list[ToolResult]:
    return [
        ToolResult(name=one.name, id=one.id, text=str(text), failed=isinstance(text, Failure))
        for one, text in zip(asked, texts, strict=True)
    ]


def _groups(asked: Sequence[_Asked], registry: Registry) -> Iterable[list[int]]:
    """Which calls may be executed at once, by their numbers, in order."""
    group: list[int] = []
    for number, one in enumerate(asked):
        found = registry.get(one.name)
        if found is None or found.reads:
            group.append(number)
            continue
        if group:
            yield group
        yield [number]
        group = []
    if group:
        yield group


def _execute(group: Sequence[int], execute: Callable[[int], None], threads: int) -> None:
    """Executes the calls of a group, each in a copy of this context."""
    contexts = {number: contextvars.copy_context() for number in group}
    if len(group) == 1 or threads == 1:
        for number in group:
            contexts[number].run(execute, number)
        return
    waiting, ended = list(reversed(group)), SimpleQueue[BaseException | None]()

    def work() -> None:
        problem = None
        try:
            while waiting:
                number = waiting.pop()
                contexts[number].run(execute, number)
        except IndexError:  # another thread was faster
            pass
        except BaseException as error:
            problem = error
        ended.put(problem)

    started = 0
    try:
        for _ in range(min(threads, len(group))):
            try:
                Thread(target=work, name="rev_accel.tools").start()
            except RuntimeError:  # the system gives no more: this one takes part
                work()
                started += 1
                break
            started += 1
        for _ in range(started):
            if (problem := ended.get()) is not None:
                raise problem
    finally:
        waiting.clear()
