"""The settings of pre-commit on the page about CI, run by pre-commit itself, but that nothing is installed: that needs a published wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .blocks import ROOT, blocks, read

CONFIGURATIONS = [
    found
    for one in blocks(read("docs/ci.md"))
    if one.language == "yaml"
    if "repos" in (found := yaml.safe_load(one.code))
]
PERSON = ("-c", "user.name=x", "-c", "user.email=x")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(folder), *words], check=True)


@pytest.mark.skipif(os.name == "nt", reason="a command is a file with a first line on POSIX systems only")
@pytest.mark.parametrize("number", range(2))
def test_a_configuration_of_pre_commit_refuses_a_commit_with_a_finding_and_no_other(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = tmp_path / "bin" / "rev-accel"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rev_accel "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder, hooks = tmp_path / "project", tmp_path / "hooks"
    for made in (folder, hooks):
        made.mkdir()
        git(made, "init", "-q")
    (hooks / ".pre-commit-hooks.yaml").write_bytes((ROOT / ".pre-commit-hooks.yaml").read_bytes())
    git(hooks, "add", "-A")
    git(hooks, *PERSON, "commit", "-qm", "x")
    git(hooks, "tag", "v0.1.0")
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(here(CONFIGURATIONS[number], hooks)))
    for code, expected in (("eval(input())  # TODO\n", 1), ("x = 1\n", 0)):
        (folder / "app.py").write_text(code)
        git(folder, "add", "-A")
        run = [sys.executable, "-m", "pre_commit", "run"]
        done = subprocess.run(run, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stdout + done.stderr
        assert ("app.py:1:1: dangerous call of `eval`" in done.stdout) == bool(expected), done.stdout


def here(configuration: dict[str, Any], hooks: Path) -> dict[str, Any]:
    """The same with our hooks, and with the rev-accel that is there."""
    for repository in configuration["repos"]:
        if repository["repo"] == "local":
            repository["hooks"] = [
                {**hook, "language": "system", "additional_dependencies": []} for hook in repository["hooks"]
            ]
        else:
            repository["repo"] = str(hooks)
    return configuration


def test_there_are_two_configurations() -> None:
    assert len(CONFIGURATIONS) == 2
