"""A damaged cache gives misses: no wrong answers, no exceptions, no hangs; and it is found out and mended."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import rev_accel
from rev_accel import _core, cache

from .conftest import COUNT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="makes things that only POSIX has")

REPOSITORY = Path(__file__).parents[2]
ROUNDS, SEED = 300, 1


def test_no_damage_gives_a_wrong_answer_an_exception_a_signal_or_a_hang(tmp_path: Path) -> None:
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else str(tmp_path)
    command = [sys.executable, "-m", "tests.cache.campaign", "damage", f"--rounds={ROUNDS}", f"--seed={SEED}"]
    result = subprocess.run(
        [*command, f"--folder={folder}"],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert result.returncode == 0, f"{result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-5000:]}"
    assert f"{ROUNDS} rounds" in result.stdout
    assert "checks found damage" in result.stdout


@pytest.fixture
def filled(cache_dir: Path, settled: Path) -> Path:
    """A cache that knows one tree, with its log folded into the database."""
    rev_accel.scan(root=settled)
    database = cache_dir / "v1" / "facts" / "store-1.sqlite"
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return cache_dir / "v1"


def scanned(tree: Path) -> tuple[str, rev_accel.ScanStats]:
    """The answer of a process that remembers nothing."""
    _core.forget()
    report = rev_accel.scan(root=tree)
    return report.to_json(), report.stats


def manifest(folder: Path) -> Path:
    """The only manifest of a cache."""
    (path,) = (folder / "manifests").iterdir()
    return path


def change(path: Path, place: int, data: bytes) -> None:
    """Writes in the middle of a file, from its end if the place is negative."""
    with path.open("r+b") as file:
        file.seek(place, os.SEEK_END if place < 0 else os.SEEK_SET)
        file.write(data)


def change_byte(path: Path, place: int) -> None:
    """Changes one byte in the middle of a file, whatever it is."""
    old = path.read_bytes()[place]
    change(path, place, bytes([old ^ 0x5A]))


@pytest.mark.parametrize("place", [0, 500, -3000, -128, -100, -60, -8, -1])
def test_a_changed_manifest_is_found_dropped_and_made_anew(place: int, filled: Path, settled: Path) -> None:
    right, _ = scanned(settled)
    path = manifest(filled)
    path.write_bytes(path.read_bytes())
    change_byte(path, place)
    found = cache.verify()
    assert found is not None
    assert (found["manifests"], found["damaged_manifests"]) == (1, 1)
    assert not path.exists()
    answer, stats = scanned(settled)
    assert (answer, stats.store) == (right, COUNT)
    answer, stats = scanned(settled)
    assert (answer, stats.manifest) == (right, COUNT)


@pytest.mark.parametrize("place", [0, 500, -3000, -128, -100, -60, -8, -1])
def test_a_changed_manifest_is_not_believed_and_is_replaced_by_the_next_call(
    place: int, filled: Path, settled: Path
) -> None:
    right, _ = scanned(settled)
    change_byte(manifest(filled), place)
    for level in ("store", "manifest"):
        answer, stats = scanned(settled)
        assert answer == right
        # A record that is damaged costs its file alone.
        assert getattr(stats, level) == COUNT or (place in (0, 500) and stats.manifest >= COUNT - 2)
    found = cache.verify()
    assert found is not None


def test_a_damaged_content_is_found_and_dropped(filled: Path, settled: Path) -> None:
    path = filled / "facts" / "store-1.sqlite"
    data = path.read_bytes()
    # A name in a value, which the checksum of its row covers.
    place = data.rindex(b"print") if b"print" in data else len(data) - 40
    change(path, place, b"PRINT")
    found = cache.verify()
    assert found is not None
    assert found["damaged_contents"] >= 1 or found["store_damaged"]
    again = cache.verify()
    assert again is not None
    assert not again["damaged_contents"]
    assert not again["store_damaged"]


def noise(path: Path) -> None:
    path.write_bytes(os.urandom(20_000))


def no_header(path: Path) -> None:
    change(path, 0, bytes(100))


def cut(path: Path) -> None:
    os.truncate(path, 5_000)


def other_application(path: Path) -> None:
    change(path, 68, b"abcd")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link(path: Path) -> None:
    path.rename(path.parent.parent / "away")
    path.symlink_to("../away")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


RUINS = (noise, no_header, cut, other_application, folder, link, pipe)


@pytest.mark.parametrize("ruin", RUINS)
def test_a_ruined_store_is_replaced_by_the_next_call_that_writes(
    ruin: Callable[[Path], None], filled: Path, settled: Path, resting: Path
) -> None:
    right, _ = scanned(settled)
    ruin(filled / "facts" / "store-1.sqlite")
    rev_accel.scan(root=settled, limits=rev_accel.Limits(max_bytes=10_000))
    report = rev_accel.scan(root=settled, limits=rev_accel.Limits(max_bytes=20_000))
    assert (report.to_json(), report.stats.store) == (right, COUNT)
    found = cache.verify()
    assert found is not None
    assert (found["contents"], found["damaged_contents"], found["store_damaged"]) == (COUNT, 0, False)


@pytest.mark.parametrize("ruin", RUINS)
def test_a_ruined_store_is_reported(ruin: Callable[[Path], None], filled: Path) -> None:
    ruin(filled / "facts" / "store-1.sqlite")
    found = cache.verify()
    assert found is not None
    assert found["store_damaged"]


@pytest.mark.parametrize("ruin", [noise, cut, link, pipe])
def test_a_ruined_manifest_is_replaced_by_the_next_call(
    ruin: Callable[[Path], None], filled: Path, settled: Path
) -> None:
    right, _ = scanned(settled)
    path = manifest(filled)
    if ruin is cut:
        os.truncate(path, 500)
    else:
        ruin(path)
    assert scanned(settled)[0] == right
    answer, stats = scanned(settled)
    assert (answer, stats.manifest) == (right, COUNT)


def test_a_folder_in_the_place_of_a_manifest_is_reported_and_removed(filled: Path, settled: Path) -> None:
    folder(manifest(filled))
    found = cache.verify()
    assert found is not None
    assert found["damaged_manifests"] == 1
    scanned(settled)
    assert scanned(settled)[1].manifest == COUNT


def test_a_folder_in_the_place_of_a_manifest_costs_no_more_than_the_manifest(filled: Path, settled: Path) -> None:
    right, _ = scanned(settled)
    folder(manifest(filled))
    for _ in range(2):
        answer, stats = scanned(settled)
        assert (answer, stats.store) == (right, COUNT)


def test_manifests_under_each_others_names_are_not_believed(filled: Path, settled: Path, resting: Path) -> None:
    first = manifest(filled)
    text = first.read_bytes()
    right = [scanned(settled)[0], rev_accel.scan(root=resting / "copy", cache=False).to_json()]
    rev_accel.scan(root=resting / "copy")
    second = next(path for path in (filled / "manifests").iterdir() if path != first)
    first.write_bytes(second.read_bytes())
    second.write_bytes(text)
    assert [scanned(settled)[0], scanned(resting / "copy")[0]] == right


def test_manifests_under_each_others_names_are_reported(filled: Path, resting: Path) -> None:
    rev_accel.scan(root=resting / "copy")
    first, second = (filled / "manifests").iterdir()
    first.write_bytes(second.read_bytes())
    found = cache.verify()
    assert found is not None
    assert (found["manifests"], found["damaged_manifests"]) == (2, 1)


def test_a_file_in_the_place_of_a_folder_of_the_cache_is_told_of(filled: Path, settled: Path) -> None:
    right, _ = scanned(settled)
    for part in ("manifests", "facts"):
        shutil.rmtree(filled / part)
        (filled / part).write_bytes(b"")
        _core.forget()
        result = rev_accel.scan(root=settled, cache=False)
        assert result.to_json() == right
        with pytest.raises(rev_accel.InputError, match="not a folder"):
            cache.info()
        (filled / part).unlink()
        scanned(settled)
        assert scanned(settled)[1].manifest == COUNT


def test_damage_that_comes_while_a_process_remembers_does_not_disturb_it(filled: Path, own: Path) -> None:
    right, _ = scanned(own)
    for path in filled.rglob("*"):
        if path.is_file():
            noise(path)
    report = rev_accel.scan(root=own)
    assert (report.to_json(), report.stats.memory) == (right, COUNT)
    (own / "part1" / "new.py").write_text("print()\n")
    assert len(rev_accel.scan(root=own)) == COUNT + 1
    (own / "part1" / "new.py").unlink()
    assert rev_accel.scan(root=own).to_json() == right


def test_a_store_that_has_become_read_only_by_damage_is_replaced(filled: Path, settled: Path, resting: Path) -> None:
    change(filled / "facts" / "store-1.sqlite", 18, b"\xff")
    rev_accel.scan(root=resting / "tree12")
    _core.forget()
    stats = rev_accel.scan(root=resting / "tree12", exclude=["nothing"]).stats
    assert stats.store == COUNT
    assert cache.gc(0)
