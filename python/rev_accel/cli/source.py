"""A text from standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rev_accel import _core, settings
from rev_accel.errors import InputError

if TYPE_CHECKING:
    from rev_accel._core import ScanResult


def scan_input(path: str, *, rules: int, max_bytes: int) -> ScanResult:
    """Scan the text on standard input under the name of a path."""
    if sys.stdin is None:
        raise InputError("standard input is closed")
    try:
        # One byte more than is analysed, to see that there is more.
        source = sys.stdin.buffer.read(max_bytes + 1)
    except OSError as error:
        raise InputError(f"standard input cannot be read: {error.strerror}") from None
    return _core.scan_source(
        source, path=settings.path_texts([path])[0], rules=rules, max_bytes=max_bytes, producer=settings.producer()
    )
