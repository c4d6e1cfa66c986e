"""The digest in plain Python, slow and recursive, written from the description of the format."""

from __future__ import annotations

import contextlib
import math
import struct
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import blake3

VERSION = 1
NAN = bytes.fromhex("7ff8000000000000")


def digest(value: Any, domain: str = "value") -> str:
    return blake3.blake3(canonical_bytes(value, domain)).hexdigest()


def canonical_bytes(value: Any, domain: str = "value") -> bytes:
    with deep_recursion():
        return bytes([VERSION]) + sized(domain.encode("ascii")) + encode(value)


@contextlib.contextmanager
def deep_recursion() -> Iterator[None]:
    """Enough for a thousand levels, each of which takes a few calls."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 10_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def encode(value: Any) -> bytes:
    if value is None:
        return b"n"
    if value is True:
        return b"t"
    if value is False:
        return b"f"
    if isinstance(value, str):
        return b"s" + sized(text(value))
    if isinstance(value, int):
        return b"i" + sized(two_complement(int(value)))
    if isinstance(value, float):
        return b"d" + (NAN if math.isnan(value) else struct.pack(">d", value))
    if isinstance(value, (list, tuple)):
        return joined(b"l" + number(len(value)), ((b"", item) for item in value))
    if isinstance(value, dict):
        entries = sorted((text(key), item) for key, item in value.items())
        return joined(b"m" + number(len(entries)), ((b"s" + sized(key), item) for key, item in entries))
    raise TypeError(type(value))


def joined(start: bytes, items: Iterable[tuple[bytes, Any]]) -> bytes:
    """A start, and before each value what is given; a loop, since some versions of Python bound C that calls Python."""
    parts = bytearray(start)
    for before, value in items:
        parts += before + encode(value)
    return bytes(parts)


def decode(encoding: bytes) -> tuple[str, Any]:
    """The domain and the value of an encoding: that there is one answer shows that no two values share an encoding."""
    assert encoding[0] == VERSION
    domain, at = read_sized(encoding, 1)
    value, end = read_value(encoding, at)
    assert end == len(encoding)
    return domain.decode("ascii"), value


def read_value(encoding: bytes, at: int) -> tuple[Any, int]:
    tag, at = encoding[at : at + 1], at + 1
    if tag in b"ntf":
        return {b"n": None, b"t": True, b"f": False}[tag], at
    if tag == b"d":
        return struct.unpack(">d", encoding[at : at + 8])[0], at + 8
    if tag == b"i":
        digits, at = read_sized(encoding, at)
        return int.from_bytes(digits, "big", signed=True), at
    if tag == b"s":
        characters, at = read_sized(encoding, at)
        return characters.decode("utf-8", "surrogatepass"), at
    length, at = read_number(encoding, at)
    parts = []
    for _ in range(length * (2 if tag == b"m" else 1)):
        part, at = read_value(encoding, at)
        parts.append(part)
    if tag == b"l":
        return parts, at
    assert tag == b"m"
    names = parts[::2]
    assert names == sorted(set(names))
    return dict(zip(names, parts[1::2], strict=True)), at


def read_sized(encoding: bytes, at: int) -> tuple[bytes, int]:
    length, at = read_number(encoding, at)
    assert at + length <= len(encoding)
    return encoding[at : at + length], at + length


def read_number(encoding: bytes, at: int) -> tuple[int, int]:
    end = at
    while encoding[end] >= 128:
        end += 1
    value = sum((byte % 128) << 7 * index for index, byte in enumerate(encoding[at : end + 1]))
    assert number(value) == encoding[at : end + 1]
    return value, end + 1


def sized(part: bytes) -> bytes:
    return number(len(part)) + part


def number(value: int) -> bytes:
    """LEB128: seven bits a byte, least significant first, the high bit set in all bytes but the last."""
    groups = []
    while True:
        value, group = divmod(value, 128)
        groups.append(group + (128 if value else 0))
        if not value:
            return bytes(groups)


def two_complement(value: int) -> bytes:
    """The shortest form in which the first bit is the sign."""
    length = 1
    while not -(2 ** (8 * length - 1)) <= value < 2 ** (8 * length - 1):
        length += 1
    return (value % 2 ** (8 * length)).to_bytes(length, "big")


def text(value: str) -> bytes:
    """UTF-8, by hand: what it does with surrogates shall not depend on a codec."""
    found = bytearray()
    for code in map(ord, value):
        if code < 0x80:
            found += bytes([code])
        elif code < 0x800:
            found += bytes([0xC0 | code >> 6, 0x80 | code & 0x3F])
        elif code < 0x10000:
            found += bytes([0xE0 | code >> 12, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F])
        else:
            found += bytes([0xF0 | code >> 18, 0x80 | code >> 12 & 0x3F, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F])
    return bytes(found)
