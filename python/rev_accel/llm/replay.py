"""Answers requests from a recording."""

from __future__ import annotations

import copy
import os
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rev_accel.errors import InputError, ReplayMissError

from . import difference, record
from .client import in_pieces
from .redaction import redact as usual
from .redactor import Redactor
from .reply import Reply

if TYPE_CHECKING:
    from .record import Record
    from .redactor import Redact
    from .reply import Piece
    from .request import Request

__all__ = ["ReplayClient"]


class ReplayClient:
    """Answers from a file that `RecordingClient` wrote, without asking anybody.

    In mode `"strict"` requests must come as they were recorded, in that order. In mode `"key"` they may come in any
    order: equal ones get their answers in the order of the recording, and the last one from then on. A recorded error
    is raised again. A stream is given word by word, not in the pieces in which it once came.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        mode: Literal["strict", "key"] = "strict",
        *,
        redact: Redact | None = usual,
        advice: str | None = None,
    ) -> None:
        """Reads the file.

        Args:
            path: The recording.
            mode: Which request gets which answer.
            redact: What the recording was made with: requests are compared as they would have been written.
            advice: What to do about a request that was not recorded, for the end of the error's text.

        Raises:
            OSError: The file cannot be read.
            rev_accel.errors.InputError: A line of it is damaged, or the mode is unknown.
        """
        if mode not in ("strict", "key"):
            raise InputError(f"`mode` is {mode!r}: expected 'strict' or 'key'")
        self._path, self._mode, self._redactor, self._advice = Path(path), mode, Redactor(redact), advice
        self._records = record.load(self._path)
        self._by_key: dict[str, list[Record]] = defaultdict(list)
        for one in self._records:
            self._by_key[str(one.request.key())].append(one)
        self._asked: dict[str, int] = defaultdict(int)
        self._number = 0
        self._lock = threading.Lock()

    @property
    def unused(self) -> int:
        """How many recorded answers nobody has asked for yet."""
        with self._lock:
            if self._mode == "strict":
                return len(self._records) - self._number
            return sum(max(0, len(same) - self._asked[key]) for key, same in self._by_key.items())

    def chat(self, request: Request) -> Reply:
        request = self._redactor.request(request)
        with self._lock:
            outcome = (self._next if self._mode == "strict" else self._same)(request).outcome
        if isinstance(outcome, Reply):
            return outcome
        # One of its own each time: its traceback grows as it is raised.
        raise copy.copy(outcome)

    async def achat(self, request: Request) -> Reply:
        return self.chat(request)

    def stream(self, request: Request) -> Iterator[Piece | Reply]:
        yield from in_pieces(self.chat(request))

    async def astream(self, request: Request) -> AsyncGenerator[Piece | Reply, None]:
        for part in self.stream(request):
            yield part

    def _next(self, request: Request) -> Record:
        """The next record, which must be of this request."""
        if self._number == len(self._records):
            raise self._miss(request, f"all {len(self._records)} recorded replies were given")
        found = self._records[self._number]
        if found.request != request:
            raise self._miss(request, f"it is the turn of line {found.line}", found)
        self._number += 1
        return found

    def _same(self, request: Request) -> Record:
        """The next record of this request, whatever its place in the file."""
        key = str(request.key())
        same = self._by_key.get(key)
        if same is None:
            raise self._miss(request, "the request is not among those recorded")
        self._asked[key] += 1
        self._number += 1
        return same[min(self._asked[key], len(same)) - 1]

    def _miss(self, request: Request, why: str, expected: Record | None = None) -> ReplayMissError:
        text = f"`{self._path}` has no reply for request {self._number + 1}: {why}"
        closest = expected or self._closest(request)
        found = None if closest is None else difference.find(closest.request, request)
        if closest is not None and found is not None:
            kind = "which" if closest is expected else f"the closest recorded request, on line {closest.line},"
            recorded, asked = difference.shown(found.one, found.other)
            text += f"; {kind} differs first in `{found.place}`: recorded is {recorded}, asked for {asked}"
        elsewhere = self._by_key.get(str(request.key()))
        if elsewhere:
            text += f"; the same request is on line {elsewhere[0].line}"
        if self._advice is not None:
            text += f"; {self._advice}"
        return ReplayMissError(text, place=None if found is None else found.place)

    def _closest(self, request: Request) -> Record | None:
        """The record whose request has most parts in common with this one, and then most places."""
        parts = set(request.key().explain())
        places = {part.place for part in parts}

        def likeness(one: Record) -> tuple[int, int]:
            others = one.request.key().explain()
            return len(parts.intersection(others)), -len(places.symmetric_difference(part.place for part in others))

        return max(self._records, key=likeness, default=None)
