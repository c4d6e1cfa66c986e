"""What becomes of a call of a tool that was begun, and whose end the process did not see.

Before a tool writes, what it is about to touch is noted, with the contents of files. When the run goes on, the call is
made once more in an empty folder with these contents, so it is known what it leads to. If that is there, it was done.
If nothing has changed, it is done now. A part of it, as of a patch of several files, is taken back and all of it done
anew. Anything else was changed by somebody else, which the model is told. A commit was made if there is one on
top of what was there. A command is never run again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rev_accel import repo
from rev_accel.errors import GitError, InputError, RevAccelError
from rev_accel.history import INTERRUPTED
from rev_accel.tools import Failure, builtin_tools
from rev_accel.tools.documents import Documents
from rev_accel.tools.effects import FILES, touched
from rev_accel.workspace import Version, Workspace, use_root

if TYPE_CHECKING:
    from .journal import Journal

__all__ = ["before", "settle", "state_of"]

# Larger files are not kept: of a call that was interrupted it is then not known what it did.
MOST_BYTES = 16 << 20

State = str | None
"""The digest of a file; `None` for nothing; else what it is, which no digest is."""


def before(name: str, arguments: Mapping[str, Any], workspace: Workspace, journal: Journal) -> dict[str, Any]:
    """What is to be noted of a call that writes: the state of what it touches, or the commit that is there."""
    if name == "git_commit":
        return {"head": _head(workspace)}
    if name not in FILES:
        return {}
    return {"files": {path: _keep(path, workspace, journal) for path in touched(name, arguments)}}


def settle(
    name: str,
    arguments: Mapping[str, Any],
    noted: Mapping[str, Any],
    workspace: Workspace,
    journal: Journal,
    since: float,
) -> str | None:
    """The result of a call that was begun at a time; `None` if it is to be made."""
    if name == "git_commit":
        if _head(workspace) == noted["head"]:
            return None
        return "Committed; the run was interrupted right after it."
    if name not in FILES:
        return Failure(INTERRUPTED)
    files: dict[str, State] = dict(noted["files"])
    _sweep(files, workspace, since)
    now = {path: state_of(path, workspace) for path in files}
    if now == files:
        return None
    if any(state in ("folder", "other", "large") for state in (*files.values(), *now.values())):
        return _by_existence(name, files, now)
    after, text = _tried(name, arguments, files, journal)
    if now == after:
        return text
    if strange := [path for path in files if now[path] not in (files[path], after[path])]:
        return Failure(
            f"Error: {INTERRUPTED}: {', '.join(f'`{path}`' for path in strange)} changed meanwhile; look at it again"
        )
    for path, state in files.items():
        if state is None and now[path] is not None:
            workspace.delete(path)
        elif state is not None and now[path] != state:
            workspace.write(path, journal.kept(state), make_folders=True)
    return None


def _keep(path: str, workspace: Workspace, journal: Journal) -> State:
    state = state_of(path, workspace)
    if state not in (None, "folder", "other", "large"):
        return journal.keep(workspace.read(path))
    return state


def state_of(path: str, workspace: Workspace) -> State:
    """What is at a path now."""
    try:
        found = workspace.stat(path)
        if found.kind != "file":
            return "folder" if found.kind == "folder" else "other"
        if found.size > MOST_BYTES:
            return "large"
        return Version.of(workspace.read(path)).digest
    except FileNotFoundError:
        return None
    except (OSError, InputError, RevAccelError):
        return "other"


def _by_existence(name: str, files: Mapping[str, State], now: Mapping[str, State]) -> str | None:
    """For whole folders, of which all is done in one step, or can be gone on with."""
    paths = list(files)
    if name == "delete":
        return None if now[paths[0]] is not None else f"Deleted `{paths[0]}`."
    if name == "move" and now[paths[0]] is None and now[paths[1]] is not None:
        return f"Moved `{paths[0]}` to `{paths[1]}`."
    if name == "copy" and files[paths[1]] is None and now[paths[1]] is not None:
        return f"Copied `{paths[0]}` to `{paths[1]}`."
    return None if name in ("move", "copy", "create_directory") else Failure(INTERRUPTED)


def _tried(
    name: str, arguments: Mapping[str, Any], files: Mapping[str, State], journal: Journal
) -> tuple[dict[str, State], str]:
    """What a call leads to where nothing is but what was noted, and its result."""
    with tempfile.TemporaryDirectory(prefix="rev-accel-") as folder:
        workspace = Workspace(folder)
        documents = Documents(workspace)
        for path, state in files.items():
            if state is not None:
                version = workspace.write(path, journal.kept(state), make_folders=True)
                documents.know(workspace.resolve(path), version)
            elif parent := os.path.dirname(path):
                workspace.make_folder(parent)
        text = builtin_tools(workspace, documents=documents).execute(name, dict(arguments))
        return {path: state_of(path, workspace) for path in files}, text


def _sweep(paths: Iterable[str], workspace: Workspace, since: float) -> None:
    """Removes what the process that was killed had not given its name yet."""
    for folder in {os.path.dirname(path) for path in paths}:
        for temporary in _temporary(folder or ".", workspace):
            try:
                if workspace.stat(temporary).modified_ns >= (since - 5) * 1e9:
                    workspace.delete(temporary, recursive=True)
            except (OSError, InputError):
                pass


def _temporary(folder: str, workspace: Workspace) -> Iterator[str]:
    try:
        entries = workspace.list(folder)
    except (OSError, InputError, RevAccelError):
        return
    for entry in entries:
        if entry.name.startswith(".rev-accel-") and entry.name.endswith(".tmp"):
            yield str(Path(folder, entry.name))


def _head(workspace: Workspace) -> str | None:
    try:
        with use_root(workspace.root):
            return repo.head().commit
    except GitError:
        return None
