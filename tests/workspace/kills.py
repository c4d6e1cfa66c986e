"""Writers that are killed at random points: the file is the old one or the new one."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from rev_accel.workspace import Version, Workspace

# Writes contents of growing number, each told before and after.
WRITER = """
import sys
from rev_accel.workspace import Workspace
workspace = Workspace(sys.argv[1])
number, size, expected = int(sys.argv[2]), int(sys.argv[3]), None
while True:
    number += 1
    data = (b"%012d\\n" % number) * size
    sys.stdout.write(f"begin {number}\\n"); sys.stdout.flush()
    expected = workspace.write("file", data, expected=expected)
    sys.stdout.write(f"end {number}\\n"); sys.stdout.flush()
"""

LINE = 13


class Kills:
    """Rounds of one file that is written by one process after the other."""

    def __init__(self, place: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.root = place / "killed"
        self.root.mkdir()
        self.number = 0
        self.killed_within = 0
        self.left = 0
        (self.root / "file").write_bytes(b"%012d\n" % 0)
        (self.root / "file").chmod(0o751)

    def round(self) -> None:
        """Kills one writer and looks at what it left."""
        size = self.random.choice([1, 100, 10_000, 200_000])
        command = [sys.executable, "-c", WRITER, str(self.root), str(self.number), str(size)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(self.random.random() ** 3 * 0.05)
            writer.kill()
            told = ["begin", str(self.number + 1), *writer.stdout.read().split()]
        data = (self.root / "file").read_bytes()
        number = int(data[:LINE])
        where = f"seed {self.seed}, size {size}, told {told[-4:]}, found {number}"
        assert data == data[:LINE] * (len(data) // LINE), where
        assert number == self.number or len(data) == size * LINE, where
        assert (self.root / "file").stat().st_mode & 0o7777 == 0o751, where
        # What was told to be written is there, or what came after it.
        begun, ended = self.last(told, "begin"), self.last(told, "end")
        assert ended <= number <= begun, where
        self.killed_within += begun > ended
        self.left += len(os.listdir(self.root)) - 1
        self.number = number
        assert Workspace(self.root).version("file") == Version.of(data), where
        self.sweep()

    def last(self, told: list[str], what: str) -> int:
        numbers = [int(number) for word, number in zip(told[::2], told[1::2], strict=False) if word == what]
        return max(numbers, default=self.number)

    def sweep(self) -> None:
        """What is left over goes with the next write, once it is old."""
        for name in os.listdir(self.root):
            if name != "file":
                assert name.startswith(".rev-accel-"), name
                os.utime(self.root / name, (1, 1))
        Workspace(self.root).write("swept", b"")
        (self.root / "swept").unlink()
        assert os.listdir(self.root) == ["file"]

    def finish(self) -> None:
        assert self.killed_within
