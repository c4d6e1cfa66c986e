"""Whatever is wrong with git or the repository: an answer or a clear error within the time, and nothing is left running."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import rev_accel
from rev_accel import repo, workspace

from .builder import Repository
from .scenarios import with_submodule

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")

EMPTY = '{"status": "", "log": "", "top_level": ['


def children() -> set[str]:
    """Processes that this one started, zombies too."""
    if sys.platform != "linux":
        return set()
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if fields[1] == str(os.getpid()):
            found.add(path.parent.name)
    return found


def assert_no_more_tasks() -> None:
    """No threads besides Python's own; one that has ended may be seen for a moment."""
    for _ in range(1000):
        if sys.platform != "linux" or len(os.listdir("/proc/self/task")) <= threading.active_count():
            return
        time.sleep(0.002)
    raise AssertionError("a thread is left over")


@pytest.fixture(autouse=True)
def own_environment(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    """Asks in the environment of the repository, and looks that nothing is left over."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in repository.environment.items():
        monkeypatch.setenv(name, value)
    before = children()
    with workspace.use_root(repository.top):
        yield
    assert children() == before
    assert_no_more_tasks()


@pytest.fixture
def fake_git(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the script the first git in PATH; the real one is called `$REAL`."""

    def install(script: str) -> None:
        folder = repository.place / "bin"
        folder.mkdir(exist_ok=True)
        real = shutil.which("git", path=repository.environment["PATH"])
        (folder / "git").write_text(f"#!/bin/sh\nREAL={real}\n{script}\n")
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{repository.environment['PATH']}")

    return install


# Lets the questions about the layout through.
LAYOUT = 'case "$*" in *rev-parse*|*config\\ --list*|*var\\ -l*) exec "$REAL" "$@";; esac\n'


def test_without_git_the_text_is_empty_and_the_rest_raises(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(repository.place))
    assert rev_accel.get_repo_context().startswith(EMPTY)
    for function in (repo.status, repo.log, repo.head, repo.root, repo.is_dirty):
        with pytest.raises(rev_accel.GitError, match="no `git` was found") as caught:
            function()
        assert caught.value.reason == "missing"
    monkeypatch.delenv("PATH")
    assert rev_accel.get_repo_context().startswith(EMPTY)


def test_outside_of_a_repository_the_text_is_empty_and_the_rest_raises(tmp_path: Path, repository: Repository) -> None:
    folder = tmp_path / "elsewhere"
    (folder / "sub").mkdir(parents=True)
    (folder / "file").touch()
    with workspace.use_root(folder):
        assert json.loads(rev_accel.get_repo_context()) == {
            "status": "",
            "log": "",
            "top_level": [{"name": "file", "type": "file"}, {"name": "sub", "type": "dir"}],
        }
        for function in (repo.status, repo.log, repo.head, repo.root):
            with pytest.raises(rev_accel.GitError, match="not a git repository") as caught:
                function()
            assert caught.value.reason == "failed"


def test_that_there_is_no_repository_is_asked_once(tmp_path: Path, repository: Repository) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    processes = []
    with workspace.use_root(folder):
        for _ in range(3):
            time.sleep(0.1)
            rev_accel.get_repo_context()
            processes.append(repo.explain().processes)
            with pytest.raises(rev_accel.GitError):
                repo.status()
            assert repo.explain().kept
        assert processes == [1, 0, 0]
        (folder / "new").touch()
        assert json.loads(rev_accel.get_repo_context())["top_level"] == [{"name": "new", "type": "file"}]
        assert repo.explain().kept
        repository.git("init", "-q", cwd=folder)
        assert json.loads(rev_accel.get_repo_context())["status"] == "?? new\n"


def test_in_a_bare_repository_there_are_commits_and_no_status(repository: Repository) -> None:
    bare = repository.place / "bare.git"
    repository.git("clone", "-q", "--bare", str(repository.top), str(bare))
    with workspace.use_root(bare):
        text = json.loads(rev_accel.get_repo_context())
        assert text["status"] == ""
        assert [commit.subject for commit in repo.log()] == [b"Second", b"First"]
        assert repo.head().branch == "main"
        assert repo.root() is None
        with pytest.raises(rev_accel.GitError, match="work tree"):
            repo.status()


def test_before_the_first_commit_there_are_none(repository: Repository) -> None:
    shutil.rmtree(repository.dot)
    repository.init()
    assert repo.log() == ()
    assert repo.head() == repo.Head(commit=None, branch="main")
    assert repo.is_dirty()


@pytest.mark.parametrize(
    "script",
    [
        "exec sleep 60",
        "sleep 60",
        "trap '' TERM; sleep 60 & sleep 60",
        "exec >&- 2>&-; sleep 60",
        "yes | cat; sleep 60",
        "kill -STOP $$",
    ],
)
@pytest.mark.parametrize("when", ["at once", "later"])
def test_a_git_that_hangs_is_ended(
    script: str, when: str, fake_git: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_git((LAYOUT if when == "later" else "") + script)
    monkeypatch.setenv("REV_ACCEL_GIT_TIMEOUT", "0.3")
    assert rev_accel.get_repo_context().startswith(EMPTY)
    with pytest.raises(rev_accel.GitError) as caught:
        repo.status()
    assert caught.value.reason in ("timeout", "failed")


def test_a_git_that_never_stops_printing_is_ended(
    fake_git: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_git(LAYOUT + "exec cat /dev/zero")
    monkeypatch.setenv("REV_ACCEL_GIT_TIMEOUT", "20")
    with pytest.raises(rev_accel.GitError):
        repo.status()


@pytest.mark.parametrize(
    "script", ["kill -9 $$", "exit 3", "echo '?? fake'; kill -9 $$", "echo fatal: no >&2; exit 128", "exec true"]
)
def test_a_git_that_fails_gives_no_kept_answer(script: str, fake_git: Callable[[str], None]) -> None:
    fake_git(LAYOUT + script)
    for _ in range(2):
        rev_accel.get_repo_context()
        explanation = repo.explain()
        assert not explanation.kept


@pytest.mark.parametrize(
    "script", ["printf 'garbage'", "printf 'R  only-one\\0'", "head -c 100000 /dev/urandom", "printf '\\0\\0\\0'", ":"]
)
def test_output_that_is_not_gits_is_an_answer_or_an_error(script: str, fake_git: Callable[[str], None]) -> None:
    fake_git(script)
    for function in (repo.status, repo.log, repo.head, repo.root, rev_accel.get_repo_context):
        try:
            function()
        except rev_accel.GitError:
            pass


def test_garbage_in_the_layout_is_an_answer_or_an_error(fake_git: Callable[[str], None]) -> None:
    for what in ("rev-parse --path-format", "config --list", "var -l"):
        for output in (
            "head -c 5000 /dev/urandom",
            "printf 'a\\0b\\0'",
            "printf '/x\\n/x\\n/x\\n/x\\n/x\\nsha1\\nfiles\\n'",
            "exit 1",
        ):
            fake_git(f'case "$*" in *"{what}"*) {output}; exit;; esac\nexec "$REAL" "$@"')
            for function in (repo.status, repo.log, rev_accel.get_repo_context):
                try:
                    function()
                except rev_accel.GitError:
                    pass


@pytest.mark.parametrize("what", ["status", "log"])
def test_half_an_answer_is_none(what: str, fake_git: Callable[[str], None]) -> None:
    fake_git(f'case "$*" in *" {what} "*) echo "?? half"; kill -9 $$;; esac\nexec "$REAL" "$@"')
    text = json.loads(rev_accel.get_repo_context())
    assert text.pop(what) == ""
    assert what == "status" or text["status"] == ""
    assert what == "log" or "Second" in text["log"]
    assert "a signal ended it" in (repo.explain().problem or "")
    with pytest.raises(rev_accel.GitError, match="a signal ended it"):
        repo.status() if what == "status" else repo.log()


@pytest.mark.parametrize(
    "name",
    [
        ".git/index",
        ".git/HEAD",
        ".git/refs/heads/main",
        ".git/packed-refs",
        ".git/commondir",
        ".git/config",
        ".git/info/attributes",
        ".git/objects/info/alternates",
        ".gitattributes",
    ],
)
def test_a_fifo_in_the_place_of_a_file_has_nobody_wait(
    name: str, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git may, and its time is bounded. With a filter of the user, files of attributes are read, too."""
    repository.git("config", "--global", "filter.lfs.clean", "cat")
    path = repository.top / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    monkeypatch.setenv("REV_ACCEL_GIT_TIMEOUT", "0.3")
    rev_accel.get_repo_context()
    for function in (repo.status, repo.log, repo.head):
        try:
            function()
        except rev_accel.GitError as error:
            assert error.reason in ("timeout", "failed")


@pytest.mark.parametrize("name", [".git/packed-refs", ".git/index", ".gitattributes", ".git/objects/info/alternates"])
def test_a_file_without_end_is_not_read_to_it(name: str, repository: Repository) -> None:
    """It has holes, and would take all memory."""
    repository.git("config", "--global", "filter.lfs.clean", "cat")
    (repository.top / name).touch()
    os.truncate(repository.top / name, 1 << 36)
    code = """
import resource, sys, rev_accel
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rev_accel.get_repo_context()
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
"""
    environment = {**os.environ, "REV_ACCEL_GIT_TIMEOUT": "2"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=repository.top, env=environment, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 0


LOST = """
import os, signal, sys, threading
if {ignored}:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
else:
    def wait():
        while True:
            try: os.waitpid(-1, 0)
            except ChildProcessError: pass
    threading.Thread(target=wait, daemon=True).start()
import rev_accel
from rev_accel import repo
for number in range({times}):
    rev_accel._core.forget()
    text = rev_accel.get_repo_context()
    assert '"status": " m sub' in text and "Second" in text, text
    assert [entry.path for entry in repo.status()] == [b"sub"]
    assert [commit.subject for commit in repo.log()] == [b"Submodule", b"Second", b"First"]
    assert repo.log(0) == ()
    assert repo.head().branch == "main" and repo.head().commit
    assert repo.root()
"""


@pytest.mark.parametrize("ignored", [True, False])
def test_how_git_ended_may_be_lost(ignored: bool, repository: Repository) -> None:
    """Whoever started this process may have had SIGCHLD ignored, and a thread of it may wait for all children."""
    (with_submodule(repository) / "s").write_text("changed\n")
    code = LOST.format(ignored=ignored, times=2 if ignored else 10)
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=repository.top, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0


def test_how_git_ended_may_be_lost_where_there_is_nothing_to_say(tmp_path: Path, repository: Repository) -> None:
    code = """
import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)
import sys, rev_accel
from rev_accel import repo
text = rev_accel.get_repo_context()
assert text.startswith('{"status": "", "log": ""'), text
if sys.argv[1] == "unborn":
    assert (repo.log(), repo.status(), repo.head()) == ((), (), repo.Head(commit=None, branch="main"))
for function in (repo.status, repo.log, repo.head) if sys.argv[1] == "outside" else ():
    try: function()
    except repo.GitError as error: assert "not a git repository" in str(error), error
    else: raise AssertionError(function)
"""
    for name in ("outside", "unborn"):
        (tmp_path / name).mkdir()
    repository.git("init", "-q", "-b", "main", cwd=tmp_path / "unborn")
    for name in ("outside", "unborn"):
        command = [sys.executable, "-P", "-c", code, name]
        assert subprocess.run(command, cwd=tmp_path / name, stdin=subprocess.DEVNULL, check=False).returncode == 0


def test_a_list_of_settings_that_breaks_off_is_none(
    repository: Repository, fake_git: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The filters that it names no more would run."""
    mark = repository.place / "mark"
    repository.config("filter.x.clean", f"touch {mark}; cat")
    repository.write(".gitattributes", "* filter=x\n")
    os.utime(repository.top / "a", ns=(1, 1))
    first = "printf 'global\\0file:/x\\0core.bare\\nfalse\\0'"
    fake_git(f'case "$*" in *"config --list"*) {first}; exit 0;; esac\nexec "$REAL" "$@"')
    assert rev_accel.get_repo_context().startswith(EMPTY)
    assert not mark.exists()


def test_ctrl_c_ends_git_and_raises(fake_git: Callable[[str], None]) -> None:
    fake_git(LAYOUT + "exec sleep 60")
    timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        repo.status()
    timer.join()


def test_a_removed_folder_is_named(repository: Repository) -> None:
    shutil.rmtree(repository.top)
    for function in (rev_accel.get_repo_context, repo.status, repo.log, repo.head):
        with pytest.raises(rev_accel.InputError, match="does not exist"):
            function()


def test_a_folder_that_is_removed_and_made_meanwhile_gives_an_answer_or_an_error(repository: Repository) -> None:
    copy = repository.place / "copy"
    shutil.copytree(repository.top, copy, symlinks=True)
    stop = threading.Event()

    def change() -> None:
        while not stop.is_set():
            shutil.rmtree(repository.top, ignore_errors=True)
            time.sleep(0.001)
            shutil.copytree(copy, repository.top, symlinks=True, dirs_exist_ok=True)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(60):
            for function in (rev_accel.get_repo_context, repo.status):
                try:
                    function()
                except (rev_accel.GitError, rev_accel.InputError):
                    pass
    finally:
        stop.set()
        changing.join()


def test_many_threads_get_the_same_answer(repository: Repository) -> None:
    repository.write("new")
    expected = repository.text()
    answers: list[str] = []
    workers = [threading.Thread(target=lambda: answers.append(ask(repository.top))) for _ in range(16)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [json.loads(answer)["status"] for answer in answers] == [json.loads(expected)["status"]] * 16


def ask(folder: Path) -> str:
    with workspace.use_root(folder):
        return rev_accel.get_repo_context()


def test_a_forked_child_can_ask(repository: Repository) -> None:
    expected = rev_accel.get_repo_context()
    stop = threading.Event()
    busy = threading.Thread(target=lambda: [ask(repository.top) for _ in iter(stop.is_set, True)])
    busy.start()
    try:
        for _ in range(20):
            child = os.fork() if sys.version_info < (3, 12) else None
            if child is None:
                pytest.skip("this version of Python warns about forks while threads run")
            if child == 0:
                try:
                    os._exit(0 if rev_accel.get_repo_context() == expected else 1)
                finally:
                    os._exit(2)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        stop.set()
        busy.join()


def test_a_hundred_thousand_untracked_files_are_one_answer(repository: Repository) -> None:
    folder = repository.top / "many"
    folder.mkdir()
    for number in range(100_000):
        os.close(os.open(folder / str(number), os.O_CREAT | os.O_WRONLY))
    for setting in ("normal", "all"):
        repository.config("status.showUntrackedFiles", setting)
        assert len(repo.status()) == (1 if setting == "normal" else 100_000)
    shutil.rmtree(folder)


def test_an_index_that_is_written_meanwhile_does_no_harm(repository: Repository) -> None:
    stop = threading.Event()

    def change() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            repository.write("busy", f"{number}\n")
            repository.git("add", "busy", check=False)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(40):
            assert all(entry.path == b"busy" for entry in repo.status())
    finally:
        stop.set()
        changing.join()
    assert [entry.path for entry in repo.status()] == [b"busy"]


@pytest.mark.parametrize("text", ["x", "0", "-1", "nan", "inf", "1e9"])
def test_a_time_out_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REV_ACCEL_GIT_TIMEOUT", text)
    with pytest.raises(rev_accel.InputError, match="REV_ACCEL_GIT_TIMEOUT"):
        repo.status()


def test_no_process_is_started_while_nothing_changes(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    trace = repository.place / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    trace.touch()
    time.sleep(2.7)  # what a stamp needs to be trusted
    first = rev_accel.get_repo_context()
    assert repo.explain().not_kept is None
    started = trace.read_text().count('"event":"version"')
    assert started == repo.explain().processes > 0
    for _ in range(50):
        assert rev_accel.get_repo_context() == first
        assert repo.explain().kept
        assert repo.explain().processes == 0
    assert trace.read_text().count('"event":"version"') == started
    repository.write("new")
    assert "?? new" in rev_accel.get_repo_context()
    assert repo.explain().processes == 2
    assert trace.read_text().count('"event":"version"') == started + 2


def test_descriptors_threads_and_memory_do_not_grow(repository: Repository) -> None:
    if sys.platform != "linux":
        pytest.skip("descriptors are counted as Linux shows them")
    # In a process of its own: in this one, what other tests have left may be given back meanwhile.
    code = """
import os, pathlib, time, rev_accel
def descriptors(): return len(os.listdir("/proc/self/fd"))
rev_accel.get_repo_context()
before = descriptors()
for number in range(150):
    rev_accel._core.forget()
    pathlib.Path("new").write_text(str(number))
    rev_accel.get_repo_context()
assert descriptors() == before
for _ in range(1000):  # a thread that has ended may be seen for a moment
    if len(os.listdir("/proc/self/task")) == 1: break
    time.sleep(0.002)
else: raise AssertionError("a thread is left over")
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], cwd=repository.top, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0


def test_a_process_that_is_killed_leaves_no_lock(repository: Repository) -> None:
    code = "import rev_accel\nwhile True: rev_accel._core.forget(); rev_accel.get_repo_context()"
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=repository.top, stdin=subprocess.DEVNULL)
        time.sleep(0.25)
        process.kill()
        process.wait()
    time.sleep(0.1)
    assert not list(repository.dot.rglob("*.lock"))
    repository.commit("After")
