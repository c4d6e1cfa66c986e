"""Splits a goal into tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import pydantic

from .model import Model
from .prompts import PLAN
from .records import Plan, Risk, Task

__all__ = ["MOST_TASKS", "make_plan", "whole"]

MOST_TASKS = 50
RISKS: dict[str, Risk] = {"low": "low", "medium": "medium", "none": "low"}


class _TaskAnswer(pydantic.BaseModel):
    """A task as a model writes it: numbers for names of tasks, and what can be left out, left out."""

    model_config = pydantic.ConfigDict(coerce_numbers_to_str=True, str_strip_whitespace=True)

    id: str = ""
    title: str = ""
    instructions: str = pydantic.Field(min_length=1)
    needs: list[str] | None = None
    risk: str | None = pydantic.Field("low", json_schema_extra={"enum": ["low", "medium", "high"]})
    checks: list[str] | None = None


class _PlanAnswer(pydantic.BaseModel):
    tasks: list[_TaskAnswer] = pydantic.Field(min_length=1, max_length=MOST_TASKS)


def make_plan(
    goal: str, model: Model, context: str = "", *, earlier: Plan | None = None, problems: Sequence[str] = ()
) -> Plan:
    """Asks the model for a plan.

    Args:
        context: What there is to know of the project.
        earlier: A plan in which `problems` were found.

    Raises:
        ModelError: There is no plan, also after the model was told once what was wrong with its answer.
    """
    asked = [{"role": "system", "content": PLAN}, {"role": "user", "content": f"{goal}\n\n{context}".rstrip()}]
    if earlier is not None:
        listed = "\n".join(f"- {one}" for one in problems)
        asked += [
            {"role": "assistant", "content": _PlanAnswer.model_validate(asdict(earlier)).model_dump_json()},
            {
                "role": "user",
                "content": f"These problems were found in it:\n{listed}\nAnswer with the plan without them.",
            },
        ]
    return model.structured(asked, _PlanAnswer, lambda answer: _plan(goal, answer), task="plan")


def whole(goal: str) -> Plan:
    """The plan of one task, which is the goal."""
    return Plan(goal=goal, tasks=(Task(id="1", title=goal.strip().splitlines()[0][:80], instructions=goal),))


def _plan(goal: str, answer: _PlanAnswer) -> Plan:
    # What names a model gives to tasks is not known; ours are those of files.
    ids = [one.id or str(number) for number, one in enumerate(answer.tasks, 1)]
    if len(set(ids)) < len(ids):
        raise ValueError(f"tasks have the same id: {', '.join(ids)}")
    names = {given: str(number) for number, given in enumerate(ids, 1)}
    tasks = []
    for name, one in zip(names.values(), answer.tasks, strict=True):
        if unknown := [need for need in one.needs or () if need not in names]:
            raise ValueError(f"task `{one.id}` needs `{unknown[0]}`, which is the id of no task")
        tasks.append(
            Task(
                id=name,
                title=one.title or one.instructions.splitlines()[0][:80],
                instructions=one.instructions,
                needs=tuple(names[need] for need in dict.fromkeys(one.needs or ())),
                risk=RISKS.get(str(one.risk).lower(), "high"),
                checks=tuple(one.checks or ()),
            )
        )
    return Plan(goal=goal, tasks=tuple(tasks))
