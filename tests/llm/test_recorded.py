"""Replies of thirty servers, as other projects recorded them: `tests/fixtures/replies` says whose they are."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rev_accel.errors import ModelError, ModelMalformedError, ModelRefusedError
from rev_accel.llm import RecordingClient, ReplayClient, Reply, Request, ScriptedClient, redact, storable
from rev_accel.llm import dialects as spoken
from rev_accel.llm.estimate import context_cut

from .conftest import CLIENTS, TLS
from .server import Plan, Server

openai = pytest.importorskip("openai")
ollama = pytest.importorskip("ollama")

FILE = Path(__file__).parents[1] / "fixtures" / "replies" / "recorded.jsonl.gz"
FIELDS = ("model", "messages", "tools", "tool_choice", "response_format")


@cache
def recorded() -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(FILE.read_bytes()).splitlines()]


def dialect_of(record: dict[str, Any]) -> str:
    return "ollama" if record["uri"].endswith("/api/chat") else "openai"


def is_streamed(record: dict[str, Any]) -> bool:
    return bool(record["request"].get("stream", dialect_of(record) == "ollama"))


def request_of(record: dict[str, Any]) -> Request:
    """The request as we would describe it."""
    dialect, body = dialect_of(record), record["request"]
    fields = {name: body[name] for name in FIELDS if name in body}
    left = {name: value for name, value in body.items() if name not in (*FIELDS, "stream", "stream_options", "format")}
    if dialect == "ollama":
        left |= left.pop("options", None) or {}
        fields["response_format"] = body.get("format")
    endpoint = record["uri"].split("?")[0].removesuffix("/chat/completions").removesuffix("/api/chat")
    return Request(endpoint=endpoint, dialect=dialect, options=left, **fields)


def parse(record: dict[str, Any]) -> Reply | ModelError:
    try:
        return Reply.parse(record["reply"].encode(), dialect=dialect_of(record), streamed=is_streamed(record))
    except ModelError as error:
        return error


def good() -> list[tuple[dict[str, Any], Reply]]:
    found = [(record, parse(record)) for record in recorded() if record["status"] == 200]
    return [(record, reply) for record, reply in found if isinstance(reply, Reply)]


def test_they_are_many_from_many_servers_in_both_dialects() -> None:
    kinds = Counter((dialect_of(record), is_streamed(record)) for record in recorded() if record["status"] == 200)
    print(kinds)
    assert kinds["openai", False] > 300 and kinds["openai", True] > 90
    assert kinds["ollama", False] > 3 and kinds["ollama", True] > 1
    assert len({record["uri"].split("/")[2] for record in recorded()}) > 20


def test_every_one_is_a_reply_but_those_that_are_none() -> None:
    failed = [
        (type(outcome), record["source"].rpartition("/")[2], str(outcome))
        for record in recorded()
        if record["status"] == 200 and isinstance(outcome := parse(record), ModelError)
    ]
    refused = {name for kind, name, _ in failed if kind is ModelRefusedError}
    malformed = {name for kind, name, _ in failed if kind is ModelMalformedError}
    assert refused == {
        "test_openrouter_stream_error.yaml",  # an error in the stream
        "test_prompt_content_filtering.yaml",  # an error with status 200
    }
    assert malformed == {"test_invalid_response.yaml", "test_text_response.yaml"}  # wrong on purpose, by their names
    assert len(failed) == 4


def test_which_may_be_kept_and_why_not() -> None:
    verdicts = Counter(storable(reply).reason for _, reply in good())
    print(verdicts)
    assert verdicts[None] > 0.9 * verdicts.total()
    assert verdicts.keys() == {None, "length", "unfinished", "content_filter"}
    for record, reply in good():
        if storable(reply).reason == "unfinished":
            assert reply.finish_reason is None and "snowflake" in record["uri"]


def test_bytes_and_recordings_give_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    pairs = [(request_of(record), reply) for record, reply in good()]
    recording = RecordingClient(ScriptedClient([reply for _, reply in pairs]), path)
    for request, reply in pairs:
        assert Reply.from_bytes(reply.to_bytes()) == reply
        recording.chat(request)
    replay = ReplayClient(path)
    for request, reply in pairs:
        again = replay.chat(request)
        assert (again.body, again.content, again.tool_calls) == (reply.body, reply.content, reply.tool_calls)
        assert (again.usage, again.finish_reason, again.message) == (reply.usage, reply.finish_reason, reply.message)


def test_there_are_no_secrets_in_them_and_none_are_seen() -> None:
    for record in recorded():
        assert redact(record) == record


def test_a_request_says_all_that_was_sent() -> None:
    checked = 0
    for record in recorded():
        request = request_of(record)
        if request.options.get("n", 1) != 1:
            continue
        body = spoken.of(request.dialect).write(request, stream=is_streamed(record))
        sent = dict(record["request"])
        for written in (body, sent):
            written.pop("stream", None)
            written.pop("stream_options", None)
            for name in ("format", "options"):
                # The official client sends these also when they are empty.
                if request.dialect == "ollama" and not written.get(name):
                    written.pop(name, None)
        assert json.loads(json.dumps(body)) == sent, record["source"]
        checked += 1
    assert checked > 400


def test_keys_are_equal_exactly_for_equal_requests() -> None:
    keys: dict[str, str] = {}
    for record in recorded():
        request = request_of(record)
        text = json.dumps(request.to_dict(), sort_keys=True)
        assert keys.setdefault(str(request.key()), text) == text
    assert len(set(keys.values())) == len(keys) > 300


def test_prompts_that_were_not_cut_are_not_called_so() -> None:
    cut = []
    for record, reply in good():
        if context_cut(request_of(record), reply.usage) is not None:
            cut.append((record["source"].rpartition("/")[2], reply.usage.prompt))
    # This one was: of three messages, the server counted 32 tokens, and left out an answer of 3,000 characters.
    assert cut == [("test_hf_model_thinking_part.yaml", 32)]


def test_the_official_clients_read_the_same_over_http(server: Server) -> None:
    compared = 0
    for record, expected in good():
        dialect = dialect_of(record)
        raw = Plan(raw=record["reply"].encode(), headers={"content-type": record["content_type"]})
        server.next(raw, raw)
        request = request_of({**record, "uri": server.endpoint(dialect) + spoken.of(expected.dialect).PATH})
        if request.options.get("n", 1) != 1:
            server.plans.clear()
            continue
        with CLIENTS[dialect](server.endpoint(dialect), verify=TLS) as client:
            *_, reply = client.stream(request) if is_streamed(record) else [client.chat(request)]
        theirs = (openai_reads if dialect == "openai" else ollama_reads)(server, is_streamed(record))
        calls = [(call.name, call.text if dialect == "openai" else plain(call.arguments)) for call in reply.tool_calls]
        assert (reply.content, calls, reply.finish_reason) == theirs, record["source"]
        assert (reply.content, reply.tool_calls) == (expected.content, expected.tool_calls)
        compared += 1
    print(compared)
    assert compared > 400


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def openai_reads(server: Server, streamed: bool) -> tuple[str, list[Any], str | None]:
    client = openai_client(server.endpoint("openai"))
    if not streamed:
        choice = client.chat.completions.create(model="m", messages=[]).choices[0]
        message = choice.message
        content = "" if message is None else message.content
        if isinstance(content, list):
            content = "".join(part["text"] for part in content if part["type"] == "text")
        calls = [(call.function.name, call.function.arguments or "") for call in (message and message.tool_calls) or ()]
        return content or "", calls, choice.finish_reason or None
    text, finish, parts = "", None, {}
    for chunk in client.chat.completions.create(model="m", messages=[], stream=True):
        for choice in chunk.choices[:1]:
            finish = choice.finish_reason or finish
            content = choice.delta.content or ""
            text += content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
            for part in choice.delta.tool_calls or ():
                known = parts.setdefault(part.index, ["", ""])
                known[0] += part.function.name or ""
                known[1] += part.function.arguments or ""
    return text, [tuple(known) for known in parts.values()], finish


@cache
def openai_client(endpoint: str) -> Any:
    return openai.OpenAI(base_url=endpoint, api_key="x", max_retries=0)


def ollama_reads(server: Server, streamed: bool) -> tuple[str, list[Any], str | None]:
    client = ollama.Client(host=server.address)
    answer = client.chat(model="m", messages=[], stream=streamed)
    parts = list(answer) if streamed else [answer]
    client._client.close()
    calls = [
        (call.function.name, dict(call.function.arguments)) for part in parts for call in part.message.tool_calls or ()
    ]
    return "".join(part.message.content or "" for part in parts), calls, parts[-1].done_reason
