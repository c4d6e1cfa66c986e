"""`rev-accel search`: what it prints where, and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").write_text("one\n\tword\ntwo\nthree\nWORD\n")
    (root / "b.txt").write_bytes(b"a word \x1b[2J\x07\n" + b"x" * 5000 + b" word\n")
    monkeypatch.chdir(root)
    for name in ("NO_COLOR", "FORCE_COLOR", "REV_ACCEL_THREADS"):
        monkeypatch.delenv(name, raising=False)
    return root


def run(*arguments: str, code: int = 0) -> tuple[str, str]:
    command = [sys.executable, "-m", "rev_accel", "search", *arguments]
    done = subprocess.run(command, capture_output=True, env=dict(os.environ), timeout=60)
    output, errors = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, errors
    assert "Traceback" not in errors
    return output.replace(os.linesep, "\n"), errors.replace(os.linesep, "\n")


def test_a_line_tells_path_line_column_and_text(tree: Path) -> None:
    output, errors = run("word")
    assert output.splitlines()[:2] == ["a.py:2:2:\tword", r"b.txt:1:3:a word \x1b[2J\x07"]
    assert output.splitlines()[2].startswith("b.txt:2:5002:…xxxx")
    assert errors == "3 matching lines in 2 of 2 files\n"
    assert run("-q", "word")[1] == ""
    assert run("-qq", "word") == ("", "")


def test_context_case_globs_and_limits(tree: Path) -> None:
    output, _ = run("-i", "word", "-g", "*.py", "-C", "1")
    assert output == "a.py-1-one\na.py:2:2:\tword\na.py-3-two\na.py-4-three\na.py:5:1:WORD\n"
    output, _ = run("-i", "word", "-g", "*.py", "-A", "1")
    assert output == "a.py:2:2:\tword\na.py-3-two\n--\na.py:5:1:WORD\n"
    assert run("-S", "WORD")[0] == "a.py:5:1:WORD\n"
    assert run("--exclude", "*.txt", "word")[0] == "a.py:2:2:\tword\n"
    output, errors = run("-m", "1", "--max-matches", "2", "--max-columns", "4", "word")
    assert output == "a.py:2:2:\twor…\nb.txt:1:3:…word…\n" or output.count("\n") == 2
    assert errors == "3 matching lines, 2 printed in 2 of 2 files\n"
    assert run("-F", "-w", "wor", code=1)[1] == "No match in 2 files\n"


def test_matches_are_coloured_when_asked_for(tree: Path) -> None:
    assert run("word", "a.py", "--color", "always")[0] == "a.py:2:2:\t\x1b[1;31mword\x1b[0m\n"


def test_json_is_an_object_a_line_and_a_summary(tree: Path) -> None:
    output, errors = run("--json", "word", "a.py", "b.txt")
    first, *_, summary = map(json.loads, output.splitlines())
    assert first == {
        "type": "match",
        "path": "a.py",
        "line": 2,
        "column": 2,
        "text": "\tword",
        "offset": 0,
        "length": 5,
        "spans": [[1, 5]],
        "before": [],
        "after": [],
    }
    assert (summary["type"], summary["schema_version"], summary["total"]) == ("summary", 1, 3)
    assert summary["counts"] == {"a.py": 1, "b.txt": 2}
    assert errors == ""


@pytest.mark.parametrize(
    "arguments",
    [["("], ["word", "nowhere"], ["-i", "-S", "word"], ["-C", "-1", "word"], ["word", "-g", "["], []],
    ids=" ".join,
)
def test_what_cannot_be_done_is_code_2_and_one_line(tree: Path, arguments: list[str]) -> None:
    output, errors = run(*arguments, code=2)
    assert output == ""
    assert errors.startswith("rev-accel: error: ")
    assert errors.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_a_file_that_cannot_be_searched_is_code_2_beside_what_was_found(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    output, errors = run("word", "a.py", "pipe", code=2)
    assert output == "a.py:2:2:\tword\n"
    assert errors.splitlines()[0] == "rev-accel: error: pipe: neither a file nor a link to one"


def test_help_tells_exit_codes_and_examples(tree: Path) -> None:
    output, _ = run("--help")
    assert "Exit codes, as those of grep:" in output
    assert "nothing was found" in output
