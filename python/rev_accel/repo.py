"""The state of the git repository that the root is in: git's own answers, at the price of a look while nothing changes.

Git is asked, and its answer kept together with the stamps of everything that it depends on. As long as these are
as they were, the answer is given again and no process is started; whatever has changed, has changed only just now,
or is not modelled, has git asked again. So an answer is true at each call.

Git runs so that no program runs that the repository itself names: no file system monitor, no hooks, no filters of its
own configuration, nothing is fetched or written. SECURITY.md says what that changes in answers. The program is the
first `git` in an absolute folder of PATH that lies outside of the working tree.

`REV_ACCEL_GIT_TIMEOUT` sets how many seconds git may take, by default 30; `REV_ACCEL_NO_CACHE=1` has it
asked each time.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from . import _core, settings
from . import cache as result_cache
from .errors import GitError, InputError
from .workspace import root as workspace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypedDict

    class _Options(TypedDict):
        timeout: float
        threads: int | None
        keep: bool


__all__ = [
    "Commit",
    "Explanation",
    "GitError",
    "Head",
    "StatusEntry",
    "explain",
    "get_repo_context",
    "head",
    "is_dirty",
    "log",
    "root",
    "status",
]

TIMEOUT_VARIABLE = "REV_ACCEL_GIT_TIMEOUT"
DEFAULT_TIMEOUT = 30.0
LONGEST_TIMEOUT = 86_400.0

MOST_COMMITS = 1_000_000

# What the text leaves out of the entries of the root, as rev does.
EXCLUDED = (
    ".cache",
    ".git",
    ".hg",
    ".idea",
    ".next",
    ".pytest_cache",
    ".svn",
    ".venv",
    ".vscode",
    "__pycache__",
    "build",
    "coverage",
    "dist",
    "node_modules",
    "out",
    "target",
    "venv",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEntry:
    """A path that differs between the last commit, the index and the working tree.

    `index` and `worktree` are the letters of `git status --short` for the two; a space means no difference, `?` in both
    that the path is untracked. Paths are bytes, as git has them: relative to the top of the working tree, with
    forward slashes. An untracked folder stands for all in it and ends with a slash. `original` is where a renamed or
    copied file came from.
    """

    index: str
    worktree: str
    path: bytes
    original: bytes | None = None

    @property
    def is_untracked(self) -> bool:
        """Whether git does not know the path."""
        return self.index == "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit. Names and the subject are bytes: UTF-8, unless the commit says otherwise and git cannot convert it.

    `abbreviated` is its name as `git log --oneline` shows it, `time` when it was committed, in seconds since 1970,
    `subject` the first paragraph of its message as one line.
    """

    id: str
    abbreviated: str
    parents: tuple[str, ...]
    author: bytes
    email: bytes
    time: int
    subject: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is checked out: `commit` is `None` before the first one, `branch` where none is checked out."""

    commit: str | None
    branch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How an answer came about.

    `kept` tells whether it was kept from before, `reason` why it could be, or why git was asked, `not_kept` why it is
    not kept for the next time, if it is not. `problem` tells why git gave no answer or only a part of it, if so: rev's
    text is empty there and does not say. `git` is the program that is asked, `processes` how many processes were
    started, `stamps` on how many stamps of files and folders the answer rests.
    """

    kept: bool
    reason: str
    not_kept: str | None
    problem: str | None
    git: str | None
    processes: int
    stamps: int


def get_repo_context(commits: int = 6) -> str:
    """The state of the repository as one line of JSON, with the interface and the text of rev's function of this name.

    The keys are `status`, what `git status -s` prints; `log`, what `git log -n COMMITS --oneline` prints; `top_level`,
    up to 100 sorted entries of the root, hidden ones too, without those that hold what tools make. Outside of a
    repository, without git, and where git is too slow, the first two are empty, and so is each for which a signal ended
    git; `explain().problem` says why.

    The root is that of `rev_accel.workspace`. `ValueError` for `commits` that is not a whole number; `InputError`,
    which is one, too, if the root is gone. A variable of the environment that cannot be used is warned of
    (`RuntimeWarning`) and counts as not set.
    """
    try:
        count = int(commits)
    except TypeError:
        raise InputError(f"`commits` must be a whole number, not {type(commits).__name__}") from None
    return text_of(workspace.root_text_of(None), count, EXCLUDED, timeout=usable_timeout(DEFAULT_TIMEOUT))


def context_text(commits: int, excluded: Iterable[str] = EXCLUDED) -> str:
    """The text, without entries of these names; `InputError` also for what the environment says."""
    return _text(workspace.root_text_of(None), commits, excluded, _options())


def text_of(folder: str, commits: int, excluded: Iterable[str], *, timeout: float) -> str:
    """The text of a folder, whose path is absolute and leads through no link; git has so many seconds.

    What else the environment says and cannot be used counts as not said. `InputError` if the folder cannot be listed.
    """
    threads = settings.from_environment(lambda: settings.thread_count(None), None)
    keep = settings.from_environment(_keep, True)
    return _text(folder, commits, excluded, {"timeout": timeout, "threads": threads, "keep": keep})


def usable_timeout(usual: float) -> float:
    """How many seconds git may take, as the environment says if that can be used."""
    return settings.from_environment(lambda: _timeout(usual), usual)


def status() -> tuple[StatusEntry, ...]:
    """What differs in the working tree that the root is in, in git's order. Raises `GitError`."""
    entries = _core.repo_status(workspace.root_text_of(None), **_options())
    return tuple(
        StatusEntry(index=code[0], worktree=code[1], path=path, original=original) for code, path, original in entries
    )


def is_dirty() -> bool:
    """Whether anything differs, untracked files included. Raises `GitError`."""
    return bool(_core.repo_status(workspace.root_text_of(None), **_options()))


def log(commits: int = 6) -> tuple[Commit, ...]:
    """The latest commits that HEAD reaches, the newest first; none before the first one. Raises `GitError`."""
    if not settings.is_count(commits, MOST_COMMITS, least=0):
        raise InputError(f"`commits` must be a whole number from 0 to {MOST_COMMITS}, not {settings.shown(commits)}")
    found = _core.repo_log(workspace.root_text_of(None), commits=commits, **_options())
    return tuple(
        Commit(
            id=name,
            abbreviated=abbreviated,
            parents=tuple(parents),
            author=author,
            email=email,
            time=time,
            subject=subject,
        )
        for name, abbreviated, parents, author, email, time, subject in found
    )


def head() -> Head:
    """What is checked out. Raises `GitError`."""
    commit, reference, _ = _head()
    branch = None
    if reference is not None:
        branch = os.fsdecode(reference.removeprefix(b"refs/heads/"))
    return Head(commit=commit, branch=branch)


def root() -> str | None:
    """The top of the working tree that the root is in; `None` in a bare repository. Raises `GitError`."""
    return _head()[2]


def explain() -> Explanation | None:
    """How the last answer for the root came about, whichever function asked; `None` if none was asked for yet."""
    parts = _core.repo_explain(workspace.root_text_of(None))
    if parts is None:
        return None
    kept, reason, not_kept, problem, git, processes, stamps = parts
    return Explanation(
        kept=kept,
        reason=reason,
        not_kept=not_kept,
        problem=problem,
        git=git,
        processes=processes,
        stamps=stamps,
    )


def _head() -> tuple[str | None, bytes | None, str | None]:
    return _core.repo_head(workspace.root_text_of(None), **_options())


def _text(folder: str, commits: int, excluded: Iterable[str], options: _Options) -> str:
    return _core.repo_text(folder, commits=str(commits), excluded=list(excluded), **options)


def _options() -> _Options:
    """What the environment says of how to ask."""
    return {"timeout": _timeout(), "threads": settings.thread_count(None), "keep": _keep()}


def _keep() -> bool:
    return not settings.switch(result_cache.OFF_VARIABLE, default=False)


def _timeout(usual: float = DEFAULT_TIMEOUT) -> float:
    text = os.environ.get(TIMEOUT_VARIABLE)
    if not text:
        return usual
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise InputError(
            f"environment variable {TIMEOUT_VARIABLE} must be a number of seconds up to {LONGEST_TIMEOUT:.0f}, "
            f"not {text[:80]!r}"
        )
    return seconds
