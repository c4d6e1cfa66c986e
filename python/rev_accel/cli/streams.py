"""Standard output and standard error, when the other end may be anything: a terminal, a full disk, nothing."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

PROGRAM = "rev-accel"


class OutputError(Exception):
    """Standard output does not take what is written."""

    def __init__(self, reason: str, *, closed_by_reader: bool = False) -> None:
        super().__init__(f"cannot write to standard output: {reason}")
        self.closed_by_reader = closed_by_reader


def write_output(data: bytes) -> None:
    """Write to standard output, so that a reader sees it now; raises `OutputError`."""
    if sys.stdout is None:
        raise OutputError("it is closed")
    rest = memoryview(data)
    try:
        # One call takes everything, unless Python runs unbuffered: then a write may be short.
        while rest:
            written = sys.stdout.buffer.write(rest)
            if not written:
                raise OutputError("it does not block and is full")
            rest = rest[written:]
        sys.stdout.flush()
    except OSError as error:
        raise _output_error(error) from error


def flush_output() -> None:
    """Bring everything written to its reader; raises `OutputError`."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError as error:
        raise _output_error(error) from error


def discard_output() -> None:
    """Throw away what is still buffered, so that the interpreter does not stumble over it when it ends."""
    _discard(sys.stdout)


def complain(message: str) -> None:
    """Say in one line on standard error what went wrong."""
    write_error(f"{PROGRAM}: error: {one_line(message)}\n")


def warn(message: str) -> None:
    """Say in one line on standard error what is not as it should be."""
    write_error(f"{PROGRAM}: warning: {one_line(message)}\n")


def write_error(text: str) -> None:
    """Write to standard error, or nowhere if it is closed: there is no one left to tell."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def one_line(text: str) -> str:
    """The text with everything escaped that could break the line or steer a terminal."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person looks at the stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def wants_color(choice: str) -> bool:
    """Whether output is coloured: as chosen, else by NO_COLOR, by FORCE_COLOR, by whether a person looks on."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and is_terminal(sys.stdout)


def _output_error(error: OSError) -> OutputError:
    return OutputError(error.strerror or str(error), closed_by_reader=isinstance(error, BrokenPipeError))


def _discard(stream: TextIO | None) -> None:
    try:
        if stream is not None:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
    except (OSError, ValueError):
        pass
