"""Asks a model only what was not answered before."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from rev_accel._core import digest_bytes
from rev_accel.errors import ModelError, ModelTimeoutError
from rev_accel.replies import ResponseCache
from rev_accel.replies.arguments import milliseconds

from .client import in_pieces
from .reply import FORMAT, Piece, Reply
from .verdict import storable

if TYPE_CHECKING:
    from .client import Client
    from .request import Request

__all__ = ["CachingClient"]

# A look-up takes less, in seconds: after it the whole time-out is left. And a call is given so much if nothing is left.
BRIEF, LEAST = 0.01, 0.001


class CachingClient:
    """Answers from a `ResponseCache`, and asks another client for the rest.

    A request is answered from the cache only by the reply to an equal one: see `Request.key`. Equal requests at the
    same time, of threads, tasks and processes, make one call; if it comes to nothing that may be kept, all who waited
    for it ask at once. `Request.timeout` holds for the wait and the call together. What comes back is parsed anew from
    what the server sent. Only whole replies are kept: see `storable`.

    Two things to know. Headers of the inner client are not in the key: where one of them changes what the server
    answers, as one that switches an experiment on, give each a `cache` in a folder of its own. And whatever the inner
    client says is kept for every process of the user: in front of a `ScriptedClient` or a `ReplayClient`, in tests,
    give a `cache` in a temporary folder, or the next run is answered by what was thought up in this one.

    Requests with a `temperature` of 0 are looked up; the others, also those without one, go straight through, unless
    `sampled` is true: who samples wants another answer each time. `cache.stats` tells how often which happened.
    """

    def __init__(
        self, inner: Client, cache: ResponseCache | None = None, *, ttl: float | None = None, sampled: bool = False
    ) -> None:
        """Nothing is opened or asked yet.

        Args:
            inner: Who answers what the cache does not.
            cache: Where replies are kept; default: the one in the user's cache folder.
            ttl: For how many seconds a reply may be used; default: for ever.
            sampled: Whether replies to requests with another `temperature` than 0 are kept and given again, too.

        Raises:
            rev_accel.errors.InputError: `ttl` is no number of seconds.
        """
        if ttl is not None:
            milliseconds("ttl", ttl)
        self.cache = ResponseCache() if cache is None else cache
        self._inner, self._ttl, self._sampled = inner, ttl, sampled

    def chat(self, request: Request) -> Reply:
        """The reply to a request, from the cache if it is there."""
        made = _Made(request)

        def call() -> bytes:
            return made.note(self._inner.chat(made.begin()))

        with made.waiting():
            stored = self.cache.get_or_call(self.cache_key(request), call, **self._how(request, made))
        return made.reply or readable(stored) or self._keep(request, self._inner.chat(made.begin()))

    async def achat(self, request: Request) -> Reply:
        """`chat`, for asyncio."""
        made = _Made(request)

        async def call() -> bytes:
            return made.note(await self._inner.achat(made.begin()))

        with made.waiting():
            stored = await self.cache.aget_or_call(self.cache_key(request), call, **self._how(request, made))
        return made.reply or readable(stored) or self._keep(request, await self._inner.achat(made.begin()))

    def stream(self, request: Request) -> Generator[Piece | Reply, None, None]:
        """The reply in pieces, and then the whole of it.

        Whoever makes the call is given the pieces as they come. Who asks for the same meanwhile, by whatever method,
        waits for the end; their streams, and those from the cache, then come word by word. Take the pieces, or close
        the stream: who rests between two for longer than the cache's lease is not waited for any longer.
        """
        made = _Made(request)

        def call() -> Generator[Piece | bytes, None, None]:
            for part in self._inner.stream(made.begin()):
                yield made.note(part) if isinstance(part, Reply) else part

        def found() -> Generator[Piece | bytes, None, None]:
            with made.waiting():
                yield from self.cache.get_or_stream(self.cache_key(request), call, **self._how(request, made))

        for part in found():
            if isinstance(part, Piece):
                yield part
            elif made.reply is not None:
                yield made.reply
            elif (reply := readable(part)) is not None:
                yield from in_pieces(reply)
            else:
                for again in self._inner.stream(made.begin()):
                    yield self._keep(request, again) if isinstance(again, Reply) else again

    async def astream(self, request: Request) -> AsyncGenerator[Piece | Reply, None]:
        """`stream`, for asyncio."""
        made = _Made(request)

        async def call() -> AsyncGenerator[Piece | bytes, None]:
            async with aclosing(self._inner.astream(made.begin())) as parts:
                async for part in parts:
                    yield made.note(part) if isinstance(part, Reply) else part

        async def found() -> AsyncGenerator[Piece | bytes, None]:
            asked = self.cache.aget_or_stream(self.cache_key(request), call, **self._how(request, made))
            with made.waiting():
                async with aclosing(asked) as parts:
                    async for part in parts:
                        yield part

        async with aclosing(found()) as parts:
            async for part in parts:
                if isinstance(part, Piece):
                    yield part
                elif made.reply is not None:
                    yield made.reply
                elif (reply := readable(part)) is not None:
                    for piece in in_pieces(reply):
                        yield piece
                else:
                    async with aclosing(self._inner.astream(made.begin())) as anew:
                        async for again in anew:
                            yield self._keep(request, again) if isinstance(again, Reply) else again

    def _how(self, request: Request, made: _Made) -> _How:
        bypass = self._bypass(request)
        # There is a lookup and a wait before the call: all of it is to be over in time.
        return {
            "storable": made.refusal,
            "failed": failure,
            "ttl": self._ttl,
            "bypass": bypass,
            "timeout": request.timeout,
        }

    def cache_key(self, request: Request) -> bytes:
        """Under which key the cache keeps the reply: the request's, for the form in which replies are kept now."""
        return digest_bytes([request.key().digest, FORMAT], domain="reply")

    def _bypass(self, request: Request) -> str | None:
        """Why a request is not for the cache."""
        return None if self._sampled or is_greedy(request) else "sampled"

    def _keep(self, request: Request, reply: Reply) -> Reply:
        self.cache.put(
            self.cache_key(request), reply.to_bytes(), storable=lambda _: storable(reply).reason, ttl=self._ttl
        )
        return reply


class _How(TypedDict):
    storable: Callable[[bytes], str | None]
    failed: Callable[[Exception], str]
    ttl: float | None
    bypass: str | None
    timeout: float | None


class _Made:
    """The call that was made, if one was, and its reply."""

    def __init__(self, request: Request) -> None:
        self.reply: Reply | None = None
        self._request, self._began, self._has_begun = request, time.monotonic(), False

    def begin(self) -> Request:
        """The request as it is made now: in what is left of its time-out when others were waited for."""
        self._has_begun = True
        passed = time.monotonic() - self._began
        if self._request.timeout is None or passed < BRIEF:
            return self._request
        return replace(self._request, timeout=max(LEAST, round(self._request.timeout - passed, 3)))

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Makes an error of the client's of a wait for others that took as long as the request may."""
        try:
            yield
        except TimeoutError as error:
            if self._has_begun:
                raise
            raise ModelTimeoutError(
                f"`{self._request.endpoint}`: whoever makes the same call had no reply within "
                f"{self._request.timeout:g} s in all",
                phase="first_byte",
            ) from error

    def note(self, reply: Reply) -> bytes:
        self.reply = reply
        return reply.to_bytes()

    def refusal(self, _stored: bytes) -> str | None:
        return None if self.reply is None else storable(self.reply).reason


def failure(error: Exception) -> str:
    """As what a call that raised is counted."""
    return storable(error).reason or "error"


def readable(stored: bytes) -> Reply | None:
    """A stored reply; `None` if another version, or somebody else, has put there what would not be kept now."""
    try:
        reply = Reply.from_bytes(stored)
    except ModelError:
        return None
    return replace(reply, kept=True) if storable(reply) else None


def is_greedy(request: Request) -> bool:
    """Whether a request asks for the likeliest answer. An absent temperature is the server's own, mostly not 0."""
    temperature = request.options.get("temperature")
    return isinstance(temperature, (int, float)) and not isinstance(temperature, bool) and temperature == 0
