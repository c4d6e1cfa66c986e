"""Clients of servers, over HTTP."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rev_accel.errors import InputError

from .limits import Limits, Retries
from .reply import Piece, Reply
from .request import Request, is_header, normal

try:
    import httpx2
    import tenacity
except ImportError as error:
    raise ImportError(
        f"clients of servers need `{error.name}`: install the extra, `pip install 'rev-accel[agent]'`", name=error.name
    ) from error

from .exchange import Exchange
from .retries import pause, policy

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from .request import Dialect

__all__ = ["OllamaClient", "OpenAIClient"]


class HTTPClient:
    """What the clients share.

    Used with `with` or `async with`, or closed with `close`, a client gives its connections back at once; else when
    it is no longer used. Only within `async with` do `achat` and `astream` keep connections from call to call. A client
    may be used by several threads, and in a forked child, which makes connections of its own.
    """

    DIALECT: ClassVar[Dialect]

    def __init__(
        self,
        endpoint: str,
        *,
        api_key: str | None = None,
        headers: dict[str, str] | None = None,
        limits: Limits | None = None,
        retries: Retries | None = None,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        """Nothing is sent yet.

        Args:
            endpoint: Where the server is; requests for another are refused, and so never get this client's key.
            api_key: Sent as `Authorization: Bearer ...`.
            headers: More headers. What stands in them is never shown, recorded or kept in a cache, and not in the key
                of a request either: one that changes what the server answers needs a cache of its own.
            limits: How long a call may take and how large a reply may be.
            retries: How often to ask again.
            verify: How to check the server's certificate, as `ssl.create_default_context(cafile=...)` does for an
                authority of one's own; the default asks the operating system.
        """
        self.endpoint = normal(endpoint)
        self._headers = dict(headers or {})
        if api_key is not None:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._limits, self._retries = limits or Limits(), retries or Retries()
        self._verify = verify
        for name, value in self._headers.items():
            for what, text in (("a header's name", name), (f"the header `{name}`", value)):
                if not isinstance(text, str):
                    raise TypeError(f"{what} is of type `{type(text).__name__}`: expected a str")
            if not is_header(value):
                # Without the value, which is likely a secret with the line end of the file it was read from.
                raise InputError(f"the header `{name}` holds a line break, or what is not ASCII: strip it")
        self._interruptions = 0
        self._connections: tuple[socket.socket, ...] = ()
        self._lock = threading.Lock()
        self._session: tuple[int, httpx2.Client, weakref.finalize[Any, Any]] | None = None
        self._async_session: tuple[asyncio.AbstractEventLoop, httpx2.AsyncClient] | None = None

    def request(
        self,
        *,
        model: str,
        messages: Iterable[Mapping[str, Any]],
        tools: Iterable[Mapping[str, Any]] | None = None,
        tool_choice: Any = None,
        response_format: Any = None,
        options: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        retries: int | None = None,
        trace_id: str | None = None,
    ) -> Request:
        """A request to this client's server. The arguments are the fields of `Request`."""
        return Request(
            endpoint=self.endpoint,
            dialect=self.DIALECT,
            model=model,
            messages=messages,
            tools=tools,
            tool_choice=tool_choice,
            response_format=response_format,
            options={} if options is None else options,
            timeout=timeout,
            retries=retries,
            trace_id=trace_id,
        )

    def chat(self, request: Request) -> Reply:
        """The reply to a request, in one piece."""
        deadline = deadline_of(request)
        for attempt in self._attempts(request):
            with attempt:
                reply = whole(self._attempt(self._exchange(request, deadline)))
        return reply

    def stream(self, request: Request) -> Generator[Piece | Reply, None, None]:
        """The reply in pieces as they come, and then, as the last, the whole of it.

        Once a piece was given out, nothing is asked again.
        """
        first: Piece | Reply
        deadline = deadline_of(request)
        for attempt in self._attempts(request):
            with attempt:
                rest = self._attempt(self._exchange(request, deadline, stream=True))
                first = next(rest)
        try:
            yield first
            yield from rest
        finally:
            rest.close()

    async def achat(self, request: Request) -> Reply:
        """The reply to a request, for asyncio."""
        deadline = deadline_of(request)
        async for attempt in self._aattempts(request):
            with attempt:
                reply = whole([part async for part in self._aattempt(self._exchange(request, deadline))])
        return reply

    async def astream(self, request: Request) -> AsyncGenerator[Piece | Reply, None]:
        """`stream`, for asyncio."""
        first: Piece | Reply
        deadline = deadline_of(request)
        async for attempt in self._aattempts(request):
            with attempt:
                rest = self._aattempt(self._exchange(request, deadline, stream=True))
                first = await anext(rest)
        async with aclosing(rest):
            yield first
            async for part in rest:
                yield part

    def interrupt(self) -> None:
        """Ends `chat` and `stream` wherever they are going on: nothing is waited for or asked again, so they raise.

        May be called by another thread, or by the handler of a signal. Calls that begin later are not concerned, nor is
        what asyncio runs, which has its own way: `Task.cancel`.
        """
        self._interruptions += 1
        for connection in self._connections:
            with suppress(OSError):
                # Not `close`: that would not wake who reads. And of the socket below TLS, which has more to say itself.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def close(self) -> None:
        """Gives the connections back. The client can be used again."""
        if self._session is not None:
            closing, self._session = self._session[2], None
            closing()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self._async_session = asyncio.get_running_loop(), httpx2.AsyncClient(**self._settings())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        session, self._async_session = self._async_session, None
        if session is not None:
            await session[1].aclose()

    def __repr__(self) -> str:
        # Without the headers, which hold secrets.
        return f"{type(self).__name__}({self.endpoint!r})"

    def _attempts(self, request: Request) -> tenacity.Retrying:
        before = self._interruptions

        def is_over() -> bool:
            return self._interruptions != before

        kept = policy(self._policy(request), request.timeout, is_over)
        return tenacity.Retrying(**kept, sleep=lambda seconds: pause(seconds, is_over))

    def _aattempts(self, request: Request) -> tenacity.AsyncRetrying:
        return tenacity.AsyncRetrying(**policy(self._policy(request), request.timeout, lambda: False))

    def _connected(self, stream: Any) -> None:
        """Notes a connection, in the place of closed ones; all are replaced at once, and so read without a lock."""
        with self._lock:
            there = (one for one in self._connections if one.fileno() >= 0)
            self._connections = (*there, stream.get_extra_info("socket"))

    def _policy(self, request: Request) -> Retries:
        return self._retries if request.retries is None else replace(self._retries, number=request.retries)

    def _exchange(self, request: Request, deadline: float | None, *, stream: bool = False) -> Exchange:
        if (request.endpoint, request.dialect) != (self.endpoint, self.DIALECT):
            raise InputError(
                f"the request is for {request.endpoint!r} in dialect {request.dialect!r}: "
                f"this client speaks {self.DIALECT!r} to {self.endpoint!r}; make requests with `client.request(...)`"
            )
        return Exchange(request, self._limits, stream=stream, deadline=deadline, connected=self._connected)

    def _attempt(self, exchange: Exchange) -> Generator[Piece | Reply, None, None]:
        session = self._sync_session()
        try:
            with session.stream(
                "POST",
                exchange.url,
                content=exchange.content,
                headers=exchange.headers,
                extensions=exchange.extensions,
            ) as answer:
                exchange.opened(answer.status_code, answer.headers)
                for chunk in answer.iter_bytes():
                    yield from exchange.feed(chunk)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise exchange.failure(error) from error
        yield from exchange.finish()

    async def _aattempt(self, exchange: Exchange) -> AsyncGenerator[Piece | Reply, None]:
        exchange.use_async()
        try:
            async with (
                self._async_session_here() as session,
                session.stream(
                    "POST",
                    exchange.url,
                    content=exchange.content,
                    headers=exchange.headers,
                    extensions=exchange.extensions,
                ) as answer,
            ):
                exchange.opened(answer.status_code, answer.headers)
                async for chunk in answer.aiter_bytes():
                    for piece in exchange.feed(chunk):
                        yield piece
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise exchange.failure(error) from error
        for part in exchange.finish():
            yield part

    def _async_session_here(self) -> AbstractAsyncContextManager[httpx2.AsyncClient]:
        # Connections belong to the loop that they were made in.
        if self._async_session is not None and self._async_session[0] is asyncio.get_running_loop():
            return nullcontext(self._async_session[1])
        return httpx2.AsyncClient(**self._settings())

    def _sync_session(self) -> httpx2.Client:
        process = os.getpid()
        if self._session is None or self._session[0] != process:
            # A forked child must not speak on its parent's connections.
            made = httpx2.Client(**self._settings())
            self._session = process, made, weakref.finalize(self, made.close)
        return self._session[1]

    def _settings(self) -> dict[str, Any]:
        if self._verify is None:
            # Made once, since that takes longer than all the rest of a session.
            self._verify = httpx2.create_ssl_context()
        return {"headers": self._headers, "verify": self._verify, "timeout": None, "follow_redirects": False}


def deadline_of(request: Request) -> float | None:
    """When a call that begins now has to be over, with all its attempts."""
    return None if request.timeout is None else time.monotonic() + request.timeout


def whole(parts: Iterable[Piece | Reply]) -> Reply:
    """The whole reply, which is the last of its parts."""
    *_, last = parts
    assert isinstance(last, Reply)
    return last


class OllamaClient(HTTPClient):
    """Ollama in its own dialect, `/api/chat`: `OllamaClient("http://localhost:11434")`.

    Set `options.num_ctx` in every request: the server's default is small, and what does not fit is left out with no
    more than `Reply.context_cut` to tell.
    """

    DIALECT = "ollama"


class OpenAIClient(HTTPClient):
    """OpenAI and servers that speak like it, `/chat/completions`: `OpenAIClient("https://api.openai.com/v1", ...)`.

    For Ollama's `/v1`, vLLM, llama.cpp and others, `endpoint` is all that stands before `/chat/completions`.
    """

    DIALECT = "openai"
