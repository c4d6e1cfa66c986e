"""Whether the work has made anything worse, and what is done about it."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest

from rev_accel.agent import Checks, Validation
from rev_accel.agent.validate import State
from rev_accel.workspace import Workspace

from .conftest import Agent
from .projects import Projects, build
from .scenarios import CALC_TEST, FIX, Scenario, Work, calls, says

GOOD = "def add(a, b):\n    return a + b\n"
REPAIR = "mend what got worse"


def breaking(*repair: object) -> Scenario:
    """A model that breaks a test, and what it does when it is asked to mend that."""
    return Scenario(
        name="breaking",
        goal="Make add quicker.",
        files={"calc.py": GOOD, "test_calc.py": CALC_TEST},
        works=(
            Work(
                title="make it quicker",
                steps=(
                    calls(("replace_in_file", {"path": "calc.py", "old": "a + b", "new": "a"})),
                    says("It is quick."),
                ),
            ),
        ),
        after={},
        answer="It is quick.",
        repairs={REPAIR: repair},  # type: ignore[dict-item]
    )


def test_what_the_work_has_broken_is_mended(agent: Agent, projects: Projects) -> None:
    scenario = breaking(
        calls(("replace_in_file", {"path": "calc.py", "old": "return a", "new": "return b + a"})), says("Mended.")
    )
    agent.answers(scenario)
    root = projects.of(scenario)
    result = agent.start(scenario.goal, root, agent.settings())
    assert (result.state, result.text) == ("done", "It is quick.")
    first, second = agent.kinds("validation")
    assert not first["ok"] and first["problems"][0].startswith("test `test_calc.py::TestAdd::test_add` fails: ")
    assert second["ok"] and second["notes"] == ("all tests pass",)
    asked = agent.conversation("repair1")[1]["content"]
    assert "without undoing what the goal asks for:\n- test `test_calc.py::TestAdd::test_add` fails" in asked
    assert result.changed == ("calc.py",)


@pytest.mark.parametrize("repairs", [0, 1, 2])
def test_what_stays_broken_has_the_run_fail(agent: Agent, projects: Projects, repairs: int) -> None:
    scenario = breaking(says("FAILED: I do not know how."))
    agent.answers(scenario)
    result = agent.start(scenario.goal, projects.of(scenario), agent.settings(repairs=repairs))
    assert result.state == "failed" and result.validation is not None and not result.validation.ok
    assert result.text.startswith("all tasks were done, but something is worse than before: test `test_calc.py::")
    assert len(agent.kinds("validation")) == repairs + 1


def test_a_repair_that_was_stopped_is_gone_on_with(agent: Agent, projects: Projects) -> None:
    scenario = breaking(
        calls(("replace_in_file", {"path": "calc.py", "old": "return a", "new": "return b + a"})), says("Mended.")
    )
    agent.answers(scenario)
    root = projects.of(scenario)
    usual, asked = agent.server.default, agent.server.asked

    def stopping(body: dict[str, object]) -> object:
        if len(asked) == 5:
            agent.run.stop()
        return usual(body)  # type: ignore[operator]

    agent.server.default = stopping  # type: ignore[assignment]
    assert agent.start(scenario.goal, root, agent.settings()).state == "stopped"
    agent.server.default = usual
    assert agent.resume().state == "done"
    assert (root / "calc.py").read_text() == GOOD.replace("a + b", "b + a")
    assert len(asked) == 6 + 1  # a reply that was on its way is asked for once more


def test_files_that_cannot_be_parsed_any_more_are_a_problem(tmp_path: Path) -> None:
    root = build(tmp_path / "root", {"a.py": "x = 1\n", "b.py": "x = (\n", "c.py": "x = (\n"})
    checks = Checks(Workspace(root), test=False)
    before = checks.state()
    (root / "a.py").write_text("x = (\n")
    (root / "b.py").write_text("x = 1\n")
    found = checks.compared(before, checks.state(), {"a.py": b"x = 1\n", "b.py": b"x = (\n"})
    assert found.problems == ("`a.py` cannot be parsed: SyntaxError",)
    assert found.notes == ("`b.py` can be parsed again", "no tests were run")


def test_findings_of_the_scan_that_are_new_are_noted(tmp_path: Path) -> None:
    root = build(tmp_path / "root", {"a.py": "print(1)\n"})
    checks = Checks(Workspace(root), test=False)
    before = checks.state()
    (root / "a.py").write_text("print(1)\neval('1')\n")
    (root / "b.py").write_text("# TODO: write it\n")
    found = checks.compared(before, checks.state(), {"a.py": b"print(1)\n", "b.py": None})
    assert found.ok and len(found.notes) == 3, found.notes
    assert "`a.py`" in found.notes[1] and "eval" in found.notes[1] and "`b.py`" in found.notes[2]


def state(**given: object) -> State:
    return replace(State(broken={}), **given)  # type: ignore[arg-type]


RAN = state(tests="ran", failing={})
NONE = "no test passes: all were skipped, or there is none"


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (RAN, RAN, Validation(ok=True, notes=(NONE,))),
        (state(), replace(RAN, passed=1), Validation(ok=True, notes=("all tests pass",))),
        (state(), state(), Validation(ok=True, notes=("no tests were run",))),
        (state(), RAN, Validation(ok=True, notes=(NONE,))),
        (
            state(tests="ran", failing={"t": "old"}),
            state(tests="ran", failing={"t": "new"}),
            Validation(ok=True, notes=("tests that fail as before: `t`",)),
        ),
        (
            RAN,
            state(tests="ran", failing={"t": "1 != 2"}),
            Validation(ok=False, problems=("test `t` fails: 1 != 2",)),
        ),
        (
            state(tests="ran", failing={"t": "old"}, passed=1),
            state(tests="ran", failing={}, passed=2),
            Validation(ok=True, notes=("tests that failed before and do not any more: `t`", "all tests pass")),
        ),
        (
            state(tests="ran", failing={"t": "old"}, passed=1),
            state(tests="ran", failing={}, passed=1),
            Validation(
                ok=False,
                problems=("tests that failed before and do not any more: `t`; but no more tests pass than before",),
                notes=("1 fewer tests were run than before", "all tests pass"),
            ),
        ),
        # Tests that are all skipped now.
        (
            state(tests="ran", failing={}, passed=2),
            RAN,
            Validation(
                ok=False,
                problems=(NONE,),
                notes=("2 fewer tests were run than before",),
            ),
        ),
        (
            RAN,
            state(tests="timed_out"),
            Validation(ok=False, problems=("the tests cannot be run any more: timed_out",)),
        ),
        (
            state(tests="crashed"),
            state(tests="crashed"),
            Validation(ok=True, notes=("the tests gave no result: crashed",)),
        ),
        # All tests are gone, which is worse than that they pass.
        (RAN, state(), Validation(ok=False, problems=("there are no tests any more that can be run",))),
        (
            state(lint={"a": 1, "b": 2}),
            state(lint={"a": 3, "c": 1}),
            Validation(
                ok=False,
                problems=("the linter has a (2 times)", "the linter has c"),
                notes=("no tests were run",),
            ),
        ),
    ],
)
def test_worse_is_what_was_not_so_before(before: State, now: State, expected: Validation, tmp_path: Path) -> None:
    assert Checks(Workspace(tmp_path)).compared(before, now, {}) == expected
    if now.tests is None and before.tests is not None:
        # They were not meant to be run this time.
        assert Checks(Workspace(tmp_path), test=False).compared(before, now, {}).ok


def test_a_state_goes_through_the_journal() -> None:
    one = state(tests="ran", failing={"t": "why"}, lint={"a": 1}, broken={"a.py": "SyntaxError"})
    assert State(**asdict(one)) == one


def test_a_project_with_a_linter_has_it_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ruff")
    root = tmp_path / "root"
    root.mkdir()
    (root / "pyproject.toml").write_text('[tool.ruff]\nlint.select = ["F"]\n')
    (root / "a.py").write_text("import os\n")
    checks = Checks(Workspace(root))
    before = checks.state()
    assert before.lint == {"`F401` in `a.py`: `os` imported but unused": 1}
    (root / "a.py").write_text("import os\nimport sys\n")
    found = checks.compared(before, checks.state(), {})
    assert found.problems == ("the linter has `F401` in `a.py`: `sys` imported but unused",)


def test_a_run_without_tests_does_not_run_any(agent: Agent, projects: Projects) -> None:
    agent.answers(FIX)
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings(test=False))
    assert result.validation is not None and result.validation.notes == ("no tests were run",)
