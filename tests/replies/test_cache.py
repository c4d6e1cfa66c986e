"""`ResponseCache` keeps what it is given under an exact key, says what it did, and never gets in the way."""

import asyncio
import copy
import dataclasses
import json
import os
import pickle
import random
import time
from pathlib import Path

import pytest

from rev_accel import InputError, ResponseCache, digest, digest_bytes
from robustness.process import run_python

from .processes import sqlite
from .server import key, reply


@pytest.fixture
def replies(tmp_path: Path) -> ResponseCache:
    return ResponseCache(folder=tmp_path / "cache")


def test_what_was_put_is_got_by_every_instance(replies: ResponseCache, tmp_path: Path) -> None:
    assert replies.get(key(1)) is None
    assert replies.put(key(1), reply(1))
    assert replies.get(key(1)) == reply(1)
    assert ResponseCache(folder=tmp_path / "cache").get(key(1)) == reply(1)
    assert replies.put(key(1), b"")
    assert replies.get(key(1)) == b""
    stats = replies.stats
    assert (stats.hit, stats.miss, stats.shared, stats.stored) == (2, 1, 0, 2)
    assert stats.hit_rate == pytest.approx(2 / 3)
    assert ResponseCache().stats.hit_rate == 0


def test_a_process_finds_what_another_put(replies: ResponseCache, tmp_path: Path) -> None:
    replies.put(digest("request"), reply(1))
    code = "import sys; from rev_accel import *; print(ResponseCache(folder=sys.argv[1]).get(digest('request')))"
    assert run_python(code, tmp_path / "cache").stdout.strip() == str(reply(1))


def test_a_key_is_32_bytes_or_their_64_digits(replies: ResponseCache) -> None:
    replies.put(digest([1]), b"reply")
    assert replies.get(digest_bytes([1])) == replies.get(digest([1]).upper()) == b"reply"


@pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33), "", "ab" * 31, "zz" * 32, " " * 64, "ab " * 21 + "a"])
def test_any_other_key_is_refused(wrong: bytes | str, replies: ResponseCache) -> None:
    for use in (replies.get, lambda key: replies.put(key, b""), lambda key: replies.get_or_call(key, lambda: b"")):
        with pytest.raises(InputError, match="`key` must be 32 bytes or 64 hexadecimal digits, not "):
            use(wrong)


def test_values_of_other_types_are_refused(replies: ResponseCache, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="`key` must be bytes or str, not int"):
        replies.get(1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="`reply` must be bytes, not str"):
        replies.put(key(1), "reply")  # type: ignore[arg-type]
    for wrong in (0, -1, float("nan"), True, "1", 1e12):
        with pytest.raises(InputError, match="`ttl` must be a number of seconds"):
            replies.put(key(1), b"", ttl=wrong)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="`ttl` must be a number of seconds"):
            replies.get_or_call(key(1), pytest.fail, ttl=wrong)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="`max_age` must be a number of seconds"):
            ResponseCache(max_age=wrong)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="`lease` must be a number of seconds"):
            ResponseCache(lease=wrong)  # type: ignore[arg-type]
    for wrong in (-1, 1.5, True, 1 << 61):
        with pytest.raises(InputError, match="`max_bytes` must be a whole number"):
            ResponseCache(max_bytes=wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="path"):
        ResponseCache(folder="")


def test_keys_that_differ_in_one_bit_are_different(replies: ResponseCache) -> None:
    for bit in range(256):
        assert replies.put((1 << bit).to_bytes(32, "little"), b"%d" % bit)
    for bit in range(256):
        assert replies.get((1 << bit).to_bytes(32, "little")) == b"%d" % bit
    assert replies.get(bytes(32)) is None


def test_random_uses_agree_with_a_dict(tmp_path: Path) -> None:
    for seed in range(5):
        choice = random.Random(seed)
        folder = tmp_path / f"cache{seed}"
        instances = [ResponseCache(folder=folder) for _ in range(3)]
        right: dict[int, bytes] = {}
        for step in range(400):
            number, instance = choice.randrange(40), choice.choice(instances)
            match choice.randrange(5):
                case 0:
                    right[number] = choice.randbytes(choice.choice((0, 10, 5_000, 60_000)))
                    assert instance.put(number.to_bytes(32, "big"), right[number])
                case 1 if choice.random() < 0.05:
                    instances[choice.randrange(3)] = ResponseCache(folder=folder)
                case 2:
                    found = instance.get_or_call(number.to_bytes(32, "big"), lambda step=step: b"%d" % step)
                    assert found == right.setdefault(number, b"%d" % step), f"seed {seed}, step {step}"
                case _:
                    assert instance.get(number.to_bytes(32, "big")) == right.get(number), f"seed {seed}, step {step}"


def test_a_reply_with_a_time_to_live_is_gone_after_it(replies: ResponseCache) -> None:
    replies.put(key(1), b"short", ttl=0.05)
    replies.put(key(2), b"long", ttl=3600)
    assert replies.get_or_call(key(3), lambda: b"called", ttl=0.05) == b"called"
    time.sleep(0.1)
    assert (replies.get(key(1)), replies.get(key(2)), replies.get(key(3))) == (None, b"long", None)
    # What had its time is gone for good, and makes room.
    assert replies.get_or_call(key(1), lambda: b"again") == b"again"
    assert replies.get(key(1)) == b"again"


def test_max_age_makes_older_replies_misses_for_this_instance(replies: ResponseCache, tmp_path: Path) -> None:
    replies.put(key(1), b"old")
    time.sleep(0.1)
    young = ResponseCache(folder=tmp_path / "cache", max_age=0.05)
    assert young.get(key(1)) is None
    assert replies.get(key(1)) == b"old"
    assert young.get_or_call(key(1), lambda: b"new") == b"new"
    assert replies.get(key(1)) == b"new"


def test_beyond_its_size_the_least_used_replies_go(tmp_path: Path) -> None:
    small = ResponseCache(folder=tmp_path / "cache", max_bytes=1 << 20)
    for number in range(600):
        assert small.put(key(number), bytes(4000))
    taken = sum(path.stat().st_size for path in (tmp_path / "cache" / "v1" / "replies").iterdir())
    assert taken < 4 << 20
    kept = [number for number in range(600) if small.get(key(number)) is not None]
    assert 100 < len(kept) < 270


def test_what_is_used_all_the_time_stays_and_what_was_just_put_is_there(tmp_path: Path) -> None:
    small = ResponseCache(folder=tmp_path / "cache", max_bytes=100_000)
    for number in range(100):
        assert small.put(key(number), bytes(4000))
        assert small.get(key(number)) is not None and small.get(key(0)) is not None, number
    assert small.get(key(1)) is None


def test_a_reply_that_does_not_fit_into_the_size_is_refused(tmp_path: Path) -> None:
    tiny = ResponseCache(folder=tmp_path / "cache", max_bytes=100)
    assert not tiny.put(key(1), bytes(4000))
    assert tiny.get_or_call(key(1), lambda: bytes(4000)) == bytes(4000)
    assert tiny.get(key(1)) is None
    assert (tiny.stats.refused, tiny.stats.stored) == ({"too_large": 2}, 0)


def test_a_reply_that_is_too_large_is_refused(replies: ResponseCache) -> None:
    large = bytes(16 << 20)
    assert not replies.put(key(1), large)
    assert replies.get_or_call(key(1), lambda: large) == large
    assert replies.get(key(1)) is None
    assert replies.put(key(2), large[:-16])
    assert replies.get(key(2)) == large[:-16]
    assert (replies.stats.refused, replies.stats.stored) == ({"too_large": 2}, 1)


def test_what_is_not_for_the_cache_is_counted_with_its_reason(replies: ResponseCache) -> None:
    assert replies.put(key(1), b"whole", storable=lambda reply: None if reply == b"whole" else "cut")
    assert not replies.put(key(1), b"wh", storable=lambda reply: "cut")
    assert replies.get(key(1), bypass="sampled") is None
    assert replies.get(key(1)) == b"whole"

    async def main() -> None:
        assert not await replies.aput(key(1), b"", storable=lambda reply: "empty")
        assert await replies.aget(key(1), bypass="sampled") is None

    asyncio.run(main())
    stats = replies.stats
    assert (stats.hit, stats.miss, stats.stored) == (1, 0, 1)
    assert (stats.bypass, stats.refused) == ({"sampled": 2}, {"cut": 1, "empty": 1})


def test_statistics_can_be_copied_sent_and_written_down(replies: ResponseCache) -> None:
    replies.get(key(1), bypass="sampled")
    stats = replies.stats
    assert pickle.loads(pickle.dumps(stats)) == copy.deepcopy(stats) == stats
    assert json.loads(json.dumps(dataclasses.asdict(stats)))["bypass"] == {"sampled": 1}
    with pytest.raises(TypeError, match="cannot be changed"):
        stats.bypass["sampled"] = 0  # type: ignore[index]


def test_asyncio_has_the_same(replies: ResponseCache) -> None:
    async def main() -> None:
        assert await replies.aget(key(1)) is None
        assert await replies.aput(key(1), reply(1))
        assert await replies.aget(key(1)) == reply(1)
        assert await replies.aput(key(2), b"short", ttl=0.01)
        await asyncio.sleep(0.05)
        assert await asyncio.gather(*(replies.aget(key(number)) for number in (1, 2))) == [reply(1), None]
        with pytest.raises(InputError):
            await replies.aget("key")
        with pytest.raises(ZeroDivisionError):
            await replies.aget_or_call(key(3), lambda: asyncio.sleep(1 / 0))

    asyncio.run(main())


def test_the_environment_switches_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REV_ACCEL_NO_CACHE", "1")
    replies = ResponseCache(folder=tmp_path / "cache")
    calls = []
    for _ in range(2):
        assert replies.get_or_call(key(1), lambda: calls.append(1) or b"reply") == b"reply"  # type: ignore[func-returns-value]
    assert not replies.put(key(1), b"reply")
    assert replies.get(key(1)) is None
    assert len(calls) == 2
    assert (replies.stats.bypass, replies.stats.refused) == ({"off": 3}, {"off": 1})
    assert not (tmp_path / "cache").exists()


def test_the_environment_says_where_it_is_and_how_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", str(tmp_path / "named"))
    monkeypatch.setenv("REV_ACCEL_REPLIES_SIZE", "100K")
    replies = ResponseCache()
    for number in range(100):
        replies.put(key(number), bytes(4000))
    assert 5 < sum(replies.get(key(number)) is not None for number in range(100)) < 25
    assert (tmp_path / "named" / "v1" / "replies" / "store-1.sqlite").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("REV_ACCEL_REPLIES_SIZE", "much")
    with pytest.raises(InputError, match="environment variable REV_ACCEL_REPLIES_SIZE must be a size"):
        ResponseCache()


UNUSABLE = """
import sys, warnings
from rev_accel import ResponseCache
cache = ResponseCache(folder=sys.argv[1])
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for turn in range(3):
        assert cache.get(bytes(32)) is None
        assert not cache.put(bytes(32), b"reply")
        assert cache.get_or_call(bytes(32), lambda: b"called") == b"called"
print(len(told), told[0].category.__name__, told[0].filename, told[0].message)
print(dict(cache.stats.bypass), dict(cache.stats.refused), cache.stats.miss)
"""


def test_one_that_cannot_be_opened_is_bypassed_and_says_so_once(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    told, figures, _ = run_python(UNUSABLE, tmp_path / "cache").stdout.split("\n")
    assert told.startswith("1 RuntimeWarning <string> rev-accel works without its cache of replies: ")
    assert "it is not a folder" in told
    assert figures == "{'unusable': 6} {'unusable': 3} 0"


UNUSABLE_BY_MANY = """
import sys, threading, warnings
from pathlib import Path
from rev_accel import ResponseCache

folder = Path(sys.argv[1])
folder.mkdir()
(folder / "a").write_text("a file")
(folder / "b").write_text("a file")
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    caches = [ResponseCache(folder=folder / "ab"[number % 2]) for number in range(16)]
    threads = [threading.Thread(target=cache.get, args=[bytes(32)]) for cache in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(len(told), sum(cache.stats.bypass["unusable"] for cache in caches))
"""


def test_a_process_is_told_once_however_many_cannot_be_opened(tmp_path: Path) -> None:
    assert run_python(UNUSABLE_BY_MANY, tmp_path / "folder").stdout.split() == ["1", "16"]


def test_one_that_others_can_write_to_is_bypassed(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    told, *_ = run_python(UNUSABLE, tmp_path / "cache").stdout.split("\n")
    assert "other users can write to it" in told


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_one_that_cannot_be_written_to_is_read(tmp_path: Path, replies: ResponseCache) -> None:
    replies.put(key(1), reply(1))
    folders = [tmp_path / "cache" / "v1" / "replies", tmp_path / "cache" / "v1", tmp_path / "cache"]
    for folder in folders:
        folder.chmod(0o500)
    try:
        reading = ResponseCache(folder=tmp_path / "cache")
        assert reading.get(key(1)) == reply(1)
        assert reading.get_or_call(key(2), lambda: b"called") == b"called"
        assert (reading.stats.bypass, reading.stats.hit) == ({"read_only": 1}, 1)
    finally:
        for folder in folders:
            folder.chmod(0o700)


@pytest.mark.parametrize("use", ["get(bytes(32))", "put(bytes(32), b'')", "get_or_call(bytes(32), bytes)"])
def test_the_warning_points_at_the_line_that_asked(use: str, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    code = f"import sys\nfrom rev_accel import *\ncache = ResponseCache(folder=sys.argv[1])\ncache.{use}\n"
    assert run_python(code, tmp_path / "cache").stderr.startswith("<string>:4: RuntimeWarning: rev-accel works without")


def test_warnings_that_are_errors_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    code = "import sys; from rev_accel import *; print(ResponseCache(folder=sys.argv[1]).get(bytes(32)))"
    result = run_python(code, tmp_path / "cache", options=("-W", "error"))
    assert (result.stdout, result.stderr) == ("None\n", "")


def test_nothing_is_opened_before_the_first_use(tmp_path: Path) -> None:
    ResponseCache(folder=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_one_long_in_use_notices_that_it_was_emptied_or_removed(replies: ResponseCache, tmp_path: Path) -> None:
    replies.put(key(1), reply(1))
    sqlite(tmp_path / "cache" / "v1" / "replies" / "store-1.sqlite", "DELETE FROM entries")
    assert replies.get(key(1)) is None
    replies.put(key(1), reply(1))
    for path in (tmp_path / "cache" / "v1" / "replies").iterdir():
        path.unlink()
    assert replies.get(key(1)) is None
    assert replies.put(key(1), reply(1))
    assert ResponseCache(folder=tmp_path / "cache").get(key(1)) == reply(1)


def test_a_row_that_was_changed_is_a_miss(replies: ResponseCache, tmp_path: Path) -> None:
    for number in range(4):
        replies.put(key(number), reply(number))
    changes = ("value = x'00'", "value = value || x'00'", "key = zeroblob(32)")
    which = "WHERE id = (SELECT id FROM entries ORDER BY id LIMIT 1 OFFSET {})"
    statements = [f"UPDATE entries SET {change} {which.format(number)}" for number, change in enumerate(changes)]
    sqlite(tmp_path / "cache" / "v1" / "replies" / "store-1.sqlite", *statements)
    found = [replies.get(key(number)) for number in range(4)]
    assert sorted(found, key=lambda value: value is None)[1:] == [None] * 3
    assert all(value in (None, reply(number)) for number, value in enumerate(found))


def test_what_is_kept_is_the_folder_of_the_user_alone(replies: ResponseCache, tmp_path: Path) -> None:
    replies.put(key(1), b"secret")
    for path in (tmp_path / "cache").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
