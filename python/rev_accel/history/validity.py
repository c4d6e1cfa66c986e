"""Whether a server takes messages as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from .atoms import ROLES
from .calls import Call, calls

if TYPE_CHECKING:
    from rev_accel.llm.request import Dialect

__all__ = ["Checker", "Problem", "Rule", "check"]

Rule = Literal["role", "content", "calls", "arguments", "missing_result", "orphan_result", "result_order", "no_user"]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a message."""

    place: str
    """As `messages[3].content`."""
    rule: Rule
    text: str

    def __str__(self) -> str:
        return f"`{self.place}` {self.text}"


def check(messages: Iterable[Mapping[str, Any]], *, dialect: Dialect | None = None) -> tuple[Problem, ...]:
    """What a server would refuse in messages, in their order; empty when they are sound.

    Each tool call has one result, which stands right after the message with the calls, in the order of these, and no
    result stands elsewhere. Roles are known, contents are there, lists of calls are not empty, and there is a user's
    message, which the templates of some models need. With `dialect` also what only one of them asks for: OpenAI's that
    calls and results have ids and arguments are text, Ollama's that arguments are objects and contents text.
    """
    checker = Checker(dialect)
    for message in messages:
        checker.feed(message)
    return checker.problems()


class Checker:
    """`check` for messages that come one by one; each costs only itself."""

    def __init__(self, dialect: Dialect | None = None) -> None:
        self._dialect = dialect
        self._found: list[Problem] = []
        self._count = 0
        self._waiting: tuple[Call, ...] = ()
        self._owner = 0
        self._answered = 0
        self._has_user = False

    def copy(self) -> Checker:
        """One that goes on from here by itself."""
        made = copy(self)
        made._found = self._found.copy()
        return made

    def problems(self) -> tuple[Problem, ...]:
        """What was found so far, taking what came as all."""
        found = [*self._found, *self._unanswered()]
        if not self._has_user:
            found.append(Problem("messages", "no_user", "has no message of a user, which some models' templates need"))
        return tuple(found)

    def feed(self, message: Mapping[str, Any]) -> None:
        """Takes the next message."""
        place = f"messages[{self._count}]"
        role = message.get("role")
        if role == "tool":
            self._result(place, message)
        else:
            self._found += self._unanswered()
            self._waiting, self._answered = (), 0
            if role not in ROLES:
                self._add(f"{place}.role", "role", f"is {role!r}: expected one of {', '.join(ROLES)}")
            elif role == "assistant":
                self._calls(place, message)
            self._has_user = self._has_user or role == "user"
        self._content(place, message)
        self._count += 1

    def _add(self, place: str, rule: Rule, text: str) -> None:
        self._found.append(Problem(place, rule, text))

    def _unanswered(self) -> list[Problem]:
        return [
            Problem(
                f"messages[{self._owner}].tool_calls[{number}]",
                "missing_result",
                f"has no result: expected a message of role `tool` for `{self._waiting[number].tool}` after it",
            )
            for number in range(self._answered, len(self._waiting))
        ]

    def _calls(self, place: str, message: Mapping[str, Any]) -> None:
        if "tool_calls" not in message:
            return
        given = message["tool_calls"]
        self._waiting, self._owner = calls(message), self._count
        if not self._waiting or len(self._waiting) != len(given):
            self._add(f"{place}.tool_calls", "calls", "is not a list of calls of named tools: leave it out if empty")
        for number, call in enumerate(self._waiting):
            at = f"{place}.tool_calls[{number}]"
            if self._dialect == "openai" and call.id is None:
                self._add(f"{at}.id", "calls", "is missing")
            expected = {"openai": str, "ollama": dict}.get(self._dialect or "")
            if expected is not None and not isinstance(call.arguments, expected):
                found = type(call.arguments).__name__
                text = f"is of type `{found}`: the dialect `{self._dialect}` expects `{expected.__name__}`"
                self._add(f"{at}.function.arguments", "arguments", text)

    def _result(self, place: str, message: Mapping[str, Any]) -> None:
        if self._answered >= len(self._waiting):
            self._add(place, "orphan_result", "is the result of no call: expected a message with tool calls before it")
            return
        call = self._waiting[self._answered]
        self._answered += 1
        identity, tool = message.get("tool_call_id"), message.get("tool_name")
        if call.id is not None or identity:
            is_own = identity == call.id or (not identity and self._dialect != "openai" and tool == call.tool)
        else:
            is_own = not tool or tool == call.tool
        if not is_own:
            expected = f"the id {call.id!r}" if call.id is not None else f"the tool `{call.tool}`"
            self._add(place, "result_order", f"is not the result whose turn it is: expected {expected}")

    def _content(self, place: str, message: Mapping[str, Any]) -> None:
        content, role = message.get("content"), message.get("role")
        if content is None:
            if not (role == "assistant" and self._waiting):
                self._add(f"{place}.content", "content", "is missing: expected a text, if need be an empty one")
        elif isinstance(content, (list, tuple)):
            if self._dialect == "ollama" or not content or not all(isinstance(part, dict) for part in content):
                self._add(
                    f"{place}.content",
                    "content",
                    "is a list: expected a text" + ("" if self._dialect == "ollama" else ", or a list of parts"),
                )
        elif not isinstance(content, str):
            self._add(f"{place}.content", "content", f"is of type `{type(content).__name__}`: expected a text")
