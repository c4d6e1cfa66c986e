"""Whole runs of rev: its own `main()`, in a small real repository, with a model that is a script."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llm.server import listening_server

from .installation import Installation
from .model import Model, Result, results

FILES = {
    "shop/__init__.py": "",
    "shop/prices.py": '''\
"""Prices of what is sold."""


def total(prices):
    result = 0
    for price in prices:
        result = result + price
    print("total", result)  # TODO: no print
    return result


def discount(price, percent, currency, country, customer, coupon):
    global LAST
    LAST = eval("price")
    return price - price * percent / 100
''',
    "shop/stock.py": "COUNTS = {}\n\n\ndef left(name: str) -> int:\n    return COUNTS.get(name, 0)  # FIXME\n",
    "shop/broken.py": "def f(:\n",
    "tests/__init__.py": "",
    "tests/test_prices.py": """\
import unittest

from shop.prices import total


class Total(unittest.TestCase):
    def test_sum(self):
        self.assertEqual(total([1, 2]), 3)
""",
    "notes/Ünïcode.md": "# Nötes\n",
    "README.md": "# Shop\n",
    ".gitignore": "__pycache__/\n*.pyc\n",
}
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2026-01-02T03:04:05+00:00"))
}
TIMES = [
    (re.compile(r"session_\d+(_\d+)*"), "session"),
    (re.compile(r"\d+(\.\d+)?(?= ?(s|seconds?|ms|%)\b|s\))"), "0"),
    (re.compile(r'("(?:duration_\w+|start_time|end_time|timestamp|tokens_estimated)": )[\d.e+-]+'), r"\g<1>0"),
]
"""What two runs of the same thing differ in; the tokens are estimated from the results."""


RESEARCH, PLANNING, FOUND = "Phase: RESEARCH", "Phase: PLANNING", re.compile(r"- files_found: \d+")
YOUNG = 1_767_323_045


@dataclass(frozen=True, kw_only=True)
class Run:
    """What came of a run."""

    status: int
    stdout: str
    stderr: str
    files: dict[str, str]
    """Path and content of each file in the working folder, without the times in it; the repository's own are left out."""
    home: list[str]
    """What was left in the user's home and in the folder for temporary files."""
    results: list[Result]
    asked: list[dict[str, Any]]
    """Requests to the model, less those without tools, which are about the research."""
    observed: dict[str, Any]


def make_repository(folder: Path) -> None:
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        os.utime(path, (YOUNG, YOUNG))
    for command in (
        ["init", "-q", "-b", "main"],
        ["commit", "-q", "--allow-empty", "-m", "nothing yet"],
        ["add", "-A"],
        ["commit", "-q", "-m", "first"],
    ):
        subprocess.run(["git", *command], cwd=folder, env={**os.environ, **IDENTITY}, check=True)


def run(
    installation: Installation,
    place: Path,
    model: Model,
    arguments: Sequence[str] = (),
    *,
    through: Sequence[str] = (),
    prepare: Callable[[Path], object] = lambda work: None,
) -> Run:
    """Runs rev in a new repository at `place`, which is the same path in each run, and may be started `through` others."""
    shutil.rmtree(place, ignore_errors=True)
    work, home, temporary = place / "work", place / "home", place / "tmp"
    for folder in (work, home, temporary):
        folder.mkdir(parents=True)
    make_repository(work)
    prepare(work)
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "REV_", "OLLAMA_", "PYTHON"))
    }
    with listening_server() as server:
        server.described.default = model
        environment = {
            **kept,
            **IDENTITY,
            "HOME": str(home),
            "TMPDIR": str(temporary),
            "PATH": f"{installation.commands}{os.pathsep}{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "PYTHONUTF8": "1",
            "NO_PROXY": "127.0.0.1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "OLLAMA_BASE_URL": server.described.address,
            "REV_ACCEL_CACHE_DIR": str(place / "cache"),
            "REV_OBSERVER": str(place / "observed.json"),
        }
        command = [*through, "rev", "--model", "scripted", *arguments, model.request]
        with subprocess.Popen(
            [str(installation.commands / command[0]), *command[1:]],
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            model.process = process.pid
            try:
                stdout, stderr = process.communicate(timeout=100)
            finally:
                process.kill()
        address = server.described.address
    observed = place / "observed.json"
    return Run(
        status=process.returncode,
        stdout=without_research(timeless(stdout.decode(), address)),
        stderr=timeless(stderr.decode(), address),
        files=files(work),
        home=sorted(str(path.relative_to(place)) for folder in (home, temporary) for path in folder.rglob("*")),
        results=[replace(one, text=timeless(one.text, address)) for one in results(model.asked)],
        asked=[body for body in model.asked if body.get("tools")],
        observed=json.loads(timeless(observed.read_text(), address)) if observed.exists() else {},
    )


def files(work: Path) -> dict[str, str]:
    found = {}
    for path in sorted(work.rglob("*")):
        name = path.relative_to(work)
        if name.parts[0] != ".git":
            content = "a folder" if path.is_dir() else path.read_bytes().decode(errors="backslashreplace")
            found[timeless(str(name))] = timeless(content)
    return found


def without_research(text: str) -> str:
    """rev searches with several threads before it plans, and what it finds and prints depends on which is first."""
    before, _, after = text.partition(RESEARCH)
    return before + FOUND.sub("", after[after.find(PLANNING) :])


def timeless(text: str, address: str = "http://address") -> str:
    text = text.replace(address, "http://address")
    for pattern, replacement in TIMES:
        text = pattern.sub(replacement, text)
    return text
