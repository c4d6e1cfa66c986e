"""The typed answers, the text and the command, on small repositories."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rev_accel
from rev_accel import repo, workspace
from rev_accel.cli import main

from .builder import Repository
from .scenarios import dirty, odd_names


@pytest.fixture(autouse=True)
def own_environment(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in repository.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(repository.top)


def porcelain(repository: Repository) -> list[repo.StatusEntry]:
    parts = os.fsencode(repository.git("status", "--porcelain=v1", "-z")).split(b"\0")[:-1]
    entries = []
    while parts:
        part = parts.pop(0)
        original = parts.pop(0) if part[0:1] in b"RC" or part[1:2] in b"RC" else None
        entries.append(repo.StatusEntry(index=chr(part[0]), worktree=chr(part[1]), path=part[3:], original=original))
    return entries


@pytest.mark.parametrize("make", [dirty, odd_names])
def test_status_is_what_git_gives_to_programs(make, repository: Repository) -> None:
    make(repository)
    expected = tuple(porcelain(repository))
    assert expected
    assert repo.status() == expected
    assert repo.is_dirty()
    entry = expected[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.path = b""
    assert any(entry.is_untracked for entry in expected)


def test_status_is_empty_in_a_clean_tree(repository: Repository) -> None:
    assert repo.status() == ()
    assert not repo.is_dirty()


def test_paths_start_at_the_top_wherever_one_asks(repository: Repository) -> None:
    repository.write("folder/new")
    with workspace.use_root(repository.top / "folder"):
        assert [entry.path for entry in repo.status()] == [b"folder/new"]
        assert repo.root() == str(repository.top)


def test_commits_have_what_git_says_of_them(repository: Repository) -> None:
    repository.git("checkout", "-q", "-b", "topic", "HEAD~1")
    repository.commit("Ünïcode\n\nwith a body")
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-edit", "topic")
    for count in (0, 1, 3, 50):
        found = repo.log(count)
        lines = repository.git("log", f"-n{count}", "--format=%H|%h|%P|%an|%ae|%ct|%s").splitlines()
        made = [
            "|".join(
                [
                    commit.id,
                    commit.abbreviated,
                    " ".join(commit.parents),
                    commit.author.decode(),
                    commit.email.decode(),
                    str(commit.time),
                    commit.subject.decode(),
                ]
            )
            for commit in found
        ]
        assert made == lines


def test_the_head_is_a_branch_or_a_commit(repository: Repository) -> None:
    commit = repository.git("rev-parse", "HEAD").strip()
    assert repo.head() == repo.Head(commit=commit, branch="main")
    repository.git("checkout", "-q", "-b", "feature/é")
    assert repo.head() == repo.Head(commit=commit, branch="feature/é")
    repository.git("checkout", "-q", "--detach")
    assert repo.head() == repo.Head(commit=commit, branch=None)


def test_the_explanation_is_of_the_last_answer(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "never").mkdir()
    with workspace.use_root(tmp_path / "never"):
        assert repo.explain() is None
    repo.status()
    explanation = repo.explain()
    assert not explanation.kept
    assert explanation.reason == "nothing was kept"
    assert os.path.isabs(explanation.git)
    assert explanation.processes > 0
    repository.write("a", "changed\n")
    repo.status()
    assert "changed only just now" in repo.explain().not_kept


def test_nothing_is_kept_where_the_cache_is_switched_off(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REV_ACCEL_NO_CACHE", "1")
    for _ in range(2):
        repo.status()
        assert not repo.explain().kept
        assert repo.explain().not_kept == "it shall not be kept"


def test_the_text_has_revs_keys_order_and_limits(repository: Repository) -> None:
    for name in repo.EXCLUDED:
        (repository.top / name).mkdir(exist_ok=True)
    for number in range(120):
        repository.write(f"entry{number:03}")
    text = rev_accel.get_repo_context()
    assert "\n" not in text
    answer = json.loads(text)
    assert list(answer) == ["status", "log", "top_level"]
    assert len(answer["top_level"]) == 100
    names = [entry["name"] for entry in answer["top_level"]]
    assert names == sorted(names)
    assert not set(names) & set(repo.EXCLUDED)
    assert answer["top_level"][0] == {"name": ".gitignore", "type": "file"}
    assert {"name": "folder", "type": "dir"} not in answer["top_level"]
    assert text == repository.text(excluded=repo.EXCLUDED)


def test_names_that_are_not_utf8_come_as_python_has_them(repository: Repository) -> None:
    odd_names(repository)
    assert rev_accel.get_repo_context() == repository.text(excluded=repo.EXCLUDED)


@pytest.mark.parametrize("commits", [0, 1, 2, 6, -1, True, 2.9, "2", " 3 ", 10**30])
def test_commits_is_what_int_makes_of_it(commits: object, repository: Repository) -> None:
    text = rev_accel.get_repo_context(commits)
    assert json.loads(text)["log"].encode() == repository.plain(int(commits))[1]


@pytest.mark.parametrize("commits", ["x", "", None, [], b"\xff", float("nan")])
def test_commits_that_are_no_number_raise_a_value_error(commits: object) -> None:
    with pytest.raises(ValueError):
        rev_accel.get_repo_context(commits)


@pytest.mark.parametrize("commits", [-1, True, 1.0, "1", None, 10**9])
def test_the_typed_log_takes_whole_numbers_only(commits: object) -> None:
    with pytest.raises(rev_accel.InputError, match="`commits`"):
        repo.log(commits)


def test_one_number_of_commits_is_not_answered_by_another(repository: Repository) -> None:
    assert json.loads(rev_accel.get_repo_context(1))["log"].count("\n") == 1
    assert json.loads(rev_accel.get_repo_context(6))["log"].count("\n") == 2


def test_the_answer_is_true_right_after_an_edit(repository: Repository) -> None:
    for number in range(30):
        repository.write("a", f"{number}\n")
        assert " M a\n" in json.loads(rev_accel.get_repo_context())["status"]
        repository.write("a", "a\n")
        assert json.loads(rev_accel.get_repo_context())["status"] == ""


def test_the_command_prints_the_text_for_programs_and_for_people(
    repository: Repository, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    dirty(repository)
    assert main(["context", "--json"]) == 0
    assert capfdbinary.readouterr().out == (rev_accel.get_repo_context() + "\n").encode()
    assert main(["context", "--commits", "1"]) == 0
    shown = capfdbinary.readouterr().out.decode()
    assert shown.startswith("status:\n   M a\n")
    assert "log:\n  " in shown
    assert shown.count("Second") == 1
    assert "First" not in shown
    assert "top level:\n  .gitignore\n" in shown
    assert "  folder/\n" in shown


def test_the_command_escapes_what_could_steer_a_terminal(
    repository: Repository, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    repository.write(b"evil\x1b[31m", "x")
    repository.git("commit", "-q", "--allow-empty", "-m", "evil \x1b[31m")
    assert main(["context"]) == 0
    assert b"\x1b" not in capfdbinary.readouterr().out


def test_the_command_outside_of_a_repository_prints_nothing_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["context"]) == 0
    printed = capfdbinary.readouterr()
    assert printed.out == b"status:\n  (nothing)\nlog:\n  (nothing)\ntop level:\n  (nothing)\n"
    assert b"warning: `git rev-parse` failed: fatal: not a git repository" in printed.err
    assert main(["context", "--commits", "x"]) == 2
    assert main(["context", "--commits", "99999999999"]) == 2


def test_the_command_says_that_git_gave_no_answer(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["context"]) == 0
    assert capfdbinary.readouterr().err == b""
    (repository.dot / "index").write_bytes(b"garbage")
    assert main(["context", "--json"]) == 0
    assert b"warning: `git status` failed: " in capfdbinary.readouterr().err
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["context"]) == 0
    printed = capfdbinary.readouterr()
    assert printed.out.startswith(b"status:\n  (nothing)\n")
    assert b"warning: no `git` was found" in printed.err


def test_a_repository_without_commits_is_no_problem(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (tmp_path / "empty").mkdir()
    repository.git("init", "-q", cwd=tmp_path / "empty")
    monkeypatch.chdir(tmp_path / "empty")
    assert main(["context"]) == 0
    assert capfdbinary.readouterr().err == b""


@pytest.mark.parametrize("variable", ["REV_ACCEL_THREADS", "REV_ACCEL_NO_CACHE", "REV_ACCEL_GIT_TIMEOUT"])
def test_a_slip_in_the_environment_changes_no_text(
    variable: str, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = rev_accel.get_repo_context()
    monkeypatch.setenv(variable, "often")
    with pytest.warns(RuntimeWarning, match=variable) as told:
        assert rev_accel.get_repo_context() == right
    assert [one.filename for one in told] == [__file__]
    for function in (repo.status, repo.log, repo.head):
        with pytest.raises(rev_accel.InputError, match=variable):
            function()
    monkeypatch.chdir(repository.top)
    assert main(["context"]) == 2


def test_importing_the_module_starts_nothing() -> None:
    code = "import sys, rev_accel; assert 'rev_accel._core' not in sys.modules; rev_accel.repo; print(rev_accel.repo.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "rev_accel.repo\n"
