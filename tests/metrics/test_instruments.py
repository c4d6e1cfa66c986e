"""Counters, histograms and `timed`."""

from __future__ import annotations

import asyncio
import math
import os
import random
import statistics
import sys
import threading
from typing import Any

import pytest

from rev_accel import InputError
from rev_accel.metrics import Metrics, timed
from rev_accel.metrics.instruments import WAITING


def test_quantiles_are_right_within_six_percent_and_sums_exactly() -> None:
    for seed in range(20):
        source = random.Random(seed)
        values = [source.lognormvariate(source.uniform(-12, 8), source.uniform(0.1, 2)) for _ in range(5_000)]
        histogram = Metrics().histogram("x")
        for value in values:
            histogram.record(value)
        found = histogram.summary()
        assert (found.count, found.least, found.most) == (5_000, min(values), max(values)), seed
        assert found.total == pytest.approx(math.fsum(values)), seed
        assert found.mean == pytest.approx(statistics.fmean(values)), seed
        assert found.median == pytest.approx(statistics.median(values), rel=0.065), seed
        assert found.p95 == pytest.approx(statistics.quantiles(values, n=20)[-1], rel=0.065), seed


@pytest.mark.parametrize("values", [[0.0], [0.0, 0.0, 5.0], [-1.0, 2.0], [1e-15], [1e20], [1e20, 0.0, 1e-15]])
def test_odd_values_are_counted_and_quantiles_stay_between_the_least_and_the_most(values: list[float]) -> None:
    histogram = Metrics().histogram("x")
    for value in values:
        histogram.record(value)
    found = histogram.summary()
    assert found.count == len(values)
    for quantile in (found.median, found.p95):
        assert quantile is not None and min(values) <= quantile <= max(values)


def test_a_value_that_is_no_number_is_counted_and_does_no_harm() -> None:
    histogram = Metrics().histogram("x")
    for value in (2.0, float("nan"), 1.0, float("nan"), 3.0, float("inf"), float("-inf")):
        histogram.record(value)
    assert histogram.summary().count == 7


def test_what_was_not_measured_is_none() -> None:
    found = Metrics().histogram("x").summary()
    assert (found.count, found.total, found.median, found.p95, found.least, found.most, found.mean) == (
        0,
        0,
        *[None] * 5,
    )


def test_nothing_is_lost_by_many_threads() -> None:
    metrics = Metrics()
    each, threads = 20_000, 8
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def feed() -> None:
        histogram, counter = metrics.histogram("x", kind="a"), metrics.counter("y")
        for number in range(each):
            histogram.record(1.0)
            counter.add()
            if number % 1_000 == 0:
                histogram.summary()

    try:
        running = [threading.Thread(target=feed) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    found = metrics.histogram("x", kind="a").summary()
    assert (found.count, found.total) == (each * threads, each * threads)
    assert metrics.counter("y").value == each * threads


def test_what_waits_is_bounded() -> None:
    histogram = Metrics().histogram("x")
    for _ in range(10 * WAITING):
        histogram.record(0.1)
        assert len(histogram.waiting) < WAITING


def test_one_name_and_attributes_are_one_instrument() -> None:
    metrics = Metrics()
    assert metrics.counter("x", a="1", b="2") is metrics.counter("x", b="2", a="1")
    assert metrics.counter("x", a="1") is not metrics.counter("x", a="2")
    assert metrics.histogram("y") is metrics.histogram("y")
    with pytest.raises(InputError, match="`x` is the name of a counter"):
        metrics.histogram("x")
    with pytest.raises(InputError, match="`y` is the name of a histogram"):
        metrics.counter("y", a="1")
    assert [one.name for one in metrics.instruments()] == ["x", "x", "x", "y"]


def test_blocks_and_functions_are_timed_also_when_they_raise() -> None:
    metrics = Metrics()

    @metrics.timed("f")
    def divide(one: int, other: int = 1) -> float:
        """Divides."""
        return one / other

    assert (divide(6, other=2), divide.__name__, divide.__doc__) == (3, "divide", "Divides.")
    with pytest.raises(ZeroDivisionError):
        divide(1, 0)
    with timed("block", metrics=metrics, kind="a"):
        pass
    with pytest.raises(KeyError), metrics.timed("block", kind="a"):
        raise KeyError
    assert metrics.histogram("f").summary().count == 2
    found = metrics.histogram("block", kind="a").summary()
    assert found.count == 2 and found.least is not None and found.least >= 0


def test_coroutine_functions_are_timed_until_their_end() -> None:
    metrics = Metrics()
    inside = []

    @metrics.timed("f")
    async def wait(value: Any) -> Any:
        await asyncio.sleep(0)
        inside.append(metrics.histogram("f").summary().count)
        if isinstance(value, Exception):
            raise value
        return value

    async def run() -> None:
        assert await wait(5) == 5
        with pytest.raises(KeyError):
            await wait(KeyError())

    asyncio.run(run())
    assert inside == [0, 1]
    assert metrics.histogram("f").summary().count == 2


def test_without_metrics_nothing_is_kept_and_functions_stay_as_they_are() -> None:
    metrics = Metrics(enabled=False)

    def function() -> None: ...

    assert metrics.timed("f")(function) is function
    metrics.counter("a").add()
    metrics.histogram("b").record(1)
    with metrics.timed("c"):
        pass
    assert metrics.instruments() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_can_go_on_while_a_thread_of_the_parent_was_counting() -> None:
    metrics = Metrics()
    counter, histogram = metrics.counter("x"), metrics.histogram("y")
    with counter._lock, histogram._lock, metrics._lock:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                counter.add()
                histogram.record(1)
                code = int(histogram.summary().count != 1 or metrics.counter("new").value != 0)
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
