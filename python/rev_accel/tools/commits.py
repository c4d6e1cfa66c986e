"""Which commit is checked out in a workspace, and whether another one was made since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rev_accel import repo
from rev_accel.errors import GitError
from rev_accel.workspace import use_root

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

__all__ = ["commit_since", "head"]

# Commits that are looked through.
LATEST = 50


def head(workspace: Workspace) -> str | None:
    """The name of the commit that is checked out; `None` where there is none, or no repository."""
    try:
        with use_root(workspace.root):
            return repo.head().commit
    except GitError:
        return None


def commit_since(before: str | None, message: str, workspace: Workspace) -> repo.Commit | None:
    """The commit of this message that was made on top of what was checked out before, if there is one."""
    subject = " ".join(message.strip().split("\n\n")[0].split())
    try:
        with use_root(workspace.root):
            found = repo.log(LATEST)
    except GitError:
        return None
    for one in found:
        if one.id == before:
            break
        if " ".join(one.subject.decode("utf-8", "replace").split()) == subject:
            return one
    return None
