"""The tool that applies a unified diff to the files of a workspace."""

from __future__ import annotations

from dataclasses import dataclass

from rev_accel.errors import ToolError

from .definition import tool
from .diff import FilePatch, apply, parse
from .documents import Document, Documents

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
        done: list[Step] = []
        try:
            # What is deleted last need not be put back.
            for step in sorted(steps, key=lambda step: step.patch.target is None):
                self._do(step)
                done.append(step)
        except BaseException as error:
            failed = [self._undo(step) for step in reversed(done)]
            if lost := ", ".join(filter(None, failed)):
                raise ToolError(f"{error}; what was changed before could not be put back in {lost}") from error
            raise
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
            text = apply(one.hunks, "" if before is None else before.text, label)
            if one.target is None and text:
                raise ToolError(
                    f"`{label}` is to be deleted, but the patch has not all of its lines. Nothing was changed"
                )
            if before is not None:
                before.form.encode(text)
            steps.append(Step(one, before, text))
        return steps

    def _do(self, step: Step) -> None:
        patch, before = step.patch, step.before
        if before is None:
            assert patch.target is not None
            self._documents.create(patch.target, step.text)
        elif patch.target is None:
            self._documents.delete(before)
        else:
            if patch.target != patch.source:
                before = self._documents.move(before, patch.target)
            if step.text != before.text:
                self._documents.change(before, step.text)

    def _undo(self, step: Step) -> str | None:
        """Puts back what was; the name of the file where that failed."""
        patch, before = step.patch, step.before
        try:
            if before is None:
                assert patch.target is not None
                self._documents.delete(self._documents.read(patch.target))
            elif patch.target is None:
                self._documents.create(patch.source or "", before.text)
            else:
                now = self._documents.read(patch.target)
                if now.text != before.text:
                    now = self._documents.change(now, before.text)
                if patch.target != patch.source:
                    assert patch.source is not None
                    self._documents.move(now, patch.source)
        except Exception:
            return f"`{patch.target or patch.source}`"
        return None


def _told(step: Step) -> str:
    patch = step.patch
    if patch.source is None:
        return f"Created `{patch.target}`."
    if patch.target is None:
        return f"Deleted `{patch.source}`."
    hunks = f"{len(patch.hunks)} hunk{'' if len(patch.hunks) == 1 else 's'}"
    if patch.target != patch.source:
        return f"Renamed `{patch.source}` to `{patch.target}`, {hunks}."
    return f"Changed `{patch.source}`, {hunks}."
