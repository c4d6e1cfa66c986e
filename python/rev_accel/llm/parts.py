"""The messages and the tools of a request: frozen, with their digests kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any, Self, overload

from rev_accel._core import chain_digest, digest
from rev_accel.frozen import FrozenDict, Immutable, copy, freeze
from rev_accel.history.log import MessageLog, messages_digest, prefix

__all__ = ["Messages", "ToolSet"]


class Messages(Immutable, Sequence[FrozenDict]):
    """The messages of a request, in order. Two are equal when their digests are.

    Those of a `MessageLog` are a view of what it holds now, with the digest that it keeps: none is copied or digested
    again, however many there are, and what is added to the log later is not in it.
    """

    digest: str | None
    """The digests of the messages chained, so that one more costs only its own; `None` when there is none."""

    def __new__(cls, items: Iterable[Mapping[str, Any]] = ()) -> Self:
        if isinstance(items, MessageLog):
            made = super().__new__(cls)
            made._items, made._length, made.digest = prefix(items)
        elif isinstance(items, cls):
            return items
        else:
            made = super().__new__(cls)
            made._items = copy(_dicts(items, "messages"), "messages")
            made._length = len(made._items)
            made.digest = messages_digest(made._items)  # refuses what is not data
        return made

    _items: Sequence[FrozenDict]
    _length: int

    def followed_by(self, more: Sequence[FrozenDict]) -> Messages:
        """These and more, which are frozen all through already, as those of a log are: only these are digested."""
        made = super().__new__(type(self))
        made._items = [*self, *more]
        made._length = len(made._items)
        previous = None if self.digest is None else bytes.fromhex(self.digest)
        digest = chain_digest(list(more), previous=previous, first=self._length)
        made.digest = None if digest is None else digest.hex()
        return made

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """The digest of each message."""
        return tuple(digest(message, domain="message") for message in self)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[FrozenDict]:
        return islice(self._items, self._length)

    @overload
    def __getitem__(self, index: int) -> FrozenDict: ...
    @overload
    def __getitem__(self, index: slice) -> list[FrozenDict]: ...
    def __getitem__(self, index: int | slice) -> FrozenDict | list[FrozenDict]:
        at = range(self._length)[index]
        return self._items[at] if isinstance(at, int) else [self._items[one] for one in at]

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, Messages) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"<Messages: {self._length}, {(self.digest or 'empty')[:12]}>"

    def __reduce__(self) -> tuple[type[Messages], tuple[list[FrozenDict]]]:
        return Messages, (list(self),)


class ToolSet(tuple[FrozenDict, ...]):
    """The tools that a model may call, as its dialect writes them.

    Made once and used in every request, it is checked, copied and digested once. The order counts: a server
    that keeps what it computed for a prompt needs the same tools in the same order.
    """

    digest: str

    def __new__(cls, items: Iterable[Mapping[str, Any]] = ()) -> Self:
        if isinstance(items, cls):
            return items
        frozen, digest = freeze(_dicts(items, "tools"), "tools")
        made = super().__new__(cls, frozen)
        made.digest = digest
        return made


def _dicts(items: Iterable[Mapping[str, Any]], name: str) -> list[Any]:
    """What is given for messages or tools, which has to be dicts."""
    if isinstance(items, (str, bytes, dict)) or not isinstance(items, Iterable):
        raise TypeError(f"`{name}` is of type `{type(items).__name__}`: expected a list of dicts")
    listed = list(items)
    for index, item in enumerate(listed):
        if isinstance(item, dict):
            continue
        if isinstance(item, Mapping):
            listed[index] = dict(item)
        else:
            raise TypeError(f"`{name}[{index}]` is of type `{type(item).__name__}`: expected a dict")
    return listed
