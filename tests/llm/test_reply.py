"""Replies: their bytes for a store, what in them cannot be changed."""

from __future__ import annotations

import copy
import json
import pickle
import random
from typing import Any

import pytest

from rev_accel.errors import InputError, ModelError, ModelMalformedError
from rev_accel.history.calls import calls
from rev_accel.llm import Answer, Reply, ScriptedClient, storable

from .conftest import hello, request_of
from .server import Plan, Server
from .test_clients import STREAMS, WAYS, ask


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "plan",
    [
        Plan(content="a\nb — \u2028", thinking="t"),
        Plan(content="", tool_calls=(("add", {"b": 1, "a": [1.0, None]}), ("broken", "{"))),
        Plan(finish="length"),
    ],
    ids=["text", "tools", "length"],
)
def test_bytes_give_back_the_same_reply_and_what_the_server_sent(
    client: Any, server: Server, plan: Plan, way: str
) -> None:
    server.next(plan)
    reply = ask(client, way)
    again = Reply.from_bytes(reply.to_bytes())
    assert again == reply and again is not reply and again.raw == reply.raw
    assert again.timings == reply.timings and storable(again) == storable(reply)
    assert reply.to_bytes().endswith(reply.raw) and again.to_bytes() == reply.to_bytes()
    if way not in STREAMS:
        assert json.loads(again.raw)["model"] == "m"


def test_nothing_in_a_reply_can_be_changed(client: Any, server: Server) -> None:
    server.next(Plan(tool_calls=(("add", {"a": [1]}),)))
    reply = ask(client, "chat")
    for change in (
        lambda: setattr(reply, "content", "x"),
        lambda: reply.message.update(content="x"),
        lambda: reply.body.clear(),
        lambda: reply.tool_calls[0].arguments.__setitem__("a", 1),
        lambda: reply.tool_calls[0].arguments["a"].append(1),
    ):
        with pytest.raises((TypeError, AttributeError)):
            change()
    assert Reply.from_bytes(reply.to_bytes()) == reply


def test_a_message_goes_into_the_next_request_as_it_is(client: Any, server: Server) -> None:
    server.next(Plan(tool_calls=(("add", {"a": [1]}),)))
    reply = ask(client, "chat")
    ask(client, "chat", messages=[*hello()["messages"], reply.message, {"role": "tool", "content": "2"}])
    assert server.asked[1][2]["messages"][1] == json.loads(json.dumps(reply.message))


def test_copies_are_equal(client: Any, server: Server) -> None:
    reply = ask(client, "chat")
    for made in (copy.copy(reply), copy.deepcopy(reply), pickle.loads(pickle.dumps(reply))):
        assert made == reply


@pytest.mark.parametrize("way", ["chat", "stream"])
def test_damaged_bytes_are_an_error_of_our_own_or_another_whole_reply(client: Any, server: Server, way: str) -> None:
    stored = ask(client, way).to_bytes()
    source = random.Random(3)
    for _ in range(500):
        damaged = bytearray(stored)
        match source.randrange(3):
            case 0:
                del damaged[source.randrange(len(damaged)) :]
            case 1:
                damaged[source.randrange(len(damaged))] = source.randrange(256)
            case _:
                at = source.randrange(len(damaged))
                del damaged[at : at + source.randint(1, 20)]
        try:
            assert isinstance(Reply.from_bytes(bytes(damaged)), Reply)
        except ModelError:
            pass


@pytest.mark.parametrize("stored", [b"", b"\n", b"{}\n{}", b"[]\n", b'{"format":2}\n{}', b'{"format":1}\n{}', b"\xff"])
def test_what_is_no_stored_reply_is_refused(stored: bytes) -> None:
    with pytest.raises(ModelMalformedError, match="stored reply"):
        Reply.from_bytes(stored)


@pytest.mark.parametrize(
    "function", [{"arguments": "{}"}, {"name": None, "arguments": "{}"}, {"name": "", "arguments": "{}"}]
)
def test_a_call_without_a_name_has_an_empty_one_streamed_or_not(function: dict[str, Any]) -> None:
    call = {"id": "c", "type": "function", "function": function}
    whole = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "so", "tool_calls": [call]}}]}
    delta = {"content": "so", "tool_calls": [{"index": 0, **call}]}
    parts = f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\ndata: [DONE]\n\n"
    one = Reply.parse(json.dumps(whole).encode(), dialect="openai")
    other = Reply.parse(parts.encode(), dialect="openai", streamed=True)
    own = {"message": {"role": "assistant", "content": "so", "tool_calls": [{"function": function}]}, "done": True}
    ollama = Reply.parse(json.dumps(own).encode(), dialect="ollama")
    assert one.message == other.message and one.tool_calls == other.tool_calls
    for reply in (one, other, ollama):
        (found,) = reply.tool_calls
        assert (reply.content, found.name, found.arguments) == ("so", "", None) and "name of a tool" in str(
            found.problem
        )
        assert calls(reply.message)[0].tool == ""


class TestScript:
    def test_steps_are_given_in_order_in_either_dialect(self, dialect: str) -> None:
        made = Reply.parse(b'{"message": {"content": "whole"}, "done": true}', dialect="ollama")
        client = ScriptedClient(
            ["text", Answer(tool_calls=(("add", {"a": 1}),)), made, lambda request: request.model, KeyError("x")]
        )
        request = request_of(dialect=dialect, model="name")
        first, second = client.chat(request), client.chat(request)
        assert first.content == "text" and storable(first)
        assert second.tool_calls[0].arguments == {"a": 1} and storable(second)
        assert client.chat(request) is made and client.chat(request).content == "name"
        with pytest.raises(KeyError):
            client.chat(request)
        with pytest.raises(InputError, match="5 steps: there is none for request 6"):
            client.chat(request)
        assert client.requests == [request] * 5

    def test_it_can_be_asked_in_every_way(self, dialect: str) -> None:
        client = ScriptedClient([Answer(content="one two")] * len(WAYS))
        client.request = lambda **fields: request_of(dialect=dialect, **fields)
        assert [ask(client, way).content for way in WAYS] == ["one two"] * len(WAYS)

    def test_answers_can_be_wrong_on_purpose(self, dialect: str) -> None:
        client = ScriptedClient([Answer(finish_reason="length"), Answer(tool_calls=(("add", "{"),)), Answer()])
        reasons = [storable(client.chat(request_of(dialect=dialect))).reason for _ in range(3)]
        assert reasons == ["length", "tool_arguments", "empty"]
