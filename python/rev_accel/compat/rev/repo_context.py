"""`get_repo_context` for rev: true at each call."""

from __future__ import annotations

import os
import sys
from types import FunctionType

from rev_accel import repo

__all__ = ["get_repo_context"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds that rev gives git, unless the environment says otherwise.
TIMEOUT = 300.0


def get_repo_context(original: FunctionType) -> Callable[..., str]:
    """The function of this package, with the root of rev's module and the names that its settings leave out."""
    own = original.__globals__

    def get_repo_context(commits: int = 6) -> str:
        count = int(commits)
        excluded = sys.modules["rev.config"].EXCLUDE_DIRS
        root = os.fspath(own["ROOT"])
        return repo.text_of(root, count, [name for name in excluded if isinstance(name, str)], timeout=TIMEOUT)

    return get_repo_context
