"""JSON and streams of it, read with care: what comes from a server can be anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

__all__ = ["EventLines", "JsonLines", "parse", "strict", "write"]


def parse(text: str | bytes) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: It is not one, is not UTF-8, nests too deep, or has an int of thousands of digits.
    """
    try:
        return json.loads(text if isinstance(text, str) else text.decode("utf-8"))
    except RecursionError:
        raise ValueError("it nests too deep") from None


def strict(text: str) -> Any:
    """`parse`, which also refuses `NaN` and `Infinity`: they are Python's, not JSON's."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"`{constant}` is not JSON")


def write(value: Any, **how: Any) -> bytes:
    """The JSON text of a value, for a server; `how` is for `json.dumps`.

    Raises:
        ValueError: It holds a NaN or an infinity, unless `allow_nan` is set, or an int of thousands of digits, or it
            nests too deep.
    """
    how = {"allow_nan": False, "separators": (",", ":"), **how}
    try:
        try:
            return json.dumps(value, ensure_ascii=False, **how).encode("utf-8")
        except UnicodeEncodeError:
            # A lone surrogate, which only an escape can carry.
            return json.dumps(value, **how).encode("ascii")
    except RecursionError:
        raise ValueError("it nests too deep") from None


class JsonLines:
    """Cuts a stream of bytes into its lines that are not empty."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that are whole now."""
        if b"\n" not in chunk:
            self._rest += chunk
            return
        *lines, rest = bytes(self._rest + chunk).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            if line.strip():
                yield line.strip()

    def end(self) -> Iterator[bytes]:
        """The last line, whose end may be missing."""
        if rest := bytes(self._rest).strip():
            yield rest


class EventLines:
    """Cuts a stream of server-sent events into the data of each event."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The data of the events that are whole now."""
        if b"\n" not in chunk:
            self._rest += chunk
            return
        *lines, rest = bytes(self._rest + chunk).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            yield from self._line(line.removesuffix(b"\r"))

    def end(self) -> Iterator[bytes]:
        """The last event, whose end may be missing."""
        yield from self._line(bytes(self._rest).removesuffix(b"\r"))
        yield from self._line(b"")

    def _line(self, line: bytes) -> Iterator[bytes]:
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
        elif not line and self._data:
            yield b"\n".join(self._data)
            self._data = []
