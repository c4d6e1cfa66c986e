"""What a model answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from rev_accel.errors import ModelMalformedError
from rev_accel.frozen import FrozenDict, Immutable, copy

from .text import parse

if TYPE_CHECKING:
    from .request import Dialect

__all__ = ["Piece", "Reply", "Timings", "ToolCall", "Usage"]

# The version of `Reply.to_bytes`.
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Piece:
    """Some more of a reply that is being streamed."""

    content: str = ""
    thinking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall(Immutable):
    """A tool that the model wants called."""

    name: str
    arguments: FrozenDict | None
    """`None` when what the model wrote is not a JSON object; `problem` says why."""
    text: str
    """The arguments as the model wrote them; for Ollama, which sends an object, that object as JSON. Empty when the
    server sent none."""
    id: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the server counted them; `None` where it did not say."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    """How many of `prompt` the server had computed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds of the call that the server answered; `None` where there was no such step."""

    connect: float | None = None
    """Until there was a connection; `None` when there was one already."""
    first_byte: float | None = None
    """From the request being sent until the first byte of the reply."""
    total: float = 0.0
    """From the start of the attempt that succeeded to the last byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Immutable):
    """A whole reply: what the server sent, and what it says. Nothing in it can be changed."""

    dialect: Dialect
    raw: bytes
    """The body as the server sent it; for a streamed reply, the whole stream."""
    streamed: bool
    body: FrozenDict = field(repr=False)
    """The body as data; for a streamed reply, what it would have been in one piece."""
    model: str | None
    message: FrozenDict
    """The assistant's message, to be appended to the messages of the next request."""
    content: str
    thinking: str
    refusal: str
    """What the model said instead of an answer, where the dialect keeps that apart."""
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str | None
    """Why the model stopped, in the server's word: `stop`, `length`, `tool_calls`, `content_filter`; `None` if it did
    not say."""
    usage: Usage
    timings: Timings
    context_cut: str | None
    """Why it seems that the server left out part of the prompt, which did not fit its context window."""
    kept: bool = field(default=False, compare=False)
    """Whether it is from a cache, so that it costs nothing now: `timings` and `usage` are those of the earlier call."""

    @classmethod
    def parse(
        cls,
        raw: bytes,
        *,
        dialect: Dialect,
        streamed: bool = False,
        timings: Timings | None = None,
        context_cut: str | None = None,
    ) -> Reply:
        """The reply in what a server sent.

        Raises:
            rev_accel.errors.ModelError: It is not a whole reply of this dialect.
        """
        from . import dialects

        spoken = dialects.of(dialect)
        body = dialects.assemble(spoken, raw) if streamed else dialects.body(raw)
        read = spoken.read(body)
        return cls(
            dialect=dialect,
            raw=raw,
            streamed=streamed,
            body=copy(body),
            model=read.model,
            message=copy(read.message),
            content=read.content,
            thinking=read.thinking,
            refusal=read.refusal,
            tool_calls=read.tool_calls,
            finish_reason=read.finish_reason,
            usage=read.usage,
            timings=timings or Timings(),
            context_cut=context_cut,
        )

    def to_bytes(self) -> bytes:
        """For a store: a line of JSON about the call, then what the server sent, byte for byte."""
        header = {
            "format": FORMAT,
            "dialect": self.dialect,
            "streamed": self.streamed,
            "timings": {one.name: getattr(self.timings, one.name) for one in fields(Timings)},
            "context_cut": self.context_cut,
        }
        return json.dumps(header, separators=(",", ":")).encode() + b"\n" + self.raw

    @classmethod
    def from_bytes(cls, stored: bytes) -> Reply:
        """The reply that `to_bytes` wrote.

        Raises:
            rev_accel.errors.ModelError: It is not one, or of another version.
        """
        line, _, raw = bytes(stored).partition(b"\n")
        try:
            header = parse(line)
            if header.pop("format") != FORMAT:
                raise ModelMalformedError("a stored reply is of another version")
            return cls.parse(raw, timings=Timings(**header.pop("timings")), **header)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelMalformedError(f"a stored reply is damaged: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a dialect finds in the body of a reply."""

    model: str | None
    message: dict[str, Any]
    content: str
    thinking: str = ""
    refusal: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
