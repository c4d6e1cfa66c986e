"""`rev-accel cache` knows of replies: tells, checks, shrinks and removes them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rev_accel import InputError, ResponseCache, cache, scan

from .processes import sqlite
from .server import key, reply


@pytest.fixture
def replies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ResponseCache:
    """Twenty replies and the results of a scan, in the cache that the environment names."""
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file.py").write_text("print()\n")
    scan(root=tmp_path / "tree")
    replies = ResponseCache()
    for number in range(20):
        assert replies.put(key(number), reply(number))
    return replies


def run(*arguments: str, code: int = 0) -> dict[str, str]:
    """The table that the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "rev_accel", "cache", *arguments], capture_output=True, text=True, env=os.environ
    )
    assert (done.returncode, done.stderr) == (code, ""), done
    return {line[:11].strip(): line[11:] for line in done.stdout.splitlines()}


def test_it_tells_how_questions_were_answered_by_processes_that_have_ended(
    replies: ResponseCache, tmp_path: Path
) -> None:
    code = """
from rev_accel import ResponseCache
cache = ResponseCache()
key = lambda number: number.to_bytes(32, "little")
for number in (1, 2, 100): cache.get(key(number))
cache.get_or_call(key(100), lambda: b"call")
cache.get_or_call(key(101), lambda: b"cut", storable=lambda _: "length")
cache.get_or_call(key(102), lambda: b"any", bypass="sampled")
another = ResponseCache()
another.get(key(1))
del another
"""
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], check=True)
    asked = "8 hit, 4 miss, 0 shared, 1 stored, 2 refused, 2 bypass, about"
    assert run("info")["asked"] == asked
    # One that switches the cache off, and one without a cache, write nothing.
    for name, value in (("REV_ACCEL_NO_CACHE", "1"), ("REV_ACCEL_CACHE_DIR", str(tmp_path / "none"))):
        subprocess.run(
            [sys.executable, "-c", code.split("cache.get_or_call")[0] if name.endswith("DIR") else code],
            check=True,
            env={**os.environ, name: value},
        )
    assert run("info")["asked"] == asked
    assert cache.clear("replies")
    assert run("info")["asked"].startswith("0 hit, 0 miss")


def count(replies: ResponseCache) -> int:
    return sum(replies.get(key(number)) == reply(number) for number in range(20))


def test_info_tells_how_many_there_are(replies: ResponseCache) -> None:
    assert run("info")["replies"].startswith("20, ")
    figures = cache.info()
    assert figures is not None
    assert (figures["replies"], figures["reply_problem"]) == (20, None)
    assert figures["reply_bytes"] > 100_000


def test_verify_finds_damaged_ones_and_drops_them(replies: ResponseCache, tmp_path: Path) -> None:
    assert run("verify")["replies"] == "20 read, 0 damaged and dropped"
    database = tmp_path / "cache" / "v1" / "replies" / "store-1.sqlite"
    sqlite(database, "UPDATE entries SET value = x'00' WHERE id = (SELECT min(id) FROM entries)")
    assert run("verify", code=1)["replies"] == "20 read, 1 damaged and dropped"
    assert run("verify")["replies"] == "19 read, 0 damaged and dropped"
    assert count(replies) == 19


@pytest.mark.parametrize(
    ("arguments", "results", "left"),
    [(["--replies"], 1, 0), (["--results"], 0, 20), ([], 0, 0), (["--results", "--replies"], 0, 0)],
)
def test_clear_removes_what_it_is_asked_to(
    arguments: list[str], results: int, left: int, replies: ResponseCache
) -> None:
    run("clear", *arguments)
    assert count(replies) == left
    figures = cache.info()
    assert figures is not None
    assert (figures["manifests"], figures["replies"]) == (results, left)
    # Nothing of them is left on the disk.
    if not left:
        folder = Path(os.environ["REV_ACCEL_CACHE_DIR"]) / "v1" / "replies"
        assert all(b"reply 3 reply 3" not in path.read_bytes() for path in folder.iterdir())


def test_clear_in_python_takes_no_other_word(replies: ResponseCache) -> None:
    with pytest.raises(InputError, match='`only` must be "results", "replies" or None'):
        cache.clear("everything")  # type: ignore[arg-type]
    assert cache.clear("replies")
    assert count(replies) == 0


def test_gc_drops_what_had_its_time_and_what_is_too_much(replies: ResponseCache) -> None:
    replies.put(key(100), b"short", ttl=0.01)
    time.sleep(0.05)
    run("gc")
    figures = cache.info()
    assert figures is not None
    assert figures["replies"] == 20
    run("gc", "--max-reply-bytes", "50K")
    assert 0 < count(replies) < 20
    run("gc", "--max-reply-bytes", "0")
    assert count(replies) == 0
    assert cache.info() is not None
    with pytest.raises(InputError, match="`max_reply_bytes` must be a whole number"):
        cache.gc(max_reply_bytes=-1)
