"""The figures of a run, and all that was measured, as data, JSON and a table."""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import asdict, dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from .instruments import Counter, Histogram
from .memory import current_bytes, peak_bytes
from .names import AGENT_PHASE, ANALYSIS, CACHE_RESULT, PREFIX, TOOL_OVERHEAD

if TYPE_CHECKING:
    from .collection import Metrics

__all__ = ["Figures", "figures", "from_json", "table", "to_json"]

SCHEMA_VERSION = 1

KINDS = ("result", "state", "phase", "kind")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What a run of an agent is judged by. Seconds and bytes; `None` where nothing was measured."""

    tool_overhead: float | None
    """What a registry of tools adds to a handler: the median."""
    analysis_cold: float | None
    """A scan that had to read files: the median."""
    analysis_warm: float | None
    """A scan of which all was known: the median."""
    cache_hits: int
    cache_misses: int
    cache_shared: int
    cache_bypassed: int
    planning: float | None
    """All planning together."""
    memory: int | None
    memory_peak: int | None
    prefix_share: float | None
    """The part of all bytes sent to models that stood at the beginning of the request before."""

    @property
    def cache_hit_rate(self) -> float | None:
        """The share of questions that needed no call; `None` if none was asked."""
        answered = self.cache_hits + self.cache_shared
        asked = answered + self.cache_misses + self.cache_bypassed
        return answered / asked if asked else None


def figures(metrics: Metrics) -> Figures:
    """The figures of what was measured so far; memory is that of this process, now."""
    counts: Tally[tuple[str, str]] = Tally()
    measured: dict[tuple[str, str], Histogram] = {}
    for one in metrics.instruments():
        # By the attribute that tells kinds apart; what differs in others, as in the tool, is taken together.
        key = (one.name, next((one.attributes[name] for name in KINDS if name in one.attributes), ""))
        if isinstance(one, Counter):
            counts[key] += one.value  # type: ignore[assignment]
        else:
            measured.setdefault(key, Histogram(one.name, one.unit, {})).include(one)
    summaries = {key: one.summary() for key, one in measured.items()}

    def median(name: str, kind: str = "") -> float | None:
        found = summaries.get((name, kind))
        return None if found is None else found.median

    planning = summaries.get((AGENT_PHASE, "planning"))
    shared, fresh = counts[(PREFIX, "shared")], counts[(PREFIX, "fresh")]
    return Figures(
        tool_overhead=median(TOOL_OVERHEAD),
        analysis_cold=median(ANALYSIS, "cold"),
        analysis_warm=median(ANALYSIS, "warm"),
        cache_hits=int(counts[(CACHE_RESULT, "hit")]),
        cache_misses=int(counts[(CACHE_RESULT, "miss")]),
        cache_shared=int(counts[(CACHE_RESULT, "shared")]),
        cache_bypassed=int(counts[(CACHE_RESULT, "bypass")]),
        planning=None if planning is None else planning.total,
        memory=current_bytes(),
        memory_peak=peak_bytes(),
        prefix_share=shared / (shared + fresh) if shared + fresh else None,
    )


def to_json(metrics: Metrics) -> str:
    """The figures and every counter and histogram, as one JSON text; `null` is what is no finite number."""
    import json

    found = []
    for one in metrics.instruments():
        row: dict[str, Any] = {"name": one.name, "unit": one.unit, "attributes": dict(one.attributes)}
        row |= {"value": one.value} if isinstance(one, Counter) else asdict(one.summary())
        found.append(row)
    whole = {"schema_version": SCHEMA_VERSION, "figures": asdict(figures(metrics)), "metrics": found}
    return json.dumps(_finite(whole), indent=2, allow_nan=False)


def _finite(value: Any) -> Any:
    """The same without numbers that JSON has not."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def from_json(text: str) -> tuple[Figures, list[dict[str, Any]]]:
    """What `to_json` wrote.

    Raises:
        ValueError: It is something else, or of another version.
    """
    import json

    try:
        whole = json.loads(text)
        if whole["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"metrics of version {whole['schema_version']!r}: expected {SCHEMA_VERSION}")
        return Figures(**whole["figures"]), list(whole["metrics"])
    except KeyError as error:
        raise ValueError(f"it has no {error}") from None
    except (AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"it has another form: {error}") from None


def table(metrics: Metrics | str) -> str:
    """The figures and what was measured, for people; of this run, or of what `to_json` wrote."""
    figured, rows = from_json(metrics if isinstance(metrics, str) else to_json(metrics))
    rate = figured.cache_hit_rate
    lines = [
        ("tool overhead, median", seconds(figured.tool_overhead)),
        ("analysis, cold / warm", f"{seconds(figured.analysis_cold)} / {seconds(figured.analysis_warm)}"),
        (
            "replies from the cache",
            "-"
            if rate is None
            else f"{rate:.1%} (hit {figured.cache_hits:,}, shared {figured.cache_shared:,},"
            f" miss {figured.cache_misses:,}, bypass {figured.cache_bypassed:,})",
        ),
        ("planning", seconds(figured.planning)),
        ("memory, now / peak", f"{size(figured.memory)} / {size(figured.memory_peak)}"),
        ("prefix share", "-" if figured.prefix_share is None else f"{figured.prefix_share:.1%}"),
    ]
    for row in rows:
        attributes = ",".join(f"{name}={value}" for name, value in row["attributes"].items())
        name = row["name"] + (f"{{{attributes}}}" if attributes else "")
        if "value" in row:
            lines.append((name, "-" if row["value"] is None else f"{row['value']:,}"))
        elif row["count"]:
            shown = seconds if row["unit"] == "s" else _number
            parts = (
                f"{what} {shown(row[key])}" for what, key in (("median", "median"), ("95 %", "p95"), ("most", "most"))
            )
            lines.append((name, f"{row['count']:,} × {', '.join(parts)}"))
    width = max(len(name) for name, _ in lines)
    return "".join(f"{name:<{width}}  {value}\n" for name, value in lines)


def seconds(value: float | None) -> str:
    """A duration in a unit that suits it."""
    if value is None:
        return "-"
    for unit, factor in (("ns", 1e9), ("µs", 1e6), ("ms", 1e3)):
        if value * factor < 1_000:
            return f"{value * factor:.3g} {unit}"
    return f"{value:,.3f} s"


def size(value: int | None) -> str:
    return "-" if value is None else f"{value / 1e6:,.1f} MB"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
