"""A store of replies that is damaged in every way that a disk, a program or a person can."""

import os
import random
import shutil
import warnings
from pathlib import Path

from tests.cache.damage import BYTES, PLACES

from rev_accel import ResponseCache, _core, cache

from .processes import sqlite
from .server import key, reply

COUNT = 60
FILES = ("store-1.sqlite", "store-1.sqlite-wal", "store-1.sqlite-shm")
BUSY = 9_999
"""The number of a request that is in flight in the template."""


class Trials:
    """Damaged copies of a folder, each used as calls use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template"
        self.found = 0
        """Replies that were still there."""
        self.reported = 0
        """Checks that found damage."""
        replies = ResponseCache(folder=self.template)
        for number in range(COUNT):
            assert replies.put(key(number), reply(number))
            if number == COUNT // 2:
                # Half of them in the database, half in the log.
                sqlite(self.template / "v1" / "replies" / FILES[0], "PRAGMA wal_checkpoint(TRUNCATE)")
        what, _ = _core.ReplyStore(str(self.template)).take(key(BUSY), bytes(16), lease=3_600_000)
        assert what == "mine"

    def trial(self, seed: int) -> None:
        """One damaged copy."""
        choice = random.Random(seed)
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.template, copy)
        # Opened before the damage, by some.
        replies = ResponseCache(folder=copy)
        if choice.random() < 0.3:
            assert replies.get(key(0)) == reply(0)
        what = [self.harm(choice, copy, number) for number in range(choice.choice((1, 1, 1, 2, 3)))]
        story = f"seed {seed}: {', '.join(what)}"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                self.use(choice, copy, replies)
            except Exception as error:
                raise AssertionError(f"{story}: {error!r}") from error

    def harm(self, choice: random.Random, copy: Path, number: int) -> str:
        path = copy / "v1" / "replies" / choice.choice(FILES)
        if not path.is_file() or path.stat().st_size == 0:
            return f"nothing {path.name}"
        if choice.random() < 0.12:
            place = choice.choice(PLACES)
            away = self.folder / f"away{number}"
            path.rename(away)
            place(path, away)
            return f"{place.__name__} {path.name}"
        data, how = bytearray(path.read_bytes()), choice.choice(BYTES)
        other = path.with_name(choice.choice(FILES))
        how(choice, data, other.read_bytes() if other.is_file() else b"")
        path.write_bytes(data)
        return f"{how.__name__} {path.name}"

    def use(self, choice: random.Random, copy: Path, replies: ResponseCache) -> None:
        os.environ[cache.FOLDER_VARIABLE] = str(copy)
        if choice.random() < 0.3:
            self.check()
        for number in choice.sample(range(COUNT), COUNT):
            found = replies.get(key(number))
            assert found in (None, reply(number)), f"a wrong reply to {number}"
            self.found += found is not None
        # A lease that is gone or unreadable is one that may be taken; no other one stands in the way.
        assert replies.get_or_call(key(COUNT), lambda: reply(COUNT)) == reply(COUNT)
        for number in range(COUNT):
            assert replies.get_or_call(key(number), lambda number=number: reply(number)) == reply(number)
        self.check()
        again = cache.verify()
        assert again is not None
        assert not (again["damaged_replies"] or again["reply_store_damaged"]), again
        # All of it is in service again, for everybody. Damage may come to light only when a page is needed, and then a new
        # file takes over in the course of it.
        for _ in range(2):
            for number in range(COUNT):
                assert replies.put(key(number), reply(number))
        other = ResponseCache(folder=copy)
        assert [other.get(key(number)) for number in range(COUNT)] == [reply(number) for number in range(COUNT)]

    def check(self) -> None:
        found = cache.verify()
        assert found is not None
        self.reported += bool(found["damaged_replies"] or found["reply_store_damaged"])
