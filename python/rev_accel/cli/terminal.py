"""What is seen of a run: a live view on a terminal, lines elsewhere, JSON for programs."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rev_accel.llm import redact

from . import streams

if TYPE_CHECKING:
    from rev_accel.agent import Approval, Journal, RunResult, Spent

__all__ = ["View", "make_view"]

MARKS = {"waiting": " ", "running": ">", "done": "✓", "failed": "✗", "skipped": "-", "stopped": "…"}
LONGEST = 100
# Of what somebody is asked to allow, lines of a text that are shown at first.
MOST_LINES = 40


class View:
    """Plain lines on standard error, for whoever looks at them later; the outcome goes to standard output."""

    can_ask = False

    def __init__(self) -> None:
        self._stopping = False
        self._tasks: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self, goal: str, journal: Journal) -> None:
        """Shows what was before, of a run that is resumed."""
        self.line(f"going on with {journal.name}: {goal}")
        for event in journal.events("plan"):
            said(event, self._tasks)

    def event(self, event: dict[str, Any]) -> None:
        """Shows an event of the journal."""
        text = said(event, self._tasks)
        if text is not None:
            self.line(text)

    def line(self, text: str) -> None:
        streams.write_error(f"{streams.one_line(text)}\n")

    def ask(self, approval: Approval) -> bool:
        """Asks whether a call may be made."""
        raise NotImplementedError

    def stopping(self) -> bool:
        """Notes a Ctrl-C; whether it was not the first one. Called by the handler of the signal."""
        again, self._stopping = self._stopping, True
        if not again:
            # The signal may have come in the middle of a write, where nothing else can be written.
            with suppress(RuntimeError):
                self.line("ending what is being done; Ctrl-C once more leaves at once")
        return again

    def end(self, result: RunResult, spent: Spent, run: str | None, *, differences: str = "") -> None:
        """Shows the outcome of a run, or of one that was only tried, of which nothing is left."""
        self.close()
        parts = [differences, f"{result.text}\n"]
        if result.validation is not None:
            parts += [f"worse than before: {one}\n" for one in result.validation.problems]
            parts += [f"{one}\n" for one in result.validation.notes]
        if result.changed and not differences:
            parts.append(f"changed: {', '.join(result.changed)}\n")
        streams.write_output(_safe("".join(parts)).encode("utf-8", "replace"))
        self.line(f"{result.state}: {account(spent)}; {'nothing was changed' if run is None else f'run {run}'}")
        if result.state == "stopped":
            again = "a dry run cannot be resumed" if run is None else f"to go on: rev-accel agent --resume {run}"
            self.line(again)

    def close(self) -> None:
        """Leaves the terminal as it was."""


class JsonView(View):
    """Each event as a JSON object in a line of standard output; what looks like a secret is taken out."""

    def event(self, event: dict[str, Any]) -> None:
        streams.write_output(json.dumps(redact(dict(event))).encode() + b"\n")

    def line(self, text: str) -> None:
        pass

    def end(self, result: RunResult, spent: Spent, run: str | None, *, differences: str = "") -> None:
        outcome = {"kind": "outcome_of_run", "run": run, "state": result.state, "text": result.text}
        shown = {
            **outcome,
            "changed": list(result.changed),
            "calls": spent.calls,
            "kept": spent.kept,
            "tokens": spent.tokens,
        }
        if differences:
            shown["differences"] = differences
        streams.write_output(json.dumps(redact(shown)).encode() + b"\n")


class LiveView(View):
    """A plan with states, what is being done, and what it costs, on a terminal."""

    can_ask = True

    def __init__(self, *, color: bool) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live

        self._console = Console(stderr=True, no_color=not color, highlight=False)
        self._plan: list[dict[str, Any]] = []
        self._states: dict[str, str] = {}
        self._actions: dict[str, str] = {}
        self._phase, self._calls, self._tokens, self._cost = "", 0, 0, 0.0
        self._began = time.monotonic()
        self._always: set[str] = set()
        self._lock = threading.Lock()
        self._live = Live(console=self._console, refresh_per_second=8, transient=True, get_renderable=self._shown)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def begin(self, goal: str, journal: Journal) -> None:
        super().begin(goal, journal)
        for event in journal.events():
            self._take(event)

    def event(self, event: dict[str, Any]) -> None:
        self._take(event)
        if event["kind"] in ("plan", "outcome", "warning", "validation", "review"):
            super().event(event)

    def line(self, text: str) -> None:
        self._console.print(streams.one_line(text), markup=False, soft_wrap=True)

    def ask(self, approval: Approval) -> bool:
        if approval.tool in self._always and approval.reason is None:
            return True
        with self._lock:
            self._live.stop()
            try:
                answer = self._answer(approval)
            finally:
                self._live.start()
        if answer == "a":
            self._always.add(approval.tool)
        return answer in ("y", "a")

    def _answer(self, approval: Approval) -> str:
        self.line(f"task {approval.task} wants: {approval.text}")
        is_whole = self._show_arguments(approval, MOST_LINES)
        if approval.reason:
            self.line(f"  careful: {approval.reason}")
        more = "" if is_whole else ", [s]how all"
        while True:
            answer = _answered(f"  [y]es, [n]o, [a]lways for this tool{more}? ", lambda: self._stopping)
            if answer in ("y", "yes", "n", "no", "a", "always"):
                return answer[0]
            if answer in ("s", "show"):
                self._show_arguments(approval, None)

    def _show_arguments(self, approval: Approval, most: int | None) -> bool:
        """Shows what a call was given, of texts of many lines the ends; whether that was all."""
        is_whole = True
        for name, value in approval.arguments.items():
            lines = (value if isinstance(value, str) else repr(value)).split("\n")
            if most is not None and len(lines) > most:
                is_whole, half = False, most // 2
                lines[half:-half] = [f"[... {len(lines) - 2 * half:,} lines more]"]
            first, *rest = lines
            shown = "".join(f"\n    {line}" for line in rest)
            self._console.print(_safe(f"  {name}: {first}{shown}"), markup=False, soft_wrap=True)
        return is_whole

    def close(self) -> None:
        self._live.stop()

    def _take(self, event: dict[str, Any]) -> None:
        match event["kind"]:
            case "plan":
                self._plan = list(event["plan"]["tasks"])
            case "phase":
                self._phase = event["phase"]
            case "begun":
                self._states[event["task"]] = "running"
                if event["task"] not in {task["id"] for task in self._plan}:
                    self._plan.append({"id": event["task"], "title": "mend what got worse"})
            case "action":
                self._actions[event["task"]] = event["text"]
            case "outcome":
                self._states[event["task"]] = event["state"]
                self._actions.pop(event["task"], None)
            case "reply":
                self._calls += not event.get("kept")
                self._tokens += event["prompt"] + event["completion"]
                self._cost += event["cost"]

    def _shown(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        lines = []
        for task in self._plan:
            state = self._states.get(task["id"], "waiting")
            lines.append(f"{MARKS[state]} {task['id']}. {task['title']}")
            if state == "running" and (action := self._actions.get(task["id"])):
                lines.append(f"     {action}")
        cost = f", cost {self._cost:.4g}" if self._cost else ""
        took = f"{time.monotonic() - self._began:.0f} s"
        lines.append(f"{self._phase or 'beginning'}: {self._calls} calls, {self._tokens:,} tokens{cost}, {took}")
        return Group(*(Text(streams.one_line(line), no_wrap=True, overflow="ellipsis") for line in lines))


def make_view(*, as_json: bool, color: str) -> View:
    """The view that suits where it is seen."""
    if as_json:
        return JsonView()
    if streams.is_terminal(sys.stdin) and streams.is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb":
        return LiveView(color=streams.wants_color(color))
    return View()


def said(event: dict[str, Any], tasks: dict[str, str]) -> str | None:
    """An event in one line; `None` for what nobody wants to see."""
    match event["kind"]:
        case "phase":
            return f"{event['phase']}"
        case "plan":
            tasks.update({task["id"]: task["title"] for task in event["plan"]["tasks"]})
            listed = "; ".join(f"{name}. {title}" for name, title in tasks.items())
            return f"plan: {listed}"
        case "review":
            return f"review: {'; '.join(event['problems']) or 'approved'}"
        case "begun":
            return f"task {event['task']}: {tasks.get(event['task'], 'mend what got worse')}"
        case "action":
            return f"task {event['task']}: {event['text']}"
        case "outcome":
            return f"task {event['task']}: {event['state']}: {_clipped(event['text'])}"
        case "warning":
            return f"warning: {event['text']}"
        case "validation":
            return f"checks: {'nothing is worse' if event['ok'] else '; '.join(map(_clipped, event['problems']))}"
    return None


def account(spent: Spent) -> str:
    """What was spent, in a few words."""
    cost = f", cost {spent.cost:.4g}" if spent.cost else ""
    tokens = f"{spent.tokens:,} tokens ({spent.cached:,} of them known to the server)"
    kept = f" and {spent.kept} replies kept from earlier" if spent.kept else ""
    return f"{spent.calls} calls{kept}, {tokens}{cost}, {spent.seconds:.0f} s"


def _answered(question: str, given_up: Any) -> str:
    """A line from the terminal, typed after it was asked for; a no if there is none, or nobody waits any more."""
    if sys.platform == "win32":
        streams.write_error(question)
        return (sys.stdin.readline() or "n").strip().lower()
    import select
    import termios

    termios.tcflush(sys.stdin, termios.TCIFLUSH)
    streams.write_error(question)
    while not given_up():
        if select.select([sys.stdin], [], [], 0.2)[0]:
            return (sys.stdin.readline() or "n").strip().lower()
    streams.write_error("\n")
    return "n"


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}[... {len(text) - LONGEST:,} characters more]"


def _safe(text: str) -> str:
    """The text with its lines, and without what could steer a terminal."""
    return "".join(one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in text)
