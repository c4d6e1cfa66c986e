"""The messages and the tools of a request: frozen, with their digests kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Self

from rev_accel._core import digest
from rev_accel.frozen import FrozenDict, freeze
from rev_accel.history import MessageLog

__all__ = ["Messages", "ToolSet", "chain"]


def chain(previous: str | None, message: str) -> str:
    """The digest of a list of messages from that of all but the last (`None` for none) and the last one's own."""
    return digest([previous, message], domain="messages")


class _Dicts(tuple[FrozenDict, ...]):
    """A tuple of frozen dicts, which are copied in: later changes of the caller's own change nothing."""

    _NAME: str

    def __new__(cls, items: Iterable[Mapping[str, Any]] = ()) -> Self:
        if isinstance(items, cls):
            return items
        if isinstance(items, (str, bytes, dict)) or not isinstance(items, Iterable):
            raise TypeError(f"`{cls._NAME}` is of type `{type(items).__name__}`: expected a list of dicts")
        listed = list(items)
        for index, item in enumerate(listed):
            if not isinstance(item, dict):
                raise TypeError(f"`{cls._NAME}[{index}]` is of type `{type(item).__name__}`: expected a dict")
        return super().__new__(cls, freeze(listed, cls._NAME))


class Messages(_Dicts):
    """The messages of a request, in order.

    Those of a `MessageLog` are taken as they are, with the digest that it keeps: none is copied or digested again.
    """

    _NAME = "messages"

    def __new__(cls, items: Iterable[Mapping[str, Any]] = ()) -> Self:
        if not isinstance(items, MessageLog):
            return super().__new__(cls, items)
        messages, digest = items.snapshot()
        made = tuple.__new__(cls, messages)
        made.__dict__["digest"] = digest
        return made

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """The digest of each message."""
        return tuple(digest(message, domain="message") for message in self)

    @cached_property
    def digest(self) -> str | None:
        """The digests chained, so that one more message costs only its own; `None` when there is none."""
        chained = None
        for one in self.digests:
            chained = chain(chained, one)
        return chained


class ToolSet(_Dicts):
    """The tools that a model may call, as its dialect writes them.

    Made once and used in every request, it is checked, copied and digested once. The order counts: a server
    that keeps what it computed for a prompt needs the same tools in the same order.
    """

    _NAME = "tools"

    @cached_property
    def digest(self) -> str:
        return digest(self, domain="tools")
