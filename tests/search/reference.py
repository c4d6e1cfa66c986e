"""What Python's `re` says that a search should find."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

PATTERNS = (Path(__file__).parents[1] / "fixtures" / "patterns.txt").read_text(encoding="utf-8").splitlines()


BLOCK = 64 << 10


def lines(data: bytes) -> list[str]:
    """The lines of a file as they are searched, without their ends; none of one with a NUL byte in its first block."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16", "replace")
        data = text.encode()
    data = data.removeprefix(codecs.BOM_UTF8)
    if b"\0" in data:
        assert data.index(b"\0") < BLOCK
        return []
    found = data.decode("utf-8", "replace").split("\n")
    return found[:-1] if found[-1] == "" else found


def matches(pattern: re.Pattern[str], data: bytes) -> Iterator[tuple[int, str, list[tuple[int, int]]]]:
    """Number, text and spans of each line that matches."""
    for number, line in enumerate(lines(data), 1):
        spans = [found.span() for found in pattern.finditer(line)]
        if spans:
            yield number, line, spans
