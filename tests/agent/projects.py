"""Small git repositories with a project each, and what is in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .scenarios import LOG, Scenario

GIT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
}
NOT_COMPARED = frozenset({".git", ".venv", "__pycache__", ".pytest_cache", LOG})


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, env=GIT, check=True, capture_output=True, text=True)
    return done.stdout


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def build(
    root: Path, files: Mapping[str, str], *, executable: frozenset[str] = frozenset(), commit: bool = True
) -> Path:
    """A repository, with one commit or none. Its own Python has no pytest, so tests are run by unittest, which starts faster."""
    root.mkdir(parents=True, exist_ok=True)
    write(root, files)
    for name in executable:
        (root / name).chmod(0o755)
    add_python(root)
    (root / ".gitignore").write_text(f".venv/\n__pycache__/\n{LOG}\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Somebody")
    git(root, "config", "user.email", "somebody@example.org")
    if commit:
        git(root, "add", "-A")
        git(root, "commit", "-qm", "First")
    return root


def add_python(root: Path) -> None:
    base = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(base)
    (root / ".venv" / "pyvenv.cfg").write_text(f"home = {base.parent}\ninclude-system-site-packages = false\n")


class Projects:
    """Repositories of scenarios, each made once and copied."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._made: dict[str, Path] = {}
        self._count = 0

    def of(self, scenario: Scenario) -> Path:
        """A new one."""
        if scenario.name not in self._made:
            root = self._place / f"made-{scenario.name}"
            root.mkdir()
            self._made[scenario.name] = build(root, scenario.files, executable=scenario.executable)
        self._count += 1
        root = self._place / f"{scenario.name}-{self._count}"
        shutil.copytree(self._made[scenario.name], root, symlinks=True)
        return root.resolve()


def contents(root: Path) -> dict[str, tuple[int, str]]:
    """Mode and text of all files, but of caches; and what git says, where there is a repository."""
    found: dict[str, tuple[int, str]] = {}
    for folder, names, files in os.walk(root):
        names[:] = sorted(set(names) - NOT_COMPARED)
        where = Path(folder)
        for name in sorted(set(files) - NOT_COMPARED):
            path = where / name
            found[path.relative_to(root).as_posix()] = (path.stat().st_mode & 0o777, path.read_text())
        if not names and not files:
            found[f"{where.relative_to(root).as_posix()}/"] = (0, "empty")
    if not (root / ".git").exists():
        return found
    found["git log"] = (0, git(root, "log", "--format=%s"))
    found["git status"] = (0, git(root, "status", "--short"))
    return found
