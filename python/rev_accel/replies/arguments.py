"""What callers of a `ResponseCache` give, checked."""

from __future__ import annotations

from rev_accel import settings
from rev_accel.errors import InputError

__all__ = ["key_bytes", "milliseconds", "reply_bytes", "seconds"]

LONGEST_TIME = 100 * 365 * 86_400.0  # seconds; what is longer is meant to be for ever


def key_bytes(key: bytes | str) -> bytes:
    if isinstance(key, bytes) and len(key) == 32:
        return key
    if isinstance(key, str) and len(key) == 64:
        try:
            read = bytes.fromhex(key)
        except ValueError:
            read = b""
        if len(read) == 32:  # there were no blanks, which `fromhex` skips
            return read
    if isinstance(key, (bytes, str)):
        raise InputError(f"`key` must be 32 bytes or 64 hexadecimal digits, not {key[:80]!r}")
    raise TypeError(f"`key` must be bytes or str, not {type(key).__name__}")


def reply_bytes(reply: object, what: str = "what `call` gives") -> bytes:
    if not isinstance(reply, bytes):
        raise TypeError(f"{what} must be bytes, not {type(reply).__name__}")
    return reply


def milliseconds(name: str, seconds: object, *, least: float = 0.001, most: float = LONGEST_TIME) -> int:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not least <= seconds <= most:
        raise InputError(
            f"`{name}` must be a number of seconds from {least:g} to {most:g}, not {settings.shown(seconds)}"
        )
    return round(seconds * 1000)


def seconds(name: str, value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value > 0:
        raise InputError(f"`{name}` must be a number of seconds above 0, not {settings.shown(value)}")
    return value
