"""A real model, asked through a real server: `pytest -m llm`. It proves the way there and back, not that it is clever."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from rev_accel import ResponseCache
from rev_accel.llm import CachingClient, RecordingClient, ReplayClient, storable

from . import model
from .conftest import make_client
from .server import Listening, Server

pytestmark = [pytest.mark.llm, pytest.mark.timeout(600)]

CAPITAL = [{"role": "user", "content": "What is the capital of France? Answer in one sentence."}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


@pytest.fixture(scope="module")
def answer() -> Any:
    try:
        return model.answering()
    except (ImportError, PackageNotFoundError) as error:
        pytest.skip(f"{error}: {model.__doc__}")


@pytest.fixture
def smol(listening: Listening, answer: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = listening.renew()
    server.default = answer
    return server


def greedy(dialect: str, tokens: int) -> dict[str, Any]:
    return {"temperature": 0.0, "max_tokens" if dialect == "openai" else "num_predict": tokens}


@pytest.fixture
def cache(tmp_path: Path) -> ResponseCache:
    return ResponseCache(folder=tmp_path / "cache")


def test_of_two_equal_greedy_requests_the_second_is_answered_from_the_cache(
    smol: Server, cache: ResponseCache, dialect: str
) -> None:
    with make_client(smol, dialect) as client:
        requests = [client.request(model="smol", messages=CAPITAL, options=greedy(dialect, 24)) for _ in range(2)]
        replies = [CachingClient(client, cache).chat(request) for request in requests]
        assert len(smol.asked) == 1 and replies[1] == replies[0] and replies[1].raw == replies[0].raw
        # The model would have said the same.
        anew = client.chat(requests[0])
    print(replies[0].content, replies[0].usage, replies[0].timings)
    assert requests[0].key() == requests[1].key() and anew.content == replies[0].content
    assert "Paris" in anew.content and anew.finish_reason == "stop"
    assert all(map(storable, (*replies, anew))) and replies[0].usage == anew.usage
    assert (anew.usage.prompt or 0) > 10 and (anew.usage.completion or 0) > 3
    assert (cache.stats.hit, cache.stats.miss, cache.stats.stored) == (1, 1, 1)


def test_a_reply_cut_by_the_limit_of_tokens_is_not_kept(smol: Server, cache: ResponseCache, dialect: str) -> None:
    with make_client(smol, dialect) as client:
        request = client.request(model="smol", messages=CAPITAL, options=greedy(dialect, 3))
        replies = [CachingClient(client, cache).chat(request) for _ in range(2)]
    print(replies[0].content, replies[0].usage)
    for reply in replies:
        assert storable(reply).reason == "length" and reply.usage.completion == 3
    assert len(smol.asked) == 2 and cache.get(CachingClient(client, cache).cache_key(request)) is None
    assert (cache.stats.stored, cache.stats.refused) == (0, {"length": 2})


def test_a_tool_call_forced_by_a_schema_is_parsed(smol: Server, dialect: str) -> None:
    messages = [{"role": "user", "content": "What is the weather in Tokyo? Call get_weather."}]
    choice = {"type": "function", "function": {"name": "get_weather"}} if dialect == "openai" else None
    with make_client(smol, dialect) as client:
        reply = client.chat(
            client.request(
                model="smol", messages=messages, tools=[WEATHER], tool_choice=choice, options=greedy(dialect, 120)
            )
        )
    print(reply.tool_calls)
    (call,) = reply.tool_calls
    assert call.name == "get_weather" and call.arguments is not None and isinstance(call.arguments["city"], str)
    assert storable(reply)


def test_a_tool_call_cut_by_the_limit_of_tokens_is_marked_and_may_not_be_kept(smol: Server, dialect: str) -> None:
    with make_client(smol, dialect) as client:
        reply = client.chat(client.request(model="smol", messages=CAPITAL, tools=[WEATHER], options=greedy(dialect, 8)))
    print(reply.tool_calls)
    (call,) = reply.tool_calls
    assert call.arguments is None and call.problem and call.text.startswith("{")
    assert storable(reply).reason == "length"


def test_a_streamed_reply_is_recorded_and_replayed(smol: Server, dialect: str, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    with make_client(smol, dialect) as client:
        request = client.request(model="smol", messages=CAPITAL, options=greedy(dialect, 24))
        *parts, reply = RecordingClient(client, path).stream(request)
    assert "".join(part.content for part in parts) == reply.content and "Paris" in reply.content
    *_, again = ReplayClient(path).stream(request)
    assert again.body == reply.body
