"""Files under temporary names that a process which was killed has left in a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rev_accel.errors import RevAccelError

if TYPE_CHECKING:
    from .files import Workspace

__all__ = ["remove_leftovers"]

BEFORE, AFTER = ".rev-accel-", ".tmp"


def remove_leftovers(workspace: Workspace, folders: Iterable[str], *, since: float) -> None:
    """Removes what was written under a temporary name in some folders, and has not got its own.

    For who knows that nobody writes there now; else those of an hour ago are removed by the next write.

    Args:
        since: Seconds since 1970: what is older is left to others.
    """
    for folder in folders:
        try:
            names = [one.name for one in workspace.list(folder or ".")]
        except (OSError, RevAccelError):
            continue
        for name in names:
            if name.startswith(BEFORE) and name.endswith(AFTER):
                path = f"{folder}/{name}" if folder else name
                try:
                    if workspace.stat(path).modified_ns >= since * 1e9:
                        workspace.delete(path, recursive=True)
                except (OSError, RevAccelError):
                    pass
