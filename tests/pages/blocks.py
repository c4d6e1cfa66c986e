"""The pages that people read, and the blocks of code in them."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    str(path.relative_to(ROOT).as_posix()) for place in (ROOT, ROOT / "docs") for path in sorted(place.glob("*.md"))
]
PAGES += [str(path.relative_to(ROOT).as_posix()) for path in sorted((ROOT / "docs").glob("*/*.md"))]

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S+)[^\n]*\n(?P<code>.*?)^ *```$", re.MULTILINE | re.DOTALL)

# Commands that are not run, and why.
NOT_RUN = {
    r"make (run|test)\b": "they install and test the project; CI begins with them",
    r"python -m venv |\. \.venv/|pip install ": "the tests have an environment, with the package in it",
    r"rev-accel agent --resume ": "no run was stopped; `tests/agent/test_command.py` goes on with one that was",
    r"rev-accel exec -- rev\b": "needs the real rev, beside which `tests/compat/test_page.py` runs those of docs/rev.md",
}


@dataclass(frozen=True, kw_only=True)
class Block:
    language: str
    code: str
    """Without the block's own indent."""
    indent: str
    first_line: int
    """The number of the line of the page in which the code begins."""
    start: int
    end: int
    """Where the code is in the text of the page."""


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(text: str) -> list[Block]:
    return [
        Block(
            language=found["language"],
            code=textwrap.dedent(found["code"]),
            indent=found["indent"],
            first_line=text.count("\n", 0, found.start("code")) + 1,
            start=found.start("code"),
            end=found.end("code"),
        )
        for found in FENCE.finditer(text)
    ]
