"""A workspace, and beside it a place that must stay as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rev_accel.workspace import Workspace


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The folder round the root."""
    return tmp_path.resolve()


@pytest.fixture
def root(place: Path) -> Path:
    root = place / "work"
    root.mkdir()
    return root


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return Workspace(root)
