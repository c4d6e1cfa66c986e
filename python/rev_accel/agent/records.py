"""What the parts of an agent hand to each other: plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from rev_accel.errors import InputError

__all__ = ["ENDED", "Outcome", "Plan", "Risk", "RunResult", "State", "Task", "Validation"]

Risk = Literal["low", "medium", "high"]

State = Literal["waiting", "running", "done", "failed", "skipped", "stopped"]
"""`"skipped"` is a task that needs one that failed; `"stopped"` one that can be gone on with."""

ENDED = frozenset({"done", "failed", "skipped"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """A piece of work that one conversation with a model is for."""

    id: str
    title: str
    instructions: str
    needs: tuple[str, ...] = ()
    """Ids of tasks that have to be done before."""
    risk: Risk = "low"
    checks: tuple[str, ...] = ()
    """How one sees that it is done."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Tasks for a goal.

    Raises:
        InputError: Two tasks have one id, one needs a task that is not there, or tasks need each other.
    """

    goal: str
    tasks: tuple[Task, ...]

    def __post_init__(self) -> None:
        ids = [task.id for task in self.tasks]
        if not ids:
            raise InputError("a plan has no tasks: expected at least one")
        if len(set(ids)) < len(ids):
            raise InputError(f"tasks of a plan have the same id: {', '.join(ids)}")
        reachable: set[str] = set()
        while ready := [one for one in self.tasks if one.id not in reachable and reachable.issuperset(one.needs)]:
            reachable.update(one.id for one in ready)
        if left := [task for task in self.tasks if task.id not in reachable]:
            missing = sorted({need for task in left for need in task.needs} - set(ids))
            raise InputError(
                f"task `{left[0].id}` needs `{missing[0]}`, which is not in the plan"
                if missing
                else f"tasks need each other: {', '.join(task.id for task in left)}"
            )

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """What `dataclasses.asdict` made of one."""
        tasks = [
            Task(**{**one, "needs": tuple(one.get("needs", ())), "checks": tuple(one.get("checks", ()))})
            for one in given["tasks"]
        ]
        return cls(goal=given["goal"], tasks=tuple(tasks))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a task."""

    task: str
    state: State
    text: str
    """What the model said at the end; or why it was given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """What tests, linters and the scan say of the work, compared with before."""

    ok: bool
    """Nothing is worse than before."""
    problems: tuple[str, ...] = ()
    """What is worse: a line each, tests that fail with why."""
    notes: tuple[str, ...] = ()
    """What else there is to say: what was mended, what could not be checked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """What became of a run."""

    state: State
    """`"done"`; `"failed"`, if a task or the validation was; `"stopped"`, if it can be resumed."""
    text: str
    """In a sentence or two."""
    plan: Plan | None = None
    outcomes: tuple[Outcome, ...] = ()
    """In the order of the plan."""
    validation: Validation | None = None
    changed: Sequence[str] = field(default=())
    """Paths of files that tools wrote, as they were named."""

    @classmethod
    def of(cls, plan: Plan, outcomes: Sequence[Outcome], validation: Validation, changed: Iterable[str]) -> Self:
        """That of a run which has come to its end."""
        text = outcomes[-1].text
        if not validation.ok:
            text = f"all tasks were done, but something is worse than before: {validation.problems[0]}"
        if wrong := [one for one in outcomes if one.state != "done"]:
            text = f"task `{wrong[0].task}` was not done: {wrong[0].text}"
        state: State = "failed" if wrong or not validation.ok else "done"
        given, paths = tuple(outcomes), tuple(sorted(changed))
        return cls(state=state, text=text, plan=plan, outcomes=given, validation=validation, changed=paths)
