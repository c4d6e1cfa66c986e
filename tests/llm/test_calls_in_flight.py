"""Equal requests that are asked at the same time: of threads, tasks and processes, whole or in pieces."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from replies.processes import in_threads
from rev_accel import ResponseCache
from rev_accel.errors import ModelError, ModelTimeoutError
from rev_accel.llm import (
    Answer,
    CachingClient,
    Piece,
    Reply,
    Request,
    Retries,
    ScriptedClient,
)

from .conftest import hello, make_client, request_of
from .server import Plan, Server
from .test_caching import GREEDY, ask, figures, prompts
from .test_clients import STREAMS, WAYS
from .worker import Worker, echo, right
from .worker import request_of as question


def test_fifty_requests_asked_by_32_threads_of_8_processes_make_fifty_calls(server: Server, tmp_path: Path) -> None:
    server.default = lambda body: replace(echo(body), delay=0.02)
    workers = [Worker(tmp_path / "cache", server.endpoint("openai"), 50, threads=4) for _ in range(8)]
    try:
        for worker in workers:
            worker.wait_until_ready()
        for worker in workers:
            worker.go()
        found = [worker.figures() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert prompts(server) == {f"Question {number}": 1 for number in range(50)}
    total = Counter({kind: sum(one[kind] for one in found) for kind in ("hit", "miss", "shared", "stored")})
    print(dict(total))
    assert total["miss"] == total["stored"] == 50 and total["hit"] + total["shared"] == 50 * 31


def test_fifty_requests_asked_by_32_tasks_at_once_make_fifty_calls(server: Server, cache: ResponseCache) -> None:
    server.default = lambda body: replace(echo(body), delay=0.02)
    requests = [question(server.endpoint("openai"), number) for number in range(50)]

    async def main() -> list[Reply]:
        async with make_client(server, "openai", retries=Retries(number=0)) as client:
            caching = CachingClient(client, cache)
            return await asyncio.gather(*(caching.achat(request) for _ in range(32) for request in requests))

    replies = asyncio.run(main())
    assert [reply.content for reply in replies] == [right(request) for request in requests] * 32
    assert prompts(server) == {f"Question {number}": 1 for number in range(50)}
    stats = cache.stats
    assert stats.miss == stats.stored == 50 and stats.hit + stats.shared == 50 * 31


class TestStreamsInFlight:
    """Of a reply that is being streamed, others get the whole once it is there."""

    @pytest.mark.parametrize("first", STREAMS)
    def test_whoever_asks_meanwhile_makes_no_call(
        self, caching: CachingClient, asked: Request, cache: ResponseCache, server: Server, first: str
    ) -> None:
        server.default = Plan(content="one two three four", pause=0.1)
        found: list[Reply] = []
        threads = [
            threading.Thread(target=lambda way=way: found.append(ask(caching, way, asked)))
            for way in (first, *WAYS, *WAYS)
        ]
        threads[0].start()
        while not server.asked:
            time.sleep(0.005)
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.asked) == 1 and {reply.content for reply in found} == {"one two three four"}
        assert len({reply.raw for reply in found}) == 1 and all(reply.streamed for reply in found)
        # On a slow machine, some come when it has ended.
        assert cache.stats.miss == 1 and cache.stats.shared + cache.stats.hit == 2 * len(WAYS)

    def test_a_stream_waits_for_a_call_that_is_not_streamed(
        self, caching: CachingClient, asked: Request, cache: ResponseCache, server: Server
    ) -> None:
        server.default = Plan(delay=0.3)
        owner = threading.Thread(target=caching.chat, args=[asked])
        owner.start()
        while not server.asked:
            time.sleep(0.005)
        for way in STREAMS:
            assert ask(caching, way, asked).content == "Hello there, world."
        owner.join()
        assert len(server.asked) == 1 and cache.stats.shared >= 1

    def test_the_pieces_come_while_the_call_is_made(
        self, caching: CachingClient, asked: Request, cache: ResponseCache
    ) -> None:
        stream = caching.stream(asked)
        assert next(stream) == Piece("Hello")
        assert cache.stats.miss == 1 and cache.stats.stored == 0
        *_, reply = stream
        assert isinstance(reply, Reply) and cache.stats.stored == 1

    @pytest.mark.parametrize("way", WAYS)
    def test_when_a_stream_is_left_another_takes_over(
        self, caching: CachingClient, asked: Request, cache: ResponseCache, server: Server, way: str
    ) -> None:
        left = caching.stream(asked)
        next(left)
        found: list[Reply] = []
        waiting = threading.Thread(target=lambda: found.append(ask(caching, way, asked)))
        waiting.start()
        time.sleep(0.2)
        assert len(server.asked) == 1 and found == []
        left.close()
        waiting.join()
        assert len(server.asked) == 2 and found[0].content == "Hello there, world."
        assert (cache.stats.miss, cache.stats.stored, cache.stats.refused) == (2, 1, {})

    def test_when_a_stream_breaks_whoever_waits_tries_themselves(
        self, caching: CachingClient, asked: Request, cache: ResponseCache, server: Server
    ) -> None:
        server.next(Plan(pause=0.1, stop_after=3))
        found: list[Reply | ModelError] = []

        def work(way: str) -> None:
            try:
                found.append(ask(caching, way, asked))
            except ModelError as error:
                found.append(error)

        threads = [threading.Thread(target=work, args=[way]) for way in ("stream", *WAYS)]
        threads[0].start()
        while not server.asked:
            time.sleep(0.005)
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join()
        # All at once, unless somebody came later.
        assert sum(isinstance(one, ModelError) for one in found) == 1 and 2 <= len(server.asked) <= 5
        assert cache.stats.refused == {"broken_stream": 1} and cache.stats.stored == len(server.asked) - 1

    @pytest.mark.parametrize("plan", [Plan(finish="length"), Plan(status=400)], ids=["cut", "failed"])
    def test_requests_whose_replies_may_not_be_kept_are_not_made_one_after_the_other(
        self, caching: CachingClient, asked: Request, cache: ResponseCache, server: Server, plan: Plan
    ) -> None:
        together = threading.Barrier(6, timeout=20)

        def answer(_body: dict[str, Any]) -> Plan:
            together.wait()
            return plan

        server.next(replace(plan, delay=0.5))
        server.default = answer
        ways = ("stream", "chat", "chat", *WAYS)
        outcomes = in_threads(len(ways), lambda number: ask(caching, ways[number], asked))
        assert all(isinstance(one, Reply | ModelError) for one in outcomes)
        assert len(server.asked) == 7 and not together.broken and sum(cache.stats.refused.values()) == 7

    @pytest.mark.parametrize("way", WAYS)
    def test_whoever_takes_no_more_pieces_is_not_waited_for(
        self, client: Any, asked: Request, server: Server, tmp_path: Path, way: str
    ) -> None:
        cache = ResponseCache(folder=tmp_path / "cache", lease=0.3)
        other = ResponseCache(folder=tmp_path / "cache", lease=0.3)  # knows of the first as another process would
        rests = CachingClient(client, cache).stream(asked)
        next(rests)
        callers = [CachingClient(client, one) for one in (cache, other)]
        found = in_threads(2, lambda number: ask(callers[number], way, asked))
        assert [reply.content for reply in found] == ["Hello there, world."] * 2 and len(server.asked) == 2
        # It still gets its own reply.
        *_, last = rests
        assert isinstance(last, Reply) and last.content == "Hello there, world."

    @pytest.mark.parametrize("way", WAYS)
    def test_who_takes_the_pieces_does_not_wait_for_themselves(
        self, caching: CachingClient, asked: Request, cache: ResponseCache, server: Server, way: str
    ) -> None:
        async def main() -> None:
            stream = caching.astream(asked)
            await anext(stream)
            if way == "achat":
                await caching.achat(asked)
            else:
                _ = [part async for part in caching.astream(asked)]
            _ = [part async for part in stream]

        if way in ("achat", "astream"):
            asyncio.run(main())
        else:
            stream = caching.stream(asked)
            next(stream)
            assert ask(caching, way, asked).content == "Hello there, world."
            list(stream)
        assert len(server.asked) == 2 and cache.stats.bypass == {"nested": 1} and cache.stats.stored == 1

    def test_tasks_share_a_stream(self, server: Server, cache: ResponseCache) -> None:
        server.default = lambda body: replace(echo(body), pause=0.002)
        requests = [question(server.endpoint("openai"), number) for number in range(10)]

        async def main() -> list[Any]:
            async with make_client(server, "openai", retries=Retries(number=0)) as client:
                caching = CachingClient(client, cache)

                async def last(request: Request) -> Piece | Reply:
                    return [part async for part in caching.astream(request)][-1]

                async def left(request: Request) -> None:
                    # By a task that is cancelled while the pieces come.
                    async for _ in caching.astream(request):
                        await asyncio.sleep(60)

                leaving = [asyncio.create_task(left(request)) for request in requests[:3]]
                while len(server.asked) < 3:
                    await asyncio.sleep(0.01)
                for task in leaving:
                    task.cancel()
                return await asyncio.gather(*(last(request) for _ in range(8) for request in requests))

        replies = asyncio.run(main())
        assert [reply.content for reply in replies] == [right(request) for request in requests] * 8
        assert prompts(server) == {f"Question {number}": 2 if number < 3 else 1 for number in range(10)}
        assert cache.stats.stored == 10 and cache.stats.hit + cache.stats.shared == 70


class Gate:
    """A script of two: the first answer comes when somebody opens, and is not to be kept."""

    def __init__(self) -> None:
        self.inside, self.opened = threading.Event(), threading.Event()
        self.client = ScriptedClient([self._first, "second"])

    def _first(self, _: Request) -> Answer:
        self.inside.set()
        assert self.opened.wait(30)
        return Answer(content="cut", finish_reason="length")

    @contextmanager
    def taken(self, caching: CachingClient, request: Request) -> Iterator[threading.Thread]:
        """While a thread waits for the first answer; it opens at the end."""
        first = threading.Thread(target=caching.chat, args=[request])
        first.start()
        try:
            assert self.inside.wait(30)
            yield first
        finally:
            self.opened.set()
            first.join()


@pytest.mark.parametrize("way", WAYS)
def test_the_time_out_of_a_request_is_for_the_wait_for_another_too(cache: ResponseCache, way: str) -> None:
    gate = Gate()
    caching, request = CachingClient(gate.client, cache), request_of(options=GREEDY)
    with gate.taken(caching, request) as first:
        with pytest.raises(ModelTimeoutError, match=r"same call had no reply within 0\.05 s in all") as caught:
            ask(caching, way, replace(request, timeout=0.05))
        assert caught.value.phase == "first_byte" and first.is_alive() and len(gate.client.requests) == 1


@pytest.mark.parametrize("way", WAYS)
def test_who_waited_makes_the_call_in_what_is_left_of_the_time_out(cache: ResponseCache, way: str) -> None:
    gate = Gate()
    caching, request = CachingClient(gate.client, cache), request_of(options=GREEDY)
    with gate.taken(caching, request):
        flights: Any = cache._courses.process().flights
        join = flights.join

        def open_when_it_waits(*given: Any) -> Any:
            joined = join(*given)
            threading.Timer(0.1, gate.opened.set).start()
            return joined

        flights.join = open_when_it_waits
        assert ask(caching, way, replace(request, timeout=60)).content == "second"
    left = gate.client.requests[1].timeout
    assert left is not None and left < 60
    # Who did not wait has all of it, and an error of the inner client's own is one.
    failing = CachingClient(ScriptedClient([TimeoutError("its own")]), cache)
    with pytest.raises(TimeoutError, match="its own"):
        ask(failing, way, request_of(model="n", options=GREEDY, timeout=60))
    plain = CachingClient(asked := ScriptedClient(["third"]), cache)
    ask(plain, way, request_of(model="n", options=GREEDY, timeout=1e9))
    assert (asked.requests[0].timeout or 0) > 1e9 - 60


def test_replies_that_are_not_kept_are_not_shared(server: Server, cache: ResponseCache, dialect: str) -> None:
    server.default = Plan(finish="length")
    with make_client(server, dialect) as client:
        caching, request = CachingClient(client, cache), client.request(**hello(options=GREEDY))
        replies = in_threads(4, lambda _: caching.chat(request))
    assert {reply.finish_reason for reply in replies} == {"length"}
    assert len(server.asked) == 4 and figures(cache) == (0, 4, 0, {}, {"length": 4})


def test_when_the_process_that_asks_is_killed_another_takes_over(server: Server, tmp_path: Path) -> None:
    server.default = echo
    server.next(lambda body: replace(echo(body), delay=60))
    owner, *waiting = (
        Worker(tmp_path / "cache", server.endpoint("openai"), 1, threads=count, lease=1.0) for count in (1, 4, 4)
    )
    try:
        for worker in (owner, *waiting):
            worker.wait_until_ready()
        owner.go()
        while not server.asked:
            time.sleep(0.01)
        for worker in waiting:
            worker.go()
        time.sleep(1.5)  # longer than the lease, which is renewed
        assert len(server.asked) == 1
        owner.kill()
        start = time.perf_counter()
        found = [worker.figures() for worker in waiting]
        print(f"taken over within {time.perf_counter() - start:.2f} s, with a lease of 1 s")
    finally:
        for worker in (owner, *waiting):
            worker.kill()
    assert len(server.asked) == 2
    assert [sum(one[kind] for one in found) for kind in ("miss", "stored")] == [1, 1]
    request = question(server.endpoint("openai"), 0)
    kept = CachingClient(ScriptedClient([]), ResponseCache(folder=tmp_path / "cache")).chat(request)
    assert kept.content == right(request)
