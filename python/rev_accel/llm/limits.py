"""How long a call may take, how large a reply may be, and how often to ask again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rev_accel.errors import InputError

__all__ = ["Limits", "Retries", "number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a single attempt may take. Times are in seconds.

    A model that thinks, or reads a long prompt, is silent until its first byte: `silence` has to be longer than that.
    """

    connect: float = 10.0
    """Until there is a connection."""
    silence: float = 300.0
    """Without a byte from the server, before the first one or between two."""
    total: float = 1800.0
    """In all. It is looked at when bytes come, so that a silence at the end may add as much again. `Request.timeout` is
    the limit for a whole call."""
    reply_bytes: int = 64 << 20
    """The largest reply."""

    def __post_init__(self) -> None:
        for name in ("connect", "silence", "total", "reply_bytes"):
            value = number(name, getattr(self, name), is_whole=name == "reply_bytes")
            if not value > 0:
                raise InputError(f"`{name}` is {value!r}: expected a number above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often to ask again after a failure that may pass, and how long to wait before.

    Such are: no connection; a connection that ended before the reply did, unless it was streamed and pieces
    of it were given out; statuses 408, 425, 429, 500, 502, 503, 504, 529. A server that says in `Retry-After` when to
    ask again is obeyed, or, if that is further away than `longest`, not asked again. Else the wait begins at `first`
    and doubles, with chance taking up to half of it off, so that many callers do not come back together.
    """

    number: int = 2
    """How often to ask again: 0 for never."""
    first: float = 0.5
    longest: float = 60.0

    def __post_init__(self) -> None:
        for name in ("number", "first", "longest"):
            value = number(name, getattr(self, name), is_whole=name == "number")
            if not value >= 0:
                raise InputError(f"`{name}` is {value!r}: expected a number not below 0")


def number(name: str, value: Any, *, is_whole: bool = False) -> Any:
    """What is given for a number, if it is one."""
    if isinstance(value, bool) or not isinstance(value, int if is_whole else (int, float)):
        expected = "a whole number" if is_whole else "a number"
        raise TypeError(f"`{name}` is of type `{type(value).__name__}`: expected {expected}")
    return value
