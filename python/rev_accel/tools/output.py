"""What a process prints, made fit for reading: decoded, without escapes, the middle of what is long left out."""

from __future__ import annotations

import codecs
import re

__all__ = ["Excerpt", "Plain", "collapsed"]

# Control characters but for those that stay, and those that begin or end an escape. No other character has these bytes
# in UTF-8, so they are taken out first, at once.
_SINGLE = bytes({*range(32), 127} - set(b"\t\n\r\a\x1b"))
# What a terminal takes for commands: CSI, OSC, strings for devices, and those of two or three characters; other control
# characters go in runs. The beginning of another one ends a string: so each character is looked at once. All begin with
# one set, so the search jumps to the next of it; what may follow depends on which it was.
_ESCAPE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f](?:"
    r"(?<=\x1b)(?:"
    r"\[[0-?]*[ -/]*[@-~]"
    r"|\][^\x07\x1b\x90\x98\x9b-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|[PX^_][^\x1b\x90\x98\x9b-\x9f]*(?:\x1b\\|\x9c)"
    r"|[ -/]*[0-~]"
    r"|\x1b*(?=\x1b))"
    r"|(?<=\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?<=\x9d)[^\x07\x1b\x90\x98\x9b-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|(?<=[\x90\x98\x9e\x9f])[^\x1b\x90\x98\x9b-\x9f]*(?:\x1b\\|\x9c)"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x8f\x91-\x97\x99\x9a\x9c]*)"
)
# One that goes on in the next piece.
_OPEN = re.compile(
    r"(?=[\x1b\x90\x98\x9b\x9d-\x9f])"
    r"(?:(?:\x1b\[|\x9b)[0-?]*[ -/]*"
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9b-\x9f]*\x1b?"
    r"|\x1b[ -/]*)\Z"
)
# Longer ones are none.
_LONGEST_ESCAPE = 4096

# Of a line of more characters the start is taken as it is; what follows could write over it.
_LONGEST_LINE = 1 << 16


class Plain:
    """Turns bytes into text, piece by piece, without escapes and control characters; U+FFFD is what is not UTF-8.

    Tabs, newlines and carriage returns stay.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open = ""

    def feed(self, data: bytes, *, is_last: bool = False) -> str:
        """The text of the next piece; the beginning of an escape waits for its end."""
        data = data.translate(None, _SINGLE)
        text = self._open + self._decoder.decode(data, is_last)
        if not self._open and text.isascii() and b"\x1b" not in data and b"\a" not in data:
            return text
        self._open = ""
        if not is_last and (found := _OPEN.search(text, max(0, len(text) - _LONGEST_ESCAPE))):
            text, self._open = text[: found.start()], found[0]
        return _ESCAPE.sub("", text)


def collapsed(line: str) -> str:
    """What of a line without its end is left on a terminal where it was written over after carriage returns."""
    if "\r" not in line:
        return line
    return next((part for part in reversed(line.split("\r")) if part), "")


class Excerpt:
    """The beginning and the end of a text that comes in pieces, in bounded memory.

    Args:
        limit: Bytes of it in UTF-8 that are kept; a third of them from the beginning, since errors and summaries
            tend to stand at the end.
    """

    def __init__(self, limit: int) -> None:
        self._most_head = limit // 3
        self._most_tail = limit - self._most_head
        self._head, self._tail = bytearray(), bytearray()
        self._line = ""
        self._bytes = self._newlines = 0

    def add(self, text: str) -> None:
        """The next piece. Lines that are written over, as those of progress, count as what is left of them."""
        whole, newline, self._line = (self._line + text).rpartition("\n")
        if newline:
            if "\r" in whole:
                whole = "\n".join(map(collapsed, whole.split("\n")))
            self._keep(whole + newline)
        if len(self._line) > _LONGEST_LINE:
            end = "\r" if self._line.endswith("\r") else ""
            self._line = collapsed(self._line) + end
            if len(self._line) > _LONGEST_LINE:
                self._keep(self._line)
                self._line = ""

    def text(self) -> str:
        """What is kept, with a line where something is left out. Nothing may be added after it."""
        self._keep(collapsed(self._line))
        self._line = ""
        head, tail = bytes(self._head), bytes(self._tail[-self._most_tail :])
        if len(head) + len(tail) == self._bytes:
            return (head + tail).decode("utf-8", "replace")
        # At the ends of lines, unless these are far away.
        if (end := head.rfind(b"\n")) > len(head) // 2:
            head = head[: end + 1]
        if 0 <= (start := tail.find(b"\n")) < len(tail) // 2:
            tail = tail[start + 1 :]
        lines = self._newlines - head.count(b"\n") - tail.count(b"\n")
        counts = f"{self._bytes - len(head) - len(tail):,} bytes" + (f", {lines:,} lines" if lines else "")
        before = "" if head.endswith(b"\n") or not head else "\n"
        return f"{head.decode('utf-8', 'ignore')}{before}[... {counts} left out ...]\n{tail.decode('utf-8', 'ignore')}"

    def _keep(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        self._bytes += len(data)
        self._newlines += data.count(b"\n")
        if room := self._most_head - len(self._head):
            self._head += data[:room]
            data = data[room:]
        if len(data) >= self._most_tail:
            self._tail.clear()
        self._tail += data
        if len(self._tail) > 2 * self._most_tail + (1 << 16):
            del self._tail[: -self._most_tail]
