"""Runs that are killed at any point, and gone on with. The long form: `python -m tests.agent.campaign`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.llm.server import listening_server

from rev_accel.agent import Journal, Run
from rev_accel.errors import InputError
from rev_accel.history import INTERRUPTED, MessageLog
from rev_accel.llm import ScriptedClient
from rev_accel.tools import Registry

from .conftest import Agent
from .kills import Kills, lines
from .projects import Projects
from .scenarios import DEAD, FIX, LOG, RENAME, Scenario, Work, calls, says

ROUNDS = 20


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    with listening_server() as listening:
        made = Kills(tmp_path_factory.mktemp("kills").resolve(), listening)
        yield made
        made.close()


def test_a_run_that_is_killed_leads_to_the_same_files_and_does_nothing_twice(kills: Kills) -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    for round_ in range(ROUNDS):
        kills.round(seed + round_)
    print(dict(kills.counts))
    assert kills.counts["kills"] >= ROUNDS // 2


def test_what_was_not_redacted_when_the_run_ended_is_so_when_it_is_looked_at_again(
    agent: Agent, projects: Projects, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "sk-proj-" + "a1B2c3D4e5F6g7H8i9J0" * 2
    root = projects.of(FIX)
    (root / "calc.py").write_text(f"KEY = '{secret}'\n\n\ndef add(a, b):\n    return a - b\n")
    agent.answers(FIX)
    with monkeypatch.context() as killed:
        killed.setattr(MessageLog, "rewrite", lambda path, change: None)
        agent.start(FIX.goal, root, agent.settings(test=False))
    assert any(secret in path.read_text() for path in agent.home.rglob("*.jsonl"))
    with pytest.raises(InputError, match="has ended: done"):
        agent.resume()
    assert not any(secret in path.read_text() for path in agent.home.rglob("*.jsonl"))


def test_what_was_not_begun_is_said_to_be_so(tmp_path: Path, agent: Agent) -> None:
    journal = Journal.create(tmp_path / "root", home=agent.home)
    with pytest.raises(InputError, match="was never begun: there is nothing to go on with"):
        Run.resume(journal, ScriptedClient([]))
    with pytest.raises(InputError, match="there is no run `last` in .*: there are none"):
        Journal.open("last", home=agent.home)


@pytest.mark.parametrize("tool", ["run_command", "run_tests"])
def test_a_call_that_was_interrupted_is_told_to_the_model_and_not_made_again(
    agent: Agent, projects: Projects, tool: str
) -> None:
    """As the process was killed while it ran."""
    root = projects.of(DEAD)
    step = calls((tool, {"command": f"echo once >> {LOG}", "shell": True} if tool == "run_command" else {}))
    scenario = Scenario(**{**DEAD.__dict__, "works": (Work(title="-", steps=(step, says("Done."))),)})
    agent.server.default = lambda body: step if len(agent.server.asked) == 1 else says("Done.")

    def execute(own: Registry, name: str, arguments: object) -> str:
        found = usual(own, name, arguments)
        if name == tool:
            raise KeyboardInterrupt  # nothing is noted of it any more
        return found

    usual = Registry.execute
    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(Registry, "execute", execute)
        assert agent.start(scenario.goal, root, agent.settings(plan=False, test=False)).state == "stopped"
    assert agent.resume().state == "done"
    assert lines(root) == (tool == "run_command")
    (result,) = [one["content"] for one in agent.conversation() if one["role"] == "tool"]
    assert result == INTERRUPTED


def test_a_patch_that_was_half_applied_is_there_once(kills: Kills) -> None:
    _, points, _ = kills.undisturbed(RENAME)
    for kill_at in range(points // 3, points // 3 + 12, 6):
        kills.trial(RENAME, "openai", kill_at, None, [20, 40])
