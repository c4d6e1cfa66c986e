"""Who decides whether a tool may do what a model wants it to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

from rev_accel.errors import InputError
from rev_accel.tools import Tool
from rev_accel.tools.effects import COMMANDS, danger, lines, touched

__all__ = ["Approval", "Ask", "Decision", "Policy", "subject"]

Decision = Literal["ask", "auto", "never"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """What somebody is asked for."""

    task: str
    tool: str
    text: str
    """What the tool is about to do, in one line."""
    arguments: Mapping[str, Any]
    reason: str | None
    """Why it is asked although the policy would let it pass."""


Ask = Callable[[Approval], bool]
"""Asks somebody; `False` is no. Called by one thread at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What may be done without asking. Tools that only read may be used, unless `deny` says otherwise.

    Rules are patterns as of file names (`*`, `?`, `[...]`), for texts such as `run_command git push origin`,
    `write_file src/a.py` or `git_commit`; paths are relative to the root. The first of these decides: `deny`, to which
    the name of a tool is all of its calls; whether a call looks dangerous, which has somebody asked (see
    `rev_accel.tools.effects.danger`); `allow`, where one rule has to fit all paths, and all commands of a line for a
    shell; at last `write` or `command`. A policy is the user's: nothing in the repository has a say in it.
    """

    write: Decision = "ask"
    command: Decision = "ask"
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("write", "command"):
            if getattr(self, name) not in get_args(Decision):
                raise InputError(f"`{name}` is {getattr(self, name)!r}: expected `ask`, `auto` or `never`")
        for name in ("allow", "deny"):
            if isinstance(getattr(self, name), str):
                raise InputError(f"`{name}` is a text: expected a list of patterns")

    def decide(self, tool: Tool, arguments: Mapping[str, Any], root: Path | None = None) -> tuple[Decision, str | None]:
        """Whether a call may be made in a workspace, and why that is so, if not by `write` or `command`."""
        if tool.reads and not self.deny:
            return "auto", None
        texts = subject(tool.name, arguments, root)
        for rule in self.deny:
            if any(fnmatchcase(text, rule) for text in (tool.name, *texts)):
                return "never", f"the rule `{rule}` denies it"
        if tool.reads:
            return "auto", None
        usual = self.command if tool.name in COMMANDS else self.write
        if usual != "never" and (reason := danger(tool.name, arguments)):
            return "ask", reason
        for rule in self.allow:
            if all(fnmatchcase(text, rule) for text in texts):
                return "auto", None
        return usual, None


def subject(name: str, arguments: Mapping[str, Any], root: Path | None = None) -> list[str]:
    """The texts that rules are for: one for each path and for where it leads to; for a shell, each command, too."""
    if name == "run_command":
        return [f"{name} {line}" for line in lines(arguments)]
    # Tools that only read have one path, or none.
    paths = touched(name, arguments) or [path for path in (arguments.get("path"),) if isinstance(path, str)]
    names = [label for path in paths for label in _labels(path, Path() if root is None else root)]
    return [f"{name} {label}" for label in dict.fromkeys(names)] or [name]


def _labels(path: str, root: Path) -> list[str]:
    """A path relative to the root, as rules name it, however it was written."""
    try:
        places = (os.path.normpath(root / path), os.path.realpath(root / path))
        return [os.path.relpath(place, root).replace(os.sep, "/") for place in places]
    except (OSError, ValueError):  # the tool says what is wrong with it
        return [path]
