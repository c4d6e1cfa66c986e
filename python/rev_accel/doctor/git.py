"""rev's question to git, asked as the drop-in asks it: what the repository names is not run, and nothing is fetched.

So a difference that comes from it is told from any other one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rev_accel import _core
from rev_accel.errors import GitError

from .comparing import Function

__all__ = ["ALIKE"]

COUNT = "GIT_CONFIG_COUNT"
TIMEOUT = 30.0


def without_programs(function: Function, root: Path) -> Function:
    """A function while git is told to run no program that the repository names; nor is anything fetched."""

    def called(*arguments: Any) -> Any:
        settings = {"core.fsmonitor": "false", "log.showSignature": "false"}
        for name in own_filters(root):
            settings |= {f"filter.{name}.{key}": "" for key in ("clean", "process")} | {
                f"filter.{name}.required": "false"
            }
        first = int(os.environ.get(COUNT) or 0)
        pairs = list(enumerate(settings.items(), first))
        variables = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in pairs}
        variables |= {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in pairs}
        return with_variables({COUNT: str(first + len(pairs)), **variables, **OFFLINE}, function, *arguments)

    return called


def without_fetching(function: Function, root: Path) -> Function:  # noqa: ARG001
    """A function while git fetches nothing that a partial clone lacks."""
    return lambda *arguments: with_variables(OFFLINE, function, *arguments)


# By older versions of git only the second is known.
OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_TERMINAL_PROMPT": "0"}

ALIKE: dict[str, Callable[[Function, Path], Function]] = {
    "context_promised": without_fetching,
    "context_programs": without_programs,
}
"""How rev is asked as the drop-in asks, by the names that the page for rev's users explains."""


def own_filters(root: Path) -> list[str]:
    """Those that the configuration of the repository or of a submodule names."""
    try:
        return _core.repo_git(os.path.realpath(root), ["--version"], timeout=TIMEOUT, writes=False)[4]
    except GitError:
        return []


def with_variables(variables: dict[str, str], function: Function, *arguments: Any) -> Any:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        return function(*arguments)
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
