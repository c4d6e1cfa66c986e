"""The workspace root: where relative paths start, and what the drop-in refuses to leave.

The root is, in this order: what `use_root` set for the current context, what `set_root` set for the
process, the working directory at the time of the call.
"""

from __future__ import annotations

import os
from contextvars import ContextVar

from rev_accel.errors import InputError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from contextvars import Token
    from pathlib import Path
    from types import TracebackType

__all__ = ["get_root", "set_root", "use_root"]

# Both are absolute, without symbolic links.
_context_root: ContextVar[str | None] = ContextVar("rev_accel_root", default=None)
_process_root: str | None = None


def get_root() -> Path:
    """The current root: absolute, symbolic links resolved.

    Raises `FileNotFoundError` if no root is set and the working directory has been removed.
    """
    from pathlib import Path

    return Path(root_text())


def set_root(path: str | os.PathLike[str] | None) -> None:
    """Set the root for the whole process; `None` goes back to the working directory of each call.

    Raises `InputError` if the path is not a folder.
    """
    global _process_root
    _process_root = None if path is None else folder_text(path)


def use_root(path: str | os.PathLike[str]) -> AbstractContextManager[Path]:
    """Set the root for the current context (a thread or an asyncio task) inside a `with` block.

    The block's value is the root as `get_root` gives it. Raises `InputError` if the path is not a folder.
    """
    return _ContextRoot(folder_text(path))


def root_text() -> str:
    """`get_root` as text, for callers that can do without `pathlib`."""
    return chosen_root() or os.path.realpath(os.getcwd())


def chosen_root() -> str | None:
    """The root that was set, for this context or the process; `None` if the working directory is."""
    return _context_root.get() or _process_root


def root_text_of(path: str | os.PathLike[str] | None) -> str:
    """The absolute path of a folder, by default the root; an `InputError` if there is none."""
    if path is not None:
        return folder_text(path)
    try:
        return root_text()
    except FileNotFoundError:
        raise InputError("the working directory has been removed") from None


def folder_text(path: str | os.PathLike[str]) -> str:
    """The absolute path of an existing folder, symbolic links resolved; else an `InputError`."""
    try:
        text = os.fspath(path)
        if not isinstance(text, str):
            raise TypeError
    except TypeError:
        raise InputError(f"root must be a str or an os.PathLike of one, not {type(path).__name__}") from None
    if not text:
        raise InputError("root is empty; `.` is the working directory")
    try:
        resolved = os.path.realpath(text)
        is_folder = os.path.isdir(resolved)
    except (OSError, ValueError) as error:  # a NUL, a lone surrogate
        raise InputError(f"root `{text}` cannot be used: {error}") from None
    if not is_folder:
        raise InputError(f"root `{text}` is not a folder")
    return resolved


class _ContextRoot:
    __slots__ = ("_root", "_tokens")

    def __init__(self, root: str) -> None:
        self._root = root
        self._tokens: list[Token[str | None]] = []

    def __enter__(self) -> Path:
        self._tokens.append(_context_root.set(self._root))
        return get_root()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _context_root.reset(self._tokens.pop())
