"""The lines of a text that are nearest to some that are not in it."""

from __future__ import annotations

import difflib
from collections import Counter

__all__ = ["nearest"]

# Beyond so many lines only those are compared that share a line with what is looked for.
MOST_COMPARED = 2_000
# Lines of the difference that are shown, and characters of each.
SHOWN_LINES = 40
SHOWN_CHARACTERS = 200
# Less alike than this is no help.
LEAST_RATIO = 0.5


def nearest(text: str, wanted: str) -> tuple[int, str] | None:
    """Where the lines begin that are most like `wanted`, from 1, and what differs; `None` if nothing is like it."""
    lines, looked_for = text.splitlines(), wanted.splitlines()
    if not lines or not wanted.strip():
        return None
    height = len(looked_for)
    starts = _candidates(lines, looked_for)
    best, best_ratio = None, LEAST_RATIO
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2("\n".join(looked_for)[:4_000])
    for start in starts:
        matcher.set_seq1("\n".join(lines[start : start + height])[:4_000])
        if matcher.real_quick_ratio() > best_ratio and matcher.quick_ratio() > best_ratio:
            ratio = matcher.ratio()
            if ratio > best_ratio:
                best, best_ratio = start, ratio
    if best is None:
        return None
    found = lines[best : best + height]
    shown = list(difflib.unified_diff(looked_for, found, "wanted", "in the file", lineterm="", n=2))
    if len(shown) > SHOWN_LINES:
        shown = [*shown[:SHOWN_LINES], "[... more differences are not shown]"]
    cut = (line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + "…" for line in shown)
    return best + 1, "\n".join(cut)


def _candidates(lines: list[str], looked_for: list[str]) -> list[int]:
    """Where windows of lines begin that are worth comparing: those that share the most lines, blanks aside."""
    last = max(len(lines) - len(looked_for), 0)
    wanted = Counter(filter(None, map(str.strip, looked_for)))
    marks = [line.strip() for line in lines]
    inside = Counter(marks[: len(looked_for)])
    shared = sum(min(inside[line], count) for line, count in wanted.items())
    counts = []
    for start in range(last + 1):
        counts.append((shared, start))
        if start == last:
            break
        out, into = marks[start], marks[start + len(looked_for)]
        if out in wanted and inside[out] <= wanted[out]:
            shared -= 1
        inside[out] -= 1
        inside[into] += 1
        if into in wanted and inside[into] <= wanted[into]:
            shared += 1
    most = max(counts)[0]
    if most == 0:
        return [start for _, start in counts] if len(counts) <= MOST_COMPARED else []
    return [start for shared, start in counts if shared == most][:50]
