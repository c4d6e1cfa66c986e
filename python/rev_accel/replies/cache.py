"""`ResponseCache`: equal requests are answered once, for all threads, tasks and processes."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from contextlib import aclosing, closing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from rev_accel import _core, settings
from rev_accel import cache as shared
from rev_accel.errors import InputError

from .flights import Flight, Flights, Renewals, Streaming, alive_here
from .stats import Counts, ReplyStats
from .steps import Call, Course, Do, Pause, Wait, in_thread, run, run_async, run_stream, run_stream_async

__all__ = ["ResponseCache"]

LONGEST_TIME = 100 * 365 * 86_400.0  # seconds; what is longer is meant to be for ever
LEAST_LEASE, LONGEST_LEASE = 0.05, 3600.0  # seconds

# Between two looks at what another process is doing, in seconds: first and longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.05

Storable = Callable[[bytes], str | None]
Failed = Callable[[Exception], str]
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
        max_bytes: What all replies may take in the store; beyond it those go that were not used for longest. Default:
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
        self._max_bytes = shared.reply_size_limit() if max_bytes is None else shared.bound("max_bytes", max_bytes)
        self._max_age = None if max_age is None else milliseconds("max_age", max_age)
        self._lease = milliseconds("lease", lease, least=LEAST_LEASE, most=LONGEST_LEASE)
        # One that the environment switches off is not even looked for.
        self._is_off = settings.switch(shared.OFF_VARIABLE, default=False)
        self._folder = shared.folder() if folder is None else settings.path_texts([folder])[0]
        self._store = _core.ReplyStore(self._folder)
        self._processes: dict[int, _OfProcess] = {}
        if not self._is_off:
            shared.hook_into_process()

    @property
    def stats(self) -> ReplyStats:
        """How questions were answered so far, by this instance in this process."""
        return self._process().counts.stats()

    def get(self, key: bytes | str, *, bypass: str | None = None) -> bytes | None:
        """The reply to a request, or `None`.

        Args:
            bypass: Why the request is not for the cache. Then there is none.
        """
        if self._is_plain(bypass):
            return None
        found = self._store.get(_key(key), max_age=self._max_age)
        if isinstance(found, tuple):
            self._bypassed(found)
            return None
        self._process().counts.add("miss" if found is None else "hit")
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
            self._process().counts.refused(refusal)
            return False
        return self._put(_key(key), _reply(reply, "`reply`"), lasts, None)

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
        and those who wait try themselves, one after the other.

        Args:
            call: Makes the call and gives the reply. What it raises comes through unchanged.
            storable: Says of a reply why it is not to be stored, or `None` for one that is; default: all are.
            failed: Says as what an exception of `call` counts in `stats.refused`; default: `error`.
            ttl: For how many seconds the reply may be used; default: for ever.
            bypass: Why the request is not for the cache. Then there is only the call, which nobody else waits for.
        """
        question = _Question(_key(key), storable, failed, ttl, alive_here())
        if self._is_plain(bypass or self._nested(question)):
            return _reply(call())

        def inside() -> bytes:
            with self._within(question):
                return call()

        return run(self._course(question), inside)

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
        question = _Question(_key(key), storable, failed, ttl, streaming)
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

        yield from run_stream(self._course(question), inside, streaming)

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
        question = _Question(_key(key), storable, failed, ttl, alive_here())
        if self._is_plain(bypass or self._nested(question)):
            return _reply(await call())

        async def inside() -> bytes:
            with self._within(question):
                return await call()

        return await run_async(self._course(question), inside)

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
        question = _Question(_key(key), storable, failed, ttl, streaming)
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

        async with aclosing(run_stream_async(self._course(question), inside, streaming)) as parts:
            async for part in parts:
                yield part

    def _nested(self, question: _Question) -> str | None:
        """Why whoever asks would wait for themselves."""
        is_around = (self._folder, question.key) in _around.get()
        return "nested" if is_around or self._process().flights.is_paused_here(question.key) else None

    @contextmanager
    def _within(self, question: _Question) -> Iterator[None]:
        token = _around.set(_around.get() | {(self._folder, question.key)})
        try:
            yield
        finally:
            _around.reset(token)

    def _is_plain(self, bypass: str | None) -> bool:
        reason = "off" if self._is_off else bypass
        if reason is not None:
            self._process().counts.bypassed(reason)
        return reason is not None

    def _course(self, question: _Question) -> Course[bytes]:
        """What there is to do for one question."""
        key = question.key
        lasts = None if question.ttl is None else milliseconds("ttl", question.ttl)
        found = yield Do(partial(self._store.get, key, max_age=self._max_age))
        process = self._process()
        if isinstance(found, bytes):
            process.counts.add("hit")
            return found
        while True:
            flight, is_mine = process.flights.join(key, question.alive)
            if is_mine:
                try:
                    return (yield from self._lead(process, flight, question, lasts))
                finally:
                    if process.is_here():
                        process.flights.end(key, flight)
            while not flight.is_done and flight.is_alive():
                yield Wait(flight, self._lease / 1000)
            if flight.reply is not None:
                process.counts.add("shared")
                return flight.reply

    def _lead(self, process: _OfProcess, flight: Flight, question: _Question, lasts: int | None) -> Course[bytes]:
        """What there is to do for the one of this process who is to make the call, unless another process makes it."""
        key, storable, owner = question.key, question.storable, os.urandom(16)
        # From the first attempt on, whatever happens: it may have been made although Ctrl-C was faster.
        has_lease = True
        try:
            outcome = yield from self._take(process, key, owner)
            if isinstance(outcome, bytes):
                has_lease = False
                flight.reply = outcome
                return outcome
            has_lease = outcome
            if has_lease:
                process.renewals.add(key, owner, flight.is_alive)
            try:
                reply = _reply((yield Call()))
            except Exception as error:
                self._process().counts.refused("error" if question.failed is None else question.failed(error))
                raise
            refusal = None if storable is None else storable(reply)
            if refusal is not None:
                self._process().counts.refused(refusal)
                return reply
            flight.reply = reply
            if has_lease:
                process.renewals.discard(key, owner)
                # Ends the flight in the same transaction: nobody finds neither.
                has_lease = not (yield Do(partial(self._put, key, reply, lasts, owner)))
            return reply
        finally:
            # A process that was forked by `call` may come here too; the lease is its parent's.
            if has_lease and process.is_here():
                process.renewals.discard(key, owner)
                self._store.release(key, owner)

    def _take(self, process: _OfProcess, key: bytes, owner: bytes) -> Course[bytes | bool]:
        """The reply, or whether there is a lease for the call that is to be made."""
        held, since, pause = None, 0.0, FIRST_PAUSE
        while True:
            is_stale = held is not None and time.monotonic() - since > held[2] / 1000
            what, value = yield Do(
                partial(
                    self._store.take,
                    key,
                    owner,
                    lease=self._lease,
                    max_age=self._max_age,
                    stale=held if is_stale else None,
                )
            )
            match what:
                case "reply":
                    process.counts.add("hit" if held is None else "shared")
                    found: bytes = value
                    return found
                case "mine":
                    process.counts.add("miss")
                    return True
                case "bypass":
                    self._bypassed(value)
                    return False
            if value != held:
                held, since = value, time.monotonic()
            yield Pause(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _put(self, key: bytes, reply: bytes, lasts: int | None, owner: bytes | None) -> bool:
        failed = self._store.put(key, reply, lasts=lasts, max_bytes=self._max_bytes, owner=owner)
        counts = self._process().counts
        if failed is None:
            counts.add("stored")
            return True
        reason, problem = failed
        counts.refused(reason)
        shared.tell(problem, "replies")
        return False

    def _bypassed(self, why: tuple[str, str | None]) -> None:
        reason, problem = why
        self._process().counts.bypassed(reason)
        shared.tell(problem, "replies")

    def _process(self) -> _OfProcess:
        number = os.getpid()
        process = self._processes.get(number)
        if process is None:
            # In one step: two threads get the same one.
            process = self._processes.setdefault(number, _OfProcess(number, self._store, self._lease))
        return process


@dataclass(frozen=True, slots=True)
class _Question:
    """What somebody asks for, and how it is to be answered."""

    key: bytes
    storable: Storable | None
    failed: Failed | None
    ttl: float | None
    alive: Callable[[], bool] | Streaming
    """Tells whether whoever asks is still there."""


class _OfProcess:
    """What a forked child must not take over: locks that nobody releases there, calls that are made elsewhere."""

    def __init__(self, number: int, store: _core.ReplyStore, lease: int) -> None:
        self._number = number
        self.counts = Counts()
        self.flights = Flights()
        self.renewals = Renewals(store, lease)

    def is_here(self) -> bool:
        return os.getpid() == self._number


def _key(key: bytes | str) -> bytes:
    if isinstance(key, bytes) and len(key) == 32:
        return key
    if isinstance(key, str) and len(key) == 64:
        try:
            read = bytes.fromhex(key)
        except ValueError:
            read = b""
        if len(read) == 32:  # there were no blanks, which `fromhex` skips
            return read
    if isinstance(key, (bytes, str)):
        raise InputError(f"`key` must be 32 bytes or 64 hexadecimal digits, not {key[:80]!r}")
    raise TypeError(f"`key` must be bytes or str, not {type(key).__name__}")


def _reply(reply: object, what: str = "what `call` gives") -> bytes:
    if not isinstance(reply, bytes):
        raise TypeError(f"{what} must be bytes, not {type(reply).__name__}")
    return reply


def milliseconds(name: str, seconds: object, *, least: float = 0.001, most: float = LONGEST_TIME) -> int:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not least <= seconds <= most:
        raise InputError(
            f"`{name}` must be a number of seconds from {least:g} to {most:g}, not {settings.shown(seconds)}"
        )
    return round(seconds * 1000)
