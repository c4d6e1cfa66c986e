"""`search`: the lines of a tree that match a pattern, as ripgrep finds them."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import starmap
from types import MappingProxyType

from . import _core, settings
from .errors import InputError
from .records import file_errors
from .workspace.root import root_text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Literal, overload

    from ._core import FoundLines
    from .records import FileError

__all__ = ["Match", "Matches", "SearchLimits", "SearchResult", "search"]

CASES = ("sensitive", "insensitive", "smart")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchLimits:
    """How much of what is found a search keeps; it counts everything.

    At most `matches` matching lines in all and `file_matches` of each file, and of a line `characters`.
    """

    matches: int = 1_000
    file_matches: int = 1_000
    characters: int = 1_000

    def __post_init__(self) -> None:
        settings.count("matches", self.matches, settings.MAX_COUNT)
        settings.count("file_matches", self.file_matches, settings.MAX_COUNT)
        settings.count("characters", self.characters, settings.MAX_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Match:
    """A line that matches.

    `path` is relative to the root, with forward slashes, or absolute outside of it. `line` is counted from 1 by line
    feeds; `column`, from 1 in characters, is where the first match begins. `text` is the line without its end; of a
    long one a piece round the first match, in which case `offset` characters come before it and `length` says how many
    the line has. `spans` are start and end of each match in `text`. `before` and `after` are lines of context, each
    given once: to the match that comes first. What is not UTF-8 is shown as U+FFFD.
    """

    path: str
    line: int
    column: int
    text: str
    offset: int
    length: int
    spans: tuple[tuple[int, int], ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def is_cut(self) -> bool:
        """Whether `text` is not the whole line."""
        return len(self.text) < self.length

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.text}"


class Matches(Sequence["Match"]):
    """The matches of a search, each made when it is asked for; asked again it is another object that is equal.

    It equals a tuple of the same matches, and a slice or what is pickled of it is such a tuple.
    """

    __slots__ = ("_found",)

    def __init__(self, found: FoundLines) -> None:
        """Made by `search`."""
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Match]:
        return starmap(Match, map(self._found.match, range(len(self))))

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> Match: ...
        @overload
        def __getitem__(self, index: slice) -> tuple[Match, ...]: ...

    def __getitem__(self, index: int | slice) -> Match | tuple[Match, ...]:
        places = range(len(self))[index]
        if isinstance(places, int):
            return Match(*self._found.match(places))
        return tuple(starmap(Match, map(self._found.match, places)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Matches | tuple):
            return NotImplemented
        return self is other or (len(self) == len(other) and all(map(operator.eq, self, other)))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __reduce__(self) -> tuple[type[tuple[Match, ...]], tuple[tuple[Match, ...]]]:
        return tuple, (tuple(self),)

    def __repr__(self) -> str:
        return f"<Matches: {len(self):,}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search found: `matches` by path and line, as many as its limits allow, and counts of everything.

    Iterating gives the matches; `len()` is their number, so a result without any is false.
    """

    matches: Sequence[Match]
    """Each is made when it is asked for: to have all lines counted and at hand costs little, whatever their number."""
    total: int
    """Matching lines in all, also those that are not in `matches`."""
    counts: Mapping[str, int] = field(hash=False)
    """How many lines match in each file that has one, by path."""
    binary: tuple[str, ...]
    """Those of these files that hold a NUL byte: they were searched up to the block of 64 KiB in which it stands. One
    that was named was searched to the first match behind it; that line counts, but is not in `matches`."""
    errors: tuple[FileError, ...]
    """Files that could not be searched, or not to their end, by path; then the folders that could not be listed."""
    files: int
    """Files that were looked at."""
    bytes: int
    """Bytes read."""

    def __iter__(self) -> Iterator[Match]:
        return iter(self.matches)

    def __len__(self) -> int:
        return len(self.matches)


def search(
    pattern: str,
    *paths: str | os.PathLike[str],
    literal: bool = False,
    case: Literal["sensitive", "insensitive", "smart"] = "sensitive",
    words: bool = False,
    before: int = 0,
    after: int = 0,
    root: str | os.PathLike[str] | None = None,
    selection: Literal["ignore", "all"] = "ignore",
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    limits: SearchLimits | None = None,
    threads: int | None = None,
) -> SearchResult:
    """Search text files for lines that match a pattern; all files, not only Python.

    The matches are those of ripgrep: the syntax of patterns is that of Rust's `regex` crate (no look-around, no
    backreferences; linear in the length of the text), a pattern matches within a line, a file with a NUL byte is taken
    for binary and left out, and one that begins with a byte order mark of UTF-16 is decoded.

    Args:
        pattern: A regular expression of up to 10,000 bytes.
        paths: Files and folders, by default the root. Relative ones start at the root.
        literal: Whether the pattern is looked for as it stands.
        case: Whether capital and small letters are equal; `"smart"` means: unless the pattern has a capital one.
        words: Whether only whole words match.
        before: How many lines of context to give before each match.
        after: How many behind it.
        root: Where relative paths start and what reported paths are relative to, by default the root of
            `rev_accel.workspace`.
        selection: Which files of a folder: `"ignore"` leaves out what .gitignore and .ignore files name, `.git` folders
            and virtual environments; `"all"` takes all. Links in folders are not followed. A file that is named here is
            searched in any case.
        include: Globs as in .gitignore, relative to the root: if any are given, only files that one of them matches, or
            a folder of which, are taken from folders.
        exclude: Globs of files and folders to leave out. `[".*"]` leaves out hidden ones, as ripgrep does.
        limits: How much to keep; `None` means `SearchLimits()`.
        threads: How many threads search, by default `REV_ACCEL_THREADS` from the environment, else what the machine
            grants.

    Raises:
        InputError: The pattern or another argument cannot be used, or a named path cannot be looked at.
        OSError: The machine grants no thread.
    """
    if not isinstance(pattern, str):
        raise InputError(f"`pattern` must be a str, not {type(pattern).__name__}")
    try:
        pattern.encode()
    except UnicodeEncodeError:
        raise InputError(f"pattern {settings.shown(pattern)} holds a lone surrogate, which no text matches") from None
    if case not in CASES:
        raise InputError(f'`case` must be "sensitive", "insensitive" or "smart", not {settings.shown(case)}')
    if limits is None:
        limits = SearchLimits()
    elif not isinstance(limits, SearchLimits):
        raise InputError(f"`limits` must be a SearchLimits, not {type(limits).__name__}")
    found = _core.search(
        root_text_of(root),
        settings.path_texts(paths) or ["."],
        pattern=pattern,
        literal=bool(literal),
        case=case,
        words=bool(words),
        all_files=settings.takes_all(selection),
        include=settings.glob_texts(include, "include"),
        exclude=settings.glob_texts(exclude),
        before=settings.count("before", before, settings.MAX_CONTEXT, least=0),
        after=settings.count("after", after, settings.MAX_CONTEXT, least=0),
        max_matches=limits.matches,
        max_file_matches=limits.file_matches,
        max_characters=limits.characters,
        threads=settings.thread_count(threads),
    )
    return SearchResult(
        matches=Matches(found),
        total=found.total,
        counts=MappingProxyType(found.counts()),
        binary=found.binary(),
        errors=file_errors(found.failures()),
        files=found.files,
        bytes=found.bytes,
    )
