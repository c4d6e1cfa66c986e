"""Clients and a real server: what goes out, what comes back, in both dialects."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import threading
from typing import Any

import pytest

from rev_accel.errors import InputError
from rev_accel.llm import OpenAIClient, Piece, Reply, storable

from .conftest import hello, make_client, parts
from .server import Plan, Server

TOOLS = [
    {
        "type": "function",
        "function": {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}},
    }
]
WAYS = ["chat", "achat", "stream", "astream"]
STREAMS = WAYS[2:]


def ask(client: Any, way: str, **fields: Any) -> Reply:
    *_, reply = parts(client, way, client.request(**hello(**fields)))
    return reply


@pytest.mark.parametrize("way", WAYS)
def test_a_reply_says_what_the_server_sent(client: Any, server: Server, way: str) -> None:
    server.next(Plan(content="It is — fine.\n", thinking="Let me see …", usage=(12, 5)))
    reply = ask(client, way)
    assert (reply.content, reply.thinking) == ("It is — fine.\n", "Let me see …")
    assert (reply.finish_reason, reply.model, reply.tool_calls) == ("stop", "m", ())
    assert (reply.usage.prompt, reply.usage.completion, reply.usage.cached) == (12, 5, None)
    assert reply.message["role"] == "assistant" and reply.message["content"] == reply.content
    assert reply.streamed is (way in STREAMS) and reply.context_cut is None
    assert reply.timings.first_byte is not None and 0 < reply.timings.first_byte <= reply.timings.total
    assert reply.timings.connect is not None and storable(reply)


@pytest.mark.parametrize("way", WAYS)
def test_tool_calls_come_parsed_and_in_order(client: Any, server: Server, way: str) -> None:
    server.next(Plan(content="", tool_calls=(("add", {"a": 1, "b": [2.5, None]}), ("none", {}))))
    reply = ask(client, way, tools=TOOLS)
    assert [(call.name, call.arguments, call.problem) for call in reply.tool_calls] == [
        ("add", {"a": 1, "b": [2.5, None]}, None),
        ("none", {}, None),
    ]
    assert json.loads(reply.tool_calls[0].text) == {"a": 1, "b": [2.5, None]}
    assert len(reply.message["tool_calls"]) == 2 and storable(reply)
    if reply.dialect == "openai":
        assert [call.id for call in reply.tool_calls] == ["call-0", "call-1"]


def test_pieces_join_to_the_content_and_the_last_part_is_the_reply(client: Any, server: Server) -> None:
    server.next(Plan(content="Ein Satz, der länger ist.", thinking="hm, hm"))
    *parts, reply = client.stream(client.request(**hello()))
    assert isinstance(reply, Reply) and all(isinstance(part, Piece) for part in parts)
    assert "".join(part.content for part in parts) == reply.content == "Ein Satz, der länger ist."
    assert "".join(part.thinking for part in parts) == reply.thinking == "hm, hm"
    assert len(parts) > 4


def test_a_streamed_reply_has_the_body_of_one_that_came_whole(client: Any, server: Server) -> None:
    plan = Plan(content="Some text", tool_calls=(("add", {"a": 1}),))
    server.next(plan, plan)
    streamed, whole = ask(client, "stream"), ask(client, "chat")
    assert streamed.raw != whole.raw and streamed.tool_calls == whole.tool_calls
    assert json.loads(whole.raw) == json.loads(json.dumps(whole.body))
    for name, value in streamed.body.items():
        if name not in ("choices", "message"):
            assert value == whole.body[name], name
    assert streamed.message == whole.message


def test_the_body_of_a_call_is_in_the_words_of_the_dialect(client: Any, server: Server, dialect: str) -> None:
    schema = {"type": "object"}
    options = {"temperature": 0, "seed": 1, "stop": None}
    ask(client, "chat", tools=TOOLS, response_format=schema, options=options)
    path, headers, body = server.asked[0]
    common = {"model": "m", "messages": hello()["messages"], "tools": TOOLS, "stream": False}
    if dialect == "ollama":
        assert path == "/api/chat" and body == {**common, "format": schema, "options": options}
    else:
        assert path == "/v1/chat/completions" and body == {**common, "response_format": schema, **options}
    assert headers["content-type"] == "application/json" and "authorization" not in headers


def test_what_is_absent_is_not_sent(client: Any, server: Server) -> None:
    ask(client, "chat")
    assert server.asked[0][2].keys() == {"model", "messages", "stream"}


def test_ollama_takes_some_options_beside_its_options(server: Server) -> None:
    with make_client(server, "ollama") as client:
        ask(client, "chat", options={"think": True, "keep_alive": 60, "num_ctx": 4096})
    body = server.asked[0][2]
    assert (body["think"], body["keep_alive"], body["options"]) == (True, 60, {"num_ctx": 4096})


@pytest.mark.parametrize(
    ("dialect", "fields", "name"),
    [
        ("openai", {"options": {"stream": True}}, "options.stream"),
        ("openai", {"options": {"tools": []}}, "options.tools"),
        ("openai", {"options": {"n": 2}}, "options.n"),
        ("ollama", {"options": {"format": "json"}}, "options.format"),
        ("ollama", {"tool_choice": "auto"}, "tool_choice"),
        ("openai", {"options": {"temperature": float("nan")}}, "JSON"),
        ("ollama", {"options": {"seed": 10**5000}}, "JSON"),
    ],
)
def test_what_a_dialect_cannot_say_is_refused_before_anything_is_sent(
    server: Server, dialect: str, fields: dict[str, Any], name: str
) -> None:
    with make_client(server, dialect) as client, pytest.raises(InputError, match=name):
        ask(client, "chat", **fields)
    assert server.asked == []


def test_text_that_is_no_valid_unicode_reaches_the_server(client: Any, server: Server) -> None:
    messages = [{"role": "user", "content": "a\ud800b – ж"}]
    ask(client, "chat", messages=messages)
    assert server.asked[0][2]["messages"] == messages


def test_a_request_for_another_server_is_refused_and_never_gets_the_key(server: Server, dialect: str) -> None:
    with make_client(server, dialect, api_key="sk-something") as client:
        other = make_client(server, dialect)
        other.endpoint = "http://127.0.0.1:9"
        with pytest.raises(InputError, match=r"127\.0\.0\.1:9"):
            client.chat(other.request(**hello()))
        wrong = make_client(server, "ollama" if dialect == "openai" else "openai").request(**hello())
        with pytest.raises(InputError, match="dialect"):
            client.chat(wrong)
    assert server.asked == []


def test_keys_and_headers_are_sent_and_not_shown(server: Server, dialect: str) -> None:
    with make_client(server, dialect, api_key="sk-0123456789", headers={"x-team": "blue"}) as client:
        client.chat(client.request(**hello(trace_id="trace-1")))
        assert "sk-" not in repr(client) and "blue" not in repr(client)
    headers = server.asked[0][1]
    assert (headers["authorization"], headers["x-team"]) == ("Bearer sk-0123456789", "blue")
    assert headers["x-request-id"] == "trace-1"


@pytest.mark.parametrize("key", ["sk-0123456789abcdefg\n", "sk-0123456789\rabcdefg", "sk-0123456789abcdeé"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated(server: Server, dialect: str, key: str) -> None:
    for settings in ({"api_key": key}, {"headers": {"authorization": key}}):
        with pytest.raises(InputError, match="`authorization`") as caught:
            make_client(server, dialect, **settings)
        assert "0123" not in str(caught.value)


def test_a_redirect_is_not_followed(client: Any, server: Server) -> None:
    server.next(Plan(status=307, headers={"location": f"{server.address}/elsewhere"}))
    with pytest.raises(Exception, match="status 307"):
        ask(client, "chat")
    assert len(server.asked) == 1


def test_connections_are_kept_from_call_to_call(client: Any, server: Server) -> None:
    for _ in range(3):
        reply = ask(client, "chat")
    assert len(server.connections) == 1 and reply.timings.connect is None

    async def several() -> None:
        async with client:
            for _ in range(3):
                await client.achat(client.request(**hello()))

    asyncio.run(several())
    assert len(server.connections) == 2

    async def elsewhere() -> None:
        async with client:
            await asyncio.to_thread(lambda: asyncio.run(client.achat(client.request(**hello()))))

    asyncio.run(elsewhere())
    assert len(server.connections) == 3


def test_one_client_serves_many_threads(client: Any, server: Server) -> None:
    server.default = lambda body: Plan(content=body["messages"][0]["content"] * 2)
    wrong: list[str] = []

    def work(name: str) -> None:
        for number in range(5):
            text = f"{name} {number} "
            if ask(client, "chat", messages=[{"role": "user", "content": text}]).content != text * 2:
                wrong.append(text)

    threads = [threading.Thread(target=work, args=(f"thread {number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [] and len(server.asked) == 40


def test_many_tasks_ask_at_once_in_one_loop_and_in_the_next(client: Any, server: Server) -> None:
    async def several() -> list[Reply]:
        return await asyncio.gather(*(client.achat(client.request(**hello())) for _ in range(10)))

    for _ in range(2):
        assert [reply.content for reply in asyncio.run(several())] == ["Hello there, world."] * 10
    gc.collect()  # what was not closed would warn


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_makes_connections_of_its_own(client: Any, server: Server) -> None:
    ask(client, "chat")
    child = os.fork()
    if child == 0:
        os._exit(0 if ask(client, "chat").content == "Hello there, world." else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert ask(client, "chat").timings.connect is None and len(server.connections) == 2


def test_a_stream_that_is_given_up_ends_its_connection(client: Any, server: Server) -> None:
    server.next(Plan(content="x" * 100_000))
    parts = client.stream(client.request(**hello()))
    next(parts)
    parts.close()
    assert ask(client, "chat").content == "Hello there, world."
    assert len(server.connections) == 2


def test_a_stream_of_a_task_that_is_given_up_ends_its_connection(client: Any, server: Server) -> None:
    server.next(Plan(content="x" * 100_000))
    request = client.request(**hello())

    async def main() -> None:
        async with client:
            left = client.astream(request)
            await anext(left)
            await left.aclose()
            kept = [part async for part in client.astream(request)]
            assert kept[-1].content == "Hello there, world." and len(kept) > 2
            # Connections are kept from call to call.
            assert (await client.achat(request)).timings.connect is None

    asyncio.run(main())
    assert len(server.connections) == 2


def test_a_client_that_is_not_closed_leaves_nothing_behind(server: Server, dialect: str) -> None:
    ask(make_client(server, dialect), "chat")
    gc.collect()  # an open socket would warn


@pytest.mark.parametrize(("headers", "named"), [({"x-team": 5}, "the header `x-team`"), ({5: "x"}, "a header's name")])
def test_a_header_that_is_no_text_is_refused_by_name(headers: Any, named: str) -> None:
    with pytest.raises(TypeError, match=f"{named} is of type `int`: expected a str"):
        OpenAIClient("http://localhost:1", headers=headers)
