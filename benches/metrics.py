#!/usr/bin/env python3
"""What it costs to measure, in one process: nanoseconds a call, without the loop and a call that does nothing.

Values that wait are counted together, so long rows of calls are timed, with that in it. The third row is what a
registry of tools does for each call: two looks at the clock, one value recorded.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

from peers import machine

from rev_accel.metrics import Metrics

CALLS = 100_000
ROUNDS = 15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    calls = contenders(Metrics())
    found: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            found[name].append(timed(call))
    nothing = min(found.pop(NOTHING))
    best = {name: (min(times) - nothing) for name, times in found.items()}
    if options.json:
        json.dump({"machine": machine(), "nanoseconds": best}, sys.stdout, indent=2)
        print()
        return
    facts = machine()
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}; the least of {ROUNDS} rounds")
    for name, value in best.items():
        print(f"| {name} | {value:,.0f} ns |")


NOTHING = "nothing"


def contenders(metrics: Metrics) -> dict[str, Callable[[], object]]:
    histogram, counter, clock = metrics.histogram("a"), metrics.counter("b"), time.perf_counter
    record = histogram.record

    def nothing() -> None: ...

    def measured() -> None:
        started = clock()
        record(clock() - started)

    def block() -> None:
        with metrics.timed("c", phase="planning"):
            pass

    return {
        NOTHING: nothing,
        "counter.add()": lambda: counter.add(),
        "histogram.record(value)": lambda: record(0.001),
        "two looks at the clock, histogram.record(value)": measured,
        "a function decorated with `timed`": metrics.timed("d")(nothing),
        "a block under `with metrics.timed(...)`": block,
        "metrics.histogram(name, attribute)": lambda: metrics.histogram("a", tool="x"),
    }


def timed(call: Callable[[], object], calls: int = CALLS) -> float:
    """Nanoseconds a call."""
    started = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - started) / calls * 1e9


if __name__ == "__main__":
    main()
