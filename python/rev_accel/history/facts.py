"""What a summary keeps of messages that are no longer sent, taken from their text alone: equal logs, equal words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from rev_accel.llm.estimate import compact

from .atoms import Atom
from .calls import Call
from .log import INTERRUPTED
from .summary import HEADER, LONG, LONGEST, Section, lines, names, one_line, written

__all__ = ["Facts", "arguments_of", "files_of", "is_error", "shown", "text_of"]

# Of a list that grows without end, the first ones and the newest are kept: intent stands early, state late.
MOST_LINES = 2_048
FIRST_LINES = 512

# Of the name of a file, and of what else a call was about.
FILE_CHARACTERS = 300
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
    done: dict[str, int] = field(default_factory=dict)
    """How often, by tool."""
    targets: dict[tuple[str, str], None] = field(default_factory=dict)
    """What it was about: pairs of a tool and what it was given, but for files."""
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
        for name in ("asked", "done", "targets", "failed", "pending", "files", "decisions"):
            setattr(made, name, getattr(self, name).copy())
        return made

    def add(self, atom: Atom) -> None:
        """Takes what an atom says."""
        self.messages += len(atom.messages)
        first = atom.messages[0]
        text = text_of(first)
        for mark, task in _TASK.findall(text):
            self._task(one_line(task, LONG), is_done=mark != " ")
        if atom.role == "user" and text.strip():
            _append(self.asked, one_line(text, LONGEST))
        if atom.role == "assistant" and text.strip():
            self.last_said = one_line(text, LONG)
            for sentence in _decisions(text):
                _append(self.decisions, one_line(sentence, LONG))
        for call, result in zip(atom.calls, atom.messages[1:], strict=True):
            self._called(call, result)

    def text(self, characters: int) -> str:
        """The summary, of at most about so many characters, of which none is free where something is left out.

        What was done and touched makes room first, then what failed and was decided, and what the user said last.
        """
        head = f"{HEADER}: {self.messages:,} messages, in their own words]"
        return written(head, self.earlier, self._sections(), characters)

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
            self.last_error = f"{name}: {one_line(content, LONG)}"
            self.failed.pop(name, None)
            self.failed[name] = one_line(content, LONG)
            _bound(self.failed)
        else:
            if name in self.failed and not self.failed[name].startswith("(done later)"):
                self.failed[name] = f"(done later) {self.failed[name]}"
            # Files are named once, among those touched.
            self._count(call.tool, "" if files else one_line(target, TARGET_CHARACTERS))

    def _count(self, tool: str, target: str) -> None:
        self.done[tool] = self.done.get(tool, 0) + 1
        _bound(self.done)
        if target:
            self.targets[tool, target] = None
            _bound(self.targets)

    def _sections(self) -> list[Section]:
        """In the order in which they are told."""
        done = [(f"{tool} × {times}", "") for tool, times in self.done.items()]
        done += [(f"{tool} × {self.done[tool]}", target) for tool, target in self.targets if tool in self.done]
        files = [(one_line(", ".join(tools), TARGET_CHARACTERS), file) for file, tools in self.files.items()]
        found = [
            lines(0, "What the user said after the first task, in their words", self.asked),
            names(6, "Done", done),
            lines(4, "Failed", [f"{name}: {why}" for name, why in self.failed.items()]),
            lines(1, "Pending", list(self.pending)),
            names(5, "Files touched", files),
            lines(3, "Decisions", self.decisions),
            lines(2, "Last error", [self.last_error] if self.last_error else []),
            lines(7, "Said last", [self.last_said] if self.last_said else []),
        ]
        return [one for one in found if one.at(one.size)]


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message: that of its parts, where it has such."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, (list, tuple)):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


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


def _bound(lines: dict[Any, Any]) -> None:
    while len(lines) > MOST_LINES:
        del lines[next(islice(lines, FIRST_LINES, None))]


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
                    yield one_line(one, FILE_CHARACTERS)
