"""What decides about a selection from outside of the tree, or by an unusual way, is seen to change at once."""

import mmap
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import rev_accel
from rev_accel import _core

from .edits import GIT
from .rounds import REST

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links")

# What happens, with the folder that holds everything; in this order.
STEPS: dict[str, Callable[[Path], object]] = {
    "the repository excludes": lambda place: write(place / "main/.git/info/exclude", "a.py\n"),
    "the submodule excludes": lambda place: write(place / "super/.git/modules/mod/info/exclude", "b.py\n"),
    "the repository excludes the submodule": lambda place: write(place / "super/.git/info/exclude", "mod/\n"),
    "and no longer": lambda place: (place / "super/.git/info/exclude").unlink(),
    "a linked ignore file is changed where it is": lambda place: write(place / "rules", "a.py   \n"),
    "the same in place": lambda place: overwrite(place / "rules", b"b.py"),
    "the worktree loses its repository": lambda place: (place / "tree/.git").rename(place / "tree/.got"),
    "the worktree has another repository": lambda place: write(place / "tree/.git", "gitdir: /nowhere\n"),
    "the worktree has it again": lambda place: (place / "tree/.got").rename(place / "tree/.git"),
    "the excludes go": lambda place: (place / "main/.git/info").rename(place / "main/.git/other"),
    "the repository goes": lambda place: (place / "main/.git").rename(place / "main/.gone"),
    "the repository is back": lambda place: (place / "main/.gone").rename(place / "main/.git"),
    "the excludes are back": lambda place: (place / "main/.git/other").rename(place / "main/.git/info"),
    "an ignore file above": lambda place: write(place / ".gitignore", "b.py\n"),
    "another above takes it back": lambda place: write(place / ".ignore", "!b.py\n"),
    "the first goes": lambda place: (place / ".gitignore").unlink(),
    "a repository above": lambda place: (place / ".git/info").mkdir(parents=True),
    "it excludes everything": lambda place: write(place / ".git/info/exclude", "*.py\n"),
    "it excludes nothing": lambda place: write(place / ".git/info/exclude", "#.py\n"),
    "an environment": lambda place: write(place / "linked/sub/pyvenv.cfg", ""),
    "of another kind": lambda place: (
        (place / "linked/sub/conda-meta").mkdir(),
        (place / "linked/sub/pyvenv.cfg").unlink(),
    ),
    "and none": lambda place: (place / "linked/sub/conda-meta").rmdir(),
    "a link leads to a folder": lambda place: (
        (place / "target.py").unlink(),
        (place / "target.py").mkdir(),
    ),
    "a link leads nowhere": lambda place: (place / "target.py").rmdir(),
    "a link leads to a file": lambda place: write(place / "target.py", "print()\n"),
}
TREES = ("main", "tree", "super", "super/mod", "linked", "linked/sub")


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def overwrite(path: Path, text: bytes) -> None:
    with path.open("r+b") as file:
        file.write(text)


def git(folder: Path, *arguments: str) -> None:
    command = ["git", "-c", "protocol.file.allow=always", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=GIT)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository, a worktree of it, another that has it as a submodule, and a tree whose ignore file is a link; all at rest."""
    place = tmp_path_factory.mktemp("ignoring").resolve()
    for name in ("main", "super"):
        (place / name).mkdir()
        git(place / name, "init", "-q")
    for name in "abc":
        write(place / "main" / f"{name}.py", "print()\n")
        write(place / "linked" / "sub" / f"{name}.py", "print()\n")
    git(place / "main", "add", "-A")
    git(place / "main", "commit", "-qm", "some")
    git(place / "main", "worktree", "add", "-q", str(place / "tree"))
    git(place / "super", "submodule", "add", "-q", str(place / "main"), "mod")
    write(place / "rules", "# none..\n")
    write(place / "target.py", "print()\n")
    (place / "linked" / ".gitignore").symlink_to(place / "rules")
    (place / "linked" / "link.py").symlink_to(place / "target.py")
    time.sleep(REST)
    return place


def test_every_such_change_is_seen_at_once(cache_dir: Path, place: Path) -> None:
    for tree in TREES:
        rev_accel.scan(root=place / tree)
    selected = set()
    for what, step in STEPS.items():
        step(place)
        for tree in TREES:
            right = rev_accel.scan(root=place / tree, cache=False)
            for level in ("remembered", "forgotten"):
                said = rev_accel.scan(root=place / tree)
                assert said.to_json() == right.to_json(), f"{tree} after {what}, {level}"
                _core.forget()
                rev_accel.scan(root=place / tree)
            selected.add((tree, right.stats.files))
    assert len(selected) > 2 * len(TREES)  # the steps have had effects


@pytest.mark.parametrize("folder", ["/var/tmp", "/dev/shm"])
def test_what_is_written_through_a_mapping_is_seen(folder: str, cache_dir: Path, tmp_path: Path) -> None:
    if not os.path.isdir(folder):
        pytest.skip("there is no such folder")
    tree = Path(folder) / f"mapped-{os.getpid()}"
    tree.mkdir()
    path = tree / "file.py"
    try:
        path.write_text("print(1)\n")
        with path.open("r+b") as file:
            os.fsync(file.fileno())
            time.sleep(REST)
            for _ in range(2):
                assert len(rev_accel.scan(root=tree)) == 1
            with mmap.mmap(file.fileno(), 0) as mapping:
                mapping[:5] = b"Print"
                assert len(rev_accel.scan(root=tree)) == 0
        assert len(rev_accel.scan(root=tree)) == 0
    finally:
        path.unlink()
        tree.rmdir()
