"""Plans that a model makes, and what it says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rev_accel.agent import Model, Settings, make_plan, prompts, review_plan
from rev_accel.agent.plan import MOST_TASKS
from rev_accel.errors import ModelMalformedError, ModelRefusedError
from rev_accel.llm import ScriptedClient

from .conftest import Agent
from .projects import Projects
from .scenarios import ASK, FIX, Scenario, answer, says

GOOD = {"tasks": [{"id": "a", "title": "A", "instructions": "Do a."}]}


def asking(*script: Any, dialect: str = "ollama") -> tuple[Model, ScriptedClient]:
    client = ScriptedClient([json.dumps(one) if isinstance(one, dict) else one for one in script])
    return Model(client, Settings(model="m", dialect=dialect)), client  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(GOOD),
        f"Here it is:\n```json\n{json.dumps(GOOD)}\n```\nI hope it helps.",
        f'<think>{{"tasks": []}} is too few</think>{json.dumps(GOOD)}',
        '{"tasks": [{"id": 7, "title": "A", "instructions": "Do a.", "needs": [], "risk": "low", "more": 1}]}',
        '{"tasks": [{"instructions": "Do a.", "title": "A"}]}',
    ],
)
def test_a_plan_is_found_in_what_a_model_says(text: str) -> None:
    model, client = asking(text)
    plan = make_plan("goal", model)
    assert [(task.id, task.title, task.instructions) for task in plan.tasks] == [("1", "A", "Do a.")]
    assert len(client.requests) == 1


def test_needs_go_with_the_names_that_the_model_gave() -> None:
    tasks = [
        {"id": "write code", "title": "A", "instructions": "a"},
        {"id": "../../etc", "title": "B", "instructions": "b", "needs": ["write code", "write code"]},
        {"id": "c", "title": "", "instructions": "do c\nand more", "needs": ["../../etc"], "risk": "high"},
    ]
    model, _ = asking({"tasks": tasks})
    found = make_plan("goal", model).tasks
    assert [(task.id, task.needs, task.title) for task in found] == [
        ("1", (), "A"),
        ("2", ("1",), "B"),
        ("3", ("2",), "do c"),
    ]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("I would begin with the tests.", "Invalid JSON"),
        ('{"tasks": []}', "`tasks`: List should have at least 1 item"),
        ('{"tasks": [{"title": "A"}]}', "`tasks.0.instructions`: Field required"),
        ('{"tasks": [{"title": "A", "instructions": ""}]}', "`tasks.0.instructions`: String should have at least 1"),
        ({"tasks": [{"id": "a", "instructions": "x", "needs": ["b"]}]}, "task `a` needs `b`, which is the id of no"),
        ({"tasks": [{"id": "a", "instructions": "x", "needs": ["a"]}]}, "tasks need each other: 1"),
        ({"tasks": [{"id": "a", "instructions": "x"}] * 2}, "tasks have the same id: a, a"),
        ({"tasks": [{"id": str(at), "instructions": "x"} for at in range(MOST_TASKS + 1)]}, "at most 50 items"),
        ({"tasks": [{"id": "a", "instructions": "  \n"}]}, "`tasks.0.instructions`"),
        ("", "Invalid JSON"),
        ("{" * 5000, "Invalid JSON"),
    ],
    ids=repr,
)
def test_a_plan_that_cannot_be_used_is_asked_for_once_more_with_the_reason(bad: Any, told: str) -> None:
    model, client = asking(bad, GOOD)
    assert len(make_plan("goal", model).tasks) == 1
    *_, said, reason = client.requests[1].messages
    assert said["role"] == "assistant"
    assert reason["content"].startswith("That cannot be used: ") and told in reason["content"]
    model, client = asking(bad, bad)
    with pytest.raises(ModelMalformedError, match="no answer in the form that was asked for"):
        make_plan("goal", model)
    assert len(client.requests) == 2


def test_what_a_small_model_writes_for_nothing_is_taken_for_it() -> None:
    given = {"id": "a", "instructions": "x", "needs": None, "checks": None}
    model, client = asking({"tasks": [{**given, "risk": None}, {**given, "id": "b", "risk": "extreme"}]})
    first, second = make_plan("goal", model).tasks
    assert (first.needs, first.checks, first.risk, second.risk) == ((), (), "low", "high")
    assert len(client.requests) == 1


@pytest.mark.parametrize("dialect", ["ollama", "openai"])
def test_the_form_is_asked_for_in_the_dialect(dialect: str) -> None:
    model, client = asking(GOOD, dialect=dialect)
    make_plan("goal", model)
    form = client.requests[0].response_format
    assert isinstance(form, dict)
    assert ("json_schema" in form) == (dialect == "openai")
    assert client.requests[0].options.get("num_ctx") == (None if dialect == "openai" else 32_768)


@pytest.mark.parametrize("status", [400, 404, 501])
def test_a_server_that_knows_no_forms_is_asked_without(status: int) -> None:
    model, client = asking(ModelRefusedError("no forms", status=status), GOOD)
    assert len(make_plan("goal", model).tasks) == 1
    assert [one.response_format is None for one in client.requests] == [False, True]


def test_what_a_review_finds_is_told_to_who_planned() -> None:
    model, client = asking(GOOD, {"approved": False, "problems": ["It does not test.", "It is short."]}, GOOD)
    plan = make_plan("goal", model, "context")
    problems = review_plan(plan, model, "context")
    assert problems == ("It does not test.", "It is short.")
    make_plan("goal", model, "context", earlier=plan, problems=problems)
    first, _, second = client.requests
    assert list(second.messages)[:2] == list(first.messages)
    assert "- It does not test.\n- It is short." in second.messages[-1]["content"]
    assert json.loads(second.messages[2]["content"])["tasks"][0]["instructions"] == "Do a."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"approved": true}', ()),
        ('{"approved": true, "problems": ["could be shorter"]}', ()),
        ('{"approved": false}', ("it was not approved, without a reason",)),
    ],
)
def test_a_review_is_what_it_says(text: str, expected: tuple[str, ...]) -> None:
    model, _ = asking(GOOD, text)
    assert review_plan(make_plan("goal", model), model) == expected


def test_a_goal_without_a_usable_plan_is_one_task(agent: Agent, projects: Projects, dialect: str) -> None:
    scenario = Scenario(**{**FIX.__dict__, "plans": ("no", "still no")})
    agent.answers(scenario)
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings(dialect))
    assert result.state == "done" and result.plan is not None
    assert [(task.id, task.instructions) for task in result.plan.tasks] == [("1", FIX.goal)]
    (warning,) = agent.kinds("warning")
    assert "the goal is done as one task" in warning["text"]


def test_a_plan_in_which_problems_are_found_is_made_anew(agent: Agent, projects: Projects) -> None:
    reviews = ('{"approved": false, "problems": ["It changes too much."]}',)
    scenario = Scenario(**{**FIX.__dict__, "plans": (ASK.plan(), FIX.plan()), "reviews": reviews})
    agent.answers(scenario)
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings())
    assert result.state == "done" and result.plan is not None
    assert [task.title for task in result.plan.tasks] == ["mend add"]
    assert [event["problems"] for event in agent.kinds("review")] == [["It changes too much."]]
    assert [event["task"] for event in agent.kinds("reply")][:3] == ["plan", "review", "plan"]


def test_a_review_that_cannot_be_read_does_not_throw_the_plan_away(agent: Agent, projects: Projects) -> None:
    scenario = Scenario(**{**FIX.__dict__, "reviews": ("fine", "looks fine to me")})
    agent.answers(scenario)
    result = agent.start(FIX.goal, projects.of(FIX), agent.settings())
    assert result.state == "done" and result.plan is not None
    assert [task.title for task in result.plan.tasks] == ["mend add"]
    assert agent.kinds("warning")


def test_the_model_knows_of_the_project_when_it_plans(agent: Agent, projects: Projects) -> None:
    agent.answers(ASK)
    agent.start(ASK.goal, projects.of(ASK), agent.settings())
    planned, reviewed, *rest = (body for _, _, body in agent.server.asked)
    for body in (planned, reviewed):
        assert "shapes" in body["messages"][1]["content"] and "First" in body["messages"][1]["content"]
    assert all(body["messages"][0]["content"] == prompts.WORK for body in rest)


def test_a_goal_is_needed(agent: Agent, projects: Projects) -> None:
    for goal in ("", "  \n "):
        with pytest.raises(ValueError, match="goal"):
            agent.start(goal, projects.of(ASK), agent.settings(plan=False))
    assert not Path(agent.home).exists() or not list(agent.home.iterdir())


def test_a_goal_may_be_of_many_lines(agent: Agent, projects: Projects) -> None:
    agent.says(lambda body: says("Done.") if body["messages"][0]["content"] == prompts.WORK else answer(ASK, body))
    goal = "\n\n  Count.\n" + "more\n" * 10_000
    result = agent.start(goal, projects.of(ASK), agent.settings(plan=False))
    assert result.state == "done" and result.plan is not None
    assert result.plan.tasks[0].title == "Count."
