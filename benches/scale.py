#!/usr/bin/env python3
"""Time and memory against the size of a tree: a scan without a cache, a process's first call, repeats, and floors.

Each size has the same mix of contents (see `trees.py`). In each round three floors are taken in turn with the scans,
natively and by as many threads: every folder listed and every file read; the same with a `stat` in place of reading;
and a bare `stat` of every folder and file, with nothing listed. Scans are in processes of their own, whose start is not
in the times but is in the memory.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import Any

from asks import Asker, milliseconds, scratch
from measure import Contender, progress
from trees import plant
from warm import SETTLED, build_floor, passes

SIZES = (100, 1_000, 10_000, 100_000)
REPEATS = 5
FLOORS = {"read_floor": "read", "walk_floor": "walk", "stat_floor": ""}
PAIRS = (("cold", "read_floor"), ("first", "walk_floor"), ("repeat", "walk_floor"), ("repeat", "stat_floor"))
"""What is set beside which floor."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=SIZES, help="sizes of trees (default: 10² to 10⁵)")
    parser.add_argument(
        "--rounds", type=int, default=9, help="rounds at 10⁴ files; more below, fewer above (default: 9)"
    )
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="threads of all (default: 2)")
    options = parser.parse_args()
    print_tables(measure(options.files, options.rounds, options.threads))


def measure(sizes: Sequence[int], rounds: int, threads: int, ruff: Contender | None = None) -> list[dict[str, Any]]:
    """For each size all milliseconds and peaks of memory; those of `ruff`, too, twice at each size."""
    floor = build_floor()
    found = []
    for files in sizes:
        # Small trees are over at once and vary the more.
        share = rounds * 2 if files < 10_000 else rounds if files < 100_000 else max(2, rounds // 2)
        with tempfile.TemporaryDirectory(dir=scratch(), prefix="scale-") as name:
            found.append(measure_size(Path(name), floor, files, share, threads, ruff))
    progress("")
    return found


def measure_size(
    base: Path, floor: Path, files: int, rounds: int, threads: int, ruff: Contender | None
) -> dict[str, Any]:
    progress(f"making {files:,} files")
    tree = base / "tree"
    size = plant(tree, files)
    sleep(SETTLED)
    cold = Asker(folder=base, threads=threads, cache=None)
    warm = Asker(folder=base, threads=threads, cache=base / "cache")
    times: dict[str, list[float]] = {key: [] for key in ("cold", "first", "repeat", *FLOORS)}
    peaks: dict[str, list[float]] = {"cold": [], "first": [], "ruff": []}
    warm.ask(tree, by="analysed")
    with passes(floor, tree, threads) as one_pass:
        # The first is not counted.
        for number in range(-1, rounds):
            progress(f"{files:,} files, round {number + 1} of {rounds}")
            round_times = {key: [one_pass(kind)] for key, kind in FLOORS.items()}
            cold_process, told = cold.ask(tree, by="analysed")
            round_times["cold"] = milliseconds(told)
            warm_process, told = warm.ask(tree, 1 + REPEATS, by="manifest")
            round_times["first"] = milliseconds(told[:1])
            round_times["repeat"] = milliseconds(told[1:])
            # As many as of the repeats.
            for _ in range(REPEATS - 1):
                for key in ("walk_floor", "stat_floor"):
                    round_times[key].append(one_pass(FLOORS[key]))
            if number < 0:
                continue
            for key, values in round_times.items():
                times[key] += values
            peaks["cold"].append(cold_process.peak_mib)
            peaks["first"].append(warm_process.peak_mib)
            if ruff and number < 2:
                peaks["ruff"].append(ruff.run(tree).peak_mib)
    return {"files": files, "bytes": size, "rounds": rounds, "ms": times, "peak_mib": peaks}


def medians(sizes: Sequence[dict[str, Any]], quantity: str, key: str) -> list[tuple[int, float]]:
    """Files and median, for each size at which it was measured."""
    return [(one["files"], statistics.median(one[quantity][key])) for one in sizes if one[quantity][key]]


def slope(points: Sequence[tuple[int, float]]) -> float:
    """Of the straight line through the logarithms: 1 is linear."""
    xs, ys = ([math.log10(point[side]) for point in points] for side in (0, 1))
    return statistics.linear_regression(xs, ys).slope


def print_tables(sizes: Sequence[dict[str, Any]]) -> None:
    keys = list(sizes[0]["ms"])
    print(
        f"| files | {' | '.join(keys)} | {' | '.join(f'{one} / {floor}' for one, floor in PAIRS)} | peak cold | warm |"
    )
    print(f"|{' ---: |' * (len(keys) + len(PAIRS) + 3)}")
    for size in sizes:
        ms = {key: statistics.median(values) for key, values in size["ms"].items()}
        cells = [f"{size['files']:,}", *(f"{ms[key]:.2f} ms" for key in keys)]
        cells += [f"{ms[one] / ms[floor]:.2f}" for one, floor in PAIRS]
        cells += [f"{statistics.median(size['peak_mib'][key]):.0f} MiB" for key in ("cold", "first")]
        print(f"| {' | '.join(cells)} |")
    if len(sizes) < 2:
        return
    (before, last), per_file = sizes[-2:], {}
    for key in keys:
        ends = [statistics.median(one["ms"][key]) / one["files"] for one in (before, last)]
        per_file[key] = ends[1] / ends[0]
    print()
    print(f"| | slope | time per file at {last['files']:,} / at {before['files']:,} |")
    print("| --- | ---: | ---: |")
    for key in keys:
        print(f"| {key} | {slope(medians(sizes, 'ms', key)):.3f} | {per_file[key]:.2f} |")
    for key in ("cold", "first"):
        print(f"| memory, {key} | {slope(medians(sizes, 'peak_mib', key)):.3f} | |")


if __name__ == "__main__":
    main()
