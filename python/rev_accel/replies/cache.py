"""`ResponseCache`: equal requests are answered once, for all threads, tasks and processes."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TypeVar

from rev_accel import _core, settings
from rev_accel import cache as shared

from .arguments import key_bytes, milliseconds, reply_bytes
from .course import Courses, Failed, Question, Storable
from .flights import Patience, Streaming, asker
from .stats import ReplyStats
from .steps import in_thread, run, run_async, run_stream, run_stream_async

__all__ = ["ResponseCache"]

LEAST_LEASE, LONGEST_LEASE = 0.05, 3600.0  # seconds

P = TypeVar("P")

# The folders and keys of the calls that surround what runs now: who asks for one of them would wait for itself.
_around: ContextVar[frozenset[tuple[str | None, bytes]]] = ContextVar("_around", default=frozenset())


class ResponseCache:
    """Replies of models by request, in the user's cache folder, for every process.

    A key is the digest of the whole request, 32 bytes or 64 hexadecimal digits. A reply is `bytes`: what the server
    sent. Only an equal key is a hit. What comes back is a copy of its own.

        reply = cache.get_or_call(key, lambda: send(request), storable=why_not)

    A cache can only save calls: where it cannot be used, `get` gives `None` and `get_or_call` calls, and the first time
    a `RuntimeWarning` says why. A damaged reply is a miss. An instance may be used by many threads and tasks, and
    goes on working in forked processes; it opens nothing before its first use.

    Args:
        folder: The folder of the cache; default: `REV_ACCEL_CACHE_DIR`, else the user's cache folder.
        max_bytes: What all replies may take in the store, with the 12 KiB of an empty one; beyond it those go that were
            not used for longest, as far as that is known: uses by other processes are to ten minutes. Default:
            `REV_ACCEL_REPLIES_SIZE`, else 256M. Not counted are pages of its file that became free, which the next
            replies take, and what SQLite keeps beside it: a log, which is folded in when it is longer than 1 MiB after
            a put, and its index (`-wal`, `-shm`).
        max_age: Replies that were put more seconds ago are misses.
        lease: For how many seconds other processes believe that a call is being made; renewed while it is. So long they
            wait when its process is killed.
    """

    def __init__(
        self,
        *,
        folder: str | os.PathLike[str] | None = None,
        max_bytes: int | None = None,
        max_age: float | None = None,
        lease: float = 15.0,
    ) -> None:
        most = shared.reply_size_limit() if max_bytes is None else shared.bound("max_bytes", max_bytes)
        self._max_age = None if max_age is None else milliseconds("max_age", max_age)
        self._lease = milliseconds("lease", lease, least=LEAST_LEASE, most=LONGEST_LEASE)
        # One that the environment switches off is not even looked for.
        self._is_off = settings.switch(shared.OFF_VARIABLE, default=False)
        self._folder = shared.folder() if folder is None else settings.path_texts([folder])[0]
        self._store = _core.ReplyStore(self._folder)
        self._courses = Courses(self._store, lease=self._lease, max_age=self._max_age, max_bytes=most)
        if not self._is_off:
            shared.hook_into_process()

    @property
    def stats(self) -> ReplyStats:
        """How questions were answered so far, by this instance in this process."""
        return self._courses.process().counts.stats()

    def get(self, key: bytes | str, *, bypass: str | None = None) -> bytes | None:
        """The reply to a request, or `None`.

        Args:
            bypass: Why the request is not for the cache. Then there is none.
        """
        if self._is_plain(bypass):
            return None
        found = self._store.get(key_bytes(key), max_age=self._max_age)
        if isinstance(found, tuple):
            self._courses.bypassed(found)
            return None
        self._courses.process().counts.add("miss" if found is None else "hit")
        return found

    def put(
        self, key: bytes | str, reply: bytes, *, storable: Storable | None = None, ttl: float | None = None
    ) -> bool:
        """Keeps a reply, in place of an earlier one; whether that was done.

        Only whole replies should be put: no error, nothing empty, nothing that was cut.

        Args:
            storable: Says of a reply why it is not to be stored, or `None` for one that is; default: all are.
            ttl: For how many seconds it may be used; default: for ever.
        """
        lasts = None if ttl is None else milliseconds("ttl", ttl)
        refusal = "off" if self._is_off else None if storable is None else storable(reply)
        if refusal is not None:
            self._courses.process().counts.refused(refusal)
            return False
        return self._courses.put(key_bytes(key), reply_bytes(reply, "`reply`"), lasts)

    async def aget(self, key: bytes | str, *, bypass: str | None = None) -> bytes | None:
        """`get` in an asyncio task: the disk is waited for on a thread."""
        return await in_thread(partial(self.get, key, bypass=bypass))

    async def aput(
        self, key: bytes | str, reply: bytes, *, storable: Storable | None = None, ttl: float | None = None
    ) -> bool:
        """`put` in an asyncio task: the disk is waited for on a thread."""
        return await in_thread(partial(self.put, key, reply, storable=storable, ttl=ttl))

    def get_or_call(
        self,
        key: bytes | str,
        call: Callable[[], bytes],
        *,
        storable: Storable | None = None,
        failed: Failed | None = None,
        ttl: float | None = None,
        bypass: str | None = None,
    ) -> bytes:
        """The reply that is there, or that another thread or process is getting, or that `call` gets.

        Of all who ask for the same key at the same time, one calls, and the others wait for it. If its process dies,
        another takes over when the lease ends. If it raises, or its reply is not to be stored, its caller gets that,
        and all who waited for it call at once, each for themselves: nobody waits for more than one such call.

        A `call` may ask the cache itself. It waits for nobody then, since that one may be waiting for it; only what is
        asked on another thread is not known to be asked within a call.

        Args:
            call: Makes the call and gives the reply. What it raises comes through unchanged.
            storable: Says of a reply why it is not to be stored, or `None` for one that is; default: all are.
            failed: Says as what an exception of `call` counts in `stats.refused`; default: `error`.
            ttl: For how many seconds the reply may be used; default: for ever.
            bypass: Why the request is not for the cache. Then there is only the call, which nobody else waits for.
        """
        question = self._question(key, storable, failed, ttl, asker())
        if self._is_plain(bypass or self._nested(question)):
            return reply_bytes(call())

        def inside() -> bytes:
            with self._within(question):
                return call()

        return run(self._courses.course(question), inside)

    def get_or_stream(
        self,
        key: bytes | str,
        call: Callable[[], Generator[P | bytes, None, None]],
        *,
        storable: Storable | None = None,
        failed: Failed | None = None,
        ttl: float | None = None,
        bypass: str | None = None,
    ) -> Generator[P | bytes, None, None]:
        """`get_or_call` for a reply that comes in pieces: `call` gives these, and the bytes to be kept as the last.

        Whoever calls is given each piece as it comes, and then the bytes; everybody else only the bytes, once the call
        has ended. Who takes a piece and for the time of a lease no other is not waited for any longer.
        """
        streaming = Streaming(self._lease / 1000)
        question = self._question(key, storable, failed, ttl, streaming)
        if self._is_plain(bypass or self._nested(question)):
            yield from call()
            return

        def inside() -> Generator[P | bytes, None, None]:
            with closing(call()) as parts:
                while True:
                    # Not while a piece is given out: it is the caller's context.
                    with self._within(question):
                        part = next(parts, None)
                    if part is None:
                        return
                    yield part

        yield from run_stream(self._courses.course(question), inside, streaming)

    async def aget_or_call(
        self,
        key: bytes | str,
        call: Callable[[], Awaitable[bytes]],
        *,
        storable: Storable | None = None,
        failed: Failed | None = None,
        ttl: float | None = None,
        bypass: str | None = None,
    ) -> bytes:
        """`get_or_call` in an asyncio task, for a `call` that is awaited. Threads and tasks share what is in flight."""
        question = self._question(key, storable, failed, ttl, asker())
        if self._is_plain(bypass or self._nested(question)):
            return reply_bytes(await call())

        async def inside() -> bytes:
            with self._within(question):
                return await call()

        return await run_async(self._courses.course(question), inside)

    async def aget_or_stream(
        self,
        key: bytes | str,
        call: Callable[[], AsyncGenerator[P | bytes, None]],
        *,
        storable: Storable | None = None,
        failed: Failed | None = None,
        ttl: float | None = None,
        bypass: str | None = None,
    ) -> AsyncGenerator[P | bytes, None]:
        """`get_or_stream` in an asyncio task."""
        streaming = Streaming(self._lease / 1000)
        question = self._question(key, storable, failed, ttl, streaming)
        if self._is_plain(bypass or self._nested(question)):
            async with aclosing(call()) as parts:
                async for part in parts:
                    yield part
            return

        async def inside() -> AsyncGenerator[P | bytes, None]:
            async with aclosing(call()) as parts:
                while True:
                    with self._within(question):
                        part = await anext(parts, None)
                    if part is None:
                        return
                    yield part

        async with aclosing(run_stream_async(self._courses.course(question), inside, streaming)) as parts:
            async for part in parts:
                yield part

    @staticmethod
    def _question(
        key: bytes | str, storable: Storable | None, failed: Failed | None, ttl: float | None, patience: Patience
    ) -> Question:
        lasts = None if ttl is None else milliseconds("ttl", ttl)
        return Question(key_bytes(key), storable, failed, lasts, patience, is_inside=bool(_around.get()))

    def _nested(self, question: Question) -> str | None:
        """Why whoever asks would wait for themselves."""
        is_around = (self._folder, question.key) in _around.get()
        return "nested" if is_around or self._courses.process().flights.is_paused_here(question.key) else None

    @contextmanager
    def _within(self, question: Question) -> Iterator[None]:
        token = _around.set(_around.get() | {(self._folder, question.key)})
        try:
            yield
        finally:
            _around.reset(token)

    def _is_plain(self, bypass: str | None) -> bool:
        reason = "off" if self._is_off else bypass
        if reason is not None:
            self._courses.process().counts.bypassed(reason)
        return reason is not None
