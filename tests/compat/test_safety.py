"""Nothing in the repository is run, and the drop-in leaves no trace beside what rev leaves."""

import os
import pathlib
import pickle
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_every_rev, in_rev


class Hostile:
    """Makes a file when it is unpickled."""

    def __init__(self, file: pathlib.Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return pathlib.Path.touch, (self.file,)


def hostile_caches() -> tuple[pathlib.Path, ...]:
    """A cache of each kind that runs code; the files that tell that it did."""
    pathlib.Path(".rev_cache").mkdir()
    marks = []
    for name in ("file", "llm", "repo", "dep", "ast"):
        marks.append(pathlib.Path.cwd().parent / f"ran_{name}")
        pathlib.Path(f".rev_cache/{name}_cache.pkl").write_bytes(pickle.dumps(Hostile(marks[-1])))
    return tuple(marks)


def start() -> None:
    """Starts rev as its command does, as far as to its help."""
    import rev.main

    sys.argv = ["rev", "--help"]
    try:
        rev.main.main()
    except SystemExit as end:
        assert not end.code


def in_child(work: Callable[[], object]) -> str:
    """Runs something in a process of its own; what it prints, on either stream."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        try:
            work()
            sys.stdout.flush()
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as output:
        text = output.read()
    assert os.waitpid(child, 0)[1] == 0, text
    return text


@in_every_rev
def test_hostile_caches_run_at_the_start_of_rev_and_not_with_the_drop_in() -> None:
    marks = hostile_caches()

    def with_it() -> None:
        accel.install()
        start()

    def with_one_group() -> None:
        import rev.main  # noqa: F401

        accel.install(only=["disk_caches"])
        start()

    def without_it_again() -> None:
        accel.install()
        accel.uninstall()
        start()

    contents = {file: file.read_bytes() for file in pathlib.Path(".rev_cache").iterdir()}
    in_child(with_it)
    in_child(with_one_group)
    assert not any(mark.exists() for mark in marks)
    for run in (start, without_it_again):
        in_child(run)
        assert all(mark.exists() for mark in marks)
        for mark in marks:
            mark.unlink()
    assert contents == {file: file.read_bytes() for file in pathlib.Path(".rev_cache").iterdir()}


@in_rev
def test_what_is_saved_is_no_pickle_and_caches_work_as_before() -> None:
    points.load()
    accel.install()
    import rev.cache

    root = pathlib.Path.cwd()
    rev.cache.initialize_caches(root, root / ".rev_cache")
    cache = rev.cache.get_file_cache()
    cache.set("key", "value")
    rev.cache.save_all_caches()
    assert not (root / ".rev_cache").exists() and cache.get("key") == "value" and cache._save_to_disk() is None
    (root / ".rev_cache").mkdir()
    (root / ".rev_cache/file_cache.pkl").write_bytes(b"garbage")
    rev.cache.initialize_caches(root, root / ".rev_cache")
    assert rev.cache.get_file_cache().get("key") is None
    assert rev.cache.get_all_cache_stats()["file_content"]["misses"] == 1


def everyday(root: pathlib.Path) -> None:
    """Does with rev's functions what a run does."""
    import rev.cache
    from rev.execution import executor
    from rev.tools import registry

    rev.cache.initialize_caches(root, root / ".rev_cache")
    for name, arguments in (
        ("analyze_ast_patterns", {"path": "."}),
        ("get_repo_context", {}),
        ("read_file", {"path": "a.py"}),
        ("write_file", {"path": "sub/new.py", "content": "print(2)\n"}),
        ("search_code", {"pattern": "print"}),
        ("git_status", {}),
        ("analyze_ast_patterns", {"path": "sub", "patterns": ["prints"]}),
        ("get_repo_context", {"commits": 2}),
        ("read_file", {"path": "../outside"}),
    ):
        registry.execute_tool(name, arguments)
    messages = [{"role": "user", "content": f"Task: {number}"} for number in range(40)]
    executor._manage_message_history(messages)
    rev.cache.get_llm_cache().set_response(messages, {}, [], "m")
    rev.cache.get_llm_cache().get_response(messages, [], "m")
    rev.cache.save_all_caches()


@in_every_rev
def test_output_threads_and_files_are_those_of_rev_alone() -> None:
    def prepare(folder: str) -> pathlib.Path:
        # The same name for both, so that output is the same.
        root = pathlib.Path.cwd() / folder / "root"
        root.mkdir(parents=True)
        (root / "a.py").write_text("print(1)\n")
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        return root

    def run(root: pathlib.Path, *, with_it: bool) -> None:
        os.chdir(root)
        if with_it:
            report = accel.install()
            str(report)
        points.load()
        descriptors = set(os.listdir("/proc/self/fd"))
        everyday(root)
        threads = {thread.name for thread in threading.enumerate()}
        # rev itself leaves threads that guard against a time-out.
        alive = sorted(name for name in threads if not name.startswith("ThreadPool"))
        assert alive == ["MainThread"], alive
        if with_it:
            tasks = len(os.listdir("/proc/self/task"))
            assert tasks == threading.active_count(), tasks
            assert set(os.listdir("/proc/self/fd")) <= descriptors, [
                os.readlink(f"/proc/self/fd/{fd}")
                for fd in os.listdir("/proc/self/fd")
                if fd not in descriptors and os.path.exists(f"/proc/self/fd/{fd}")
            ]
            accel.uninstall()

    def files(root: pathlib.Path) -> dict[str, bytes | None]:
        return {
            str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
            for path in root.rglob("*")
            if ".git" not in path.parts
        }

    alone, beside = prepare("alone"), prepare("beside")
    expected = in_child(lambda: run(alone, with_it=False))
    found = in_child(lambda: run(beside, with_it=True))
    assert found == expected and "  → Reading file: a.py\n" in found, found
    written = files(alone)
    assert files(beside) == {name: content for name, content in written.items() if not name.startswith(".rev_cache")}
    assert [name for name in written if name.endswith(".pkl")]


@in_rev
def test_installing_and_its_report_write_nothing() -> None:
    def run() -> None:
        accel.install()
        points.load()
        accel.install()
        accel.status()
        accel.uninstall()

    expected = in_child(points.load)
    assert in_child(run) == expected
    assert not list(pathlib.Path.cwd().iterdir())


@in_rev
def test_settings_that_cannot_be_used_are_no_output_inside_of_rev() -> None:
    (pathlib.Path.cwd().parent / "file").write_text("")
    os.environ |= {
        "REV_ACCEL_THREADS": "many",
        "REV_ACCEL_GIT_TIMEOUT": "soon",
        "REV_ACCEL_CACHE_SIZE": "large",
        "REV_ACCEL_CACHE_DIR": str(pathlib.Path.cwd().parent / "file"),
    }
    pathlib.Path("a.py").write_text("print(1)\n")

    def run() -> None:
        accel.install()
        points.load()
        sys.modules["warnings"].resetwarnings()
        assert '"total_issues": 1' in points.get("rev.tools.registry.analyze_ast_patterns")(".")
        assert "a.py" in points.get("rev.get_repo_context")()

    assert in_child(run) == in_child(points.load)
