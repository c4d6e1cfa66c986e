"""Who waits for another's call is let go when it ends, and who asks within a call waits for nobody."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from rev_accel import InputError, ResponseCache

from .server import key, reply

WAYS = ["call", "stream", "acall", "astream"]


def ask(cache: ResponseCache, way: str, call: Callable[[], bytes], **how: Any) -> bytes:
    """Asks for the first reply, by one of the methods."""

    def pieces() -> Iterator[str | bytes]:
        yield call()

    async def awaited() -> bytes:
        return call()

    async def awaited_pieces() -> AsyncIterator[str | bytes]:
        yield call()

    async def collect() -> list[str | bytes]:
        return [part async for part in cache.aget_or_stream(key(1), awaited_pieces, **how)]

    match way:
        case "call":
            return cache.get_or_call(key(1), call, **how)
        case "stream":
            return list(cache.get_or_stream(key(1), pieces, **how))[-1]
        case "acall":
            return asyncio.run(cache.aget_or_call(key(1), awaited, **how))
        case _:
            return asyncio.run(collect())[-1]


class GivenUp(BaseException):
    """As Ctrl-C is, or the end of a task."""


class InStep:
    """One who makes calls, and one who waits for them and looks again only when the next call has begun.

    Each call ends with an error once the other waits for it, the last one when the other has called, too.
    """

    def __init__(self, number: int, error: type[BaseException]) -> None:
        self.begun = [threading.Event() for _ in range(number)]
        self.seen = [threading.Event() for _ in range(number)]
        self.let_go = threading.Event()
        self.problem: BaseException | None = None
        self._error, self._number = error, number
        self._leader: threading.Thread | None = None
        self._looks = 0

    def lead(self, cache: ResponseCache) -> None:
        """Asks as often as there are calls, each time at once."""
        self._leader = threading.current_thread()
        for number in range(self._number):
            try:
                cache.get_or_call(key(1), lambda number=number: self._call(number))
            except self._error:
                pass
            except AssertionError as error:
                self.problem = error

    def _call(self, number: int) -> bytes:
        self.begun[number].set()
        # A stuck test ends with a message.
        assert (self.let_go if number == self._number - 1 else self.seen[number]).wait(20), number
        raise self._error

    def look(self, really: Callable[..., Any], is_seen: Callable[[Any], bool]) -> Callable[..., Any]:
        """A way to look who makes the call, for the one who waits."""

        def look(*arguments: Any, **how: Any) -> Any:
            if threading.current_thread() is self._leader:
                return really(*arguments, **how)
            assert self.begun[self._looks].wait(20)
            found = really(*arguments, **how)
            if is_seen(found):
                self.seen[self._looks].set()
                self._looks = min(self._looks + 1, self._number - 1)
            return found

        return look

    def call(self) -> bytes:
        """Of the one who waits."""
        self.let_go.set()
        return reply(1)


class Store:
    """One that is asked in step."""

    def __init__(self, store: Any, steps: InStep) -> None:
        self._store = store
        self.take = steps.look(store.take, lambda taken: taken[0] == "held")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def in_step(folder: Path, way: str, steps: InStep, *, is_same_process: bool) -> ResponseCache:
    """Lets one lead and another wait, who is given a reply; caches of one process know of each other as processes do."""
    cache = ResponseCache(folder=folder, lease=60)
    waiting = cache if is_same_process else ResponseCache(folder=folder, lease=60)
    courses: Any = waiting._courses
    if is_same_process:
        flights = courses.process().flights
        flights.join = steps.look(flights.join, lambda joined: not joined[1])
    else:
        courses._store = Store(courses._store, steps)
    leader = threading.Thread(target=steps.lead, args=[cache])
    leader.start()
    try:
        assert steps.begun[0].wait(20)
        assert ask(waiting, way, steps.call) == reply(1)
    finally:
        steps.let_go.set()
        leader.join()
    assert steps.problem is None
    return waiting


@pytest.mark.parametrize("is_same_process", [True, False], ids=["threads", "processes"])
@pytest.mark.parametrize("way", WAYS)
def test_who_waited_for_a_call_that_failed_calls_although_another_has_begun(
    way: str, is_same_process: bool, tmp_path: Path
) -> None:
    waiting = in_step(tmp_path / "cache", way, InStep(2, ConnectionError), is_same_process=is_same_process)
    assert waiting.get(key(1)) == reply(1)


@pytest.mark.parametrize("is_same_process", [True, False], ids=["threads", "processes"])
@pytest.mark.parametrize("way", WAYS)
def test_who_waited_for_two_calls_that_were_given_up_waits_for_no_third(
    way: str, is_same_process: bool, tmp_path: Path
) -> None:
    waiting = in_step(tmp_path / "cache", way, InStep(3, GivenUp), is_same_process=is_same_process)
    assert waiting.get(key(1)) == reply(1)


@pytest.mark.parametrize("is_same_process", [True, False], ids=["threads", "processes"])
@pytest.mark.parametrize("way", WAYS)
def test_others_are_waited_for_as_long_as_is_said(way: str, is_same_process: bool, tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache")
    waiting = cache if is_same_process else ResponseCache(folder=tmp_path / "cache")
    inside, leave = threading.Event(), threading.Event()

    def call() -> bytes:
        inside.set()
        assert leave.wait(30)
        return reply(1)

    thread = threading.Thread(target=cache.get_or_call, args=[key(1), call])
    thread.start()
    try:
        assert inside.wait(30)
        # The other call goes on meanwhile.
        with pytest.raises(TimeoutError, match="longer than `timeout` allows"):
            ask(waiting, way, lambda: b"another", timeout=0.05)
        assert thread.is_alive()
    finally:
        leave.set()
        thread.join()
    assert ask(waiting, way, lambda: b"another", timeout=1e-9) == reply(1), "which is no wait"
    assert (waiting.stats.hit, waiting.stats.bypass, waiting.stats.refused) == (1, {}, {})


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), "1", True])
def test_a_time_to_wait_that_is_none_is_refused(wrong: Any, tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache")
    with pytest.raises(InputError, match="`timeout` must be a number of seconds above 0"):
        cache.get_or_call(key(1), lambda: b"never", timeout=wrong)


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_task_that_was_begun_within_a_call_and_outlives_it_asks_as_any_other(
    is_streamed: bool, tmp_path: Path
) -> None:
    cache, made = ResponseCache(folder=tmp_path / "cache"), 0

    async def again() -> bytes:
        nonlocal made
        made += 1
        return b"again"

    async def main() -> None:
        over, tasks = asyncio.Event(), []

        async def worker() -> list[bytes]:
            await over.wait()
            return [await cache.aget_or_call(key(number), again) for number in (1, 1, 2, 2)]

        async def call() -> bytes:
            tasks.append(asyncio.create_task(worker()))
            return b"first"

        async def pieces() -> AsyncIterator[str | bytes]:
            yield await call()

        if is_streamed:
            assert [part async for part in cache.aget_or_stream(key(1), pieces)] == [b"first"]
        else:
            assert await cache.aget_or_call(key(1), call) == b"first"
        over.set()
        assert await tasks[0] == [b"first", b"first", b"again", b"again"]

    asyncio.run(main())
    assert made == 1 and (cache.stats.hit, cache.stats.bypass) == (3, {})


def test_a_call_in_pieces_that_waits_for_a_task_of_its_own_is_not_waited_for_by_it(tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache", lease=60)

    async def inner() -> bytes:
        return b"inner"

    async def pieces() -> AsyncIterator[str | bytes]:
        task = asyncio.create_task(cache.aget_or_call(key(1), inner))
        yield "piece"
        yield await task

    async def main() -> list[str | bytes]:
        async with asyncio.timeout(30):
            return [part async for part in cache.aget_or_stream(key(1), pieces)]

    assert asyncio.run(main()) == ["piece", b"inner"]
    assert cache.stats.bypass == {"nested": 1}


def test_what_is_there_by_now_is_found_within_a_call_for_the_same(tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache")

    def call() -> bytes:
        cache.put(key(1), reply(1))
        return cache.get_or_call(key(1), lambda: b"never")

    assert cache.get_or_call(key(1), call) == reply(1)
    assert (cache.stats.hit, cache.stats.bypass) == (1, {})


def test_a_thread_that_has_the_context_of_a_call_is_known_to_ask_within_it(tmp_path: Path) -> None:
    cache, both = ResponseCache(folder=tmp_path / "cache", lease=60), threading.Barrier(2, timeout=30)

    async def ask_for(outer: int, inner: int) -> bytes:
        async def call() -> bytes:
            def within() -> bytes:
                both.wait()
                found = cache.get_or_call(key(inner), lambda: reply(inner))
                both.wait()  # what is found is kept as the outer one's only now
                return found

            return await asyncio.to_thread(within)

        return await cache.aget_or_call(key(outer), call)

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(asyncio.run, ask_for(number, 3 - number)) for number in (1, 2)]
        assert [one.result(60) for one in asked] == [reply(2), reply(1)]


def test_who_takes_no_part_in_the_wait_any_longer_does_not_end_it_for_others(tmp_path: Path) -> None:
    cache, waiting = (ResponseCache(folder=tmp_path / "cache") for _ in range(2))
    inside, leave = threading.Event(), threading.Event()

    def call() -> bytes:
        inside.set()
        assert leave.wait(30)
        return reply(1)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(cache.get_or_call, key(1), call)]
        assert inside.wait(30)
        try:
            # One after the other looks for all of them what the other process does.
            short = [
                pool.submit(waiting.get_or_call, key(1), lambda: b"another", timeout=0.1 * number) for number in (1, 2)
            ]
            asked.append(pool.submit(waiting.get_or_call, key(1), lambda: b"another"))
            assert all(isinstance(one.exception(30), TimeoutError) for one in short)
        finally:
            leave.set()
        assert [one.result(30) for one in asked] == [reply(1)] * 2
