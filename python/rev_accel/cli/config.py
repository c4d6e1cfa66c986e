"""`[tool.rev-accel]` in the pyproject.toml of the scanned project: which rules, and what to leave out.

The file may come from anywhere, so it has no other say: no folders, no commands, no limits.
"""

from __future__ import annotations

import os
import stat
from typing import Any, NamedTuple

from rev_accel import settings
from rev_accel.errors import InputError

FILE_NAME = "pyproject.toml"
TABLE = "rev-accel"
KEYS = ("exclude", "patterns")
MAX_FILE_BYTES = 1 << 20  # far above any real one


class Config(NamedTuple):
    """What the file says; nothing where it is silent."""

    patterns: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()


def read(root: str) -> Config:
    """The settings of the project in a folder; raises `InputError` for a table that cannot be used."""
    content = _content(os.path.join(root, FILE_NAME))
    if TABLE.encode() not in content:  # spares most projects the TOML parser
        return Config()
    table = _table(content)
    try:
        for key in table:
            if key not in KEYS:
                raise InputError(settings.unknown_name("key", key, KEYS))
        patterns = settings.rule_names(table["patterns"]) if "patterns" in table else None
        return Config(patterns, tuple(settings.glob_texts(table.get("exclude", ()))))
    except InputError as error:
        raise InputError(f"[tool.{TABLE}] in {FILE_NAME}: {error}") from None


def _content(path: str) -> bytes:
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return b""
            content = file.read(MAX_FILE_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""
    except OSError as error:
        raise InputError(f"{FILE_NAME} cannot be read: {error.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise InputError(f"{FILE_NAME} is larger than {MAX_FILE_BYTES} bytes; `--isolated` ignores it")
    return content


def _open_without_waiting(path: str, flags: int) -> int:
    # The name may belong to a FIFO that nobody writes to.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _table(content: bytes) -> dict[str, Any]:
    import tomllib

    try:
        table = tomllib.loads(content.decode()).get("tool", {})
        table = table.get(TABLE, {}) if isinstance(table, dict) else {}
    except (ValueError, RecursionError) as error:  # ValueError: not TOML, or not UTF-8
        raise InputError(f"{FILE_NAME} is not valid TOML: {error}") from None
    if not isinstance(table, dict):
        raise InputError(f"[tool.{TABLE}] in {FILE_NAME} is not a table")
    return table
