"""A run of rev with the drop-in does and says what it does alone, but for what is fixed, and leaves no other trace.

rev's own `main()` is started as its users start it, once directly and once by `rev-accel exec`, with a server on
loopback in the place of Ollama.
"""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from history.judge import refusal
from oracle import expected_text

from .installation import Installation
from .model import Model, Result, Task
from .runs import Run, run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="commands are files with a first line on POSIX systems only")

REQUEST = "make the shop print nothing"
EXPLORING = [
    [("get_repo_context", {"commits": 1}), ("analyze_ast_patterns", {})],
    [("read_file", {"path": "shop/prices.py"}), ("search_code", {"pattern": "print", "include": "**/*.py"})],
    [("tree_view", {}), ("list_dir", {"pattern": "shop/*"}), ("get_file_info", {"path": "README.md"})],
]
PRINT = '    print("total", result)  # TODO: no print\n'
EDIT = Task(
    description="take the print out of total",
    kind="edit",
    replies=[
        [("replace_in_file", {"path": "shop/prices.py", "find": PRINT, "replace": ""})],
        [("write_file", {"path": "shop/new/ünï.py", "content": "def f(a, b, c, d, e, f): return eval(a)\n"})],
        [("analyze_ast_patterns", {"path": "shop"}), ("git_diff", {}), ("get_repo_context", {})],
        [("analyze_ast_patterns", {"path": "shop", "patterns": ["todos", "prints"]})],
        [("read_file", {"path": "../work-of-others/secret.txt"}), ("read_file", {"path": "../outside.txt"})],
    ],
)
ODD = Task(
    description="try what a model gets wrong",
    kind="review",
    replies=[
        [("read_file", {"path": "missing.py"}), ("read_file", {}), ("nonesuch", {"a": [1, None]})],
        [("analyze_ast_patterns", {"path": "missing"}), ("analyze_ast_patterns", {"path": "..", "patterns": "todos"})],
        [
            ("get_repo_context", {"commits": "many"}),
            ("read_file_lines", {"path": "shop/stock.py", "start": 2, "end": 3}),
        ],
        [("run_cmd", {"cmd": "echo no"}), ("git_branch", {"action": "list"}), ("file_exists", {"path": "/etc/passwd"})],
    ],
)
TEST = Task(
    description="run the tests of the shop",
    kind="test",
    replies=[
        [("run_tests", {"cmd": "python -m unittest -q"})],
        [("git_commit", {"message": "Print nothing", "add_files": True, "files": "shop"}), ("get_repo_context", {})],
    ],
)


@dataclass(frozen=True, kw_only=True)
class Pair:
    alone: Run
    ours: Run

    def different_results(self) -> list[tuple[Result, Result]]:
        """What tools gave, alone and with the drop-in, where it is not the same."""
        assert len(self.alone.results) == len(self.ours.results)
        return [
            (alone, ours)
            for alone, ours in zip(self.alone.results, self.ours.results, strict=True)
            if canonical(alone) != ours
        ]


def canonical(result: Result) -> Result:
    """Of an analysis by rev, what rev-accel promises: `files` sorted, and without `cache_stats`."""
    if result.tool != "analyze_ast_patterns":
        return result
    return Result(tool=result.tool, arguments=result.arguments, text=expected_text(result.text))


def both(
    installation: Installation,
    place: Path,
    tasks: list[Task],
    arguments: list[str],
    prepare: Callable[[Path], object] = lambda work: None,
    interrupt: int | None = None,
) -> Pair:
    runs = [
        run(
            installation,
            place,
            Model(request=REQUEST, exploring=EXPLORING, tasks=tasks, interrupt=interrupt),
            arguments,
            through=through,
            prepare=prepare,
        )
        for through in ([], ["rev-accel", "exec", "--"])
    ]
    return Pair(alone=runs[0], ours=runs[1])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole").resolve() / "place"


@pytest.fixture(scope="module")
def pair(installation: Installation, place: Path) -> Pair:
    """A run that explores, plans, edits, tests and commits, one task after the other."""

    def neighbours(work: Path) -> None:
        other = work.with_name("work-of-others")
        other.mkdir()
        (other / "secret.txt").write_text("secret\n")
        (work.parent / "outside.txt").write_text("outside\n")

    return both(installation, place, [EDIT, TEST], ["-j", "1", "--no-validate"], neighbours)


def test_it_ends_the_same(pair: Pair) -> None:
    assert pair.alone.status == 0
    assert pair.ours.status == 0
    assert len(pair.alone.results) == sum(len(calls) for task in (EDIT, TEST) for calls in task.replies) + 7


def test_it_prints_the_same(pair: Pair) -> None:
    assert pair.ours.stdout == pair.alone.stdout
    assert pair.ours.stderr == pair.alone.stderr == ""
    assert "Analyzing AST patterns: shop" in pair.ours.stdout


def test_it_leaves_the_same_files(pair: Pair) -> None:
    assert pair.ours.files == pair.alone.files
    assert PRINT not in pair.ours.files["shop/prices.py"]
    assert pair.ours.files["shop/new/ünï.py"]


def test_it_leaves_no_other_trace(pair: Pair) -> None:
    alone, ours = pair.alone.observed, pair.ours.observed
    assert ours["written"] == alone["written"] != []
    assert ours["started"] == alone["started"] != []
    assert ours["running"] == alone["running"] == 1
    assert pair.ours.home == pair.alone.home


def test_tools_give_the_same_but_for_what_is_fixed(pair: Pair) -> None:
    different = pair.different_results()
    assert [(ours.tool, ours.arguments) for _, ours in different] == [
        ("get_repo_context", {"commits": 1}),
        ("get_repo_context", {}),
        ("read_file", {"path": "../work-of-others/secret.txt"}),
    ]
    one, edited, escaped = different
    # What was asked first is rev's answer to all later questions, whatever is asked and has changed.
    assert [json.loads(result.text)["log"].count("\n") for result in one] == [2, 1]
    assert [json.loads(result.text)["status"] for result in edited] == ["", " M shop/prices.py\n?? shop/new/\n"]
    assert escaped[0].text == "secret\n"
    assert "Path escapes repo: ../work-of-others/secret.txt" in escaped[1].text


def test_the_model_is_asked_the_same_but_for_the_results(pair: Pair) -> None:
    def without_results(body: dict[str, Any]) -> dict[str, Any]:
        messages = [{**one, "content": ""} if one["role"] == "tool" else one for one in body["messages"]]
        return {**body, "messages": messages}

    assert list(map(without_results, pair.ours.asked)) == list(map(without_results, pair.alone.asked))


def test_what_a_model_gets_wrong_is_answered_the_same_also_in_threads(installation: Installation, place: Path) -> None:
    pair = both(installation, place, [ODD], ["-j", "2", "--no-validate"])
    assert (pair.alone.status, pair.ours.status) == (0, 0)
    assert pair.ours.stdout == pair.alone.stdout
    assert pair.ours.files == pair.alone.files
    assert pair.ours.observed["started"] == pair.alone.observed["started"]
    (_, one), (alone, ours) = pair.different_results()
    assert (one.arguments, ours.arguments) == ({"commits": 1}, {"commits": "many"})
    assert json.loads(alone.text)["status"] == ""
    assert json.loads(ours.text)["error"].startswith("ValueError: ")


def without_counts(files: dict[str, str]) -> dict[str, str]:
    """Without the number of messages, which is another where calls and results are kept together."""
    return {name: re.sub(r'("(?:message_)?count": )\d+', r"\g<1>0", text) for name, text in files.items()}


def test_a_long_run_is_cut_so_that_a_server_takes_it(installation: Installation, place: Path) -> None:
    def task(number: int) -> Task:
        calls = [[("file_exists", {"path": f"file{number}-{call}"})] * (1 + (number + call) % 2) for call in range(5)]
        return Task(description=f"look for the files of number {number}", kind="review", replies=calls)

    tasks = [task(number) for number in range(6)]
    pair = both(installation, place, tasks, ["-j", "1", "--no-validate"])
    assert (pair.alone.status, pair.ours.status) == (0, 0)
    assert [ours.tool for _, ours in pair.different_results()] == ["get_repo_context"]
    assert without_counts(pair.ours.files) == without_counts(pair.alone.files)
    asked = pair.ours.asked
    assert any("[Summary of previous work]" in str(body["messages"]) for body in asked)
    assert [refusal(body["messages"], "ollama") for body in asked] == [None] * len(asked)
    assert any(refusal(body["messages"], "ollama") for body in pair.alone.asked)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_ends_the_same(number: int, installation: Installation, place: Path) -> None:
    pair = both(installation, place, [EDIT], ["-j", "1"], interrupt=number)
    assert pair.alone.status in (1, -signal.SIGTERM)
    assert (pair.ours.status, pair.ours.stdout, pair.ours.stderr) == (
        pair.alone.status,
        pair.alone.stdout,
        pair.alone.stderr,
    )
    assert pair.ours.files == pair.alone.files


class Hostile:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, ("ran",)


def test_what_a_repository_brings_along_is_not_run(installation: Installation, place: Path) -> None:
    def bring(work: Path) -> None:
        (work / ".rev_cache").mkdir()
        for name in ("file", "llm", "repo", "dep", "ast"):
            (work / ".rev_cache" / f"{name}_cache.pkl").write_bytes(pickle.dumps({"cache": Hostile(), "stats": {}}))

    pair = both(installation, place, [], ["--version"], bring)
    assert "ran" in pair.alone.files
    assert pair.ours.files == {name: text for name, text in pair.alone.files.items() if name != "ran"}
    assert (pair.ours.status, pair.ours.stdout, pair.ours.stderr) == (pair.alone.status, pair.alone.stdout, "")
