"""What a process remembers: the same object comes back, to many threads, within bounds, until something changes."""

import gc
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import rev_accel
from rev_accel import _core, workspace
from robustness.process import run_python

from . import asks
from .conftest import COUNT, make_tree
from .edits import Edited


def drop_in(tree: Path, patterns: list[str] | None = None) -> str:
    with workspace.use_root(tree):
        return rev_accel.analyze_ast_patterns(".", patterns)


def test_the_same_object_comes_back_while_nothing_has_changed(cache_dir: Path, settled: Path) -> None:
    first = drop_in(settled)
    assert all(drop_in(settled) is first for _ in range(5))
    with workspace.use_root(settled.parent):
        whole = rev_accel.analyze_ast_patterns(settled.name)
        assert rev_accel.analyze_ast_patterns(settled.name) is whole
    assert drop_in(settled) is first


def test_asking_with_other_patterns_does_not_disturb_the_object(cache_dir: Path, settled: Path) -> None:
    whole, prints = drop_in(settled), drop_in(settled, ["prints"])
    others = [["todos"], ["globals", "prints"], ["no such rule"], [], ["prints", "prints"]]
    for patterns in others:
        drop_in(settled, patterns)
        with workspace.use_root(settled):
            rev_accel.scan(patterns=["prints"])
        assert drop_in(settled) is whole
        assert drop_in(settled, ["prints"]) is prints
    assert whole != prints


def test_the_object_comes_back_after_it_was_forgotten_as_another_with_the_same_text(
    cache_dir: Path, settled: Path
) -> None:
    first = drop_in(settled)
    _core.forget()
    second = drop_in(settled)
    assert second == first
    assert drop_in(settled) is second


def test_another_object_comes_after_an_edit_and_the_first_is_unharmed(cache_dir: Path, own: Path) -> None:
    first = drop_in(own)
    copy = str(first.encode(), "ascii")
    path = own / "part0" / "file3.py"
    text = path.read_text()
    path.write_text(text + "print()\n")
    second = drop_in(own)
    assert second != first
    assert first == copy
    path.write_text(text)
    third = drop_in(own)
    assert third == first
    assert drop_in(own) == first


def test_an_edit_that_changes_no_finding_leaves_the_object(cache_dir: Path, own: Path) -> None:
    first = drop_in(own)
    path = own / "part0" / "file3.py"
    path.write_text(path.read_text().replace(" = 1\n", " = 2\n"))
    assert drop_in(own) == first


def test_reports_stay_as_they_were_when_the_tree_changes(cache_dir: Path, own: Path) -> None:
    before = rev_accel.scan(root=own)
    found, text = list(before), before.to_json()
    (own / "part1" / "new.py").write_text("print()\n")
    (own / "part1" / "file1.py").unlink()
    after = rev_accel.scan(root=own)
    assert (list(before), before.to_json(), len(before)) == (found, text, COUNT)
    assert len(after) == COUNT
    assert {finding.path for finding in after} ^ {finding.path for finding in before} == {
        "part1/new.py",
        "part1/file1.py",
    }


@pytest.mark.parametrize("forget", [False, True], ids=["remembered", "forgotten now and then"])
def test_many_threads_that_ask_at_once_get_the_same_answers(forget: bool, cache_dir: Path, resting: Path) -> None:
    trees = [resting / name for name in ("tree0", "tree12", "copy")]
    right = {tree: rev_accel.scan(root=tree, cache=False).to_json() for tree in trees}
    wrong: list[object] = []
    barrier = threading.Barrier(16)

    def work(number: int) -> None:
        choice = random.Random(number)
        barrier.wait()
        for _ in range(15):
            tree = choice.choice(trees)
            report = rev_accel.scan(root=tree, selection=choice.choice(("ignore", "all")))
            if report.to_json() != right[tree] or drop_in(tree) != right[tree] or len(list(report)) != COUNT:
                wrong.append((number, tree))
            if forget and choice.random() < 0.2:
                _core.forget()

    in_threads(work, 16)
    assert not wrong


def in_threads(work: Callable[[int], None], count: int) -> None:
    """Runs in so many threads; what one raises is raised here."""
    raised: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


@pytest.mark.skipif(os.name != "posix", reason="edits as only POSIX allows")
def test_threads_that_edit_trees_of_their_own_see_each_edit_at_once(cache_dir: Path, tmp_path: Path) -> None:
    def work(number: int) -> None:
        tree = Edited(str(tmp_path / f"tree{number}"), random.Random(number))
        for turn in range(60):
            name = tree.edit()
            asks.check(tree.choice.choice(asks.MAIN), tree, f"{name}, thread {number}, turn {turn}")

    in_threads(work, 6)


def test_threads_that_ask_while_another_edits_get_an_answer_from_before_or_after(
    cache_dir: Path, tmp_path: Path
) -> None:
    tree = make_tree(tmp_path / "tree", "both")
    path, draft = tree / "part0" / "file0.py", tmp_path / "draft"
    answers = []
    for text in ("print()\n", "print()\nprint()\n"):
        path.write_text(text)
        answers.append(rev_accel.scan(root=tree, cache=False).to_json())
    done = threading.Event()
    wrong: list[str] = []

    def work(number: int) -> None:
        if number == 0:
            for turn in range(150):
                draft.write_text("print()\n" * (turn % 2 + 1))
                os.replace(draft, path)
                said = rev_accel.scan(root=tree).to_json()
                if said != answers[turn % 2]:
                    wrong.append(said)
            done.set()
        while not done.is_set():
            said = rev_accel.scan(root=tree).to_json() if number % 2 else drop_in(tree)
            if said not in answers:
                wrong.append(said)

    in_threads(work, 5)
    assert not wrong


MANY = """
import gc, os, sys
import rev_accel
from rev_accel import _core, workspace
def resident():
    gc.collect()
    with open("/proc/self/statm") as file: return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20
text = "".join(f"print({number})\\n" for number in range(45_000))
sizes = []
for number in range(int(sys.argv[2])):
    tree = os.path.join(sys.argv[1], str(number))
    os.mkdir(tree)
    for name in "ab":
        with open(os.path.join(tree, name + ".py"), "w") as file: file.write(text)
    with workspace.use_root(tree): answer = rev_accel.analyze_ast_patterns(".")
    report = rev_accel.scan(root=tree)
    assert report.to_json() == answer and len(report) == 90_000
    sizes.append(resident())
    del answer, report
_core.forget()
print(max(sizes), resident())
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="asks Linux for the size of a process")
def test_what_is_remembered_of_many_trees_is_bounded(cache_dir: Path, tmp_path: Path) -> None:
    # Twelve megabytes are worth remembering of each tree: without a bound they would take 800.
    largest, forgotten = map(int, run_python(MANY, tmp_path, 65, seconds=110).stdout.split())
    assert largest < 560
    # The allocator keeps some of what is given back to it.
    assert forgotten < largest * 3 / 4


def test_objects_that_are_forgotten_are_freed(cache_dir: Path, settled: Path) -> None:
    import sys

    text = drop_in(settled)
    before = sys.getrefcount(text)
    again = drop_in(settled)
    assert again is text
    del again
    _core.forget()
    gc.collect()
    assert sys.getrefcount(text) < before
