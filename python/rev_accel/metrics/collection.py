"""`Metrics`: all that is counted and measured, under its names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import iscoroutinefunction
from threading import Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from rev_accel.errors import InputError
from rev_accel.forks import InChildren

from .instruments import Counter, Histogram
from .names import ANALYSIS, CACHE_RESULT, PREFIX, UNITS

if TYPE_CHECKING:
    from rev_accel.history import Prefix
    from rev_accel.records import ScanStats
    from rev_accel.replies import ResponseCache

__all__ = ["Metrics", "timed"]

_log = logging.getLogger("rev_accel")

P = ParamSpec("P")
R = TypeVar("R")
Instrument = TypeVar("Instrument", Counter, Histogram)

Key = tuple[str, tuple[tuple[str, str], ...]]


class Metrics:
    """Counters and histograms by name and attributes. May be used by many threads::

        metrics = Metrics()
        calls = metrics.histogram("gen_ai.execute_tool.duration", tool="read_file")   # kept by whoever feeds it
        calls.record(0.0012)
        with metrics.timed("rev_accel.agent.phase.duration", phase="planning"):
            ...

    Asking for a counter or histogram takes about a microsecond; feeding one much less, so whoever is in a hurry asks
    once and keeps it.

    Args:
        enabled: Nothing is kept without: `timed` gives functions back as they are.
    """

    def __init__(self, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._counters: dict[Key, Counter] = {}
        self._histograms: dict[Key, Histogram] = {}
        self._caches: list[ResponseCache] = []
        self._made: Callable[[Counter | Histogram], None] | None = None
        self._lock = Lock()
        _in_children.add(self)

    def counter(self, name: str, **attributes: str) -> Counter:
        """The counter of that name, which is created if it is new."""
        return self._instrument(Counter, self._counters, self._histograms, "{count}", name, attributes)

    def histogram(self, name: str, **attributes: str) -> Histogram:
        """The histogram of that name, which is created if it is new. Durations are in seconds."""
        return self._instrument(Histogram, self._histograms, self._counters, "s", name, attributes)

    def timed(self, name: str, **attributes: str) -> timed:
        """Measures how long something takes: see `rev_accel.metrics.timed`."""
        return timed(name, metrics=self, **attributes)

    def watch(self, cache: ResponseCache) -> None:
        """Has the answers of a cache of replies in all accounts from now on. Its calls cost no more for it."""
        if cache not in self._caches:
            self._caches.append(cache)
        for one in self._answers().values():
            self._tell(one)

    def sent(self, prefix: Prefix) -> None:
        """Takes what a request shares with the one before: `view.prefix` of a `History`."""
        self.counter(PREFIX, kind="shared").add(prefix.shared_bytes)
        self.counter(PREFIX, kind="fresh").add(prefix.bytes - prefix.shared_bytes)

    def scanned(self, stats: ScanStats) -> None:
        """Takes how long a scan took: `report.stats`. It was warm if no file had to be analysed."""
        seconds = (stats.select_ns + stats.analyse_ns + stats.keep_ns) / 1e9
        state = "cold" if stats.parsed or stats.unparsed else "warm"
        self.histogram(ANALYSIS, state=state).record(seconds)

    def instruments(self) -> list[Counter | Histogram]:
        """All counters and histograms, sorted by name and attributes; what watched caches say now among them."""
        found: dict[Key, Counter | Histogram] = {**self._counters, **self._histograms, **self._answers()}
        return [found[key] for key in sorted(found)]

    def _counters_of(self, name: str) -> list[Counter]:
        """All counters of that name, as `instruments` has them."""
        answers = self._answers() if name == CACHE_RESULT else {}
        with self._lock:
            own = [one for key, one in self._counters.items() if one.name == name and key not in answers]
        return [*own, *answers.values()]

    def _instrument(
        self,
        kind: type[Instrument],
        own: dict[Key, Instrument],
        others: Mapping[Key, object],
        unit: str,
        name: str,
        attributes: dict[str, str],
    ) -> Instrument:
        key = (name, tuple(sorted(attributes.items())))
        found = own.get(key)
        if found is None:
            with self._lock:
                if any(name == other for other, _ in others):
                    is_one, wanted = ("histogram", "counter") if kind is Counter else ("counter", "histogram")
                    raise InputError(f"`{name}` is the name of a {is_one} already: expected one for a {wanted}")
                made = kind(name, UNITS.get(name, unit), attributes)
                found = own.setdefault(key, made) if self.enabled else made
            self._tell(found)
        return found

    def _answers(self) -> dict[Key, Counter]:
        """How the watched caches answered."""
        counts: dict[str, int] = {}
        for cache in self._caches:
            stats = cache.stats
            results = {"hit": stats.hit, "miss": stats.miss, "shared": stats.shared}
            results["bypass"] = sum(stats.bypass.values())
            counts = {result: counts.get(result, 0) + count for result, count in results.items()}
        found: dict[Key, Counter] = {}
        for result, count in counts.items():
            counter = Counter(CACHE_RESULT, UNITS[CACHE_RESULT], {"result": result})
            key = (CACHE_RESULT, (("result", result),))
            counter.value = count + (self._counters[key].value if key in self._counters else 0)
            found[key] = counter
        return found

    def _renew_locks(self) -> None:
        """In a forked child: another thread of the parent may have held them."""
        self._lock = Lock()
        for counter in self._counters.values():
            counter.renew_lock()
        for histogram in self._histograms.values():
            histogram.renew_lock()

    def _tell(self, instrument: Counter | Histogram) -> None:
        if self._made is not None:
            try:
                self._made(instrument)
            except Exception as error:  # who measures is not to suffer from who exports
                _log.debug("`%s` cannot be exported: %r", instrument.name, error)


_in_children = InChildren(Metrics._renew_locks)


class timed:  # noqa: N801 - reads as a statement and as a decorator
    """Measures how long a block or each call of a function takes, into a histogram of seconds::

        with timed("rev_accel.agent.phase.duration", phase="planning"):
            ...

        @timed("gen_ai.execute_tool.duration", tool="read_file")
        def read_file(path): ...

    It measures what raises, too. A coroutine function is measured until its end. One object is for one block at a time.

    Args:
        metrics: Where it is kept: `rev_accel.metrics.METRICS` by default.
    """

    __slots__ = ("_metrics", "_record", "_started")

    def __init__(self, name: str, *, metrics: Metrics | None = None, **attributes: str) -> None:
        if metrics is None:
            from rev_accel.metrics import METRICS

            metrics = METRICS
        self._metrics = metrics
        self._record = metrics.histogram(name, **attributes).record
        self._started = 0.0

    def __enter__(self) -> Self:
        self._started = perf_counter()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._record(perf_counter() - self._started)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        if not self._metrics.enabled:
            return function
        record, clock = self._record, perf_counter
        if iscoroutinefunction(function):

            @wraps(function)
            async def run(*args: P.args, **kwargs: P.kwargs) -> Any:
                started = clock()
                try:
                    return await function(*args, **kwargs)
                finally:
                    record(clock() - started)

            return run  # type: ignore[return-value]

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            started = clock()
            try:
                return function(*args, **kwargs)
            finally:
                record(clock() - started)

        return call
