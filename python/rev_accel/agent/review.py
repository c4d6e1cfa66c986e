"""Has the model look at a plan before it is done. What looks at single actions is `rev_accel.tools.effects.danger`."""

from __future__ import annotations

import pydantic

from .model import Model
from .prompts import REVIEW
from .records import Plan

__all__ = ["review_plan"]


class _ReviewAnswer(pydantic.BaseModel):
    approved: bool
    problems: list[str] = []


def review_plan(plan: Plan, model: Model, context: str = "") -> tuple[str, ...]:
    """What the model finds wrong with a plan; empty when it approves of it.

    Raises:
        ModelError: There is no such answer, also after it was told once what was wrong with it.
    """
    shown = "\n".join(
        f"{task.id}. {task.title} (risk: {task.risk}; needs: {', '.join(task.needs) or 'nothing'})\n{task.instructions}"
        for task in plan.tasks
    )
    asked = [
        {"role": "system", "content": REVIEW},
        {"role": "user", "content": f"The goal:\n{plan.goal}\n\n{context}\n\nThe plan:\n{shown}"},
    ]

    def problems(answer: _ReviewAnswer) -> tuple[str, ...]:
        return () if answer.approved else tuple(answer.problems) or ("it was not approved, without a reason",)

    return model.structured(asked, _ReviewAnswer, problems, task="review")
