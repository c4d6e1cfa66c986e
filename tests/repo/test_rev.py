"""The text is, character for character, that of the function it stands in for, run live."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from oracle.environment import rev_interpreter
from rev_accel import _core, repo, workspace

from .builder import Repository
from .scenarios import dirty, odd_names, with_submodule

PROGRAM = """
import os, sys
answer = os.dup(1)
os.dup2(2, 1)
from rev.tools.git_ops import get_repo_context
os.write(answer, get_repo_context(*map(int, sys.argv[1:])).encode())
"""


def nothing(repository: Repository) -> None:
    pass


def no_repository(repository: Repository) -> None:
    repository.dot.rename(repository.place / "away")


def names_that_are_left_out(repository: Repository) -> None:
    for name in [*repo.EXCLUDED, "Build", "target.txt", ".hidden"]:
        repository.write(f"{name}/file")


def many_entries(repository: Repository) -> None:
    for number in range(150):
        repository.write(f"entry{number}")


def from_a_folder(repository: Repository) -> None:
    dirty(repository)
    repository.go_to(repository.top / "folder")


@pytest.mark.parametrize(
    "make",
    [nothing, dirty, odd_names, with_submodule, no_repository, names_that_are_left_out, many_entries, from_a_folder],
)
@pytest.mark.parametrize("commits", [None, 1])
def test_the_text_is_revs(
    make: Callable[[Repository], object],
    commits: int | None,
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interpreter = rev_interpreter()
    make(repository)
    for name, value in repository.environment.items():
        monkeypatch.setenv(name, value)
    arguments = [] if commits is None else [commits]
    done = subprocess.run(
        [interpreter, "-I", "-X", "utf8", "-W", "ignore", "-c", PROGRAM, *map(str, arguments)],
        cwd=repository.cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    _core.forget()
    with workspace.use_root(repository.cwd):
        assert repo.get_repo_context(*arguments) == done.stdout.decode()
