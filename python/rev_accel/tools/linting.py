"""Runs the linter of a project."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

from rev_accel.errors import RevAccelError
from rev_accel.workspace import Workspace

from .process import Stopped, run
from .runners import Interpreter

__all__ = ["lint"]

SECONDS = 120
MOST_BYTES = 8 << 20


def lint(workspace: Workspace, *, stopped: Stopped | None = None) -> dict[str, int] | None:
    """What ruff finds, and how often, where the project is set up for it and has it; else `None`. It changes nothing.

    Args:
        stopped: Asked while it runs; once it says so, it is ended.
    """
    root = workspace.root
    if not any(_is_for_ruff(root / name) for name in ("pyproject.toml", "ruff.toml", ".ruff.toml")):
        return None
    python = Interpreter.of(root)
    command = [python.program, "-m", "ruff", "check", "--output-format=json", "--no-fix", "--no-cache", "."]
    try:
        done = run(
            command, cwd=root, timeout=SECONDS, environment=python.environment, limit=MOST_BYTES, stopped=stopped
        )
        found = json.loads(done.output)
        places = ((one["code"], os.path.relpath(one["filename"], root), one["message"]) for one in found)
        return dict(Counter(f"`{code}` in `{path}`: {message}" for code, path, message in places))
    except (RevAccelError, ValueError, KeyError, TypeError):  # it is not installed, or cannot run
        return None


def _is_for_ruff(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return path.name != "pyproject.toml" or b"[tool.ruff" in file.read(1 << 20)
    except OSError:
        return False
