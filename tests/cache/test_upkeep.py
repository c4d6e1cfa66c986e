"""The upkeep of a cache that cannot be written to, of one on a full disk, and of one whose log is damaged."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rev_accel
from rev_accel import cache

from .conftest import COUNT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="gives up rights, mounts, or changes files that are open")

# All is loaded before rights are given up: afterwards it might not be readable. Root may write whatever the modes say.
COMMAND = """
import gettext, locale, os, sys
from rev_accel import cache
from rev_accel.cli import app
from rev_accel.cli import cache as command
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
sys.exit(command.cache.main(sys.argv[1:], standalone_mode=False))
"""


def run(*arguments: str, code: str = COMMAND) -> tuple[int, str, str]:
    """What the command of a user without rights returns and writes."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def read_only(cache_dir: Path, settled: Path) -> Iterator[Path]:
    """A cache that belongs to a user who cannot write to it."""
    rev_accel.scan(root=settled)
    cache.gc()
    for path in (cache_dir, *cache_dir.rglob("*")):
        if os.getuid() == 0:
            os.chown(path, 65534, 65534)
        path.chmod(0o500 if path.is_dir() else 0o400)
    for folder in list(cache_dir.parents)[:-1]:
        if folder.owner() == Path.home().owner() and folder.stat().st_mode & 0o055 != 0o055:
            folder.chmod(0o755)
    yield cache_dir
    for path in (cache_dir, *cache_dir.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def test_verify_tells_of_what_could_not_be_dropped(read_only: Path) -> None:
    (manifest,) = (read_only / "v1" / "manifests").iterdir()
    manifest.chmod(0o600)
    manifest.write_bytes(manifest.read_bytes()[:-1] + b"?")
    for _ in range(2):
        code, output, errors = run("verify")
        assert (code, errors) == (1, "")
        assert "manifests  1 read, 1 damaged\n" in output
        assert "could be dropped" in output
        assert "and dropped" not in output
    assert manifest.exists()


@pytest.mark.parametrize("part", ["facts", "manifests"])
def test_gc_of_what_cannot_be_written_to_fails(part: str, read_only: Path) -> None:
    for path in (read_only / "v1" / part).iterdir():
        path.parent.chmod(0o700)
        path.unlink()
        path.parent.chmod(0o500)
    code, _, errors = run("gc", "--max-bytes", "0")
    assert code != 0
    assert "could be made smaller" in errors


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB."""
    folder = tmp_path.resolve() / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k,mode=755", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Leaves no room."""
    with (folder / "full").open("ab", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return


@pytest.mark.parametrize("is_open", [False, True])
def test_clear_gets_the_space_of_a_full_disk_back(
    is_open: bool, small_disk: Path, resting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", str(small_disk / "cache"))
    for number in range(13):
        rev_accel.scan(root=resting / f"tree{number}", exclude=["nothing"])
    facts = small_disk / "cache" / "v1" / "facts"
    before = cache.size()
    fill(small_disk)
    holder = None
    if is_open:
        code = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN'); "
        code += "c.execute('SELECT * FROM entries').fetchone(); print('open', flush=True); sys.stdin.read()"
        command = [sys.executable, "-c", code, str(next(facts.glob("*.sqlite")))]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
    try:
        assert cache.clear()
        after = cache.size()
        assert before is not None
        assert after is not None
        assert after < before
        assert not sum(path.stat().st_size for path in facts.glob("*-wal"))
    finally:
        if holder is not None:
            holder.communicate()
            assert holder.returncode == 0
    (small_disk / "full").unlink()
    rev_accel.scan(root=resting / "tree0", exclude=["none"])
    found = cache.verify()
    assert found is not None
    assert (found["contents"], found["store_damaged"]) == (COUNT, False)


def test_gc_on_a_full_disk_does_not_tell_of_success_when_the_log_is_left(
    small_disk: Path, resting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", str(small_disk / "cache"))
    for number in range(13):
        rev_accel.scan(root=resting / f"tree{number}", exclude=["nothing"])
    fill(small_disk)
    facts = small_disk / "cache" / "v1" / "facts"
    done = cache.gc(0)
    assert done == (not sum(path.stat().st_size for path in facts.glob("*-wal")))


@pytest.mark.parametrize("place", [20, 3_000, 12_000])
def test_damage_of_the_log_is_found_and_the_store_begun_anew(place: int, cache_dir: Path, settled: Path) -> None:
    rev_accel.scan(root=settled)
    log = cache_dir / "v1" / "facts" / "store-1.sqlite-wal"
    data = bytearray(log.read_bytes())
    assert len(data) > 20_000
    data[place] ^= 1
    log.write_bytes(data)
    found = cache.verify()
    assert found is not None
    assert (found["store_damaged"], found["is_left"]) == (True, False)
    again = cache.verify()
    assert again is not None
    assert (again["store_damaged"], again["contents"]) == (False, 0)
