"""Interpreters that have rev: this one, those of `rev` on the search path, those of tools of pipx and uv.

Nothing is started for it, and only the places are looked at where these programs say that they install.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from rev_accel.cli.target import interpreter_of, is_this, on_search_path
from rev_accel.errors import InputError

__all__ = ["PLACES", "find"]

COMMAND, DISTRIBUTION = "rev", "rev-agentic"
PLACES = f"this environment, `{COMMAND}` on the search path, the tools of pipx and uv"


def find() -> Iterator[tuple[str, str]]:
    """Each interpreter once, with how it was found; this one first."""
    seen = set()
    for interpreter, how in candidates():
        place = (os.path.realpath(os.path.dirname(interpreter)), os.path.realpath(interpreter))
        if place not in seen:
            seen.add(place)
            yield interpreter, how


def candidates() -> Iterator[tuple[str, str]]:
    if has_rev():
        yield sys.executable, "this environment"
    for path in on_search_path(COMMAND):
        try:
            interpreter = interpreter_of(path)
        except InputError:
            continue
        # Other programs have that name, too; what is found there says whether it is the right one.
        if interpreter is not None and not is_this(interpreter):
            yield interpreter, path
    for manager, folder in tool_folders():
        for name in ("bin/python", "Scripts/python.exe"):
            interpreter = str(folder / DISTRIBUTION / name)
            if os.path.isfile(interpreter):
                yield interpreter, manager


def has_rev() -> bool:
    try:
        return find_spec("rev") is not None
    except (ImportError, ValueError):
        return False


def tool_folders() -> Iterator[tuple[str, Path]]:
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    pipx = os.environ.get("PIPX_HOME")
    for home in [Path(pipx)] if pipx else [data / "pipx", Path.home() / ".local" / "pipx"]:
        yield "pipx", home / "venvs"
    tools = os.environ.get("UV_TOOL_DIR")
    yield "uv", Path(tools) if tools else data / "uv" / "tools"
