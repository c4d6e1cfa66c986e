"""Requests as they are recorded: without secrets, for the price of what is new in them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from rev_accel import digest
from rev_accel.errors import InputError

from .parts import Messages
from .request import FIELDS, Request

if TYPE_CHECKING:
    from rev_accel.frozen import FrozenDict

__all__ = ["Redact", "Redactor"]

Redact: TypeAlias = Callable[[Any], Any]

T = TypeVar("T")

# Of so many messages it is known what they are without secrets. Only those that hold any are kept themselves.
MOST_KNOWN = 4096


class Redactor:
    """Takes secrets out of requests and of what else is recorded, with a function that may be slow.

    In a conversation each request holds the messages of the one before. So what becomes of a message is remembered by
    its digest, and of all that is no message together. May be used by several threads.
    """

    def __init__(self, redact: Redact | None) -> None:
        """`None` takes nothing out."""
        self._redact = redact
        self._lock = threading.Lock()
        # By digest; `None` for what stays as it is.
        self._known: OrderedDict[str, Any] = OrderedDict()

    def request(self, request: Request) -> Request:
        """A request as it is recorded: its key is that of what may be written."""
        if self._redact is None:
            return request
        rest = {name: getattr(request, name) for name in FIELDS if name != "messages"}
        clean = self._remembered(digest(rest), partial(self._rest, rest)) or request
        messages = [
            self._remembered(known, partial(self._message, message, known)) or message
            for message, known in zip(request.messages, request.messages.digests, strict=True)
        ]
        if clean is request and all(one is other for one, other in zip(messages, request.messages, strict=True)):
            return request
        return replace(clean, messages=Messages().followed_by(messages))

    def data(self, value: Any) -> Any:
        """JSON data as it is recorded."""
        if self._redact is None:
            return value
        try:
            return self._redact(value)
        except RecursionError:
            raise InputError("the call cannot be recorded: it nests too deep") from None

    def _rest(self, rest: dict[str, Any]) -> Request | None:
        """A request of what is no message, or `None` if that stays as it is."""
        clean = self.data(rest)
        return None if digest(clean) == digest(rest) else Request.from_dict({**clean, "messages": ()})

    def _message(self, message: FrozenDict, known: str) -> FrozenDict | None:
        """A message that holds secrets without them, else `None`."""
        clean = Messages([self.data(message)])
        return None if clean.digests[0] == known else clean[0]

    def _remembered(self, name: str, make: Callable[[], T]) -> T:
        with self._lock:
            if name in self._known:
                self._known.move_to_end(name)
                known: T = self._known[name]
                return known
        # Two threads may make it twice, and the same.
        made = make()
        with self._lock:
            self._known[name] = made
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return made
