"""Runs that are killed at any point, and gone on with: the same files at the end, and each side effect once."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.llm.server import Listening

from rev_accel.history import INTERRUPTED, MessageLog
from rev_accel.history.file import HEADER

from .child import Children, Order
from .projects import Projects, contents
from .scenarios import LOG, SCENARIOS, Scenario, answer

KILLED = signal.SIGKILL
MOST_RESUMES = 8


class Kills:
    """Rounds of runs that are killed."""

    def __init__(self, place: Path, listening: Listening) -> None:
        self._place, self._listening = place, listening
        # Requests end in the middle here.
        listening.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._projects = Projects(place)
        self._children = Children()
        self._known: dict[str, tuple[dict[str, Any], int, float]] = {}
        self.counts: Counter[str] = Counter()
        self._test = True

    def close(self) -> None:
        self._children.close()

    def undisturbed(self, scenario: Scenario) -> tuple[dict[str, Any], int, float]:
        """What an undisturbed run leads to; how many points it has, and how many seconds."""
        if scenario.name not in self._known:
            begun = time.monotonic()
            root, result, _ = self._run(scenario, "ollama", None, None)
            took = time.monotonic() - begun
            assert result is not None and result["state"] == "done", result
            assert lines(root) == scenario.commands
            self._known[scenario.name] = contents(root), result["points"], took
        return self._known[scenario.name]

    def round(self, seed: int) -> None:
        """Kills one run at random, and its recovery at times."""
        choice = random.Random(seed)
        # Tests take most of the time, and little happens meanwhile.
        self._test = choice.random() < 0.3
        scenario = SCENARIOS[choice.choice(list(SCENARIOS))]
        dialect = choice.choice(("ollama", "openai"))
        _, points, took = self.undisturbed(scenario)
        if choice.random() < 0.5:
            kill_at, delay = choice.randint(1, points), None
        else:
            kill_at, delay = None, choice.uniform(0, took)
        again = [choice.randint(1, 60) if choice.random() < 0.4 else None for _ in range(3)]
        self.trial(scenario, dialect, kill_at, delay, again, f"seed {seed}")

    def trial(
        self,
        scenario: Scenario,
        dialect: str,
        kill_at: int | None,
        delay: float | None,
        again: Sequence[int | None] = (),
        name: str = "",
    ) -> None:
        """Kills one run, resumes it until it is done, and looks at what is there then.

        Args:
            kill_at: The point at which it kills itself.
            delay: The seconds after which it is killed.
            again: The points at which what resumes it kills itself.
        """
        expected, _, _ = self.undisturbed(scenario)
        root, result, home = self._run(scenario, dialect, kill_at, delay)
        points = iter(again)
        for _ in range(MOST_RESUMES):
            if result is not None and "is open already" in result["text"]:
                # By what it had started: between its fork and its exec that has all files, and the lock, too.
                self.counts["still open"] += 1
                time.sleep(0.05)
            elif result is not None and result["state"] != "stopped":
                break
            self.counts["resumes"] += 1
            result = self._resume(scenario, root, home, dialect, next(points, None))
        where = f"{name} ({scenario.name}, {dialect}, point {kill_at}, delay {delay}, then {list(again)}; {home})"
        assert result is not None, where
        if result["state"] == "refused" and "has ended" not in result["text"]:
            # It was killed before there was anything to go on with.
            assert "never begun" in result["text"] or not started(home), f"{where}: {result}"
            self.counts["never begun"] += 1
            return
        assert result["state"] in ("done", "refused"), f"{where}: {result}"
        texts = conversations(home)
        found = contents(root)
        assert found == expected, f"{where}: {differences(expected, found)}"
        interrupted = sum(INTERRUPTED in text for _, text in texts)
        commands = sum(INTERRUPTED in text for name, text in texts if name == "run_command")
        if scenario.commands:
            assert scenario.commands - commands <= lines(root) <= scenario.commands, f"{where}: {lines(root)} lines"
        assert not [text for _, text in texts if "changed meanwhile" in text], where
        self.counts["interrupted results"] += interrupted
        self.counts[scenario.name] += 1

    def _run(
        self, scenario: Scenario, dialect: str, kill_at: int | None, delay: float | None
    ) -> tuple[Path, dict[str, Any] | None, Path]:
        root = self._projects.of(scenario)
        home = self._place / f"home-{root.name}"
        return root, self._order(scenario, root, home, dialect, scenario.goal, kill_at, delay), home

    def _resume(
        self, scenario: Scenario, root: Path, home: Path, dialect: str, kill_at: int | None
    ) -> dict[str, Any] | None:
        if not started(home):
            return {"state": "refused", "text": "there is no run"}
        return self._order(scenario, root, home, dialect, None, kill_at, None)

    def _order(
        self,
        scenario: Scenario,
        root: Path,
        home: Path,
        dialect: str,
        goal: str | None,
        kill_at: int | None,
        delay: float | None,
    ) -> dict[str, Any] | None:
        """The result of a process; `None` if it was killed."""
        server = self._listening.renew()
        server.default = lambda body: answer(scenario, body)
        out = home.with_suffix(".out")
        out.unlink(missing_ok=True)
        order = Order(
            root=str(root),
            home=str(home),
            endpoint=server.endpoint(dialect),
            dialect=dialect,
            goal=goal,
            out=str(out),
            kill_at=kill_at,
            test=self._test,
        )

        def kill(number: int) -> None:
            if delay is not None:
                time.sleep(delay)
                with suppress(ProcessLookupError):
                    os.kill(number, KILLED)

        status = self._children.run(order, kill)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == KILLED:
            self.counts["kills"] += 1
            return None
        assert status == 0, f"it ended with {status}: {order}"
        found: dict[str, Any] = json.loads(out.read_text())
        return found


def started(home: Path) -> bool:
    """Whether there is a run with an event: one that was killed before has a file with a header alone."""
    return any(path.stat().st_size > len(HEADER) for path in home.glob("*/events.jsonl"))


def lines(root: Path) -> int:
    path = root / LOG
    return len(path.read_text().splitlines()) if path.exists() else 0


def conversations(home: Path) -> list[tuple[str, str]]:
    """The results of calls in all conversations, with the names of the tools."""
    found = []
    for path in home.glob("*/tasks/*.jsonl"):
        if ".notes" in path.name:
            continue
        with MessageLog.open(path, repair=False) as log:
            messages = list(log)
        for at, message in enumerate(messages):
            for number, call in enumerate(message.get("tool_calls") or (), 1):
                found.append((call["function"]["name"], messages[at + number]["content"]))
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> str:
    names = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    return "; ".join(f"{name}: expected {one.get(name)}, found {other.get(name)}" for name in names)
