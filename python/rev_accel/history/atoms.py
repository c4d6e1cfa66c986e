"""What is kept or cut whole: a single message, or an assistant message with tool calls and the results of all of these.

Servers refuse a request that holds a call without its result or a result without its call. `Grouping` reads a log in
order and makes sound atoms of it: results in the order of the calls, one for each; a call that had no result when the
conversation went on gets `INTERRUPTED`; a result without a call is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rev_accel.frozen import FrozenDict, FrozenList, copy
from rev_accel.llm.estimate import compact

from .calls import Call, calls, pair
from .file import encode
from .log import INTERRUPTED
from .tokens import message_tokens

__all__ = ["ROLES", "SYSTEM", "Atom", "Grouping"]

SYSTEM = ("system", "developer")
ROLES = (*SYSTEM, "user", "assistant", "tool")
"""The roles of messages that servers know."""

# Results that belong to none of the calls that wait are looked through this often, not without end.
MOST_STRAY = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Atom:
    """Messages that are kept or cut together, as they are sent."""

    role: str
    messages: tuple[FrozenDict, ...]
    calls: tuple[Call, ...] = ()

    sizes: tuple[tuple[int, int], ...] = field(init=False)
    """Of each message, the bytes as JSON and the tokens, estimated."""
    tokens: int = field(init=False)

    def __post_init__(self) -> None:
        # Measured once: atoms are weighed at each cut.
        sizes = tuple((_bytes(message), message_tokens(message)) for message in self.messages)
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "tokens", sum(tokens for _, tokens in sizes))


class Grouping:
    """Makes atoms of messages that come one by one."""

    def __init__(self) -> None:
        self.omitted = 0
        """Messages that no server would take: results without a call, and unknown roles."""
        self._head: FrozenDict | None = None
        self._calls: tuple[Call, ...] = ()
        self._results: list[FrozenDict] = []

    def feed(self, message: FrozenDict) -> list[Atom]:
        """Takes the next message; the atoms that nothing can be added to any more."""
        role = message.get("role")
        if role == "tool":
            if self._head is None or len(self._results) >= len(self._calls) + MOST_STRAY:
                self.omitted += 1
                return []
            self._results.append(message)
            if len(self._results) < len(self._calls):
                return []
            own = self._own()
            return [] if None in own else [self._close(self._head, own)]
        if role not in ROLES:
            self.omitted += 1
            return []
        closed = [] if self._head is None else [self._close(self._head, self._own())]
        found = calls(message) if role == "assistant" else ()
        if found:
            self._head, self._calls = _sound(message, found), found
        else:
            closed.append(Atom(role=role, messages=(_sound(message, ()),)))
        return closed

    def open(self) -> Atom | None:
        """The tool calls that still wait for results, as they would be sent now."""
        return None if self._head is None else self._atom(self._head, self._own())

    def _close(self, head: FrozenDict, own: Sequence[FrozenDict | None]) -> Atom:
        atom = self._atom(head, own)
        self.omitted += len(self._results) - sum(result is not None for result in own)
        self._head, self._calls, self._results = None, (), []
        return atom

    def _own(self) -> list[FrozenDict | None]:
        """For each call, its result."""
        return [None if at is None else self._results[at] for at in pair(self._calls, self._results)]

    def _atom(self, head: FrozenDict, own: Sequence[FrozenDict | None]) -> Atom:
        return Atom(role="assistant", messages=(head, *_results(self._calls, own)), calls=self._calls)


def _results(calls: Sequence[Call], own: Sequence[FrozenDict | None]) -> list[FrozenDict]:
    """A result for each call, in their order."""
    found = []
    for call, result in zip(calls, own, strict=True):
        if result is None:
            made = {"role": "tool", "content": INTERRUPTED}
            made |= {"tool_call_id": call.id} if call.id is not None else {"tool_name": call.tool}
            found.append(FrozenDict(made))
            continue
        if call.id is not None and result.get("tool_call_id") != call.id:
            result = FrozenDict({**result, "tool_call_id": call.id})
        elif call.id is None and result.get("tool_name", call.tool) != call.tool:
            result = FrozenDict({**result, "tool_name": call.tool})
        found.append(_sound(result, ()))
    return found


def _sound(message: FrozenDict, found: tuple[Call, ...]) -> FrozenDict:
    """The message as a server takes it; the same object where nothing is wrong with it."""
    changed: dict[str, Any] = {}
    if found and len(found) != len(message["tool_calls"]):
        changed["tool_calls"] = FrozenList(call for call in message["tool_calls"] if calls({"tool_calls": [call]}))
    content = message.get("content")
    if content is None:
        # With calls, an assistant may say nothing.
        if not found:
            changed["content"] = ""
    elif not isinstance(content, (str, list)):
        changed["content"] = compact(content)
    elif content == []:
        changed["content"] = ""
    elif not isinstance(content, str) and not all(isinstance(part, dict) for part in content):
        changed["content"] = compact(content)
    needs_none = not found and "tool_calls" in message
    if not changed and not needs_none:
        return message
    made = {**message, **changed}
    if needs_none:
        del made["tool_calls"]
    sound: FrozenDict = copy(made)
    return sound


def _bytes(message: FrozenDict) -> int:
    try:
        return len(encode(message))
    except (ValueError, RecursionError):  # an int of thousands of digits, or nested too deep: no server takes it
        return 0
