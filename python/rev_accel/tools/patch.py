"""The tool that applies a unified diff to the files of a workspace."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rev_accel.errors import ToolError

from .definition import tool
from .diff import FilePatch, apply, parse, without_returns
from .documents import Document, Documents
from .search import counted

__all__ = ["PatchTools"]


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one file: `before` is what it was, `None` for one that is made; `text` what it becomes."""

    patch: FilePatch
    before: Document | None
    text: str


class PatchTools:
    """Changing several files at once."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    @tool(description="Applying a patch", reads=False)
    def apply_patch(self, patch: str) -> str:
        """Applies a unified diff: to all of its files, or, if any part does not fit, to none.

        Old lines have to be in the files as they are, but the numbers of lines need not be right. `/dev/null` stands
        for a file that is made or deleted; `rename from` and `rename to` are understood.

        Args:
            patch: The diff, as `git diff` writes it, with paths relative to the root of the workspace.
        """
        steps = self._steps(parse(patch))
        undo: list[Callable[[], object]] = []
        try:
            for step in steps:
                self._do(step, undo)
        except BaseException as error:
            problems = [_problem(one) for one in reversed(undo)]
            if found := "; ".join(filter(None, problems)):
                raise ToolError(f"{error}; what was changed before could not be put back: {found}") from error
            raise
        for step in steps:
            if step.patch.target is None:
                self._remove(self._documents.place(_removed(step)))
        return "\n".join(map(_told, steps))

    def _steps(self, patches: list[FilePatch]) -> list[Step]:
        """What there is to do, with all that can be checked before anything is changed."""
        named = [name for one in patches for name in {one.source, one.target} if name is not None]
        if twice := next((name for name in named if named.count(name) > 1), None):
            raise ToolError(f"`{twice}` is in the patch twice: expected one part with all of its hunks")
        steps = []
        for one in patches:
            before = None if one.source is None else self._documents.read_to_change(one.source, must_be_known=False)
            if one.source is not None and before is None:
                raise ToolError(f"there is no file `{one.source}`. Nothing was changed")
            if one.target is not None and one.target != one.source and self._documents.exists(one.target):
                raise ToolError(f"`{one.target}` is there already. Nothing was changed")
            label = one.source or one.target or ""
            hunks = one.hunks if before is None or before.form.line_end != "\r\n" else without_returns(one.hunks)
            text = apply(hunks, "" if before is None else before.text, label)
            if one.target is None and text:
                raise ToolError(
                    f"`{label}` is to be deleted, but the patch has not all of its lines. Nothing was changed"
                )
            if before is not None:
                before.form.encode(text)
            steps.append(Step(one, before, text))
        return steps

    def _do(self, step: Step, undo: list[Callable[[], object]]) -> None:
        """Does one step, and adds to `undo` what takes it back."""
        patch, before, documents = step.patch, step.before, self._documents
        if before is None:
            assert patch.target is not None
            self._make_folders(patch.target, undo)
            made = documents.create(patch.target, step.text)
            undo.append(partial(self._remove, made.path))
            return
        source, target = patch.source or "", _removed(step) if patch.target is None else patch.target
        if target != source:
            # What is deleted is kept until all is done.
            self._make_folders(target, undo)
            documents.move(source, target)
            undo.append(partial(documents.move, target, source))
        if patch.target is not None and step.text != before.text:
            path = documents.workspace.resolve(target, right="write")
            changed = documents.change(replace(before, path=path, label=documents.label(path)), step.text)
            undo.append(partial(documents.put_back, changed, before))

    def _make_folders(self, path: str, undo: list[Callable[[], object]]) -> None:
        """Makes the folders that a file needs."""
        folder, missing = os.path.dirname(path), []
        while folder and not self._documents.exists(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for one in reversed(missing):
            self._documents.workspace.make_folder(one)
            undo.append(partial(self._documents.workspace.delete, one))

    def _remove(self, path: Path) -> None:
        self._documents.workspace.delete(path)
        self._documents.forget(path)


def _removed(step: Step) -> str:
    """What a file that is to be deleted is called until the rest is done."""
    return f"{step.patch.source}.rev-accel-removed"


def _problem(undo: Callable[[], object]) -> str | None:
    """Takes a step back; what went wrong with that."""
    try:
        undo()
    except Exception as error:
        return str(error)
    return None


def _told(step: Step) -> str:
    patch = step.patch
    if patch.source is None:
        return f"Created `{patch.target}`."
    if patch.target is None:
        return f"Deleted `{patch.source}`."
    hunks = counted(len(patch.hunks), "hunk")
    if patch.target != patch.source:
        return f"Renamed `{patch.source}` to `{patch.target}`, {hunks}."
    return f"Changed `{patch.source}`, {hunks}."
