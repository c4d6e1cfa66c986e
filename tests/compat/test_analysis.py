"""`analyze_ast_patterns` in its place inside of rev."""

import json
import pathlib
import sys
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_every_rev, in_rev
from contract import arguments, tree
from oracle.comparison import expected_text, show_difference


def functions() -> tuple[Any, Any]:
    """rev's function and ours."""
    points.load()
    rev = points.get("rev.tools.analysis.analyze_ast_patterns")
    accel.install(only=["analysis", "paths"])
    ours = points.get("rev.tools.registry.analyze_ast_patterns")
    assert points.is_ours(ours)
    return rev, ours


def compare(rev: Any, ours: Any, *call: Any) -> None:
    expected, found = expected_text(rev(*call)), ours(*call)
    assert found == expected, f"{call}: {show_difference(found, expected)}"


@in_every_rev
def test_every_path_and_every_value_of_patterns_gives_revs_text() -> None:
    root = pathlib.Path.cwd()
    tree.build(root)
    rev, ours = functions()
    for path in arguments.PATHS.values():
        compare(rev, ours, path)
    for patterns in arguments.PATTERNS.values():
        compare(rev, ours, "usual", patterns)
    compare(rev, ours, ".")


@in_rev
def test_a_root_that_does_not_stand_for_its_own_name_is_refused_as_by_rev() -> None:
    here = pathlib.Path.cwd()
    (here / "a").mkdir()
    (here / "a/x.py").write_text("print(1)\n")
    (here / "link").symlink_to("a")
    rev, ours = functions()
    for root in (here / "a", here / "link", pathlib.Path("a"), here / "none", str(here / "a"), None):
        for module in ("rev.tools.analysis", "rev.tools.utils"):
            vars(sys.modules[module])["ROOT"] = root
        for path in (".", "x.py", "..", "nothing"):
            compare(rev, ours, path)


@in_rev
def test_all_of_revs_own_callers_get_our_answer() -> None:
    pathlib.Path("x.py").write_text("print(1)  # TODO\n")
    points.load()
    from rev.tools import analysis, registry

    expected = json.loads(registry.execute_tool("analyze_ast_patterns", {"path": "."}))
    in_all = json.loads(analysis.run_all_analysis("."))
    accel.install()
    found = json.loads(registry.execute_tool("analyze_ast_patterns", {"path": "."}))
    del expected["cache_stats"]
    assert found == expected
    text = json.dumps(analysis.run_all_analysis("."))
    assert "cache_stats" in json.dumps(in_all) or "ast" in text
    calls: list[Any] = []
    original = analysis.analyze_ast_patterns
    analysis.analyze_ast_patterns = lambda *call: calls.append(call) or original(*call)
    analysis.run_all_analysis(".")
    assert calls
