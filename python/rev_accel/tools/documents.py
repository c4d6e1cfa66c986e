"""Text files of a workspace, and what a model knows of them: what it changes is as it last saw it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from rev_accel.errors import InputError, PathOutsideRootError, StaleFileError, ToolError
from rev_accel.workspace import Absent, Version
from rev_accel.workspace.difference import add_difference

from .text import Text, decode

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

__all__ = ["Document", "Documents"]

# Larger files are not read as a whole.
MOST_BYTES = 64 << 20
# Of contents that are kept to tell what has changed; older ones are forgotten, but not that they were seen.
KEPT_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text file as it is now."""

    path: Path
    """Without links."""
    label: str
    """What it is called in texts: relative to the root where it is below it."""
    version: Version
    data: bytes
    form: Text

    @property
    def text(self) -> str:
        return self.form.text


class Documents:
    """The text files of a workspace. May be used by many threads.

    Args:
        workspace: Whose files they are.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._known: dict[Path, Version] = {}
        self._lines: dict[Path, set[tuple[int, int]]] = {}
        self._kept = 0
        self._lock = Lock()

    def label(self, path: Path) -> str:
        """What a path without links is called in texts."""
        root = self.workspace.root
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()

    def read(self, path: str) -> Document:
        """A file as it is now.

        Raises:
            ToolError: It is binary.
            InputError: It is no file, or too large.
            OSError, PathOutsideRootError: As the workspace has it.
        """
        found = self.workspace.resolve(path)
        return self._document(found, self._bytes(found))

    def read_to_change(self, path: str, *, must_be_known: bool) -> Document | None:
        """A file that is to be changed, as it is now; `None` if there is none.

        Raises:
            StaleFileError: It is not as it was when the model last saw it.
            ToolError: The model has not seen it, but must have.
        """
        try:
            found = self.workspace.resolve(path, right="write")
            data = self._bytes(found)
        except FileNotFoundError:
            return None
        known = self._known.get(found)
        if known is not None and known != Version.of(data):
            raise _stale(self.label(found), known, data)
        document = self._document(found, data)
        if known is None and must_be_known:
            raise ToolError(f"`{document.label}` is there already and was not read: read it before you overwrite it")
        return document

    def change(self, document: Document, text: str) -> Document:
        """Gives a file another text, unless somebody else has changed it meanwhile.

        Raises:
            StaleFileError: Somebody has.
            ToolError: Its encoding has not all of the characters.
        """
        data = document.form.encode(text)
        version = self.workspace.write(document.label, data, expected=document.version)
        self.know(document.path, version)
        return replace(document, version=version, data=data, form=replace(document.form, text=text))

    def create(self, path: str, text: str) -> Document:
        """Makes a file, with the folders that are missing.

        Raises:
            StaleFileError: There is one.
        """
        form = Text(text=text)
        data = form.encode(text)
        version = self.workspace.write(path, data, expected=Absent(), make_folders=True)
        found = self.workspace.resolve(path)
        self.know(found, version)
        return Document(path=found, label=self.label(found), version=version, data=data, form=form)

    def put_back(self, document: Document, before: Document) -> None:
        """Gives a file the bytes that it had before a change."""
        self.know(document.path, self.workspace.write(document.label, before.data, expected=document.version))

    def exists(self, path: str) -> bool:
        """Whether there is anything at a path."""
        try:
            self.workspace.stat(path)
        except FileNotFoundError:
            return False
        return True

    def check(self, path: str, *, must_be_known: bool = False) -> None:
        """Looks whether what is to be removed, a file or all in a folder, is as the model last saw it.

        Raises:
            StaleFileError: A file is not.
            ToolError: It is a file that the model has not seen, but must have.
        """
        try:
            found = self.workspace.resolve(path, right="write")
            is_file = self.workspace.stat(found).kind == "file"
        except (FileNotFoundError, InputError, PathOutsideRootError):  # nothing, or a link to what stays as it is
            return
        if must_be_known and is_file and found not in self._known:
            raise ToolError(f"`{self.label(found)}` was not read: read it before it is replaced")
        for known, version in list(self._known.items()):
            if not known.is_relative_to(found):
                continue
            try:
                data = self._bytes(known)
            except (OSError, InputError):  # somebody else has removed it
                continue
            if Version.of(data) != version:
                raise _stale(self.label(known), version, data)

    def place(self, path: str) -> Path:
        """Where a name stands, which may be a link's: only the folder around it is without links."""
        folder, name = os.path.split(path.rstrip("/"))
        if name in ("", ".", ".."):
            return self.workspace.resolve(path)
        return self.workspace.resolve(folder or ".") / name

    def move(self, source: str, target: str, *, overwrite: bool = False) -> None:
        """Gives a file, a link or a folder another name. What the model knows of it, it knows on."""
        was = self.place(source)
        self.workspace.move(source, target, overwrite=overwrite)
        now = self.place(target)
        self.forget(now)
        with self._lock:
            moved = {one: version for one, version in self._known.items() if one.is_relative_to(was)}
        self.forget(was)
        for one, version in moved.items():
            self.know(now / one.relative_to(was), version)

    def know(self, path: Path, version: Version, lines: tuple[int, int] | None = None) -> bool:
        """Notes what the model sees of a file; whether it had seen these lines of this version before."""
        with self._lock:
            had = self._known.pop(path, None)
            if had != version:
                self._lines.pop(path, None)
            self._kept += len(version.content or b"") - len((had and had.content) or b"")
            self._known[path] = version
            self._forget_contents()
            if lines is None:
                return False
            given = self._lines.setdefault(path, set())
            repeated = lines in given
            given.add(lines)
            return repeated

    def versions(self) -> dict[str, tuple[str, int]]:
        """What the model knows of: digest and size of each file as it last saw it, for `restore`."""
        with self._lock:
            return {str(path): (version.digest, version.size) for path, version in self._known.items()}

    def restore(self, versions: Mapping[str, tuple[str, int]]) -> None:
        """Knows again what `versions` told, in another process."""
        for path, (digest, size) in versions.items():
            self.know(Path(path), Version(digest, size))

    def forget(self, path: Path) -> None:
        """Notes that a file, or all below a folder, is not there any more."""
        with self._lock:
            for known in [one for one in self._known if one.is_relative_to(path)]:
                self._kept -= len(self._known.pop(known).content or b"")
                self._lines.pop(known, None)

    def _forget_contents(self) -> None:
        for path, version in self._known.items():
            if self._kept <= KEPT_BYTES:
                break
            if version.content is not None:
                self._kept -= len(version.content)
                self._known[path] = Version(version.digest, version.size)

    def _bytes(self, path: Path) -> bytes:
        label = self.label(path)  # since errors name it
        try:
            return self.workspace.read(label, limit=MOST_BYTES)
        except InputError as error:
            if self.workspace.stat(label).size <= MOST_BYTES:
                raise
            raise ToolError(
                f"{error}; `search_code` finds lines in it, and a command, as `sed -n 1,100p`, shows some"
            ) from None

    def _document(self, path: Path, data: bytes) -> Document:
        form = decode(data)
        if form is None:
            raise ToolError(f"`{self.label(path)}` is binary ({len(data):,} bytes): expected a text file")
        return Document(path=path, label=self.label(path), version=Version.of(data), data=data, form=form)


def _stale(label: str, known: Version, data: bytes) -> StaleFileError:
    error = StaleFileError(f"`{label}` has changed since it was read; read it again")
    if known.content is not None:
        add_difference(error, known.content, data)
    return error
