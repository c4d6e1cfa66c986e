"""Hostile paths, made at random over a tree full of links, and what must hold of each whatever is done with it."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from pathlib import Path

from rev_accel import InputError, PathOutsideRootError
from rev_accel.workspace import Workspace

SECRET = b"what is outside"

# Names in the tree, and some that are not.
NAMES = ["a", "b", "file", "in", "in-abs", "out", "out-abs", "out-file", "up", "up2", "loop", "loop2", "dangling",
         "dangling-out", "chain", "proc", "new", "work", "work2", "outside", "secret", ".git"]  # fmt: skip

ODD = ["..", "...", ".", "", " ", "..\0", "..\n", ". .", "..\\..", "．．", "․․", "%2e%2e", "..%00", "~", "~root", "-",
       "a\u202e", "\ufeff..", "..\u200b", "\ud800", "\udcff", "x" * 255, "x" * 256, "é" * 200, "C:", "nul", "a:b",
       "{}", "$HOME", "*", "\x7f", "\x85"]  # fmt: skip

STARTS = ["{root}/", "{root}", "{root}2/", "{outside}/", "/", "//", "/proc/self/cwd/", "/proc/self/root{root}/", "/dev/fd/",
          "{root}/../", "/tmp/../", "{place}/link/", "/nowhere/../{root}/", "./", "../", "../../"]  # fmt: skip

HARMLESS_STARTS = ["", "./", "a/../", "in/../", "a/in/", "{root}/", "{place}/link/", "out/../work/"]

HARMLESS = ["file", "a/file", "in/file", "a/b/file", "in-abs/b/file", "a", "a/b", "new", "a/new", "in/new", "dangling"]


def is_no_path(path: str) -> bool:
    """Whether no system takes it, or no person."""
    try:
        parts = path.encode().split(b"/")
    except UnicodeEncodeError:
        return True
    controls = {*range(0x20), *range(0x7F, 0xA0)}
    return not path or max(map(len, parts)) > 255 or not controls.isdisjoint(map(ord, path))


class Trials:
    """Trials in a tree of their own; what is outside is compared at the end."""

    def __init__(self, place: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.seed = seed
        self.place = place
        self.root = place / "work"
        self.done = 0
        self.inside = 0
        self.succeeded: Counter[str] = Counter()
        shutil.rmtree(self.root, ignore_errors=True)
        for name in ("outside", "work2"):
            (place / name / "a").mkdir(parents=True)
            for file in ("secret", "only-outside", "file", "a/file"):
                (place / name / file).write_bytes(SECRET)
        (place / "link").symlink_to(self.root)
        self.build()
        self.before = self.outside()
        self.workspace = Workspace(self.root)

    def build(self) -> None:
        """Makes the tree anew."""
        shutil.rmtree(self.root, ignore_errors=True)
        (self.root / "a" / "b").mkdir(parents=True)
        (self.root / ".git").mkdir()
        for file in ("file", "a/file", "a/b/file", ".git/file"):
            (self.root / file).write_bytes(b"inside")
        links = {
            "in": "a", "in-abs": self.root / "a", "out": "../outside", "out-abs": self.place / "outside",
            "out-file": "../outside/secret", "up": "..", "a/up": "..", "a/up2": "../..", "loop": "loop2", "loop2": "loop",
            "dangling": "a/new", "dangling-out": "../outside/new", "chain": "a/up2/outside", "proc": "/proc/self/root",
            "a/out": "../out", "a/b/out-file": self.place / "work2" / "secret", "a/in": self.root,
        }  # fmt: skip
        for name, target in links.items():
            (self.root / name).symlink_to(target)

    def outside(self) -> dict[str, object]:
        """All that is round the root."""
        found: dict[str, object] = {}
        for folder, folders, files in os.walk(self.place):
            folders[:] = [name for name in folders if os.path.join(folder, name) != str(self.root)]
            for name in [*folders, *files]:
                path = os.path.join(folder, name)
                found[path] = (
                    os.readlink(path) if os.path.islink(path) else None if name in folders else Path(path).read_bytes()
                )
        return found

    def path(self) -> str:
        """A path that somebody might try: some harmless ones among them, so that deeds are done."""
        choice = self.random.choice
        if self.random.random() < 0.4:
            begin, path = choice(HARMLESS_STARTS), choice(HARMLESS)
        else:
            parts = [choice(ODD if self.random.random() < 0.2 else NAMES) for _ in range(self.random.randint(0, 6))]
            parts = [".." if self.random.random() < 0.25 else part for part in parts]
            begin = choice(STARTS) if self.random.random() < 0.4 else ""
            path = choice(["/", "//"]).join(parts)
        return begin.format(root=self.root, place=self.place, outside=self.place / "outside") + path

    def trial(self) -> None:
        """One path: where it leads, by two opinions, and each deed with it."""
        path = self.path()
        try:
            self.compare(path)
            self.use(path)
        except BaseException as error:
            error.add_note(f"seed {self.seed}, path {path!r}")
            raise
        self.done += 1
        if self.done % 20 == 0:
            self.check()

    def compare(self, path: str) -> None:
        """The system's own resolution is the judge."""
        try:
            resolved = self.workspace.resolve(path)
            assert not is_no_path(path)
        except InputError:
            assert is_no_path(path)
        except PathOutsideRootError:
            assert not self.is_inside(os.path.realpath(self.root / path)) or not os.path.exists(self.root / path)
        except OSError:
            pass
        else:
            assert self.is_inside(str(resolved))
            assert str(resolved) == os.path.realpath(self.root / path)
            self.inside += 1

    def is_inside(self, name: str) -> bool:
        return name == str(self.root) or name.startswith(f"{self.root}/")

    def use(self, path: str) -> None:
        """Something is done with the path; what fails, fails as it may."""
        own, other = self.workspace, self.path()
        deeds = {
            "read": lambda: own.read(path),
            "list": lambda: [entry.name.encode() for entry in own.list(path)],
            "stat": lambda: own.stat(path),
            "version": lambda: own.version(path),
            "write": lambda: own.write(path, b"new"),
            "write deep": lambda: own.write(path, b"new", make_folders=True),
            "make": lambda: own.make_folder(path),
            "copy over": lambda: own.copy(path, other, overwrite=True),
            "copy": lambda: own.copy(other, path),
            "move over": lambda: own.move(path, other, overwrite=True),
            "move": lambda: own.move(other, path),
            "delete": lambda: own.delete(path, recursive=True),
        }
        name = self.random.choice(list(deeds))
        try:
            seen = deeds[name]()
        except (OSError, InputError, PathOutsideRootError):
            return
        self.succeeded[name] += 1
        if isinstance(seen, bytes):
            assert seen != SECRET
        if isinstance(seen, list):
            assert b"only-outside" not in seen

    def check(self) -> None:
        """What is outside is as it was, and what is inside has nothing of it."""
        assert self.outside() == self.before, f"seed {self.seed}"
        for folder, _, files in os.walk(self.root):
            for name in files:
                path = os.path.join(folder, name)
                assert os.path.islink(path) or Path(path).read_bytes() != SECRET, f"seed {self.seed}: {path}"
        self.build()

    def finish(self) -> None:
        self.check()
        assert self.inside > self.done / 20
        # All that failed says nothing.
        assert len(self.succeeded) == 12, self.succeeded
