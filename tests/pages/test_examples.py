"""The examples of all pages run as they are written, and print what the pages say.

`REV_ACCEL_WRITE_PAGES=1 pytest tests/pages` writes what they print into the pages.
"""

from __future__ import annotations

import contextlib
import difflib
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from tests.llm.server import Plan, listening_server

from rev_accel.agent import prompts
from rev_accel.cli.app import group

from .blocks import NOT_RUN, PAGES, ROOT, blocks, read

# Needs the real rev, beside which tests/compat/test_page.py runs it.
ELSEWHERE = {"docs/rev.md"}
PLAYED = {"python", "output", "console", "sh"}
# What is looked at, run by `test_ci.py`, or made by the site's generator, and what is not checked.
OTHERS = {"toml", "json", "yaml", "text", "{eval-rst}", "{include}", "{toctree}"}

# Servers that pages name, with the path that ours has in their place.
SERVERS = {"http://localhost:11434": "", "https://api.openai.com/v1": "/v1"}
PERSON = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": "2026-01-02T03:04:05Z"}

WITH_EXAMPLES = [
    page for page in PAGES if page not in ELSEWHERE and any(one.language in PLAYED for one in blocks(read(page)))
]


def comparable(text: str) -> str:
    """Without what differs from time to time: durations."""
    return re.sub(r"\b\d[\d,.]* ?(ns|µs|ms|s)\b", "TIME", text)


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader has beside the project: a cache that is empty, and the commands of the environment."""
    folder = tmp_path_factory.mktemp("home")
    for name, arguments in {"rev-accel": "-m rev_accel", "python": ""}.items():
        command = folder / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error {arguments} "$@"\n')
        command.chmod(0o755)
    return folder


@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_the_examples_of_a_page_run_and_print_what_it_says(page: str, home: Path, tmp_path: Path) -> None:
    text = read(page)
    if os.name == "nt" and "```console\n" in text:
        pytest.skip("sessions are those of a POSIX shell")
    for folder in ("src", "tests"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "app.py").write_text("print(eval('1'))  # TODO\n")
    environment = {
        **os.environ,
        "PATH": f"{home}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "NO_PROXY": "127.0.0.1",
        "PYTHONUTF8": "1",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "REV_ACCEL_CACHE_DIR": str(home / "cache"),
        "REV_ACCEL_STATE_DIR": str(home / "state"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in PERSON.items()},
    }
    for command in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *command], cwd=tmp_path, env=environment, check=True)
    with listening_server() as server:
        server.described.default = answer
        (home / "config" / "rev-accel").mkdir(parents=True)
        (home / "config" / "rev-accel" / "config.toml").write_text(
            f'[agent]\nendpoint = "{server.described.address}"\n'
        )
        for name, path in SERVERS.items():
            text = text.replace(name, server.described.address + path)
        done = subprocess.run(
            [sys.executable, "-W", "error", str(Path(__file__).with_name("play.py")), str(ROOT / page)],
            input=text,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=100,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    played, text = done.stdout.replace(str(tmp_path.resolve()), "/home/ada"), read(page)
    for name, path in reversed(SERVERS.items()):
        played = played.replace(server.described.address + path, name)
    if os.environ.get("REV_ACCEL_WRITE_PAGES") and comparable(played) != comparable(text):
        (ROOT / page).write_text(played, encoding="utf-8")
    difference = difflib.unified_diff(comparable(text).splitlines(), comparable(played).splitlines(), lineterm="", n=1)
    assert not list(difference), "\n".join(difference)


def answer(body: dict[str, Any]) -> Plan:
    """What the model says: to the agent, what lets a run go to its end."""
    match body["messages"][0]["content"]:
        case prompts.PLAN:
            task = {"id": "1", "title": "look", "instructions": "look at it", "needs": [], "checks": []}
            return Plan(content=json.dumps({"tasks": [task]}))
        case prompts.REVIEW:
            return Plan(content='{"approved": true, "problems": []}')
    return Plan()


def test_what_is_not_run_is_on_some_page() -> None:
    lines = [
        line for page in PAGES for one in blocks(read(page)) if one.language == "sh" for line in one.code.splitlines()
    ]
    for pattern in NOT_RUN:
        assert any(re.match(pattern, line) for line in lines), pattern


@pytest.mark.parametrize("page", PAGES)
def test_all_blocks_of_a_page_are_well_formed(page: str) -> None:
    text = read(page)
    found = blocks(text)
    assert text.count("```") == 2 * len(found), "a block without a language, or without an end"
    for block in found:
        assert block.language in PLAYED | OTHERS, block
        if block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "json":
            json.loads(block.code)
        elif block.language == "sh":
            for line in block.code.splitlines():
                check_command(line)


def check_command(line: str) -> None:
    """That the options, files and targets exist which a line of a shell names."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    command, *arguments = [word for word in words if not re.match(r"\w+=", word)] or [""]
    for number, word in enumerate(arguments):
        if word in {"|", "||", "&&", ";", ">"}:
            rest = shlex.join(arguments[number + 1 :])
            check_command(rest if word != ">" else "")
            arguments = arguments[:number]
            break
    if command == "rev-accel":
        check_options(arguments)
    elif command == "python" and arguments[0].endswith(".py"):
        assert (ROOT / arguments[0]).is_file(), line
    elif command == "make":
        assert re.search(rf"^{arguments[0]}:", read("Makefile"), re.MULTILINE), line


def check_options(arguments: list[str]) -> None:
    command: click.Command = group
    while isinstance(command, click.Group) and arguments[:1] not in ([], ["--version"], ["--help"]):
        command, arguments = command.commands[arguments[0]], arguments[1:]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(click.exceptions.Exit):
        # Help is shown when all options have been read.
        command.make_context("rev-accel", ["--help", *arguments])
