"""What names a request: equal for equal requests, different for all others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from rev_accel._core import digest

if TYPE_CHECKING:
    from .request import Request

__all__ = ["NOT_IN_KEY", "Key", "Part"]

NOT_IN_KEY = ("timeout", "retries", "trace_id", "stream")
"""What a key leaves out of a call: how long to wait, how often to ask, what it is called in logs, and whether the reply
came in pieces. The last is chosen by the client's method that is called."""

# The version of what a key is made of: another one gives other keys.
VERSION = 1


class Part(NamedTuple):
    """A part of a key: its place in the request and the digest of what stands there."""

    place: str
    digest: str | None
    """`None` where nothing stands, as for absent tools."""


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a request. `str(key)` is 64 hexadecimal digits; keys are equal when these are."""

    digest: str
    _fields: tuple[Part, ...] = field(compare=False, repr=False)
    _request: Request = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.digest

    def explain(self) -> tuple[Part, ...]:
        """The parts with their digests: each field, and below it each message and each option."""
        parts: list[Part] = []
        for part in self._fields:
            parts.append(part)
            if part.place == "messages":
                parts += [Part(place(part.place, at), one) for at, one in enumerate(self._request.messages.digests)]
            elif part.place == "options":
                options = self._request.options.items()
                parts += [Part(place(part.place, option), digest(value)) for option, value in options]
        return tuple(parts)


def make(request: Request, names: tuple[str, ...]) -> Key:
    """The key of a request, of all the fields that count."""
    fields = tuple(Part(name, _digest(request, name)) for name in names)
    return Key(digest({"version": VERSION, **dict(fields)}, domain="request"), fields, request)


def _digest(request: Request, name: str) -> str | None:
    if name == "messages":
        return request.messages.digest
    if name == "tools":
        return None if request.tools is None else request.tools.digest
    value = getattr(request, name)
    return None if value is None else digest(value, domain=name)


def place(whole: str, step: str | int) -> str:
    """The place of a part, as errors of digests write it: `messages[7].content`, `options["odd name"]`."""
    if isinstance(step, int):
        return f"{whole}[{step}]"
    if step.isascii() and step.isidentifier():
        return f"{whole}.{step}"
    import json

    return f"{whole}[{json.dumps(step)}]"
