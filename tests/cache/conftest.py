"""Trees at rest: their stamps are trusted, since they were written long enough ago."""

import time
from collections.abc import Iterator
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
    """A place for trees made at once, so that they rest at the same time; `copy` has the texts of `tree0`."""
    place = tmp_path_factory.mktemp("resting").resolve()
    for number in range(13):
        make_tree(place / f"tree{number}", f"tree{number}")
    make_tree(place / "copy", "tree0")
    time.sleep(REST)
    return place


@pytest.fixture
def settled(resting: Path) -> Path:
    """One of them."""
    return resting / "tree0"


@pytest.fixture
def own(resting: Path, request: pytest.FixtureRequest) -> Path:
    """One of them that no other test asks about, so that it may be edited in the end."""
    taken = request.config.stash.setdefault(TAKEN, [])
    taken.append(request.node.nodeid)
    return resting / f"tree{len(taken)}"


TAKEN = pytest.StashKey[list[str]]()


@pytest.fixture
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Makes a cache folder of the test's own the one in use, and forgets what the process remembers."""
    folder = tmp_path.resolve() / "own-cache"
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", str(folder))
    _core.forget()
    return folder
