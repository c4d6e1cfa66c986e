"""Files as text, and back: the encoding, the mark at the start and the line ends stay as they are."""

from __future__ import annotations

import codecs
import io
import tokenize
from dataclasses import dataclass, replace

from rev_accel.errors import ToolError

__all__ = ["Text", "decode"]

# As git does, a file is binary if there is a NUL in so much of it.
LOOKED_AT_BYTES = 8000

# Control characters but for those from bell to carriage return, and escape.
NOT_IN_TEXT = bytes({*range(32), 127} - {*range(7, 14), 27})

# The longer ones first: that of UTF-16 begins that of UTF-32.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """The text of a file, and how it is written in bytes."""

    text: str
    """With `\\n` at the ends of lines, unless these differ from line to line: then as they are."""
    encoding: str = "utf-8"
    mark: bytes = b""
    """The byte order mark at the start."""
    line_end: str | None = "\n"
    """`None` where they differ from line to line."""

    def encode(self, text: str) -> bytes:
        """The bytes of another text of the same form, written in the same way.

        Raises:
            ToolError: The encoding has not all of its characters.
        """
        if self.line_end is not None and self.line_end != "\n":
            text = text.replace("\n", self.line_end)
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise ToolError(
                f"the file is in {self.encoding}, which has no {text[error.start]!a}: expected text that it can hold"
            ) from None

    def formed(self, text: str) -> str:
        """What somebody wrote with line ends of their own, in the form of this text."""
        return text if self.line_end is None else text.replace("\r\n", "\n")

    def as_it_is(self) -> Text:
        """The same with the line ends in the text."""
        text = self.text if self.line_end is None else self.text.replace("\n", self.line_end)
        return replace(self, text=text, line_end=None)

    def notes(self) -> list[str]:
        """What is unusual about it, for people and models."""
        ends = {"\n": [], "\r\n": ["CRLF line ends"], "\r": ["CR line ends"], None: ["mixed line ends"]}
        usual = self.encoding == "utf-8" and not self.mark
        return ([] if usual else [self.encoding + (" with a byte order mark" if self.mark else "")]) + ends[
            self.line_end
        ]


def decode(data: bytes) -> Text | None:
    """The text of a file; `None` if it is binary.

    The encoding is that of a byte order mark, else UTF-8, else the one that Python source declares, else Latin-1, which
    takes any bytes: so what it takes is text only without control characters that no text has.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            try:
                return _text(data[len(mark) :].decode(encoding), encoding, mark)
            except UnicodeDecodeError:
                return None
    if b"\0" in data[:LOOKED_AT_BYTES]:
        return None
    try:
        return _text(data.decode(), "utf-8")
    except UnicodeDecodeError:
        pass
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode(encoding)
        # Not all encodings write what they have read: what stays is to stay as it is.
        if text.encode(encoding) == data:
            return _text(text, encoding)
    except (SyntaxError, ValueError, LookupError):  # no known encoding is declared, or it is not that one
        pass
    return None if data.translate(None, NOT_IN_TEXT) != data else _text(data.decode("latin-1"), "latin-1")


def _text(text: str, encoding: str, mark: bytes = b"") -> Text:
    both = text.count("\r\n")
    ends = {"\r\n": both, "\n": text.count("\n") - both, "\r": text.count("\r") - both}
    found = [end for end, count in ends.items() if count]
    line_end = None if len(found) > 1 else found[0] if found else "\n"
    if line_end is not None and line_end != "\n":
        text = text.replace(line_end, "\n")
    return Text(text=text, encoding=encoding, mark=mark, line_end=line_end)
