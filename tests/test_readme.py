"""The examples of the README and of docs/agent.md run as they are written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from llm.server import listening_server

ROOT = Path(__file__).parents[1]
PAGES = {"README.md": 8, "docs/agent.md": 5}
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
EXAMPLES = [
    pytest.param(textwrap.dedent(code), id=f"{page} {number}")
    for page, text in TEXTS.items()
    for number, (_, code) in enumerate(re.findall(r"^( *)```python\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL))
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_runs_alone(code: str, tmp_path: Path) -> None:
    for folder in ("src", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "app.py").write_text("print(eval('1'))  # TODO\n")
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(tmp_path)]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([*git, *command], check=True)
    with listening_server() as server:
        code = code.replace("http://localhost:11434", server.described.address)
        environment = {**os.environ, "NO_PROXY": "127.0.0.1", "REV_ACCEL_STATE_DIR": str(tmp_path.parent / "state")}
        command = [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{code}\n{done.stderr}"


@pytest.mark.parametrize("page", PAGES)
def test_there_are_examples(page: str) -> None:
    found = sum(one.id.startswith(page) for one in EXAMPLES)
    assert found == TEXTS[page].count("```python") >= PAGES[page]
