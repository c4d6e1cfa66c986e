"""The plain data that reports are made of, and the limits that a scan keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from . import settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["FileError", "Finding", "Limits", "ScanStats"]

FailedStatus = Literal["syntax_error", "undecodable", "unreadable", "too_large", "too_complex", "internal_error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of one rule.

    `path` is relative to the root of the scan, with forward slashes, or absolute outside of it. `line`
    and `column` start at 1; a line ends where Python's own tokenizer ends it, a column counts
    characters. `data` holds what the rule has to say, by rule:

    ===================  ================================
    rule                 data
    ===================  ================================
    `todos`              `text`, `type` (`TODO`, `FIXME`)
    `prints`             nothing
    `dangerous`          `function`, `severity` (`HIGH`)
    `type_hints`         `function`
    `complex_functions`  `function`, `parameters`
    `globals`            `variables` (a list)
    ===================  ================================
    """

    path: str
    line: int
    column: int
    rule: str
    message: str
    data: Mapping[str, object] = field(hash=False)

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.rule} {self.message}"


@dataclass(frozen=True, slots=True)
class FileError:
    """Why a file has no findings.

    `exception` is the name of the class that Python itself raises for this file (`InternalError` for a
    defect of rev-accel, which costs this file alone). `line` and `column`
    are known for some syntax errors only, else `None`.
    """

    path: str
    status: FailedStatus
    exception: str
    message: str
    line: int | None
    column: int | None

    def __str__(self) -> str:
        place = "" if self.line is None else f":{self.line}:{self.column or 1}"
        return f"{self.path}{place}: {self.exception}: {self.message}"


def file_errors(failures: Iterable[tuple[str, FailedStatus, str, str]]) -> tuple[FileError, ...]:
    """Failures of which no position is known, as the native module gives them."""
    return tuple(FileError(*failure, None, None) for failure in failures)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanStats:
    """What a scan did and how long it took."""

    files: int
    """Files selected, also those that failed."""
    bytes: int
    """Bytes read."""
    findings: int
    errors: int
    """Files that failed, and folders that could not be listed."""
    parsed: int
    """Files that were parsed. With `unparsed` and those of the four levels below these are all files."""
    unparsed: int
    """Files that could not even be parsed, since they could not be read or decoded, or are beyond a limit."""
    memory: int
    """Files answered from what this process remembers: they have not changed since."""
    manifest: int
    """Files answered from the manifest of the tree, which another process wrote."""
    recent: int
    """Files that were read again, as asked or for want of a stamp to trust, and have the content they had."""
    store: int
    """Files whose content had been seen before, under this or another path, in another branch or clone."""
    asked: int
    """Files whose verdict was left to the running interpreter."""
    threads: int
    """Threads that were allowed; fewer are started where there are fewer files."""
    select_ns: int
    """Nanoseconds spent finding the files, or seeing what has changed."""
    analyse_ns: int
    """Nanoseconds spent reading and analysing them and on the report."""
    keep_ns: int
    """Nanoseconds spent on keeping what was found out in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a scan refuses to take on.

    A file of more than `max_bytes` bytes (16 MiB by default, less than 4 GiB) is not analysed: its
    status is `too_large`.
    """

    max_bytes: int = settings.DEFAULT_MAX_BYTES

    def __post_init__(self) -> None:
        settings.max_bytes(self.max_bytes)
