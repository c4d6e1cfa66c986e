"""What answers requests: a server, a script, a recording, or another client with something before it."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Protocol

from .reply import Piece

if TYPE_CHECKING:
    from .reply import Reply
    from .request import Request

__all__ = ["Client", "in_pieces"]


class Client(Protocol):
    """Answers requests. All methods may be called by several threads at once.

    They raise `rev_accel.errors.ModelError` when there is no whole reply.
    """

    def chat(self, request: Request) -> Reply:
        """The reply to a request."""

    async def achat(self, request: Request) -> Reply:
        """The same, for asyncio."""

    def stream(self, request: Request) -> Iterator[Piece | Reply]:
        """The reply in pieces as they come, and then, as the last, the whole of it.

        Close the iterator to give up before its end.
        """

    def astream(self, request: Request) -> AsyncGenerator[Piece | Reply, None]:
        """The same, for asyncio."""


def in_pieces(reply: Reply) -> Iterator[Piece | Reply]:
    """A reply that is there already, word by word, and then the whole of it."""
    for words in re.findall(r"\s*\S+|\s+$", reply.thinking):
        yield Piece(thinking=words)
    for words in re.findall(r"\s*\S+|\s+$", reply.content):
        yield Piece(content=words)
    yield reply
