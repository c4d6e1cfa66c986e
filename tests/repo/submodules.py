"""Random changes of submodules: in their trees, their repositories, and in what is said of them outside."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .changes import Changes

PLACES = ("sm", "src/sm", "sm/deep")
IGNORE = ("all", "dirty", "untracked", "none")
SETTINGS = (
    ("core.fileMode", "false"),
    ("core.autocrlf", "true"),
    ("core.excludesFile", "@/excludes"),
    ("core.untrackedCache", "true"),
    ("status.showUntrackedFiles", "all"),
    ("status.showUntrackedFiles", "no"),
    ("include.path", "@/include"),
)


def change(changes: Changes) -> None:
    """Make one change; the first is that there is a submodule."""
    random, repository = changes.random, changes.repository
    there = [name for name in PLACES if os.path.lexists(repository.top / name / ".git")]
    if not there or random.random() < 0.1:
        return add(changes, random.choice([name for name in PLACES if name not in there] or ["sm"]))
    name = random.choice(there)
    inner = repository.top / name
    kinds = [edit, edit, rewrite, ignore, move, commit, settle, say_outside, take_away]
    random.choice(kinds)(changes, name, inner)
    return None


def add(changes: Changes, name: str) -> None:
    repository = changes.repository
    source = repository.place / "source"
    if not source.is_dir():
        source.mkdir()
        git(changes, source, "init", "-q")
        for number in range(2):
            (source / "f").write_text(f"{number}\n")
            git(changes, source, "add", "-A")
            git(changes, source, "commit", "-qm", f"s{number}")
    outer = name.removesuffix("/deep") if name.endswith("/deep") else ""
    top = repository.top / outer if outer else repository.top
    command = ["-c", "protocol.file.allow=always", "submodule", "add", "-q", "-f", str(source)]
    git(changes, top, *command, "deep" if outer else name)
    if changes.random.random() < 0.5:
        git(changes, top, "commit", "-qm", "with a submodule")


def edit(changes: Changes, _: str, inner: Path) -> None:
    path = inner / changes.random.choice(["f", "n", "x.o", "u/v", "u/x.o"])
    path.parent.mkdir(exist_ok=True)
    path.write_text(changes.random.choice(["0\n", "1\n", "a\n", "ab\n"]))


def rewrite(changes: Changes, _: str, inner: Path) -> None:
    path = inner / "f"
    before = path.stat()
    path.write_text(changes.random.choice("01") + "\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def ignore(changes: Changes, _: str, inner: Path) -> None:
    folder = Path(git(changes, inner, "rev-parse", "--absolute-git-dir").strip() or "/nowhere")
    path = changes.random.choice([inner / ".gitignore", inner / "u/.gitignore", folder / "info/exclude"])
    path.write_text(changes.random.choice(["*.o\n", "u/\n", "n\n", "*\n", "", "!*.o\n"]))


def move(changes: Changes, _: str, inner: Path) -> None:
    where = changes.random.choice(["HEAD~1", "-", "HEAD@{1}", "main", "master"])
    git(changes, inner, "checkout", "-q", where, "--") if where == "-" else git(changes, inner, "checkout", "-q", where)
    if changes.random.random() < 0.2:
        git(changes, inner, *changes.random.choice([["pack-refs", "--all"], ["gc", "-q"], ["reset", "-q", "--hard"]]))


def commit(changes: Changes, name: str, inner: Path) -> None:
    if changes.random.random() < 0.7:
        git(changes, inner, "add", "-A")
    if changes.random.random() < 0.6:
        git(changes, inner, "commit", "-q", "--allow-empty", "-m", "inside")
    if changes.random.random() < 0.4:
        git(changes, changes.repository.top, "add", name)


def settle(changes: Changes, _: str, inner: Path) -> None:
    key, value = changes.random.choice(SETTINGS)
    if changes.random.random() < 0.4:
        git(changes, inner, "config", "--unset-all", key)
    else:
        git(changes, inner, "config", key, value.replace("@", str(changes.repository.place)))


def say_outside(changes: Changes, name: str, _: Path) -> None:
    file = changes.random.choice([["--local"], ["--file", str(changes.repository.top / ".gitmodules")]])
    key = changes.random.choice([f"submodule.{name}.ignore", f"submodule.{name}.ignore", "diff.ignoreSubmodules"])
    git(changes, changes.repository.top, "config", *file, key, changes.random.choice(IGNORE))


def take_away(changes: Changes, name: str, inner: Path) -> None:
    top, chance = changes.repository.top, changes.random.random()
    if chance < 0.2:
        git(changes, top, "submodule", "deinit", "-q", "-f", name)
    elif chance < 0.6:
        git(changes, top, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init", "--recursive")
    elif chance < 0.8:
        git(changes, top, "rm", "-qf", name)
    elif chance < 0.9:
        shutil.rmtree(inner, ignore_errors=True)
    else:
        (inner / ".git").rename(inner / ".git-away")


def git(changes: Changes, folder: Path, *arguments: str) -> str:
    return changes.repository.git(*arguments, cwd=folder, check=False)
