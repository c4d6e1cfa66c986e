"""What the tests of the agent share: a server that answers as scenarios say, projects, and a way to run one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.llm.conftest import make_client
from tests.llm.server import Listening, Plan, Server, listening_server

from rev_accel.agent import Journal, Policy, Run, RunResult, Settings
from rev_accel.history import MessageLog
from rev_accel.llm import Retries

from .projects import Projects
from .scenarios import Scenario, answer

AUTO = Policy(write="auto", command="auto")


@pytest.fixture(params=["ollama", "openai"])
def dialect(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def agent_listening() -> Iterator[Listening]:
    with listening_server() as running:
        yield running


@pytest.fixture
def server(agent_listening: Listening, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server on loopback, as if it were new."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return agent_listening.renew()


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    return Projects(tmp_path_factory.mktemp("projects"))


@pytest.fixture(autouse=True)
def no_git_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of whoever runs the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


class Agent:
    """Runs on the server of the tests."""

    def __init__(self, server: Server, home: Path) -> None:
        self.server, self.home = server, home
        self.events: list[dict[str, Any]] = []
        self.run: Run

    def settings(self, dialect: str = "ollama", **given: Any) -> Settings:
        return Settings(**{"model": "m", "endpoint": self.server.endpoint(dialect), "dialect": dialect, **given})

    def answers(self, scenario: Scenario) -> None:
        self.server.default = lambda body: answer(scenario, body)

    def says(self, make: Callable[[dict[str, Any]], Plan]) -> None:
        self.server.default = make

    def start(self, goal: str, root: Path, settings: Settings, **how: Any) -> RunResult:
        with make_client(self.server, settings.dialect, retries=Retries(number=3, first=0.001)) as client:
            self.run = Run.start(
                goal,
                client,
                settings,
                root=root,
                home=self.home,
                **{"policy": AUTO, "ask": lambda _: True, "on_event": self.events.append, **how},
            )
            return self.run.go()

    def resume(self, settings: Settings | None = None, **how: Any) -> RunResult:
        journal = Journal.open("last", home=self.home, on_event=self.events.append)
        dialect = journal.last("run")["settings"]["dialect"]  # type: ignore[index]
        with make_client(self.server, dialect, retries=Retries(number=3, first=0.001)) as client:
            self.run = Run.resume(journal, client, settings, **{"policy": AUTO, "ask": lambda _: True, **how})
            return self.run.go()

    def kinds(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["kind"] == kind]

    def conversation_so_far(self, task: str = "1") -> list[Any]:
        """While it has it open."""
        lines = (self.run.journal.folder / "tasks" / f"{task}.jsonl").read_text().splitlines()
        return [json.loads(line)["message"] for line in lines[1:]]

    def conversation(self, task: str = "1") -> list[Any]:
        with MessageLog.open(self.run.journal.folder / "tasks" / f"{task}.jsonl", repair=False) as log:
            return list(log)


@pytest.fixture
def agent(server: Server, tmp_path: Path) -> Agent:
    return Agent(server, tmp_path / "home")
