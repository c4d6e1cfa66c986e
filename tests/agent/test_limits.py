"""What may be spent, and what a run that has reached a limit comes to."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from tests.llm.server import Plan

from rev_accel.agent import Limits, Model, Prices, Settings, prompts
from rev_accel.errors import InputError
from rev_accel.history import check
from rev_accel.llm import Reply, Request, ScriptedClient

from .conftest import Agent
from .projects import Projects
from .scenarios import ADD, ASK, FIX, RENAME, UPGRADE, Scenario, Work, answer, calls, says


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (Limits(calls=3), "the limit of 3 calls of the model is reached: a higher one lets it go on"),
        (Limits(tokens=5000), "the limit of 5,000 tokens is reached: a higher one lets it go on"),
        (Limits(cost=0.05), "the limit of 0.05 of cost is reached: a higher one lets it go on"),
    ],
    ids=["calls", "tokens", "cost"],
)
def test_a_run_that_has_spent_all_stops_and_goes_on_with_more(
    agent: Agent, projects: Projects, limits: Limits, text: str
) -> None:
    root = projects.of(FIX)
    agent.answers(FIX)
    prices = Prices(prompt=10.0, completion=100.0)
    result = agent.start(FIX.goal, root, agent.settings(plan=False, limits=limits, prices=prices, test=False))
    assert (result.state, result.text) == ("stopped", text)
    spent, asked = agent.run.model.spent, len(agent.server.asked)
    assert 0 < spent.calls == asked < 5
    # With the same limit it stops at once, and asks nothing.
    again = agent.resume()
    assert (again.state, again.text) == ("stopped", text) and len(agent.server.asked) == asked
    result = agent.resume(agent.settings(plan=False, limits=Limits(), prices=prices, test=False))
    assert (result.state, result.text) == ("done", FIX.answer)
    # What was spent before counts.
    assert agent.run.model.spent.calls == len(agent.server.asked) == 5
    assert agent.run.model.spent.cost > spent.cost > 0


def test_the_time_of_a_run_is_a_limit_of_its_requests(agent: Agent, projects: Projects) -> None:
    agent.says(lambda body: Plan(delay=30.0))
    settings = agent.settings(plan=False, test=False, limits=Limits(seconds=0.3))
    result = agent.start(FIX.goal, projects.of(FIX), settings)
    assert result.state == "stopped"
    assert "0.3" in result.text or "time" in result.text, result.text
    result = agent.resume()
    assert (result.state, result.text) == (
        "stopped",
        "the limit of 0.3 seconds is reached: a higher one lets it go on",
    )


def test_the_time_of_a_run_is_a_limit_of_what_it_runs(agent: Agent, projects: Projects) -> None:
    root = projects.of(FIX)
    command = {"command": f"echo $$ > {root}/number; exec sleep 300", "shell": True}
    agent.says(lambda body: calls(("run_command", command)))
    settings = agent.settings(plan=False, test=False, limits=Limits(seconds=1.0))
    result = agent.start(FIX.goal, root, settings)
    assert (result.state, result.text) == (
        "stopped",
        "the limit of 1 seconds is reached: a higher one lets it go on",
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int((root / "number").read_text()), 0)


def test_a_task_that_does_not_come_to_an_end_fails(agent: Agent, projects: Projects, dialect: str) -> None:
    numbers = iter(range(1000))
    agent.says(lambda body: calls(("search_code", {"pattern": f"x{next(numbers)}"})))
    settings = agent.settings(dialect, plan=False, test=False, limits=Limits(iterations=7))
    result = agent.start(FIX.goal, projects.of(FIX), settings)
    assert (result.state, result.text) == (
        "failed",
        "task `1` was not done: it was not done after 7 replies of the model",
    )
    assert len(agent.server.asked) == 7


def test_a_model_that_repeats_itself_is_told_so_and_then_the_task_has_failed(
    agent: Agent, projects: Projects, dialect: str
) -> None:
    agent.says(lambda body: calls(("read_file", {"path": "calc.py"}), ("list_dir", {})))
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings(dialect, plan=False, test=False))
    assert (result.state, result.text) == (
        "failed",
        "task `1` was not done: the same call, `list_dir`, had the same result 6 times",
    )
    assert len(agent.server.asked) == 6
    conversation = agent.conversation()
    told = [one["content"] for one in conversation if one["role"] == "user"][1:]
    assert told == [prompts.REPEATS.format(count=count) for count in (3, 4, 5)]
    assert not check(conversation, dialect=dialect)  # type: ignore[arg-type]


def test_the_same_call_many_times_in_one_reply_is_one(agent: Agent, projects: Projects) -> None:
    looks = [("read_file", {"path": "calc.py"})] * 20
    steps = (calls(*looks), says("Now I know."))
    agent.says(lambda body: steps[len(agent.server.asked) - 1])
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings(plan=False, test=False))
    assert (result.state, result.text) == ("done", "Now I know.")


def test_a_look_after_each_of_many_changes_is_no_repetition(agent: Agent, projects: Projects) -> None:
    turns = [
        step
        for turn in range(8)
        for step in (
            calls(("write_file", {"path": f"new{turn}.txt", "content": ""})),
            calls(("read_file", {"path": "calc.py"})),
        )
    ]
    agent.says(lambda body: [*turns, says("Done.")][len(agent.server.asked) - 1])
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings(plan=False, test=False))
    assert (result.state, result.text) == ("done", "Done.")


def test_a_model_that_stops_repeating_itself_when_told_goes_on(agent: Agent, projects: Projects) -> None:
    def reply(body: Any) -> Plan:
        last = body["messages"][-1]
        return says("Now I know.") if last["content"] == prompts.REPEATS.format(count=4) else calls(("list_dir", {}))

    agent.says(reply)
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings(plan=False, test=False))
    assert (result.state, result.text) == ("done", "Now I know.")


def test_tests_that_are_run_again_after_a_change_are_no_repetition(agent: Agent, projects: Projects) -> None:
    """The same result of the same command, but something was changed in between."""
    turns = range(8)
    steps = [
        step
        for turn in turns
        for step in (
            calls(("write_file", {"path": f"new{turn}.txt", "content": "x\n"})),
            calls(("run_command", {"command": "true"})),
        )
    ]
    scenario = Scenario(
        name="turns",
        goal="Turn.",
        files={},
        works=(Work(title="-", steps=(*steps, says("Done."))),),
        after={},
        answer="-",
    )
    agent.answers(scenario)
    result = agent.start("Turn.", projects.of(ASK), agent.settings(plan=False, test=False))
    assert result.state == "done"


@pytest.mark.parametrize("kill_after", [2, 4])
def test_repetitions_before_a_stop_count(agent: Agent, projects: Projects, kill_after: int) -> None:
    agent.says(lambda body: calls(("list_dir", {})))
    settings = agent.settings(plan=False, test=False, limits=Limits(calls=kill_after))
    assert agent.start(FIX.goal, projects.of(FIX), settings).state == "stopped"
    result = agent.resume(agent.settings(plan=False, test=False))
    assert "had the same result 6 times" in result.text and len(agent.server.asked) == 6


@pytest.mark.parametrize("workers", [1, 4])
def test_a_task_that_fails_has_those_skipped_that_need_it_and_the_rest_done(
    agent: Agent, projects: Projects, workers: int
) -> None:
    code, readme, commit = RENAME.works
    broken = Work(title=code.title, steps=(says("FAILED: I may not touch it."),))
    scenario = Scenario(**{**RENAME.__dict__, "works": (broken, readme, commit)})
    root = projects.of(RENAME)
    agent.answers(scenario)
    result = agent.start(RENAME.goal, root, agent.settings(workers=workers))
    assert (result.state, result.text) == ("failed", "task `1` was not done: I may not touch it.")
    assert [one.state for one in result.outcomes] == ["failed", "done", "skipped"]
    assert result.outcomes[2].text == "it needs task `1`, which was not done"
    assert "grand_total" in (root / "README.md").read_text() and result.changed == ("README.md",)
    # It has ended for good.
    with pytest.raises(InputError, match="has ended: failed: there is nothing to go on with"):
        agent.resume()


def test_a_limit_that_one_task_reaches_stops_them_all_and_loses_nothing(agent: Agent, projects: Projects) -> None:
    root = projects.of(ADD)
    agent.answers(ADD)
    result = agent.start(ADD.goal, root, agent.settings(limits=Limits(calls=5)))
    assert result.state == "stopped" and len(agent.server.asked) == 5
    assert agent.resume(agent.settings()).state == "done"
    assert (root / "CHANGES.md").read_text() == ADD.after["CHANGES.md"]
    assert len(agent.server.asked) == 2 + 3 + 4 + 5  # none was asked twice


def test_what_is_asked_counts_as_a_call_once_its_reply_is_no_kept_one() -> None:
    """Of three that ask at once, the first has a kept reply, and the second spends the only call."""
    kept = replace(ScriptedClient(["kept"]).chat(Model(ScriptedClient([]), Settings(model="m")).request([])), kept=True)
    entered, go = threading.Semaphore(0), threading.Event()

    def first(_: Request) -> Reply:
        entered.release()
        assert go.wait(30)
        return kept

    client = ScriptedClient([first, "asked"])
    model = Model(client, Settings(model="m", limits=Limits(calls=1)))
    request = model.request([{"role": "user", "content": "hello"}])
    with ThreadPoolExecutor(3) as pool:
        replies = [pool.submit(model.ask, request)]
        assert entered.acquire(timeout=30)
        replies += [pool.submit(model.ask, request) for _ in range(2)]
        go.set()
        ended = [one.exception(30) or one.result().content for one in replies]
    assert sorted(map(str, ended)) == ["asked", "kept", "the limit of 1 calls of the model is reached"]
    assert (model.spent.calls, model.spent.kept, len(client.requests)) == (1, 1, 2)


def test_a_prompt_that_the_server_has_cut_is_told_once(agent: Agent, projects: Projects) -> None:
    agent.says(lambda body: Plan(**{**answer(UPGRADE, body).__dict__, "usage": (10, 2)}))
    result = agent.start(UPGRADE.goal, projects.of(UPGRADE), agent.settings("openai"))
    assert result.state == "done"
    (warning,) = [event["text"] for event in agent.kinds("warning")]
    assert "the server counted 10 tokens in a prompt of about" in warning and "left out part of it" in warning


@pytest.mark.parametrize("dialect", ["ollama", "openai"])
def test_tokens_that_the_server_does_not_count_are_a_limit_all_the_same(
    agent: Agent, projects: Projects, dialect: str
) -> None:
    agent.says(lambda body: replace(answer(FIX, body), usage=None))
    settings = agent.settings(dialect, plan=False, test=False, limits=Limits(tokens=3_000))
    result = agent.start(FIX.goal, projects.of(FIX), settings)
    assert result.state == "stopped" and "the limit of 3,000 tokens is reached" in result.text
    assert 1 < len(agent.server.asked) < 5 and agent.run.model.spent.completion > 5
    (warning,) = [event["text"] for event in agent.kinds("warning")]
    assert "does not count tokens" in warning


def test_the_window_is_named_in_each_request_to_ollama(agent: Agent, projects: Projects) -> None:
    agent.answers(FIX)
    agent.start(FIX.goal, projects.of(FIX), agent.settings(window=20_000, test=False))
    assert len(agent.server.asked) == 7
    for _, _, body in agent.server.asked:
        assert body["options"] == {"temperature": 0, "num_ctx": 20_000}


@pytest.mark.parametrize(
    "given",
    [
        {"limits": {"calls": 0}},
        {"limits": {"seconds": -1}},
        {"limits": {"tokens": "many"}},
        {"limits": {"calls": True}},
        {"limits": {"calls": float("nan")}},
        {"limits": {"cost": 1.0}},
        {"limits": {"iterations": None}},
        {"model": ""},
        {"window": 10},
        {"workers": 0},
        {"workers": 2.5},
        {"repairs": -1},
        {"dialect": "klingon"},
        {"options": {"num_ctx": 100}},
        {"options": "x"},
    ],
    ids=str,
)
def test_settings_that_cannot_be_meant_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="expected"):
        Settings(**{"model": "m", **given, "limits": Limits(**given.get("limits", {}))})


def test_settings_go_through_the_journal_unchanged(agent: Agent, projects: Projects) -> None:
    agent.answers(ASK)
    settings = agent.settings(
        "openai",
        options={"temperature": 0.5, "stop": ["x"]},
        limits=Limits(calls=100, cost=3.5, seconds=None),
        prices=Prices(prompt=1, completion=2, cached=0.1),
        workers=5,
        review=False,
    )
    agent.start(ASK.goal, projects.of(ASK), settings)
    (began,) = agent.kinds("run")
    assert Settings.from_dict(began["settings"]) == settings
