"""OpenAI's dialect, spoken by many servers: `/chat/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rev_accel.errors import InputError, ModelMalformedError

from . import dialects
from .reply import Piece, Read, Usage
from .text import EventLines

if TYPE_CHECKING:
    from .request import Request
    from .scripted import Answer

PATH = "/chat/completions"

# What a request has fields for, and what would change the form of the reply.
OWN_FIELDS = ("messages", "model", "response_format", "stream", "stream_options", "tool_choice", "tools")

# Servers differ in what they call it.
THINKING = ("reasoning_content", "reasoning")

lines = EventLines


def write(request: Request, *, stream: bool) -> dict[str, Any]:
    """The body of the call."""
    for name in OWN_FIELDS:
        if name in request.options:
            raise InputError(
                f"`options.{name}` is not a sampling option: it is a field of the request or of the client"
            )
    if request.options.get("n", 1) != 1:
        raise InputError("`options.n` must be 1: a reply is one answer")
    body: dict[str, Any] = {"model": request.model, "messages": list(request.messages)}
    for name in ("tools", "tool_choice", "response_format"):
        if (value := getattr(request, name)) is not None:
            body[name] = value
    body |= request.options
    body["stream"] = stream
    if stream:
        body["stream_options"] = {"include_usage": True}
    return body


def read(body: dict[str, Any]) -> Read:
    """What a reply says."""
    choices = body.get("choices")
    if not isinstance(choices, (list, tuple)) or not choices or not isinstance(choices[0], dict):
        raise ModelMalformedError("the reply has no `choices`")
    message = choices[0].get("message")
    if message is None and choices[0].get("finish_reason") == "content_filter":
        # What a filter held back; Azure leaves out the message then.
        message = {"role": "assistant", "content": None}
    if not isinstance(message, dict):
        raise ModelMalformedError("the reply has no `choices[0].message`")
    message, calls = dialects.with_calls(message, "choices[0].message.tool_calls")
    reason = choices[0].get("finish_reason")
    return Read(
        model=text(body.get("model")) or None,
        message=message,
        content=content(message.get("content")),
        thinking=next((text(message[name]) for name in THINKING if message.get(name)), ""),
        refusal=text(message.get("refusal")),
        tool_calls=calls,
        finish_reason=text(reason) or None,
        usage=usage(body.get("usage")),
    )


def text(value: object) -> str:
    return value if isinstance(value, str) else ""


def content(value: object) -> str:
    """The text of a message: some servers send it in parts."""
    if isinstance(value, (list, tuple)):
        return "".join(text(part.get("text")) for part in value if isinstance(part, dict))
    return text(value)


def usage(value: object) -> Usage:
    if not isinstance(value, dict):
        return Usage()
    details = value.get("prompt_tokens_details")
    return Usage(
        prompt=count(value.get("prompt_tokens")),
        completion=count(value.get("completion_tokens")),
        cached=count(details.get("cached_tokens")) if isinstance(details, dict) else None,
    )


def count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def answer(answer: Answer, model: str) -> dict[str, Any]:
    """The body of a reply that was thought up."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.content or None}
    if answer.tool_calls:
        message["tool_calls"] = [
            {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": dialects.json(given)}}
            for number, (name, given) in enumerate(answer.tool_calls)
        ]
    reason = answer.finish_reason or ("tool_calls" if answer.tool_calls else "stop")
    return {
        "object": "chat.completion",
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
    }


class Stream:
    """Puts the chunks of a streamed reply together."""

    def __init__(self) -> None:
        self.complete = False
        self._around: dict[str, Any] = {}
        self._reason: Any = None
        self._texts: dict[str, list[str]] = {}
        self._calls: dict[object, _Call] = {}

    def add(self, data: bytes) -> Piece | None:
        if data.strip() == b"[DONE]":
            self.complete = True
            return None
        chunk = dialects.chunk(data)
        self._around |= {name: value for name, value in chunk.items() if value is not None and name != "choices"}
        choices = chunk.get("choices") or ()
        if not isinstance(choices, (list, tuple)) or not all(isinstance(choice, dict) for choice in choices):
            raise ModelMalformedError("a chunk of the stream has `choices` that are not a list of objects")
        new: dict[str, str] = {}
        for choice in choices:
            if choice.get("index", 0) == 0:
                new |= self._add(choice)
        piece = Piece(new.get("content", ""), "".join(new.get(name, "") for name in THINKING))
        return piece if piece != Piece() else None

    def _add(self, choice: dict[str, Any]) -> dict[str, str]:
        if choice.get("finish_reason"):
            # What may still come is the usage; some servers then end without `[DONE]`.
            self._reason, self.complete = choice["finish_reason"], True
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return {}
        new = {name: more for name in ("content", "refusal", *THINKING) if (more := content(delta.get(name)))}
        for name, more in new.items():
            self._texts.setdefault(name, []).append(more)
        parts = delta.get("tool_calls") or ()
        if (not isinstance(parts, list) and parts) or not all(isinstance(part, dict) for part in parts):
            raise ModelMalformedError("a chunk of the stream has `tool_calls` that are not a list of objects")
        for part in parts:
            self._add_call(part)
        return new

    def _add_call(self, part: dict[str, Any]) -> None:
        """A part of a call belongs to it by index or, where servers leave that out, by id, or to the last one."""
        index, identity = part.get("index"), text(part.get("id"))
        place = index if isinstance(index, int) else identity or next(reversed(self._calls), "")
        call = self._calls.setdefault(place, _Call())
        call.identity = identity or call.identity
        function = part.get("function")
        if isinstance(function, dict):
            name = text(function.get("name"))
            if name != "".join(call.name):  # some servers repeat it in each chunk
                call.name.append(name)
            call.arguments.append(text(function.get("arguments")))

    def body(self) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": None}
        message |= {name: "".join(parts) for name, parts in self._texts.items()}
        if self._calls:
            message["tool_calls"] = [call.whole() for call in self._calls.values()]
        choice = {"index": 0, "message": message, "finish_reason": self._reason}
        return {**self._around, "object": "chat.completion", "choices": [choice]}


class _Call:
    """The parts of a tool call."""

    def __init__(self) -> None:
        self.identity = ""
        self.name: list[str] = []
        self.arguments: list[str] = []

    def whole(self) -> dict[str, Any]:
        function = {"name": "".join(self.name), "arguments": "".join(self.arguments)}
        return {"id": self.identity or None, "type": "function", "function": function}


stream = Stream
