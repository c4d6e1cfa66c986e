"""What is left of messages that rev no longer sends, as text; and the same read back from that text.

The text follows from the messages alone. All of it can be read back, so that a later summary has what an earlier one
had: a title stands at the beginning of a line, and what is below it is indented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rev_accel.history.calls import Call, calls, pair
from rev_accel.history.facts import arguments_of, files_of, is_error, shown, text_of
from rev_accel.history.summary import one_line

__all__ = ["HEADER", "Summary"]

HEADER = "[Summary of previous work]"
END = "[Continuing with recent context...]"

# Characters of a text that is kept as it was given, of an earlier summary that is not one of ours, of lines.
MOST_VERBATIM = 4_000
MOST_EARLIER = 2_000
LINE = 200
TARGET = 80
# A longer result is not looked into for the exit status of a command.
MOST_RESULT = 1_000_000

FIRST = "First task, as it was given"
LATEST = "Latest task, not completed so far, as it was given"
EARLIER = "An earlier summary"
IS_FIRST = "(the first one)"
DONE_LATER = "(done later) "

_TASK = re.compile(r"^[ \t]*Task:[ \t]*(.*)$", re.MULTILINE)
_TITLE = re.compile(r"(.+?)(?: \((\d{1,9})\))?:")


@dataclass
class Section:
    """Lines under a title, of which the first and the newest are kept; some have a value behind a name."""

    title: str
    most: int
    has_values: bool = False
    lines: dict[str, str] = field(default_factory=dict)
    left_out: int = 0

    def put(self, name: str, value: str = "") -> None:
        self.lines[name] = value
        if len(self.lines) > self.most:
            del self.lines[list(self.lines)[self.most // 4]]
            self.left_out += 1

    def drop(self, name: str) -> None:
        self.lines.pop(name, None)

    def fill(self, names: Iterable[str]) -> None:
        """Holds these names, and no others."""
        self.lines = dict.fromkeys(names, "")
        self.left_out = max(0, len(self.lines) - self.most)
        for name in list(self.lines)[self.most // 4 :][: self.left_out]:
            del self.lines[name]

    def render(self) -> list[str]:
        lines = [f"  - {name}: {value}" if self.has_values else f"  - {name}" for name, value in self.lines.items()]
        if self.left_out:
            lines.insert(self.most // 4, f"  ({self.left_out} more)")
        return [f"{self.title} ({len(self.lines) + self.left_out}):", *lines] if lines else []

    def read(self, lines: Iterable[str], count: int) -> None:
        listed = [line[4:] for line in lines if line.startswith("  - ")]
        for line in listed:
            name, _, value = line.rpartition(": ") if self.has_values else (line, "", "")
            self.put(name, value)
        self.left_out += max(0, count - len(listed))


class Summary:
    """What old messages say."""

    def __init__(self) -> None:
        self.first = ""
        self.earlier = ""
        self.completed = Section("Tasks completed", 40)
        self.unfinished = Section("Tasks that failed or were not completed", 20)
        self.said = Section("Said by the user since", 20)
        self.tools = Section("Tools used, how often", 40, has_values=True)
        self.files = Section("Files touched, by which tools", 40, has_values=True)
        self.commits = Section("Commits", 20)
        self.tests = Section("Test runs, by their result", 2, has_values=True)
        self.failed = Section("Calls that failed", 10)
        self.errors = Section("Errors of tasks", 5)
        # The task that is not ended: its text, and its name.
        self._latest = ""
        self._task = ""
        # Calls whose results were not seen yet, and the results so far.
        self._calls: tuple[Call, ...] = ()
        self._results: list[dict[str, Any]] = []

    @classmethod
    def of(cls, old: Iterable[Any], recent: Iterable[Any], tracker: Any) -> Summary:
        """The summary of old messages; recent ones, and rev's tracker, tell what became of the latest task in them."""
        made = cls()
        for message in old:
            if isinstance(message, dict):
                made._read(message)
        made._called()
        for message in recent:
            if not made._task or not isinstance(message, dict):
                continue
            if message.get("role") == "user" and _task(text_of(message)) is not None:
                made._end(is_completed=False)
            elif _completes(message):
                made._end(is_completed=True)
        made._ask(tracker)
        return made

    def text(self) -> str:
        """All of it."""
        lines = _block(FIRST, self.first)
        for section in self._sections():
            lines += section.render()
        lines += _block(LATEST, IS_FIRST if self._latest and self._latest == self.first else self._latest)
        lines += _block(EARLIER, self.earlier)
        return "\n".join(lines)

    def _sections(self) -> tuple[Section, ...]:
        done = (self.tools, self.files, self.commits, self.tests)
        return (self.completed, self.unfinished, self.said, *done, self.failed, self.errors)

    def _read(self, message: dict[str, Any]) -> None:
        role = message.get("role")
        if role == "tool":
            self._results.append(message)
            return
        text = text_of(message)
        if role == "user":
            if text.startswith(HEADER):
                self._read_summary(text)
            elif text.strip():
                self._user(text)
        elif role == "assistant":
            self._called()
            self._calls = calls(message)
            if _completes(message):
                self._end(is_completed=True)

    def _user(self, text: str) -> None:
        name = _task(text)
        if name is not None:
            self._end(is_completed=False)
            self.completed.drop(name)
            self.unfinished.drop(name)
            self._task, self._latest = name, _kept(text, MOST_VERBATIM)
        if not self.first:
            self.first = _kept(text, MOST_VERBATIM)
        elif name is None:
            self.said.put(one_line(text, LINE))

    def _end(self, *, is_completed: bool) -> None:
        """The task that was under way is over."""
        if self._task:
            self.unfinished.drop(self._task)
            (self.completed if is_completed else self.unfinished).put(self._task)
        self._task = self._latest = ""

    def _ask(self, tracker: Any) -> None:
        """Takes the tasks that rev's tracker knows to be over."""
        known = getattr(tracker, "summary", None)
        completed = _names(getattr(known, "tasks_completed", None))
        failed = _names(getattr(known, "tasks_failed", None))
        if self._task in (*completed, *failed):
            self._end(is_completed=self._task in completed)
        if completed:
            self.completed.fill([*completed, *self.completed.lines])
        if failed or completed:
            over = {*completed, *self.completed.lines, self._task}
            self.unfinished.fill(name for name in [*failed, *self.unfinished.lines] if name not in over)
        errors = _names(getattr(known, "error_messages", None))
        if errors:
            self.errors.fill(errors)

    def _called(self) -> None:
        """Takes calls with their results."""
        for call, at in zip(self._calls, pair(self._calls, self._results), strict=True):
            self._call(call, None if at is None else self._results[at])
        self._calls, self._results = (), []

    def _call(self, call: Call, result: dict[str, Any] | None) -> None:
        tool = one_line(call.tool, TARGET)
        self.tools.put(tool, str(_number(self.tools.lines.get(tool)) + 1))
        arguments = arguments_of(call.arguments)
        files = [one_line(file, TARGET) for file in files_of(arguments)]
        for file in files:
            by = self.files.lines.get(file, "").split(", ")
            self.files.put(file, ", ".join(dict.fromkeys([*filter(None, by), tool])))
        name = f"{tool}({one_line(', '.join(files) or _shown(arguments), TARGET)}): "
        if result is None:
            return
        earlier = [line for line in self.failed.lines if line.startswith(name)]
        for line in earlier:
            self.failed.drop(line)
        is_failure = _is_failure(result)
        if tool == "run_tests":
            name_of_result = "failed" if is_failure else "passed"
            self.tests.put(name_of_result, str(_number(self.tests.lines.get(name_of_result)) + 1))
        if is_failure:
            self.failed.put(one_line(name + text_of(result), LINE))
            return
        for line in earlier:
            self.failed.put(DONE_LATER + line)
        message = arguments.get("message")
        if tool == "git_commit" and isinstance(message, str):
            self.commits.put(one_line(message, LINE))

    def _read_summary(self, text: str) -> None:
        """Takes an earlier summary; one that is not ours as it is."""
        body = text.removeprefix(HEADER).removeprefix("\n")
        body = body.removesuffix(END).rstrip("\n")
        sections = {section.title: section for section in self._sections()}
        blocks: dict[str, list[str]] = {}
        counts: dict[str, int] = {}
        others: list[str] = []
        lines = others
        for line in body.split("\n"):
            title = _TITLE.fullmatch(line)
            if title is not None and title[1] in (*sections, FIRST, LATEST, EARLIER):
                lines = blocks.setdefault(title[1], [])
                counts[title[1]] = int(title[2] or 0)
            elif lines is others or line.startswith("  "):
                lines.append(line)
            else:
                others.append(line)
        for title_text, section in sections.items():
            section.read(blocks.get(title_text, ()), counts.get(title_text, 0))
        self.first = self.first or _unblocked(blocks.get(FIRST))
        latest = _unblocked(blocks.get(LATEST))
        if latest:
            self._latest = self.first if latest == IS_FIRST else latest
            self._task = _task(self._latest) or ""
        kept = [self.earlier, _unblocked(blocks.get(EARLIER)), "\n".join(others).strip("\n")]
        self.earlier = _kept("\n".join(filter(None, kept)), MOST_EARLIER)


def _task(text: str) -> str | None:
    """The name of the task that a message gives, if it does."""
    match = _TASK.search(text)
    return None if match is None or text.startswith(HEADER) else one_line(match[1], LINE) or "(without a name)"


def _completes(message: dict[str, Any]) -> bool:
    """Whether a model says that a task is completed, as rev judges it."""
    text = text_of(message)
    return message.get("role") == "assistant" and ("TASK_COMPLETE" in text or "task complete" in text.lower())


def _is_failure(result: dict[str, Any]) -> bool:
    """Whether a call failed: an error, or a command that says so by its exit status."""
    if is_error(result):
        return True
    text = text_of(result)
    if '"rc"' not in text or len(text) > MOST_RESULT:
        return False
    try:
        status = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(status, dict) and status.get("rc", 0) != 0


def _shown(arguments: dict[str, Any]) -> str:
    try:
        return shown(arguments)
    except TypeError:  # no JSON
        return "…"


def _names(tasks: object) -> list[str]:
    """Tasks as their messages name them."""
    if not isinstance(tasks, list):
        return []
    return [one_line(task.split("\n", 1)[0], LINE) for task in tasks if isinstance(task, str) and task.strip()]


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() else 0


def _kept(text: str, most: int) -> str:
    """A text, without its middle if it is too long."""
    if len(text) <= most:
        return text
    mark = f"\n[... {len(text) - most:,} characters and more left out ...]\n"
    head = 3 * (most - len(mark)) // 4
    return f"{text[:head]}{mark}{text[head + len(mark) - most :]}"


def _block(title: str, text: str) -> list[str]:
    return [f"{title}:", *(f"    {line}" for line in text.split("\n"))] if text else []


def _unblocked(lines: list[str] | None) -> str:
    return "\n".join(line.removeprefix("    ") for line in lines or ())
