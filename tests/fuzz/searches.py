"""Searches: any pattern is refused or finds lines that are there, and a plain text is found wherever it stands."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

from tests.search import reference

from rev_accel import SearchLimits, search
from rev_accel.errors import InputError

from .choices import Choices, text
from .places import folder

ROOT = folder()
FILE = ROOT / "a.txt"
EVERYTHING = SearchLimits(matches=100_000, file_matches=100_000, characters=100_000)
PARTS = (
    "a",
    "b",
    "\\w",
    "\\d+",
    ".",
    "*",
    "+?",
    "{2,3}",
    "(",
    ")",
    "(?:",
    "[^a]",
    "[",
    "|",
    "^",
    "$",
    "\\b",
    "\\",
    "\\n",
    "é",
    "(?i)",
    "\\pL",
)


def run(data: bytes) -> None:
    source = Choices(data)
    options: dict[str, Any] = {
        "case": source.choice(("sensitive", "insensitive", "smart")),
        "words": source.random() < 0.2,
        "before": source.randrange(3),
        "after": source.randrange(3),
    }
    if source.random() < 0.5:
        pattern, content = "".join(source.choice(PARTS) for _ in range(1 + source.randrange(8))), source.rest()
        FILE.write_bytes(content)
        try:
            found = search(pattern, root=ROOT, limits=EVERYTHING, threads=1, **options)
        except InputError as error:
            assert str(error)
            return
    else:
        pattern, content = text(source).replace("\n", "") or "a", source.rest()
        FILE.write_bytes(content)
        try:
            found = search(pattern, root=ROOT, literal=True, limits=EVERYTHING, threads=1, **options)
        except InputError as error:
            assert str(error)
            return
        if options["case"] == "sensitive" and not options["words"] and "\ufffd" not in pattern:
            matches = reference.matches(re.compile(re.escape(pattern)), content)
            expected = [shown(*one) for one in matches]
            assert [(one.line, one.text, list(one.spans)) for one in found] == expected, (pattern, content)
    if found.binary:
        # An empty match may come before the NUL byte is seen, as in ripgrep.
        return
    lines = [line.removesuffix("\r") for line in reference.lines(content)]
    assert len(found.matches) == found.total == sum(found.counts.values())
    for one in found:
        assert one.path == "a.txt" and lines[one.line - 1] == one.text and one.offset == 0
        assert one.spans and one.column == one.spans[0][0] + 1
        assert all(start <= end <= len(one.text) for start, end in one.spans)
        assert lines[one.line - 1 - len(one.before) : one.line - 1] == list(one.before)
        assert lines[one.line : one.line + len(one.after)] == list(one.after)


def shown(number: int, line: str, spans: list[tuple[int, int]]) -> tuple[int, str, list[tuple[int, int]]]:
    """The carriage return of a line that ends in CR LF is not part of what is given, though it can match."""
    text = line.removesuffix("\r")
    return number, text, [(min(start, len(text)), min(end, len(text))) for start, end in spans]


def seeds() -> Sequence[bytes]:
    contents = (
        b"a b\naab\n\nab ba\r\n\xc3\xa9a\n",
        b"\xef\xbb\xbfab\nb",
        b"\xff\xfea\0b\0\n\0",
        b"a\xff\xc3b\na\0b\n",
        b"ab" * 200 + b"\n" * 50 + b"a",
    )
    return [
        random.Random(number).randbytes(20) + contents[number % len(contents)] * (1 + number % 3)
        for number in range(60)
    ]
