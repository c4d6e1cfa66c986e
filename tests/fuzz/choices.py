"""Choices made by bytes, so that whatever makes random data can be driven by a fuzzer."""

from __future__ import annotations

import random
from typing import Any

from tests.digests import values


class Choices(random.Random):
    """Draws from bytes in place of a seed. When they are over, every choice is the first one."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data = data
        self._at = 0

    @property
    def is_over(self) -> bool:
        return self._at >= len(self._data)

    def rest(self) -> bytes:
        """All that was not drawn yet."""
        found = self._data[self._at :]
        self._at = len(self._data)
        return found

    def getrandbits(self, k: int, /) -> int:
        size = (k + 7) // 8
        drawn = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(drawn, "little") & ((1 << k) - 1)

    def random(self) -> float:
        return self.getrandbits(16) / (1 << 16)


def text(source: random.Random, longest: int = 12) -> str:
    """A text with all that is odd in texts now and then."""
    return values.text(source, longest)


def data(source: random.Random) -> Any:
    """What JSON can say, and a little more."""
    return values.value(source, 1)


class HostileError(Exception):
    """What a hostile object raises."""


class Hostile:
    """An object of which nothing can be had."""

    def __repr__(self) -> str:
        raise HostileError

    __str__ = __fspath__ = __iter__ = __len__ = __bool__ = __eq__ = __hash__ = __index__ = __repr__  # type: ignore[assignment]


def odd(source: random.Random) -> Any:
    """Anything that an argument can be by mistake."""
    return source.choice(
        (
            None,
            b"bytes",
            bytearray(b"todos"),
            3.5,
            -1,
            10**30,
            True,
            {"a": 1},
            {"todos"},
            (),
            [None],
            ["todos", 1],
            "",
            "\0",
            "\ud800",
            "a" * 5_000,
            "../..",
            "~",
            object(),
            Hostile(),
            Hostile,
            range(3),
            (each for each in ("prints", "eval")),
            text(source),
            data(source),
        )
    )
