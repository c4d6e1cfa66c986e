"""Shows and commits changes in a git repository, for a model.

Git runs as it does for `rev_accel.repo`, so that no program runs that the repository names: see SECURITY.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rev_accel import _core, repo
from rev_accel.errors import GitError, InputError, PathOutsideRootError, ToolError
from rev_accel.workspace import use_root

from .definition import tool

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

__all__ = ["GitTools"]

# Of one answer to a model.
MOST_CHARACTERS = 30_000
MOST_FILES = 50
MOST_LINES = 200
# An argument of a process is bounded by 128 KiB on Linux.
LONGEST_MESSAGE = 60_000
LONGEST_REVISION = 1_000
MOST_CONTEXT = 1_000
# Paths in one command line.
AT_ONCE = 500

# Names of files as they are; no invented author; nothing else that begins when a commit is made.
_SETTINGS = (
    "core.quotePath=false", "advice.addIgnoredFile=false", "user.useConfigOnly=true", "i18n.commitEncoding=UTF-8",
    "gc.auto=0", "maintenance.auto=false",
)  # fmt: skip
# What a difference could start, and what would make it another one on another machine.
_DIFF = (
    "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty", "--submodule=short", "--no-color", "--relative",
    "--src-prefix=a/", "--dst-prefix=b/", "--find-renames", "--inter-hunk-context=0", "--diff-algorithm=default",
    "--word-diff=none", "--indent-heuristic", "-O/dev/null",
)  # fmt: skip
_COMMIT = (
    "commit", "--quiet", "--no-verify", "--no-gpg-sign", "--no-edit", "--no-status", "--no-verbose",
    "--no-post-rewrite", "--cleanup=whitespace",
)  # fmt: skip


# A folder of which nothing is tracked stands for all in it.
_FOLDERS = ("--directory", "--no-empty-directory")


class GitTools:
    """The git repository of a workspace. What is outside of the workspace is neither shown nor committed.

    Args:
        workspace: Its root is the top of a repository, or a folder in one.
        timeout: How many seconds one command of git may take.
    """

    def __init__(self, workspace: Workspace, *, timeout: float = 60.0) -> None:
        if not 0 < timeout <= repo.LONGEST_TIMEOUT:
            raise InputError(f"`timeout` is {timeout:g}: expected seconds above 0 and up to {repo.LONGEST_TIMEOUT:.0f}")
        self._workspace = workspace
        self._timeout = timeout

    @tool(description="Looking at the repository", reads=True)
    def get_repo_context(self, commits: int = 6) -> str:
        """Gives the state of the git repository, as JSON: what `git status -s` and `git log --oneline` print, and the
        entries of the root.

        Args:
            commits: How many commits.
        """
        if not 1 <= commits <= MOST_LINES:
            raise ToolError(f"`commits` is {commits}: expected a number from 1 to {MOST_LINES}")
        with use_root(self._workspace.root):
            text = repo.get_repo_context(commits)
        found = json.loads(text)
        lines = found["status"].split("\n")
        if len(lines) <= MOST_LINES + 1:
            return text
        found["status"] = "\n".join([*lines[:MOST_LINES], f"[... {len(lines) - 1 - MOST_LINES:,} more lines ...]", ""])
        return json.dumps(found)

    @tool(description="Looking at changes", reads=True)
    def git_diff(
        self, paths: list[str] | None = None, staged: bool = False, against: str | None = None, context_lines: int = 3
    ) -> str:
        """Shows what has changed in the files of the workspace, as a unified diff, and which files git does not track.

        Args:
            paths: Files or folders, relative to the root of the workspace; by default all.
            staged: Only what is staged for the next commit, instead of what is not.
            against: A commit, branch or tag to compare with, instead of what is staged or last committed.
            context_lines: How many unchanged lines are shown around each change.
        """
        if not 0 <= context_lines <= MOST_CONTEXT:
            raise ToolError(f"`context_lines` is {context_lines}: expected a number from 0 to {MOST_CONTEXT}")
        git = _Git(self._workspace.resolve("."), self._timeout)
        chosen = [_inside(git.folder, path) for path in paths or ["."]]
        revision = [] if against is None else [git.commit_named(against)]
        words = ["diff", *_DIFF, f"--unified={context_lines}", "--numstat", "--patch"]
        ran = git.run([*words, *(["--cached"] if staged else []), *revision, "--", *chosen])
        head, _, patch = ran.partition("\n\n")
        files = [line for line in head.split("\n") if line]
        untracked = (
            [] if staged else git.names(["ls-files", "--others", "--exclude-standard", *_FOLDERS, "-z", "--", *chosen])
        )
        remarks = [] if files or untracked else git.remarks(chosen)
        return "\n".join([_shown(files, patch, untracked), *(f"{one}." for one in remarks)])

    @tool(description="Committing: {message}", reads=False)
    def git_commit(self, message: str, paths: list[str] | None = None) -> str:
        """Commits changes of the workspace, new and deleted files too. Hooks are not run, and nothing is signed.

        Args:
            message: What the commit is for: a line of up to some 70 characters; details follow after an empty line.
            paths: The files or folders to commit, as they are now, relative to the root of the workspace; `.` for all.
                By default what is staged.
        """
        _check_message(message)
        git = _Git(self._workspace.resolve(".", right="write"), self._timeout)
        if paths is not None and not paths:
            raise ToolError("`paths` is empty: expected files or folders, or none given to commit what is staged")
        chosen = None if paths is None else [_inside(git.folder, path) for path in paths]
        git.check_identity()
        if chosen is not None:
            git.stage(chosen)
        files = git.staged(chosen)
        if not files:
            where = "is staged" if chosen is None else f"has changed in {_listed(f'`{path}`' for path in chosen)}"
            raise ToolError("; ".join([f"there is nothing to commit: nothing {where}", *git.remarks(chosen or ())]))
        git.run([*_COMMIT, f"--message={message}", *([] if chosen is None else ["--only", "--", *chosen])], writes=True)
        name = git.run(["rev-parse", "--short", "HEAD"]).strip()
        count = f"{len(files):,} file{'' if len(files) == 1 else 's'}"
        return "\n".join([f"Committed {count} as {name}:", *_bounded(files)])


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a command left behind."""

    code: int | None
    output: bytes
    errors: bytes
    top: str
    """Of the working tree."""
    blanked: list[str]
    """Filters that did not run."""


@dataclass(frozen=True, slots=True)
class _Git:
    """Git in a folder."""

    folder: Path
    timeout: float

    def run(self, arguments: Sequence[str], *, writes: bool = False) -> str:
        """What a command prints; raises for one that fails."""
        return self._run_well(arguments, writes).output.decode("utf-8", "replace")

    def names(self, arguments: Sequence[str]) -> list[str]:
        """The names that a command prints, each with a NUL at its end."""
        return self.run(arguments).split("\0")[:-1]

    def commit_named(self, revision: str) -> str:
        """The whole name of a commit."""
        if not revision or len(revision) > LONGEST_REVISION or not revision.isprintable():
            raise ToolError("`against` is no name of a commit: expected a commit, branch or tag")
        words = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        ran = self._run(words)
        name = ran.output.decode("ascii", "replace").strip()
        if ran.code != 0 or not name.isalnum():
            raise ToolError(f"there is no commit `{revision}`: expected one commit, branch or tag, and no range")
        return name

    def remarks(self, paths: Iterable[str]) -> list[str]:
        """Why nothing is told of paths that git does not look at."""
        found = []
        for path in paths:
            inner = self.folder / path
            folders = [one for one in inner.parents if one != self.folder and one.is_relative_to(self.folder)]
            top = next((one for one in folders if os.path.lexists(one / ".git")), None)
            if top is not None:
                name = top.relative_to(self.folder).as_posix()
                found.append(f"`{_printable(path)}` belongs to another repository, `{_printable(name)}`")
            elif not os.path.lexists(inner) and not self.names(["ls-files", "-z", "--", path]):
                found.append(f"`{_printable(path)}` is neither there nor tracked by git")
        return found

    def check_identity(self) -> None:
        """Raises if it is not configured who commits: git would make something up from the name of the machine."""
        for variable in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
            if self._run(["var", variable]).code != 0:
                raise ToolError(
                    "git does not know who commits, so nothing was done: "
                    "ask the user to set `user.name` and `user.email`"
                )

    def stage(self, paths: Sequence[str]) -> None:
        """Stages all changes under some paths."""
        self._refuse_filtered(paths)
        # Git refuses to add what is neither there nor in the index, also if it is so since its deletion is staged.
        paths = [path for path in paths if os.path.lexists(self.folder / path) or not self._is_staged_deletion(path)]
        if paths:
            self.run(["add", "--all", "--", *paths], writes=True)

    def _is_staged_deletion(self, path: str) -> bool:
        return not self.names(["ls-files", "-z", "--", path]) and bool(self.staged([path]))

    def staged(self, paths: Sequence[str] | None) -> list[str]:
        """What a commit would change, a line each; raises for what lies outside of the workspace."""
        # Names are relative to the top of the repository.
        words = ["diff", *(word for word in _DIFF if word != "--relative"), "--no-renames", "--cached", "--name-status"]
        ran = self._run_well([*words, "-z", "--", *(paths or ())])
        parts = ran.output.decode("utf-8", "surrogateescape").split("\0")
        found = []
        for letter, name in zip(parts[::2], parts[1::2], strict=False):
            path = Path(ran.top, name)
            if not path.is_relative_to(self.folder):
                raise ToolError(
                    f"`{_printable(name)}` is staged and outside of the workspace: give the `paths` to commit"
                )
            found.append(f"{letter} {_printable(path.relative_to(self.folder).as_posix())}")
        return found

    def _refuse_filtered(self, paths: Sequence[str]) -> None:
        """Raises for files that only a filter of the repository's own configuration could turn into what is stored."""
        words = ["ls-files", "--modified", "--others", "--exclude-standard", "--deduplicate", "-z", "--", *paths]
        ran = self._run_well(words)
        if not ran.blanked:
            return
        names = ran.output.decode("utf-8", "surrogateescape").split("\0")[:-1]
        for start in range(0, len(names), AT_ONCE):
            found = self._run_well(["check-attr", "-z", "filter", "--", *names[start : start + AT_ONCE]])
            parts = found.output.decode("utf-8", "surrogateescape").split("\0")
            for name, value in zip(parts[::3], parts[2::3], strict=False):
                if value in ran.blanked:
                    raise ToolError(
                        f"`{_printable(name)}` goes through the filter `{_printable(value)}`, which the repository's "
                        "own configuration names and which is not run: ask the user to commit it"
                    )

    def _run_well(self, arguments: Sequence[str], writes: bool = False) -> _Ran:
        ran = self._run(arguments, writes)
        if ran.code != 0:
            said = (ran.errors.strip() or ran.output.strip()).decode("utf-8", "replace")[:2000]
            raise GitError(f"`git {arguments[0]}` failed: {said}" if said else f"`git {arguments[0]}` failed")
        return ran

    def _run(self, arguments: Sequence[str], writes: bool = False) -> _Ran:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        found = _core.repo_git(str(self.folder), [*settings, *arguments], timeout=self.timeout, writes=writes)
        ran = _Ran(*found)
        # Nothing is told of such a tree; and what is run first writes nothing.
        if not self.folder.is_relative_to(ran.top):
            raise ToolError(f"the working tree of the repository is `{ran.top}`, and does not hold the workspace")
        return ran


def _inside(root: Path, path: str) -> str:
    """A path relative to the root. Links in it are not followed: git commits and compares them themselves."""
    if not path or "\0" in path or any("\ud800" <= one <= "\udfff" for one in path):
        raise ToolError(f"`{_printable(path)}` is no path: expected a file or folder in the workspace")
    found = Path(os.path.normpath(root / path))
    if not found.is_relative_to(root):
        raise PathOutsideRootError(f"`{path}` leads out of the workspace: expected a file or folder in it")
    return found.relative_to(root).as_posix()


def _check_message(message: str) -> None:
    if not message.strip():
        raise ToolError("`message` is empty: expected what the commit is for")
    if len(message.encode("utf-8", "replace")) > LONGEST_MESSAGE:
        raise ToolError(f"`message` is too long: expected up to {LONGEST_MESSAGE:,} bytes")
    if "\0" in message or any("\ud800" <= one <= "\udfff" for one in message):
        raise ToolError("`message` has characters that no commit can have: NUL, or halves of surrogate pairs")


def _shown(files: list[str], patch: str, untracked: list[str]) -> str:
    """The counts first, then the diff."""
    others = [f"Untracked: {_listed(map(_printable, untracked))}"] if untracked else []
    if not files:
        return "\n".join(["No changes.", *others])
    counts = [line.split("\t", 2) for line in files]
    added, removed = (sum(int(one[place]) for one in counts if one[place].isdigit()) for place in (0, 1))
    head = f"{len(files):,} file{'' if len(files) == 1 else 's'} changed, +{added:,} -{removed:,} lines"
    patch = patch.rstrip("\n")
    if len(patch) <= MOST_CHARACTERS:
        return "\n".join([f"{head}.", *others, "", patch])
    end = patch.rfind("\n", 0, MOST_CHARACTERS)
    names = [f"{name} +{plus} -{minus}" if plus.isdigit() else f"{name} (binary)" for plus, minus, name in counts]
    cut = f"[... {len(patch) - end:,} more characters left out: give `paths` to see some of the files ...]"
    return "\n".join([f"{head}:", *_bounded(names), *others, "", patch[:end], cut])


def _bounded(lines: list[str]) -> list[str]:
    more = [f"and {len(lines) - MOST_FILES:,} more"] if len(lines) > MOST_FILES else []
    return [*lines[:MOST_FILES], *more]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(_bounded(list(names)))


def _printable(name: str) -> str:
    """A name as a line can show it."""
    return "".join(one if one.isprintable() else "\ufffd" for one in name)
