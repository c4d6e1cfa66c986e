"""How many tokens messages are, about: estimated from their bytes, and corrected by what servers report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rev_accel.llm.estimate import BYTES_A_TOKEN, compact, message_texts, text_bytes

from .calls import calls

__all__ = ["Calibration", "message_tokens", "tools_tokens"]

# What templates put round a message, and round a call: role, markers, names of fields.
TOKENS_A_MESSAGE = 4
TOKENS_A_CALL = 8

# An image of a size that is usual in chats; servers count 85 to some 1,500.
TOKENS_AN_IMAGE = 765

# How much one report of a server moves the factor: a few reports outweigh an odd one.
RATE = 0.3

# Beyond these the server counted something else: it cut the prompt, or told of what was not cached only.
LEAST_FACTOR, MOST_FACTOR = 0.4, 4.0


def message_tokens(message: Mapping[str, Any]) -> int:
    """About how many tokens a message is, before any correction."""
    size = sum(map(text_bytes, message_texts(message)))
    found = TOKENS_A_MESSAGE + -(-size // BYTES_A_TOKEN)
    for call in calls(message):
        found += TOKENS_A_CALL + len(call.tool) // BYTES_A_TOKEN
    content, images = message.get("content"), message.get("images")
    count = len(images) if isinstance(images, (list, tuple)) else 0
    if isinstance(content, (list, tuple)):
        count += sum(isinstance(part, dict) and part.get("type") in ("image", "image_url") for part in content)
    return found + count * TOKENS_AN_IMAGE


def tools_tokens(tools: Iterable[Any] | None) -> int:
    """About how many tokens the schemas of tools are: most templates write them as JSON."""
    if tools is None:
        return 0
    return sum(-(-len(compact(tool).encode("utf-8", "surrogatepass")) // BYTES_A_TOKEN) for tool in tools)


class Calibration:
    """For each model, how many tokens it counts for one that is estimated."""

    def __init__(self) -> None:
        self._factors: dict[str, float] = {}
        self._last = ""

    def factor(self) -> float:
        """That of the model that reported last; 1 as long as none did."""
        return self._factors.get(self._last, 1.0)

    def learn(self, model: str, *, estimated: int, reported: int) -> bool:
        """Takes what a server counted in a prompt; whether it is to be believed."""
        if estimated <= 0 or not LEAST_FACTOR <= reported / estimated <= MOST_FACTOR:
            return False
        found = reported / estimated
        known = self._factors.get(model)
        self._factors[model] = found if known is None else known + RATE * (found - known)
        self._last = model
        return True
