"""Real trees, whole: rev-accel's text against the live rev's, and the reference of the other tests against rev too.

rev needs tens of seconds, so all trees are asked about at once and the answers are waited for one by one. The largest, of
more than 10 MB, are asked about with REV_ACCEL_SOAK=1 only.
"""

import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

import rev_accel
from oracle import Oracle, canonical_digest, report_for, show_difference
from oracle.environment import package_tree

pytestmark = pytest.mark.timeout(600)

PACKAGES = ("django==5.2.8", "sqlalchemy==2.0.44")
STANDARD_LIBRARY = "standard library"
TREES = (*PACKAGES, "sympy==1.14.0", STANDARD_LIBRARY) if os.environ.get("REV_ACCEL_SOAK") == "1" else PACKAGES
FIXTURES = Path(__file__).parent / "fixtures"

KNOWN_ANSWER = "e86dffff7c301273"
"""For the standard library of CPython 3.11.7 as its sources have it: 1,790 files of 31,525,224 bytes."""


class Trees:
    """The trees, and rev's answers, which are on their way from the start."""

    def __init__(self, folder: Path) -> None:
        self._pool = ThreadPoolExecutor(max_workers=2)
        self._folder = folder
        self._asked = {name: self._pool.submit(self._ask, name) for name in TREES}

    def answer(self, name: str) -> tuple[Path, str]:
        """The root of the tree, and the text that rev-accel must return for it."""
        asked: Future[tuple[Path, str]] = self._asked[name]
        return asked.result()

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def _ask(self, name: str) -> tuple[Path, str]:
        root = copy_of_the_standard_library(self._folder) if name == STANDARD_LIBRARY else package_tree(name)
        with Oracle(root) as oracle:
            return root, oracle.expected(".")


def copy_of_the_standard_library(folder: Path) -> Path:
    """Its Python files alone: nothing else is read."""
    library = Path(sysconfig.get_path("stdlib"))
    root = folder / "library"

    def unwanted(parent: str, names: list[str]) -> list[str]:
        skipped = ("site-packages", "dist-packages", "__pycache__")
        return [
            name for name in names if name in skipped or not (name.endswith(".py") or (Path(parent) / name).is_dir())
        ]

    shutil.copytree(library, root, ignore=unwanted)
    return root


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trees]:
    folder = tmp_path_factory.mktemp("trees").resolve()
    asked = Trees(folder)
    yield asked
    asked.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("name", TREES)
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_real_tree_gives_revs_text(name: str, threads: str, trees: Trees, monkeypatch: pytest.MonkeyPatch) -> None:
    root, expected = trees.answer(name)
    monkeypatch.chdir(root)
    monkeypatch.setenv("REV_ACCEL_THREADS", threads)
    ours = rev_accel.analyze_ast_patterns(".")
    assert ours == expected, show_difference(ours, expected)
    assert json.loads(ours)["scanned_files"] > 200


def test_the_standard_library_of_3_11_7_gives_the_known_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.version_info[:3] != (3, 11, 7):
        pytest.skip("the known answer is for CPython 3.11.7")
    root = copy_of_the_standard_library(tmp_path.resolve())
    sizes = [path.stat().st_size for path in root.rglob("*.py")]
    if (len(sizes), sum(sizes)) != (1_790, 31_525_224):
        pytest.skip("this 3.11.7 was installed with other files than CPython's sources have")
    monkeypatch.chdir(root)
    ours = rev_accel.analyze_ast_patterns(".")
    assert canonical_digest(ours) == KNOWN_ANSWER
    answer = json.loads(ours)
    errors = [entry["error"] for entry in answer["files"].values() if "error" in entry]
    assert (len(answer["files"]), answer["total_issues"], len(errors)) == (1_576, 50_113, 11)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_slow_reference_agrees_with_rev(name: str, trees: Trees) -> None:
    root, expected = trees.answer(name)
    sources = {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.py")}
    reference = report_for(sources)
    assert reference == expected, show_difference(reference, expected)


def test_the_slow_reference_agrees_with_rev_on_the_odd_sources(odd_root: Path, odd_oracle: Oracle) -> None:
    expected = odd_oracle.expected("sources")
    sources = {path.relative_to(odd_root).as_posix(): path.read_bytes() for path in (odd_root / "sources").iterdir()}
    reference = report_for(sources)
    assert reference == expected, show_difference(reference, expected)


def test_the_fixtures_give_the_text_that_lies_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = (FIXTURES / "expected.json").read_text().rstrip("\n")
    with Oracle(FIXTURES / "project") as oracle:
        assert oracle.expected(".") == expected  # what lies there is rev's answer
    monkeypatch.chdir(FIXTURES / "project")
    ours = rev_accel.analyze_ast_patterns(".")
    assert ours == expected, show_difference(ours, expected)
