"""The context of the repository: rev's text, and true at each call."""

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_every_rev, in_rev

Context = Callable[..., Any]


def git(*arguments: str) -> None:
    identity = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], env=environment, check=True, capture_output=True)


def repository() -> pathlib.Path:
    os.environ |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    git("init", "-q", "-b", "main")
    for number in range(8):
        pathlib.Path(f"file{number}.txt").write_text(f"{number}\n")
        git("add", "-A")
        git("commit", "-q", "-m", f"commit {number} é 😀")
    return pathlib.Path.cwd()


def functions() -> tuple[Context, Context]:
    """rev's function and ours."""
    points.load()
    rev = points.get("rev.tools.git_ops.get_repo_context")
    accel.install(only=["repo_context"])
    ours = points.get("rev.tools.git_ops.get_repo_context")
    assert points.is_ours(ours)
    return rev, ours


def told(context: Context, *arguments: Any) -> Any:
    try:
        return context(*arguments)
    except Exception as error:
        return type(error), str(error)


def compare(rev: Context, ours: Context, *arguments: Any) -> None:
    for _ in range(2):  # the second one may have been kept
        assert told(ours, *arguments) == told(rev, *arguments), arguments


@in_every_rev
def test_the_text_is_revs_after_each_change() -> None:
    repository()
    rev, ours = functions()
    steps: list[Callable[[], object]] = [
        lambda: None,
        lambda: pathlib.Path("new é.txt").write_text("x"),
        lambda: pathlib.Path("file0.txt").write_text("changed"),
        lambda: git("add", "-A"),
        lambda: git("commit", "-q", "-m", "one more"),
        lambda: git("mv", "file1.txt", "moved.txt"),
        lambda: pathlib.Path("file2.txt").unlink(),
        lambda: [pathlib.Path(name).mkdir() for name in ("dist", "build", ".venv", ".hidden", "Zoo")],
        lambda: [pathlib.Path(name, "x").write_text("") for name in ("dist", ".hidden", "Zoo")],
        lambda: [pathlib.Path(f"many{number}").write_text("") for number in range(120)],
        lambda: pathlib.Path(".gitignore").write_text("many*\n"),
        lambda: pathlib.Path("link").symlink_to("Zoo"),
        lambda: pathlib.Path(os.fsdecode(b"\xff.py")).write_text(""),
        lambda: git("checkout", "-q", "--detach", "HEAD~3"),
    ]
    for step in steps:
        step()
        compare(rev, ours)
        compare(rev, ours, 2)
    first = json.loads(ours(1))
    assert list(first) == ["status", "log", "top_level"] and len(first["top_level"]) == 100
    assert {"name": "dist", "type": "dir"} not in first["top_level"]


@in_rev
def test_any_number_of_commits() -> None:
    repository()
    rev, ours = functions()
    numbers: tuple[Any, ...] = (
        0,
        1,
        3,
        100,
        -1,
        -5,
        True,
        2.9,
        "4",
        " 5 ",
        "+1",
        "1_0",
        b"2",
        10**9,
        2**31,
        2**40,
        10**30,
    )
    no_numbers: tuple[Any, ...] = (
        None,
        "x",
        "",
        "1; touch x",
        float("nan"),
        float("inf"),
        [],
        {},
        object,
        "2.5",
        "1" * 5_000,
    )
    for commits in (*numbers, *no_numbers):
        compare(rev, ours, commits)
    assert not pathlib.Path("x").exists()


@in_rev
def test_bytes_of_commits_that_are_no_text_and_all_line_ends_are_as_rev_reads_them() -> None:
    repository()
    rev, ours = functions()
    git("config", "i18n.commitEncoding", "latin-1")
    pathlib.Path("message").write_bytes(b"latin \xe9 \xff\n")
    git("commit", "-q", "--allow-empty", "-F", "message")
    git("config", "--unset", "i18n.commitEncoding")
    git("commit", "-q", "--allow-empty", "-F", "message")
    pathlib.Path("message").write_bytes(b"one\rtwo\r\nthree\n\nfour\n")
    git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-F", "message")
    git("config", "core.quotePath", "false")
    pathlib.Path("carriage\rreturn").write_text("")
    compare(rev, ours)


@in_rev
def test_outside_of_a_repository_and_in_a_folder_of_one() -> None:
    rev, ours = functions()
    pathlib.Path("x.py").write_text("")
    compare(rev, ours)
    assert json.loads(ours()) == {"status": "", "log": "", "top_level": [{"name": "x.py", "type": "file"}]}
    git("init", "-q")
    compare(rev, ours)
    repository()
    pathlib.Path("folder/sub").mkdir(parents=True)
    pathlib.Path("folder/new.txt").write_text("")
    sys.modules["rev.tools.git_ops"].ROOT = pathlib.Path("folder").resolve()
    compare(rev, ours)
    pathlib.Path("link").symlink_to("folder")
    sys.modules["rev.tools.git_ops"].ROOT = pathlib.Path.cwd() / "link"
    compare(rev, ours)
    sys.modules["rev.tools.git_ops"].ROOT = pathlib.Path("folder")
    compare(rev, ours)


@in_rev
def test_a_root_that_is_no_folder() -> None:
    rev, ours = functions()
    pathlib.Path("file").write_text("")
    for root in (
        pathlib.Path("gone").resolve(),
        pathlib.Path("file").resolve(),
        pathlib.Path("file/x").resolve(),
        None,
    ):
        sys.modules["rev.tools.git_ops"].ROOT = root
        expected, found = told(rev), told(ours)
        assert isinstance(expected, tuple) and isinstance(found, tuple) and issubclass(found[0], expected[0]), (
            root,
            expected,
            found,
        )


@in_rev
def test_what_is_left_out_is_what_rev_is_set_to() -> None:
    import rev.config

    repository()
    rev_context, ours = functions()
    for excluded in (
        {"file1.txt"},
        ["file2.txt", "file3.txt"],
        (),
        {"file4.txt": 1},
        {None, "file6.txt", 5},
        frozenset({".git"}),
    ):
        rev.config.EXCLUDE_DIRS = excluded
        compare(rev_context, ours)


@in_rev
def test_without_git_the_answer_has_no_git_in_it() -> None:
    repository()
    rev, ours = functions()
    sh = pathlib.Path.cwd().parent / "bin"
    sh.mkdir()
    (sh / "sh").symlink_to("/bin/sh")
    os.environ["PATH"] = str(sh)
    compare(rev, ours)
    assert json.loads(ours())["status"] == ""


@in_rev
def test_a_git_that_takes_too_long_raises_what_rev_raises() -> None:
    _, ours = functions()
    programs = pathlib.Path.cwd().parent / "bin"
    programs.mkdir()
    (programs / "git").write_text("#!/bin/sh\nexec sleep 20\n")
    (programs / "git").chmod(0o755)
    os.environ |= {"PATH": f"{programs}:{os.environ['PATH']}", "REV_ACCEL_GIT_TIMEOUT": "0.2"}
    assert told(ours)[0] is subprocess.TimeoutExpired
