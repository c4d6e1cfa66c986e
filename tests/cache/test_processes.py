"""Many processes with one cache: none is in another's way, and what one found out serves the others."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import rev_accel
from rev_accel import _core, cache
from robustness.process import run_python

from .conftest import COUNT

PROCESSES, THREADS = 8, 4
TREES = 4

# Each waits until all are there; each thread asks about all trees, in another order.
WORK = """
import json, os, sys, threading, time, warnings
import rev_accel
from rev_accel import _core, workspace
trees, number = sys.argv[2:], int(sys.argv[1])
warnings.simplefilter("error")
answers, problems, barrier = [], [], threading.Barrier(THREADS)
def work(thread):
    barrier.wait()
    try:
        for turn in range(3):
            for place in range(len(trees)):
                tree = trees[(place + thread + number) % len(trees)]
                if (turn + thread) % 2: _core.forget()
                report = rev_accel.scan(root=tree, limits=rev_accel.Limits(max_bytes=1_000_000 + turn))
                with workspace.use_root(tree): text = rev_accel.analyze_ast_patterns(".")
                answers.append((tree, report.to_json(), text))
                problems.append(report._result.cache_problem)
    except BaseException as error:
        problems.append(repr(error))
threads = [threading.Thread(target=work, args=[thread]) for thread in range(THREADS)]
print("ready", flush=True)
sys.stdin.readline()
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps([len(answers), sorted(set(answers)), sorted({str(problem) for problem in problems})]))
"""


@pytest.fixture
def trees(resting: Path) -> list[Path]:
    return [resting / "tree0", resting / "copy", resting / "tree11", resting / "tree12"][:TREES]


def all_at_once(code: str, count: int, *arguments: object) -> list[subprocess.CompletedProcess[str]]:
    """Runs a snippet in so many processes that begin together, once each has said that it is ready."""
    children = [
        subprocess.Popen(
            [sys.executable, "-P", "-c", code, str(number), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n", child.communicate()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        results = []
        for child in children:
            output, errors = child.communicate(timeout=100)
            results.append(subprocess.CompletedProcess(child.args, child.returncode, output, errors))
        return results
    finally:
        for child in children:
            child.kill()
            child.communicate()


def right(tree: Path) -> tuple[str, str]:
    """A scan's answer and the drop-in's, which are the same here, without a cache."""
    text = rev_accel.scan(root=tree, cache=False).to_json()
    return text, text


def levels(tree: Path, **options: object) -> dict[str, int]:
    """How the files were answered in a fresh process."""
    code = """
import json, sys
import rev_accel
from dataclasses import asdict
options = json.loads(sys.argv[2])
if "limits" in options: options["limits"] = rev_accel.Limits(max_bytes=options["limits"])
report = rev_accel.scan(root=sys.argv[1], **options)
print(json.dumps({name: count for name, count in asdict(report.stats).items()
                  if name in ("memory", "manifest", "recent", "store", "parsed") and count}))
"""
    return json.loads(run_python(code, tree, json.dumps(options)).stdout)


def test_many_processes_and_threads_begin_one_cache_at_once(cache_dir: Path, trees: list[Path]) -> None:
    results = all_at_once(f"THREADS = {THREADS}\n{WORK}", PROCESSES, *trees)
    expected = sorted([str(tree), *right(tree)] for tree in trees)
    for result in results:
        assert result.returncode == 0, result.stderr
        assert result.stderr == ""
        count, answers, problems = json.loads(result.stdout)
        assert problems == ["None"]
        assert count == THREADS * 3 * len(trees)
        assert answers == expected
    # All of it is in service: the manifests, the content store, and no second generation of it.
    for tree in trees:
        assert levels(tree, limits=1_000_001) == {"manifest": COUNT}
        assert levels(tree, exclude=["nothing"]) == {"store": COUNT}
    figures = cache.info()
    assert figures is not None
    assert figures["content_problem"] is None
    assert figures["contents"] == COUNT * (len(trees) - 1)  # two of the trees have the same contents
    assert {path.name.partition(".")[0] for path in (cache_dir / "v1" / "facts").iterdir()} == {"store-1"}
    found = cache.verify()
    assert found is not None
    assert not found["damaged_manifests"] + found["damaged_contents"] + found["store_damaged"]
    assert not [path for path in cache_dir.rglob("*") if path.name.startswith("tmp-")]


def test_processes_go_on_while_the_cache_is_emptied_checked_and_shrunk(cache_dir: Path, trees: list[Path]) -> None:
    upkeep = """
import sys, time
from rev_accel import cache
print("ready", flush=True)
sys.stdin.readline()
end = time.monotonic() + 2
while time.monotonic() < end:
    for work in (cache.info, cache.verify, lambda: cache.gc(20_000), cache.clear): work()
    time.sleep(0.01)
print("[0, [], []]")
"""
    code = f"THREADS = 2\nimport sys\nif sys.argv[1] == '0': exec({upkeep!r})\nelse: exec({WORK!r})\n"
    results = all_at_once(code, 4, *trees)
    expected = sorted([str(tree), *right(tree)] for tree in trees)
    for result in results:
        assert (result.returncode, result.stderr) == (0, "")
        count, answers, problems = json.loads(result.stdout)
        assert not count or (answers, problems) == (expected, ["None"])
    levels(trees[0])
    assert levels(trees[0]) == {"manifest": COUNT}


def test_a_process_that_holds_the_store_locked_delays_nobody_for_good(cache_dir: Path, trees: list[Path]) -> None:
    rev_accel.scan(root=trees[0])
    _core.forget()
    code = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(cache_dir / "v1" / "facts" / "store-1.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        assert rev_accel.scan(root=trees[2]).to_json() == right(trees[2])[0]
    finally:
        holder.kill()
        holder.communicate()
    _core.forget()
    assert rev_accel.scan(root=trees[2]).stats.manifest == COUNT
    assert rev_accel.scan(root=trees[3]).to_json() == right(trees[3])[0]
    assert levels(trees[3], exclude=["nothing"]) == {"store": COUNT}


def test_old_temporary_files_are_removed_and_young_ones_are_not(cache_dir: Path, trees: list[Path]) -> None:
    rev_accel.scan(root=trees[0])
    now = time.time()
    ages = {"tmp-1-a": 25 * 3600, "tmp-2-b": 23 * 3600, "tmp-3-c": -3600}
    for name, age in ages.items():
        for folder in (cache_dir / "v1", cache_dir / "v1" / "manifests"):
            (folder / name).write_bytes(b"half of something")
            os.utime(folder / name, (now - age, now - age))
    rev_accel.scan(root=trees[2])
    left = sorted(path.name for path in cache_dir.rglob("tmp-*"))
    assert left == ["tmp-2-b", "tmp-2-b", "tmp-3-c", "tmp-3-c"]


def test_what_one_process_found_out_serves_the_next(cache_dir: Path, trees: list[Path]) -> None:
    assert levels(trees[0]) == {"parsed": COUNT}
    assert levels(trees[0]) == {"manifest": COUNT}
    assert levels(trees[1]) == {"store": COUNT}
    assert levels(trees[1]) == {"manifest": COUNT}
