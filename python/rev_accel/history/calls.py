"""Tool calls in a message, and which result belongs to which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Call", "calls", "pair"]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call of an assistant message, as far as results need it."""

    id: str | None
    tool: str
    arguments: Any


def calls(message: Mapping[str, Any]) -> tuple[Call, ...]:
    """The tool calls of a message; what is no call of a tool, by a name which may be empty, is not one."""
    given = message.get("tool_calls")
    if not given or not isinstance(given, (list, tuple)):
        return ()
    found = []
    for call in given:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict):
            continue
        tool, identity = function.get("name"), call.get("id")
        if isinstance(tool, str):
            identity = identity if isinstance(identity, str) and identity else None
            found.append(Call(identity, tool, function.get("arguments")))
    return tuple(found)


def pair(calls: Sequence[Call], results: Sequence[Mapping[str, Any]]) -> list[int | None]:
    """For each call, which of the results is its own; `None` where there is none.

    By id first. What names no id belongs, as with Ollama, to a call of the tool that it names, else to the next one.
    """
    found: list[int | None] = [None] * len(calls)
    waiting = list(range(len(calls)))
    unnamed = []
    for number, result in enumerate(results):
        identity = result.get("tool_call_id")
        if not identity:
            unnamed.append(number)
            continue
        own = next((at for at in waiting if calls[at].id == identity), None)
        if own is not None:
            waiting.remove(own)
            found[own] = number
    for number in unnamed:
        tool = results[number].get("tool_name")
        own = next((at for at in waiting if tool and calls[at].tool == tool), next(iter(waiting), None))
        if own is not None:
            waiting.remove(own)
            found[own] = number
    return found
