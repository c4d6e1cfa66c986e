"""What earlier versions left on disk is read or refused, and never gives a wrong answer."""

from __future__ import annotations

import json
import platform
import shutil
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import rev_accel
from rev_accel import MessageLog, ResponseCache
from rev_accel.agent import Journal, Run, runs
from rev_accel.errors import InputError, LogError
from rev_accel.llm import ReplayClient, ScriptedClient

from .make import FOLDER, request, scan

FIXTURES = sorted(FOLDER.glob("*.tar.gz"))

# Versions that are not there yet cannot have left anything.
assert FIXTURES


@pytest.fixture(scope="module", params=FIXTURES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def left(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a version left, for the user alone as it was."""
    folder = tmp_path_factory.mktemp("left")
    with tarfile.open(request.param) as archive:
        archive.extractall(folder, filter="data")
    shutil.copytree(folder / "cache", folder / "untouched")
    for path in (folder / "cache", folder / "untouched", folder / "state"):
        for inner in (path, *path.rglob("*")):
            inner.chmod(0o700 if inner.is_dir() else 0o600)
    yield folder


@pytest.fixture(scope="module")
def answers(left: Path) -> dict[str, Any]:
    return json.loads((left / "answers.json").read_text())


def is_own(answers: dict[str, Any]) -> bool:
    """Whether it is what this version leaves under this interpreter."""
    python = [platform.python_implementation(), list(sys.version_info[:3])]
    return answers["version"] == rev_accel.__version__ and answers["python"] == python


def test_files_are_reported_as_they_are_without_that_cache(left: Path, answers: dict[str, Any]) -> None:
    """Rules that find something else under the name of the same engine are found out here."""
    expected = scan(left / "tree", None)
    assert scan(left / "tree", left / "cache") == expected
    assert scan(left / "tree", left / "cache") == expected
    if is_own(answers):
        assert expected == answers["scan"], "make the fixture anew, unless this version is published already"


def test_a_fixture_of_this_version_is_used(
    left: Path, answers: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    if not is_own(answers):
        pytest.skip(f"left by {answers['version']} under {answers['python']}")
    scan(left / "tree", left / "untouched", "jsonl", "--stats")
    known = next(row for row in capfd.readouterr().err.splitlines() if row.startswith("known"))
    files = len(list((left / "tree").iterdir()))
    assert known.split() == f"known 0 unchanged, 0 read again, {files} seen before".split()


def test_replies_are_those_that_were_put_or_none(left: Path, answers: dict[str, Any]) -> None:
    cache = ResponseCache(folder=left / "cache")
    for key, reply in answers["replies"].items():
        found = cache.get(key)
        assert found == reply.encode() or (found is None and not is_own(answers))
        assert cache.get_or_call(key, lambda reply=reply: reply.encode()) == reply.encode()
        assert cache.get(key) == reply.encode()


def test_recordings_are_replayed_or_refused(left: Path, answers: dict[str, Any]) -> None:
    try:
        client = ReplayClient(left / "calls.jsonl", "strict")
        found = [client.chat(request(number)).content for number in range(3)]
    except InputError as refused:
        assert not is_own(answers), refused
    else:
        assert found == answers["calls"]


def test_logs_are_read_or_refused_and_not_changed(left: Path, answers: dict[str, Any]) -> None:
    path = left / "log.jsonl"
    before = path.read_bytes()
    try:
        with MessageLog.open(path) as log:
            found = {"digest": log.digest, "messages": list(log)}
    except LogError as refused:
        assert not is_own(answers), refused
    else:
        assert found == answers["log"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("kind", ["ended", "stopped"])
def test_runs_of_the_agent_are_told_as_they_were_or_refused(left: Path, answers: dict[str, Any], kind: str) -> None:
    told, home = answers["run"][kind], left / "state"
    assert told["run"] in runs(home=home)
    try:
        journal = Journal.open(told["run"], home=home)
    except InputError as refused:
        assert not is_own(answers), refused
        return
    with closing(journal):
        began, ended = journal.last("run"), journal.last("end")
        assert began is not None
        assert began["goal"] == "Write a note."
        assert (ended is not None and ended["state"] == "done") == (told["state"] == "done")
    with pytest.raises(InputError, match="nothing to go on with" if kind == "ended" else "project"):
        Run.resume(Journal.open(told["run"], home=home), ScriptedClient([]))
