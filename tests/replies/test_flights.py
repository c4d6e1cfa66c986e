"""Of all who ask for the same at the same time, one makes the call, and everybody gets its reply."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rev_accel import ResponseCache, _core
from robustness.process import run_python

from .processes import Worker, ask_at_once, in_threads
from .server import Server, ask, key, reply


class Calls:
    """A call that counts how often it is made."""

    def __init__(self, number: int, seconds: float = 0.05) -> None:
        self.number = number
        self.seconds = seconds
        self.made = 0
        self._lock = threading.Lock()

    def __call__(self) -> bytes:
        with self._lock:
            self.made += 1
        time.sleep(self.seconds)
        return reply(self.number)

    async def awaited(self) -> bytes:
        self.made += 1
        await asyncio.sleep(self.seconds)
        return reply(self.number)


def test_fifty_requests_asked_by_32_threads_of_8_processes_at_once_make_fifty_calls(tmp_path: Path) -> None:
    with Server() as server:
        figures = ask_at_once(tmp_path / "cache", server.server_port, range(50), processes=8, threads=4)
    assert server.calls == dict.fromkeys(range(50), 1)
    total = {kind: sum(figure[kind] for figure in figures) for kind in ("hit", "miss", "shared", "stored")}
    assert total["miss"] == total["stored"] == 50
    assert total["hit"] + total["shared"] == 50 * 31
    assert all(figure["bypass"] == figure["refused"] == {} for figure in figures)


def test_threads_share_one_call(tmp_path: Path) -> None:
    cache, call = ResponseCache(folder=tmp_path / "cache"), Calls(1)
    assert in_threads(16, lambda _: cache.get_or_call(key(1), call)) == [reply(1)] * 16
    assert call.made == 1
    stats = cache.stats
    assert (stats.miss, stats.hit + stats.shared, stats.stored) == (1, 15, 1)
    assert stats.shared > 0
    assert cache.get_or_call(key(1), call) == reply(1)
    assert call.made == 1


def test_a_call_is_made_also_where_no_thread_can_be_started_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As later versions of Python have it while the interpreter ends."""

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", start)
    call = Calls(1)
    assert ResponseCache(folder=tmp_path / "cache").get_or_call(key(1), call) == reply(1)
    assert ResponseCache(folder=tmp_path / "cache").get_or_call(key(1), call) == reply(1)
    assert call.made == 1


def test_tasks_share_one_call_also_when_they_outnumber_the_threads_of_the_loop(tmp_path: Path) -> None:
    cache, call = ResponseCache(folder=tmp_path / "cache"), Calls(1)

    async def main() -> list[bytes]:
        return await asyncio.gather(*(cache.aget_or_call(key(1), call.awaited) for _ in range(100)))

    assert asyncio.run(main()) == [reply(1)] * 100
    assert call.made == 1
    assert cache.stats.miss == 1


def test_tasks_and_threads_share_one_call(tmp_path: Path) -> None:
    cache, call = ResponseCache(folder=tmp_path / "cache"), Calls(1, 0.2)

    async def main() -> list[bytes]:
        return await asyncio.gather(*(cache.aget_or_call(key(1), call.awaited) for _ in range(8)))

    def work(number: int) -> object:
        return asyncio.run(main()) if number % 2 else cache.get_or_call(key(1), call)

    results = in_threads(6, work)
    assert results == [reply(1), [reply(1)] * 8] * 3
    assert call.made == 1


def test_two_caches_in_one_process_share_one_call(tmp_path: Path) -> None:
    caches = [ResponseCache(folder=tmp_path / "cache") for _ in range(2)]
    call = Calls(1)
    assert in_threads(8, lambda number: caches[number % 2].get_or_call(key(1), call)) == [reply(1)] * 8
    assert call.made == 1


def test_different_requests_do_not_wait_for_each_other(tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache")
    together = threading.Barrier(4, timeout=30)

    def call(number: int) -> bytes:
        together.wait()
        return reply(number)

    results = in_threads(4, lambda number: cache.get_or_call(key(number), lambda: call(number)))
    assert results == [reply(number) for number in range(4)]


class FirstAlone:
    """A call that the first makes alone, while the others wait; it ends as `outcome`, and theirs meet each other."""

    def __init__(self, others: int, outcome: Callable[[], bytes] = lambda: b"first") -> None:
        self.made = 0
        self.together = threading.Barrier(others, timeout=30)
        self._outcome = outcome
        self._lock = threading.Lock()

    def __call__(self) -> bytes:
        with self._lock:
            self.made += 1
            is_first = self.made == 1
        if is_first:
            time.sleep(0.2)
            return self._outcome()
        self.together.wait()
        return reply(1)

    def in_pieces(self) -> Iterator[str | bytes]:
        yield self()

    async def awaited(self) -> bytes:
        return await asyncio.to_thread(self)

    async def awaited_in_pieces(self) -> AsyncIterator[str | bytes]:
        yield await self.awaited()

    def ways(self, cache: ResponseCache, **how: Any) -> list[Callable[[], object]]:
        """To ask for it."""

        async def stream() -> list[str | bytes]:
            return [part async for part in cache.aget_or_stream(key(1), self.awaited_in_pieces, **how)]

        return [
            lambda: cache.get_or_call(key(1), self, **how),
            lambda: list(cache.get_or_stream(key(1), self.in_pieces, **how))[-1],
            lambda: asyncio.run(cache.aget_or_call(key(1), self.awaited, **how)),
            lambda: asyncio.run(stream())[-1],
        ]


def test_who_waited_for_a_call_that_failed_calls_at_once(tmp_path: Path) -> None:
    def fail() -> bytes:
        raise ConnectionError("no luck")

    cache, call = ResponseCache(folder=tmp_path / "cache"), FirstAlone(7, fail)
    ways = call.ways(cache)
    results = in_threads(8, lambda number: ways[number % 4]())
    assert sum(isinstance(result, ConnectionError) for result in results) == 1
    assert results.count(reply(1)) == 7
    assert (cache.stats.miss, cache.stats.refused) == (8, {"error": 1})
    # What they got is kept, and a later question is one like any other.
    assert cache.get_or_call(key(1), call) == reply(1) and call.made == 8


def test_who_waited_for_a_reply_that_is_not_to_be_stored_calls_at_once(tmp_path: Path) -> None:
    cache, call = ResponseCache(folder=tmp_path / "cache"), FirstAlone(7)
    ways = call.ways(cache, storable=lambda found: "length")
    results = in_threads(8, lambda number: ways[number % 4]())
    assert sorted(results, key=str) == [b"first", *[reply(1)] * 7]
    assert (cache.stats.miss, cache.stats.refused, cache.stats.shared) == (8, {"length": 8}, 0)


def test_who_waited_in_other_processes_for_a_reply_that_is_not_to_be_stored_calls_at_once(tmp_path: Path) -> None:
    cache, inside, leave = ResponseCache(folder=tmp_path / "cache"), threading.Event(), threading.Event()

    def call() -> bytes:
        inside.set()
        leave.wait()
        return b"cut"

    def first() -> bytes:
        return cache.get_or_call(key(1), call, storable=lambda _: "length")

    # Answers when all four are asking.
    with Server(together=4) as server:
        workers = [Worker(tmp_path / "cache", server.server_port, range(1, 2), threads=2) for _ in range(2)]
        thread = threading.Thread(target=first)
        try:
            for worker in workers:
                worker.wait_until_ready()
            thread.start()
            inside.wait()
            for worker in workers:
                worker.go()
            time.sleep(1)  # until they wait
            assert not server.calls
            leave.set()
            figures = [worker.figures() for worker in workers]
        finally:
            leave.set()
            for worker in workers:
                worker.kill()
            if thread.ident is not None:
                thread.join()
    assert server.calls == {1: 4}
    assert [figure["miss"] for figure in figures] == [2, 2]
    assert cache.get(key(1)) == reply(1)


def test_a_call_that_came_to_nothing_holds_nobody_up_afterwards(tmp_path: Path) -> None:
    for number in range(3):
        cache = ResponseCache(folder=tmp_path / "cache", lease=3600)
        assert (
            cache.get_or_call(key(1), lambda number=number: b"%d" % number, storable=lambda _: "cut") == b"%d" % number
        )
        with pytest.raises(ZeroDivisionError):
            cache.get_or_call(key(2), lambda: bytes(1 // 0))
    assert cache.get_or_call(key(1), lambda: b"whole") == cache.get(key(1)) == b"whole"


def test_who_asks_says_as_what_a_failure_counts(tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache")

    def fail() -> bytes:
        raise ConnectionError

    async def fail_async() -> bytes:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        cache.get_or_call(key(1), fail, failed=lambda error: type(error).__name__)
    with pytest.raises(ConnectionError):
        asyncio.run(cache.aget_or_call(key(1), fail_async, failed=lambda error: "async"))
    with pytest.raises(ConnectionError):
        cache.get_or_call(key(1), fail, bypass="sampled")  # not for the cache, so not refused by it
    assert cache.stats.refused == {"ConnectionError": 1, "async": 1}


def test_a_call_in_pieces_is_shared_as_any_other(tmp_path: Path) -> None:
    cache, other = (ResponseCache(folder=tmp_path / "cache") for _ in range(2))
    calls = Calls(1)

    def call() -> Iterator[str | bytes]:
        yield "one"
        yield "two"
        yield calls()

    async def call_async() -> AsyncIterator[str | bytes]:
        for part in call():
            yield part

    async def collect(cache: ResponseCache) -> list[str | bytes]:
        return [part async for part in cache.aget_or_stream(key(1), call_async)]

    def work(number: int) -> object:
        asked = (cache, other)[number % 2]
        if number < 4:
            return list(asked.get_or_stream(key(1), call))
        return asyncio.run(collect(asked)) if number < 8 else [asked.get_or_call(key(1), calls)]

    results = in_threads(12, work)
    assert calls.made == 1 and all(result[-1] == reply(1) for result in results)
    assert [result[:-1] for result in results if len(result) > 1] in ([["one", "two"]], [])
    assert list(cache.get_or_stream(key(1), call)) == [reply(1)]
    # What is not for the cache comes as it is.
    assert list(cache.get_or_stream(key(1), call, bypass="sampled")) == ["one", "two", reply(1)]
    assert list(cache.get_or_stream(key(2), call, storable=lambda _: "length"))[-1] == reply(1)
    assert cache.get(key(2)) is None and cache.stats.refused == {"length": 1}


@pytest.mark.parametrize("parts", [[], ["one"], ["one", None]])
def test_a_call_in_pieces_that_gives_no_bytes_raises_and_lets_go(parts: list[object], tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache", lease=60)
    with pytest.raises(TypeError, match="what `call` gives must be bytes, not NoneType"):
        list(cache.get_or_stream(key(1), lambda: (part for part in parts)))
    assert cache.get_or_call(key(1), lambda: b"bytes") == b"bytes"


def test_a_reply_that_is_not_to_be_stored_is_its_callers_alone(tmp_path: Path) -> None:
    cache, call = ResponseCache(folder=tmp_path / "cache"), Calls(1, 0.01)
    results = in_threads(4, lambda _: cache.get_or_call(key(1), call, storable=lambda found: "length"))
    assert results == [reply(1)] * 4
    assert call.made == 4
    assert cache.get(key(1)) is None
    assert (cache.stats.refused, cache.stats.stored) == ({"length": 4}, 0)


def test_requests_that_are_not_for_the_cache_are_not_shared(tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache")
    together = threading.Barrier(4, timeout=30)

    def call() -> bytes:
        together.wait()
        return reply(1)

    results = in_threads(4, lambda _: cache.get_or_call(key(1), call, bypass="temperature"))
    assert results == [reply(1)] * 4
    assert (cache.stats.bypass, cache.stats.hit, cache.stats.miss) == ({"temperature": 4}, 0, 0)
    assert not (tmp_path / "cache").exists()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kills")
def test_when_the_owner_of_a_flight_is_killed_another_process_takes_over(tmp_path: Path) -> None:
    with Server(delay=30) as server:
        owner = Worker(tmp_path / "cache", server.server_port, range(1), lease=1.0)
        waiting = [Worker(tmp_path / "cache", server.server_port, range(1), threads=4, lease=1.0) for _ in range(2)]
        try:
            for worker in (owner, *waiting):
                worker.wait_until_ready()
            owner.go()
            assert server.asked.wait(30)
            for worker in waiting:
                worker.go()
            # Longer than the lease: it is renewed, and nobody else calls.
            time.sleep(2.5)
            assert server.calls == {0: 1}
            server.delay = 0.02
            owner.kill()
            figures = [worker.figures() for worker in waiting]
        finally:
            for worker in (owner, *waiting):
                worker.kill()
    assert server.calls == {0: 2}
    assert sum(figure["miss"] for figure in figures) == 1
    assert ResponseCache(folder=tmp_path / "cache").get(key(0)) == reply(0)


def test_a_task_that_is_cancelled_leaves_the_call_to_another(tmp_path: Path) -> None:
    cache, call = ResponseCache(folder=tmp_path / "cache"), Calls(1)

    async def main() -> bytes:
        started = asyncio.Event()

        async def for_ever() -> bytes:
            started.set()
            await asyncio.sleep(3600)
            return b""

        first = asyncio.create_task(cache.aget_or_call(key(1), for_ever))
        await started.wait()
        second = asyncio.create_task(cache.aget_or_call(key(1), call.awaited))
        third = asyncio.create_task(cache.aget_or_call(key(1), call.awaited))
        await asyncio.sleep(0.05)
        third.cancel()
        first.cancel()
        results = await asyncio.gather(first, second, third, return_exceptions=True)
        assert isinstance(results[0], asyncio.CancelledError)
        assert isinstance(results[2], asyncio.CancelledError)
        assert isinstance(results[1], bytes)
        return results[1]

    assert asyncio.run(main()) == reply(1)
    assert call.made == 1


def test_a_loop_that_is_left_in_the_middle_of_a_call_does_not_hold_others_up(tmp_path: Path) -> None:
    cache, call = ResponseCache(folder=tmp_path / "cache", lease=0.5), Calls(1)
    loop = asyncio.new_event_loop()

    async def for_ever() -> bytes:
        loop.stop()
        await asyncio.sleep(3600)
        return b""

    task = loop.create_task(cache.aget_or_call(key(1), for_ever))
    loop.run_forever()
    # The loop stands still, and with it the task.
    assert in_threads(4, lambda _: cache.get_or_call(key(1), call)) == [reply(1)] * 4
    assert call.made == 1
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()


CTRL_C = """
import sys, threading, time
from rev_accel import ResponseCache
cache, key = ResponseCache(folder=sys.argv[1]), bytes(32)
inside, leave = threading.Event(), threading.Event()
def call():
    inside.set()
    leave.wait()
    return b"reply"
other = threading.Thread(target=lambda: cache.get_or_call(key, call))
other.start()
inside.wait()
{asking}
threading.Thread(target=lambda: (time.sleep(0.3), __import__("os").kill(__import__("os").getpid(), 2))).start()
try:
    asking.get_or_call(key, lambda: b"another")
except KeyboardInterrupt:
    print("interrupted")
leave.set()
other.join()
print(asking.get(key))
"""


@pytest.mark.parametrize("asking", ["asking = cache", "asking = ResponseCache(folder=sys.argv[1])"])
def test_ctrl_c_ends_the_wait_for_another_thread_or_process(asking: str, tmp_path: Path) -> None:
    result = run_python(CTRL_C.replace("{asking}", asking), tmp_path / "cache")
    assert result.stdout.split("\n")[:2] == ["interrupted", "b'reply'"]
    assert result.stderr == ""


CTRL_C_IN_CALL = """
import os, sys, threading, time
from rev_accel import ResponseCache
cache, key = ResponseCache(folder=sys.argv[1], lease=60), bytes(32)
def call():
    threading.Thread(target=lambda: (time.sleep(0.3), os.kill(os.getpid(), 2))).start()
    time.sleep(60)
try:
    cache.get_or_call(key, call)
except KeyboardInterrupt:
    print("interrupted")
print(ResponseCache(folder=sys.argv[1]).get_or_call(key, lambda: b"another"))
"""


def test_ctrl_c_in_a_call_lets_go_of_its_flight(tmp_path: Path) -> None:
    result = run_python(CTRL_C_IN_CALL, tmp_path / "cache")
    assert result.stdout.split("\n")[:2] == ["interrupted", "b'another'"]


def test_a_call_may_ask_for_something_else(tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache")
    found = cache.get_or_call(key(1), lambda: cache.get_or_call(key(2), lambda: b"inner") + b" and outer")
    assert found == b"inner and outer"
    assert (cache.get(key(1)), cache.get(key(2))) == (b"inner and outer", b"inner")


def test_a_call_that_asks_for_itself_does_not_wait_for_itself(tmp_path: Path) -> None:
    outer, inner = (ResponseCache(folder=tmp_path / "cache") for _ in range(2))
    assert outer.get_or_call(key(1), lambda: outer.get_or_call(key(1), lambda: b"reply")) == b"reply"
    assert outer.get_or_call(key(2), lambda: inner.get_or_call(key(2), lambda: b"reply")) == b"reply"
    assert outer.stats.bypass == inner.stats.bypass == {"nested": 1}

    async def reply() -> bytes:
        return b"reply"

    assert asyncio.run(outer.aget_or_call(key(3), lambda: inner.aget_or_call(key(3), reply))) == b"reply"
    assert inner.stats.bypass == {"nested": 2} and outer.stats.stored == 3
    # Afterwards, and in another folder, it is a question like any other.
    assert inner.get_or_call(key(3), lambda: b"another") == b"reply"
    other = ResponseCache(folder=tmp_path / "other")
    assert outer.get_or_call(key(4), lambda: other.get_or_call(key(4), lambda: b"reply")) == b"reply"
    assert other.stats.stored == 1


CROSSWISE = """
import sys
from rev_accel import ResponseCache
cache = ResponseCache(folder=sys.argv[1], lease=60)
outer, inner = bytes(32), bytes([1]) * 32
if sys.argv[2] == "second": outer, inner = inner, outer
def call():
    print("inside", flush=True)
    sys.stdin.readline()
    return cache.get_or_call(inner, lambda: b"inner")
print(cache.get_or_call(outer, call))
"""


def test_calls_that_ask_for_each_others_replies_do_not_wait_for_each_other(tmp_path: Path) -> None:
    cache, both = ResponseCache(folder=tmp_path / "cache", lease=60), threading.Barrier(2, timeout=30)

    def ask_for(outer: int, inner: int) -> bytes:
        def call() -> bytes:
            both.wait()
            found = cache.get_or_call(key(inner), lambda: reply(inner))
            # Neither is kept before the other one was asked for.
            both.wait()
            return found + reply(outer)

        return cache.get_or_call(key(outer), call)

    async def ask_for_async(outer: int, inner: int) -> bytes:
        async def innermost() -> bytes:
            return reply(inner)

        async def call() -> bytes:
            await asyncio.to_thread(both.wait)
            found = await cache.aget_or_call(key(inner), innermost)
            await asyncio.to_thread(both.wait)
            return found + reply(outer)

        return await cache.aget_or_call(key(outer), call)

    results = in_threads(2, lambda number: ask_for(1 + number, 2 - number))
    assert results == [reply(2) + reply(1), reply(1) + reply(2)]
    results = in_threads(2, lambda number: asyncio.run(ask_for_async(3 + number, 4 - number)))
    assert results == [reply(4) + reply(3), reply(3) + reply(4)]


def test_processes_whose_calls_ask_for_each_others_replies_do_not_wait_for_each_other(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", CROSSWISE, str(tmp_path / "cache")]
    processes = [
        subprocess.Popen([*arguments, which], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for which in ("first", "second")
    ]
    try:
        for process in processes:
            assert process.stdout is not None and process.stdout.readline() == "inside\n"
        results = [process.communicate("\n", timeout=30)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert results == ["b'inner'\n"] * 2


def test_a_stream_that_rests_is_waited_for_until_the_time_of_one_lease_is_over(tmp_path: Path) -> None:
    cache, store = ResponseCache(folder=tmp_path / "cache", lease=0.9), _core.ReplyStore(str(tmp_path / "cache"))
    rests = cache.get_or_stream(key(1), lambda: (part for part in ("piece", b"whole")))
    before = time.time()
    assert next(rests) == "piece"
    after = time.time()
    flight, is_mine = cache._courses.process().flights.join(key(1), lambda: 0)
    # Who begins to wait in the middle does not wait for the time of a whole lease.
    time.sleep(0.3)
    assert not is_mine and 0 < flight.patience() < 0.7
    # Nor do other processes, for whom the lease is renewed meanwhile.
    deadlines = []
    while (taken := store.take(key(1), bytes(16), lease=1000))[0] == "held":
        deadlines.append(taken[1][3] / 1000)  # type: ignore[index]
        time.sleep(0.02)
    assert before + 0.85 < max(deadlines) < after + 0.95
    rests.close()


@pytest.mark.parametrize("wrong", [None, "text", bytearray(b"bytes"), 1])
def test_a_call_that_gives_no_bytes_raises_and_lets_go(wrong: object, tmp_path: Path) -> None:
    cache = ResponseCache(folder=tmp_path / "cache", lease=60)
    with pytest.raises(TypeError, match=r"what `call` gives must be bytes, not \w+"):
        cache.get_or_call(key(1), lambda: wrong)  # type: ignore[arg-type, return-value]
    assert cache.get_or_call(key(1), lambda: b"bytes") == b"bytes"


FORKED = """
import os, sys, threading, time
from rev_accel import ResponseCache
cache = ResponseCache(folder=sys.argv[1], lease=60)
key = lambda number: bytes([number]) * 32
inside, leave = threading.Event(), threading.Event()
def call():
    inside.set()
    leave.wait()
    return b"parent"
thread = threading.Thread(target=lambda: cache.get_or_call(key(1), call))
thread.start()
inside.wait()
cache.put(key(2), b"before")
def forked(work):
    child = os.fork()
    if child == 0:
        code = 9
        try: code = 0 if work() else 8
        finally: os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
def in_child():
    assert cache.get(key(2)) == b"before"
    assert cache.get_or_call(key(3), lambda: b"child") == b"child"
    assert cache.stats.miss == 1 and cache.stats.hit == 1, cache.stats
    threads = [threading.Thread(target=lambda: cache.get_or_call(key(4), lambda: b"more")) for _ in range(4)]
    for one in threads: one.start()
    for one in threads: one.join()
    return cache.stats.miss == 2
print(forked(in_child))
# The flight is still the parent's.
from rev_accel import _core
print(_core.ReplyStore(sys.argv[1]).take(key(1), bytes(16), lease=1000)[0])
leave.set()
thread.join()
print(cache.get(key(1)), cache.get(key(3)))
# A call that forks: the child comes back from it, too.
def call_and_fork():
    global child
    child = os.fork()
    if child == 0: return b"of the child"
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    print(_core.ReplyStore(sys.argv[1]).take(key(5), bytes(16), lease=1000)[0])
    return b"of the parent"
found = cache.get_or_call(key(5), call_and_fork, storable=lambda found: None if found == b"of the parent" else "child")
if child == 0: os._exit(0 if found == b"of the child" else 1)
print(found, cache.get(key(5)))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_asks_for_itself_and_leaves_its_parents_flights_alone(tmp_path: Path) -> None:
    result = run_python(FORKED, tmp_path / "cache", environment={"PYTHONWARNINGS": "ignore"})
    assert result.stdout.split("\n")[:6] == [
        "0",
        "held",
        "b'parent' b'child'",
        "0",
        "held",
        "b'of the parent' b'of the parent'",
    ]
    assert result.stderr == ""


MANY_FORKS = """
import os, sys, threading
from rev_accel import ResponseCache
cache = ResponseCache(folder=sys.argv[1])
key = lambda number: number.to_bytes(32, "little")
right = lambda number: b"%d" % number * 500
stop, wrong = threading.Event(), []
def work(first):
    number = first
    while not stop.is_set():
        number = first + (number + 1) % 50
        if cache.get_or_call(key(number), lambda: right(number)) != right(number): wrong.append(number)
threads = [threading.Thread(target=work, args=[first]) for first in (0, 10, 20)]
for thread in threads: thread.start()
codes = []
for turn in range(60):
    child = os.fork()
    if child == 0:
        code = 9
        try:
            numbers = range(turn, turn + 20)
            code = 0 if all(cache.get_or_call(key(n), lambda: right(n)) == right(n) for n in numbers) else 8
        finally: os._exit(code)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop.set()
for thread in threads: thread.join()
print(set(codes), wrong, dict(cache.stats.bypass))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_forks_while_threads_ask_leave_everybody_served(tmp_path: Path) -> None:
    result = run_python(MANY_FORKS, tmp_path / "cache", environment={"PYTHONWARNINGS": "ignore"})
    assert result.stdout.strip() == "{0} [] {}"
    assert result.stderr == ""


def test_the_process_may_end_while_a_daemon_thread_makes_a_call(tmp_path: Path) -> None:
    code = """
    import sys, threading, time
    from rev_accel import ResponseCache
    cache, inside = ResponseCache(folder=sys.argv[1], lease=0.3), threading.Event()
    def call():
        inside.set()
        time.sleep(3600)
    threading.Thread(target=lambda: cache.get_or_call(bytes(32), call), daemon=True).start()
    inside.wait()
    print("ends")
    """
    result = run_python(code, tmp_path / "cache")
    assert (result.stdout, result.stderr) == ("ends\n", "")


def test_many_processes_on_a_fresh_folder_find_each_others_replies(tmp_path: Path) -> None:
    with Server(delay=0) as server:
        for turn in range(3):
            figures = ask_at_once(tmp_path / f"cache{turn}", server.server_port, range(8), processes=6, threads=2)
            assert all(figure["bypass"] == figure["refused"] == {} for figure in figures)
        assert server.calls == dict.fromkeys(range(8), 3)
        assert ask(server.server_port, 1) == reply(1)
