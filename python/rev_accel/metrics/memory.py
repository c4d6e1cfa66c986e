"""How much memory the process has."""

from __future__ import annotations

import sys

__all__ = ["current_bytes", "peak_bytes"]


def current_bytes() -> int | None:
    """What is resident now; `None` where the system does not tell."""
    return _status("VmRSS:")


def peak_bytes() -> int | None:
    """The most that was resident so far; `None` where the system does not tell."""
    found = _status("VmHWM:")
    if found is not None:
        return found
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _status(name: str) -> int | None:
    """A line of Linux's account of the process, whose unit is KiB. Its peak is that of this program alone: the one of
    `getrusage` begins with that of the process that started it."""
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(name):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None
