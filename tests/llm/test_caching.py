"""A client that asks only what was not answered before, in front of a real server."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from replies.processes import in_threads
from rev_accel import ResponseCache
from rev_accel.errors import InputError, ModelError
from rev_accel.llm import (
    CachingClient,
    Client,
    Piece,
    Reply,
    Request,
    Retries,
    ScriptedClient,
    dialects,
    storable,
)
from rev_accel.llm.caching import is_greedy
from rev_accel.llm.text import write

from . import hit_rate, pairs
from .conftest import CLIENTS, SHORT, TLS, hello, make_client, parts, request_of
from .server import Plan, Server, listening_server
from .test_clients import STREAMS, TOOLS, WAYS
from .test_faults import GARBAGE, KEPT, NOT_KEPT, REASONS
from .worker import Worker, echo

GREEDY = {"temperature": 0}


def ask(client: Client, way: str, request: Request) -> Reply:
    *pieces, reply = parts(client, way, request)
    assert isinstance(reply, Reply) and all(isinstance(piece, Piece) for piece in pieces)
    if way in STREAMS:
        assert "".join(piece.content for piece in pieces if isinstance(piece, Piece)) == reply.content
    return reply


def figures(cache: ResponseCache) -> tuple[int, int, int, dict[str, int], dict[str, int]]:
    """Hits, misses, replies that were stored, bypasses and refusals."""
    stats = cache.stats
    return stats.hit, stats.miss, stats.stored, dict(stats.bypass), dict(stats.refused)


def prompts(server: Server) -> Counter[str]:
    """How often each question was asked."""
    return Counter(body["messages"][-1]["content"] for _, _, body in server.asked)


@pytest.mark.parametrize("second", WAYS)
@pytest.mark.parametrize("first", WAYS)
def test_an_equal_request_makes_no_call_whichever_way_it_is_asked(
    caching: CachingClient, client: Any, cache: ResponseCache, server: Server, first: str, second: str
) -> None:
    server.next(Plan(content="It is — fine.\n", thinking="Let me see …", tool_calls=(("add", {"a": 1}),)))
    one, other = (ask(caching, way, client.request(**hello(tools=TOOLS, options=GREEDY))) for way in (first, second))
    assert len(server.asked) == 1
    assert other == one and other.raw == one.raw and other.streamed is (first in STREAMS)
    assert other.tool_calls[0].arguments == {"a": 1} and other.content == "It is — fine.\n"
    assert figures(cache) == (1, 1, 1, {}, {})


@pytest.mark.parametrize("name", KEPT)
def test_every_kind_of_whole_reply_is_kept_as_the_server_sent_it(
    caching: CachingClient, asked: Request, server: Server, name: str
) -> None:
    server.next(KEPT[name])
    one, other, third = (ask(caching, "chat", asked) for _ in range(3))
    assert one.raw == other.raw == third.raw and one == other == third
    # Nobody holds what another was given.
    assert other is not one and other is not third and other.body is not third.body
    assert len(server.asked) == 1


def test_what_does_not_count_for_the_key_does_not_make_a_call(
    caching: CachingClient, asked: Request, server: Server
) -> None:
    uncounted: list[dict[str, Any]] = [{}, {"timeout": 9.0}, {"retries": 1}, {"trace_id": "t"}]
    for fields in uncounted:
        caching.chat(replace(asked, **fields))
    assert len(server.asked) == 1


def test_any_change_makes_a_call_of_its_own(caching: CachingClient, asked: Request, server: Server) -> None:
    server.default = echo
    changes: list[dict[str, Any]] = [
        {},
        {"model": "n"},
        {"messages": [{"role": "user", "content": "hello"}]},
        {"tools": []},
        {"tools": TOOLS},
        {"response_format": {"type": "object"}},
        {"options": {"temperature": 0.0}},
        {"options": {"temperature": 0, "seed": 1}},
    ]
    for fields in changes:
        for _ in range(2):
            caching.chat(replace(asked, **fields))
    assert len(server.asked) == 8
    assert len({json.dumps(body, sort_keys=True) for _, _, body in server.asked}) == 8


def test_another_process_and_a_later_client_find_the_reply(
    client: Any, asked: Request, server: Server, tmp_path: Path
) -> None:
    first = CachingClient(client, ResponseCache(folder=tmp_path / "cache")).chat(asked)
    nobody = ScriptedClient([])
    assert CachingClient(nobody, ResponseCache(folder=tmp_path / "cache")).chat(asked) == first
    # Another folder knows nothing of it.
    CachingClient(client, ResponseCache(folder=tmp_path / "other")).chat(asked)
    assert len(server.asked) == 2


def test_without_a_cache_of_its_own_it_uses_the_users(
    client: Any, asked: Request, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", str(tmp_path / "user"))
    one, other = (CachingClient(client).chat(asked) for _ in range(2))
    assert one == other and len(server.asked) == 1
    assert (tmp_path / "user" / "v1" / "replies").is_dir()


class TestTemperature:
    @pytest.mark.parametrize("value", [0, 0.0, -0.0])
    def test_zero_is_greedy(self, value: float) -> None:
        assert is_greedy(request_of(options={"temperature": value}))

    @pytest.mark.parametrize(
        "options", [{}, *({"temperature": one} for one in (0.1, 1, 2, None, False, "0", float("nan"), 1e-300, [0]))]
    )
    def test_nothing_else_is(self, options: dict[str, Any]) -> None:
        assert not is_greedy(request_of(options=options))

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("options", [{}, {"temperature": 0.7}], ids=["absent", "0.7"])
    def test_who_samples_gets_another_answer_each_time(
        self, caching: CachingClient, client: Any, cache: ResponseCache, server: Server, way: str, options: Any
    ) -> None:
        server.next(Plan(content="Heads"), Plan(content="Tails"))
        request = client.request(**hello(options=options))
        assert [ask(caching, way, request).content for _ in range(2)] == ["Heads", "Tails"]
        assert figures(cache) == (0, 0, 0, {"sampled": 2}, {})
        assert cache.get(caching.cache_key(request)) is None

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("options", [{}, {"temperature": 0.7}], ids=["absent", "0.7"])
    def test_unless_that_is_asked_for(
        self, client: Any, cache: ResponseCache, server: Server, way: str, options: Any
    ) -> None:
        server.next(Plan(content="Heads"), Plan(content="Tails"))
        request = client.request(**hello(options=options))
        caching = CachingClient(client, cache, sampled=True)
        assert [ask(caching, way, request).content for _ in range(2)] == ["Heads", "Heads"]
        assert figures(cache) == (1, 1, 1, {}, {})


def test_a_reply_is_given_again_only_in_its_time_to_live(client: Any, cache: ResponseCache, server: Server) -> None:
    # Long enough for a slow machine to ask twice.
    short, long = CachingClient(client, cache, ttl=2.0), CachingClient(client, cache, ttl=3600)
    requests = {way: client.request(**hello(model=way, options=GREEDY)) for way in WAYS}
    for way, request in requests.items():
        ask(short, way, request)
        ask(short, way, request)
    assert len(server.asked) == len(WAYS)
    time.sleep(2.1)
    for way, request in requests.items():
        ask(long, way, request)
        ask(long, way, request)
    assert len(server.asked) == 2 * len(WAYS)


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), True, "1"])
def test_a_time_to_live_of_no_use_is_refused_at_once(ttl: Any, cache: ResponseCache) -> None:
    with pytest.raises(InputError, match="`ttl` must be a number of seconds"):
        CachingClient(ScriptedClient([]), cache, ttl=ttl)


@pytest.mark.parametrize("way", WAYS)
def test_the_environment_switches_it_off(
    client: Any, asked: Request, server: Server, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REV_ACCEL_NO_CACHE", "1")
    cache = ResponseCache(folder=tmp_path / "cache")
    caching = CachingClient(client, cache)
    for _ in range(2):
        assert ask(caching, way, asked).content == "Hello there, world."
    assert len(server.asked) == 2 and not (tmp_path / "cache").exists()
    assert cache.stats.bypass == {"off": 2} and cache.stats.hit_rate == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_folder_of_no_use_is_told_once_and_the_calls_are_made(
    client: Any, asked: Request, server: Server, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rev_accel.cache._told", {})  # as in a process that has told nothing yet
    (tmp_path / "file").write_text("not a folder")
    cache = ResponseCache(folder=tmp_path / "file")
    caching = CachingClient(client, cache)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            assert ask(caching, way, asked).content == "Hello there, world."
    assert [one.category for one in told] == [RuntimeWarning] and str(tmp_path / "file") in str(told[0].message)
    assert len(server.asked) == 3 and cache.stats.bypass == {"unusable": 3}


class TestRefusals:
    @pytest.mark.parametrize("way", WAYS)
    def test_what_is_no_whole_reply_is_never_kept(
        self, caching: CachingClient, client: Any, cache: ResponseCache, server: Server, way: str
    ) -> None:
        for name, plan in NOT_KEPT.items():
            request = client.request(**hello(model=name, options=GREEDY))
            self.judge(caching, cache, request, server, plan, way, REASONS.get(name, "tool_arguments"))

    @pytest.mark.parametrize("way", WAYS)
    def test_garbage_is_never_kept(
        self, caching: CachingClient, cache: ResponseCache, asked: Request, server: Server, way: str
    ) -> None:
        for body in GARBAGE.values():
            server.next(Plan(raw=body))
            with pytest.raises(ModelError):
                ask(caching, way, asked)
        hit, miss, stored, bypass, refused = figures(cache)
        assert (hit, miss, stored, bypass) == (0, len(GARBAGE), 0, {})
        assert sum(refused.values()) == len(GARBAGE) and set(refused) <= {"error", "broken_stream"}
        assert ask(caching, way, asked).content == "Hello there, world." and len(server.asked) == len(GARBAGE) + 1

    def test_a_stream_that_ends_without_saying_so_is_never_kept(
        self, caching: CachingClient, cache: ResponseCache, asked: Request, server: Server
    ) -> None:
        self.judge(caching, cache, asked, server, Plan(says_done=False), "stream", "broken_stream")

    @pytest.mark.parametrize("way", WAYS)
    def test_the_answer_to_a_prompt_that_was_cut_is_never_kept(
        self, caching: CachingClient, client: Any, cache: ResponseCache, server: Server, way: str
    ) -> None:
        long = [{"role": "user", "content": "A sentence of some length. " * 400}]
        request = client.request(model="m", messages=long, options=GREEDY)
        self.judge(
            caching, cache, request, server, Plan(usage=(20, 3)), way, "context_cut", after=Plan(usage=(2000, 3))
        )

    @pytest.mark.parametrize("way", WAYS)
    def test_a_refusal_is_never_kept(self, cache: ResponseCache, server: Server, way: str) -> None:
        plan = Plan(content="", refusal="I cannot help with that.")
        with make_client(server, "openai", retries=Retries(number=0)) as client:
            request = client.request(**hello(options=GREEDY))
            self.judge(CachingClient(client, cache), cache, request, server, plan, way, "content_filter")

    def test_a_stream_that_is_left_is_never_kept(
        self, caching: CachingClient, cache: ResponseCache, asked: Request, server: Server
    ) -> None:
        parts = caching.stream(asked)
        assert next(parts) == Piece("Hello")
        del parts
        assert cache.get(caching.cache_key(asked)) is None
        assert ask(caching, "stream", asked).content == "Hello there, world." and len(server.asked) == 2

    @staticmethod
    def judge(
        caching: CachingClient,
        cache: ResponseCache,
        request: Request,
        server: Server,
        plan: Plan,
        way: str,
        reason: str,
        *,
        after: Plan | None = None,
    ) -> None:
        """Asks twice for what goes wrong and twice for what does not."""
        server.next(plan, plan)
        server.asked.clear()
        hit, miss, stored, _, refused = figures(cache)
        raised = 0
        for _ in range(2):
            try:
                outcome: Reply | ModelError = ask(caching, way, request)
            except ModelError as error:
                outcome, raised = error, raised + 1
            assert storable(outcome).reason == reason, plan
        assert len(server.asked) == 2, plan
        assert raised == (2 if reason in ("error", "broken_stream") else 0), plan
        refused[reason] = refused.get(reason, 0) + 2
        assert figures(cache) == (hit, miss + 2, stored, {}, refused), plan
        server.default = after or Plan()
        for _ in range(2):
            assert ask(caching, way, request).content == "Hello there, world.", plan
            assert len(server.asked) == 3, plan
        assert figures(cache) == (hit + 1, miss + 3, stored + 1, {}, refused), plan


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"reply",
        b'{"format":2,"dialect":"openai","streamed":false,"timings":{},"context_cut":null}\n{}',
        b'{"format":1,"dialect":"latin","streamed":false,"timings":{},"context_cut":null}\n{}',
        b'{"format":1,"dialect":"openai","streamed":false,"timings":{},"context_cut":null}\n{"error": "no such model"}',
        b'{"format":1,"dialect":"openai","streamed":true,"timings":{},"context_cut":null}\ndata: {"choices": []}\n\n',
        request_of().dialect.encode() * 100,
        json.dumps({"format": 1, "dialect": "openai", "streamed": False, "timings": {}, "context_cut": None}).encode()
        + b'\n{"choices": [{"message": {"role": "assistant", "content": "cut"}, "finish_reason": "length"}]}',
    ],
)
def test_what_is_stored_and_no_whole_reply_of_this_version_is_asked_for_anew(
    caching: CachingClient, cache: ResponseCache, asked: Request, server: Server, stored: bytes, way: str
) -> None:
    cache.put(caching.cache_key(asked), stored)
    for _ in range(2):
        assert ask(caching, way, asked).content == "Hello there, world."
    assert len(server.asked) == 1


@pytest.mark.parametrize("way", WAYS)
def test_replies_in_another_form_are_plain_misses(
    client: Any, asked: Request, server: Server, cache: ResponseCache, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.default = lambda body: replace(echo(body), delay=0.1)
    ask(CachingClient(client, cache), way, asked)
    monkeypatch.setattr("rev_accel.llm.caching.FORMAT", 2)
    monkeypatch.setattr("rev_accel.llm.reply.FORMAT", 2)
    # They are asked for as if nothing had been kept, and once.
    replies = in_threads(4, lambda _: ask(CachingClient(client, cache), way, asked))
    assert len({reply.content for reply in replies}) == 1 and len(server.asked) == 2
    stats = cache.stats
    assert (stats.miss, stats.stored, stats.hit + stats.shared) == (2, 2, 3)
    monkeypatch.undo()
    ask(CachingClient(client, cache), way, asked)
    assert len(server.asked) == 2, "what an older version keeps stays its own"


def test_a_run_that_was_killed_goes_on_where_it_was_and_a_repeated_one_asks_nobody(
    server: Server, tmp_path: Path
) -> None:
    calls = 120
    server.default = echo
    endpoint = server.endpoint("openai")

    def start() -> Worker:
        worker = Worker(tmp_path / "cache", endpoint, calls, lease=0.5, in_turn=True)
        worker.wait_until_ready()
        worker.go()
        return worker

    crashing = start()
    while len(server.asked) < calls // 2:
        assert crashing.process.poll() is None
        time.sleep(0.002)
    crashing.kill()
    before = len(server.asked)
    assert before < calls
    resumed = start().figures()
    assert before - 1 <= resumed["hit"] <= before and resumed["hit"] + resumed["miss"] == calls
    # Only the call in which it was killed is made twice.
    assert calls <= len(server.asked) <= calls + 1 and max(prompts(server).values()) <= 2
    asked = len(server.asked)
    repeated = start().figures()
    assert len(server.asked) == asked and repeated["hit_rate"] >= 0.99, repeated
    print(
        f"{calls} calls: resumed at {before} in {resumed['seconds'] * 1000:.0f} ms, "
        f"replayed in {repeated['seconds'] * 1000:.0f} ms, hit rate {repeated['hit_rate']:.0%}"
    )


class Echo(Server):
    """A server that says who was asked what."""

    def plan(self, path: str, headers: dict[str, str], body: dict[str, Any], peer: tuple[str, int]) -> Plan:
        super().plan(path, headers, body, peer)
        return told(headers["host"] + path, body)


def told(where: str, body: dict[str, Any]) -> Plan:
    return echo({"where": where, "body": {**body, "stream": None, "stream_options": None}})


class Switch:
    """Asks the server that a request is for."""

    def __init__(self, clients: list[Any]) -> None:
        self._clients: dict[tuple[str, str], Client] = {(client.endpoint, client.DIALECT): client for client in clients}

    def chat(self, request: Request) -> Reply:
        return self._clients[request.endpoint, request.dialect].chat(request)

    async def achat(self, request: Request) -> Reply:
        return await self._clients[request.endpoint, request.dialect].achat(request)

    def stream(self, request: Request) -> Iterator[Piece | Reply]:
        return self._clients[request.endpoint, request.dialect].stream(request)


def similar_requests(source: random.Random, endpoints: list[str], count: int) -> list[tuple[Request, str]]:
    """So many requests, most of which differ from another one in a single place, with the right reply to each."""
    found: dict[str, tuple[Request, str]] = {}
    while len(found) < count:
        fields = pairs.fields(source)
        for _ in range(8):
            endpoint = endpoints[pairs.ENDPOINTS.index(fields["endpoint"])]
            request = Request(**{**fields, "endpoint": endpoint})
            try:
                spoken = dialects.of(request.dialect)
                body = json.loads(write(spoken.write(request, stream=False)))
                found[str(request.key())] = request, told(endpoint.removeprefix("http://") + spoken.PATH, body).content
            except ValueError:  # what JSON does not know, or the dialect
                pass
            fields = pairs.changed(source, fields) or fields
    return list(found.values())


@pytest.mark.parametrize("seed", [5])
def test_nobody_gets_the_reply_to_another_request(
    seed: int, cache: ResponseCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    print("seed:", seed)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    source = random.Random(seed)
    wrong: list[object] = []
    with ExitStack() as stack:
        servers = []
        for _ in range(2):
            listening = stack.enter_context(listening_server())
            listening.described = Echo(listening.described.address)
            servers.append(listening.described)
        endpoints = [server.address + path for server in servers for path in ("", "/v1")]
        inner = Switch(
            [
                stack.enter_context(kind(endpoint, limits=SHORT, verify=TLS, retries=Retries(number=0)))
                for endpoint in endpoints
                for kind in CLIENTS.values()
            ]
        )
        caching = CachingClient(inner, cache, sampled=True)
        requests = similar_requests(source, endpoints, 2_000)
        assert len({right for _, right in requests}) == len(requests)

        def judge(reply: Reply, request: Request, right: str) -> None:
            if reply.content != right:
                wrong.append((request, reply.content))

        def work(mixed: list[tuple[Request, str]]) -> None:
            try:
                for request, right in mixed:
                    judge(caching.chat(request), request, right)
            except Exception as error:
                wrong.append(error)

        async def work_async(mixed: list[tuple[Request, str]]) -> None:
            replies = await asyncio.gather(*(caching.achat(request) for request, _ in mixed))
            for (request, right), reply in zip(mixed, replies, strict=True):
                judge(reply, request, right)

        threads = [threading.Thread(target=work, args=[source.sample(requests, len(requests))]) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            asyncio.run(work_async(source.sample(requests, 40)))
        for thread in threads:
            thread.join()
        assert wrong == []
        assert sum(len(server.asked) for server in servers) == len(requests), "a request was asked twice, or not at all"
        for request, right in requests[::10]:
            judge(ask(caching, "stream", request), request, right)
    assert wrong == []
    stats = cache.stats
    assert (stats.miss, stats.stored) == (len(requests), len(requests)) and stats.bypass == stats.refused == {}


def test_independent_conversations_hardly_ever_hit_and_a_repeated_run_always_does(cache: ResponseCache) -> None:
    told = hit_rate.conversations()
    hits = hit_rate.play(told, cache)
    print(hit_rate.report(cache.stats, hits))
    assert len(told) == 200 and figures(cache) == (8, 2446, 2446, {}, {})
    again = hit_rate.play(told[:20], cache)
    turns = sum(message["role"] == "assistant" for messages in told[:20] for message in messages)
    assert len(again) == turns and cache.stats.hit == 8 + turns
