"""`outline` and `find_definitions`: what Python files define, and where a name is defined."""

from __future__ import annotations

from dataclasses import dataclass

from . import _core, settings
from .errors import InputError
from .records import FileError, file_errors
from .workspace.root import root_text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator
    from typing import Literal

    from .records import Limits

    SymbolKind = Literal["class", "function", "method", "variable"]

__all__ = ["Definition", "Definitions", "Outline", "Symbol", "find_definitions", "outline", "outline_source"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """A class, a function, a method, or a variable: a name that is assigned to outside of functions.

    `line` is that of `def`, `class` or the assignment, `first_line` that of the first decorator if there is one, and
    `last_line` the one that it ends in; all are counted from 1. `signature` is what is written up to the colon, without
    comments and line breaks (but those in strings), for a variable its name and annotation. `doc` is the first line of
    the docstring that is not blank. `children` are the symbols in it, in the order of the file: of functions, only
    classes and functions.
    """

    name: str
    kind: SymbolKind
    is_async: bool
    line: int
    first_line: int
    last_line: int
    signature: str
    doc: str | None
    children: tuple[Symbol, ...] = ()

    def walk(self) -> Iterator[Symbol]:
        """This one and all in it, in the order of the file."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What a file defines: `symbols` at its top level, in its order, with what they hold.

    `error` says what is wrong with the file, if anything is: it could not be read, is not UTF-8 (what can be read of it
    is here), or has a syntax error. Then the symbols are what could be found all the same, some by their first lines
    alone. Iterating gives all symbols, at all levels.
    """

    path: str
    symbols: tuple[Symbol, ...]
    error: FileError | None = None

    def __iter__(self) -> Iterator[Symbol]:
        for symbol in self.symbols:
            yield from symbol.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Where a name is defined: the file, its name with those of what it stands in, and what `Symbol` says of it."""

    path: str
    name: str
    kind: SymbolKind
    is_async: bool
    line: int
    first_line: int
    last_line: int
    signature: str
    doc: str | None

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.signature}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """The definitions of a name: `found` by path and line, as many as were asked for, and how many there are.

    Iterating gives what was found; `len()` is its number.
    """

    found: tuple[Definition, ...]
    total: int
    errors: tuple[FileError, ...]
    """Files that may hold more: those that could not be read, and those in which the name stands and something is
    wrong; then the folders that could not be listed."""
    files: int
    """Python files that were looked at."""

    def __iter__(self) -> Iterator[Definition]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)


def outline(
    path: str | os.PathLike[str], *, root: str | os.PathLike[str] | None = None, limits: Limits | None = None
) -> Outline:
    """What a Python file defines: classes, functions, methods and variables, with their lines and signatures.

    Args:
        path: The file, whatever its name; a relative path starts at the root.
        root: Where relative paths start and what the reported path is relative to, by default the root of
            `rev_accel.workspace`.
        limits: What not to take on; `None` means `Limits()`.

    Raises:
        InputError: There is no such file, or it is a folder.
        OSError: The machine grants no thread.
    """
    name, (symbols, failure) = _core.outline(
        root_text_of(root), settings.path_texts([path])[0], max_bytes=settings.max_bytes_of(limits)
    )
    return _outline(name, symbols, failure)


def outline_source(source: str | bytes, *, path: str = "<source>", limits: Limits | None = None) -> Outline:
    """What the text of one file defines, without touching the file system.

    Args:
        source: The text, or its bytes, which are read as UTF-8.
        path: The name under which it is reported.
        limits: What not to take on; `None` means `Limits()`.
    """
    symbols, failure = _core.outline_source(settings.source_bytes(source), max_bytes=settings.max_bytes_of(limits))
    return _outline(settings.path_texts([path])[0], symbols, failure)


def find_definitions(
    name: str,
    *paths: str | os.PathLike[str],
    root: str | os.PathLike[str] | None = None,
    selection: Literal["ignore", "all"] = "ignore",
    exclude: Iterable[str] = (),
    limits: Limits | None = None,
    max_definitions: int = 1_000,
    threads: int | None = None,
) -> Definitions:
    """Where in a tree a class, function, method or variable of a name is defined.

    Args:
        name: The name, as `run`, or the end of a qualified one, as `Runner.run`.
        paths: Files and folders, by default the root. Relative ones start at the root. Of folders `*.py` is looked at.
        root: Where relative paths start and what reported paths are relative to, by default the root of
            `rev_accel.workspace`.
        selection: Which files of a folder: `"ignore"` leaves out what .gitignore and .ignore files name, `.git` folders
            and virtual environments; `"all"` takes all. Links in folders are not followed.
        exclude: Globs as in .gitignore, relative to the root, of files and folders to leave out.
        limits: What not to take on; `None` means `Limits()`.
        max_definitions: How many to give; all are counted.
        threads: How many threads look, by default `REV_ACCEL_THREADS` from the environment, else what the machine
            grants.

    Raises:
        InputError: An argument cannot be used, or a named path cannot be looked at.
        OSError: The machine grants no thread.
    """
    if not isinstance(name, str):
        raise InputError(f"`name` must be a str, not {type(name).__name__}")
    if not all(part.isidentifier() for part in name.split(".")):
        raise InputError(f"`name` must be a name like `run` or `Runner.run`, not {settings.shown(name)}")
    found, total, failures, files = _core.find_definitions(
        root_text_of(root),
        settings.path_texts(paths) or ["."],
        name=_normalised(name),
        all_files=settings.takes_all(selection),
        exclude=settings.glob_texts(exclude),
        max_bytes=settings.max_bytes_of(limits),
        max_definitions=settings.count("max_definitions", max_definitions, settings.MAX_COUNT),
        threads=settings.thread_count(threads),
    )
    return Definitions(
        found=tuple(_definition(*parts) for parts in found),
        total=total,
        errors=file_errors(failures),
        files=files,
    )


def _normalised(name: str) -> str:
    """The form in which Python knows a name."""
    if name.isascii():
        return name
    from unicodedata import normalize

    return normalize("NFKC", name)


def _definition(path: str, qualified: str, parts: _core._Symbol) -> Definition:
    kind, is_async, _, line, first_line, last_line, signature, doc = parts
    return Definition(
        path=path,
        name=qualified,
        kind=kind,
        is_async=is_async,
        line=line,
        first_line=first_line,
        last_line=last_line,
        signature=signature,
        doc=doc,
    )


def _outline(path: str, symbols: list[tuple[int, _core._Symbol]], failure: _core._Wrong | None) -> Outline:
    error = None
    if failure is not None:
        error = FileError(path, *failure)
    # From the last to the first: what a symbol holds stands behind it and is one level deeper.
    levels: list[list[Symbol]] = [[]]
    for depth, (kind, is_async, name, line, first_line, last_line, signature, doc) in reversed(symbols):
        while len(levels) < depth + 2:
            levels.append([])
        children = tuple(reversed(levels[depth + 1]))
        del levels[depth + 1 :]
        levels[depth].append(
            Symbol(
                name=name,
                kind=kind,
                is_async=is_async,
                line=line,
                first_line=first_line,
                last_line=last_line,
                signature=signature,
                doc=doc,
                children=children,
            )
        )
    return Outline(path=path, symbols=tuple(reversed(levels[0])), error=error)
