"""Trees to measure on: any number of modules with contents as they are, and a repository of the standard library.

All trees of modules have the same mix of contents, whatever their size, so that only their size tells them apart.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from itertools import accumulate
from pathlib import Path

MIX = 100
"""How many modules of the standard library the trees are copies of."""
MEAN = 4096
"""Bytes of a module in the mean: with that of the standard library, 18 kB, 10⁵ modules would take 1.8 GB."""
LEFT_OUT = {"site-packages", "dist-packages", "__pycache__", "test", "tests", "idle_test"}


def mix() -> list[bytes]:
    """Modules evenly out of the shortest of the standard library, so many that these have the mean; no tests.

    Some tests are no Python on purpose.
    """
    library = Path(sysconfig.get_path("stdlib"))
    paths = [path for path in library.rglob("*.py") if not LEFT_OUT.intersection(path.relative_to(library).parts)]
    by_size = sorted((path.stat().st_size, path) for path in paths)
    sums = accumulate(size for size, _ in by_size)
    short = sum(total <= MEAN * number for number, total in enumerate(sums, 1))
    return [by_size[number * short // MIX][1].read_bytes() for number in range(MIX)]


def plant(folder: Path, files: int) -> int:
    """Writes so many modules, ten to a folder, none like another; gives their bytes."""
    contents, written = mix(), 0
    for number in range(files):
        path = folder / f"p{number // 1000}" / f"q{number // 10 % 100}" / f"module{number}.py"
        if number % 10 == 0:
            path.parent.mkdir(parents=True)
        written += path.write_bytes(contents[number % MIX] + b"\n# copy %d\n" % number)
    return written


def standard_library(folder: Path) -> Path:
    """A copy without installed packages."""
    left_out = shutil.ignore_patterns("site-packages", "dist-packages", "__pycache__")
    shutil.copytree(sysconfig.get_path("stdlib"), folder, ignore=left_out)
    return folder


def git(tree: Path, *arguments: str) -> None:
    who = {f"GIT_{who}_{what}": "bench@invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL)


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)
