"""Whole runs on small projects: the right files at the end, or an honest failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Agent
from .projects import Projects, contents
from .scenarios import LOG, SCENARIOS, Scenario


def expected_files(scenario: Scenario) -> dict[str, str]:
    files = {**scenario.files, **scenario.after}
    return {name: text for name, text in files.items() if text is not None}


def files_of(root: Path) -> dict[str, str]:
    found = contents(root)
    return {path: text for path, (_, text) in found.items() if not path.startswith("git ") and path != ".gitignore"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_goal_is_reached(agent: Agent, projects: Projects, name: str, dialect: str) -> None:
    scenario = SCENARIOS[name]
    root = projects.of(scenario)
    agent.answers(scenario)
    result = agent.start(scenario.goal, root, agent.settings(dialect))
    assert (result.state, result.text) == ("done", scenario.answer), (result, agent.events[-5:])
    assert files_of(root) == expected_files(scenario)
    assert contents(root)["git log"][1].splitlines() == [*scenario.commits, "First"]
    log = root / LOG
    assert (len(log.read_text().splitlines()) if log.exists() else 0) == scenario.commands
    assert result.validation is not None and result.validation.ok
    assert set(result.changed) >= set(scenario.after)
