"""Runs commands for a model."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rev_accel.errors import ToolError

from .definition import tool
from .process import LIMIT, Completed, Printed, Stopped, run

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

__all__ = ["CommandTools"]

# Bytes of a text: what one argument of a program may take on Linux, and `shell` makes it one. It is split into words
# before any time-out counts, and a long word costs the square of its length.
LONGEST = (128 << 10) - 1

# Words that mean something to a shell only.
OPERATORS = frozenset({"|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "2>&1", "&>"})


class CommandTools:
    """Running commands in a workspace.

    Args:
        workspace: Where they run.
        limit: How many bytes of the output of one are given to the model, from its beginning and its end.
        on_output: Called with pieces of the output while one runs, as text without escapes.
        stopped: Asked while one runs; once it says so, it is ended.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        limit: int = LIMIT,
        on_output: Printed | None = None,
        stopped: Stopped | None = None,
    ) -> None:
        self._workspace = workspace
        self._limit = limit
        self._on_output = on_output
        self._stopped = stopped

    @tool(description="Running {command}", reads=False)
    def run_command(self, command: list[str] | str, cwd: str = ".", timeout: float = 120, shell: bool = False) -> str:
        """Runs a program to its end and gives its exit code and what it printed, errors included, in order.

        It cannot be typed to. When its time is over it is stopped, with all that it has started in its session, and you
        get its output so far. Of long output the beginning and the end are given. A server that shall go on has to be
        started with `shell`, in the background, with its output in a file.

        Args:
            command: The program and its arguments, as a list; or as one text, which is split into words as a shell
                does, without anything else that a shell does.
            cwd: The folder that it runs in, relative to the root of the workspace.
            timeout: How many seconds it may take.
            shell: Have `/bin/sh` read the text, for pipes, redirections and the like.
        """
        words = _words(command, shell)
        # What runs may write.
        folder = self._workspace.resolve(cwd, right="write")
        done = run(
            words, cwd=folder, timeout=timeout, limit=self._limit, on_output=self._on_output, stopped=self._stopped
        )
        notes = []
        if not shell and isinstance(command, str) and (odd := OPERATORS.intersection(words) and _operators(command)):
            shown = ", ".join(f"`{one}`" for one in sorted(odd))
            notes.append(f"{shown} went to the program as it is: set `shell` to have a shell read it")
        return _report(done, timeout, notes)


def _words(command: list[str] | str, shell: bool) -> list[str]:
    if isinstance(command, str):
        if not command.strip():
            raise ToolError("`command` is empty: expected a program, and its arguments")
        if (size := len(command.encode("utf-8", "replace"))) > LONGEST:
            raise ToolError(
                f"`command` has {size:,} bytes: expected up to {LONGEST:,}, what a command line can hold; "
                "write long texts into a file"
            )
        if shell:
            return ["/bin/sh", "-c", command]
        try:
            return shlex.split(command)
        except ValueError as error:
            raise ToolError(
                f"`command` cannot be split into words: {error}; a list of arguments needs no quotes"
            ) from None
    if shell:
        raise ToolError("`shell` is for a `command` that is one text: expected one, not a list")
    return command


def _operators(command: str) -> frozenset[str]:
    """The operators that stand as words of their own, not in quotes."""
    try:
        # In this form words keep their quotes.
        return OPERATORS.intersection(shlex.split(command, posix=False))
    except ValueError:  # a quote behind a backslash
        return OPERATORS.intersection(shlex.split(command))


def _report(done: Completed, timeout: float, notes: list[str]) -> str:
    unseen = f"{done.bytes:,} bytes of output" if done.bytes and not done.output else ""
    if done.timed_out:
        head = f"it had not ended after {timeout:g} s and was stopped, with all that it had started in its session"
        if unseen:
            head += f"; {unseen} had come, none of which can be shown"
        else:
            head += "; its output so far:" if done.output else "; it had printed nothing"
        return f"[{head}]\n{done.output}".rstrip("\n")
    head = done.ending
    if not done.output:
        head += f", {unseen}, none of which can be shown" if unseen else ", no output"
    if done.left:
        notes.insert(0, "something that it had started in a session of its own keeps its output open, and goes on")
    elif done.held:
        notes.insert(0, "something that it had started kept its output open, and was killed")
    return f"[{'; '.join([head, *notes])}]\n{done.output}".rstrip("\n")
