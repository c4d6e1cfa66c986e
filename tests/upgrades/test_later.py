"""Two versions at one cache: each gives its own answers, whatever the other one left there.

The other version is this one with some of its constants changed in the binary: other rules, which is what a version may bring, and
another name of the engine, which is what keeps them apart.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import rev_accel
from rev_accel import ResponseCache, digest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a binary that was changed is not loaded")

ENGINE = f"rev-accel {rev_accel.__version__} rules 1".encode()
COUNT = 20


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders to import from: this version, and ones with other rules, with and without another name of the engine."""
    home = tmp_path_factory.mktemp("versions")
    here = Path(rev_accel.__file__).parent
    (extension,) = here.glob("_core.*.so")
    binary = extension.read_bytes()
    assert binary.count(ENGINE) == 1
    other_rules = binary.replace(b"FIXME", b"FIXED")
    renamed = other_rules.replace(ENGINE, ENGINE[:-1] + b"2")
    found = {}
    for name, changed in (("this", binary), ("renamed", renamed), ("not renamed", other_rules)):
        shutil.copytree(here, home / name / "rev_accel", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        (home / name / "rev_accel" / extension.name).write_bytes(changed)
        found[name] = home / name
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "tree"
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"{number}.py").write_text(f"# FIXME: {number}\n# FIXED: {number}\nprint({number})\n")
    return folder


def scan(version: Path, tree: Path, cache: Path | None, *more: str) -> tuple[str, int]:
    """What a version prints, and of how many files it knew what to print."""
    command = [sys.executable, "-P", "-m", "rev_accel", "scan", "--format=jsonl", "--stats", *more]
    where = {"REV_ACCEL_NO_CACHE": "1"} if cache is None else {"REV_ACCEL_CACHE_DIR": str(cache)}
    environment = {**os.environ, **where, "PYTHONPATH": str(version), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, check=True, capture_output=True, text=True)
    rows = dict(row.split(maxsplit=1) for row in done.stderr.splitlines())
    return done.stdout, COUNT - int(rows["parsed"].split(",")[0])


def test_each_version_gives_its_own_answers(versions: dict[str, Path], tree: Path, tmp_path: Path) -> None:
    cache, names = tmp_path / "cache", ("this", "renamed")
    own = {name: scan(versions[name], tree, None)[0] for name in names}
    assert own["this"] != own["renamed"]
    for name, known in (("this", 0), ("renamed", 0), ("this", COUNT), ("renamed", COUNT)):
        assert scan(versions[name], tree, cache) == (own[name], known)


def test_without_another_name_the_answers_would_be_wrong(versions: dict[str, Path], tree: Path, tmp_path: Path) -> None:
    """So the test above can fail."""
    scan(versions["this"], tree, tmp_path / "cache")
    answer, known = scan(versions["not renamed"], tree, tmp_path / "cache")
    assert known == COUNT
    assert answer != scan(versions["not renamed"], tree, None)[0]


@pytest.mark.parametrize("schema", [1, 3])
def test_stores_of_another_schema_are_left_alone(
    versions: dict[str, Path], tree: Path, tmp_path: Path, schema: int
) -> None:
    folder, keys = tmp_path / "cache", [digest(number, domain="request") for number in range(3)]
    expected, _ = scan(versions["this"], tree, folder)
    assert all(ResponseCache(folder=folder).put(key, b"old") for key in keys)
    stores = sorted((folder / "v1").glob("*/store-1.sqlite"))
    assert [store.parent.name for store in stores] == ["facts", "replies"]
    rev_accel._core.before_fork()  # closes what is open
    rev_accel._core.after_fork_in_parent()
    for store in stores:
        with closing(sqlite3.connect(store)) as database:
            database.execute(f"PRAGMA user_version = {schema}")
    for manifest in (folder / "v1" / "manifests").iterdir():
        manifest.unlink()
    assert scan(versions["this"], tree, folder) == (expected, 0)
    cache = ResponseCache(folder=folder)
    assert [cache.get(key) for key in keys] == [None] * 3
    assert all(cache.put(key, b"new") for key in keys)
    assert [cache.get(key) for key in keys] == [b"new"] * 3
    shutil.rmtree(folder / "v1" / "manifests")
    assert scan(versions["this"], tree, folder) == (expected, COUNT)
