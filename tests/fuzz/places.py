"""Where targets have their files."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")


def folder() -> Path:
    """An empty one that goes with the process."""
    made = Path(tempfile.mkdtemp(prefix="rev-accel-fuzz-", dir=above())).resolve()
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def above() -> str | None:
    """In memory where that can be had, since nothing here should wait for a disk; unless somebody says where."""
    return str(MEMORY) if "TMPDIR" not in os.environ and MEMORY.is_dir() else None
