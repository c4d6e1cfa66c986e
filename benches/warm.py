#!/usr/bin/env python3
"""Times repeated calls: nothing changed, ten files changed, the same content elsewhere, the cache being written.

Every figure stands beside its floor, measured in turn in the same run: a bare `stat` of all folders and files of
the tree by as many threads (`cargo run --release --bin floor`), and for the rest a scan without cache. The cache
is in a temporary folder. Trees: the standard library, and generated ones of the sizes asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trees import standard_library

HERE = Path(__file__).parent
SETTLED = 2.6  # seconds after which a file's stamp is trusted
FIRST = """
import json, os, sys, time
import rev_accel
from rev_accel import workspace
with workspace.use_root(sys.argv[1]): rev_accel.analyze_ast_patterns(".")  # loads what is loaded once
workspace.set_root(sys.argv[2])
started = time.perf_counter()
text = rev_accel.analyze_ast_patterns(".")
print(json.dumps([(time.perf_counter() - started) * 1e3, len(text)]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="*", default=[10_000], help="sizes of generated trees")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each measurement (default: 15)")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="threads of both (default: 2)")
    parser.add_argument("--ruff", metavar="PATH", help="a ruff to compare a warm run with (it keeps its cache, too)")
    options = parser.parse_args()
    os.environ["REV_ACCEL_THREADS"] = str(options.threads)
    floor = build_floor()
    with tempfile.TemporaryDirectory(dir=HERE.parent / "target") as folder:
        base = Path(folder)
        trees = [standard_library(base / "stdlib")]
        trees += [generated(base / f"tree{files}", files) for files in options.files]
        (base / "tiny").mkdir()
        (base / "tiny" / "one.py").write_text("print()\n")
        print("| tree | what | floor | rev-accel | ratio or difference |")
        print("| --- | --- | ---: | ---: | ---: |")
        for tree in trees:
            os.environ["REV_ACCEL_CACHE_DIR"] = str(base / f"cache-{tree.name}")
            measure(tree, base, floor, options)


def measure(tree: Path, base: Path, floor: Path, options: argparse.Namespace) -> None:
    import rev_accel
    from rev_accel import _core, workspace

    workspace.set_root(tree)
    rounds = options.rounds
    files = sum(1 for _ in tree.rglob("*.py"))

    def row(what: str, below: float, ours: float, figure: str) -> None:
        print(f"| {files:,} files | {what} | {below:.2f} ms | {ours:.2f} ms | {figure} |", flush=True)

    def ask() -> str:
        return rev_accel.analyze_ast_patterns(".")

    time.sleep(SETTLED)
    without, writing = [], []
    for _ in range(max(3, rounds // 3)):
        with environment(REV_ACCEL_NO_CACHE="1"):
            without.append(timed(ask))
        rev_accel.cache.clear()
        writing.append(timed(ask))
    cold = statistics.median(without)
    row("cold, the cache being written", cold, statistics.median(writing), times(writing, without))

    text = ask()
    if ask() is not text:
        sys.exit("the tree changes while it is measured")
    with passes(floor, tree, options.threads) as one_pass:
        below, ours = in_turn(rounds * 4, one_pass, lambda: timed(ask))
        row("repeat in one process", statistics.median(below), statistics.median(ours), times(ours, below))

        def first() -> float:
            command = [sys.executable, "-c", FIRST, str(base / "tiny"), str(tree)]
            took, _ = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            return float(took)

        below, ours = in_turn(rounds, one_pass, first)
        allowed = 3 * statistics.median(below) + 1 + len(text) / 1e6
        figure = f"allowed: 3 floors + 1 ms + 1 ms/MB = {allowed:.1f} ms"
        row("first call of a process", statistics.median(below), statistics.median(ours), figure)

    chosen = sorted(tree.rglob("*.py"))[:: max(1, files // 10)][:10]
    alone, unchanged, changed = [], [], []
    for number in range(rounds):
        for path in chosen:
            with path.open("a") as file:
                file.write(f"# {number}\n")
        changed.append(timed(ask))
        alone.append(timed(lambda: rev_accel.scan(*chosen, cache=False)))
        time.sleep(SETTLED)
        ask()
        unchanged.append(timed(ask))
    more = statistics.median(changed) - statistics.median(unchanged)
    figure = f"+{more:.2f} ms; these ten alone: {statistics.median(alone):.2f} ms"
    row("ten files changed", statistics.median(unchanged), statistics.median(changed), figure)

    elsewhere, moved = [], tree
    for number in range(max(3, rounds // 3)):
        # Under another name it is another tree, whose contents have all been seen.
        moved = moved.rename(f"{tree}-{number}")
        time.sleep(SETTLED)
        workspace.set_root(moved)
        with environment(REV_ACCEL_NO_CACHE="1"):
            ask()  # the cold calls did not come after a rest either
        _core.forget()
        elsewhere.append(timed(ask))
    workspace.set_root(moved.rename(tree))
    time.sleep(SETTLED)
    ask()  # back in its place, it is another folder to look at
    row("the same content under a new path", cold, statistics.median(elsewhere), times(elsewhere, without))
    if options.ruff:
        compare_with_ruff(tree, options.ruff, rounds, row)


def compare_with_ruff(tree: Path, ruff: str, rounds: int, row: Callable[[str, float, float, str], None]) -> None:
    rules = "T201,S307,S102,FIX,ANN201,PLR0913,PLW0603"
    cache = tree.parent / "ruff-cache"
    options = ["--isolated", "--preview", "--select", rules, "--output-format", "json", "--cache-dir", str(cache)]
    check = [ruff, "check", *options, str(tree)]

    def theirs() -> float:
        return timed(lambda: subprocess.run(check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False))

    def ours() -> float:
        command = [sys.executable, "-c", FIRST, str(tree.parent / "tiny"), str(tree)]
        took, _ = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        return float(took)

    theirs()
    ruffs, accels = in_turn(rounds, theirs, ours)
    figure = f"{statistics.median(ruffs) / statistics.median(accels):.0f} times faster than ruff"
    row(
        "first call, ruff check with a warm cache in place of the floor",
        statistics.median(ruffs),
        statistics.median(accels),
        figure,
    )


def times(ours: list[float], others: list[float]) -> str:
    """The ratio of the medians, with that of the quickest rounds."""
    return f"{statistics.median(ours) / statistics.median(others):.2f} × (quickest {min(ours) / min(others):.2f})"


def in_turn(rounds: int, one: Callable[[], float], other: Callable[[], float]) -> tuple[list[float], list[float]]:
    one(), other()
    pairs = [(one(), other()) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def timed(work: Callable[[], Any]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def passes(floor: Path, tree: Path, threads: int) -> Iterator[Callable[..., float]]:
    """A function that gives the milliseconds of one bare pass over the tree, of the kind that `floor.rs` tells of."""
    with subprocess.Popen(
        [floor, tree, str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        ask, answer = process.stdin, process.stdout
        if ask is None or answer is None:
            sys.exit("the floor has no pipes")
        answer.readline()

        def one_pass(kind: str = "") -> float:
            ask.write(f"{kind}\n")
            return int(answer.readline()) / 1e6

        yield one_pass
        ask.close()


def build_floor() -> Path:
    command = ["cargo", "build", "--quiet", "--release", "--locked", "--package", "rev-accel-benches", "--bin", "floor"]
    environment = {name: value for name, value in os.environ.items() if name != "CARGO_TARGET_DIR"}
    subprocess.run(command, cwd=HERE.parent, env=environment, check=True)
    return HERE.parent / "target" / "release" / "floor"


def generated(folder: Path, files: int) -> Path:
    """A tree of so many modules of 5 kB, ten to a folder."""
    for number in range(files):
        path = folder / f"p{number // 1000}" / f"q{number // 10 % 100}" / f"module{number}.py"
        if number % 10 == 0:
            path.parent.mkdir(parents=True)
        functions = "".join(FUNCTION.format(name=f"step{number}_{step}", step=step) for step in range(20))
        path.write_text(f"# TODO take the unit from the settings\n{functions}\n\nprint({number})\n")
    return folder


FUNCTION = '''

def {name}(first: int, second: int) -> int:
    """Adds what is left of the second to a multiple of the first."""
    total = first * {step} + second % 1000
    if total > 100 * {step}:
        total -= second // (1 + {step})
    return total
'''


if __name__ == "__main__":
    main()
