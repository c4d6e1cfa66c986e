"""A copy of a workspace in which everything may be tried, and the differences that come of it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path

from rev_accel.errors import InputError
from rev_accel.tools.folders import CLOSED

__all__ = ["copied", "differences"]


@contextmanager
def copied(root: Path) -> Iterator[Path]:
    """A copy of the files, folders and links below a root, environments and caches empty; it goes away with the block.

    Raises:
        InputError: Something there cannot be read, or temporary files are kept there, too.
    """
    if Path(tempfile.gettempdir()).resolve().is_relative_to(root.resolve()):
        raise InputError(f"`{root}` holds the folder for temporary files, to which it would be copied: set TMPDIR")

    def left_out(folder: str, names: list[str]) -> set[str]:
        # What is in the folders that are shown by their names alone.
        if os.path.basename(folder) in CLOSED - {".git"} and folder != str(root):
            return set(names)
        return {name for name in names if not _is_ordinary(os.path.join(folder, name))}

    with tempfile.TemporaryDirectory(prefix="rev-accel-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder, root.name or "root")
        try:
            shutil.copytree(root, copy, symlinks=True, ignore=left_out)
        except shutil.Error as error:
            first, _, why = error.args[0][0]
            more = f" ({len(error.args[0]):,} such problems)" if len(error.args[0]) > 1 else ""
            raise InputError(f"`{first}` cannot be copied to try things out: {why}{more}") from None
        yield copy.resolve()


def _is_ordinary(path: str) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)


def differences(before: Path, after: Path, paths: Sequence[str]) -> str:
    """What differs between two folders in these files, as one unified diff."""
    parts: list[str] = []
    for path in paths:
        old, new = _lines(before / path), _lines(after / path)
        names = (f"a/{path}" if old is not None else "/dev/null", f"b/{path}" if new is not None else "/dev/null")
        found = unified_diff(old or [], new or [], *names)
        parts += [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in found]
    return "".join(parts)


def _lines(path: Path) -> list[str] | None:
    try:
        return path.read_bytes().decode("utf-8", "replace").splitlines(keepends=True)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
