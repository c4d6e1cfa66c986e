"""`ResponseCache`: equal requests are answered once, for all threads, tasks and processes."""

from __future__ import annotations

import math
import os
import time
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import TypeVar

from rev_accel import _core, settings
from rev_accel import cache as shared

from .arguments import key_bytes, milliseconds, reply_bytes, seconds
from .course import Courses, Failed, Question, Storable
from .flights import Patience, Streaming, asker
from .stats import ReplyStats
from .steps import in_thread, run, run_async, run_stream, run_stream_async

__all__ = ["ResponseCache"]

LEAST_LEASE, LONGEST_LEASE = 0.05, 3600.0  # seconds

P = TypeVar("P")


class _Around:
    """A call that is being made, known to what runs within it: who asks for the same there would wait for itself."""

    def __init__(self, folder: str | None, key: bytes) -> None:
        self.what = folder, key
        self.is_over = False
        """A task or thread that was begun within the call may outlive it, and with it this mark."""

    @contextmanager
    def within(self) -> Iterator[None]:
        """While the call, or a part of it, runs here."""
        token = _calls.set((*_calls_around(), self))
        try:
            yield
        finally:
            _calls.reset(token)

    @contextmanager
    def until_over(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.is_over = True


_calls: ContextVar[tuple[_Around, ...]] = ContextVar("_calls", default=())


def _calls_around() -> tuple[_Around, ...]:
    """The calls that surround what runs now."""
    return tuple(call for call in _calls.get() if not call.is_over)


class ResponseCache:
    """Replies of models by request, in the user's cache folder, for every process.

    A key is the digest of the whole request, 32 bytes or 64 hexadecimal digits. A reply is `bytes`: what the server
    sent. Only an equal key is a hit. What comes back is a copy of its own::

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
            # When it is no longer used, or the process ends.
            weakref.finalize(self, self._courses.write_counts, self._folder)

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
        timeout: float | None = None,
    ) -> bytes:
        """The reply that is there, or that another thread or process is getting, or that `call` gets.

        Of all who ask for the same key at the same time, one calls, and the others wait for it. If it raises, or its
        reply is not to be stored, its caller gets that, and all who waited for it call at once, each for themselves,
        however soon somebody asks again: nobody waits for two calls that came to nothing. If it is given up, as by
        Ctrl-C or with its task, or its process dies, which is noticed when the lease ends, another takes over, and the
        others wait for that one. For a third call nobody waits.

        A `call` may ask the cache itself. It waits for nobody then, since that one may be waiting for it. What it asks
        on a thread that does not have its context, as those of a `ThreadPoolExecutor`, is not known to be asked within
        a call: two calls that wait for each other's replies in this way hang, and no lease ends it.

        Args:
            call: Makes the call and gives the reply. What it raises comes through unchanged.
            storable: Says of a reply why it is not to be stored, or `None` for one that is; default: all are.
            failed: Says as what an exception of `call` counts in `stats.refused`; default: `error`.
            ttl: For how many seconds the reply may be used; default: for ever.
            bypass: Why the request is not for the cache. Then there is only the call, which nobody else waits for.
            timeout: For how many seconds others are waited for, then there is a `TimeoutError`; default: as long as
                they take. How long `call` may take is its own affair.
        """
        question, around = self._question(key, storable, failed, ttl, timeout, asker())
        if self._is_plain(bypass):
            return reply_bytes(call())

        def inside() -> bytes:
            with around.until_over(), around.within():
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
        timeout: float | None = None,
    ) -> Generator[P | bytes, None, None]:
        """`get_or_call` for a reply that comes in pieces: `call` gives these, and the bytes to be kept as the last.

        Whoever calls is given each piece as it comes, and then the bytes; everybody else only the bytes, once the call
        has ended. Who takes a piece and for the time of a lease no other is not waited for any longer.
        """
        streaming = Streaming(self._lease / 1000)
        question, around = self._question(key, storable, failed, ttl, timeout, streaming)
        if self._is_plain(bypass):
            yield from call()
            return

        def inside() -> Generator[P | bytes, None, None]:
            with around.until_over(), closing(call()) as parts:
                while True:
                    # Not while a piece is given out: it is the caller's context.
                    with around.within():
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
        timeout: float | None = None,
    ) -> bytes:
        """`get_or_call` in an asyncio task, for a `call` that is awaited. Threads and tasks share what is in flight."""
        question, around = self._question(key, storable, failed, ttl, timeout, asker())
        if self._is_plain(bypass):
            return reply_bytes(await call())

        async def inside() -> bytes:
            with around.until_over(), around.within():
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
        timeout: float | None = None,
    ) -> AsyncGenerator[P | bytes, None]:
        """`get_or_stream` in an asyncio task."""
        streaming = Streaming(self._lease / 1000)
        question, around = self._question(key, storable, failed, ttl, timeout, streaming)
        if self._is_plain(bypass):
            async with aclosing(call()) as parts:
                async for part in parts:
                    yield part
            return

        async def inside() -> AsyncGenerator[P | bytes, None]:
            with around.until_over():
                async with aclosing(call()) as parts:
                    while True:
                        with around.within():
                            part = await anext(parts, None)
                        if part is None:
                            return
                        yield part

        async with aclosing(run_stream_async(self._courses.course(question), inside, streaming)) as parts:
            async for part in parts:
                yield part

    def _question(
        self,
        key: bytes | str,
        storable: Storable | None,
        failed: Failed | None,
        ttl: float | None,
        timeout: float | None,
        patience: Patience,
    ) -> tuple[Question, _Around]:
        """A question, and what is to be known within its call."""
        name, calls = key_bytes(key), _calls_around()
        around = _Around(self._folder, name)
        is_within = any(call.what == around.what for call in calls)
        question = Question(
            name,
            storable,
            failed,
            None if ttl is None else milliseconds("ttl", ttl),
            patience,
            deadline=math.inf if timeout is None else time.monotonic() + seconds("timeout", timeout),
            is_inside=bool(calls),
            is_nested=is_within or self._courses.process().flights.is_paused_here(name),
        )
        return question, around

    def _is_plain(self, bypass: str | None) -> bool:
        reason = "off" if self._is_off else bypass
        if reason is not None:
            self._courses.process().counts.bypassed(reason)
        return reason is not None
