"""The hunks of a unified diff, applied to a text."""

from __future__ import annotations

from collections.abc import Sequence

from rev_accel.errors import ToolError

from .diff import Hunk
from .nearest import nearest

__all__ = ["apply"]

# Lines that are looked at for the hunks of one file, besides some times its own: about a second's worth.
MOST_LOOKS = 1 << 28
# Lines on both sides of the one that a hunk names, among which it is looked for first.
FIRST_REACH = 1 << 10
# Each line of a patch that differs from the others is one character here.
MOST_DIFFERENT = 0x10FFFF


def apply(hunks: Sequence[Hunk], text: str, label: str) -> str:
    """The text after its hunks.

    Each one's old lines must be in the text as they are, behind those of the one before; where its head says another
    line, the nearest place counts. One without old lines has no place but the one that its head says, and one that
    ends the file none but its end.

    Raises:
        ToolError: They are not; says what is there instead.
    """
    lines = text.split("\n")
    if is_ended := not lines[-1]:
        lines.pop()
    places = _Places(lines, hunks, label, is_ended)
    found: list[str] = []
    done = drift = 0
    for number, hunk in enumerate(hunks, 1):
        said = max(hunk.start - 1, 0) if hunk.old else hunk.start
        at = places.find(number, hunk, said + drift, done)
        drift = at - said
        found += lines[done:at]
        found += hunk.new
        done = at + len(hunk.old)
    found += lines[done:]
    if hunks and (hunks[-1].old_ends or hunks[-1].new_ends):
        is_ended = not hunks[-1].new_ends
    return "\n".join(found) + ("\n" if found and is_ended else "")


class _Places:
    """Where hunks fit in a text.

    Lines are characters here, which are searched faster. Those that no hunk has are all the same one.
    """

    def __init__(self, lines: list[str], hunks: Sequence[Hunk], label: str, is_ended: bool) -> None:
        known: dict[str, str] = {}
        for hunk in hunks:
            for line in hunk.old:
                if line not in known:
                    if len(known) == MOST_DIFFERENT:
                        raise ToolError(f"the patch of `{label}` has too many different lines: apply it in parts")
                    known[line] = chr(len(known) + 1)
        self._known = known
        self._lines = lines
        self._label = label
        self._is_ended = is_ended
        self._text = "".join([known.get(line, "\0") for line in lines])
        self._backwards = self._text[::-1]
        self._looks_left = MOST_LOOKS + 4 * len(lines)

    def find(self, number: int, hunk: Hunk, expected: int, done: int) -> int:
        """Where a hunk fits, behind the lines that are done, nearest to where it is expected."""
        name, height, size = f"hunk {number} of `{self._label}`", len(hunk.old), len(self._lines)
        if not height:
            if not done <= expected <= size:
                raise ToolError(
                    f"{name} has no old lines, and `{self._label}` no line {hunk.start} to put the new ones"
                )
            at: int | None = expected
        elif hunk.old_ends or hunk.new_ends:
            at = size - height if size - height >= done and self._lines[size - height :] == hunk.old else None
        else:
            at = self._nearest(name, "".join([self._known[line] for line in hunk.old]), expected, done)
        if at is None:
            raise ToolError(self._no_place(name, hunk))
        said = f"{name} says `\\ No newline at end of file`"
        if (hunk.old_ends or hunk.new_ends) and at + height < size:
            raise ToolError(f"{said}, but more lines follow")
        if hunk.old_ends and self._is_ended:
            raise ToolError(f"{said}, but the file has one there")
        return at

    def _nearest(self, name: str, wanted: str, expected: int, done: int) -> int | None:
        """The place that is nearest: looked for in ever larger parts around where it is expected."""
        size, height = len(self._text), len(wanted)
        last = size - height
        if last < done:
            return None
        expected = min(max(expected, done), last)
        backwards, reach = wanted[::-1], FIRST_REACH
        while True:
            first, behind = max(done, expected - reach), min(last, expected + reach)
            after = self._text.find(wanted, expected, behind + height)
            before = self._backwards.find(backwards, size - expected - height, size - first)
            found = [at for at in (size - height - before if before >= 0 else -1, after) if at >= 0]
            if found:
                return min(found, key=lambda at: abs(at - expected))
            if first == done and behind == last:
                return None
            self._looks_left -= behind - first
            if self._looks_left < 0:
                raise ToolError(f"{name} is too far from the line that its head says: correct the numbers of lines")
            reach *= 4

    def _no_place(self, name: str, hunk: Hunk) -> str:
        said = f"{name} does not fit: its old lines are not in the file"
        if hunk.old_ends or hunk.new_ends:
            said = f"{name} does not fit: its old lines are not the last ones, and it says that the file ends with them"
        found = nearest("\n".join(self._lines), "\n".join(hunk.old))
        if found is None:
            return f"{said}, and nothing is like them: read the file again"
        line, difference = found
        if not difference:
            return f"{said}. They begin at line {line}"
        return f"{said}. The nearest lines begin at line {line}; the difference from the old lines:\n{difference}"
