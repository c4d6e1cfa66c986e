"""One attempt to get a reply: what goes out, what comes back, and how long each step took. No I/O of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx2

from rev_accel.errors import (
    InputError,
    ModelError,
    ModelMalformedError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelTruncatedError,
)

from . import dialects
from .estimate import context_cut
from .reply import Piece, Reply, Timings
from .retries import retry_after
from .text import write

if TYPE_CHECKING:
    from rev_accel.errors import Phase

    from .limits import Limits
    from .request import Request

__all__ = ["Exchange"]

# Of an error's body, more is not kept.
MOST_ERROR_BYTES = 64 << 10

WAITING: dict[Phase, str] = {
    "connect": "there was no connection",
    "sending": "the request was not taken",
    "first_byte": "there was no first byte of the reply",
    "reading": "the reply did not go on",
}


class Exchange:
    """One attempt. `url`, `content`, `headers` and `extensions` are what to send with `httpx2`."""

    def __init__(self, request: Request, limits: Limits, *, stream: bool) -> None:
        spoken = dialects.of(request.dialect)
        self._request, self._limits, self._streamed = request, limits, stream
        self._total = limits.total if request.timeout is None else request.timeout
        self._lines, self._stream = spoken.lines(), spoken.stream()
        self.url = request.endpoint + spoken.PATH
        try:
            self.content = write(spoken.write(request, stream=stream))
        except InputError:
            raise
        except ValueError as error:
            raise InputError(f"the request cannot be written as JSON: {error}") from error
        self.headers = {"content-type": "application/json"}
        if request.trace_id is not None:
            self.headers["x-request-id"] = request.trace_id
        silence = min(limits.silence, self._total)
        timeout = {"connect": limits.connect, "pool": limits.connect, "write": silence, "read": silence}
        self.extensions: dict[str, Any] = {"timeout": timeout, "trace": self._trace}
        self._marks: dict[str, float] = {}
        self._status = 0
        self._answered: Mapping[str, str] = {}
        self._chunks: list[bytes] = []
        self._size = 0
        self._start = time.monotonic()

    def use_async(self) -> None:
        """Prepares for `httpx2.AsyncClient`."""

        async def trace(name: str, info: object) -> None:
            self._trace(name, info)

        self.extensions["trace"] = trace

    def opened(self, status: int, headers: Mapping[str, str]) -> None:
        """Takes the status line and the headers of the answer."""
        self._status, self._answered = status, headers
        if self._streamed and self._request.dialect == "openai" and "json" in headers.get("content-type", ""):
            # Asked for a stream, the server sends its reply, or an error, in one piece.
            self._streamed = False

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Takes bytes of the body and gives what they add to the reply."""
        now = time.monotonic()
        self._marks.setdefault("first byte", now)
        self._chunks.append(chunk)
        self._size += len(chunk)
        if self._status != 200:
            if self._size > MOST_ERROR_BYTES:
                raise self._refused()
            return
        if self._size > self._limits.reply_bytes:
            raise ModelMalformedError(f"{self._who} sent more than {self._limits.reply_bytes} bytes")
        if now - self._start > self._total:
            raise self._timed_out("reading", self._total, "in all")
        if self._streamed:
            yield from self._add(self._lines.feed(chunk))

    def finish(self) -> Iterator[Piece | Reply]:
        """What is left once the body has ended: at last the whole reply."""
        if self._status != 200:
            raise self._refused()
        if self._streamed:
            yield from self._add(self._lines.end())
            dialects.finished(self._stream)
        reply = Reply.parse(
            b"".join(self._chunks), dialect=self._request.dialect, streamed=self._streamed, timings=self._timings()
        )
        cut = context_cut(self._request, reply.usage)
        if cut is not None:
            logging.getLogger("rev_accel").warning("%s: %s", self._who, cut)
            reply = replace(reply, context_cut=cut)
        yield reply

    def failure(self, error: httpx2.HTTPError | httpx2.InvalidURL) -> ModelError:
        """What an error of the transport means."""
        match error:
            case httpx2.ConnectTimeout() | httpx2.PoolTimeout():
                return self._timed_out("connect", self._limits.connect)
            case httpx2.WriteTimeout():
                return self._timed_out("sending", self.extensions["timeout"]["write"])
            case httpx2.TimeoutException():
                phase: Phase = "reading" if self._chunks else "first_byte"
                return self._timed_out(phase, self.extensions["timeout"]["read"])
            case httpx2.ConnectError() | httpx2.ProxyError():
                return ModelRefusedError(f"{self._who} cannot be reached: {error}")
            case httpx2.LocalProtocolError():
                # Its text may show headers, and with them keys.
                return ModelRefusedError(f"{self._who} cannot be asked: the request is not valid HTTP")
            case httpx2.NetworkError() | httpx2.ProtocolError():
                return ModelTruncatedError(f"{self._who} ended the connection after {self._size} bytes: {error}")
            case httpx2.DecodingError():
                return ModelMalformedError(f"{self._who} sent a body that cannot be decoded: {error}")
            case _:
                return ModelRefusedError(f"{self._who} cannot be asked: {error}")

    def _add(self, texts: Iterator[bytes]) -> Iterator[Piece]:
        for text in texts:
            piece = self._stream.add(text)
            if piece is not None:
                yield piece

    @property
    def _who(self) -> str:
        return f"`{self.url}`"

    def _refused(self) -> ModelRefusedError:
        said = dialects.refused(b"".join(self._chunks))
        wait = retry_after(self._answered)
        return ModelRefusedError(
            f"{self._who} answered with status {self._status}: {said}", status=self._status, retry_after=wait
        )

    def _timed_out(self, phase: Phase, seconds: float, how: str = "") -> ModelTimeoutError:
        spent = ", ".join(f"{name} {duration:.3g} s" for name, duration in self._steps())
        limit = f"{seconds:g} s{' ' + how if how else ''}"
        return ModelTimeoutError(f"{self._who}: {WAITING[phase]} within {limit} ({spent})", phase=phase)

    def _trace(self, name: str, _: object) -> None:
        match name.split(".", 1)[-1]:
            case "connect_tcp.started" | "connect_unix_socket.started":
                self._marks["connecting"] = time.monotonic()
            case "connect_tcp.complete" | "connect_unix_socket.complete" | "start_tls.complete":
                self._marks["connected"] = time.monotonic()
            case "send_request_body.complete":
                self._marks["sent"] = time.monotonic()

    def _steps(self) -> Iterator[tuple[str, float]]:
        """How long each step took; of the last one, until now."""
        before, marks = self._start, self._marks
        for name, mark in (("connecting", "connected"), ("sending", "sent"), ("waiting", "first byte")):
            end = marks.get(mark)
            if end is not None:
                yield name, end - before
                before = end
            elif mark != "connected" or "connecting" in marks:
                yield name, time.monotonic() - before
                return
        yield "reading", time.monotonic() - before

    def _timings(self) -> Timings:
        marks, now = self._marks, time.monotonic()
        connected, sent, first = marks.get("connected"), marks.get("sent"), marks.get("first byte")
        return Timings(
            connect=None if connected is None else connected - marks.get("connecting", self._start),
            first_byte=None if first is None or sent is None else first - sent,
            total=now - self._start,
        )
