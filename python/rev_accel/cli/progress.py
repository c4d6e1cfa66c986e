"""What a person sees on the terminal while a long scan runs."""

from __future__ import annotations

import os
import sys
import time

from . import streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DELAY = 0.5  # seconds before the first sign: short work needs none
INTERVAL = 0.1  # seconds between two signs
CLEAR = "\r\x1b[K"  # back to the start of the line and erase it


class Progress:
    """A line on standard error that counts files, and goes away without a trace."""

    def __init__(self) -> None:
        self._next = time.monotonic() + DELAY
        self._visible = False

    def __call__(self, done: int, files: int) -> None:
        now = time.monotonic()
        if now >= self._next and done < files:
            self._next = now + INTERVAL
            self._visible = True
            streams.write_error(f"{CLEAR}{done:,} of {files:,} files")

    def clear(self) -> None:
        """Erase the line, so that something else can be written there."""
        if self._visible:
            self._visible = False
            streams.write_error(CLEAR)


def is_wanted() -> bool:
    """Whether standard error is a terminal that can erase a line."""
    return streams.is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb"


def clearing(progress: Progress | None, write: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The same `write`, which first takes the line of progress out of its way."""
    if progress is None:
        return write

    def clear_and_write(data: bytes) -> None:
        progress.clear()
        write(data)

    return clear_and_write
