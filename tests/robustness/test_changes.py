"""Files and folders that change while they are analysed: a result or a status, never an exception or a hang."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import rev_accel
from rev_accel import workspace

from .test_door import door
from .test_file_system import drop_in, failures, statuses

pytestmark = pytest.mark.skipif(os.name != "posix", reason="replaces open files")


@contextmanager
def disturbance(code: str, *arguments: object) -> Iterator[None]:
    """Runs a snippet over and over in another process meanwhile, from its second turn on; `turn` counts up."""
    program = "import os, sys, shutil, itertools\nfor turn in itertools.count():\n    if turn == 1: print(flush=True)\n"
    program += textwrap.indent(textwrap.dedent(code), "    ")
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            yield
            assert child.poll() is None, "the disturbance ended by itself"
        finally:
            child.kill()


def scan_again_and_again(folder: Path, times: int) -> None:
    for _ in range(times):
        answer = drop_in(folder)
        assert "files" in answer or answer == {"error": "No Python files found"}
        statuses(folder)
        rev_accel.scan(root=folder)


@pytest.mark.parametrize("lines", [1, 200_000])
def test_a_file_that_grows_while_it_is_read_gives_a_result_or_a_status(lines: int, tmp_path: Path) -> None:
    (tmp_path / "growing.py").touch()
    code = """
        with open(sys.argv[1], "a") as file:
            if file.tell() > 60_000_000: file.truncate(0)
            file.write("a = 1\\n" * int(sys.argv[2]))
    """
    with disturbance(code, tmp_path / "growing.py", lines):
        for _ in range(10):
            assert drop_in(tmp_path)["scanned_files"] == 1
            assert set(failures(tmp_path).values()) <= {"MemoryError"}
            assert {status for status, _ in statuses(tmp_path).values()} <= {"too_large", "too_complex"}


def test_a_file_that_is_cut_while_it_is_read_gives_a_result_or_a_status(tmp_path: Path) -> None:
    path = tmp_path / "shrinking.py"
    path.write_text("a = 1\n" * 100_000)
    code = """
        os.truncate(sys.argv[1], 0)
        os.truncate(sys.argv[1], 600_000)
    """
    with disturbance(code, path):
        for _ in range(60):
            assert set(failures(tmp_path).values()) <= {"SyntaxError"}  # a hole reads as NUL
            assert {status for status, _ in statuses(tmp_path).values()} <= {"syntax_error"}


def test_a_file_that_is_replaced_meanwhile_is_read_as_it_was_or_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "file.py"
    path.write_text("print()\n" * 5_000)
    code = """
        with open(sys.argv[1] + ".new", "w") as file: file.write("print()\\n" * (turn % 2 * 5_000))
        os.replace(sys.argv[1] + ".new", sys.argv[1])
    """
    with disturbance(code, path):
        counts = {drop_in(tmp_path)["total_issues"] for _ in range(100)}
    assert counts <= {0, 5_000}


def test_folders_removed_during_the_walk_do_no_harm(tmp_path: Path) -> None:
    code = """
        for number in range(30): os.makedirs(f"{sys.argv[1]}/a{number}/b/c")
        for number in range(90): open(f"{sys.argv[1]}/a{number % 30}/b/c/{number}.py", "w").close()
        for number in range(30): shutil.rmtree(f"{sys.argv[1]}/a{number}")
    """
    with disturbance(code, tmp_path):
        scan_again_and_again(tmp_path, 40)


def test_folders_renamed_during_the_walk_do_no_harm(tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"a{number % 10}" / f"b{number}").mkdir(parents=True)
        (tmp_path / f"a{number % 10}" / f"b{number}" / "file.py").write_text("print()\n")
    code = """
        for number in range(10):
            os.rename(f"{sys.argv[1]}/a{number}", f"{sys.argv[1]}/z")
            os.rename(f"{sys.argv[1]}/z", f"{sys.argv[1]}/a{number}")
    """
    with disturbance(code, tmp_path):
        scan_again_and_again(tmp_path, 60)


def test_folders_that_turn_into_files_and_links_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "file.py").write_text("print()\n")
    code = """
        name = sys.argv[1] + "/x.py"
        os.mkdir(name)
        os.rmdir(name)
        os.symlink("b", name)
        os.unlink(name)
        os.mkfifo(name)
        os.unlink(name)
        open(name, "w").close()
        os.unlink(name)
    """
    with disturbance(code, tmp_path):
        scan_again_and_again(tmp_path, 200)


def test_a_root_that_is_removed_gives_an_error_of_the_typed_kind(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with workspace.use_root(root):
        root.rmdir()
        assert "error" in json.loads(rev_accel.analyze_ast_patterns("."))
        with pytest.raises(rev_accel.InputError):
            rev_accel.scan()


def test_a_working_directory_that_is_removed_gives_an_error(tmp_path: Path) -> None:
    output = door(
        """
os.chdir(sys.argv[1])
os.rmdir(sys.argv[1])
print(list(json.loads(rev_accel.analyze_ast_patterns("."))))
try: rev_accel.scan()
except (rev_accel.RevAccelError, FileNotFoundError) as error: print("refused")
print(len(rev_accel.scan_source("print()")))
""",
        tmp_path,
    )
    assert output.split() == ["['error']", "refused", "1"]


def test_scans_of_a_tree_that_other_threads_rewrite_never_raise(tmp_path: Path) -> None:
    done = threading.Event()

    def rewrite(number: int) -> None:
        folder = tmp_path / f"part{number}"
        while not done.is_set():
            folder.mkdir(exist_ok=True)
            for name in range(5):
                (folder / f"{name}.py").write_text("print()\n" * name)
            shutil.rmtree(folder)

    threads = [threading.Thread(target=rewrite, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        scan_again_and_again(tmp_path, 60)
    finally:
        done.set()
        for thread in threads:
            thread.join()
