"""The two ways of speaking to a server, behind one interface."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from typing import TYPE_CHECKING, Any, Protocol

from rev_accel.errors import ModelMalformedError, ModelRefusedError, ModelTruncatedError

from .redaction import redact_text
from .text import parse, strict

if TYPE_CHECKING:
    from .reply import Piece, Read, ToolCall
    from .request import Dialect, Request
    from .scripted import Answer

__all__ = ["Lines", "Spoken", "Stream", "assemble", "body", "chunk", "json", "of", "refused", "with_calls"]

SHOWN_CHARACTERS = 500


class Lines(Protocol):
    """Cuts a stream of bytes into the texts of its chunks."""

    def feed(self, chunk: bytes) -> Iterator[bytes]: ...

    def end(self) -> Iterator[bytes]: ...


class Stream(Protocol):
    """Puts the chunks of a streamed reply together."""

    complete: bool
    """Whether the server has said that this is all."""

    def add(self, text: bytes) -> Piece | None:
        """Takes the text of a chunk."""

    def body(self) -> dict[str, Any]:
        """What the reply would have been in one piece."""


class Spoken(Protocol):
    """A dialect. The modules `ollama` and `openai` are two of these."""

    PATH: str

    def write(self, request: Request, *, stream: bool) -> dict[str, Any]:
        """The body of the call."""

    def read(self, body: dict[str, Any]) -> Read:
        """What a reply says."""

    def answer(self, answer: Answer, model: str) -> dict[str, Any]:
        """The body of a reply that was thought up."""

    def lines(self) -> Lines: ...

    def stream(self) -> Stream: ...


def of(name: Dialect) -> Spoken:
    """The dialect of that name.

    Raises:
        ValueError: There is none.
    """
    if name == "openai":
        from . import openai

        return openai
    if name == "ollama":
        from . import ollama

        return ollama
    raise ValueError(f"there is no dialect {name!r}")


def body(raw: bytes) -> dict[str, Any]:
    """The body of a reply that came in one piece."""
    return chunk(raw, "the reply")


def assemble(spoken: Spoken, raw: bytes) -> dict[str, Any]:
    """The body that the chunks of a whole stream make."""
    lines, stream = spoken.lines(), spoken.stream()
    for text in (*lines.feed(raw), *lines.end()):
        stream.add(text)
    return finished(stream)


def finished(stream: Stream) -> dict[str, Any]:
    if not stream.complete:
        raise ModelTruncatedError("the stream ended without saying that the reply was complete")
    return stream.body()


def chunk(text: bytes, name: str = "a chunk of the stream") -> dict[str, Any]:
    """A JSON object that a server sent, which is not an error."""
    try:
        found = parse(text)
    except ValueError as error:
        raise ModelMalformedError(f"{name} is not JSON ({error}): {excerpt(text)}") from error
    if not isinstance(found, dict):
        raise ModelMalformedError(f"{name} is JSON, but not an object: {excerpt(text)}")
    if found.get("error"):
        raise ModelRefusedError(f"the server sent an error: {refused(text)}", status=200)
    return found


def refused(text: bytes) -> str:
    """What a server says in the body of an error."""
    try:
        found = parse(text)
    except ValueError:
        return excerpt(text)
    if isinstance(found, dict) and "error" in found:
        found = found["error"]
    if isinstance(found, dict) and isinstance(found.get("message"), str):
        found = found["message"]
    return excerpt(found.encode("utf-8", "replace") if isinstance(found, str) else text)


def excerpt(text: bytes) -> str:
    """The start of a text, as something that can be shown: on one line, without secrets."""
    shown = " ".join(text[: 4 * SHOWN_CHARACTERS].decode("utf-8", "replace").split())
    shown = redact_text(shown)
    return shown[:SHOWN_CHARACTERS] + ("…" if len(shown) > SHOWN_CHARACTERS else "") or "(an empty body)"


def with_calls(message: dict[str, Any], place: str) -> tuple[dict[str, Any], tuple[ToolCall, ...]]:
    """A message and its tool calls; one without a name has an empty one in both, as it has in a stream."""
    calls = message.get("tool_calls") or ()
    if not isinstance(calls, (list, tuple)) or not all(isinstance(call, dict) for call in calls):
        raise ModelMalformedError(f"`{place}` is not a list of objects")
    functions = [named(call.get("function")) for call in calls]
    if any(function is not call.get("function") for function, call in zip(functions, calls, strict=True)):
        whole = [{**call, "function": function} for function, call in zip(functions, calls, strict=True)]
        message = {**message, "tool_calls": whole}
    return message, tuple(tool_call(function, call.get("id")) for function, call in zip(functions, calls, strict=True))


def named(function: object) -> dict[str, Any]:
    """What a call calls, with a text for its name."""
    function = function if isinstance(function, dict) else {}
    return function if isinstance(function.get("name"), str) else {**function, "name": ""}


def tool_call(function: dict[str, Any], identity: object) -> ToolCall:
    """A tool call, its arguments parsed or marked: from `{"name": ..., "arguments": ...}`."""
    from rev_accel.frozen import copy

    from .reply import ToolCall

    given = function.get("arguments")
    text, problem = "" if given is None else json(given), None
    try:
        # Servers differ in how they say that there are none: left out, null or `{}`. An empty text is none of these.
        arguments = {} if given is None else strict(text)
        if not isinstance(arguments, dict):
            problem = f"expected a JSON object, found {type(arguments).__name__}"
    except ValueError as error:
        arguments, problem = None, f"expected a JSON object: {error}"
    if not function["name"]:
        # A slip of the model, not of the server: it is told that there is no such tool.
        problem = "expected the name of a tool, found an empty one"
    return ToolCall(
        id=identity if isinstance(identity, str) else None,
        name=function["name"],
        arguments=None if problem else copy(arguments),
        text=text,
        problem=problem,
    )


def json(value: object) -> str:
    """Arguments of a tool as text; a text stays as it is."""
    return value if isinstance(value, str) else dumps(value, ensure_ascii=False)
