"""What is known of a file or folder: the plain data that a `Workspace` gives and takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from rev_accel import _core

__all__ = ["Absent", "Entry", "Kind", "Right", "Stat", "Version"]

Right = Literal["read", "write"]
"""What may be done below a root: looking at what is there, or changing it, too."""

Kind = Literal["file", "folder", "link", "other"]
"""What stands behind a name; `"other"` is a FIFO, a socket or a device."""

KEPT_BYTES = 64 << 10
"""Contents up to this size are kept for the difference that a `StaleFileError` shows."""


@dataclass(frozen=True, slots=True)
class Version:
    """What a file held: two versions are equal when the contents are. Times do not count.

    `digest` is the BLAKE3 of the bytes, as 64 hexadecimal digits.
    """

    digest: str
    size: int
    content: bytes | None = field(default=None, repr=False, compare=False)
    """The content itself, as far as it is kept: to tell later what has changed."""

    @classmethod
    def of(cls, data: bytes) -> Version:
        """The version of a content that was read or written."""
        return cls(_core.content_digest(data), len(data), data if len(data) <= KEPT_BYTES else None)


@dataclass(frozen=True, slots=True)
class Absent:
    """That there is no file; all of them are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is in a folder under a name: a link itself, not what it leads to."""

    name: str
    kind: Kind
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat:
    """What is at a path. `mode` has the permission bits, `links` the number of names; `modified_ns` is since 1970."""

    kind: Kind
    size: int
    mode: int
    links: int
    modified_ns: int
