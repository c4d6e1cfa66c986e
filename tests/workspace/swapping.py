"""Somebody who exchanges folders and files for links that lead out, while a workspace is used."""

from __future__ import annotations

import ctypes
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from rev_accel import InputError, PathOutsideRootError, StaleFileError
from rev_accel.workspace import Absent, Version, Workspace

SECRET = b"what is outside, and longer than all that is inside"
INSIDE = b"inside"

# How many kinds of deeds there are.
DEEDS = 13

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def exchange(one: str, other: str) -> None:
    """Gives each of two things the name of the other one, at once where the system can do that."""
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        if library.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
            return
    os.rename(one, f"{one}.between")
    os.rename(other, one)
    os.rename(f"{one}.between", other)


def swap(root: str, stop: threading.Event, rounds: list[int]) -> None:
    """Exchanges until told to stop; each exchange is a round."""
    pairs = [
        (os.path.join(root, name), os.path.join(root, f"{name}.link")) for name in ("folder", "deep/folder", "file")
    ]
    # Not with the time of the tests themselves, so that every place of a call is met.
    while not stop.is_set():
        for pair in pairs:
            exchange(*pair)
            rounds[0] += 1


class Swaps:
    """A tree, a place outside of it, and somebody who swaps, as a thread or as a process of its own."""

    def __init__(self, place: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.root = place / "work"
        self.outside = place / "outside"
        self.rounds = [0]
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        for folder in (
            self.outside,
            self.outside / "sub",
            self.root / "folder" / "sub",
            self.root / "deep" / "folder" / "sub",
        ):
            folder.mkdir(parents=True, exist_ok=True)
            content = SECRET if folder.is_relative_to(self.outside) else INSIDE
            (folder / "file").write_bytes(content)
        for name in ("secret", "only-outside"):
            (self.outside / name).write_bytes(SECRET)
        (self.root / "file").write_bytes(INSIDE)
        (self.root / "folder.link").symlink_to(self.outside)
        (self.root / "deep" / "folder.link").symlink_to("../../outside")
        (self.root / "file.link").symlink_to(self.outside / "file")
        self.before = self.look()
        self.workspace = Workspace(self.root)

    def look(self) -> dict[str, object]:
        """All that is outside: names, contents, times of change."""
        found: dict[str, object] = {}
        for folder, folders, files in os.walk(self.outside):
            for name in [*folders, *files]:
                path = Path(folder, name)
                stat = path.lstat()
                found[str(path)] = (
                    stat.st_mtime_ns,
                    stat.st_ctime_ns,
                    stat.st_ino,
                    path.read_bytes() if name in files else None,
                )
            found[folder] = os.stat(folder).st_mtime_ns
        return found

    def run(self, *, rounds: int, deeds: int = 0, processes: bool = False) -> None:
        """Uses the workspace until so many rounds were swapped, so many deeds done, and each kind of them."""
        stop = threading.Event()
        if processes:
            command = [sys.executable, __file__, str(self.root)]
            swapper = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            end = time.monotonic() + rounds / 20_000
            while time.monotonic() < end:
                self.use()
            told, _ = swapper.communicate("stop\n")
            self.rounds[0] += int(told)
            return
        thread = threading.Thread(target=swap, args=(str(self.root), stop, self.rounds))
        thread.start()
        end, deeds = self.rounds[0] + rounds, sum(self.done.values()) + deeds
        try:
            while self.rounds[0] < end or sum(self.done.values()) < deeds or len(self.done) < DEEDS:
                self.use()
        finally:
            stop.set()
            thread.join()

    def use(self) -> None:
        """One deed somewhere where it is swapped."""
        own = self.workspace
        folder = self.random.choice(["folder", "deep/folder", "folder/sub", "deep/folder/sub", "folder.link", "."])
        path = f"{folder}/{self.random.choice(['file', 'file', 'new', 'secret'])}"
        other = f"{self.random.choice(['folder', 'deep/folder', '.'])}/{self.random.choice(['new', 'other'])}"
        deeds = {
            "read": lambda: own.read(path),
            "limited": lambda: own.read(path, limit=100),
            "stat": lambda: own.stat(path).size if own.stat(path).kind == "file" else 0,
            "list": lambda: [entry.name for entry in own.list(folder)],
            "version": lambda: own.version(path),
            "write": lambda: own.write(path, INSIDE),
            "write if": lambda: own.write(path, INSIDE, expected=Version.of(INSIDE)),
            "write new": lambda: own.write(path, INSIDE, expected=Absent(), make_folders=True),
            "make": lambda: own.make_folder(f"{folder}/made/it"),
            "copy": lambda: own.copy(path, other, overwrite=True),
            "copy folder": lambda: own.copy(folder, f"copy{self.random.random()}"),
            "move": lambda: own.move(other, path, overwrite=True),
            "delete": lambda: own.delete(f"{folder}/{self.random.choice(['new', 'other', 'made'])}", recursive=True),
        }
        name = self.random.choice(list(deeds))
        try:
            seen = deeds[name]()
        except (OSError, InputError, PathOutsideRootError, StaleFileError) as error:
            self.refused[type(error).__name__] += 1
            return
        self.done[name] += 1
        where = f"seed {self.seed}: {name} {path} {other}: {seen!r}"
        assert seen != SECRET, where
        assert not isinstance(seen, int) or seen in (0, len(INSIDE)), where
        assert not isinstance(seen, list) or "only-outside" not in seen, where
        assert not isinstance(seen, Version) or seen == Version.of(INSIDE), where
        if name == "copy folder":
            self.clear()

    def clear(self) -> None:
        """Nothing that was copied is from outside."""
        for copy in self.root.glob("copy*"):
            for folder, _, files in os.walk(copy):
                assert "only-outside" not in files, f"seed {self.seed}: {copy}"
                for file in files:
                    path = Path(folder, file)
                    assert path.is_symlink() or path.read_bytes() == INSIDE, f"seed {self.seed}: {path}"
            self.workspace.delete(copy, recursive=True)

    def finish(self) -> None:
        """What is outside is as it was, and what is inside has nothing of it."""
        assert self.look() == self.before, f"seed {self.seed}"
        for folder, _, files in os.walk(self.root):
            for file in files:
                path = Path(folder, file)
                assert path.is_symlink() or path.read_bytes() != SECRET, f"seed {self.seed}: {path}"
                assert not file.startswith(".rev-accel-"), f"seed {self.seed}: {path}"
        # All that was refused says nothing.
        assert len(self.done) == DEEDS, (self.done, self.refused)


if __name__ == "__main__":
    stop, rounds = threading.Event(), [0]
    thread = threading.Thread(target=swap, args=(sys.argv[1], stop, rounds))
    thread.start()
    sys.stdin.readline()
    stop.set()
    thread.join()
    sys.stdout.write(str(rounds[0]))
