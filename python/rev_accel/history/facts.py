"""What a summary keeps of messages that are no longer sent, collected from their text alone: equal logs, equal words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from .atoms import Atom, Call
from .log import INTERRUPTED

__all__ = ["HEADER", "Facts", "is_error", "text_of"]

HEADER = "[Summary of the earlier conversation"
"""How the message begins that stands for what was cut."""

# Of a list that grows without end, the first ones and the newest are kept: intent stands early, state late.
MOST_LINES = 256
FIRST_LINES = 64

# Characters of a line, from generous to the least that still names a thing; and lines of a section.
LENGTHS = (600, 300, 150, 80, 40)
COUNTS = (MOST_LINES, 64, 32, 16, 8, 4, 2, 1)

TARGET_CHARACTERS = 80
# Beyond it arguments are not parsed for the files that they name.
MOST_ARGUMENTS = 200_000

_ERROR = re.compile(r"\s*(?:\{\s*\"error\"|(?:fatal |unexpected )?error\b|traceback \(most recent|exception\b)", re.IGNORECASE)
_FILE_NAMES = re.compile(r"(?:^|_)(?:path|paths|file|files|filename|filenames|source|destination|src|dst)$", re.IGNORECASE)
_DECISION = re.compile(
    r"\b(?:decid\w+|decision|chose|chosen|agreed|instead of|rather than|going with|will not|won't|must not)\b", re.IGNORECASE
)
_TASK = re.compile(r"^\s*(?:[-*]|\d+[.)])\s+\[([ xX])\]\s+(.+)$", re.MULTILINE)
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

    messages: int = 0
    asked: list[str] = field(default_factory=list)
    done: dict[str, tuple[int, dict[str, None]]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    pending: dict[str, None] = field(default_factory=dict)
    files: dict[str, None] = field(default_factory=dict)
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
            for sentence in _SENTENCE.split(text):
                if _DECISION.search(sentence) and not sentence.rstrip().endswith("?"):
                    _append(self.decisions, one_line(sentence, LENGTHS[1]))
        for call, result in zip(atom.calls, atom.messages[1:], strict=True):
            self._called(call, result)

    def text(self, characters: int) -> str:
        """The summary, of at most about so many characters: lines get shorter first, then fewer."""
        for length in LENGTHS:
            found = self._render(length, MOST_LINES, characters)
            if len(found) <= characters:
                return found
        for count in COUNTS:
            found = self._render(LENGTHS[-1], count, characters)
            if len(found) <= characters:
                break
        return found

    def _task(self, task: str, *, is_done: bool) -> None:
        if is_done:
            self.pending.pop(task, None)
            self._count("task", task)
        else:
            self.pending[task] = None
            _bound(self.pending)

    def _called(self, call: Call, result: Mapping[str, Any]) -> None:
        arguments = _arguments(call.arguments)
        files = list(_files(arguments))
        self.files |= dict.fromkeys(files)
        _bound(self.files)
        target = ", ".join(files) or ("" if not arguments else _compact(arguments))
        name = f"{call.tool}({one_line(target, TARGET_CHARACTERS)})"
        content = text_of(result)
        if content == INTERRUPTED:
            self.pending[f"{name}: {INTERRUPTED}"] = None
            _bound(self.pending)
        elif is_error(result):
            self.last_error = f"{name}: {one_line(content, LENGTHS[0])}"
            self.failed.pop(name, None)
            self.failed[name] = one_line(content, LENGTHS[1])
            _bound(self.failed)
        else:
            if name in self.failed and not self.failed[name].startswith("(done later)"):
                self.failed[name] = f"(done later) {self.failed[name]}"
            self._count(call.tool, one_line(target, TARGET_CHARACTERS))

    def _count(self, tool: str, target: str) -> None:
        count, targets = self.done.get(tool, (0, {}))
        targets = {**targets, target: None} if target else targets
        _bound(targets)
        self.done[tool] = (count + 1, targets)
        _bound(self.done)

    def _render(self, length: int, count: int, characters: int) -> str:
        done = []
        for tool, (times, targets) in self.done.items():
            named = ", ".join(_thinned(list(targets), count))
            done.append(f"{tool} × {times}" + (f": {one_line(named, 2 * length)}" if named else ""))
        sections = {
            "What the user said after the first task, in their words": self.asked,
            "Done": done,
            "Failed": [f"{name}: {why}" for name, why in self.failed.items()],
            "Pending": list(self.pending),
            "Files touched": [", ".join(_thinned(list(self.files), 2 * count))] if self.files else [],
            "Decisions": self.decisions,
            "Last error": [self.last_error] if self.last_error else [],
            "Said last": [self.last_said] if self.last_said else [],
        }
        parts = [f"{HEADER}: {self.messages:,} messages, in their own words]"]
        if self.earlier:
            parts.append(f"Before these:\n{self.earlier[: characters // 2]}")
        for title, lines in sections.items():
            if lines:
                longest = 4 * length if title == "Files touched" else length if title != "Done" else 3 * length
                body = "\n".join(f"- {one_line(line, longest)}" for line in _thinned(lines, count))
                parts.append(f"{title}:\n{body}")
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
    """A text on one line, with its beginning and its end if it is too long."""
    text = " ".join(text[: 4 * length].split()) + ("…" if len(text) > 4 * length else "")
    if len(text) <= length:
        return text
    return f"{text[: length - 1].rstrip()}…"


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


def _arguments(given: Any) -> dict[str, Any]:
    if isinstance(given, str):
        if len(given) > MOST_ARGUMENTS:
            return {}
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return {}
    return given if isinstance(given, dict) else {}


def _compact(arguments: dict[str, Any]) -> str:
    shown = (f"{name}={value if isinstance(value, str) else _json(value)}" for name, value in arguments.items())
    return ", ".join(shown)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        return "…"


def _files(arguments: dict[str, Any]) -> Iterator[str]:
    """The files that a call names: arguments that are called so."""
    for name, value in arguments.items():
        if _FILE_NAMES.search(name):
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str) and one:
                    yield one_line(one, TARGET_CHARACTERS)
