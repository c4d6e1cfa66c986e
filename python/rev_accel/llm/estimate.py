"""Whether a server left out part of a prompt that did not fit its context window.

Ollama, for one, drops messages from the front until the rest fits, and says so in its own log only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .reply import Reply, Usage
    from .request import Request

__all__ = [
    "BYTES_A_TOKEN",
    "compact",
    "context_cut",
    "described",
    "message_texts",
    "prompt_tokens",
    "text_bytes",
    "tokens",
    "without_thoughts",
]

# Bytes of UTF-8 for a token, in text and code; see `tests/llm/test_estimate.py` for what servers reported.
BYTES_A_TOKEN = 4

# A prompt counts as cut when the server counted less than this share of the estimate; what is estimated leaves out
# templates, so it is rather too low.
SHARE = 0.5

# Where the prompt should fit, less than this share tells that the model has a smaller window than was asked for.
LEAST_SHARE = 0.25

# How many times as many tokens as estimated the densest texts are: hexadecimal digits, two bytes a token.
DENSEST = 2

# Below so many tokens an estimate says nothing.
LEAST_TOKENS = 200

# A run of one character becomes few tokens; in a short text there is no need to look for one.
SHORT_CHARACTERS = 256
_RUNS = re.compile(r"(.)\1{3,}", re.DOTALL)

# What a model thought before an earlier answer: the templates of many models leave it out.
_THOUGHT, _THOUGHT_END = "<think>", "</think>"


def context_cut(request: Request, usage: Usage) -> str | None:
    """Why it seems that the server saw less than the messages and tools of a request; `None` when it does not.

    It compares the tokens that the server reported with an estimate. What the server did not report, it cannot know.
    """
    if not usage.prompt:
        return None
    expected = prompt_tokens(request)
    if expected < LEAST_TOKENS or usage.prompt >= SHARE * expected:
        return None
    window = request.options.get("num_ctx")
    if not isinstance(window, int) or isinstance(window, bool):
        window = None
    fits = window is not None and DENSEST * expected < window
    if fits and usage.prompt >= LEAST_SHARE * expected:
        # It fits, so nothing was cut: the estimate is wrong for this text.
        return None
    found = f"the server counted {usage.prompt} tokens in a prompt of about {expected}"
    where = (
        f"`options.num_ctx` is {window}{', but the model may have less' if fits else ''}"
        if window
        else "its context window may be small: set `options.num_ctx`"
    )
    return f"{found}, so it seems to have left out part of it; {where}"


def prompt_tokens(request: Request) -> int:
    """About how many tokens the messages and tools are; rather too few than too many."""
    return sum(map(text_bytes, texts(request))) // BYTES_A_TOKEN


def tokens(request: Request, reply: Reply) -> tuple[int, int]:
    """The tokens of a request and of its reply, as the server counted them, or about as many as they are."""
    prompt, completion = reply.usage.prompt, reply.usage.completion
    if prompt is None:
        prompt = prompt_tokens(request)
    if completion is None:
        said = (reply.content, reply.thinking, *(call.name + call.text for call in reply.tool_calls))
        completion = sum(map(text_bytes, said)) // BYTES_A_TOKEN
    return prompt, completion


def text_bytes(text: str) -> int:
    """The bytes of a text that count: a run of one character is few tokens, however long."""
    if len(text) > SHORT_CHARACTERS:
        text = _RUNS.sub(r"\1\1\1", text)
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def texts(request: Request) -> Iterator[str]:
    """What of a request a model reads as text."""
    if request.tool_choice != "none":
        yield from described(request.tools)
    for message in request.messages:
        yield from message_texts(message)


def message_texts(message: Mapping[str, Any]) -> Iterator[str]:
    """What of a message a model reads as text."""
    content = message.get("content")
    if isinstance(content, str):
        yield without_thoughts(content) if message.get("role") == "assistant" else content
    elif isinstance(content, list):
        yield from (part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, (list, tuple)) else ():
        function = call.get("function") if isinstance(call, dict) else None
        arguments = function.get("arguments") if isinstance(function, dict) else None
        if arguments:
            yield arguments if isinstance(arguments, str) else compact(arguments)


def without_thoughts(text: str) -> str:
    """An answer without what the model thought before it, in one pass: a pattern would be quadratic in open marks."""
    parts, at = [], 0
    while (start := text.find(_THOUGHT, at)) >= 0 and (end := text.find(_THOUGHT_END, start)) >= 0:
        parts.append(text[at:start])
        at = end + len(_THOUGHT_END)
    return "".join((*parts, text[at:]))


def described(schema: Any) -> Iterator[str]:
    """The names and descriptions in the schemas of tools: what templates keep, each writes the rest in its own way."""
    waiting = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            yield from (text for name in ("name", "description") if isinstance(text := part.get(name), str))
            properties = part.get("properties")
            if isinstance(properties, dict):
                yield from properties
                waiting.extend(properties.values())
            waiting.extend(part.get(name) for name in ("function", "parameters", "items", "anyOf", "oneOf", "allOf"))
        elif isinstance(part, (list, tuple)):
            waiting.extend(part)


def compact(value: Any) -> str:
    """JSON without spaces; empty for what no server takes."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):  # an int of thousands of digits, or nested too deep
        return ""
