"""An earlier summary by a model in less room: whole lines of it, with marks where others were."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["shortened"]

# A longer line is prose: it is taken apart at the ends of its sentences, and a sentence that is longer ends in a mark.
LINE_CHARACTERS = 300

_HEADING = re.compile(
    r"[-+*#\s\d.)]{0,8}(?:(next)|(constraints?|rules?)|(intent|pending|goals?|tasks?)|(done|files?)"
    r"|(failed|decisions?|decided|last))\b",
    re.IGNORECASE,
)
_ITEM = ("- ", "* ", "+ ")
_NEXT, _CONSTRAINT, _INTENT, _DONE, _OTHER = range(1, 6)
# What goes first stays longest.
_RANKS = (_NEXT, _CONSTRAINT, _INTENT, _OTHER, _DONE)
_FORBIDS = re.compile(r"\b(?:never|always|must|only|do not|don't|constraint)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


def shortened(text: str, room: int) -> str:
    """As many of its lines as there is room for, in their order: the next step and constraints first, done work last.

    Of lines of one rank the middle ones go first. If there is room for none, only the mark is left.
    """
    if len(text) <= room:
        return text
    lines = list(_pieces(text))
    ranks = _ranks(lines)
    # Ends before the middle, and more of what was written last: the state stands there.
    order = sorted(range(len(lines)), key=lambda at: (ranks[at], min(3 * at, len(lines) - 1 - at), at))
    # How many fit, found by halves.
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high + 1) // 2
        if len(_rendered(lines, set(order[:middle]))) <= room:
            low = middle
        else:
            high = middle - 1
    return _rendered(lines, set(order[:low]))


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for piece in [line] if len(line) <= LINE_CHARACTERS else _SENTENCE.split(line):
            if piece.strip():
                yield piece if len(piece) <= LINE_CHARACTERS else f"{piece[: LINE_CHARACTERS - 1].rstrip()}…"


def _ranks(lines: list[str]) -> list[int]:
    """Where each line stands in the order in which they are kept: by the section that it is in, or by its words."""
    found, section = [], _OTHER
    for line in lines:
        heading = _HEADING.match(line)
        is_title = not line.lstrip().startswith(_ITEM) and (heading or line.startswith("#") or line.endswith(":"))
        kind = (heading and heading.lastindex) or (_OTHER if is_title else section)
        if is_title:
            section = kind
        if kind != _NEXT and _FORBIDS.search(line):
            kind = _CONSTRAINT
        found.append(_RANKS.index(kind))
    return found


def _rendered(lines: list[str], kept: set[int]) -> str:
    shown: list[str] = []
    missing = 0
    for at, line in enumerate(lines):
        if at not in kept:
            missing += 1
            continue
        if missing:
            shown.append(_mark(missing))
        shown.append(line)
        missing = 0
    if missing:
        shown.append(_mark(missing))
    return "\n".join(shown)


def _mark(count: int) -> str:
    return f"({count:,} more lines)" if count > 1 else "(1 more line)"
