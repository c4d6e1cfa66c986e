"""Where targets have their files."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")


def folder() -> Path:
    """An empty one that goes with the process; in memory where that can be had, since nothing here should wait for a disk."""
    made = Path(tempfile.mkdtemp(prefix="rev-accel-fuzz-", dir=MEMORY if MEMORY.is_dir() else None)).resolve()
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made
