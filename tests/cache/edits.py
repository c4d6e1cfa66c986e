"""Edits of a small tree, among them all that could leave a file or folder looking as it did before."""

import os
import random
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress

from . import contents

NAMES = ("a.py", "b.py", "c.py", "d.py", "e.py")
FOLDERS = ("", "pkg", "pkg/sub", "lib", "lib/f.py")
PATTERNS = ("a.py", "/b.py", "pkg/", "sub/", "!a.py", "!/b.py", "*.py", "/lib/", "!c.py", "# nothing", "x.txt")

HOUR = 3_600_000_000_000
OLD = 1_500_000_000_000_000_000  # ns since 1970

GIT = {
    **os.environ,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "test@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class Edited:
    """A tree below a folder of its own, which also holds what the tree's links lead to."""

    def __init__(self, holder: str, choice: random.Random, *, files: int = 6) -> None:
        """Makes the tree, of at least so many files where there are names for them."""
        self.holder = holder
        self.root = f"{holder}/root"
        self.away = f"{holder}/away"
        self.choice = choice
        self.branches: list[str] = []
        self.spare = 0
        os.makedirs(self.root)
        os.makedirs(self.away)
        for number in range(files):
            folder = FOLDERS[number % 4]
            os.makedirs(f"{self.root}/{folder}", exist_ok=True)
            self.write(f"{self.root}/{folder}/{NAMES[number // 4] if number < 20 else f'n{number}.py'}")

    # What edits are made of.

    def text(self) -> bytes:
        """Some text; most are of the same size."""
        choice = self.choice
        return choice.choice(contents.SAME_SIZE if choice.random() < 0.8 else contents.ALL)

    def other_than(self, text: contents.Node) -> bytes:
        """A text of the same size with another answer, if there is one."""
        if isinstance(text, bytes) and len(text) == contents.SIZE:
            return self.choice.choice([other for other in self.choice.sample(contents.SAME_SIZE, 2) if other != text])
        return self.text()

    def write(self, path: str, text: bytes | None = None, flags: int = os.O_TRUNC) -> None:
        """Writes a file in place."""
        file = os.open(path, os.O_WRONLY | os.O_CREAT | flags)
        os.write(file, self.text() if text is None else text)
        os.close(file)

    def fresh(self) -> str:
        """A path outside of the tree that does not exist."""
        self.spare += 1
        return f"{self.away}/{self.spare}"

    def folder(self) -> str:
        """Some folder of the tree, perhaps through a link."""
        folders = [f"{self.root}/{name}" if name else self.root for name in FOLDERS]
        return self.choice.choice([folder for folder in folders if os.path.isdir(folder)])

    def some(self) -> str:
        """A path in the tree where there may be a file."""
        return f"{self.folder()}/{self.choice.choice(NAMES)}"

    def file(self) -> str:
        """A path in the tree where there is a file; it is made if need be."""
        for _ in range(4):
            path = self.some()
            if os.path.isfile(path):
                return path
        if os.path.lexists(path):
            self.remove(path)
        self.write(path)
        return path

    @staticmethod
    def remove(path: str) -> None:
        """Removes whatever is there."""
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    # Edits. Each may find nothing to do, or the system may refuse it.

    def same_size(self) -> None:
        path = self.file()
        self.write(path, self.other_than(contents.read(path)), 0)

    def rewrite(self) -> None:
        self.write(self.file())

    def restored_times(self) -> None:
        path = self.file()
        before = os.stat(path)
        self.write(path, self.other_than(contents.read(path)), 0)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def replaced(self) -> None:
        path, draft = self.file(), self.fresh()
        text, before = self.other_than(contents.read(path)), os.stat(path)
        self.write(draft, text)
        if self.choice.random() < 0.5:
            os.utime(draft, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.replace(draft, path)

    def reused_inode(self) -> None:
        path = self.file()
        text, before = self.other_than(contents.read(path)), os.stat(path)
        os.unlink(path)
        self.write(path, text)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def renamed_over(self) -> None:
        os.replace(self.file(), self.file())

    def exchanged(self) -> None:
        one, other, spare = self.file(), self.file(), self.fresh()
        if one != other:
            for path in (one, other):
                os.utime(path, ns=(OLD, OLD))
            os.rename(one, spare)
            os.rename(other, one)
            os.rename(spare, other)

    def future(self) -> None:
        path = self.file()
        self.write(path, self.other_than(contents.read(path)), 0)
        time = os.stat(path).st_mtime_ns + HOUR
        os.utime(path, ns=(time, time))

    def past(self) -> None:
        path = self.file()
        self.write(path)
        os.utime(path, ns=(OLD, OLD))

    def created(self) -> None:
        path = self.some()
        if not os.path.lexists(path):
            self.write(path)

    def created_and_deleted(self) -> None:
        path = self.some()
        if not os.path.lexists(path):
            self.write(path)
            os.unlink(path)

    def deleted(self) -> None:
        path = self.some()
        if os.path.lexists(path):
            self.remove(path)

    def deleted_and_created(self) -> None:
        path = self.file()
        os.unlink(path)
        self.write(path)

    def new_folder(self) -> None:
        path = f"{self.root}/{self.choice.choice(FOLDERS[1:])}"
        if not os.path.lexists(path):
            os.makedirs(path)
        elif self.choice.random() < 0.3:
            self.remove(path)
            return
        self.write(f"{path}/{self.choice.choice(NAMES)}")

    def folder_or_link(self) -> None:
        path, spare = self.folder(), self.fresh()
        if os.path.islink(path):
            target = os.readlink(path)
            os.unlink(path)
            os.rename(target, path)
        else:
            os.rename(path, spare)
            os.symlink(spare, path)

    def other_folder(self) -> None:
        """A folder in place of another with the same names in it, perhaps the root itself."""
        path, twin, spare = self.folder(), self.fresh(), self.fresh()
        before = os.stat(path)
        shutil.copytree(path, twin, symlinks=True)
        for name in sorted(os.listdir(twin)):
            if name.endswith(".py") and os.path.isfile(f"{twin}/{name}"):
                self.write(f"{twin}/{name}", self.other_than(contents.read(f"{twin}/{name}")))
        os.utime(twin, ns=(before.st_atime_ns, before.st_mtime_ns))
        os.rename(path, spare)
        os.rename(twin, path)
        shutil.rmtree(spare)

    def file_or_folder(self) -> None:
        path = self.some()
        if os.path.isdir(path):
            self.remove(path)
            self.write(path)
        else:
            with suppress(FileNotFoundError):
                os.unlink(path)
            os.mkdir(path)
            if self.choice.random() < 0.5:
                self.write(f"{path}/{self.choice.choice(NAMES)}")

    def linked_file(self) -> None:
        path, target = self.some(), self.fresh()
        if os.path.islink(path):
            self.write(os.readlink(path))  # perhaps anew, where the link led nowhere
            return
        if os.path.lexists(path):
            self.remove(path)
        if self.choice.random() < 0.8:
            self.write(target)
        os.symlink(target, path)

    def hard_link(self) -> None:
        path, other = self.file(), self.some()
        if not os.path.lexists(other):
            os.link(path, other)
        self.write(path, self.other_than(contents.read(path)), 0)

    def moved(self) -> None:
        path, other = self.file(), self.some()
        if not os.path.lexists(other):
            os.rename(path, other)

    def mode(self) -> None:
        os.chmod(self.file(), self.choice.choice((0o600, 0o644, 0o755)))

    def ignore_file(self) -> None:
        folder = self.choice.choice((self.root, self.folder(), self.folder(), self.holder))
        path = f"{folder}/{self.choice.choice(contents.IGNORE_FILES)}"
        if os.path.exists(path) and self.choice.random() < 0.4:
            os.unlink(path)
        else:
            lines = self.choice.sample(PATTERNS, self.choice.randrange(4))
            self.write(path, "\n".join([*lines, ""]).encode())

    def environment(self) -> None:
        path = f"{self.folder()}/pyvenv.cfg"
        if os.path.exists(path):
            os.unlink(path)
        else:
            self.write(path, b"")

    def other_file(self) -> None:
        self.write(f"{self.folder()}/x.txt")

    EDITS: tuple[tuple[int, Callable[["Edited"], None]], ...] = (
        (12, same_size),
        (4, rewrite),
        (12, restored_times),
        (8, replaced),
        (8, reused_inode),
        (5, renamed_over),
        (6, exchanged),
        (4, future),
        (3, past),
        (6, created),
        (4, created_and_deleted),
        (4, deleted),
        (5, deleted_and_created),
        (4, new_folder),
        (4, folder_or_link),
        (4, other_folder),
        (4, file_or_folder),
        (4, linked_file),
        (4, hard_link),
        (4, moved),
        (2, mode),
        (4, ignore_file),
        (2, environment),
        (1, other_file),
    )
    WEIGHTS = tuple(weight for weight, _ in EDITS)

    def edit(self) -> str:
        """One edit; returns its name."""
        edit = self.choice.choices(self.EDITS, self.WEIGHTS)[0][1]
        with suppress(OSError, IndexError):  # a link into itself, a folder into itself, nothing of that kind there
            edit(self)
        return edit.__name__

    # Branches.

    def git(self, *arguments: str) -> None:
        """Runs git in the tree."""
        subprocess.run(
            ["git", "-C", self.root, "-c", "gc.auto=0", "-c", "core.fsync=none", *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=GIT,
        )

    def make_branches(self, count: int) -> None:
        """Makes the tree a repository with some branches, on the last of which it stays."""
        self.git("init", "-q")
        for number in range(count):
            self.git("add", "-A", "-f")
            self.git("commit", "-q", "--allow-empty", "-m", "some")
            self.branches.append(f"branch{number}")
            self.git("branch", self.branches[-1])
            for _ in range(4):
                self.edit()
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", "some")

    def switch(self) -> None:
        """Checks out another branch over whatever there is, as far as git can."""
        with suppress(subprocess.CalledProcessError):
            self.git("checkout", "-q", "-f", self.choice.choice(self.branches))
