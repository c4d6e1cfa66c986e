"""What a history sends at one time: messages that only grow until they are cut."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rev_accel.frozen import FrozenDict
from rev_accel.llm.estimate import BYTES_A_TOKEN

from .atoms import SYSTEM, Atom
from .facts import Facts
from .log import MessageLog, adopt
from .summary import HEADER
from .validity import Checker

if TYPE_CHECKING:
    from rev_accel.llm.request import Dialect

__all__ = ["Cut", "Pins", "Window", "add_size"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What was cut last."""

    at: int
    """How many messages the log had."""
    number: int
    """How many cuts there were, with this one."""
    messages: int
    """How many messages of the log the summary stands for."""
    by: Literal["text", "model"]
    """Whether the summary was made from the text of the messages, or by a model."""
    tokens_before: int
    tokens_after: int


class Pins:
    """The atoms that are never cut."""

    def __init__(self) -> None:
        self._user: Atom | None = None
        self._error: Atom | None = None
        self._last: Atom | None = None

    def see(self, atom: Atom, is_error: Callable[[Mapping[str, Any]], bool]) -> None:
        self._last = atom
        if atom.role == "user":
            self._user = atom
        elif atom.calls and any(map(is_error, atom.messages[1:])):
            self._error = atom

    def of(self, open_atom: Atom | None) -> tuple[Atom | None, ...]:
        """Those of now. Calls whose results no model has seen yet are the last atom, or open."""
        return self._user, self._error, self._last if open_atom is None else None


class _Sent:
    """Messages as they were sent, which only grow; with the sums of their sizes."""

    def __init__(self, dialect: Dialect | None) -> None:
        self.log = MessageLog()
        self.bytes: list[int] = []
        self.tokens: list[int] = []
        self.checker = Checker(dialect)

    @property
    def total(self) -> int:
        return self.tokens[-1] if self.tokens else 0

    def add(self, atom: Atom) -> None:
        for message, size in zip(atom.messages, atom.sizes, strict=True):
            adopt(self.log, message)
            self.checker.feed(message)
            add_size(self.bytes, self.tokens, size)


class Window:
    """What is sent: a head, perhaps a summary, and the atoms behind it."""

    def __init__(self, facts: Facts, *, dialect: Dialect | None) -> None:
        self.dialect: Dialect | None = dialect
        self.sent = _Sent(dialect)
        self.head: list[Atom] = []
        self.has_task = False
        self.rest: list[Atom] = []
        self.facts = facts
        self.cut: Cut | None = None
        self.replaced = 0
        """Tokens of what the last cut replaced."""
        self._summary_tokens = 0

    @property
    def gain(self) -> int:
        """How many of these it saved."""
        return self.replaced - self._summary_tokens

    def add(self, atom: Atom) -> None:
        """Takes the next atom."""
        self.sent.add(atom)
        is_head = not self.has_task and (atom.role in SYSTEM or atom.role == "user")
        if is_head:
            self.head.append(atom)
            self.has_task = atom.role == "user"
        else:
            self.rest.append(atom)

    def shortened(
        self,
        *,
        position: int,
        pins: tuple[Atom | None, ...],
        fixed: int,
        low: int,
        summary: int,
        told: str | None,
    ) -> Window | None:
        """A window of about `low` tokens, `None` if there is nothing to be gained.

        `fixed` is what comes on top of it; `told` is what a model made of all that is in it now.
        """
        pinned = {id(atom) for atom in pins if atom is not None}
        pinned |= {id(atom) for atom in self.rest if atom.role in SYSTEM}
        used = fixed + summary + sum(atom.tokens for atom in self.head)
        used += sum(atom.tokens for atom in self.rest if id(atom) in pinned)
        start = len(self.rest)
        while start:
            atom = self.rest[start - 1]
            if id(atom) not in pinned:
                used += atom.tokens
                if used > low:
                    break
            start -= 1
        dropped = [atom for atom in self.rest[:start] if id(atom) not in pinned]
        if not dropped:
            return None
        kept = [atom for atom in self.rest[:start] if id(atom) in pinned] + self.rest[start:]
        facts = self.facts.copy()
        for atom in dropped:
            facts.add(atom)
        if told is not None:
            facts.earlier = told
            text = f"{HEADER}: {facts.messages:,} messages]\n{told}"
        else:
            text = facts.text(summary * BYTES_A_TOKEN)
        stands = Atom(role="user", messages=(FrozenDict({"role": "user", "content": text}),))
        made = Window(facts, dialect=self.dialect)
        made._summary_tokens = stands.tokens
        made.replaced = self._summary_tokens + sum(atom.tokens for atom in dropped)
        if made.gain <= 0:
            return None
        for atom in self.head:
            made.add(atom)
        made.sent.add(stands)
        for atom in kept:
            made.add(atom)
        made.cut = Cut(
            at=position,
            number=1 if self.cut is None else self.cut.number + 1,
            messages=facts.messages,
            by="text" if told is None else "model",
            tokens_before=self.sent.total,
            tokens_after=made.sent.total,
        )
        return made


def add_size(sizes: list[int], tokens: list[int], size: tuple[int, int]) -> None:
    """Adds a message to the sums of bytes and tokens."""
    sizes.append((sizes[-1] if sizes else 0) + size[0])
    tokens.append((tokens[-1] if tokens else 0) + size[1])
