"""Right after an edit the answer is that of the tree as it is, whatever the file system lets the edit look like."""

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

import rev_accel
from rev_accel import _core, workspace

from . import asks, contents
from .edits import Edited
from .rounds import REST, Rounds

pytestmark = pytest.mark.skipif(os.name != "posix", reason="edits as only POSIX allows")

REPOSITORY = Path(__file__).parents[2]

# A disk (ext4, as a rule) and memory (tmpfs).
PLACES = [
    pytest.param(place, marks=pytest.mark.skipif(not os.path.isdir(place), reason="there is no such folder"))
    for place in ("/var/tmp", "/dev/shm")
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("clock", "rounds"), [("real", 800), ("ahead", 400), ("jumps", 300)])
def test_no_answer_is_stale_in_rounds_of_edit_then_ask(place: str, clock: str, rounds: int) -> None:
    if clock != "real" and sys.platform != "linux":
        pytest.skip("the clock is set by a library as Linux loads it")
    command = [sys.executable, "-m", "tests.cache.campaign", "edits", f"--clock={clock}", f"--folder={place}"]
    result = subprocess.run(
        [*command, f"--rounds={rounds}", "--trees=120", "--seed=1"],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert result.returncode == 0, f"seed 1\n{result.stdout[-2000:]}\n{result.stderr[-6000:]}"
    assert f"{rounds:,} rounds" in result.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Edited:
    return Edited(str(tmp_path / "tree"), random.Random(1), files=8)


@pytest.mark.parametrize("edit", [edit for _, edit in Edited.EDITS], ids=lambda edit: edit.__name__)
def test_no_answer_is_stale_after_edits_of_one_kind(edit, tree: Edited) -> None:
    for turn in range(12):
        for ask in (asks.drop_in, asks.scan_unignored, asks.scan_all):
            asks.check(ask, tree, "nothing")
            try:
                edit(tree)
            except (OSError, IndexError):
                continue
            asks.check(ask, tree, f"{edit.__name__}, turn {turn}")
            _core.forget()
            asks.check(ask, tree, f"{edit.__name__}, turn {turn}, forget")


def test_no_answer_is_stale_after_git_has_switched_branches(tree: Edited) -> None:
    tree.make_branches(4)
    for turn in range(25):
        for ask in (asks.drop_in, asks.scan_unignored):
            tree.switch()
            asks.check(ask, tree, f"switch, turn {turn}")
    tree.git("stash", "-u")
    asks.check(asks.drop_in, tree, "stash")


def test_the_excludes_of_a_repository_count_at_once(tree: Edited) -> None:
    tree.make_branches(1)
    exclude = Path(tree.root, ".git", "info", "exclude")
    everything = rev_accel.scan(root=tree.root).stats.files
    for _ in range(20):
        exclude.write_text("*.py\n")
        assert rev_accel.scan(root=tree.root).stats.files == 0
        exclude.write_text("#.py\n")
        assert rev_accel.scan(root=tree.root).stats.files == everything


def test_what_the_answers_are_checked_by_is_what_is_said_without_a_cache(tmp_path: Path) -> None:
    with Rounds(str(tmp_path / "trees"), 7, trees=20) as rounds:
        for subject in rounds.trees:
            for _ in range(12):
                rounds.edit(subject)
                asks.check(asks.uncached, subject.tree, list(subject.history))


def test_no_two_texts_of_the_same_size_have_the_same_answer() -> None:
    assert {len(text) for text in contents.SAME_SIZE} == {contents.SIZE}
    assert len({contents.entry(text, None) for text in contents.SAME_SIZE}) == len(contents.SAME_SIZE)


@pytest.mark.parametrize("place", PLACES)
def test_what_was_asked_during_edits_does_no_harm_afterwards(place: str, cache_dir: Path) -> None:
    with tempfile.TemporaryDirectory(dir=place) as folder:
        trees = [Edited(f"{folder}/{number}", random.Random(number)) for number in range(40)]
        for tree in trees:
            editing = threading.Thread(target=lambda tree=tree: [tree.edit() for _ in range(40)])
            editing.start()
            while editing.is_alive():
                for selection in ("ignore", "all"):
                    with suppress(rev_accel.InputError):  # the root may be away just now
                        rev_accel.scan(root=tree.root, selection=selection)
        for rest in (0, REST, 0):
            time.sleep(rest)
            for tree in trees:
                for ask in (asks.scan_unignored, asks.scan_all):
                    asks.check(ask, tree, f"edits and questions at once, then {rest} s")
            _core.forget()


def test_a_tree_at_rest_is_answered_from_memory_and_an_edit_of_it_is_seen(own: Path) -> None:
    with workspace.use_root(own):
        rev_accel.scan()
        assert rev_accel.scan().stats.memory == len(list(own.rglob("*.py")))
        path = own / "part0" / "file0.py"
        before = path.stat()
        text = path.read_bytes()
        path.write_bytes(text.replace(b"print", b"Print"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        after = rev_accel.scan()
        path.write_bytes(text)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert len(after) < len(rev_accel.scan())
        assert after.stats.memory == after.stats.files - 1
