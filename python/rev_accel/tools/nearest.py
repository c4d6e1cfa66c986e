"""The lines of a text that are nearest to some that are not in it."""

from __future__ import annotations

import difflib
import re
from collections import Counter

__all__ = ["nearest"]

# A longer text is not looked through, and of more lines the difference is not told.
MOST_CHARACTERS = 8 << 20
MOST_LINES = 400
# Lines of the difference that are shown, and characters of each.
SHOWN_LINES = 40
SHOWN_CHARACTERS = 200
# Less of the words in common is no help.
LEAST_SHARE = 0.5

_WORD = re.compile(r"\w+|[^\w\s]")


def nearest(text: str, wanted: str) -> tuple[int, str] | None:
    """Where the lines begin that have most words in common with `wanted`, from 1, and what differs.

    `None` if nothing is like it. Lines end with `\n` alone. The time is linear in the length of both.
    """
    lines, looked_for = text.split("\n"), wanted.split("\n")
    if len(text) + len(wanted) > MOST_CHARACTERS or len(looked_for) > MOST_LINES:
        return None
    if len(looked_for) > 1 and not looked_for[-1]:
        looked_for.pop()  # the end of the last line is no line
    is_ended = len(lines) > 1 and not lines[-1]
    if is_ended:
        lines.pop()
    start = _best_window(lines, looked_for)
    if start is None:
        return None
    found = lines[start : start + len(looked_for)]
    shown = list(difflib.unified_diff(_visible(looked_for), _visible(found), "wanted", "in the file", lineterm="", n=2))
    if len(shown) > SHOWN_LINES:
        shown = [*shown[:SHOWN_LINES], "[... more differences are not shown]"]
    if not is_ended and wanted.endswith("\n") and start + len(found) == len(lines):
        shown.append("(the file has no newline at its end)")
    cut = (line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + "…" for line in shown)
    return start + 1, "\n".join(cut)


def _best_window(lines: list[str], looked_for: list[str]) -> int | None:
    """Where as many lines as are looked for have most of their words."""
    wanted = Counter(word for line in looked_for for word in _WORD.findall(line))
    least = max(1, LEAST_SHARE * wanted.total())
    height = len(looked_for)
    inside: Counter[str] = Counter()
    shared, best, best_shared = 0, None, least - 1
    words = [[word for word in _WORD.findall(line) if word in wanted] for line in lines]
    for end, entering in enumerate(words):
        for word in entering:
            shared += inside[word] < wanted[word]
            inside[word] += 1
        if end >= height:
            for word in words[end - height]:
                inside[word] -= 1
                shared -= inside[word] < wanted[word]
        if end >= min(height, len(lines)) - 1 and shared >= least and shared > best_shared:
            best, best_shared = max(0, end - height + 1), shared
    return best


def _visible(lines: list[str]) -> list[str]:
    """Lines in which what ends them elsewhere can be seen."""
    return [line.replace("\r", "␍") for line in lines]
