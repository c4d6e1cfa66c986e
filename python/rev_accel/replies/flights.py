"""Who in this process is making which call, and the leases that tell other processes."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from rev_accel._core import ReplyStore

__all__ = ["Flight", "Flights", "Patience", "Renewals", "Streaming", "asker"]

Patience: TypeAlias = Callable[[], float]
"""For how many seconds more somebody is waited for: 0 for one who will not come back, infinity for one who will."""

# How often the thread that renews leases looks whether the process ends.
LOOK = 0.5


class Flight:
    """A call that is being made. Others wait for its end, and may then find a reply."""

    def __init__(self, patience: Patience) -> None:
        self.reply: bytes | None = None
        self.is_refused = False
        """Whether the call failed, or gave what is not to be stored, as it likely does for all who ask."""
        self.has_call = False
        """Whether the call has begun: until then its maker may wait for another process."""
        self.patience = patience
        """For how long whoever makes the call may still end the flight."""
        self._done = threading.Event()
        self._lock = threading.Lock()
        self._wakers: set[Callable[[], None]] = set()

    @property
    def is_done(self) -> bool:
        return self._done.is_set()

    def end(self) -> None:
        with self._lock:
            self._done.set()
            wakers, self._wakers = self._wakers, set()
        for wake in wakers:
            wake()

    def wait(self, seconds: float) -> None:
        """Until the end, and no longer than so many seconds."""
        self._done.wait(seconds)

    async def wait_async(self, seconds: float) -> None:
        """The same, in a task."""
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(woken.set)
            except RuntimeError:  # the loop was closed meanwhile
                pass

        with self._lock:
            if self._done.is_set():
                return
            self._wakers.add(wake)
        try:
            async with asyncio.timeout(seconds):
                await woken.wait()
        except TimeoutError:
            pass
        finally:
            with self._lock:
                self._wakers.discard(wake)


class Flights:
    """The calls that this process is making, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_key: dict[bytes, Flight] = {}

    def is_paused_here(self, key: bytes) -> bool:
        """Whether it is who asks now who takes the pieces of this reply, so that waiting for it would be in vain."""
        flight = self._by_key.get(key)
        return flight is not None and isinstance(flight.patience, Streaming) and flight.patience.is_paused_here()

    def join(self, key: bytes, patience: Patience) -> tuple[Flight, bool]:
        """The flight of a key, and whether it is the caller's, who then has to end it."""
        with self._lock:
            flight = self._by_key.get(key)
            if flight is not None and flight.patience() > 0:
                return flight, False
            flight = self._by_key[key] = Flight(patience)
            return flight, True

    def end(self, key: bytes, flight: Flight) -> None:
        with self._lock:
            if self._by_key.get(key) is flight:
                del self._by_key[key]
        flight.end()


class Renewals:
    """Puts off the end of the leases of this process, on a thread that lives while there are any."""

    def __init__(self, store: ReplyStore, lease: int) -> None:
        self._store = store
        self._lease = lease  # milliseconds
        self._changed = threading.Condition()
        self._patience: dict[tuple[bytes, bytes], Patience] = {}
        self._thread: threading.Thread | None = None

    def add(self, key: bytes, owner: bytes, patience: Patience) -> None:
        with self._changed:
            self._patience[key, owner] = patience
            if self._thread is None:
                # Not a daemon: one that comes back from native code while the interpreter ends would end the process.
                thread = threading.Thread(target=self._run, name="rev-accel-leases")
                # While the interpreter ends no thread can be started; the lease then ends by itself.
                with suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def discard(self, key: bytes, owner: bytes) -> None:
        with self._changed:
            self._patience.pop((key, owner), None)
            if not self._patience:
                self._changed.notify()

    def _run(self) -> None:
        # Three times in the length of a lease: one renewal may come late or fail.
        rest = pause = self._lease / 3000
        while True:
            with self._changed:
                if self._patience:
                    self._changed.wait(min(LOOK, rest))
                if not self._patience or not threading.main_thread().is_alive():
                    self._thread = None
                    return
                rest -= LOOK
                if rest > 0:
                    continue
                rest = pause
                due = list(self._patience.items())
            for (key, owner), patience in due:
                # No longer than the owner is waited for here. Of one who will not come back it ends by itself.
                length = int(min(self._lease, 1000 * patience()))
                if length > 0:
                    self._store.renew(key, owner, lease=length)


class Streaming:
    """The patience with a call whose reply is given out in pieces.

    Between two pieces it is for the caller to go on. Who does not for so many seconds may have left for ever; nobody
    waits for them any longer then.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._asker = asker()
        self._paused: tuple[object, float] | None = None

    def __call__(self) -> float:
        paused, left = self._paused, self._asker()
        return left if paused is None else min(left, max(0.0, paused[1] + self._longest - time.monotonic()))

    def is_paused_here(self) -> bool:
        paused = self._paused
        return paused is not None and paused[0] is here()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """While a piece is given out."""
        self._paused = here(), time.monotonic()
        try:
            yield
        finally:
            # Perhaps on another thread.
            self._asker, self._paused = asker(), None


def here() -> asyncio.Task[Any] | threading.Thread:
    """The task that runs now, or else the thread."""
    try:
        return asyncio.current_task() or threading.current_thread()
    except RuntimeError:  # there is no loop
        return threading.current_thread()


def asker() -> Patience:
    """The patience with who asks now, as long as it is there: a thread, or a task in a loop that runs."""
    found = here()
    if isinstance(found, threading.Thread):
        return lambda: math.inf if found.is_alive() else 0.0
    return lambda: math.inf if found.get_loop().is_running() and not found.done() else 0.0
