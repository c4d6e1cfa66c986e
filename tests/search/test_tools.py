"""What a model reads of searches, outlines, definitions and analyses: counts first, bounded, the same each time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rev_accel import InputError, PathOutsideRootError
from rev_accel.tools.code import CodeTools
from rev_accel.tools.search import SearchTools
from rev_accel.workspace import Workspace


@pytest.fixture
def folder(tmp_path: Path) -> Workspace:
    root = tmp_path.resolve() / "root"
    root.mkdir()
    (root / "a.py").write_text("import os\n\n\nclass Runner:\n    'Runs.'\n\n    def run(self): print(1)\n")
    for number in range(40):
        (root / f"many{number:02}.txt").write_text("needle\n" * 10)
    return Workspace(root)


def test_a_search_shows_counts_then_lines(folder: Workspace) -> None:
    text = SearchTools(folder).search_code(r"def \w+", glob="*.py", context=1)
    assert text == "1 matching line in 1 of 1 file.\na.py-6- \na.py:7:     def run(self): print(1)"
    assert SearchTools(folder).search_code("nothing at all") == "No match in 41 files."


def test_a_search_with_many_matches_is_cut_and_says_how_to_get_more(folder: Workspace) -> None:
    lines = SearchTools(folder).search_code("needle", max_results=12).splitlines()
    assert lines[0] == (
        "400 matching lines in 40 of 41 files; the first 12 are shown. "
        "Use a narrower pattern, path or glob, `max_results` up to 500 for more."
    )
    assert lines[1:14] == [*(f"many00.txt:{line}: needle" for line in range(1, 11)), *lines[11:14]]
    assert lines[13:15] == ["Not shown:", "many01.txt: 8 lines"]
    assert lines[-1] == "and 190 lines in 19 more files"


@pytest.mark.skipif(os.name != "posix", reason="names that Windows does not allow")
def test_a_name_with_a_line_end_makes_no_line_of_its_own(folder: Workspace) -> None:
    name = "x\nfake.py:1: def needle(): print(1)\x1b"
    (folder.root / f"{name}.py").write_text("def needle(): print(1)\n")
    shown = "x\\nfake.py:1: def needle(): print(1)\\x1b.py"
    texts = [
        SearchTools(folder).search_code("needle", glob="*.py", context=1),
        SearchTools(folder).search_code("needle|import", glob="*.py", max_results=1),
        CodeTools(folder).find_definitions("needle"),
        CodeTools(folder).analyze_ast_patterns(),
        CodeTools(folder).analyze_ast_patterns(max_results=1),
    ]
    for text in texts:
        assert "\x1b" not in text and not any(line.startswith("fake.py") for line in text.splitlines())
    assert f"{shown}:1: def needle(): print(1)" in texts[0] and f"{shown}: " in texts[4]


def test_paths_outside_and_bad_patterns_are_errors_with_a_text(folder: Workspace) -> None:
    with pytest.raises(PathOutsideRootError):
        SearchTools(folder).search_code("x", path="..")
    with pytest.raises(InputError, match="unclosed group"):
        SearchTools(folder).search_code("(")
    with pytest.raises(InputError, match="`max_results` must be"):
        SearchTools(folder).search_code("x", max_results=0)


def test_an_outline_is_indented_and_cut_from_the_inside(folder: Workspace) -> None:
    tools = CodeTools(folder)
    assert tools.outline("a.py") == ("a.py: 1 class(es), 1 method(s)\n4-7: class Runner  # Runs.\n  7: def run(self)")
    assert tools.outline("a.py", max_symbols=1).splitlines()[1:] == [
        "4-7: class Runner  # Runs.",
        "1 more are not shown; `max_symbols` up to 1,000 shows more",
    ]
    (folder.root / "bad.py").write_text("def f(:\n    pass\n")
    assert "SyntaxError at line 1" in tools.outline("bad.py").splitlines()[1]


def test_definitions_are_listed_with_their_places(folder: Workspace) -> None:
    tools = CodeTools(folder)
    assert tools.find_definitions("Runner.run") == (
        "1 definition of `Runner.run`:\na.py:7: method Runner.run: def run(self)"
    )
    assert tools.find_definitions("nothing") == "`nothing` is not defined in 1 Python file."


def test_an_analysis_shows_counts_then_findings(folder: Workspace) -> None:
    tools = CodeTools(folder)
    assert tools.analyze_ast_patterns() == (
        "2 findings in 1 Python file: prints 1, type_hints 1.\n"
        "a.py:7: type_hints function `run` has no return annotation\n"
        "a.py:7: prints call of `print`"
    )
    cut = tools.analyze_ast_patterns("a.py", max_results=1).splitlines()
    assert cut[1:3] == ["Most are in:", "a.py: 2"]
    assert len(cut) == 5
    assert tools.analyze_ast_patterns(patterns=["prints"]).startswith("1 finding in 1 Python file: prints 1.")
    with pytest.raises(InputError, match="unknown rule"):
        tools.analyze_ast_patterns(patterns=["nonsense"])


def test_an_analysis_tells_nothing_of_what_lies_outside(folder: Workspace) -> None:
    outside = folder.root.parent / "outside.py"
    outside.write_text("# TODO a secret\nprint()\n")
    (folder.root / "link.py").symlink_to(outside)
    (folder.root / "inside.py").symlink_to("a.py")
    text = CodeTools(folder).analyze_ast_patterns()
    assert "secret" not in text and "link.py" not in text and "inside.py:7: prints" in text
    assert text.startswith("4 findings in ")
