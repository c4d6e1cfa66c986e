"""Writes down what is asked and answered, to be replayed."""

from __future__ import annotations

import os
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rev_accel.errors import InputError, ModelError

from . import record
from .redaction import redact as usual
from .redactor import Redactor
from .reply import Reply

if TYPE_CHECKING:
    from .client import Client
    from .redactor import Redact
    from .reply import Piece
    from .request import Request

__all__ = ["RecordingClient"]


class RecordingClient:
    """Asks another client and writes each call to a file: see `rev_accel.llm.record` for its form.

    A call is written once it has ended, also when it ended with a `ModelError`; a stream that is given up is not.
    Headers are never written, and what looks like a secret is replaced in requests and replies. The key that is written
    is that of the request as it is written: who replays with another secret in the same place asks for the same.
    """

    def __init__(
        self,
        inner: Client,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        redact: Redact | None = usual,
    ) -> None:
        """The file is made with the first call.

        Args:
            inner: Who answers.
            path: The file. Missing folders are made.
            overwrite: Whether a file that exists is replaced; else that is an error.
            redact: Takes JSON data and returns a copy without secrets; `None` writes everything as it is. It is called
                once for a message, however many requests hold it, and for all else that is written. Give the same one
                to `ReplayClient`.

        Raises:
            rev_accel.errors.InputError: The file exists.
        """
        self._inner, self._path, self._redactor = inner, Path(path), Redactor(redact)
        self._lock = threading.Lock()
        self._mode = "wb" if overwrite else "xb"
        if not overwrite and self._path.exists():
            raise InputError(f"`{self._path}` exists: give `overwrite=True` to record it anew")

    def chat(self, request: Request) -> Reply:
        recorded = self._redactor.request(request)
        try:
            reply = self._inner.chat(request)
        except ModelError as error:
            self._write(recorded, error)
            raise
        self._write(recorded, reply)
        return reply

    async def achat(self, request: Request) -> Reply:
        recorded = self._redactor.request(request)
        try:
            reply = await self._inner.achat(request)
        except ModelError as error:
            self._write(recorded, error)
            raise
        self._write(recorded, reply)
        return reply

    def stream(self, request: Request) -> Iterator[Piece | Reply]:
        recorded = self._redactor.request(request)
        try:
            for part in self._inner.stream(request):
                if isinstance(part, Reply):
                    self._write(recorded, part)
                yield part
        except ModelError as error:
            self._write(recorded, error)
            raise

    async def astream(self, request: Request) -> AsyncGenerator[Piece | Reply, None]:
        recorded = self._redactor.request(request)
        try:
            async with aclosing(self._inner.astream(request)) as parts:
                async for part in parts:
                    if isinstance(part, Reply):
                        self._write(recorded, part)
                    yield part
        except ModelError as error:
            self._write(recorded, error)
            raise

    def _write(self, request: Request, outcome: Reply | ModelError) -> None:
        line = record.dump(request, outcome, self._redactor)
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Opened for each call: what was recorded is there also after a crash, and nothing has to be closed.
            with open(self._path, self._mode, opener=_open) as file:
                file.write(line)
            self._mode = "ab"


def _open(path: str, flags: int) -> int:
    # For the user alone: not all that is secret looks like it. That holds for a file that was there before, too.
    descriptor = os.open(path, flags, 0o600)
    if flags & os.O_TRUNC and hasattr(os, "fchmod"):
        with suppress(PermissionError):  # somebody else's, which was asked for
            os.fchmod(descriptor, 0o600)
    return descriptor
