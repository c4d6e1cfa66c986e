#!/usr/bin/env python3
"""Measures what the pictures in docs/figures show, and draws them.

Writes `figures.json`, all that was measured, and from it the pictures, each for light and dark pages, wide and narrow
ones, and tables in the README and docs/figures.md. With `--from` nothing is measured: the same file gives the same
pictures. Tables go to standard output. How it is measured stands in `peers.py` (whole processes beside rev and ruff),
`scale.py` (trees of 10² to 10⁵ files) and `events.py` (by what files are answered). Needs a POSIX system, cargo for the
floors, git, and a machine at rest.
"""

from __future__ import annotations

import argparse
import dataclasses
import email
import json
import re
import statistics
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import events
import pictures
import scale
from asks import Asker, milliseconds, scratch
from measure import Contender, progress, race
from peers import REV, RUFF, install, machine, make_contenders, make_starters, tree_facts, tree_to_scan, versions
from warm import SETTLED, build_floor, passes

DOCS = Path(__file__).parents[1] / "docs" / "figures"
# Of each page the first table.
TABLES = {DOCS.parents[1] / "README.md": pictures.speed_table, DOCS.parent / "figures.md": pictures.scale_table}
TABLE = re.compile(r"^\| .*\n(?:\|.*\n)+", re.MULTILINE)
THREADS = 2
# rev keeps what it found in a file, too; its own `main()` sets that up.
REV_AGAIN = """\
import json, pathlib, sys, time
from rev import cache
from rev.tools.analysis import analyze_ast_patterns
cache.initialize_caches(pathlib.Path.cwd(), pathlib.Path(sys.argv[1]))
took = []
for _ in range(2):
    started = time.perf_counter()
    analyze_ast_patterns(".")
    took.append((time.perf_counter() - started) * 1e3)
print(json.dumps(took))
"""


def main() -> None:
    options = parse_options()
    if options.source:
        figures = json.loads(options.source.read_text(encoding="utf-8"))
    else:
        figures = measure(quick=options.quick)
        print_tables(figures)
    options.to.mkdir(parents=True, exist_ok=True)
    files = {"figures.json": json.dumps(figures, indent=1) + "\n", **pictures.draw_all(figures)}
    for name, text in files.items():
        (options.to / name).write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(files)} files in {options.to}", file=sys.stderr)
    if options.to == DOCS:
        for page, table in TABLES.items():
            before, after = TABLE.split(page.read_text(encoding="utf-8"), maxsplit=1)
            page.write_text(f"{before}{table(figures)}{after}", encoding="utf-8", newline="\n")


def parse_options() -> Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--from", dest="source", type=Path, metavar="FILE", help="draw what was measured before")
    add("--to", type=Path, metavar="DIR", help="where to write (default: docs/figures, with --quick target/figures)")
    add("--quick", action="store_true", help="a minute, to see that it works; the pictures say so")
    options = parser.parse_args()
    options.to = options.to or (Path(scratch(), "figures") if options.quick else DOCS)
    return options


def measure(*, quick: bool) -> dict[str, Any]:
    """All figures, as `figures.json` has them: milliseconds, MiB, bytes."""
    started = time.perf_counter()
    rounds = 2 if quick else 9
    build_floor()
    peers = install(["requests", RUFF], alone=[REV]) / "bin"
    # rev takes twenty seconds for the standard library.
    small = Path(email.__file__).parent if quick else None
    facts = {
        "schema_version": 1,
        "quick": quick,
        "date": date.today().isoformat(),
        "machine": machine(),
        "versions": versions(sys.executable),
        "threads": THREADS,
        "rounds": rounds,
    }
    with tree_to_scan(small, sys.executable) as tree:
        speed = measure_speed(tree, peers, rounds, rev_rounds=1 if quick else 3)
    sizes = (100, 1_000, 4_000) if quick else scale.SIZES
    figures = {
        **facts,
        "speed": speed,
        "scale": scale.measure(sizes, rounds, THREADS, cold_ruff(peers, rounds)),
        "events": events.measure(1 if quick else 3, THREADS),
        "seconds": time.perf_counter() - started,
    }
    # What is drawn now must be what is drawn from the file.
    rounded: dict[str, Any] = json.loads(json.dumps(figures), parse_float=lambda text: round(float(text), 3))
    return rounded


def cold_ruff(peers: Path, rounds: int) -> Contender:
    options = Namespace(rounds=rounds, rev_rounds=0, peers_only=True)
    return next(one for one in make_contenders(sys.executable, peers, options) if one.key == f"ruff_{THREADS}")


def measure_speed(tree: Path, peers: Path, rounds: int, rev_rounds: int) -> dict[str, Any]:
    """Whole processes with nothing kept and with all known; calls in one process; and the floors of both."""
    with tempfile.TemporaryDirectory(dir=scratch(), prefix="speed-") as name:
        base = Path(name)
        kept = {"REV_ACCEL_CACHE_DIR": str(base / "cache"), "REV_ACCEL_NO_CACHE": ""}
        options = Namespace(rounds=rounds, rev_rounds=rev_rounds, peers_only=False)
        cold = {one.key: one for one in make_contenders(sys.executable, peers, options)}
        scan, ruff = cold[f"scan_{THREADS}"], cold[f"ruff_{THREADS}"]
        chosen = {"rev": cold["rev"], "ruff": ruff, "scan": scan, "drop_in": cold["drop_in"]}
        warm = {key: again(chosen[key], kept) for key in ("scan", "drop_in")}
        command = [part if part != "--no-cache" else f"--cache-dir={base / 'ruff'}" for part in ruff.command]
        warm["ruff"] = again(ruff, {}, command)
        bare = make_starters(sys.executable, Namespace(start_rounds=rounds, peers_only=True))
        sleep_until_settled()
        all_of_them = [*chosen.values(), *warm.values(), *bare]
        # Fills caches, and the text of the answer is kept from the second time on; rev is slow and has none here.
        for one in [*all_of_them[1:], *warm.values()]:
            one.run(tree)
        race(all_of_them, tree, rounds)
        asker = Asker(folder=base, threads=THREADS, cache=base / "cache")
        in_process: dict[str, list[float]] = {"repeat": [], "walk": [], "read": [], "stat": []}
        with passes(build_floor(), tree, THREADS) as one_pass:
            for _ in range(rounds):
                _, told = asker.ask(tree, 1 + scale.REPEATS, by="manifest")
                in_process["repeat"] += milliseconds(told[1:])
                for kind in ("read", "walk", "stat"):
                    in_process[kind].append(one_pass(kind.replace("stat", "")))
        progress("rev, asked twice")
        twice = dataclasses.replace(
            chosen["rev"], command=[*chosen["rev"].command[:2], REV_AGAIN, str(base / "rev")], samples=[]
        )
        twice.run(tree, str(base / "twice.json"))
        in_process["rev_repeat"] = json.loads((base / "twice.json").read_text())[1:]
        progress("")
        return {
            "tree": tree_facts(tree),
            "cold": {key: one.figures() for key, one in chosen.items()},
            "warm": {key: one.figures() for key, one in warm.items()},
            "bare_python": bare[0].figures(),
            "in_process": in_process,
        }


def again(one: Contender, environment: dict[str, str], command: Sequence[str] | None = None) -> Contender:
    """The same process with a cache."""
    return dataclasses.replace(
        one, command=command or one.command, environment={**one.environment, **environment}, samples=[]
    )


def sleep_until_settled() -> None:
    """Files that were just made are looked at again until their stamps can be trusted."""
    time.sleep(SETTLED)


def print_tables(figures: dict[str, Any]) -> None:
    print(pictures.provenance(figures))
    speed = figures["speed"]
    bare = speed["bare_python"]["peak_mib"]
    print("\n| whole process | time | peak memory | above bare Python |\n| --- | ---: | ---: | ---: |")
    for state in ("cold", "warm"):
        for one in speed[state].values():
            peak = f"{one['peak_mib']:.1f} MiB | {one['peak_mib'] - bare:.1f} MiB"
            print(f"| {one['name']}, {state} | {one['median_ms']:,.1f} ms | {peak} |")
    print("\n| in one process | time |\n| --- | ---: |")
    for key, values in speed["in_process"].items():
        print(f"| {key} | {statistics.median(values):,.2f} ms |")
    print()
    scale.print_tables(figures["scale"])
    print()
    events.print_table(figures["events"])
    print(f"\nmeasured in {figures['seconds']:.0f} s")


if __name__ == "__main__":
    main()
