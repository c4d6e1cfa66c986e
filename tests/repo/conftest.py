"""What the tests of this folder share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .asker import Asker
from .builder import Repository


@pytest.fixture(scope="session")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """The process that asks, with its clock ahead."""
    with Asker(tmp_path_factory.mktemp("clock")) as asker:
        yield asker


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A repository with two commits, three files, a folder, and an ignore file."""
    repository = Repository(tmp_path.resolve()).init()
    repository.write(".gitignore", "*.o\nignored/\n")
    repository.write("a", "a\n")
    repository.write("folder/b", "b\n")
    repository.commit("First")
    repository.write("c", "c\n")
    repository.commit("Second")
    return repository
