"""Hands what is measured to OpenTelemetry. Needs its API package, the extra `rev-accel[otel]`."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any

from .collection import Metrics
from .instruments import Counter, Histogram
from .memory import current_bytes, peak_bytes
from .names import MEMORY, UNITS

try:
    from opentelemetry.metrics import CallbackOptions, Observation, get_meter
except ImportError as error:
    raise ImportError(
        "the export to OpenTelemetry needs `opentelemetry-api`: install the extra, `pip install 'rev-accel[otel]'`"
    ) from error

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

__all__ = ["export"]


def export(metrics: Metrics, *, meter: Meter | None = None) -> None:
    """Has all counters and histograms of `metrics`, also those made later, exported from now on.

    Counters are asked for when OpenTelemetry collects; the values of histograms are handed on when they are counted, at
    the latest then. Feeding them costs no more but for each 1,024th `record`, which counts those that wait and so makes
    OpenTelemetry's calls for all of them. Where they go is set up by the application, with OpenTelemetry's SDK.

    Args:
        meter: Where the instruments are made; that of the global provider by default.
    """
    _Export(metrics, get_meter("rev_accel") if meter is None else meter)


class _Export:
    def __init__(self, metrics: Metrics, meter: Meter) -> None:
        self._metrics = metrics
        self._meter = meter
        self._lock = Lock()
        self._known: dict[str, Any] = {}
        meter.create_observable_gauge(MEMORY, [self._memory], unit=UNITS[MEMORY])
        # Those that exist are taken over after the hook is there: one that is made meanwhile is taken twice, not lost.
        metrics._made = self._take
        for one in metrics.instruments():
            self._take(one)

    def _take(self, one: Counter | Histogram) -> None:
        with self._lock:
            if one.name not in self._known:
                self._known[one.name] = self._create(one)
            if isinstance(one, Histogram):
                instrument, attributes = self._known[one.name], dict(one.attributes)
                one.forward(lambda value: instrument.record(value, attributes))

    def _create(self, one: Counter | Histogram) -> Any:
        if isinstance(one, Histogram):
            return self._meter.create_histogram(one.name, unit=one.unit)

        def observe(_: CallbackOptions) -> Iterable[Observation]:
            for other in self._metrics._counters_of(one.name):
                yield Observation(other.value, dict(other.attributes))

        return self._meter.create_observable_counter(one.name, [observe], unit=one.unit)

    def _memory(self, _: CallbackOptions) -> Iterable[Observation]:
        # Asked at each collection: a good moment to hand on what still waits.
        for one in self._metrics.instruments():
            if isinstance(one, Histogram):
                one.fold()
        for kind, value in (("current", current_bytes()), ("peak", peak_bytes())):
            if value is not None:
                yield Observation(value, {"kind": kind})
