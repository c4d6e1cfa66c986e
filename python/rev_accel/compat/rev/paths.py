"""`_safe_path` for rev: truthful about links at each call, and no way out of the root."""

from __future__ import annotations

import os
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
        root = own["ROOT"]
        if type(rel) is str and type(root) is PosixPath:
            # One question to the system tells that there is no link; then the text of the path says where it leads.
            name = plain_name(str(root), rel)
            if name is not None:
                return PosixPath(name)
        path: Path = (root / rel).resolve()
        top = str(root)
        # Names of whole folders, not the beginning of one.
        if str(path) != top and not str(path).startswith(top if top.endswith(os.sep) else top + os.sep):
            raise ValueError(f"Path escapes repo: {rel}")
        return path

    return _safe_path
