"""What the tests of the tools for git share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from repo.builder import Repository
from rev_accel.tools.git import GitTools
from rev_accel.workspace import Workspace


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """With one commit of three files, in an environment of its own."""
    made = Repository(tmp_path.resolve()).init()
    made.write("a", "one\ntwo\nthree\n")
    made.write("folder/b", "b\n")
    made.write(".gitignore", "*.o\n")
    made.commit("First")
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def tools(repository: Repository) -> GitTools:
    return GitTools(Workspace(repository.top))
