"""The page for rev's users: its commands and programs run as they are written."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from rev_accel.compat.rev import GROUPS, KNOWN_VERSIONS

from .fixes import DIFFERENCES, FIXES
from .installation import Installation
from .runs import make_repository

pytestmark = pytest.mark.skipif(os.name == "nt", reason="commands are files with a first line on POSIX systems only")

PAGE = (Path(__file__).parents[2] / "docs" / "rev.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(sh|python)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs_alone(number: int, installation: Installation, tmp_path: Path) -> None:
    make_repository(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text("print(eval('1'))  # TODO\n")
    language, code = EXAMPLES[number]
    interpreter = ["sh", "-eu"] if language == "sh" else [str(installation.interpreter), "-W", "error"]
    environment = {**os.environ, "PATH": f"{installation.commands}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [*interpreter, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{code}\n{done.stdout}{done.stderr}"
    assert "error" not in done.stdout


def test_there_are_examples_and_none_in_another_language() -> None:
    assert len(EXAMPLES) == PAGE.count("```") // 2 == 4


def test_each_fix_and_difference_is_told_by_its_name() -> None:
    for name, sentence in (FIXES | DIFFERENCES).items():
        assert f"| `{name}` | {sentence} |\n" in PAGE
    names = re.findall(r"^\| `(\w+)` \| ", PAGE.partition("## What is replaced")[2], re.MULTILINE)
    assert sorted(names) == sorted([*FIXES, *DIFFERENCES, *GROUPS])


def test_all_known_versions_are_named() -> None:
    for version in KNOWN_VERSIONS:
        assert version in PAGE
