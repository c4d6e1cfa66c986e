"""Pairs of values: whether their digests are equal exactly when they are the same data.

    python -m tests.digests.pairs 1000000 [seed]

runs the long form.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field
from typing import Any

from rev_accel import digest

from . import values


@dataclass
class Outcome:
    pairs: int = 0
    equal: int = 0
    changed: int = 0
    collisions: list[Any] = field(default_factory=list)
    false_misses: list[Any] = field(default_factory=list)


def compare(seed: int, pairs: int) -> Outcome:
    """Compares so many pairs, and every digest of the run with all others."""
    source = random.Random(seed)
    outcome = Outcome()
    seen: dict[str, Any] = {}
    while outcome.pairs < pairs:
        one = values.value(source)
        for other in (values.equal_copy(source, one), values.changed(source, one), values.changed(source, one)):
            outcome.pairs += 1
            judge(outcome, one, other)
        found = digest(one)
        if not values.same(seen.setdefault(found, one), one):
            outcome.collisions.append((seen[found], one))
    return outcome


def judge(outcome: Outcome, one: Any, other: Any) -> None:
    is_same, is_equal = values.same(one, other), digest(one) == digest(other)
    outcome.equal += is_same
    outcome.changed += not is_same
    if is_equal and not is_same:
        outcome.collisions.append((one, other))
    if is_same and not is_equal:
        outcome.false_misses.append((one, other))


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    print("seed:", seed, flush=True)
    result = compare(seed, number)
    print(f"{result.pairs} pairs: {result.equal} equal, {result.changed} changed")
    print(f"collisions: {len(result.collisions)}, false misses: {len(result.false_misses)}")
    sys.exit(bool(result.collisions or result.false_misses))
