"""`get_repo_context` for rev: true at each call."""

from __future__ import annotations

import os
import sys
from time import monotonic
from types import FunctionType

from rev_accel import repo, settings
from rev_accel.errors import InputError

__all__ = ["get_repo_context"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Seconds that rev gives git, unless the environment says otherwise.
TIMEOUT = 300.0

# How a text without answers of git begins.
NOTHING = '{"status": "", "log": "", '


def get_repo_context(original: FunctionType) -> Callable[..., str]:
    """The function of this package, with the root of rev's module and the names that its settings leave out."""
    own = original.__globals__

    def get_repo_context(commits: int = 6) -> str:
        count = int(commits)
        excluded = [name for name in sys.modules["rev.config"].EXCLUDE_DIRS if isinstance(name, str)]
        root = str(own["ROOT"])
        begin = monotonic()
        try:
            with settings.Quiet():
                timeout = repo.usable_timeout(TIMEOUT)
                text = repo.text_of(os.path.realpath(root), count, excluded, timeout=timeout)
        except InputError:
            os.scandir(root).close()  # raises what rev meets when it starts git there or lists the entries
            raise
        if monotonic() - begin >= timeout and text.startswith(NOTHING):
            from subprocess import TimeoutExpired

            raise TimeoutExpired("git status -s", timeout)
        return text

    return get_repo_context
