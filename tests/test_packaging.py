"""What is installed, and what says how others use it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.test_sarif import run_of

import rev_accel

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")

# In bytes; `.ci/wheel.py` has the same bound for what is in a wheel.
LARGEST_EXTENSION = 9_000_000

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs a shell")


def test_the_extension_keeps_to_its_budget() -> None:
    (extension,) = Path(rev_accel.__file__).parent.glob("_core.*.so" if os.name == "posix" else "_core*.pyd")
    if b"\0.symtab\0" in extension.read_bytes():
        pytest.skip("it was built with its symbols, for work on the sources")
    assert extension.stat().st_size <= LARGEST_EXTENSION, "`python benches/size.py` tells what takes how much"


def blocks() -> list[dict[str, object]]:
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with a file that is refused and one that is not."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "bad.py").write_text("eval('1')\n")
    (folder / "good.py").write_text("x = 1\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    command = tmp_path / "bin" / "rev-accel"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rev_accel "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", "add", "-A"], check=True)
    return folder


@POSIX
def test_the_steps_of_the_workflow_do_what_the_page_says(repository: Path) -> None:
    (workflow,) = [block for block in blocks() if "jobs" in block]
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    pinned = [step["uses"] for step in steps if "uses" in step]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in pinned)
    upload, last = [step["run"] for step in steps if step.get("run", "").startswith("rev-accel ")]
    subprocess.run(upload, shell=True, check=True)
    (uploaded,) = [step["with"]["sarif_file"] for step in steps if "sarif_file" in step.get("with", {})]
    assert [result["ruleId"] for result in run_of((repository / uploaded).read_text())["results"]] == ["dangerous"]
    assert subprocess.run(last, shell=True).returncode == 1


@POSIX
@pytest.mark.parametrize("hook", ["rev-accel", "rev-accel-installed"])
def test_a_hook_runs_as_the_table_says(repository: Path, hook: str, tmp_path: Path) -> None:
    """By pre-commit itself, but that nothing is installed for it: that takes minutes, or a published wheel."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (found,) = [one for one in hooks if one["id"] == hook]
    source = tmp_path / "hooks"
    source.mkdir()
    (source / ".pre-commit-hooks.yaml").write_text(yaml.safe_dump([{**found, "language": "system"}]))
    git = ["git", "-c", "user.name=x", "-c", "user.email=x", "-C", str(source)]
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True)
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(source), hook, "--files"]
    refused = subprocess.run([*command, "bad.py", "good.py"], capture_output=True, text=True)
    assert refused.returncode == 1, refused.stderr
    assert "bad.py:1:1: dangerous call of `eval`" in refused.stdout
    assert subprocess.run([*command, "good.py"], capture_output=True).returncode == 0
