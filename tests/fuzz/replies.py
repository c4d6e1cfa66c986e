"""What servers send: any bytes are a reply or a `ModelError`, in both dialects, however they come in pieces."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rev_accel.errors import ModelError
from rev_accel.frozen import thaw
from rev_accel.history import check
from rev_accel.llm import Reply, Request, dialects, storable

from .choices import Choices

DIALECTS: tuple[Any, ...] = ("openai", "ollama")


def run(data: bytes) -> None:
    source = Choices(data)
    dialect, streamed, piece = source.choice(DIALECTS), source.random() < 0.5, 1 + source.randrange(40)
    stored = source.random() < 0.1
    raw = source.rest()
    if stored:
        try:
            reply = Reply.from_bytes(raw)
        except ModelError as error:
            assert str(error)
            return
    else:
        in_pieces(dialect, raw, piece)
        try:
            reply = Reply.parse(raw, dialect=dialect, streamed=streamed)
        except ModelError as error:
            assert str(error)
            return
    used(reply)


def in_pieces(dialect: Any, raw: bytes, piece: int) -> None:
    """A stream gives the same lines wherever it is cut."""
    spoken = dialects.of(dialect)
    whole, cut = spoken.lines(), spoken.lines()
    expected = [*whole.feed(raw), *whole.end()]
    found = [line for at in range(0, len(raw), piece) for line in cut.feed(raw[at : at + piece])]
    assert [*found, *cut.end()] == expected


def used(reply: Reply) -> None:
    """What is done with a reply can be done with this one."""
    again = Reply.from_bytes(reply.to_bytes())
    # A NaN is not equal to itself.
    assert repr(again) == repr(reply)
    assert isinstance(reply.content, str) and isinstance(reply.thinking, str) and isinstance(reply.refusal, str)
    for call in reply.tool_calls:
        assert (call.arguments is None) == (call.problem is not None)
        assert call.name or call.problem
    endpoint = "http://127.0.0.1:1"
    storable(reply)
    messages = [{"role": "user", "content": "x"}, reply.message, {"role": "tool", "content": "x"}]
    check(messages)
    following = Request(endpoint=endpoint, dialect=reply.dialect, model="m", messages=messages)
    assert str(following.key()) == str(Request(**{**kept(following), "messages": thaw(messages)}).key())


def kept(request: Request) -> dict[str, Any]:
    return {"endpoint": request.endpoint, "dialect": request.dialect, "model": request.model}


def seeds() -> Sequence[bytes]:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": [1, null]}'}}
    message = {"role": "assistant", "content": "hi", "tool_calls": [call], "reasoning": "so", "refusal": None}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 2}}
    body = {"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}], "usage": usage}
    deltas = [
        {"role": "assistant", "content": "h"},
        {"content": "i"},
        {"tool_calls": [{"index": 0, **call}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]},
        {"content": [{"type": "text", "text": "x"}], "reasoning_content": "y"},
    ]
    chunks: list[Any] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks += [{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": usage}]
    events = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + ": note\r\nevent: x\ndata: [DONE]\n\n"
    own = {"function": {"name": "f", "arguments": {"a": 1}}}
    done = {"done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 4}
    whole = {
        "model": "m",
        "message": {"role": "assistant", "content": "hi", "thinking": "so", "tool_calls": [own]},
        **done,
    }
    parts = [{"message": {"content": "h"}, "done": False}, {"message": {"tool_calls": [own]}}, {"model": "m", **done}]
    lines = "\n".join(map(json.dumps, parts))
    error = {"error": {"message": "no", "code": 7}}
    # The dialect, whether it is a stream, and the size of pieces come first.
    openai, ollama, stored = b"\0%b\7\xff\xff", b"\1%b\7\xff\xff", b"\0\0\0\7\0\0"
    one_piece, stream = b"\xff\xff", b"\0\0"
    reply = Reply.parse(json.dumps(body).encode(), dialect="openai")
    return [
        *(openai % one_piece + json.dumps(each).encode() for each in (body, error, {"choices": []})),
        openai % stream + events.encode(),
        *(ollama % one_piece + json.dumps(each).encode() for each in (whole, error)),
        ollama % stream + lines.encode(),
        stored + reply.to_bytes(),
    ]
