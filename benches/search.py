"""Searches beside ripgrep's, and definitions: the same trees, in turn.

`rg` is a process that prints; ours is a call in this process: with the list as long as by default, with all lines in it
(`all`), and so that a record is made of each of these (`records`), which is otherwise done for those that are asked
for. The last column is the whole process `rev-accel search`, which prints nothing.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rev_accel import SearchLimits, find_definitions, outline, search

PATTERNS = Path(__file__).parents[1] / "tests" / "fixtures" / "patterns.txt"
EVERYTHING = SearchLimits(matches=1 << 31, file_matches=1 << 31)
NAMES = ("run", "Thread.run", "__init__", "TestCase", "nothing_has_this_name")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, help="a folder; by default a copy of the standard library")
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    rg = shutil.which("rg")
    if rg is None:
        sys.exit("ripgrep (`rg`) is not on the search path")
    with tempfile.TemporaryDirectory() as folder:
        tree = options.tree or standard_library(Path(folder) / "library")
        compare(tree.resolve(), rg, options.rounds)
        definitions(tree.resolve(), options.rounds)


def compare(tree: Path, rg: str, rounds: int) -> None:
    patterns = PATTERNS.read_text(encoding="utf-8").splitlines()
    options = ["--no-config", "--hidden", "--no-require-git", "--no-ignore-global", "--glob=!.git", "--line-number"]
    command = [sys.executable, "-m", "rev_accel", "search", "-qq"]
    columns = "".join(f" {name:>8} {'ratio':>6}" for name in ("default", "all", "records"))
    print(f"{'lines':>9} {'rg':>8}{columns} {'process':>8}  pattern (ms)")
    totals = [0.0] * 5
    for pattern in patterns:

        def theirs(pattern: str = pattern) -> int:
            done = subprocess.run([rg, *options, "--regexp", pattern, str(tree)], stdout=subprocess.PIPE, check=False)
            return done.stdout.count(b"\n")

        def first_of_ours(pattern: str = pattern) -> int:
            return search(pattern, root=tree).total

        def all_of_ours(pattern: str = pattern) -> int:
            return len(search(pattern, root=tree, limits=EVERYTHING))

        def records(pattern: str = pattern) -> int:
            return sum(1 for _ in search(pattern, root=tree, limits=EVERYTHING))

        def process(pattern: str = pattern) -> int:
            return subprocess.run([*command, "--", pattern, str(tree)], check=False).returncode

        counts = {theirs(), first_of_ours(), all_of_ours(), records()}
        if len(counts) != 1:
            sys.exit(f"the counts differ for `{pattern}`: {counts}")
        times = in_turn(rounds, theirs, first_of_ours, all_of_ours, records, process)
        totals = [total + one for total, one in zip(totals, times, strict=True)]
        row(f"{counts.pop():,}", times, pattern)
    row("", totals, "all of them")


def row(count: str, times: list[float], what: str) -> None:
    theirs, *ours, process = times
    shown = "".join(f" {each:8.1f} {each / theirs:6.2f}" for each in ours)
    print(f"{count:>9} {theirs:8.1f}{shown} {process:8.1f}  {what}", flush=True)


def definitions(tree: Path, rounds: int) -> None:
    print()
    for name in NAMES:

        def find(name: str = name) -> int:
            return find_definitions(name, root=tree).total

        (took,) = in_turn(rounds, find)
        print(f"find_definitions {name}: {took:.1f} ms, {find():,} found")
    largest = max(tree.rglob("*.py"), key=lambda path: path.stat().st_size)
    (took,) = in_turn(rounds, lambda: len(outline(largest, root=tree).symbols))
    print(f"outline of {largest.name} ({largest.stat().st_size / 1e6:.1f} MB): {took:.1f} ms")


def in_turn(rounds: int, *contenders: Callable[[], int]) -> list[float]:
    """The median of each, in milliseconds."""
    samples: list[list[float]] = [[] for _ in contenders]
    for number in range(rounds):
        turn = number % len(contenders)
        for index in [*range(turn, len(contenders)), *range(turn)]:
            started = time.perf_counter()
            contenders[index]()
            samples[index].append((time.perf_counter() - started) * 1e3)
    return [statistics.median(each) for each in samples]


def standard_library(folder: Path) -> Path:
    left_out = shutil.ignore_patterns("site-packages", "dist-packages", "__pycache__")
    shutil.copytree(sysconfig.get_path("stdlib"), folder, ignore=left_out)
    return folder


if __name__ == "__main__":
    main()
