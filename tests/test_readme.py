"""The examples of the README run as they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from llm.server import listening_server

README = Path(__file__).parents[1] / "README.md"
EXAMPLES = re.findall(r"^( *)```python\n(.*?)^ *```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs_alone(number: int, tmp_path: Path) -> None:
    for folder in ("src", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "app.py").write_text("print(eval('1'))  # TODO\n")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(tmp_path)]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *command], check=True)
    with listening_server() as server:
        code = textwrap.dedent(EXAMPLES[number][1]).replace("http://localhost:11434", server.described.address)
        environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
        command = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{code}\n{done.stderr}"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == README.read_text(encoding="utf-8").count("```python") >= 8
