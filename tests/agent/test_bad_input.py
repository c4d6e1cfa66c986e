"""What cannot be worked with: one clear sentence with what to do, and a run that can be resumed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from tests.llm.server import Plan

from rev_accel.agent import Journal, Limits, RunResult, runs
from rev_accel.errors import InputError, LogError

from .conftest import Agent
from .projects import Projects, add_python, build, git, write
from .scenarios import ADD, ASK, FIX, RENAME, answer
from .test_runs import expected_files, files_of


def is_one_sentence(result: RunResult) -> bool:
    """That can be read: no traceback, no name of an exception."""
    return "\n" not in result.text and "Traceback" not in result.text and "Error(" not in result.text


def test_no_server(agent: Agent, projects: Projects, dialect: str) -> None:
    root = projects.of(FIX)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    address, agent.server.address = agent.server.address, nobody
    result = agent.start(FIX.goal, root, agent.settings(dialect, test=False))
    assert result.state == "stopped" and is_one_sentence(result)
    assert result.text.startswith(f"no server answers at `{agent.server.endpoint(dialect)}` (")
    assert result.text.endswith("): start it, or name another one; then resume the run")
    agent.server.address = address
    agent.answers(FIX)
    # Another one was started, elsewhere.
    assert agent.resume(agent.settings(dialect, test=False)).state == "done"
    assert files_of(root) == expected_files(FIX)


@pytest.mark.parametrize(("dialect", "after"), [("ollama", 0), ("openai", 2)])
def test_a_model_that_the_server_does_not_have(agent: Agent, projects: Projects, dialect: str, after: int) -> None:
    root = projects.of(FIX)
    body = {"error": "model 'm' not found"} if dialect == "ollama" else {"error": {"message": "no model m"}}
    missing = Plan(status=404, raw=json.dumps(body).encode())
    agent.says(lambda body: missing if len(agent.server.asked) > after else answer(FIX, body))
    result = agent.start(FIX.goal, root, agent.settings(dialect, test=False))
    assert result.state == "stopped" and is_one_sentence(result)
    assert result.text.startswith(f"`{agent.server.endpoint(dialect)}` knows no model `m` (")
    assert result.text.endswith("): name another one, or load it; then resume the run")
    agent.answers(FIX)
    assert agent.resume(agent.settings(dialect, model="other", test=False)).state == "done"
    assert {body["model"] for _, _, body in agent.server.asked} == {"m", "other"}


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_the_server_does_not_take(agent: Agent, projects: Projects, status: int) -> None:
    agent.says(lambda body: Plan(status=status, raw=b'{"error": {"message": "wrong key"}}'))
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings("openai"))
    assert result.state == "stopped" and is_one_sentence(result)
    assert "wants another key (" in result.text and "wrong key" in result.text


def test_a_repository_without_commits(agent: Agent, tmp_path: Path) -> None:
    root = build(tmp_path / "root", RENAME.files, commit=False)
    agent.answers(RENAME)
    result = agent.start(RENAME.goal, root, agent.settings(test=False))
    assert (result.state, result.text) == ("done", RENAME.answer)
    assert files_of(root) == expected_files(RENAME)
    assert git(root, "log", "--format=%s").splitlines() == ["Rename total to grand_total"]


def test_a_folder_that_is_no_repository(agent: Agent, tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, RENAME.files)
    add_python(root)
    agent.answers(RENAME)
    result = agent.start(RENAME.goal, root, agent.settings())
    assert result.state == "done"
    assert files_of(root) == expected_files(RENAME)
    # The model was told that there is nothing to commit to.
    said = [one["content"] for one in agent.conversation("3") if one["role"] == "tool"]
    assert len(said) == 2 and all("Error" in text and "git" in text for text in said), said


def test_no_git_at_all(agent: Agent, projects: Projects, monkeypatch: pytest.MonkeyPatch) -> None:
    root = projects.of(RENAME)
    agent.answers(RENAME)
    with monkeypatch.context() as without:
        without.setenv("PATH", "/nowhere")
        result = agent.start(RENAME.goal, root, agent.settings())
    assert result.state == "done"
    assert files_of(root) == expected_files(RENAME)


def test_no_tests_to_run(agent: Agent, projects: Projects) -> None:
    agent.answers(ASK)
    result = agent.start(ASK.goal, projects.of(ASK), agent.settings())
    assert result.state == "done" and result.validation is not None
    assert result.validation.ok and result.validation.notes == ("no tests were run",)


def test_an_empty_folder(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    agent.answers(ADD)
    result = agent.start(ADD.goal, tmp_path / "root", agent.settings(test=False))
    # What the model wants to read is not there: it says that it is done all the same.
    assert result.state == "done"
    assert (tmp_path / "root" / "tests" / "test_slug.py").exists()


def test_a_root_that_is_not_there(agent: Agent, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`.*nowhere` is not a folder"):
        agent.start("Do it.", tmp_path / "nowhere", agent.settings())
    assert runs(home=agent.home) == []


def test_a_root_that_has_gone_when_the_run_is_resumed(agent: Agent, projects: Projects) -> None:
    root = projects.of(FIX)
    agent.says(lambda body: Plan(status=500))
    assert agent.start(FIX.goal, root, agent.settings(test=False)).state == "stopped"
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(InputError, match="is not a folder"):
        agent.resume()
    root.with_name("elsewhere").rename(root)
    agent.answers(FIX)
    assert agent.resume().state == "done"


def test_a_place_for_runs_inside_the_project(agent: Agent, projects: Projects) -> None:
    root = projects.of(ASK)
    agent.home = root / "runs"
    with pytest.raises(InputError, match="is in the workspace: set REV_ACCEL_STATE_DIR to a folder outside"):
        agent.start(ASK.goal, root, agent.settings())
    assert not agent.home.exists()


def test_a_run_that_is_not_there(agent: Agent, projects: Projects) -> None:
    with pytest.raises(InputError, match="there is no run `last` in `.*`: there are none"):
        agent.resume()
    agent.answers(ASK)
    agent.start(ASK.goal, projects.of(ASK), agent.settings())
    with pytest.raises(InputError, match="there is no run `x` in `.*`: the last ones are 20"):
        Journal.open("x", home=agent.home)
    for name in ("..", "../..", "", "/", "."):
        with pytest.raises(InputError, match="there is no run"):
            Journal.open(name, home=agent.home)


def test_an_account_that_is_damaged(agent: Agent, projects: Projects) -> None:
    agent.says(lambda body: Plan(status=500))
    agent.start(ASK.goal, projects.of(ASK), agent.settings())
    path = agent.run.journal.folder / "events.jsonl"
    path.write_bytes(path.read_bytes().replace(b"functions", b"functionz", 1))
    with pytest.raises(InputError, match="cannot be opened: .*line 2: the record is damaged"):
        agent.resume()


def test_a_conversation_that_is_damaged(agent: Agent, projects: Projects) -> None:
    agent.says(lambda body: answer(FIX, body) if len(agent.server.asked) < 4 else Plan(status=500))
    assert agent.start(FIX.goal, projects.of(FIX), agent.settings(plan=False, test=False)).state == "stopped"
    path = agent.run.journal.folder / "tasks" / "1.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Fix the", b"Fix thy", 1))
    result = agent.resume()
    assert result.state == "stopped" and is_one_sentence(result)
    assert "tasks/1.jsonl`, line 3: the record is damaged" in result.text


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path.resolve() / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m,mode=755", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Leaves no room."""
    with (folder / "full").open("ab", buffering=0) as file:
        for size in (4096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


@pytest.mark.parametrize(
    ("what", "after"), [("state", 0), ("state", 2), ("state", 5), ("state", 9), ("project", 3), ("project", 8)]
)
def test_a_full_disk(agent: Agent, projects: Projects, disk: Path, what: str, after: int) -> None:
    """On which the account of the run is, or the project."""
    root = projects.of(ADD)
    if what == "state":
        agent.home = disk / "home"
    else:
        root = Path(shutil.copytree(root, disk / "root", symlinks=True))

    def reply(body: dict[str, Any]) -> Plan:
        if len(agent.server.asked) == after + 1:
            fill(disk)
        return answer(ADD, body)

    agent.says(reply)
    result = agent.start(ADD.goal, root, agent.settings(workers=1, test=False))
    (disk / "full").unlink()
    if what == "project":
        # The model is told; that it says it is done all the same is its own doing.
        assert result.state == "done" and is_one_sentence(result)
        conversations = [agent.conversation(task) for task in "123"]
        texts = [one["content"] for log in conversations for one in log if one["role"] == "tool"]
        assert after == 8 or any("No space left on device" in text for text in texts), texts
        return
    assert result.state == "stopped" and is_one_sentence(result)
    assert "No space left on device" in result.text
    assert result.text.endswith("; resume the run when that is mended")
    agent.answers(ADD)
    result = agent.resume()
    assert (result.state, result.text) == ("done", ADD.answer)
    assert files_of(root) == expected_files(ADD)


def test_a_disk_that_is_full_from_the_start(agent: Agent, projects: Projects, disk: Path) -> None:
    agent.home = disk / "home"
    fill(disk)
    with pytest.raises(OSError, match="No space left on device"):
        agent.start(ADD.goal, projects.of(ADD), agent.settings())


@pytest.mark.parametrize("number", [4, 9])
def test_somebody_who_does_not_listen_any_more(agent: Agent, projects: Projects, number: int) -> None:
    told: list[object] = []

    def listen(event: object) -> None:
        told.append(event)
        if len(told) >= number:
            raise BrokenPipeError(32, "Broken pipe")

    agent.answers(FIX)
    root = projects.of(FIX)
    result = agent.start(FIX.goal, root, agent.settings(test=False), on_event=listen)
    assert result.state == "stopped" and "Broken pipe" in result.text
    assert agent.resume().state == "done"
    assert files_of(root) == expected_files(FIX)


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may write everywhere")
def test_a_place_for_runs_that_cannot_be_written(agent: Agent, projects: Projects, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        agent.start(ASK.goal, projects.of(ASK), agent.settings())


def test_ids_of_tasks_are_no_paths(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        for task in ("", "../x", "a/b", "x" * 65, "a b", "."):
            with pytest.raises(InputError, match="cannot be the id of a task"):
                journal.conversation(task)
        assert not (tmp_path / "tasks").exists() or not list((tmp_path / "tasks").iterdir())


def test_a_content_that_was_changed_is_not_given_for_what_was_kept(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as journal:
        name = journal.keep(b"one")
        assert journal.keep(b"one") == name and journal.kept(name) == b"one"
        (tmp_path / "objects" / name).write_bytes(b"two")
        with pytest.raises(LogError, match="is damaged"):
            journal.kept(name)


def test_a_run_goes_on_without_a_content_that_was_lost(agent: Agent, projects: Projects) -> None:
    root = projects.of(FIX)
    agent.answers(FIX)
    settings = agent.settings(plan=False, test=False, limits=Limits(calls=4))
    assert agent.start(FIX.goal, root, settings).state == "stopped"
    kept = list((agent.run.journal.folder / "objects").iterdir())
    assert kept
    for path in kept:
        path.unlink()
    result = agent.resume(agent.settings(plan=False, test=False))
    assert result.state == "done" and "calc.py" in result.changed


def test_the_account_is_for_the_user_alone(agent: Agent, projects: Projects) -> None:
    agent.answers(FIX)
    agent.start(FIX.goal, projects.of(FIX), agent.settings(test=False))
    for folder, names, files in os.walk(agent.home):
        for name in (*names, *files):
            assert not (Path(folder, name).stat().st_mode & 0o077 and Path(folder).stat().st_mode & 0o077), name


def test_what_looks_like_a_secret_is_taken_out_once_the_run_has_ended(agent: Agent, projects: Projects) -> None:
    secret = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0" * 2
    root = projects.of(FIX)
    (root / "calc.py").write_text(f"KEY = '{secret}'\n\n\ndef add(a, b):\n    return a - b\n")
    agent.answers(FIX)
    assert agent.start(FIX.goal, root, agent.settings(test=False)).state == "done"
    assert (agent.run.journal.folder / "objects").is_dir()
    found = [path for path in agent.home.rglob("*") if path.is_file() and secret in path.read_text()]
    assert not found
    assert secret in (root / "calc.py").read_text()
