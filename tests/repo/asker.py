"""A process whose clock is ahead, so that all it looks at seems long at rest, and which asks on behalf of the tests.

Requests and replies are lines of JSON. What is kept shortly after a change would otherwise take seconds for each question.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.cache.clock import AHEAD, Clock, build

REPOSITORY = Path(__file__).parents[2]

EXCLUDED = (".git",)


class Asker:
    """The process, and the questions."""

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "LD_PRELOAD": build(folder), "PYTHONPATH": str(REPOSITORY)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.repo.asker"],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Asker:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(
        self,
        folder: Path,
        environment: dict[str, str],
        *,
        function: str = "text",
        commits: int = 6,
        user: int | None = None,
    ) -> Answer:
        """Put one question, as another user if wanted.

        The file system's clock has moved on since all changes before and will before those after.
        """
        request = {
            "folder": str(folder),
            "environment": environment,
            "function": function,
            "commits": commits,
            "user": user,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _next_tick()
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        reply = json.loads(self._process.stdout.readline() or "{}")
        _next_tick()
        if "error" in reply:
            raise AssertionError(reply["error"])
        return Answer(reply)


class Answer:
    """What was answered, and how."""

    def __init__(self, reply: dict[str, Any]) -> None:
        self.value: Any = reply["value"]
        self.kept: bool = reply["kept"]
        self.reason: str = reply["reason"]
        self.not_kept: str | None = reply["not_kept"]
        self.problem: str | None = reply["problem"]
        self.processes: int = reply["processes"]

    def __repr__(self) -> str:
        return f"{'kept' if self.kept else 'asked'}: {self.reason}; not kept: {self.not_kept}; {self.value!r}"


def _next_tick() -> None:
    before = time.clock_gettime_ns(5)
    while time.clock_gettime_ns(5) == before:
        time.sleep(0.0003)


def serve() -> None:
    """The process."""
    Clock(os.environ.pop("LD_PRELOAD")).shift(AHEAD)
    from rev_accel import repo, workspace

    for line in sys.stdin:
        request = json.loads(line)
        os.environ.clear()
        os.environ.update(request["environment"])
        own = os.geteuid()
        try:
            if request["user"] is not None:
                os.seteuid(request["user"])
            with workspace.use_root(request["folder"]):
                value = answer(request["function"], request["commits"])
                explanation = repo.explain()
            reply = {
                "value": value,
                "kept": explanation.kept,
                "reason": explanation.reason,
                "not_kept": explanation.not_kept,
                "problem": explanation.problem,
                "processes": explanation.processes,
            }
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        if request["user"] is not None:
            os.seteuid(own)
        print(json.dumps(reply), flush=True)


def answer(function: str, commits: int) -> Any:
    from rev_accel import repo

    match function:
        case "text":
            return repo.context_text(commits, EXCLUDED)
        case "status":
            return [
                [entry.index + entry.worktree, os.fsdecode(entry.path), entry.original and os.fsdecode(entry.original)]
                for entry in repo.status()
            ]
        case "log":
            return [[commit.id, commit.abbreviated, os.fsdecode(commit.subject)] for commit in repo.log(commits)]
        case "head":
            head = repo.head()
            return [head.commit, head.branch]
    raise ValueError(function)


if __name__ == "__main__":
    serve()
