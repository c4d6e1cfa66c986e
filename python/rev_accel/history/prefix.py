"""How much of a request is the unchanged beginning of the one before: what a server need not compute again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .atoms import SYSTEM

__all__ = ["Prefix", "PrefixMeter", "PrefixTotals"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """What one request shares with the one before it. Bytes are of messages as JSON, tokens are estimated."""

    messages: int
    shared_messages: int
    bytes: int
    shared_bytes: int
    tokens: int
    shared_tokens: int

    broken_by: str | None
    """What changed: `tools`, `system`, `messages[7]`, or `cut` when it was this history's own. `None` when all of the
    request before stands at the beginning of this one, and for the first one."""

    @property
    def share(self) -> float:
        """The part of the bytes that is shared: 0 to 1."""
        return self.shared_bytes / self.bytes if self.bytes else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixTotals:
    """All requests so far."""

    requests: int = 0
    broken: int = 0
    bytes: int = 0
    shared_bytes: int = 0
    tokens: int = 0
    shared_tokens: int = 0

    @property
    def share(self) -> float:
        """The part of all bytes sent that was shared: 0 to 1."""
        return self.shared_bytes / self.bytes if self.bytes else 0.0

    def cost(self, cached: float = 0.1) -> float:
        """What the tokens cost in units of a fresh one, when one that a server has cached costs so much of it."""
        return self.tokens - self.shared_tokens * (1 - cached)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as the meter remembers it. Sums are of all messages up to and with each one."""

    messages: Sequence[Mapping[str, Any]]
    bytes: Sequence[int]
    tokens: Sequence[int]
    tools: str | None
    stem: object
    """Requests of the same stem begin with the same messages, as far as `stem_length` of both goes."""
    stem_length: int


class PrefixMeter:
    """Compares each request with the one before; a comparison costs what is new."""

    def __init__(self) -> None:
        self.totals = PrefixTotals()
        self._before: Sent | None = None

    def measure(self, now: Sent, *, was_cut: bool) -> Prefix:
        """What `now` shares with the request that was measured last; `was_cut` says that a cut lies between them."""
        before, self._before = self._before, now
        shared, broken_by = 0, None
        if before is not None:
            if before.tools != now.tools:
                broken_by = "tools"
            else:
                shared = _common(before, now)
                if shared < len(before.messages):
                    role = before.messages[shared].get("role")
                    broken_by = "cut" if was_cut else "system" if role in SYSTEM else f"messages[{shared}]"
        found = Prefix(
            messages=len(now.messages),
            shared_messages=shared,
            bytes=now.bytes[len(now.messages) - 1] if now.messages else 0,
            shared_bytes=now.bytes[shared - 1] if shared else 0,
            tokens=now.tokens[len(now.messages) - 1] if now.messages else 0,
            shared_tokens=now.tokens[shared - 1] if shared else 0,
            broken_by=broken_by,
        )
        totals = self.totals
        self.totals = PrefixTotals(
            requests=totals.requests + 1,
            broken=totals.broken + (broken_by is not None),
            **{
                name: getattr(totals, name) + getattr(found, name)
                for name in ("bytes", "shared_bytes", "tokens", "shared_tokens")
            },
        )
        return found


def _common(before: Sent, now: Sent) -> int:
    """How many messages both begin with."""
    most = min(len(before.messages), len(now.messages))
    at = min(before.stem_length, now.stem_length, most) if before.stem is now.stem else 0
    while at < most and before.messages[at] == now.messages[at]:
        at += 1
    return at
