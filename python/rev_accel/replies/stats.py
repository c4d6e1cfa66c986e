"""How a `ResponseCache` answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from rev_accel.frozen import FrozenDict

__all__ = ["Counts", "ReplyStats"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplyStats:
    """How often one `ResponseCache` of this process answered, and how.

    What a hit rate will be, nobody knows beforehand: it pays for repeated runs and calls, hardly for new ones.
    """

    hit: int
    """The reply was there."""

    miss: int
    """It was not: whoever asked had to make the call."""

    shared: int
    """Another thread, task or process was making the same call, and its reply was taken."""

    stored: int
    """Replies that were put."""

    bypass: Mapping[str, int]
    """Questions that were not put to the store, by reason: `off` (`REV_ACCEL_NO_CACHE`), `unusable` (the folder cannot
    be trusted or the store not opened), `read_only`, `failed` (disk full, or others at it for too long), `forked` (the
    process was forked past Python), `nested` (asked within the call for the same, or by whoever takes the pieces of
    that reply), or what the caller gave as `bypass`."""

    refused: Mapping[str, int]
    """Calls whose outcome was not stored, by reason: `error` or what `failed` said for calls that raised, `too_large`
    (16 MiB, or what `max_bytes` has no room for), one of those above, or what `storable` said of the reply. A call that
    was given up is not counted."""

    @property
    def hit_rate(self) -> float:
        """The share of questions that needed no call: 0 to 1, and 0 when nothing was asked."""
        answered = self.hit + self.shared
        asked = answered + self.miss + sum(self.bypass.values())
        return answered / asked if asked else 0.0


class Counts:
    """Counts for `ReplyStats`, from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._by_kind: Counter[str] = Counter()
        self._bypass: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def add(self, kind: Literal["hit", "miss", "shared", "stored"]) -> None:
        with self._lock:
            self._by_kind[kind] += 1

    def bypassed(self, reason: str) -> None:
        with self._lock:
            self._bypass[reason] += 1

    def refused(self, reason: str) -> None:
        with self._lock:
            self._refused[reason] += 1

    def stats(self) -> ReplyStats:
        with self._lock:
            return ReplyStats(
                **{kind: self._by_kind[kind] for kind in ("hit", "miss", "shared", "stored")},
                bypass=FrozenDict(self._bypass),
                refused=FrozenDict(self._refused),
            )
