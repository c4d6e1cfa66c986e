"""Tools that show folders, and move, copy, delete and make what is in them."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

from rev_accel.errors import InputError, PathOutsideRootError, ToolError

from .definition import tool
from .documents import Documents

if TYPE_CHECKING:
    from rev_accel.workspace import Entry

__all__ = ["FolderTools"]

# Of one answer to a model.
MOST_ENTRIES = 500
# What is shown by its name alone: others' code, caches, and what tools make.
CLOSED = frozenset(
    {
        ".git",
        ".hg",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        "__pycache__",
        "node_modules",
    }
)


class FolderTools:
    """Looking at folders of a workspace, and changing what is in them."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._workspace = documents.workspace

    @tool(description="Listing {path}", reads=True)
    def list_dir(self, path: str = ".", pattern: str = "*") -> str:
        """Lists what is in a folder, by name: folders with a `/` behind, links with `@`, files with their size.

        Args:
            path: The folder, relative to the root of the workspace.
            pattern: Only names that fit, as `*.py`.
        """
        entries = [one for one in self._workspace.list(path) if fnmatch(one.name, pattern)]
        if not entries:
            return "(empty)" if pattern == "*" else f"(nothing fits `{pattern}`)"
        shown = [
            f"{_shown(one)}{f'  {one.size:,} bytes' if one.kind == 'file' else ''}" for one in entries[:MOST_ENTRIES]
        ]
        if len(entries) > MOST_ENTRIES:
            shown.append(f"[{len(entries) - MOST_ENTRIES:,} more of {len(entries):,}: narrow them down with `pattern`]")
        return "\n".join(shown)

    @tool(description="Looking at the tree of {path}", reads=True)
    def tree_view(self, path: str = ".", depth: int = 3) -> str:
        """Shows a folder and those in it as a tree. Caches, environments and the like are shown by name alone.

        Args:
            path: The folder, relative to the root of the workspace.
            depth: How many levels.
        """
        if depth < 1:
            raise ToolError(f"`depth` is {depth}: expected at least 1")
        top = self._workspace.resolve(path)
        lines = [f"{self._documents.label(top)}/"]
        left_out = self._branches(str(top), "", depth, lines)
        if left_out:
            lines.append(f"[{left_out:,} more entries in folders that are shown: look at one of them]")
        return "\n".join(lines)

    def _branches(self, folder: str, indent: str, depth: int, lines: list[str]) -> int:
        """Adds what is in a folder; how many entries had no place."""
        try:
            entries = self._workspace.list(folder)
        except OSError as error:
            lines.append(f"{indent}  ({error.strerror})")
            return 0
        except (InputError, PathOutsideRootError):
            # It has a name that no path can have, or is none any more.
            lines.append(f"{indent}  (cannot be looked into)")
            return 0
        left_out = 0
        for one in entries:
            if len(lines) >= MOST_ENTRIES:
                left_out += 1
                continue
            lines.append(f"{indent}  {_shown(one)}")
            if one.kind == "folder" and depth > 1 and one.name not in CLOSED:
                left_out += self._branches(f"{folder}/{one.name}", f"{indent}  ", depth - 1, lines)
        return left_out

    @tool(description="Moving {source} to {target}", reads=False)
    def move(self, source: str, target: str, overwrite: bool = False) -> str:
        """Moves or renames a file or folder.

        Args:
            source: What is moved, relative to the root of the workspace.
            target: Its new path, which must not exist; its folder must.
            overwrite: Replace a file that has this path, and that you have read.
        """
        self._documents.check(source)
        if overwrite:
            self._documents.check(target, must_be_known=True)
        self._documents.move(source, target, overwrite=overwrite)
        return f"Moved `{source}` to `{target}`."

    @tool(description="Copying {source} to {target}", reads=False)
    def copy(self, source: str, target: str, overwrite: bool = False) -> str:
        """Copies a file, or a folder with all that is in it.

        Args:
            source: What is copied, relative to the root of the workspace.
            target: The path of the copy, which must not exist; its folder must.
            overwrite: Replace a file that has this path, and that you have read.
        """
        if overwrite:
            self._documents.check(target, must_be_known=True)
        self._workspace.copy(source, target, overwrite=overwrite)
        self._documents.forget(self._documents.place(target))
        return f"Copied `{source}` to `{target}`."

    @tool(description="Deleting {path}", reads=False)
    def delete(self, path: str, recursive: bool = False) -> str:
        """Deletes a file, or a folder.

        Args:
            path: What is deleted, relative to the root of the workspace.
            recursive: Delete a folder with all that is in it, not only an empty one.
        """
        self._documents.check(path)
        was = self._documents.place(path)
        self._workspace.delete(path, recursive=recursive)
        self._documents.forget(was)
        return f"Deleted `{path}`."

    @tool(description="Making the folder {path}", reads=False)
    def create_directory(self, path: str) -> str:
        """Makes a folder, and those around it that are missing.

        Args:
            path: The folder, relative to the root of the workspace.
        """
        self._workspace.make_folder(path)
        return f"The folder `{path}` is there."


def _shown(entry: Entry) -> str:
    name = entry.name if entry.name.isprintable() else repr(entry.name)[1:-1]
    return name + {"folder": "/", "link": "@", "file": "", "other": " (no file)"}[entry.kind]
