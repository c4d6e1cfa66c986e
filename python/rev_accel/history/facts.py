"""What a summary keeps of messages that are no longer sent, taken from their text alone: equal logs, equal words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from rev_accel.llm.estimate import compact

from .atoms import Atom
from .calls import Call
from .earlier import shortened
from .log import INTERRUPTED

__all__ = ["HEADER", "Facts", "arguments_of", "files_of", "is_error", "one_line", "shown", "text_of"]

HEADER = "[Summary of the earlier conversation"
"""How the message begins that stands for what was cut."""

EARLIER = "An earlier summary, by a model:\n"

# Of a list that grows without end, the first ones and the newest are kept: intent stands early, state late.
MOST_LINES = 256
FIRST_LINES = 64

# Characters of a line, from generous to the least that still names a thing; and lines of a section.
LENGTHS = (600, 300, 150, 80, 40)
COUNTS = (64, 32, 16, 8, 4, 2, 1)

STEPS = (*((length, MOST_LINES) for length in LENGTHS), *((LENGTHS[-1], count) for count in COUNTS))

# What was done and touched is thinned so many steps before what the user said, what is pending and what was decided.
AHEAD = 3
FORMS = tuple((STEPS[min(at, len(STEPS) - 1)], STEPS[max(at - AHEAD, 0)]) for at in range(len(STEPS) + AHEAD))
# Words of the user are still sentences in this one: to it facts are thinned before an earlier summary is.
READABLE = FORMS[AHEAD + 2]

# A list of names may be so many lines long.
NAMES = 10

TARGET_CHARACTERS = 80
# Of the tools that touched a file, so many are named.
MOST_TOOLS = 8
# Beyond it arguments are not parsed for the files that they name.
MOST_ARGUMENTS = 200_000

_ERROR = re.compile(
    r"\s*(?:\{\s*\"error\"|(?:fatal |unexpected )?error\b|traceback \(most recent|exception\b)", re.IGNORECASE
)
_FILE_NAMES = re.compile(
    r"(?:^|_)(?:path|paths|file|files|filename|filenames|source|destination|src|dst)$", re.IGNORECASE
)
_DECISIONS = (
    *("decid", "decision", "chose", "choosing", "agreed", "instead of", "rather than", "going with", "will not"),
    *("won't", "must not"),
)
_TASK = re.compile(r"^[ \t]*(?:[-*]|\d{1,4}[.)])[ \t]+\[([ xX])\][ \t]+(.+)$", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


def is_error(message: Mapping[str, Any]) -> bool:
    """Whether the result of a tool tells of a failure: it says so, or its text begins as errors do."""
    if message.get("is_error") is True:
        return True
    content = text_of(message)
    return content == INTERRUPTED or _ERROR.match(content) is not None


@dataclass
class Facts:
    """The facts of all messages that were cut so far."""

    is_error: Callable[[Mapping[str, Any]], bool] = is_error
    """Which results tell of a failure."""
    messages: int = 0
    asked: list[str] = field(default_factory=list)
    done: dict[str, tuple[int, dict[str, None]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    pending: dict[str, None] = field(default_factory=dict)
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """With the tools that touched them."""
    decisions: list[str] = field(default_factory=list)
    last_error: str = ""
    last_said: str = ""
    earlier: str = ""
    """What a model wrote in place of the messages before these."""

    def copy(self) -> Facts:
        """One that can be added to."""
        made = copy(self)
        for name in ("asked", "done", "failed", "pending", "files", "decisions"):
            setattr(made, name, getattr(self, name).copy())
        return made

    def add(self, atom: Atom) -> None:
        """Takes what an atom says."""
        self.messages += len(atom.messages)
        first = atom.messages[0]
        text = text_of(first)
        for mark, task in _TASK.findall(text):
            self._task(one_line(task, LENGTHS[0]), is_done=mark != " ")
        if atom.role == "user" and text.strip():
            _append(self.asked, one_line(text, LENGTHS[0]))
        if atom.role == "assistant" and text.strip():
            self.last_said = one_line(text, LENGTHS[0])
            for sentence in _decisions(text):
                _append(self.decisions, one_line(sentence, LENGTHS[1]))
        for call, result in zip(atom.calls, atom.messages[1:], strict=True):
            self._called(call, result)

    def text(self, characters: int) -> str:
        """The summary, of at most about so many characters: lines get shorter first, then fewer.

        What a model wrote stays whole as long as the facts beside it can be read; else it has at least half the room.
        """
        beside = len(self._render(*READABLE, "")) + len(EARLIER)
        earlier = shortened(self.earlier, max(characters - beside, characters // 2))
        # The first form that fits, found by halves: each is shorter than the one before.
        low, high = 0, len(FORMS) - 1
        while low < high:
            middle = (low + high) // 2
            if len(self._render(*FORMS[middle], earlier)) <= characters:
                high = middle
            else:
                low = middle + 1
        return self._render(*FORMS[low], earlier)

    def _task(self, task: str, *, is_done: bool) -> None:
        if is_done:
            self.pending.pop(task, None)
            self._count("task", task)
        else:
            self.pending[task] = None
            _bound(self.pending)

    def _called(self, call: Call, result: Mapping[str, Any]) -> None:
        arguments = arguments_of(call.arguments)
        files = list(files_of(arguments))
        for file in files:
            tools = self.files.get(file, ())
            self.files[file] = tools if call.tool in tools else (*tools, call.tool)[:MOST_TOOLS]
        _bound(self.files)
        target = ", ".join(files) or shown(arguments)
        name = f"{call.tool}({one_line(target, TARGET_CHARACTERS)})"
        content = text_of(result)
        if content == INTERRUPTED:
            self.pending[f"{name}: {INTERRUPTED}"] = None
            _bound(self.pending)
        elif self.is_error(result):
            self.last_error = f"{name}: {one_line(content, LENGTHS[0])}"
            self.failed.pop(name, None)
            self.failed[name] = one_line(content, LENGTHS[1])
            _bound(self.failed)
        else:
            if name in self.failed and not self.failed[name].startswith("(done later)"):
                self.failed[name] = f"(done later) {self.failed[name]}"
            # Files are named once, among those touched.
            self._count(call.tool, "" if files else one_line(target, TARGET_CHARACTERS))

    def _count(self, tool: str, target: str) -> None:
        count, targets = self.done.get(tool, (0, {}))
        targets = {**targets, target: None} if target else targets
        _bound(targets)
        self.done[tool] = (count + 1, targets)
        _bound(self.done)

    def _render(self, low: tuple[int, int], high: tuple[int, int], earlier: str) -> str:
        """The summary with so long and so many lines where the rank is low, and where it is high."""
        length, count = low
        done = []
        for tool, (times, targets) in self.done.items():
            named = _joined(list(targets), count, NAMES * length)
            done.append(f"{tool} × {times}" + (f": {named}" if named else ""))
        by_tools: dict[tuple[str, ...], list[str]] = {}
        for file, tools in self.files.items():
            by_tools.setdefault(tools, []).append(file)
        touched = [
            f"{one_line(', '.join(tools), TARGET_CHARACTERS)}: {_joined(files, 2 * count, NAMES * length)}"
            for tools, files in by_tools.items()
        ]
        failed = [f"{name}: {why}" for name, why in self.failed.items()]
        sections = {
            "What the user said after the first task, in their words": _lines(self.asked, high),
            # Their lines are as long as the names in them, which were counted.
            "Done": _thinned(done, count),
            "Failed": _lines(failed, low),
            "Pending": _lines(list(self.pending), high),
            "Files touched": _thinned(touched, count),
            "Decisions": _lines(self.decisions, high),
            "Last error": _lines([self.last_error] if self.last_error else [], high),
            "Said last": _lines([self.last_said] if self.last_said else [], low),
        }
        parts = [f"{HEADER}: {self.messages:,} messages, in their own words]"]
        if earlier:
            parts.append(f"{EARLIER}{earlier}")
        for title, lines in sections.items():
            if lines:
                parts.append("\n".join((f"{title}:", *(f"- {line}" for line in lines))))
        return "\n".join(parts)


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message: that of its parts, where it has such."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, (list, tuple)):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def one_line(text: str, length: int) -> str:
    """A text on one line, and only its beginning if it is too long."""
    return _clipped(" ".join(text[: 4 * length].split()) + ("…" if len(text) > 4 * length else ""), length)


def _clipped(line: str, length: int) -> str:
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def _decisions(text: str) -> Iterator[str]:
    """The sentences that tell of one, by their words."""
    lowered = text.lower()
    if any(word in lowered for word in _DECISIONS):
        for sentence in _SENTENCE.split(text):
            lowered = sentence.lower()
            if any(word in lowered for word in _DECISIONS) and not sentence.rstrip().endswith("?"):
                yield sentence


def _append(lines: list[str], line: str) -> None:
    lines.append(line)
    if len(lines) > MOST_LINES:
        del lines[FIRST_LINES]


def _bound(lines: dict[str, Any]) -> None:
    while len(lines) > MOST_LINES:
        del lines[list(lines)[FIRST_LINES]]


def _thinned(lines: list[str], count: int) -> list[str]:
    """So many lines: the first quarter of them, the newest, and between them how many are missing."""
    if len(lines) <= count:
        return lines
    first = count // 4
    return [*lines[:first], f"({len(lines) - count} more)", *lines[len(lines) - (count - first) :]]


def _lines(lines: list[str], form: tuple[int, int]) -> list[str]:
    length, count = form
    return [_clipped(line, length) for line in _thinned(lines, count)]


def _joined(names: list[str], count: int, length: int) -> str:
    """As many names as there is room for."""
    while True:
        found = ", ".join(_thinned(names, count))
        if len(found) <= length or count <= 1:
            return found
        count = min(count, len(names)) * 2 // 3


def arguments_of(given: Any) -> dict[str, Any]:
    """The arguments of a call, which some servers send as text; none where they are not an object."""
    if isinstance(given, str):
        if len(given) > MOST_ARGUMENTS:
            return {}
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return given if isinstance(given, dict) else {}


def shown(arguments: dict[str, Any]) -> str:
    """Arguments as text."""
    parts = (f"{name}={value if isinstance(value, str) else compact(value)}" for name, value in arguments.items())
    return ", ".join(parts)


def files_of(arguments: dict[str, Any]) -> Iterator[str]:
    """The files that a call names: arguments that are called so."""
    for name, value in arguments.items():
        if _FILE_NAMES.search(name):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str) and one:
                    yield one_line(one, TARGET_CHARACTERS)
