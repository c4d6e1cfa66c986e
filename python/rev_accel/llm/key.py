"""What names a request: equal for equal requests, different for all others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from rev_accel._core import digest

if TYPE_CHECKING:
    from .parts import Messages

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
    _fields: dict[str, str | None] = field(compare=False, repr=False)
    _messages: Messages = field(compare=False, repr=False)
    _options: Mapping[str, Any] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.digest

    def explain(self) -> tuple[Part, ...]:
        """The parts with their digests: each field, and below it each message and each option."""
        parts: list[Part] = []
        for name, one in self._fields.items():
            parts.append(Part(name, one))
            if name == "messages":
                parts += [Part(place(name, at), one) for at, one in enumerate(self._messages.digests)]
            elif name == "options":
                parts += [Part(place(name, option), digest(value)) for option, value in self._options.items()]
        return tuple(parts)


def make(request: Mapping[str, Any], names: tuple[str, ...], known: Mapping[str, str | None]) -> Key:
    """The key of a request, of all the fields that count; `known` are digests that were made with it."""
    fields: dict[str, str | None] = dict.fromkeys(names)
    for name in names:
        value = request[name]
        if name in known:
            fields[name] = known[name]
        elif value is not None:
            fields[name] = _of_text(value, name) if type(value) is str else digest(value, domain=name)
    whole = digest({"version": VERSION, **fields}, domain="request")
    return Key(whole, fields, request["messages"], request["options"])


@lru_cache(maxsize=64)
def _of_text(value: str, name: str) -> str:
    """The digest of an endpoint, a dialect or the name of a model, which are the same for most requests of a run."""
    return digest(value, domain=name)


def place(whole: str, step: str | int) -> str:
    """The place of a part, as errors of digests write it: `messages[7].content`, `options["odd name"]`."""
    if isinstance(step, int):
        return f"{whole}[{step}]"
    if step.isascii() and step.isidentifier():
        return f"{whole}.{step}"
    import json

    return f"{whole}[{json.dumps(step)}]"
