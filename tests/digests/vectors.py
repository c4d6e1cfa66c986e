"""The vectors of `tests/fixtures/digests.json`, which the core's tests read, too.

    python -m tests.digests.vectors > vectors.json && mv vectors.json tests/fixtures/digests.json

A value is written as a list: `["none"]`, `["true"]`, `["false"]`, `["int", decimal]`, `["float", bits in hexadecimal]`,
`["str", text]`, `["codes", code points]`, `["repeated", text, times]`, `["list", [...]]`, `["tuple", [...]]`,
`["dict", [[key, value], ...]]`, `["nested", levels]` (lists in one another, the innermost empty). JSON itself would lose tuples, NaNs, large integers and lone surrogates.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from . import reference

FILE = Path(__file__).parents[1] / "fixtures" / "digests.json"
LONGEST_SHOWN = 512  # bytes of an encoding that stands in the file
PIECE = 64 << 10  # what the hasher gets at a time

Described = list[Any]


def text(value: str) -> Described:
    if any(0xD800 <= ord(character) < 0xE000 for character in value):
        return ["codes", [ord(character) for character in value]]
    return ["str", value]


def integer(value: int) -> Described:
    return ["int", str(value)]


def real(bits: str) -> Described:
    return ["float", bits]


def array(*values: Described) -> Described:
    return ["list", list(values)]


def entries(*pairs: tuple[str, Described]) -> Described:
    return ["dict", [[text(key), value] for key, value in pairs]]


MESSAGE = entries(("role", text("user")), ("content", text("Fix the failing test, please.")))
TOOL = entries(
    ("type", text("function")),
    (
        "function",
        entries(
            ("name", text("read_file")),
            ("strict", ["true"]),
            (
                "parameters",
                entries(("type", text("object")), ("required", array(text("path"))), ("properties", entries())),
            ),
        ),
    ),
)
OPTIONS = entries(
    ("temperature", real("3fe6666666666666")), ("seed", integer(7)), ("stop", ["none"]), ("num_ctx", integer(32_768))
)

VECTORS: list[tuple[str, str, Described]] = [
    ("none", "value", ["none"]),
    ("true", "value", ["true"]),
    ("false", "value", ["false"]),
    *((f"integer {number}", "value", integer(number)) for number in (0, 1, -1, 127, 128, -128, -129, 255, 256, -256)),
    *((f"integer 2**{power}", "value", integer(2**power)) for power in (31, 62, 63, 64, 127, 128, 200)),
    *((f"integer -2**{power}", "value", integer(-(2**power))) for power in (31, 63, 64, 127, 200)),
    *((f"integer 2**{power} - 1", "value", integer(2**power - 1)) for power in (15, 63, 64)),
    ("integer -2**63 - 1", "value", integer(-(2**63) - 1)),
    ("integer 10**100", "value", integer(10**100)),
    ("float 0.0", "value", real("0000000000000000")),
    ("float -0.0", "value", real("8000000000000000")),
    ("float 1.0", "value", real("3ff0000000000000")),
    ("float 0.1", "value", real("3fb999999999999a")),
    ("smallest float", "value", real("0000000000000001")),
    ("largest float", "value", real("7fefffffffffffff")),
    ("infinity", "value", real("7ff0000000000000")),
    ("negative infinity", "value", real("fff0000000000000")),
    ("nan", "value", real("7ff8000000000000")),
    ("negative nan", "value", real("fff8000000000000")),
    ("nan with a payload", "value", real("7ff80000deadbeef")),
    ("signalling nan", "value", real("7ff0000000000001")),
    ("empty text", "value", text("")),
    ("text 1", "value", text("1")),
    ("text of 127 bytes", "value", ["repeated", "x", 127]),
    ("text of 128 bytes", "value", ["repeated", "x", 128]),
    ("text of 16384 bytes", "value", ["repeated", "x", 16_384]),
    ("Latin text", "value", text("Grüße")),
    ("text beyond the basic plane", "value", text("\U0001f600 \u20ac")),
    ("text with NUL", "value", text("a\0b")),
    ("composed", "value", text("\u00e9")),
    ("decomposed", "value", text("e\u0301")),
    ("lone high surrogate", "value", text("\ud800")),
    ("lone low surrogate", "value", text("a\udfffz")),
    ("surrogates that would make a pair", "value", text("\ud83d\ude00")),
    ("replacement character", "value", text("\ufffd")),
    ("empty list", "value", array()),
    ("empty tuple", "value", ["tuple", []]),
    ("list of a list", "value", array(array())),
    ("list of none", "value", array(["none"])),
    ("list of each", "value", array(["none"], ["true"], integer(1), real("3ff0000000000000"), text("1"))),
    (
        "tuple of each",
        "value",
        ["tuple", array(["none"], ["true"], integer(1), real("3ff0000000000000"), text("1"))[1]],
    ),
    ("two texts", "value", array(text("ab"), text("c"))),
    ("two texts, cut elsewhere", "value", array(text("a"), text("bc"))),
    ("list of 200", "value", array(*map(integer, range(200)))),
    ("empty dict", "value", entries()),
    ("dict", "value", entries(("b", integer(2)), ("a", integer(1)))),
    ("dict in the other order", "value", entries(("a", integer(1)), ("b", integer(2)))),
    ("dict with an empty key", "value", entries(("", ["none"]))),
    (
        "keys in the order of their characters' numbers",
        "value",
        entries(
            *((key, integer(index)) for index, key in enumerate(["\U00010000", "\uffff", "\ud800", "z", "é", "za", ""]))
        ),
    ),
    ("message", "message", MESSAGE),
    ("message in another role", "value", MESSAGE),
    ("messages", "messages", array(MESSAGE, entries(("role", text("assistant")), ("content", ["none"])))),
    ("tools", "tools", array(TOOL)),
    ("options", "options", OPTIONS),
    ("request", "request", entries(("messages", array(MESSAGE)), ("tools", array(TOOL)), ("options", OPTIONS))),
    ("longest domain", "d" * 64, ["none"]),
    # The header takes 12 bytes: these end just before, at and behind the ends of pieces.
    *(
        (f"text of {length} bytes", "value", ["repeated", "y", length])
        for length in (PIECE - 12, PIECE - 11, PIECE, PIECE + 1)
    ),
    ("text of several pieces", "value", ["repeated", "0123456789abcdef", 3 * PIECE // 16 + 5]),
    (
        "many texts of several pieces",
        "value",
        array(*(["repeated", letter, 9_999] for letter in "abcdefghijklmnopqrst")),
    ),
    ("nested a thousand times", "value", ["nested", 1_000]),
]


def build(described: Described) -> Any:
    """The Python value that is described."""
    match described:
        case ["none"]:
            return None
        case ["true"]:
            return True
        case ["false"]:
            return False
        case ["int", decimal]:
            return int(decimal)
        case ["float", bits]:
            return struct.unpack(">d", bytes.fromhex(bits))[0]
        case ["str", value]:
            return value
        case ["codes", codes]:
            return "".join(map(chr, codes))
        case ["repeated", value, times]:
            return value * times
        case ["nested", levels]:
            nested: list[Any] = []
            for _ in range(levels - 1):
                nested = [nested]
            return nested
        case ["list", values]:
            return [build(value) for value in values]
        case ["tuple", values]:
            return tuple(build(value) for value in values)
        case ["dict", pairs]:
            return {build(key): build(value) for key, value in pairs}
    raise ValueError(f"not a description: {described!r}")


def vector(name: str, domain: str, described: Described) -> dict[str, Any]:
    value = build(described)
    encoding = reference.canonical_bytes(value, domain)
    shown = encoding.hex() if len(encoding) <= LONGEST_SHOWN else None
    return {
        "name": name,
        "domain": domain,
        "value": described,
        "canonical": shown,
        "digest": reference.digest(value, domain),
    }


def written() -> str:
    """What stands in the file: one vector a line."""
    lines = ",\n".join(json.dumps(vector(*one)) for one in VECTORS)
    return f"[\n{lines}\n]\n"


def read() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    print(written(), end="")
