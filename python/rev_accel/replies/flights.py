"""Who in this process is making which call, and the leases that tell other processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rev_accel._core import ReplyStore

__all__ = ["Flight", "Flights", "Renewals", "alive_task", "alive_thread"]

# How often the thread that renews leases looks whether the process ends.
LOOK = 0.5


class Flight:
    """A call that is being made. Others wait for its end, and may then find a reply."""

    def __init__(self, alive: Callable[[], bool]) -> None:
        self.reply: bytes | None = None
        self.is_alive = alive
        """Whether whoever makes the call may still end the flight."""
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

    def join(self, key: bytes, alive: Callable[[], bool]) -> tuple[Flight, bool]:
        """The flight of a key, and whether it is the caller's, who then has to end it."""
        with self._lock:
            flight = self._by_key.get(key)
            if flight is not None and flight.is_alive():
                return flight, False
            flight = self._by_key[key] = Flight(alive)
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
        self._alive: dict[tuple[bytes, bytes], Callable[[], bool]] = {}
        self._thread: threading.Thread | None = None

    def add(self, key: bytes, owner: bytes, alive: Callable[[], bool]) -> None:
        with self._changed:
            self._alive[key, owner] = alive
            if self._thread is None:
                # Not a daemon: one that comes back from native code while the interpreter ends would end the process.
                self._thread = threading.Thread(target=self._run, name="rev-accel-leases")
                self._thread.start()

    def discard(self, key: bytes, owner: bytes) -> None:
        with self._changed:
            self._alive.pop((key, owner), None)
            if not self._alive:
                self._changed.notify()

    def _run(self) -> None:
        # Three times in the length of a lease: one renewal may come late or fail.
        rest = pause = self._lease / 3000
        while True:
            with self._changed:
                if self._alive:
                    self._changed.wait(min(LOOK, rest))
                if not self._alive or not threading.main_thread().is_alive():
                    self._thread = None
                    return
                rest -= LOOK
                if rest > 0:
                    continue
                rest = pause
                due = list(self._alive.items())
            for (key, owner), alive in due:
                # The lease of an owner who will not come back ends by itself.
                if alive():
                    self._store.renew(key, owner, lease=self._lease)


def alive_thread() -> Callable[[], bool]:
    """Tells whether the thread that asks now is still there."""
    return threading.current_thread().is_alive


def alive_task() -> Callable[[], bool]:
    """Tells whether the task that asks now is still there, in a loop that runs."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    return lambda: loop.is_running() and (task is None or not task.done())
