"""One attempt to get a reply: what goes out, what comes back, and how long each step took. No I/O of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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

# A step is given so many seconds even if there is no time left: 0 would be none at all. And the clock that ends a wait
# may be so much ahead of the one that is looked at.
LEAST, SLACK = 0.001, 0.005

# No socket can be waited for longer at a time: 24 days.
LONGEST = 2**31 // 1000

WAITING: dict[Phase, str] = {
    "connect": "there was no connection",
    "sending": "the request was not taken",
    "first_byte": "there was no first byte of the reply",
    "reading": "the reply did not go on",
}


class Exchange:
    """One attempt. `url`, `content`, `headers` and `extensions` are what to send with `httpx2`."""

    def __init__(
        self,
        request: Request,
        limits: Limits,
        *,
        stream: bool,
        deadline: float | None = None,
        connected: Callable[[Any], object] | None = None,
    ) -> None:
        """`deadline` is when a request with a time-out has to be over, by `time.monotonic`; `connected` is called with
        each connection that is made."""
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
        self._start = time.monotonic()
        self._deadline = self._start + self._total if deadline is None else deadline
        self._timeout: dict[str, float] = {}
        self._set_timeout("connect", "pool", "write", "read")
        self.extensions: dict[str, Any] = {"timeout": self._timeout, "trace": self._trace}
        self._connected = connected
        self._marks: dict[str, float] = {}
        self._status = 0
        self._answered: Mapping[str, str] = {}
        self._chunks: list[bytes] = []
        self._size = 0

    def use_async(self) -> None:
        """Prepares for `httpx2.AsyncClient`."""

        async def trace(name: str, info: object) -> None:
            self._trace(name, info)

        self.extensions["trace"] = trace

    def opened(self, status: int, headers: Mapping[str, str]) -> None:
        """Takes the status line and the headers of the answer."""
        self._status, self._answered = status, headers
        self._set_timeout("read")
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
        if now > self._deadline:
            raise self._timed_out("reading")
        if self._streamed:
            with self._named():
                yield from self._add(self._lines.feed(chunk))

    def finish(self) -> Iterator[Piece | Reply]:
        """What is left once the body has ended: at last the whole reply."""
        if self._status != 200:
            raise self._refused()
        with self._named():
            if self._streamed:
                yield from self._rest()
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
                return self._timed_out("connect")
            case httpx2.WriteTimeout():
                return self._timed_out("sending")
            case httpx2.TimeoutException():
                return self._timed_out("reading" if self._chunks else "first_byte")
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

    def _rest(self) -> Iterator[Piece]:
        """What the last chunk adds. One that stops in its middle is a stream that broke off."""
        try:
            yield from self._add(self._lines.end())
        except ModelMalformedError as error:
            raise ModelTruncatedError(f"the stream ended within a chunk: {error}") from error

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Has errors of the dialect say which server it was."""
        try:
            yield
        except ModelError as error:
            error.args = (f"{self._who}: {error}",)
            raise

    @property
    def _who(self) -> str:
        return f"`{self.url}`"

    def _refused(self) -> ModelRefusedError:
        said = dialects.refused(b"".join(self._chunks))
        if 300 <= self._status < 400 and "location" in self._answered:
            said = (
                f"it is elsewhere, at `{dialects.excerpt(self._answered['location'].encode())}`; give that `endpoint`"
            )
        wait = retry_after(self._answered)
        return ModelRefusedError(
            f"{self._who} answered with status {self._status}: {said}", status=self._status, retry_after=wait
        )

    def _set_timeout(self, *names: str) -> None:
        """How long the next step may take: as the limits say, and no longer than there is time in all."""
        left = max(self._deadline - time.monotonic(), LEAST)
        for name in names:
            limit = self._limits.connect if name in ("connect", "pool") else self._limits.silence
            self._timeout[name] = min(limit, left, LONGEST)

    def _timed_out(self, phase: Phase) -> ModelTimeoutError:
        spent = ", ".join(f"{name} {duration:.3g} s" for name, duration in self._steps())
        one = self._limits.connect if phase == "connect" else self._limits.silence
        limit = f"{self._total:g} s in all" if time.monotonic() > self._deadline - SLACK else f"{one:g} s"
        return ModelTimeoutError(f"{self._who}: {WAITING[phase]} within {limit} ({spent})", phase=phase)

    def _trace(self, name: str, info: Any) -> None:
        match name.split(".", 1)[-1]:
            case "connect_tcp.started" | "connect_unix_socket.started":
                self._marks["connecting"] = time.monotonic()
            case "connect_tcp.complete" | "connect_unix_socket.complete" | "start_tls.complete":
                self._marks["connected"] = time.monotonic()
                if self._connected is not None:
                    self._connected(info["return_value"])
                self._set_timeout("write", "read")
            case "start_tls.started":
                # There is no connection yet.
                self._marks.pop("connected", None)
            case "send_request_body.complete":
                self._marks["sent"] = time.monotonic()
                self._set_timeout("read")

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
