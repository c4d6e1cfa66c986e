"""What becomes of calls of tools that were begun, and whose end the process did not see.

Calls that write are made one at a time in all of a run, so at most one was begun; and it is settled before the run goes
on, so nothing that was noted of it is old.

Before a tool writes, what it is about to touch is noted, with the contents of files. When the run goes on, the call is
made once more in an empty folder with these contents, so it is known what it leads to. If that is there, it was done.
If nothing has changed, it is done now. A part of it, as of a patch of several files, is taken back and all of it done
anew. Anything else was changed by somebody else, which the model is told. A commit was made if there is one of that
message on top of what was there. A command is never run again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from rev_accel.errors import InputError, LogError, RevAccelError
from rev_accel.history import INTERRUPTED
from rev_accel.tools import Failure, builtin_tools
from rev_accel.tools.commits import commit_since, head
from rev_accel.tools.documents import Documents
from rev_accel.tools.effects import FILES, moved, result_by_existence, touched
from rev_accel.workspace import Version, Workspace
from rev_accel.workspace.leftovers import remove_leftovers

if TYPE_CHECKING:
    from .journal import Journal

__all__ = ["before", "changed_files", "first_states", "is_kept", "settle", "settle_all", "state_of"]

# Larger files are not kept: of a call that was interrupted it is then not known what it did.
MOST_BYTES = 16 << 20

State = str | None
"""The digest of a file; `None` for nothing; else what it is, which no digest is."""


def before(name: str, arguments: Mapping[str, Any], workspace: Workspace, journal: Journal) -> dict[str, Any]:
    """What is to be noted of a call that writes: the state of what it touches, or the commit that is there."""
    if name == "git_commit":
        return {"head": head(workspace)}
    if name not in FILES:
        return {}
    return {"files": {path: _keep(path, workspace, journal) for path in touched(name, arguments)}}


def settle_all(workspace: Workspace, journal: Journal) -> None:
    """Notes a result for each call that was begun and has none; or that it was not made, so that it is made anew."""
    begun: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for event in journal.events():
        where = tuple(event.get(name) for name in ("task", "reply", "number"))
        if event["kind"] == "call":
            begun[where] = event
        elif event["kind"] in ("result", "withdrawn"):
            begun.pop(where, None)
    for (task, reply, number), call in begun.items():
        at = {"task": task, "reply": reply, "number": number}
        text = settle(call, workspace, journal)
        if text is None:
            journal.add("withdrawn", **at)
            continue
        failed = isinstance(text, Failure)
        known = {} if failed else _versions(touched(call["name"], call["arguments"]), workspace)
        journal.add("result", **at, text=text, failed=failed, known=known)


def settle(call: Mapping[str, Any], workspace: Workspace, journal: Journal) -> str | None:
    """The result of a call whose event says that it was begun; `None` if it is to be made."""
    name, arguments, noted = call["name"], call["arguments"], call["noted"]
    if name == "git_commit":
        made = commit_since(noted["head"], str(arguments.get("message")), workspace)
        return None if made is None else f"Committed as {made.abbreviated}; the run was interrupted right after it."
    if name not in FILES:
        return Failure(INTERRUPTED)
    files: dict[str, State] = dict(noted["files"])
    # What the process that was killed had not given its name yet.
    remove_leftovers(workspace, {os.path.dirname(path) for path in files}, since=call["at"] - 5)
    now = {path: state_of(path, workspace) for path in files}
    if now == files:
        return None
    if any(state in ("folder", "other", "large") for state in (*files.values(), *now.values())):
        done = result_by_existence(name, files, now)
        return (
            Failure(INTERRUPTED) if done is None and name in ("write_file", "replace_in_file", "apply_patch") else done
        )
    after, text = _tried(name, arguments, files, journal)
    if now == after:
        return text
    moves = moved(name, arguments)
    between = {path: {was, after[path]} for path, was in files.items()}
    for source, target in moves:
        # Before it is changed it is moved, and when that is taken back, moved before it is changed back.
        between[source].add(after[target])
        between[target].add(files[source])
    if strange := [path for path in files if now[path] not in between[path]]:
        return Failure(
            f"Error: {INTERRUPTED}: {', '.join(f'`{path}`' for path in strange)} changed meanwhile; look at it again"
        )
    for source, target in moves:
        if now[source] is None and now[target] is not None:
            # Not written anew: it keeps its mode.
            workspace.move(target, source)
            now[source], now[target] = now[target], None
    for path, state in files.items():
        if state is None and now[path] is not None:
            workspace.delete(path)
        elif state is not None and now[path] != state:
            workspace.write(path, journal.kept(state), make_folders=True)
    return None


def first_states(journal: Journal) -> dict[str, State]:
    """What was at each path that tools have touched, before the first of them did."""
    found: dict[str, State] = {}
    for event in journal.events("call"):
        for path, state in (event["noted"].get("files") or {}).items():
            found.setdefault(path, state)
    return found


def is_kept(state: State) -> TypeGuard[str]:
    """Whether it is a file whose content is kept."""
    return state not in (None, "folder", "other", "large")


def changed_files(journal: Journal, workspace: Workspace) -> dict[str, bytes | None]:
    """The files that tools have changed, with what they were before the run; `None` for nothing, or if that is lost."""
    changed: dict[str, bytes | None] = {}
    for path, state in first_states(journal).items():
        now = state_of(path, workspace)
        if {"folder", "other"} & {state, now} or now == state != "large":
            continue
        try:
            changed[path] = journal.kept(state) if is_kept(state) else None
        except (OSError, LogError):
            changed[path] = None
    return changed


def _keep(path: str, workspace: Workspace, journal: Journal) -> State:
    state = state_of(path, workspace)
    return journal.keep(workspace.read(path)) if is_kept(state) else state


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


def _versions(paths: Iterable[str], workspace: Workspace) -> dict[str, tuple[str, int]]:
    """Files as they are now, as `Documents.versions` tells of them."""
    found = {}
    for path in paths:
        try:
            version = Version.of(workspace.read(path))
        except (OSError, ValueError):
            continue
        found[str(workspace.resolve(path))] = (version.digest, version.size)
    return found
