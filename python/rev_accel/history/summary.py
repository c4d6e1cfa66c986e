"""The text of a summary: sections in so many characters, all of which are used before anything is left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from .earlier import shortened

__all__ = ["HEADER", "LONG", "LONGEST", "Section", "lines", "names", "one_line", "written"]

HEADER = "[Summary of the earlier conversation"
"""How the message begins that stands for what was cut."""

EARLIER = "\nAn earlier summary, by a model:\n"

# Characters of a line: the least; as long as whole lines are left out; as long as others are cut; the most.
LEAST = 40
SHORT = 150
LONG = 600
LONGEST = 4_000

T = TypeVar("T")


@dataclass(kw_only=True, slots=True)
class Section:
    """Lines under a title, of any size between two: the larger, the longer."""

    rank: int
    """Those of a lower rank take room first."""
    title: str
    size: int
    """At first the least one."""
    whole: int
    """From this size on no line is left out."""
    most: int
    at: Callable[[int], list[str]]
    """The lines at a size."""

    lengths: dict[int, int] = field(default_factory=dict)
    """Of the texts at sizes that were looked at."""

    def text(self) -> str:
        """It begins with the end of the line before."""
        return "\n- ".join([f"\n{self.title}:", *self.at(self.size)])

    def length(self, size: int) -> int:
        """Of the text at a size."""
        if size not in self.lengths:
            self.lengths[size] = len(self.title) + 2 + sum(len(line) + 3 for line in self.at(size))
        return self.lengths[size]

    def grow(self, free: int, most: int) -> int:
        """Takes the largest size up to `most` that adds no more than `free` characters; gives how many it adds."""
        before = self.length(self.size)
        room = before + free
        # Just below `whole` the text can be longer than there, since it has the mark.
        for low, high in ((max(self.size, self.whole), min(most, self.most)), (self.size, self.whole - 1)):
            if low > high or self.length(low) > room:
                continue
            # By steps that double, then by halves: not much longer texts are made than there is room for.
            step = 1
            while low + step <= high and self.length(low + step) <= room:
                low, step = low + step, 2 * step
            high = min(high, low + step - 1)
            while low < high:
                middle = (low + high + 1) // 2
                low, high = (middle, high) if self.length(middle) <= room else (low, middle - 1)
            self.size = low
            break
        return self.length(self.size) - before


def lines(rank: int, title: str, items: Sequence[str]) -> Section:
    """Lines: first the newest one, then others of up to `SHORT` characters, then what is longer in all of them."""
    whole = SHORT - 1 + len(items)

    def at(size: int) -> list[str]:
        first, mark, newest = _thinned(items, max(size - SHORT + 1, 1))
        length = min(size, SHORT) + max(0, size - whole)
        return [_clipped(line, length) for line in (*first, *mark, *newest)]

    longer = max(map(len, items), default=0) - SHORT
    return Section(rank=rank, title=title, size=LEAST, whole=whole, most=whole + max(0, longer), at=at)


def names(rank: int, title: str, items: Sequence[tuple[str, str]]) -> Section:
    """Names, each with what stands before its line; those that have this in common share one. A name may be empty."""

    def at(size: int) -> list[str]:
        first, mark, newest = _thinned(items, size)
        found: dict[str, list[str]] = {}
        for before, name in (*first, *newest):
            found.setdefault(before, []).extend([name] if name else [])
        return [f"{before}: {', '.join(after)}" if after else before for before, after in found.items()] + mark

    return Section(rank=rank, title=title, size=1, whole=len(items), most=len(items), at=at)


def written(head: str, earlier: str, sections: Sequence[Section], characters: int) -> str:
    """A text of at most about so many characters.

    Of each section there is the newest line. Those of rank 0 have what else they say before anything else has more, and
    then what a model wrote, at least half of the room; the others have short lines before any has longer ones.
    """
    ranked = sorted(sections, key=lambda one: one.rank)
    room = characters - len(head) - sum(one.length(one.size) for one in ranked)
    if earlier:
        room -= len(EARLIER)
    half = min(len(earlier), characters // 2)
    for one in ranked:
        if one.rank == 0:
            room -= one.grow(room - half, one.whole + LONG - SHORT)
    if earlier:
        earlier = shortened(earlier, max(room, half))
        room -= len(earlier)
        head = f"{head}{EARLIER}{earlier}"
    for longest in (SHORT, LONG, LONGEST):
        for one in ranked:
            room -= one.grow(room, one.whole + longest - SHORT)
    return "".join([head, *(one.text() for one in sections)])


def one_line(text: str, length: int) -> str:
    """A text on one line, and only its beginning if it is too long."""
    return _clipped(" ".join(text[: 4 * length].split()) + ("…" if len(text) > 4 * length else ""), length)


def _clipped(line: str, length: int) -> str:
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


def _thinned(items: Sequence[T], count: int) -> tuple[Sequence[T], list[str], Sequence[T]]:
    """So many of them: the first quarter, a mark that counts what is missing, and the newest."""
    if len(items) <= count:
        return items, [], ()
    first = count // 4
    return items[:first], [f"({len(items) - count:,} more)"], items[len(items) - count + first :]
