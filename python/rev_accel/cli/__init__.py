"""The command `rev-accel`.

This module answers `--version` by itself and keeps the process's promises on every way out: one line
on standard error for what went wrong, silence for a closed pipe and for Ctrl-C. The commands, and the
library that parses their options, are loaded only when they are needed.
"""

from __future__ import annotations

import sys

from . import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count
EXIT_OUTPUT_CLOSED = 141  # 128 + SIGPIPE: not 0, since nobody knows what the rest would have said


def main(arguments: list[str] | None = None) -> int:
    """Run the command with these arguments, by default those of the process, and return its exit code.

    A program that `exec` starts ends as it would without: what it raises comes out, and its output is not looked at.
    """
    if arguments is None:
        arguments = sys.argv[1:]
    try:
        result = _run(arguments)
        if isinstance(result, int):
            streams.flush_output()
    except KeyboardInterrupt:
        streams.discard_output()
        return EXIT_INTERRUPTED
    except streams.OutputError as error:
        streams.discard_output()
        if error.closed_by_reader:
            return EXIT_OUTPUT_CLOSED
        streams.complain(str(error))
        return EXIT_USAGE
    if isinstance(result, int):
        return result
    result()
    return 0


def _run(arguments: list[str]) -> int | Callable[[], None]:
    """The exit code, or the program that is to be run now."""
    if arguments in (["--version"], ["-V"]):
        from rev_accel._core import __version__

        streams.write_output(f"rev-accel {__version__}\n".encode())
        return 0
    if arguments[:1] == ["exec"]:
        from .execute import plain

        program = plain(arguments[1:])
        if program is not None:
            return program
    from .app import run

    return run(arguments)
