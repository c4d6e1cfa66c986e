"""What there is to do for one question: look the reply up, wait for whoever is getting it, or make the call."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from rev_accel import cache as shared

from .arguments import reply_bytes
from .flights import Flight, Flights, Patience, Renewals
from .stats import Counts
from .steps import Call, Course, Do, Pause, Wait

if TYPE_CHECKING:
    from rev_accel._core import ReplyStore

__all__ = ["Courses", "Failed", "Question", "Storable"]

# Between two looks at what another process is doing, in seconds: first and longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.005, 0.05

Storable = Callable[[bytes], str | None]
Failed = Callable[[Exception], str]


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks for, and how it is to be answered."""

    key: bytes
    storable: Storable | None
    failed: Failed | None
    lasts: int | None
    """For how many milliseconds the reply may be used; `None` for one that stays true."""
    patience: Patience
    """For how long whoever asks is still waited for."""
    is_inside: bool
    """Whether it is asked within another call. Two such may ask for each other's: so they wait for nobody."""


class Turn(Enum):
    """Whose turn it is to make a call."""

    MINE = "mine"  # there is a lease for it
    EVERYBODY = "everybody"  # of all who wait, each for himself
    UNKNOWN = "unknown"  # the store cannot be used


class Courses:
    """The ways to a reply, for all questions to one `ResponseCache`."""

    def __init__(self, store: ReplyStore, *, lease: int, max_age: int | None, max_bytes: int) -> None:
        self._store, self._lease, self._max_age, self._max_bytes = store, lease, max_age, max_bytes
        self._processes: dict[int, OfProcess] = {}

    def course(self, question: Question) -> Course[bytes]:
        """What there is to do for a question."""
        key = question.key
        found = yield Do(partial(self._store.get, key, max_age=self._max_age))
        process = self.process()
        if isinstance(found, bytes):
            process.counts.add("hit")
            return found
        while True:
            flight, is_mine = process.flights.join(key, question.patience)
            if is_mine:
                try:
                    return (yield from self._lead(process, flight, question))
                finally:
                    if process.is_here():
                        process.flights.end(key, flight)
            if question.is_inside:
                return (yield from self._alone(question))
            while not flight.is_done and (left := flight.patience()) > 0:
                yield Wait(flight, min(left, self._lease / 1000))
            if flight.reply is not None:
                process.counts.add("shared")
                return flight.reply
            if flight.is_refused:
                return (yield from self._alone(question))

    def put(self, key: bytes, reply: bytes, lasts: int | None, owner: bytes | None = None) -> bool:
        """Keeps a reply, and ends the flight of its owner; whether that was done."""
        failed = self._store.put(key, reply, lasts=lasts, max_bytes=self._max_bytes, owner=owner)
        counts = self.process().counts
        if failed is None:
            counts.add("stored")
            return True
        reason, problem = failed
        counts.refused(reason)
        shared.tell(problem, "replies")
        return False

    def bypassed(self, why: tuple[str, str | None]) -> None:
        """Counts a question that was not put to the store, and tells why."""
        reason, problem = why
        self.process().counts.bypassed(reason)
        shared.tell(problem, "replies")

    def process(self) -> OfProcess:
        """What belongs to this process."""
        number = os.getpid()
        process = self._processes.get(number)
        if process is None:
            # In one step: two threads get the same one.
            process = self._processes.setdefault(number, OfProcess(number, self._store, self._lease))
        return process

    def _lead(self, process: OfProcess, flight: Flight, question: Question) -> Course[bytes]:
        """What there is to do for the one of this process who is to make the call, unless another process makes it."""
        key, owner = question.key, os.urandom(16)
        # From the first attempt on, whatever happens: it may have been made although Ctrl-C was faster.
        has_lease = True
        try:
            outcome = yield from self._take(process, question, owner)
            has_lease = outcome is Turn.MINE
            if isinstance(outcome, bytes):
                flight.reply = outcome
                return outcome
            if outcome is Turn.EVERYBODY:
                # Nor does anybody here wait for this call.
                flight.is_refused = not question.is_inside
                process.flights.end(key, flight)
                return (yield from self._alone(question))
            if has_lease:
                process.renewals.add(key, owner, flight.patience)
            try:
                reply, is_storable = yield from self._call(question)
            except Exception:
                flight.is_refused = True
                raise
            if not is_storable:
                flight.is_refused = True
                return reply
            flight.reply = reply
            if has_lease:
                process.renewals.discard(key, owner)
                # Ends the flight in the same transaction: nobody finds neither.
                flight.is_refused = has_lease = not (yield Do(partial(self.put, key, reply, question.lasts, owner)))
            return reply
        finally:
            # A process that was forked by `call` may come here too; the lease is its parent's.
            if has_lease and process.is_here():
                process.renewals.discard(key, owner)
                (self._store.refuse if flight.is_refused else self._store.release)(key, owner)

    def _alone(self, question: Question) -> Course[bytes]:
        """What there is to do for one who makes the call whoever else does."""
        self.process().counts.add("miss")
        reply, is_storable = yield from self._call(question)
        if is_storable:
            yield Do(partial(self.put, question.key, reply, question.lasts))
        return reply

    def _call(self, question: Question) -> Course[tuple[bytes, bool]]:
        """The reply, and whether it is to be stored."""
        try:
            reply = reply_bytes((yield Call()))
        except Exception as error:
            self.process().counts.refused("error" if question.failed is None else question.failed(error))
            raise
        refusal = None if question.storable is None else question.storable(reply)
        if refusal is not None:
            self.process().counts.refused(refusal)
        return reply, refusal is None

    def _take(self, process: OfProcess, question: Question, owner: bytes) -> Course[bytes | Turn]:
        """The reply, or who is to make the call."""
        held, since, pause = None, 0.0, FIRST_PAUSE
        stale = None
        while True:
            what, value = yield Do(
                partial(self._store.take, question.key, owner, lease=self._lease, max_age=self._max_age, stale=stale)
            )
            match what:
                case "reply":
                    process.counts.add("hit" if held is None else "shared")
                    found: bytes = value
                    return found
                case "mine":
                    process.counts.add("miss")
                    return Turn.MINE
                case "bypass":
                    self.bypassed(value)
                    return Turn.UNKNOWN
            if value[2] == 0:
                # That call came to nothing that may be kept. Who did not wait for it begins anew.
                if held is not None and held[0] == value[0]:
                    return Turn.EVERYBODY
                stale = value
                continue
            if question.is_inside:
                return Turn.EVERYBODY
            if value != held:
                held, since = value, time.monotonic()
            yield Pause(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
            stale = value if time.monotonic() - since > value[2] / 1000 else None


class OfProcess:
    """What a forked child must not take over: locks that nobody releases there, calls that are made elsewhere."""

    def __init__(self, number: int, store: ReplyStore, lease: int) -> None:
        self._number = number
        self.counts = Counts()
        self.flights = Flights()
        self.renewals = Renewals(store, lease)

    def is_here(self) -> bool:
        return os.getpid() == self._number
