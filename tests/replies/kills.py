"""Processes that share a store of replies and are killed at random moments.

    python -m tests.replies.kills FOLDER SEED

asks, puts and leaves calls unfinished until it is killed; it prints a dot for each step.
"""

import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

from rev_accel import ResponseCache, cache

from .processes import REPOSITORY
from .server import key, reply

COUNT = 200
PROCESSES = 3
LEASE = 0.3  # seconds
LONGEST = 0.05  # seconds that a process lives on after its first steps


def live(folder: str, seed: int) -> None:
    """The life of a process, which ends by a signal."""
    choice = random.Random(seed)
    replies = ResponseCache(folder=folder, lease=LEASE, max_bytes=4 << 20)

    def work(seed: int) -> None:
        choice = random.Random(seed)
        while True:
            number = choice.randrange(COUNT)

            def call(number: int = number) -> bytes:
                time.sleep(choice.choice((0, 0, 0.001, 0.02)))
                return reply(number)

            if choice.random() < 0.5:
                found: bytes | None = replies.get_or_call(key(number), call)
            else:
                found = replies.get(key(number))
            if found not in (None, reply(number)):
                print("wrong", number, flush=True)
                os._exit(1)
            if choice.random() < 0.2:
                replies.put(key(number), reply(number))
            os.write(1, b".")

    for _ in range(2):
        threading.Thread(target=work, args=[choice.random()]).start()


class Kills:
    """Rounds in which all processes are killed, and a look at what they leave behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "cache"
        self.asked = 0

    def round(self, seed: int) -> None:
        choice = random.Random(seed)
        command = [sys.executable, "-m", "tests.replies.kills", str(self.folder)]
        processes = [
            subprocess.Popen(
                [*command, f"{seed}{number}"], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            for number in range(PROCESSES)
        ]
        told = []
        for process in processes:
            assert process.stdout is not None
            told.append(process.stdout.read(1))
        time.sleep(choice.uniform(0, LONGEST))
        choice.shuffle(processes)
        for process in processes:
            process.kill()
        for process in processes:
            output, errors = process.communicate()
            assert b"wrong" not in output, f"seed {seed}: {output[-200:]!r}"
            assert errors == b"", f"seed {seed}: {errors.decode()}"
            self.asked += output.count(b".")
        assert told == [b"."] * PROCESSES, f"seed {seed}: {told}"
        # Everything works at once, and what was left in flight is taken over.
        replies = ResponseCache(folder=self.folder, lease=LEASE)
        for number in choice.sample(range(COUNT), 50):
            assert replies.get(key(number)) in (None, reply(number)), f"seed {seed}: a wrong reply to {number}"
        for number in choice.sample(range(COUNT), 10):
            found = replies.get_or_call(key(number), lambda number=number: reply(number))
            assert found == reply(number), f"seed {seed}: a wrong reply to {number}"
        assert not replies.stats.bypass, f"seed {seed}: {replies.stats}"
        assert not replies.stats.refused, f"seed {seed}: {replies.stats}"

    def finish(self) -> None:
        """Nothing is damaged, and nothing was left behind that grows."""
        os.environ[cache.FOLDER_VARIABLE] = str(self.folder)
        found = cache.verify()
        assert found is not None
        assert not (found["damaged_replies"] or found["reply_store_damaged"]), found
        names = sorted(path.name for path in (self.folder / "v1" / "replies").iterdir())
        assert names == ["store-1.sqlite", "store-1.sqlite-shm", "store-1.sqlite-wal"], names
        assert sum(path.stat().st_size for path in (self.folder / "v1" / "replies").iterdir()) < 32 << 20


if __name__ == "__main__":
    live(sys.argv[1], int(sys.argv[2]))
