"""`_safe_path` for rev."""

from __future__ import annotations

from types import FunctionType

__all__ = ["safe_path"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any


def safe_path(original: FunctionType) -> Callable[..., Path]:
    """For both functions of that name, each with the root of its own module."""
    own = original.__globals__

    def _safe_path(rel: Any) -> Path:
        root: Path = own["ROOT"]
        path = (root / rel).resolve()
        if not path.is_relative_to(root):
            raise ValueError(f"Path escapes repo: {rel}")
        return path

    return _safe_path
