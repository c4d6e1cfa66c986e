"""The digest in plain Python, slow and recursive, written from the description of the format."""

from __future__ import annotations

import contextlib
import math
import struct
import sys
from collections.abc import Iterator
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
        return b"l" + number(len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        entries = sorted((text(key), item) for key, item in value.items())
        return b"m" + number(len(entries)) + b"".join(b"s" + sized(key) + encode(item) for key, item in entries)
    raise TypeError(type(value))


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
