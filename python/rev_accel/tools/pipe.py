"""The output of a process, read without waiting longer than is said."""

from __future__ import annotations

import os
import select
import sys
from queue import Empty, Queue
from threading import Thread
from typing import IO

__all__ = ["Pipe"]

_PIECE = 1 << 16
# Pieces that may wait to be taken.
_BACKLOG = 4


class PolledPipe:
    """By asking the system when there is something to read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._poll = select.poll()
        self._poll.register(file.fileno(), select.POLLIN)

    def read(self, wait: float) -> bytes | None:
        """What there is, after some seconds at most: `None` if that is nothing, no bytes at the end."""
        if not self._poll.poll(wait * 1000):
            return None
        return os.read(self._file.fileno(), _PIECE)

    def close(self) -> None:
        """Reads no more."""
        self._file.close()


class ThreadedPipe:
    """By a thread, for systems that cannot be asked. It ends when the pipe does."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._pieces = Queue[bytes](_BACKLOG)
        self._is_closed = False
        Thread(target=self._work, name="rev_accel.tools", daemon=True).start()

    def read(self, wait: float) -> bytes | None:
        """As that of `PolledPipe`."""
        try:
            return self._pieces.get(timeout=wait)
        except Empty:
            return None

    def close(self) -> None:
        """Takes no more; what still comes is thrown away."""
        self._is_closed = True
        while not self._pieces.empty():
            self._pieces.get()

    def _work(self) -> None:
        with self._file as file:
            while piece := os.read(file.fileno(), _PIECE):
                if not self._is_closed:
                    self._pieces.put(piece)
        if not self._is_closed:
            self._pieces.put(b"")


Pipe = ThreadedPipe if sys.platform == "win32" else PolledPipe
