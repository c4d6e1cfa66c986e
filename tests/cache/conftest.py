"""Trees at rest: their stamps are trusted, since they were written long enough ago."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rev_accel import _core

from .rounds import REST

PARTS, FILES = 4, 10
COUNT = PARTS * FILES
"""Files of a tree below, with one finding each."""


def make_tree(folder: Path, name: str) -> Path:
    """Files no two of which have the same text."""
    for part in range(PARTS):
        (folder / f"part{part}").mkdir(parents=True)
        for number in range(FILES):
            (folder / f"part{part}" / f"file{number}.py").write_text(f"{name}_{part}_{number} = 1\nprint({number})\n")
    return folder


@pytest.fixture(scope="session")
def resting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place for trees that nobody edits, all made at once, so that they rest at the same time."""
    place = tmp_path_factory.mktemp("resting").resolve()
    for number in range(12):
        make_tree(place / f"tree{number}", f"tree{number}")
    make_tree(place / "copy", "tree0")
    time.sleep(REST)
    return place


@pytest.fixture
def settled(resting: Path, request: pytest.FixtureRequest) -> Path:
    """One of them, that may be edited in the end: each test that asks has its own."""
    taken = request.config.stash.setdefault(TAKEN, [])
    taken.append(request.node.nodeid)
    return resting / f"tree{len(taken)}"


TAKEN = pytest.StashKey[list[str]]()


@pytest.fixture
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Makes a cache folder of the test's own the one in use, and forgets what the process remembers."""
    folder = tmp_path.resolve() / "own-cache"
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", str(folder))
    _core.forget()
    return folder
