"""Servers, models and networks that do everything wrong."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from tests.llm.server import Plan

from rev_accel.agent import Run, prompts
from rev_accel.history import check
from rev_accel.llm import Request

from .conftest import Agent
from .projects import Projects, contents
from .scenarios import ADD, ASK, FIX, SCENARIOS, Scenario, Work, answer, calls, says
from .test_runs import expected_files, files_of

FAULTS = {
    "too many requests": Plan(status=429, headers={"retry-after": "0"}),
    "an error of the server": Plan(status=500),
    "too busy": Plan(status=503),
    "a connection that is dropped": Plan(stop_after=0),
    "half a reply": Plan(stop_after=2),
}
# Not asked for again, since the same request has the same reply.
NO_REPLIES = {
    "no JSON": Plan(raw=b"<html>Welcome</html>"),
    "an empty body": Plan(raw=b""),
}


class Faulty:
    """Answers each state of the conversation once with a fault before it does well."""

    def __init__(self, scenario: Scenario, faults: Sequence[Plan]) -> None:
        self._scenario, self._faults = scenario, faults
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, body: dict[str, Any]) -> Plan:
        key = json.dumps(body["messages"])
        with self._lock:
            self._asked[key] += 1
            number = len(self._asked)
            if self._asked[key] == 1:
                return self._faults[number % len(self._faults)]
        return answer(self._scenario, body)


@pytest.mark.parametrize("name", ["rename", "add"])
def test_failures_that_pass_change_nothing(agent: Agent, projects: Projects, name: str, dialect: str) -> None:
    scenario = SCENARIOS[name]
    root = projects.of(scenario)
    agent.says(Faulty(scenario, list(FAULTS.values())))
    result = agent.start(scenario.goal, root, agent.settings(dialect, test=False))
    assert (result.state, result.text) == ("done", scenario.answer)
    assert files_of(root) == expected_files(scenario)


@pytest.mark.parametrize(
    ("fault", "after"), [(fault, (0, 1, 3)[at % 3]) for at, fault in enumerate(FAULTS | NO_REPLIES)]
)
def test_failures_that_do_not_pass_leave_a_run_that_can_be_resumed(
    agent: Agent, projects: Projects, fault: str, after: int
) -> None:
    root = projects.of(FIX)
    agent.says(
        lambda body: answer(FIX, body) if len(agent.server.asked) <= after else (FAULTS | NO_REPLIES)[fault],
    )
    result = agent.start(FIX.goal, root, agent.settings(test=False))
    assert result.state == "stopped" and result.text.endswith("; then resume the run"), result.text
    assert agent.server.endpoint("ollama") in result.text
    agent.answers(FIX)
    result = agent.resume()
    assert (result.state, result.text) == ("done", FIX.answer)
    assert files_of(root) == expected_files(FIX)


def scenario_of(*steps: Plan, goal: str = "Do it.") -> Scenario:
    return Scenario(name="x", goal=goal, files={}, works=(Work(title="-", steps=steps),), after={}, answer="")


ODD_CALLS: dict[str, tuple[str, Any, str]] = {
    "a tool without a name": ("", {"path": "x"}, "``"),
    "a tool that is not there": ("delete_everything", {}, "delete_everything"),
    "a name that is nearly right": ("readfile", {"path": "calc.py"}, "read_file"),
    "an argument too few": ("write_file", {"path": "x"}, "`content`"),
    "an argument too many": ("read_file", {"path": "calc.py", "mode": "r"}, "`mode`"),
    "an argument of another type": ("read_file", {"path": ["calc.py"]}, "`path`"),
    "a path outside": ("write_file", {"path": "../x", "content": ""}, "../x"),
    "a file that is not there": ("read_file", {"path": "no.py"}, "no.py"),
    "a patch that is none": ("apply_patch", {"patch": "change it"}, "patch"),
    "a command that is empty": ("run_command", {"command": ""}, "empty"),
}
BROKEN_TEXTS = ["", "{", "not JSON", "[1]", '"x"', "null", '{"path": "calc.py"', '{"path": "calc.py"}}', "{" * 3000]


def test_calls_that_cannot_be_made_are_told_to_the_model_which_goes_on(
    agent: Agent, projects: Projects, dialect: str
) -> None:
    root = projects.of(FIX)
    before = contents(root)
    # As text, servers of OpenAI's dialect send them.
    broken = [("read_file", text) for text in BROKEN_TEXTS if dialect == "openai"]
    odd = [(tool, arguments) for tool, arguments, _ in ODD_CALLS.values()]
    agent.answers(scenario_of(calls(*odd, *broken, ("list_dir", {})), says("I see.")))
    result = agent.start("Do it.", root, agent.settings(dialect, plan=False, test=False))
    assert (result.state, result.text) == ("done", "I see.")
    conversation = agent.conversation()
    *bad, good = [one["content"] for one in conversation if one["role"] == "tool"]
    for text, (name, (_, _, told)) in zip(bad, ODD_CALLS.items(), strict=False):
        assert told in text, name
    assert len(bad) == len(odd) + len(broken) and "calc.py" in good
    assert all("Error" in text for text in bad), bad
    assert contents(root) == before
    assert not check(conversation, dialect=dialect)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "plan",
    [
        says("", refusal="I will not do that."),
        says("FAILED: I will not do that."),
        says("<think>Shall I?</think>FAILED: I will not do that."),
    ],
    ids=["refusal", "answer", "after thoughts"],
)
def test_a_model_that_refuses_has_the_task_fail_with_its_words(agent: Agent, projects: Projects, plan: Plan) -> None:
    agent.answers(scenario_of(plan))
    result = agent.start("Do it.", projects.of(FIX), agent.settings("openai", plan=False, test=False))
    assert result.state == "failed" and "I will not do that." in result.text


@pytest.mark.parametrize(
    "plan", [says(""), says("  \n"), says("I would now", finish="length"), says("I", finish="content_filter")], ids=str
)
def test_answers_that_are_none_are_asked_for_again_and_then_the_task_has_failed(
    agent: Agent, projects: Projects, plan: Plan
) -> None:
    dialect = "ollama"
    agent.answers(scenario_of(plan, plan, plan, says("never")))
    result = agent.start("Do it.", projects.of(FIX), agent.settings(dialect, plan=False, test=False))
    assert (result.state, result.text) == ("failed", "task `1` was not done: the model's answers were cut or empty")
    assert not check(agent.conversation(), dialect=dialect)  # type: ignore[arg-type]


def test_an_answer_that_was_cut_is_gone_on_with(agent: Agent, projects: Projects) -> None:
    agent.answers(scenario_of(says("I have", finish="length"), calls(("list_dir", {})), says("Done.")))
    result = agent.start("Do it.", projects.of(FIX), agent.settings(plan=False, test=False))
    assert (result.state, result.text) == ("done", "Done.")


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_conversation_that_the_server_does_not_take_fails_its_task_only(
    agent: Agent, projects: Projects, status: int
) -> None:
    def reply(body: Any) -> Plan:
        if "part of it: write the function" in body["messages"][1]["content"]:
            return Plan(status=status, raw=b'{"error": "the template cannot be filled"}')
        return answer(ADD, body)

    agent.says(reply)
    root = projects.of(ADD)
    result = agent.start(ADD.goal, root, agent.settings(test=False))
    assert [one.state for one in result.outcomes] == ["failed", "done", "skipped"]
    assert "the template cannot be filled" in result.text
    assert (root / "CHANGES.md").read_text() == ADD.after["CHANGES.md"]


def test_a_reply_with_hundreds_of_calls_is_answered_in_their_order(agent: Agent, projects: Projects) -> None:
    many = [("search_code", {"pattern": f"x{number}"}) for number in range(200)]
    agent.answers(scenario_of(calls(*many), says("Done.")))
    result = agent.start("Do it.", projects.of(FIX), agent.settings("openai", plan=False, test=False))
    assert result.state == "done"
    ids = [one["tool_call_id"] for one in agent.conversation() if one["role"] == "tool"]
    assert ids == [f"call-{number}" for number in range(200)]


def test_a_conversation_longer_than_the_window_is_shortened(agent: Agent, projects: Projects, dialect: str) -> None:
    root = projects.of(ASK)
    (root / "long.txt").write_text("".join(f"line {number}\n" for number in range(3000)))
    steps = [calls(("read_file", {"path": "long.txt", "start": 1 + 300 * at, "lines": 300})) for at in range(10)]
    longest = 0

    def reply(body: Any) -> Plan:
        nonlocal longest
        size = len(json.dumps(body["messages"])) // 4
        longest = max(longest, size)
        assert body["messages"][0]["content"] == prompts.WORK and "Read it all." in body["messages"][1]["content"]
        done = sum(
            one["content"].startswith("[long.txt") for one in agent.conversation_so_far() if one["role"] == "tool"
        )
        return Plan(**{**(steps[done] if done < 10 else says("Read.")).__dict__, "usage": (size, 10)})

    agent.says(reply)
    result = agent.start("Read it all.", root, agent.settings(dialect, plan=False, test=False, window=8192))
    assert (result.state, result.text) == ("done", "Read.")
    assert longest < 8192


def test_a_stop_is_heeded_at_the_next_step_and_the_run_goes_on(agent: Agent, projects: Projects) -> None:
    root = projects.of(FIX)
    stops = iter([2, 4])
    stop_at = next(stops)

    def reply(body: Any) -> Plan:
        if len(agent.server.asked) == stop_at:
            agent.run.stop()
        return answer(FIX, body)

    agent.says(reply)
    result = agent.start(FIX.goal, root, agent.settings(plan=False, test=False))
    assert (result.state, result.text) == ("stopped", "it was stopped, and can be resumed")
    stop_at = next(stops)
    assert agent.resume().state == "stopped"
    result = agent.resume()
    assert (result.state, result.text) == ("done", FIX.answer)
    # A reply that was on its way is asked for once more.
    assert files_of(root) == expected_files(FIX) and len(agent.server.asked) == 5 + 2


def test_a_stop_ends_a_command_and_what_it_left_is_told(agent: Agent, projects: Projects) -> None:
    root = projects.of(FIX)
    scenario = scenario_of(
        calls(("run_command", {"command": "echo begun; touch begun; sleep 300", "shell": True})), says("Done.")
    )
    agent.answers(scenario)

    def stop() -> None:
        while not (root / "begun").exists():
            pass
        agent.run.stop()

    threading.Thread(target=stop).start()
    assert agent.start("Do it.", root, agent.settings(plan=False, test=False)).state == "stopped"
    assert agent.resume().state == "done"
    (result,) = [one["content"] for one in agent.conversation() if one["role"] == "tool"]
    assert "stopped by the user" in result


@pytest.mark.parametrize("waiting", ["a reply", "another try"])
def test_a_stop_ends_a_wait_for_the_model(agent: Agent, projects: Projects, dialect: str, waiting: str) -> None:
    may_answer = threading.Event()

    def reply(body: Any) -> Plan:
        threading.Timer(0.2, lambda: agent.run.stop()).start()
        if waiting == "a reply":
            may_answer.wait(30)
        return Plan(status=429, headers={"Retry-After": "30"})

    agent.says(reply)
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings(dialect, plan=False, test=False))
    assert (result.state, result.text) == ("stopped", "it was stopped, and can be resumed")
    assert len(agent.server.asked) == 1 and not may_answer.is_set()
    may_answer.set()
    agent.answers(FIX)
    assert agent.resume().state == "done"


def test_two_runs_of_the_same_account_cannot_go_on_at_once(agent: Agent, projects: Projects) -> None:
    from rev_accel.errors import InputError

    refused = []

    def reply(body: Any) -> Plan:
        try:
            agent.resume()
        except InputError as error:
            refused.append(str(error))
        return answer(ASK, body)

    agent.says(reply)
    assert agent.start(ASK.goal, projects.of(ASK), agent.settings(plan=False, test=False)).state == "done"
    assert refused and "cannot be opened" in refused[0]


def test_a_client_is_whatever_has_its_methods(agent: Agent, projects: Projects) -> None:
    asked: list[Request] = []

    class Echo:
        def chat(self, request: Request) -> Any:
            from rev_accel.llm import ScriptedClient

            asked.append(request)
            return ScriptedClient(["Done."]).chat(request)

    run = Run.start("Do it.", Echo(), agent.settings(plan=False, test=False), root=projects.of(FIX), home=agent.home)  # type: ignore[arg-type]
    assert run.go().text == "Done." and len(asked) == 1
