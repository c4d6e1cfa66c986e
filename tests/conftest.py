"""What the tests share: trees to analyse, and a live `rev-agentic` beside each."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract import tree
from oracle import Oracle


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache that every test uses, and the processes that it starts: not the user's own."""
    folder = tmp_path_factory.mktemp("cache").resolve()
    os.environ["REV_ACCEL_CACHE_DIR"] = str(folder)
    yield folder
    del os.environ["REV_ACCEL_CACHE_DIR"]


@pytest.fixture(scope="session")
def odd_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of the tree of odd cases; its parent holds what must stay out of reach."""
    root = tmp_path_factory.mktemp("odd").resolve() / "tree"
    root.mkdir()
    tree.build(root)
    return root


@pytest.fixture(scope="session")
def odd_oracle(odd_root: Path) -> Iterator[Oracle]:
    """rev with the tree of odd cases as its root."""
    with Oracle(odd_root) as oracle:
        yield oracle
