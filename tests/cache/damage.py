"""A cache that is damaged in every way that a disk, a program or a person can."""

import os
import random
import shutil
import sqlite3
import warnings
from collections.abc import Callable
from pathlib import Path

import rev_accel
from rev_accel import Limits, _core, cache, workspace

from . import contents

TREES = 3
FILES = 36
PAGE = 4096

# What is damaged, and how often: the database has more in it than the rest.
STORE = ("store-1.sqlite", "store-1.sqlite-wal", "store-1.sqlite-shm")


class Template:
    """A cache in good order, to be copied; and what must be said of the trees in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trees = [folder / f"tree{number}" for number in range(TREES)]
        self.caches = [folder / "cache-log", folder / "cache-folded"]
        for number, tree in enumerate(self.trees):
            for file in range(FILES):
                path = tree / f"part{file % 3}" / f"file{file}.py"
                path.parent.mkdir(parents=True, exist_ok=True)
                text = contents.SAME_SIZE[(number * FILES + file) % len(contents.SAME_SIZE)]
                path.write_bytes(text + b"".join(b"print(%d)\n" % line for line in range(file * 4)))
        os.environ[cache.OFF_VARIABLE] = "1"
        self.right = [ask(tree) for tree in self.trees]
        del os.environ[cache.OFF_VARIABLE]

    def build(self) -> None:
        """Makes the caches, once the trees have rested so long that their stamps are trusted."""
        for number, folder in enumerate(self.caches):
            use(folder)
            assert [ask(tree) for tree in self.trees] == self.right
            if number == 1:
                with sqlite3.connect(folder / "v1" / "facts" / "store-1.sqlite") as connection:
                    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.close()


def use(folder: Path) -> None:
    """Makes a cache folder the one in use."""
    os.environ[cache.FOLDER_VARIABLE] = str(folder)
    _core.forget()


def ask(tree: Path, *, max_bytes: int = 1 << 24) -> tuple[str, str]:
    """The answers of the drop-in and of a scan."""
    with workspace.use_root(tree):
        text = rev_accel.analyze_ast_patterns(".")
    return text, rev_accel.scan(root=tree, limits=Limits(max_bytes=max_bytes)).to_json()


# Damage to the bytes of a file. Each is given the choice, the bytes, and those of another file of the cache.

Bytes = Callable[[random.Random, bytearray, bytes], None]


def flip(choice: random.Random, data: bytearray, other: bytes) -> None:
    for _ in range(choice.choice((1, 1, 1, 8, 64))):
        data[choice.randrange(len(data))] ^= 1 << choice.randrange(8)


def noise(choice: random.Random, data: bytearray, other: bytes) -> None:
    length = min(len(data), choice.choice((16, 512, PAGE, 4 * PAGE)))
    start = choice.randrange(len(data) - length + 1)
    data[start : start + length] = choice.randbytes(length)


def all_noise(choice: random.Random, data: bytearray, other: bytes) -> None:
    data[:] = choice.randbytes(len(data))


def truncate(choice: random.Random, data: bytearray, other: bytes) -> None:
    del data[choice.randrange(len(data)) :]


def truncate_to_page(choice: random.Random, data: bytearray, other: bytes) -> None:
    del data[choice.randrange(len(data) // PAGE + 1) * PAGE :]


def zero_page(choice: random.Random, data: bytearray, other: bytes) -> None:
    start = choice.randrange(len(data)) // PAGE * PAGE
    data[start : start + PAGE] = bytes(len(data[start : start + PAGE]))


def header(choice: random.Random, data: bytearray, other: bytes) -> None:
    for _ in range(choice.choice((1, 1, 4))):
        data[choice.randrange(min(100, len(data)))] = choice.choice((0, 1, 0x7F, 0xFF, choice.randrange(256)))


def page_header(choice: random.Random, data: bytearray, other: bytes) -> None:
    start = choice.randrange(len(data)) // PAGE * PAGE
    for _ in range(choice.choice((1, 4, 8))):
        data[min(start + choice.randrange(64), len(data) - 1)] = choice.randrange(256)


def trailer(choice: random.Random, data: bytearray, other: bytes) -> None:
    for _ in range(choice.choice((1, 1, 4))):
        data[-1 - choice.randrange(min(128, len(data)))] = choice.choice((0, 0xFF, choice.randrange(256)))


def swapped_pages(choice: random.Random, data: bytearray, other: bytes) -> None:
    one, two = (choice.randrange(max(1, len(data) // PAGE)) * PAGE for _ in range(2))
    first, second = data[one : one + PAGE], data[two : two + PAGE]
    if len(first) == len(second):
        data[one : one + PAGE], data[two : two + PAGE] = second, first


def empty(choice: random.Random, data: bytearray, other: bytes) -> None:
    data.clear()


def longer(choice: random.Random, data: bytearray, other: bytes) -> None:
    data += choice.choice((bytes(PAGE), choice.randbytes(100), bytes(data)))


def other_file(choice: random.Random, data: bytearray, other: bytes) -> None:
    data[:] = other


BYTES: tuple[Bytes, ...] = (
    *(flip, noise, all_noise, truncate, truncate_to_page, zero_page, header, page_header, trailer),
    *(swapped_pages, empty, longer, other_file),
)


# Something else in the place of a file.


def as_folder(path: Path, away: Path) -> None:
    path.mkdir()


def as_full_folder(path: Path, away: Path) -> None:
    path.mkdir()
    (path / "file").write_bytes(b"something")


def as_link(path: Path, away: Path) -> None:
    path.symlink_to(away)


def as_dead_link(path: Path, away: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def as_pipe(path: Path, away: Path) -> None:
    os.mkfifo(path, 0o600)


def as_nothing(path: Path, away: Path) -> None:
    pass


def as_writable_for_all(path: Path, away: Path) -> None:
    shutil.copyfile(away, path)
    path.chmod(0o666)


PLACES = (as_folder, as_full_folder, as_link, as_dead_link, as_pipe, as_nothing, as_writable_for_all)


def harm(choice: random.Random, folder: Path, away: Path) -> tuple[Path, str]:
    """Damages one file of a cache, and tells which and how."""
    manifests = sorted((folder / "v1" / "manifests").iterdir())
    facts = [folder / "v1" / "facts" / name for name in STORE]
    path = choice.choice((facts[0], facts[0], facts[1], facts[1], facts[2], *manifests[:4], folder / "v1" / "counts"))
    if not path.is_file() or path.stat().st_size == 0:
        path = facts[0]
    if not path.is_file() or path.stat().st_size == 0:
        return path, "nothing"
    if choice.random() < 0.12:
        place = choice.choice(PLACES)
        path.rename(away)
        place(path, away)
        return path, place.__name__
    data, how = bytearray(path.read_bytes()), choice.choice(BYTES)
    other = choice.choice([*manifests, *facts])
    how(choice, data, other.read_bytes() if other.is_file() else b"")
    # In place, as a disk or a program does it: the file stays the one that it was.
    path.write_bytes(data)
    return path, how.__name__


class Trials:
    """Damaged copies of a cache, each asked, checked and asked again."""

    def __init__(self, template: Template, folder: Path) -> None:
        self.template = template
        self.folder = folder
        self.last = folder / "last"
        self.reported = 0
        self.count = 0

    def trial(self, seed: int) -> None:
        """One damaged copy."""
        choice = random.Random(seed)
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(choice.choice(self.template.caches), copy)
        what = [harm(choice, copy, self.folder / f"away{number}") for number in range(choice.choice((1, 1, 1, 2, 3)))]
        story = f"seed {seed}: " + ", ".join(f"{how} {path.relative_to(copy)}" for path, how in what)
        self.last.write_text(story)
        self.count += 1
        use(copy)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                self.look(choice, story)
            except Exception as error:
                raise AssertionError(f"{story}: {error}") from error

    def look(self, choice: random.Random, story: str) -> None:
        """Asks and checks, in some order."""
        if choice.random() < 0.5:
            self.check(story)
        for turn in range(choice.choice((1, 1, 2))):
            for tree, right in zip(self.template.trees, self.template.right, strict=True):
                # With another limit there is no manifest, so the content store is asked.
                limit = (1 << 24) - choice.randrange(3)
                assert ask(tree, max_bytes=limit) == right, f"{story}: a wrong answer about {tree.name}, turn {turn}"
            if choice.random() < 0.5:
                _core.forget()
        self.check(story)
        again = cache.verify()
        assert again is not None
        assert not again["damaged_manifests"] + again["damaged_contents"] + again["store_damaged"], f"{story}: {again}"
        assert cache.info() is not None, story
        # All of it is in service again, once it was asked by a process that remembers nothing.
        _core.forget()
        for tree, right in zip(self.template.trees, self.template.right, strict=True):
            assert ask(tree) == right, story
        _core.forget()
        for tree in self.template.trees:
            stats = rev_accel.scan(root=tree).stats
            assert not stats.parsed, f"{story}: {stats}"

    def check(self, story: str) -> None:
        """Has the cache checked, and mended."""
        found = cache.verify()
        assert found is not None, story
        self.reported += found["damaged_manifests"] + found["damaged_contents"] + found["store_damaged"] > 0
