"""What has changed in a file since it was read, for people and models."""

from __future__ import annotations

import difflib

from rev_accel.errors import StaleFileError

__all__ = ["add_difference", "difference"]

# More lines are not compared: the time can grow with their square.
COMPARED_LINES = 400
SHOWN_LINES = 40
SHOWN_CHARACTERS = 200
CONTEXT = 3


def add_difference(error: StaleFileError, before: bytes, after: bytes) -> None:
    """Has an error tell what has changed, if that can be told."""
    error.difference = difference(before, after)
    if error.difference is not None:
        error.args = (f"{error}\n{error.difference}",)


def difference(before: bytes, after: bytes) -> str | None:
    """The lines that differ, as a unified diff of bounded length; `None` if one of the two is no text."""
    try:
        old, new = (data.decode().splitlines() for data in (before, after))
    except UnicodeDecodeError:
        return None
    if b"\0" in before or b"\0" in after:
        return None
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    if start == len(old) == len(new):
        return "only line ends differ"
    first, last = max(0, start - CONTEXT), max(0, end - CONTEXT)
    old, new = old[first : len(old) - last], new[first : len(new) - last]
    left_out = max(len(old), len(new)) > COMPARED_LINES
    lines = [f"from line {first + 1} on:"] if first else []
    lines += list(
        difflib.unified_diff(old[:COMPARED_LINES], new[:COMPARED_LINES], "read", "now", lineterm="", n=CONTEXT)
    )
    if len(lines) > SHOWN_LINES or left_out:
        lines = [*lines[:SHOWN_LINES], "[... more differences are not shown]"]
    return "\n".join(line if len(line) <= SHOWN_CHARACTERS else line[:SHOWN_CHARACTERS] + "…" for line in lines)
