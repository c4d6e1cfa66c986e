"""`Workspace`: files below roots, and nothing outside of them."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

from rev_accel import _core
from rev_accel.errors import InputError, StaleFileError
from rev_accel.forks import InChildren

from .difference import add_difference
from .root import folder_text, root_text_of
from .state import KEPT_BYTES, Absent, Entry, Right, Stat, Version

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Workspace"]

StrPath = str | os.PathLike[str]


class _Turns:
    """Writers of this process, one after the other."""

    def __init__(self) -> None:
        self.lock = Lock()

    def renew(self) -> None:
        # Another thread of the parent may have had its turn.
        self.lock = Lock()


_turns = _Turns()
_in_children = InChildren(_Turns.renew)


class Workspace:
    """Files below a root, and below further ones with rights of their own.

    Paths are relative to the main root, or absolute. Links and `..` are followed as the system does, and where they
    lead out of all roots, `PathOutsideRootError` is raised. All methods but `resolve` work by handles of open folders:
    also when somebody replaces a folder by a link meanwhile, nothing outside is read or written (Linux and macOS; on
    Windows there is a moment between the look and the deed).

    What the system says, as `FileNotFoundError`, is raised as it is. `InputError` is for what cannot be a path, for
    what is of another kind than can be worked with, such as a FIFO, and for what has to stay: roots, what is in `.git`,
    and, as a whole, a folder with a `.git` at any depth in it.

    Args:
        root: The main root, by default that of `rev_accel.workspace`; taken once, here.
        also: Further folders, each with `"read"` or `"write"`. One inside another root has its own right.
        read_only: Whether the main root may only be read.
    """

    __slots__ = ("_core", "root", "roots")

    root: Path
    """The main root: absolute, without links."""

    roots: Mapping[Path, Right]
    """All roots with their rights, the main one first."""

    def __init__(
        self,
        root: StrPath | None = None,
        *,
        also: Mapping[StrPath, Right] | None = None,
        read_only: bool = False,
    ) -> None:
        main = root_text_of(root)
        rights: dict[str, Right] = {main: "read" if read_only else "write"}
        for path, right in (also or {}).items():
            if right not in ("read", "write"):
                raise InputError(f"`also` has the right `{right}` for `{os.fspath(path)}`: expected `read` or `write`")
            name = folder_text(os.path.join(main, path))
            if rights.setdefault(name, right) != right:
                raise InputError(f"`{name}` is named with two rights: expected one")
        self.root = Path(main)
        self.roots = MappingProxyType({Path(name): right for name, right in rights.items()})
        _in_children.add(_turns)
        self._core = _core.WorkspaceCore([(name, right == "write") for name, right in rights.items()])

    def __repr__(self) -> str:
        return f"<Workspace: {', '.join(f'{path} ({right})' for path, right in self.roots.items())}>"

    def resolve(self, path: StrPath, *, right: Right = "read") -> Path:
        """The absolute name without links a path leads to, in a root with this right. The last part may be missing.

        It tells where the path led at that moment. What is opened by the name afterwards can be somewhere else by then;
        `open` and the other methods cannot be misled so.
        """
        return Path(self._core.resolve(path, right == "write"))

    def open(self, path: StrPath) -> io.BufferedReader:
        """Opens a regular file for reading; anything else, as a folder or a FIFO, is an `InputError` at once."""
        handle = self._core.open(path)
        if sys.platform == "win32":
            import msvcrt

            handle = msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY)
        return io.BufferedReader(io.FileIO(handle))

    def read(self, path: StrPath, *, limit: int | None = None) -> bytes:
        """The content of a file; `InputError` if it has more than `limit` bytes. `Version.of` names what was read."""
        with self.open(path) as file:
            if limit is None:
                return file.read()
            # Room is taken for what is asked for.
            size = os.fstat(file.fileno()).st_size
            data = file.read(min(size, limit) + 1)
            if size < len(data) <= limit:  # it grows, or tells no size
                data += file.read(limit + 1 - len(data))
            if len(data) > limit:
                size = max(size, len(data))
                raise InputError(f"`{os.fspath(path)}` has {size:,} bytes: expected at most {limit:,}")
            return data

    def version(self, path: StrPath) -> Version | Absent:
        """What a file holds now, for the `expected` of `write`; `Absent()` if there is none."""
        found = self._core.version(path)
        return Absent() if found is None else Version(*found)

    def write(
        self,
        path: StrPath,
        data: bytes,
        *,
        expected: Version | Absent | None = None,
        make_folders: bool = False,
        break_links: bool = False,
    ) -> Version:
        """Gives a file a content, as a whole or not at all, also if the process is killed or the power goes.

        Mode, extended attributes and, where the system permits, the owner stay. A link is followed to the file that it
        leads to. While it is written the content is in a file `.rev-accel-….tmp` beside it; those that a killed process
        left are removed by a later write in the folder, after an hour.

        Args:
            path: The file, which need not be there.
            data: The content.
            expected: What the file was when it was read; `Absent()` for a file that is new. If it is something else
                now, nothing is written and a `StaleFileError` tells the difference. Writers of one process
                take turns; that one of another process writes between the comparison and the replacement is not ruled
                out, but of two who create a file one is refused.
            make_folders: Whether missing folders are made; if the file cannot be written, they go again.
            break_links: Whether a file with several names (hard links) may be parted from the others.
        """
        match expected:
            case None:
                digest = None
            case Absent():
                digest = ""
            case Version():
                digest = expected.digest
            case _:
                raise InputError(f"`expected` is a {type(expected).__name__}: expected a Version, Absent() or None")
        try:
            with _turns.lock:
                written = self._core.write(
                    path, data, expected=digest, make_folders=make_folders, break_links=break_links
                )
        except StaleFileError as error:
            self._explain(error, path, expected)
            raise
        return Version(written, len(data), data if len(data) <= KEPT_BYTES else None)

    def list(self, path: StrPath = ".") -> tuple[Entry, ...]:
        """What is in a folder, by name.

        A name that is not UTF-8 comes as `os.fsdecode` writes it; no method takes such a path, but what is done with a
        whole folder is done with it, too.
        """
        return tuple(Entry(name=name, kind=kind, size=size) for name, kind, size in self._core.list(path))

    def stat(self, path: StrPath) -> Stat:
        """What is at a path, links followed."""
        kind, size, mode, links, modified = self._core.stat(path)
        return Stat(kind=kind, size=size, mode=mode, links=links, modified_ns=modified)

    def make_folder(self, path: StrPath) -> None:
        """Makes a folder, and those around it that are missing; one that is there is left as it is."""
        self._core.make_folder(path)

    def move(self, source: StrPath, target: StrPath, *, overwrite: bool = False) -> None:
        """Gives a file, a link or a folder another name; a link is moved itself.

        `FileExistsError` if the name is taken; with `overwrite` a file or link there is replaced, a folder never. To
        another file system it is copied, and then deleted: owners and times are not kept on that way.
        """
        self._core.move(source, target, overwrite)

    def copy(self, source: StrPath, target: StrPath, *, overwrite: bool = False) -> None:
        """Copies a file, or a folder with all that is in it; it appears as a whole, or not at all.

        A link is followed if it is `source`, and copied as a link if it is in a folder. Modes are kept, owners and
        times are not; FIFOs, sockets and devices in a folder are left out. A file with several names (hard links) is
        not replaced. The rest is as with `move`.
        """
        self._core.copy(source, target, overwrite)

    def delete(self, path: StrPath, *, recursive: bool = False) -> None:
        """Deletes a file, a link itself, or an empty folder; with `recursive` a folder with all that is in it."""
        self._core.delete(path, recursive)

    def _explain(self, error: StaleFileError, path: StrPath, expected: Version | Absent | None) -> None:
        """Adds what has changed to an error, as far as it can be told."""
        if not isinstance(expected, Version) or expected.content is None:
            return
        try:
            found = self.read(path, limit=KEPT_BYTES)
        except (OSError, ValueError):
            return
        add_difference(error, expected.content, found)
