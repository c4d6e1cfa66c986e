"""Asks a model only what was not answered before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rev_accel.errors import ModelMalformedError
from rev_accel.replies import ResponseCache

from .client import in_pieces
from .reply import Reply
from .verdict import storable

if TYPE_CHECKING:
    from .client import Client
    from .reply import Piece
    from .request import Request

__all__ = ["CachingClient"]


class CachingClient:
    """Answers from a `ResponseCache`, and asks another client for the rest.

    A request is answered from the cache only by the reply to an equal one: see `Request.key`. Equal requests at the
    same time, of threads, tasks and processes, make one call. What comes back is parsed anew from what the server
    sent. Only whole replies are kept: see `storable`.

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
        """
        self.cache = ResponseCache() if cache is None else cache
        self._inner, self._ttl, self._sampled = inner, ttl, sampled

    def chat(self, request: Request) -> Reply:
        """The reply to a request, from the cache if it is there."""
        made = _Made()

        def call() -> bytes:
            return made.note(self._inner.chat(request))

        stored = self.cache.get_or_call(
            request.key().digest, call, storable=made.refusal, ttl=self._ttl, bypass=self._bypass(request)
        )
        if made.reply is not None:
            return made.reply
        try:
            return Reply.from_bytes(stored)
        except ModelMalformedError:  # of another version, which nobody can read any more
            call()
            return self._keep(request, made)

    async def achat(self, request: Request) -> Reply:
        """`chat`, for asyncio."""
        made = _Made()

        async def call() -> bytes:
            return made.note(await self._inner.achat(request))

        stored = await self.cache.aget_or_call(
            request.key().digest, call, storable=made.refusal, ttl=self._ttl, bypass=self._bypass(request)
        )
        if made.reply is not None:
            return made.reply
        try:
            return Reply.from_bytes(stored)
        except ModelMalformedError:
            await call()
            return self._keep(request, made)

    def stream(self, request: Request) -> Iterator[Piece | Reply]:
        """The reply in pieces, and then the whole of it; from the cache word by word.

        What is being streamed is not waited for by others, who could not know when it will end.
        """
        if self._bypass(request) is not None:
            yield from self._inner.stream(request)
            return
        stored = self.cache.get(request.key().digest)
        if stored is not None:
            try:
                yield from in_pieces(Reply.from_bytes(stored))
                return
            except ModelMalformedError:
                pass
        for part in self._inner.stream(request):
            if isinstance(part, Reply):
                made = _Made()
                made.note(part)
                self._keep(request, made)
            yield part

    def _bypass(self, request: Request) -> str | None:
        """Why a request is not for the cache."""
        return None if self._sampled or is_greedy(request) else "sampled"

    def _keep(self, request: Request, made: _Made) -> Reply:
        assert made.reply is not None
        if storable(made.reply):
            self.cache.put(request.key().digest, made.reply.to_bytes(), ttl=self._ttl)
        return made.reply


class _Made:
    """The reply of the call that was made, if one was."""

    def __init__(self) -> None:
        self.reply: Reply | None = None

    def note(self, reply: Reply) -> bytes:
        self.reply = reply
        return reply.to_bytes()

    def refusal(self, _stored: bytes) -> str | None:
        return None if self.reply is None else storable(self.reply).reason


def is_greedy(request: Request) -> bool:
    """Whether a request asks for the likeliest answer. An absent temperature is the server's own, mostly not 0."""
    temperature = request.options.get("temperature")
    return isinstance(temperature, (int, float)) and not isinstance(temperature, bool) and temperature == 0
