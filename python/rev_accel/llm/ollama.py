"""Ollama's own dialect: `/api/chat`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rev_accel.errors import InputError, ModelMalformedError

from . import dialects
from .openai import count, text
from .reply import Piece, Read, Usage
from .text import JsonLines

if TYPE_CHECKING:
    from .request import Request
    from .scripted import Answer

PATH = "/api/chat"

# What a request has fields for, and what would change the form of the reply.
OWN_FIELDS = ("format", "messages", "model", "stream", "tools")

# What stands beside `options` in the body, not in it.
BESIDE_OPTIONS = ("keep_alive", "logprobs", "shift", "think", "top_logprobs", "truncate")

lines = JsonLines


def write(request: Request, *, stream: bool) -> dict[str, Any]:
    """The body of the call."""
    for name in OWN_FIELDS:
        if name in request.options:
            raise InputError(
                f"`options.{name}` is not a sampling option: it is a field of the request or of the client"
            )
    if request.tool_choice is not None:
        raise InputError(
            "`tool_choice` is not known to Ollama's own dialect: use `response_format`, or `/v1` of Ollama"
        )
    body: dict[str, Any] = {"model": request.model, "messages": list(request.messages)}
    if request.tools is not None:
        body["tools"] = request.tools
    if request.response_format is not None:
        body["format"] = request.response_format
    options = dict(request.options)
    body |= {name: options.pop(name) for name in BESIDE_OPTIONS if name in options}
    if options:
        body["options"] = options
    body["stream"] = stream
    return body


def read(body: dict[str, Any]) -> Read:
    """What a reply says."""
    message = body.get("message")
    if not isinstance(message, dict):
        raise ModelMalformedError("the reply has no `message`")
    message, calls = dialects.with_calls(message, "message.tool_calls")
    return Read(
        model=text(body.get("model")) or None,
        message=message,
        content=text(message.get("content")),
        thinking=text(message.get("thinking")),
        tool_calls=calls,
        finish_reason=text(body.get("done_reason")) or None if body.get("done") is True else None,
        usage=Usage(prompt=count(body.get("prompt_eval_count")), completion=count(body.get("eval_count"))),
    )


def answer(answer: Answer, model: str) -> dict[str, Any]:
    """The body of a reply that was thought up."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.content}
    if answer.tool_calls:
        message["tool_calls"] = [{"function": {"name": name, "arguments": given}} for name, given in answer.tool_calls]
    return {"model": model, "message": message, "done": True, "done_reason": answer.finish_reason or "stop"}


class Stream:
    """Puts the chunks of a streamed reply together."""

    def __init__(self) -> None:
        self.complete = False
        self._around: dict[str, Any] = {}
        self._texts: dict[str, list[str]] = {"content": [], "thinking": []}
        self._calls: list[Any] = []

    def add(self, data: bytes) -> Piece | None:
        chunk = dialects.chunk(data)
        message = chunk.pop("message", None)
        self._around |= chunk
        self.complete = self.complete or chunk.get("done") is True
        if message is None:
            return None
        if not isinstance(message, dict):
            raise ModelMalformedError("a chunk of the stream has a `message` that is not an object")
        calls = message.get("tool_calls") or ()
        if not isinstance(calls, list) and calls:
            raise ModelMalformedError("a chunk of the stream has `tool_calls` that are not a list")
        self._calls += calls
        piece = Piece(text(message.get("content")), text(message.get("thinking")))
        self._texts["content"].append(piece.content)
        self._texts["thinking"].append(piece.thinking)
        return piece if piece != Piece() else None

    def body(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant"}
        message |= {name: "".join(parts) for name, parts in self._texts.items() if name == "content" or any(parts)}
        if self._calls:
            message["tool_calls"] = self._calls
        return {**self._around, "message": message}


stream = Stream
