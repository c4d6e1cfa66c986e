"""Metrics: how long things take, how often they happen, and the figures that a run is judged by::

    from rev_accel import metrics

    with metrics.timed(metrics.AGENT_PHASE, phase="planning"):
        ...
    print(metrics.table())

Feeding a counter or a histogram costs a fraction of a microsecond and is safe from any thread; only every 1,024th value
of a histogram has those before it counted as well, and handed on where they are exported. Everything else is done when
somebody asks. `METRICS` is what functions of this module use; a `Metrics` of one's own has the same methods.
"""

from __future__ import annotations

import os

from . import figures as _figures
from .collection import Metrics, timed
from .figures import Figures
from .instruments import Counter, Histogram, Summary
from .names import (
    AGENT_PHASE,
    ANALYSIS,
    CACHE_RESULT,
    MEMORY,
    MODEL_CALL,
    PREFIX,
    TOKENS,
    TOOL,
    TOOL_FAILURES,
    TOOL_OVERHEAD,
)

__all__ = [
    "AGENT_PHASE",
    "ANALYSIS",
    "CACHE_RESULT",
    "MEMORY",
    "METRICS",
    "MODEL_CALL",
    "PREFIX",
    "TOKENS",
    "TOOL",
    "TOOL_FAILURES",
    "TOOL_OVERHEAD",
    "Counter",
    "Figures",
    "Histogram",
    "Metrics",
    "Summary",
    "export_opentelemetry",
    "figures",
    "save",
    "table",
    "timed",
    "to_json",
]

METRICS = Metrics()
"""Those of this process."""


def figures(metrics: Metrics = METRICS) -> Figures:
    """The figures of a run so far."""
    return _figures.figures(metrics)


def table(metrics: Metrics = METRICS) -> str:
    """The figures and all that was measured, for people."""
    return _figures.table(metrics)


def to_json(metrics: Metrics = METRICS) -> str:
    """The figures and all that was measured, as one JSON text with a `schema_version`."""
    return _figures.to_json(metrics)


def save(path: str | os.PathLike[str], metrics: Metrics = METRICS) -> None:
    """Writes `to_json` into a file, for `rev-accel stats`.

    Raises:
        OSError: It cannot be written.
    """
    with open(path, "w", encoding="utf-8") as file:
        file.write(to_json(metrics) + "\n")


def export_opentelemetry(metrics: Metrics = METRICS, **how: object) -> None:
    """Hands all that is measured to OpenTelemetry: see `rev_accel.metrics.opentelemetry.export`.

    Raises:
        ImportError: The extra `rev-accel[otel]` is not installed.
    """
    from .opentelemetry import export

    export(metrics, **how)  # type: ignore[arg-type]
