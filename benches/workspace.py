#!/usr/bin/env python3
"""What a workspace costs beside the ways of the standard library: microseconds a call. A part of `tools.py`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from metrics import timed
from rev_accel.workspace import Workspace

CALLS = 2_000
ROUNDS = 15
FILE = "package/module/file.py"


def resolve(folder: Path) -> dict[str, float]:
    """Paths that are checked in a folder of one's own: the least of some rounds, taken in turn."""
    root = folder.resolve() / "root"
    deep = "package/module/a/b/c/file.py"
    (root / deep).parent.mkdir(parents=True)
    for name in (FILE, deep):
        (root / name).write_bytes(b"print()\n")
    absolute = str(root / FILE)
    (root / "link").symlink_to("package")
    workspace = Workspace(root)

    def with_pathlib() -> Path:
        path = (root / FILE).resolve()
        if not path.is_relative_to(root):
            raise ValueError
        return path

    calls: dict[str, Callable[[], object]] = {
        "resolve, 3 parts": lambda: workspace.resolve(FILE),
        "resolve, 6 parts": lambda: workspace.resolve(deep),
        "resolve, 3 parts, an absolute path": lambda: workspace.resolve(absolute),
        "resolve, 3 parts, one of them a link": lambda: workspace.resolve("link/module/file.py"),
        "resolve, 3 parts, the last one missing": lambda: workspace.resolve("package/module/new.py"),
        "pathlib's resolve and is_relative_to, 3 parts": with_pathlib,
        "read": lambda: workspace.read(FILE),
        "Path.read_bytes": (root / FILE).read_bytes,
    }
    found = dict.fromkeys(calls, float("inf"))
    for _ in range(ROUNDS):
        for name, call in calls.items():
            found[name] = min(found[name], timed(call, CALLS) / 1e3)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        for row, time in resolve(Path(made)).items():
            print(f"| {row} | {time:,.1f} µs |")
