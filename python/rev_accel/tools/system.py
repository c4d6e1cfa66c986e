"""Tells a model on what kind of machine it works."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rev_accel.errors import ToolError

from .definition import tool
from .process import run

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

__all__ = ["SystemTools"]

# Programs that are worth knowing of.
PROGRAMS = (
    "bash", "cargo", "cmake", "docker", "gcc", "git", "go", "java", "make", "mypy", "node", "npm", "pip", "pytest",
    "rg", "ruff", "uv",
)  # fmt: skip


class SystemTools:
    """The machine that a workspace is on."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @tool(description="Looking at the system", reads=True)
    def system_info(self) -> str:
        """Gives the operating system, processors, memory, the version of Python, and which usual programs there are."""
        root = self._workspace.root
        found = {name: path for name in PROGRAMS if (path := _program(name, root))}
        lines = [
            f"System: {platform.system()} {platform.release()}, {platform.machine()}",
            f"Processors: {_processors()}",
            f"Memory: {_memory()}",
            f"Python: {platform.python_implementation()} {platform.python_version()}",
            f"Git: {_git_version(found.get('git'))}",
            f"Programs: {', '.join(found) or 'none of the usual ones'}",
        ]
        return "\n".join(lines)


def _program(name: str, root: Path) -> Path | None:
    """The first program of a name in an absolute folder of PATH that is not in the workspace."""
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = Path(entry) / (f"{name}.exe" if sys.platform == "win32" else name)
        # Those of `os.path` take what may not be looked at for absent, and have no trouble with links in circles.
        places = (Path(os.path.realpath(one)) for one in (entry, path))
        if not os.path.isabs(entry) or any(place.is_relative_to(root) for place in places):
            continue
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def _git_version(git: Path | None) -> str:
    if git is None:
        return "none"
    try:
        done = run([str(git), "--version"], cwd=git.parent, timeout=10)
    except ToolError:
        return "unknown"
    version = done.output.strip().removeprefix("git version ")
    return version[:80] if done.code == 0 and version.isprintable() else "unknown"


def _processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> str:
    """Of the machine, or what the group of this process is allowed."""
    sizes = []
    try:
        sizes.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):
        pass
    try:
        # "max" where there is no limit.
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):
        pass
    return f"{min(sizes) / 2**30:.1f} GiB" if sizes else "unknown"
