"""Answers that were thought up: for tests of an agent, without a model."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from rev_accel.errors import InputError

from . import dialects
from .client import in_pieces
from .reply import Reply
from .text import write

if TYPE_CHECKING:
    from .reply import Piece
    from .request import Request

__all__ = ["Answer", "ScriptedClient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model might say, in either dialect."""

    content: str = ""
    tool_calls: tuple[tuple[str, Mapping[str, Any] | str], ...] = ()
    """Name and arguments of each; a text is sent as it is, also if it is no JSON."""
    finish_reason: str | None = None
    """`None` for how a model ends such an answer when nothing is wrong."""


Step: TypeAlias = "str | Answer | Reply | BaseException"


class ScriptedClient:
    """Answers the first request with the first step of a script, the second with the second, and so on.

    A step is a text, an `Answer`, a whole `Reply`, an exception to raise, or a function that makes one of these from
    the request. `requests` holds what was asked so far.
    """

    def __init__(self, script: Iterable[Step | Callable[[Request], Step]]) -> None:
        self.requests: list[Request] = []
        self._script = list(script)
        self._lock = threading.Lock()

    def chat(self, request: Request) -> Reply:
        with self._lock:
            number = len(self.requests)
            if number >= len(self._script):
                raise InputError(f"the script has {len(self._script)} steps: there is none for request {number + 1}")
            self.requests.append(request)
        step = self._script[number]
        if callable(step):
            step = step(request)
        if isinstance(step, str):
            step = Answer(content=step)
        if isinstance(step, Answer):
            body = dialects.of(request.dialect).answer(step, request.model)
            return Reply.parse(write(body), dialect=request.dialect)
        if isinstance(step, Reply):
            return step
        raise step

    async def achat(self, request: Request) -> Reply:
        return self.chat(request)

    def stream(self, request: Request) -> Iterator[Piece | Reply]:
        yield from in_pieces(self.chat(request))

    async def astream(self, request: Request) -> AsyncGenerator[Piece | Reply, None]:
        for part in self.stream(request):
            yield part
