"""A text from standard input, reported in the same lines as `_core.stream` writes for a file."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rev_accel import _core, settings
from rev_accel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rev_accel._core import ScanResult

SCHEMA_VERSION = 1
BOLD, RED, CYAN, RESET = "\x1b[1m", "\x1b[31m", "\x1b[36m", "\x1b[0m"


def scan_input(path: str, *, rules: int, max_bytes: int) -> ScanResult:
    """Scan the text on standard input under the name of a path."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    try:
        # One byte more than is analysed, to see that there is more.
        source = sys.stdin.buffer.read(max_bytes + 1)
    except OSError as error:
        raise InputError(f"standard input cannot be read: {error.strerror}") from None
    return _core.scan_source(source, path=settings.path_texts([path])[0], rules=rules, max_bytes=max_bytes)


def text_lines(result: ScanResult, *, color: bool) -> bytes:
    """`path:line:column: rule message` for each finding, or for what failed."""
    bold, red, cyan, reset = (BOLD, RED, CYAN, RESET) if color else ("", "", "", "")
    lines = []
    for index in range(len(result)):
        path = f"{bold}{_printable(result.path(index))}{reset}"
        error = result.error(index)
        if error is not None:
            exception, message, line, column = error
            place = "" if line is None else f":{line}:{column}"
            lines.append(f"{path}{place}: {red}error{reset} {_printable(f'{exception}: {message}')}\n")
        for rule, line, column, message, _ in result.findings(index):
            lines.append(f"{path}:{line}:{column}: {cyan}{rule}{reset} {_printable(message)}\n")
    return "".join(lines).encode()


def json_lines(result: ScanResult) -> bytes:
    """One object for each file that has something to say, and a summary."""
    objects = [_json_file(result, index) for index in range(len(result))]
    stats = result.stats
    summary = {
        "type": "summary",
        "schema_version": SCHEMA_VERSION,
        "files": stats["files"],
        "findings": stats["findings"],
        "errors": stats["errors"],
        "by_rule": stats["by_rule"],
    }
    return "".join(f"{json.dumps(item)}\n" for item in [*objects, summary]).encode()


def _json_file(result: ScanResult, index: int) -> dict[str, object]:
    keys = ("rule", "line", "column", "message", "data")
    item: dict[str, object] = {
        "type": "file",
        "schema_version": SCHEMA_VERSION,
        "path": result.path(index),
        "status": result.status(index),
        "findings": [dict(zip(keys, finding, strict=True)) for finding in result.findings(index)],
    }
    error = result.error(index)
    if error is not None:
        item["error"] = dict(zip(("exception", "message", "line", "column"), error, strict=True))
    return item


def _printable(text: str) -> str:
    return "".join(_escaped(text)) if any(map(_is_control, text)) else text


def _escaped(text: str) -> Iterator[str]:
    named = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
    for character in text:
        yield named.get(character, f"\\u{{{ord(character):x}}}") if _is_control(character) else character


def _is_control(character: str) -> bool:
    return character < " " or "\x7f" <= character <= "\x9f"
