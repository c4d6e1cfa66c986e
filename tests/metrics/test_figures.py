"""What accounts say: the figures, JSON, a table, OpenTelemetry."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import rev_accel
from rev_accel import History, MessageLog, ResponseCache, metrics
from rev_accel.metrics import ANALYSIS, CACHE_RESULT, PREFIX, TOOL, TOOL_OVERHEAD, Metrics
from rev_accel.metrics.memory import current_bytes, peak_bytes


@pytest.fixture
def run(tmp_path: Path) -> Metrics:
    """What a small run measured."""
    found = Metrics()
    for tool, overheads in (("read", (1e-7, 2e-7, 3e-7)), ("write", (4e-7, 5e-7))):
        for value in overheads:
            found.histogram(TOOL_OVERHEAD, tool=tool).record(value)
    found.histogram(ANALYSIS, state="cold").record(0.05)
    found.histogram(ANALYSIS, state="warm").record(0.003)
    found.histogram(TOOL, tool="read").record(0.01)
    for value in (1.0, 2.0):
        found.histogram(metrics.AGENT_PHASE, phase="planning").record(value)
    found.histogram(metrics.AGENT_PHASE, phase="review").record(9.0)
    cache = ResponseCache(folder=tmp_path / "cache")
    found.watch(cache)
    found.watch(cache)
    for key in (bytes(32), bytes(32), b"x" * 32):
        cache.get_or_call(key, lambda: b"reply")
    cache.get_or_call(b"y" * 32, lambda: b"reply", bypass="temperature")
    found.counter(CACHE_RESULT, result="hit").add(2)
    history = History(MessageLog([{"role": "user", "content": "x" * 70}]), budget=1_000, metrics=found)
    history.view()
    history.view()
    return found


def test_the_figures_are_those_of_what_was_measured(run: Metrics) -> None:
    found = metrics.figures(run)
    assert found.tool_overhead == pytest.approx(3e-7, rel=0.07)
    assert found.analysis_cold == 0.05 and found.analysis_warm == 0.003
    assert (found.cache_hits, found.cache_misses, found.cache_shared, found.cache_bypassed) == (3, 2, 0, 1)
    assert found.cache_hit_rate == 0.5
    assert found.planning == 3
    assert found.prefix_share == 0.5
    assert found.memory is None or 1e6 < found.memory <= (found.memory_peak or 0)


def test_what_was_not_measured_is_not_made_up() -> None:
    found = metrics.figures(Metrics())
    assert (found.tool_overhead, found.analysis_cold, found.planning, found.prefix_share) == (None,) * 4
    assert found.cache_hit_rate is None and found.cache_hits == 0
    assert "replies from the cache  -\n" in metrics.table(Metrics())


def test_json_gives_the_same_table_as_the_run(run: Metrics, tmp_path: Path) -> None:
    text = metrics.to_json(run)
    whole = json.loads(text)
    assert whole["schema_version"] == 1 and whole["figures"]["planning"] == 3
    names = [row["name"] for row in whole["metrics"]]
    assert names == sorted(names) and TOOL in names
    metrics.save(tmp_path / "run.json", run)
    shown = subprocess.run(
        [sys.executable, "-m", "rev_accel", "stats", str(tmp_path / "run.json")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    table = metrics.table(run)

    def but_memory(text: str) -> list[str]:
        return [line for line in text.splitlines() if not line.startswith("memory")]

    assert but_memory(shown) == but_memory(table)
    assert "50.0% (hit 3, shared 0, miss 2, bypass 1)" in table
    assert "planning                 " in table and "3.000 s" in table
    assert f"{TOOL}{{tool=read}}" in table


def test_what_is_no_finite_number_is_null() -> None:
    made = Metrics()
    for value in (float("nan"), -5.0):
        made.histogram(TOOL, tool="read").record(value)
    made.histogram(ANALYSIS, state="cold").record(float("inf"))
    made.counter("some.count").add(float("nan"))

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    whole = json.loads(metrics.to_json(made), parse_constant=refuse)
    rows = {row["name"]: row for row in whole["metrics"]}
    assert rows[TOOL]["count"] == 2 and rows[TOOL]["total"] is None and rows["some.count"]["value"] is None
    assert whole["figures"]["analysis_cold"] is None
    assert "some.count" in metrics.table(made)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema_version": 2}', '{"schema_version": 1, "figures": {}}', "[" * 10**5]
)
def test_a_file_of_something_else_is_an_error_that_says_so(text: str, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "rev_accel", "stats", str(tmp_path / "run.json")], capture_output=True, text=True
    )
    assert done.returncode == 2 and done.stderr.startswith("rev-accel: ") and len(done.stderr.splitlines()) == 1


def test_scans_are_cold_or_warm(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    found = Metrics()
    with rev_accel.workspace.use_root(tmp_path):
        for _ in range(3):
            found.scanned(rev_accel.scan(".").stats)
    assert found.histogram(ANALYSIS, state="cold").summary().count == 1
    assert found.histogram(ANALYSIS, state="warm").summary().count == 2
    account = metrics.figures(found)
    assert account.analysis_cold is not None and account.analysis_warm is not None


def test_memory_is_that_of_this_process_and_follows_it() -> None:
    before = current_bytes()
    if before is None:
        pytest.skip("this system does not tell")
    block = bytearray(64 << 20)
    block[::4096] = b"x" * len(block[::4096])
    after, peak = current_bytes(), peak_bytes()
    assert after is not None and peak is not None
    assert 60 << 20 < after - before < 80 << 20
    assert peak >= after
    del block


def exported(reader: InMemoryMetricReader) -> dict[tuple[str, tuple[Any, ...]], Any]:
    data = reader.get_metrics_data()
    found = {}
    for resource in [] if data is None else data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    found[metric.name, tuple(sorted((point.attributes or {}).items()))] = point
    return found


def test_opentelemetry_gets_all_of_it_also_what_is_made_later(run: Metrics) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    before = run.histogram(TOOL, tool="before")
    metrics.export_opentelemetry(run, meter=provider.get_meter("test"))
    before.record(0.5)
    run.histogram(TOOL, tool="later").record(2.0)
    run.histogram(TOOL, tool="later").record(3.0)
    run.counter("calls", kind="a").add(3)
    exported(reader)
    found = exported(reader)
    assert found[TOOL, (("tool", "later"),)].sum == 5.0
    assert found[TOOL, (("tool", "later"),)].count == 2
    assert found[TOOL, (("tool", "before"),)].count == 1
    # Values from before the export began are not handed on again.
    assert (TOOL, (("tool", "read"),)) not in found
    assert found["calls", (("kind", "a"),)].value == 3
    assert found[CACHE_RESULT, (("result", "hit"),)].value == 3
    assert found[PREFIX, (("kind", "shared"),)].value > 70
    assert found[metrics.MEMORY, (("kind", "peak"),)].value > 1e6
    provider.shutdown()


def test_opentelemetry_gets_the_answers_of_a_cache_that_is_watched_later(tmp_path: Path) -> None:
    reader, found = InMemoryMetricReader(), Metrics()
    provider = MeterProvider([reader])
    metrics.export_opentelemetry(found, meter=provider.get_meter("test"))
    cache = ResponseCache(folder=tmp_path / "cache")
    found.watch(cache)
    cache.get(bytes(32))
    assert exported(reader)[CACHE_RESULT, (("result", "miss"),)].value == 1
    provider.shutdown()


def test_an_exporter_that_raises_does_no_harm_to_who_measures() -> None:
    class Broken:
        def create_observable_gauge(self, *_: object, **__: object) -> None: ...

        def create_histogram(self, name: str, unit: str) -> Broken:
            if name == "new":
                raise RuntimeError("no more of them")
            return self

        def record(self, value: float, attributes: object) -> None:
            raise RuntimeError("no connection")

    found = Metrics()
    known = found.histogram("known")
    metrics.export_opentelemetry(found, meter=Broken())  # type: ignore[arg-type]
    for _ in range(5_000):
        known.record(1.0)
        found.histogram("new").record(2.0)
    assert (known.summary().count, found.histogram("new").summary().total) == (5_000, 10_000.0)


def test_a_missing_extra_is_named() -> None:
    code = """
import sys
sys.modules["opentelemetry"] = None
from rev_accel import metrics
try:
    metrics.export_opentelemetry()
except ImportError as error:
    print(error)
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown == (
        "the export to OpenTelemetry needs `opentelemetry-api`: install the extra, `pip install 'rev-accel[otel]'`\n"
    )


def test_metrics_are_loaded_when_they_are_used_and_bring_little_with_them() -> None:
    code = (
        "import sys, rev_accel; assert 'rev_accel.metrics' not in sys.modules; rev_accel.metrics; print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "rev_accel.metrics" in loaded
    for name in ("json", "asyncio", "opentelemetry", "rev_accel._core", "rev_accel.llm", "rev_accel.history"):
        assert name not in loaded, name
