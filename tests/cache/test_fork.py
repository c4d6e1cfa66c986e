"""Processes that fork: from several threads, while others scan, from a callback; parent and child are answered."""

import os
from pathlib import Path

import pytest

from robustness.process import run_python

from .conftest import COUNT

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")

PRELUDE = """
import json, multiprocessing, os, random, sys, threading, time, warnings
import rev_accel
from rev_accel import _core, cache, workspace
tree, other = sys.argv[1:3]
os.environ["REV_ACCEL_NO_CACHE"] = "1"
def ask(tree):
    with workspace.use_root(tree): text = rev_accel.analyze_ast_patterns(".")
    return text, rev_accel.scan(root=tree).to_json()
right = {some: ask(some) for some in (tree, other)}
del os.environ["REV_ACCEL_NO_CACHE"]

def is_right(times=3):
    for turn in range(times):
        for some in (tree, other):
            if ask(some) != right[some]: return False
        if turn == 0: _core.forget()
    return True

def forked(work=is_right):
    "Whether a child gets right answers and ends by itself."
    child = os.fork()
    if child == 0:
        code = 9
        try: code = 0 if work() else 8
        finally: os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def many(count, work):
    threads = [threading.Thread(target=work, args=[number]) for number in range(count)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""


def forking(code: str, cache_dir: Path, *arguments: object) -> str:
    """What a snippet prints; it must not complain."""
    # From 3.12 on Python warns of a fork while there are threads, which is what is tested here.
    result = run_python(
        PRELUDE + code, *arguments, environment={"REV_ACCEL_CACHE_DIR": str(cache_dir), "PYTHONWARNINGS": "ignore"}
    )
    assert result.stderr == ""
    return result.stdout.strip()


@pytest.fixture
def pair(resting: Path) -> tuple[Path, Path]:
    return resting / "tree0", resting / "tree12"


def test_a_child_is_answered_before_and_after_the_first_use(cache_dir: Path, pair: tuple[Path, Path]) -> None:
    code = "print([forked(), is_right(), forked(), forked(lambda: forked() == 0), is_right()])"
    assert forking(code, cache_dir, *pair) == "[0, True, 0, 0, True]"


def test_a_child_starts_with_what_its_parent_remembers(cache_dir: Path, pair: tuple[Path, Path]) -> None:
    code = f"""
ask(tree), ask(tree)
print(forked(lambda: rev_accel.scan(root=tree).stats.memory == {COUNT}), forked(lambda: ask(other) == right[other]))
"""
    assert forking(code, cache_dir, *pair) == "0 0"


def test_a_child_has_the_content_store(cache_dir: Path, pair: tuple[Path, Path]) -> None:
    code = f"""
ask(tree)
# Other globs make it another tree with the same contents.
scan = lambda name: rev_accel.scan(root=tree, exclude=[name]).stats.store == {COUNT}
print([forked(lambda: scan(name)) for name in "abc"], scan("d"))
"""
    assert forking(code, cache_dir, *pair) == "[0, 0, 0] True"


def test_children_of_several_threads_that_fork_while_others_scan_are_answered(
    cache_dir: Path, pair: tuple[Path, Path]
) -> None:
    code = """
codes, answers, done = [], [], threading.Event()
def fork(number):
    for _ in range(6): codes.append(forked())
def scan(number):
    while not done.is_set():
        _core.forget()
        answers.append(ask(tree) == right[tree] and ask(other) == right[other])
        rev_accel.scan(root=other, limits=rev_accel.Limits(max_bytes=random.randrange(10_000, 20_000)))
scanning = [threading.Thread(target=scan, args=[number]) for number in range(3)]
for thread in scanning: thread.start()
many(3, fork)
done.set()
for thread in scanning: thread.join()
print(set(codes), len(codes), set(answers), is_right())
"""
    assert forking(code, cache_dir, *pair) == "{0} 18 {True} True"


def test_a_child_that_a_progress_callback_forks_is_answered_and_so_is_its_parent(
    cache_dir: Path, pair: tuple[Path, Path]
) -> None:
    code = """
codes = []
def progress(done, count):
    if not codes: codes.append(forked(lambda: is_right(1)))
for _ in range(3):
    codes.clear()
    _core.forget()
    report = rev_accel.scan(root=tree, progress=progress)
    print(codes, report.to_json() == right[tree][1], end=" ")
print(is_right())
"""
    assert forking(code, cache_dir, *pair) == "[0] True [0] True [0] True True"


def test_a_child_that_comes_back_from_a_progress_callback_is_ended(cache_dir: Path, pair: tuple[Path, Path]) -> None:
    code = """
children = []
def progress(done, count):
    if children: return
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 2)
        return
    os.close(writing)
    children.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    children.append(os.read(reading, 1000).decode().strip())
for cached in (True, False):
    children.clear()
    report = rev_accel.scan(root=tree, progress=progress, cache=cached)
    print(children, report.to_json() == right[tree][1])
"""
    line = "[70, 'rev-accel: a process that is forked in a callback has to end in it'] True"
    assert forking(code, cache_dir, *pair) == f"{line}\n{line}"


@pytest.mark.parametrize("used", [False, True], ids=["unused", "used"])
def test_a_pool_of_forked_processes_is_answered(used: bool, cache_dir: Path, pair: tuple[Path, Path]) -> None:
    code = f"""
if {used}: is_right()
context = multiprocessing.get_context("fork")
with context.Pool(4) as pool:
    print(set(pool.map(is_right, [2] * 12)), is_right())
"""
    assert forking(code, cache_dir, *pair) == "{True} True"


def test_many_children_at_once_begin_one_cache(cache_dir: Path, pair: tuple[Path, Path]) -> None:
    code = """
children = []
for number in range(8):
    child = os.fork()
    if child == 0:
        code = 9
        try: code = 0 if is_right() else 8
        finally: os._exit(code)
    children.append(child)
print({os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children}, cache.info()["contents"])
"""
    assert forking(code, cache_dir, *pair) == f"{{0}} {2 * COUNT}"


def test_the_parent_keeps_its_service_after_forks(cache_dir: Path, pair: tuple[Path, Path]) -> None:
    code = f"""
for _ in range(5): forked(lambda: ask(tree) == right[tree])
ask(tree), ask(other)
_core.forget()
print(rev_accel.scan(root=tree).stats.manifest == {COUNT}, rev_accel.scan(root=tree, exclude=["x"]).stats.store == {COUNT})
"""
    assert forking(code, cache_dir, *pair) == "True True"
