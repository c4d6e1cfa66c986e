"""What is counted and measured: cheap to feed from any thread, worked out when somebody asks."""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections import Counter as Tally
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

__all__ = ["Counter", "Histogram", "Summary"]

_log = logging.getLogger("rev_accel")

# Values that wait before they are put into buckets: they take 32 KiB at most.
WAITING = 1024

# Bounds of buckets: 20 for each power of ten, so a quantile is right within 6 %. From a nanosecond, or a billionth of
# whatever the unit is, to a million millions of it.
STEPS = 20
BOUNDS = tuple(10 ** (step / STEPS) for step in range(-9 * STEPS, 12 * STEPS + 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """What was measured: `None` where nothing was."""

    count: int
    total: float
    least: float | None
    most: float | None
    median: float | None
    p95: float | None

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None


class Counter:
    """A number that grows."""

    __slots__ = ("_lock", "attributes", "name", "unit", "value")

    def __init__(self, name: str, unit: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.unit = unit
        self.attributes = attributes
        self.value: float = 0
        self._lock = Lock()

    def add(self, amount: float = 1) -> None:
        """Adds to it."""
        with self._lock:
            self.value += amount

    def renew_lock(self) -> None:
        self._lock = Lock()


class Histogram:
    """Measured values, of which count, sum and quantiles are kept, in a bounded space.

    `record` only lets a value wait, which is safe from any thread without a lock; they are counted together, when
    somebody asks or by each 1,024th `record`, which takes the lock, sorts them and hands them on.
    """

    __slots__ = (
        "_buckets",
        "_forward",
        "_lock",
        "attributes",
        "count",
        "least",
        "most",
        "name",
        "total",
        "unit",
        "waiting",
    )

    waiting: list[float]
    """Values that are not counted yet. Who is in a hurry may append here, and calls `fold` when they are `WAITING`."""

    def __init__(self, name: str, unit: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.unit = unit
        self.attributes = attributes
        self.count = 0
        self.total = 0.0
        self.least = float("inf")
        self.most = float("-inf")
        self._buckets: Tally[int] = Tally()
        self.waiting: list[float] = []
        self._lock = Lock()
        self._forward: Callable[[float], object] | None = None

    def record(self, value: float) -> None:
        """Takes a value."""
        waiting = self.waiting
        waiting.append(value)
        if len(waiting) >= WAITING:
            self.fold()

    def fold(self) -> None:
        """Counts the values that wait."""
        with self._lock:
            # Others may append meanwhile: those stay.
            values = self.waiting.copy()
            del self.waiting[: len(values)]
            if not values:
                return
            self.count += len(values)
            self.total += sum(values)
            # Sorted, a bucket takes all of its values at once: half the time of looking each one up.
            values.sort()
            self.least = min(self.least, values[0])
            self.most = max(self.most, values[-1])
            at = 0
            while at < len(values):
                bucket = bisect_right(BOUNDS, values[at])
                end = bisect_left(values, BOUNDS[bucket], at) if bucket < len(BOUNDS) else len(values)
                end = max(end, at + 1)  # NaN is in no order
                self._buckets[bucket] += end - at
                at = end
            forward = self._forward
        if forward is not None:
            for value in values:
                try:
                    forward(value)
                except Exception as error:  # who measures is not to suffer from who exports
                    _log.debug("a value of `%s` could not be handed on: %r", self.name, error)

    def include(self, other: Histogram) -> None:
        """Adds all values of another one."""
        other.fold()
        with self._lock, other._lock:
            self.count += other.count
            self.total += other.total
            self.least = min(self.least, other.least)
            self.most = max(self.most, other.most)
            self._buckets.update(other._buckets)

    def renew_lock(self) -> None:
        self._lock = Lock()

    def forward(self, to: Callable[[float], object] | None) -> None:
        """Hands each value on as well, when it is counted. What that raises goes to the log."""
        self.fold()
        self._forward = to

    def summary(self) -> Summary:
        """All values so far."""
        self.fold()
        with self._lock:
            if not self.count:
                return Summary(count=0, total=0.0, least=None, most=None, median=None, p95=None)
            return Summary(
                count=self.count,
                total=self.total,
                least=self.least,
                most=self.most,
                median=self._quantile(0.5),
                p95=self._quantile(0.95),
            )

    def _quantile(self, share: float) -> float:
        rank = share * self.count
        for bucket in sorted(self._buckets):
            rank -= self._buckets[bucket]
            if rank <= 0:
                break
        # The middle of the bucket, but nothing that was not measured.
        low = BOUNDS[bucket - 1] if bucket else self.least
        high = BOUNDS[bucket] if bucket < len(BOUNDS) else self.most
        middle = (low * high) ** 0.5 if 0 < low <= high else high  # NaN may have hidden what was the most
        return min(max(middle, self.least), self.most)
