"""Has interpreters examined: starts the probe, reads what it tells, and ends it when the time is over."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import IO, Any

from rev_accel import cache

from .findings import Check, Examined

__all__ = ["examine"]

GRACE = 5.0
"""Seconds more than the probe is given for itself: to start, and for what cannot be interrupted."""


def examine(interpreter: str, how: str, tree: Path, limit: float, progress: Callable[[str], object]) -> Examined:
    """What there is to say of the rev of an interpreter on a tree, within about so many seconds."""
    found = Examined(interpreter=interpreter, how=how)
    package = Path(__file__).parents[1]
    command = [
        interpreter,
        "-P",
        "-B",
        "-W",
        "ignore",
        str(Path(__file__).with_name("probe.py")),
        str(package),
        str(limit),
    ]
    is_inside = any(place.is_relative_to(tree) for place in temporary_places())
    with nullcontext() if is_inside else tempfile.TemporaryDirectory(prefix="rev-accel-doctor-") as folder:
        try:
            process = subprocess.Popen(
                command,
                cwd=tree,
                env=environment(tree, folder),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            found.problem = f"it cannot be started: {error.strerror}"
            return found
        with process:
            try:
                listen(process, found, limit + GRACE, progress)
            finally:
                end(process)
    return found


def end(process: subprocess.Popen[bytes]) -> None:
    """With what it has started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def temporary_places() -> Iterator[Path]:
    """Where a temporary folder may be made; `tempfile` itself would try by writing there."""
    for place in (*map(os.environ.get, ("TMPDIR", "TEMP", "TMP")), "/tmp", "/var/tmp", "/usr/tmp"):
        if place and os.path.isdir(place):
            yield Path(place).resolve()


def environment(tree: Path, folder: str | None) -> dict[str, str]:
    """The user's, less what is about Python and this package; git is not to refresh its index in the tree.

    Results are kept in the folder, if there is one.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REV_ACCEL_"))}
    kept |= {"GIT_OPTIONAL_LOCKS": "0", "PYTHONUTF8": "1"}
    # rev may be there; what is in the tree may be anything.
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    outside = [one for one in places if os.path.isabs(one) and not Path(one).resolve().is_relative_to(tree)]
    kept |= {"PYTHONPATH": os.pathsep.join(outside)} if outside else {}
    if folder is None:
        return {**kept, cache.OFF_VARIABLE: "1"}
    return {**kept, cache.FOLDER_VARIABLE: os.path.join(os.path.realpath(folder), "cache")}


def listen(process: subprocess.Popen[bytes], found: Examined, limit: float, progress: Callable[[str], object]) -> None:
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    errors: list[bytes] = []
    threads = [
        threading.Thread(target=forward, args=(process.stdout, lines), daemon=True),
        threading.Thread(target=keep_end, args=(process.stderr, errors), daemon=True),
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + limit
    doing = "starting"
    while True:
        try:
            line = lines.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            found.problem = f"not done within {limit:.0f} s: {doing}"
            return
        if line is None:
            break
        told = json.loads(line)
        what = told.pop("what")
        if what == "found":
            found.python, found.rev, found.rev_accel = told["python"], told["rev"], told["rev_accel"]
        elif what == "points":
            found.points = told["points"]
        elif what == "problem":
            found.problem = told["text"]
        elif what == "check":
            found.checks.append(as_check(told))
        elif what == "progress":
            doing = f"comparing {told['text']}"
            progress(f"{found.interpreter}: {doing}")
        elif what == "done":
            return
    threads[1].join(1)
    if found.problem is None:
        said = b"".join(errors).decode(errors="replace").strip().splitlines()
        found.problem = f"it ended while {doing}" + (f": {said[-1]}" if said else "")


def as_check(told: dict[str, Any]) -> Check:
    return Check(**{**told, "times": [(what, rev, ours) for what, rev, ours in told["times"]]})


def forward(stream: IO[bytes] | None, lines: queue.SimpleQueue[bytes | None]) -> None:
    assert stream is not None
    for line in stream:
        lines.put(line)
    lines.put(None)


def keep_end(stream: IO[bytes] | None, kept: list[bytes]) -> None:
    assert stream is not None
    for line in stream:
        kept[:] = [*kept[-20:], line[:1000]]
