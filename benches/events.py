#!/usr/bin/env python3
"""By what the files of a tree are answered after what typically happens to it: statistics of scans in new processes.

The tree is the standard library, as a git repository with a branch on which each 18th file differs. Before each scan
there is a rest, after which stamps are trusted. All is done anew in each round, with an empty cache.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import sleep
from typing import Any

from asks import Asker, scratch
from measure import progress
from trees import append, git, standard_library
from warm import SETTLED

EVERY = 18
EDITED = 10
LEVELS = ("memory", "manifest", "recent", "store", "analysed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of all events (default: 3)")
    parser.add_argument(
        "--threads", type=int, default=min(2, os.cpu_count() or 1), help="threads of a scan (default: 2)"
    )
    options = parser.parse_args()
    print_table(measure(options.rounds, options.threads))


def measure(rounds: int, threads: int) -> list[dict[str, Any]]:
    """For each event how many files each level answered, and the milliseconds of the call in each round."""
    found: list[dict[str, Any]] = []
    for number in range(rounds):
        with tempfile.TemporaryDirectory(dir=scratch(), prefix="events-") as name:
            base = Path(name)
            asker = Asker(folder=base, threads=threads, cache=base / "cache")
            for place, (event, what) in enumerate(happenings(base)):
                progress(f"events, round {number + 1} of {rounds}: {event}")
                tree = what()
                sleep(SETTLED)
                _, (told,) = asker.ask(tree)
                counts = {level: told[level] for level in LEVELS}
                if number == 0:
                    found.append({"event": event, "files": told["files"], **counts, "ms": []})
                elif any(found[place][level] != counts[level] for level in LEVELS):
                    sys.exit(f"{event}: answered by {counts}, and before that by {found[place]}")
                found[place]["ms"].append(told["ms"])
    progress("")
    return found


def happenings(base: Path) -> list[tuple[str, Callable[[], Path]]]:
    """Names of events, and what makes them happen; that gives the folder to scan."""
    tree = standard_library(base / "tree")
    files = sorted(tree.rglob("*.py"))
    differing = files[::EVERY]
    git(tree, "init", "--quiet", "--initial-branch=main")
    git(tree, "add", "--all", "--force")
    git(tree, "commit", "--quiet", "--message=library")
    git(tree, "switch", "--quiet", "--create=other")
    for path in differing:
        append(path, "# on another branch\n")
    git(tree, "commit", "--quiet", "--all", "--message=other")
    git(tree, "switch", "--quiet", "main")

    def edit() -> Path:
        for path in files[1::EVERY][:EDITED]:
            append(path, "# edited\n")
        return tree

    def switch(branch: str) -> Path:
        git(tree, "switch", "--quiet", branch)
        return tree

    def touch() -> Path:
        for path in files:
            path.touch()
        return tree

    def clone() -> Path:
        git(base, "clone", "--quiet", str(tree), "clone")
        return base / "clone"

    return [
        ("First scan", lambda: tree),
        ("Nothing changed", lambda: tree),
        ("Nothing changed, again", lambda: tree),
        (f"{EDITED} files edited", edit),
        (f"Switched to a new branch, {len(differing)} files differ", lambda: switch("other")),
        ("Switched back", lambda: switch("main")),
        ("Every file touched", touch),
        ("A fresh clone at another path", clone),
    ]


def print_table(found: list[dict[str, Any]]) -> None:
    print(f"| what happened | files | {' | '.join(LEVELS)} | time |")
    print(f"| --- |{' ---: |' * (len(LEVELS) + 2)}")
    for one in found:
        counts = " | ".join(f"{one[level]:,}" for level in LEVELS)
        print(f"| {one['event']} | {one['files']:,} | {counts} | {statistics.median(one['ms']):.1f} ms |")


if __name__ == "__main__":
    main()
