"""Whether a server left out part of a prompt that did not fit its context window.

Ollama, for one, drops messages from the front until the rest fits, and says so in its own log only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .reply import Usage
    from .request import Request

__all__ = ["context_cut", "prompt_tokens"]

# Bytes of UTF-8 for a token, in text and code; see `tests/llm/test_estimate.py` for what servers reported.
BYTES_A_TOKEN = 4

# A prompt counts as cut when the server counted less than this share of the estimate; what is estimated leaves out
# tools and templates, so it is rather too low.
SHARE = 0.5

# How many times as many tokens as estimated the densest texts are: hexadecimal digits, two bytes a token.
DENSEST = 2

# Below so many tokens an estimate says nothing.
LEAST_TOKENS = 200

# A run of one character becomes few tokens.
_RUNS = re.compile(r"(.)\1{3,}", re.DOTALL)

# What a model thought before an earlier answer: the templates of many models leave it out.
_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)


def context_cut(request: Request, usage: Usage) -> str | None:
    """Why it seems that the server saw less than the messages of a request; `None` when it does not.

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
    if window is not None and DENSEST * expected < window:
        # It fits, so nothing was cut: the estimate is wrong for this text.
        return None
    found = f"the server counted {usage.prompt} tokens in a prompt of about {expected}"
    where = f"`options.num_ctx` is {window}" if window else "its context window may be small: set `options.num_ctx`"
    return f"{found}, so it seems to have left out part of it; {where}"


def prompt_tokens(request: Request) -> int:
    """About how many tokens the texts of the messages are; rather too few than too many."""
    size = sum(len(_RUNS.sub(r"\1\1\1", text).encode("utf-8", "surrogatepass")) for text in texts(request.messages))
    return size // BYTES_A_TOKEN


def texts(messages: Any) -> Iterator[str]:
    """What of the messages a model reads as text."""
    for message in messages:
        content = message.get("content")
        if isinstance(content, str):
            yield _THOUGHTS.sub("", content) if message.get("role") == "assistant" else content
        elif isinstance(content, list):
            yield from (
                part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)
            )
        for call in message.get("tool_calls") or ():
            function = call.get("function") if isinstance(call, dict) else None
            arguments = function.get("arguments") if isinstance(function, dict) else None
            if isinstance(arguments, str):
                yield arguments
