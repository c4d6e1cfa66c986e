"""Runs from recorded replies: what one run was answered answers another one, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.llm.conftest import make_client

from rev_accel import ResponseCache
from rev_accel.agent import Run, RunResult
from rev_accel.errors import ReplayMissError
from rev_accel.llm import RecordingClient, ReplayClient, Retries

from .conftest import AUTO, Agent
from .projects import Projects, contents
from .scenarios import FIX, RENAME, SCENARIOS, Scenario
from .test_runs import expected_files, files_of


@pytest.fixture(autouse=True)
def same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of commits are in results, and so in requests."""
    for variable in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"):
        monkeypatch.setenv(variable, "2026-01-01T00:00:00Z")


def replay(agent: Agent, scenario: Scenario, root: Path, settings: Any, path: Path, mode: Any = "key") -> RunResult:
    client = ReplayClient(path, mode)
    run = Run.start(scenario.goal, client, settings, root=root, home=agent.home, policy=AUTO, ask=lambda _: True)
    result = run.go()
    assert not client.unused
    return result


@pytest.mark.parametrize("name", ["rename", "upgrade"])
def test_a_run_is_repeated_from_a_recording_of_its_replies(
    agent: Agent, projects: Projects, name: str, dialect: str, tmp_path: Path
) -> None:
    scenario = SCENARIOS[name]
    agent.answers(scenario)
    root, settings = projects.of(scenario), agent.settings(dialect, test=False, workers=1)
    with make_client(agent.server, dialect, retries=Retries(number=0)) as client:
        recording = RecordingClient(client, tmp_path / "replies.jsonl")
        how: dict[str, Any] = {"policy": AUTO, "ask": lambda _: True, "home": agent.home}
        first = Run.start(scenario.goal, recording, settings, root=root, **how).go()
    asked = len(agent.server.asked)
    again = projects.of(scenario)
    # In the same place, since paths are in results.
    root.rename(root.with_name(f"{root.name}-kept"))
    again.rename(root)
    second = replay(agent, scenario, root, settings, tmp_path / "replies.jsonl")
    assert (second.state, second.text, second.outcomes) == (first.state, first.text, first.outcomes)
    assert len(agent.server.asked) == asked
    assert contents(root) == contents(root.with_name(f"{root.name}-kept"))
    assert files_of(root) == expected_files(scenario)


def test_the_account_of_a_run_can_be_replayed_in_order(agent: Agent, projects: Projects) -> None:
    agent.answers(FIX)
    root, settings = projects.of(FIX), agent.settings(test=False)
    agent.start(FIX.goal, root, settings)
    again = projects.of(FIX)
    root.rename(root.with_name(f"{root.name}-kept"))
    again.rename(root)
    recorded = agent.run.journal.folder / "replies-1.jsonl"
    assert replay(agent, FIX, root, settings, recorded, "strict").state == "done"
    assert files_of(root) == expected_files(FIX)


def test_a_request_that_was_not_recorded_is_an_error_that_says_what_differs(
    agent: Agent, projects: Projects, tmp_path: Path
) -> None:
    agent.answers(FIX)
    agent.start(FIX.goal, projects.of(FIX), agent.settings(test=False))
    recorded = agent.run.journal.folder / "replies-1.jsonl"
    client = ReplayClient(recorded, "strict")
    run = Run.start(
        FIX.goal, client, agent.settings(test=False, window=16_384), root=projects.of(FIX), home=agent.home, policy=AUTO
    )
    with pytest.raises(ReplayMissError, match="differs first in `options.num_ctx`"):
        run.go()


def test_replies_that_are_kept_are_not_asked_for_again(agent: Agent, projects: Projects, tmp_path: Path) -> None:
    agent.answers(RENAME)
    cache = ResponseCache(folder=tmp_path / "cache")
    root, settings = projects.of(RENAME), agent.settings(test=False, workers=1)
    again = projects.of(RENAME)
    first = agent.start(RENAME.goal, root, settings, cache=cache)
    asked = len(agent.server.asked)
    root.rename(root.with_name(f"{root.name}-kept"))
    again.rename(root)
    second = agent.start(RENAME.goal, root, settings, cache=cache)
    assert (first.state, first.text) == (second.state, second.text) == ("done", RENAME.answer)
    assert len(agent.server.asked) == asked
    assert contents(root) == contents(root.with_name(f"{root.name}-kept"))
