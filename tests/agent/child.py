"""Runs of the agent in processes that may be killed.

    python -m tests.agent.child

reads orders, a line of JSON each, does each in a child of its own, which has all modules loaded already, and tells its
number and how it ended. An order names the point at which the child kills itself, or none.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Order:
    """A run that is to be begun, or gone on with."""

    root: str
    home: str
    endpoint: str
    dialect: str
    goal: str | None
    """`None` for one that is gone on with."""
    out: str
    """Where the result goes."""
    kill_at: int | None = None
    test: bool = True


class Points:
    """Points at which the process can be killed: before and after each write, and in the middle of those to logs."""

    def __init__(self, kill_at: int | None) -> None:
        self.count = 0
        self._kill_at = kill_at
        self._lock = threading.Lock()

    def here(self) -> bool:
        """Whether this is the point; counts it."""
        with self._lock:
            self.count += 1
            return self.count == self._kill_at

    def pass_by(self) -> None:
        if self.here():
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, owner: Any, name: str) -> None:
        """Makes a method one with a point before, and one after."""
        inner = getattr(owner, name)

        def outer(*given: Any, **named: Any) -> Any:
            self.pass_by()
            try:
                return inner(*given, **named)
            finally:
                self.pass_by()

        setattr(owner, name, outer)

    def torn(self, owner: Any, name: str) -> None:
        """Makes a method that writes data one with a point after half of it, too."""
        inner = getattr(owner, name)

        def outer(own: Any, data: bytes) -> Any:
            if self.here():
                with suppress(BaseException):
                    inner(own, data[: len(data) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
            return inner(own, data)

        setattr(owner, name, outer)


def watch(points: Points) -> None:
    """Has this process count its points."""
    from rev_accel.agent import journal
    from rev_accel.history import MessageLog
    from rev_accel.history.file import LogFile
    from rev_accel.llm import RecordingClient
    from rev_accel.tools import git
    from rev_accel.workspace import Workspace

    points.around(LogFile, "append")
    points.torn(LogFile, "_write")
    points.around(RecordingClient, "_write")
    points.around(journal.Journal, "keep")
    points.around(MessageLog, "rewrite")
    points.around(os, "replace")
    points.around(git._Git, "run")
    for name in ("write", "move", "copy", "delete", "make_folder"):
        points.around(Workspace, name)


def perform(order: Order) -> dict[str, Any]:
    from tests.llm.conftest import CLIENTS, SHORT, TLS

    from rev_accel.agent import Journal, Policy, Run, Settings
    from rev_accel.errors import InputError
    from rev_accel.llm import Retries

    points = Points(order.kill_at)
    watch(points)
    client = CLIENTS[order.dialect](order.endpoint, limits=SHORT, verify=TLS, retries=Retries(number=3, first=0.001))
    how: dict[str, Any] = {"policy": Policy(write="auto", command="auto"), "ask": lambda _: True}
    settings = Settings(model="m", endpoint=order.endpoint, dialect=order.dialect, test=order.test)  # type: ignore[arg-type]
    home = Path(order.home)
    try:
        if order.goal is not None:
            run = Run.start(order.goal, client, settings, root=order.root, home=home, **how)
        else:
            run = Run.resume(Journal.open("last", home=home), client, **how)
    except InputError as error:
        return {"state": "refused", "text": str(error), "points": points.count}
    result = run.go()
    return {"state": result.state, "text": result.text, "points": points.count}


def load() -> None:
    """Loads what a run needs, so that its process does not have to."""
    import httpx2  # noqa: F401
    import pydantic  # noqa: F401
    from tests.llm import conftest  # noqa: F401

    import rev_accel.agent
    import rev_accel.llm
    import rev_accel.tools
    from rev_accel.tools import builtin_tools

    for module in (rev_accel, rev_accel.agent, rev_accel.llm, rev_accel.tools):
        for name in module.__all__:
            getattr(module, name)
    builtin_tools().schemas()


def main() -> None:
    load()
    assert threading.active_count() == 1
    for line in sys.stdin:
        order = Order(**json.loads(line))
        number = os.fork()
        if not number:
            code = 1
            try:
                os.setsid()
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                result = perform(order)
                draft = Path(order.out + ".draft")
                draft.write_text(json.dumps(result))
                os.replace(draft, order.out)
                code = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(number, flush=True)
        print(os.waitpid(number, 0)[1], flush=True)


class Children:
    """The process that does orders."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.agent.child"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_PROXY": "127.0.0.1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        )

    def run(self, order: Order, meanwhile: Callable[[int], object] | None = None) -> int:
        """Does an order; how its process ended, as `waitpid` tells it."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        number = self._number()
        if meanwhile is not None:
            meanwhile(number)
        return self._number()

    def _number(self) -> int:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the process ended: {self._process.poll()}"
        return int(line)

    def close(self) -> None:
        self._process.communicate()

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


if __name__ == "__main__":
    main()
