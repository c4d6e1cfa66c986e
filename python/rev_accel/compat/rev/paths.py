"""`_safe_path` for rev: truthful about links at each call, and no way out of the root."""

from __future__ import annotations

from types import FunctionType

from rev_accel import _core

__all__ = ["safe_path"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any


def safe_path(original: FunctionType) -> Callable[..., Path]:
    """For both functions of that name, each with the root of its own module."""
    from pathlib import PosixPath

    own = original.__globals__
    plain_name = _core.plain_name

    def _safe_path(rel: Any) -> Path:
        root: Path = own["ROOT"]
        if type(rel) is str and type(root) is PosixPath:
            # One look at the system tells that there is no link; then the text of the path is its name.
            name = plain_name(str(root), rel)
            if name is not None:
                return PosixPath(name)
        path = (root / rel).resolve()
        if not path.is_relative_to(root):
            raise ValueError(f"Path escapes repo: {rel}")
        return path

    return _safe_path
