"""How two functions are compared and timed, and what is said of it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from .findings import Check

__all__ = ["Function", "cut", "judged", "outcome", "seconds"]

MOST_DIFFERENCES = 5
LONGEST_TIMING = 1.0
ROUNDS = 15

Function = Callable[..., Any]


def outcome(call: Function, *arguments: Any) -> tuple[str, str]:
    """What a call gives or raises, as text."""
    try:
        result = call(*arguments)
    except Exception as error:
        return type(error).__name__, str(error)
    return "", result if isinstance(result, str) else repr(result)


def judged(name: str, compared: str, differences: Sequence[str], fixed: dict[str, int]) -> Check:
    shown = [*differences[:MOST_DIFFERENCES]]
    if len(differences) > len(shown):
        shown.append(f"and {len(differences) - len(shown):,} more")
    return Check(
        name=name,
        outcome="differs" if differences else "same",
        compared=compared,
        differences=shown,
        fixed={what: count for what, count in fixed.items() if count},
    )


def cut(text: object) -> str:
    shown = ascii(text)
    return shown if len(shown) <= 200 else f"{shown[:200]}… ({len(shown):,} characters)"


def seconds(calls: dict[str, Callable[[], object]], repeat: int = 1) -> dict[str, float]:
    """The medians of several calls in turn."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    end = time.perf_counter() + LONGEST_TIMING
    for number in range(ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            for _ in range(repeat):
                call()
            found[name].append((time.perf_counter() - started) / repeat)
        if time.perf_counter() > end and number:
            break
    return {name: statistics.median(times) for name, times in found.items()}
