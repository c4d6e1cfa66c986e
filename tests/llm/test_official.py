"""The official clients and our server; what they understand of a reply is what ours do."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from rev_accel.errors import ModelError
from rev_accel.llm import Reply

from .conftest import hello, make_client
from .server import Plan, Server
from .test_clients import TOOLS, ask

openai = pytest.importorskip("openai")
ollama = pytest.importorskip("ollama")

PLANS = {
    "text": Plan(content="Ça va — well.\n", usage=(11, 4)),
    "thinking": Plan(content="42", thinking="six times seven"),
    "tools": Plan(content="", tool_calls=(("add", {"a": 1, "b": {"c": [None, 2.5]}}), ("none", {}))),
    "length": Plan(finish="length"),
    "no usage": Plan(usage=None),
}


def openai_says(server: Server, stream: bool) -> dict[str, Any]:
    with openai.OpenAI(base_url=server.endpoint("openai"), api_key="x", max_retries=0) as client:
        fields = {**hello(tools=TOOLS), "temperature": 0}
        if not stream:
            done = client.chat.completions.create(**fields)
            choice, usage = done.choices[0], done.usage
        else:
            with client.chat.completions.stream(**fields, stream_options={"include_usage": True}) as events:
                done = events.get_final_completion()
            choice, usage = done.choices[0], done.usage
    calls = choice.message.tool_calls or []
    return {
        "content": choice.message.content or "",
        "finish": choice.finish_reason,
        "model": done.model,
        "calls": [(call.id, call.function.name, json.loads(call.function.arguments)) for call in calls],
        "usage": (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None),
    }


def ollama_says(server: Server, stream: bool) -> dict[str, Any]:
    client = ollama.Client(host=server.address)
    fields = {**hello(tools=TOOLS), "options": {"temperature": 0}}
    with closing(client._client):
        parts = list(client.chat(**fields, stream=True)) if stream else [client.chat(**fields)]
    calls = [call for part in parts for call in part.message.tool_calls or []]
    return {
        "content": "".join(part.message.content or "" for part in parts),
        "finish": parts[-1].done_reason,
        "model": parts[-1].model,
        "calls": [(None, call.function.name, dict(call.function.arguments)) for call in calls],
        "usage": (parts[-1].prompt_eval_count, parts[-1].eval_count),
    }


def ours(reply: Reply) -> dict[str, Any]:
    return {
        "content": reply.content,
        "finish": reply.finish_reason,
        "model": reply.model,
        "calls": [(call.id, call.name, json.loads(json.dumps(call.arguments))) for call in reply.tool_calls],
        "usage": (reply.usage.prompt, reply.usage.completion),
    }


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", PLANS)
def test_the_official_client_reads_the_same_reply(server: Server, dialect: str, name: str, stream: bool) -> None:
    if name == "length" and dialect == "openai" and stream:
        pytest.skip("this client raises, of its own will, for a stream that ended by length")
    server.default = PLANS[name]
    theirs = (openai_says if dialect == "openai" else ollama_says)(server, stream)
    with make_client(server, dialect) as client:
        reply = ask(client, "stream" if stream else "chat", tools=TOOLS, options={"temperature": 0})
    assert ours(reply) == theirs


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_the_official_client_sends_the_same_body(server: Server, dialect: str, stream: bool) -> None:
    (openai_says if dialect == "openai" else ollama_says)(server, stream)
    with make_client(server, dialect) as client:
        ask(client, "stream" if stream else "chat", tools=TOOLS, options={"temperature": 0})
    theirs, mine = (asked[2] for asked in server.asked)
    theirs = {name: value for name, value in theirs.items() if value not in (None, "")}
    assert {"stream": False, **theirs} == mine and server.asked[0][0] == server.asked[1][0]


@pytest.mark.parametrize("status", [400, 404, 500])
def test_what_is_an_error_to_the_official_client_is_one_to_ours(server: Server, dialect: str, status: int) -> None:
    server.default = Plan(status=status)
    with pytest.raises((openai.APIStatusError, ollama.ResponseError)):
        (openai_says if dialect == "openai" else ollama_says)(server, False)
    with make_client(server, dialect) as client, pytest.raises(ModelError):
        ask(client, "chat", retries=0)
