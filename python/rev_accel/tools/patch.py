"""The tool that applies a unified diff to the files of a workspace."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rev_accel.errors import RevAccelError, ToolError

from .definition import tool
from .diff import FilePatch, has_returns, parse, without_returns
from .documents import Document, Documents
from .hunks import apply
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
        for a file that is made or deleted; `rename from` and `rename to` are understood. Modes of files stay.

        Args:
            patch: The diff, as `git diff` writes it, with paths relative to the root of the workspace.
        """
        undo: list[Callable[[], object]] = []
        try:
            steps = self._steps(parse(patch))
            for step in steps:
                self._do(step, undo)
        except BaseException as error:
            problems = [_problem(one) for one in reversed(undo)]
            if found := "; ".join(filter(None, problems)):
                raise ToolError(f"{error}; what was changed before could not be put back: {found}") from error
            if isinstance(error, RevAccelError | OSError):
                text = str(error)
                behind = "\n" if "\n" in text else ". "
                raise ToolError(f"{text}{behind}Nothing was changed.") from error
            raise
        for step in steps:
            if step.patch.target is None:
                self._remove(self._documents.place(_removed(step)))
        return "\n".join(map(_told, steps))

    def _steps(self, patches: list[FilePatch]) -> list[Step]:
        """What there is to do, with all that can be checked before anything is changed."""
        places: set[Path] = set()
        for one in patches:
            found = {self._place(name) for name in (one.source, one.target) if name is not None}
            if found & places:
                raise ToolError(
                    f"`{one.target or one.source}` is in the patch twice: expected one part with all of its hunks"
                )
            places |= found
        steps = []
        for one in patches:
            before = None if one.source is None else self._documents.read_to_change(one.source, must_be_known=False)
            if one.source is not None and before is None:
                raise ToolError(f"there is no file `{one.source}`")
            if one.target is not None and one.target != one.source and self._documents.exists(one.target):
                raise ToolError(f"`{one.target}` is there already")
            label = one.source or one.target or ""
            hunks = one.hunks
            if before is not None and before.form.line_end == "\r\n":
                if has_returns(hunks):
                    before = replace(before, form=before.form.as_it_is())
                else:
                    hunks = without_returns(hunks)
            text = apply(hunks, "" if before is None else before.text, label)
            if one.target is None and text:
                raise ToolError(f"`{label}` is to be deleted, but the patch has not all of its lines")
            if before is not None:
                before.form.encode(text)
            steps.append(Step(one, before, text))
        return steps

    def _place(self, name: str) -> Path:
        """The one place of all names of a file, by `..` and by links."""
        try:
            return self._documents.workspace.resolve(name)
        except (OSError, RevAccelError):
            return Path(os.path.normpath(self._documents.workspace.root / name))

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
    hunks = counted(len(patch.hunks), "hunk")
    if patch.source is None:
        text = f"Created `{patch.target}`."
    elif patch.target is None:
        text = f"Deleted `{patch.source}`."
    elif patch.target != patch.source:
        text = f"Renamed `{patch.source}` to `{patch.target}`, {hunks}."
    elif patch.hunks:
        text = f"Changed `{patch.source}`, {hunks}."
    else:
        text = f"Left `{patch.source}` as it is."
    return text if patch.mode is None else f"{text} The mode {patch.mode} was not set: a patch changes text alone."
