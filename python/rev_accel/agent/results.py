"""What became of a run, as its account tells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rev_accel.errors import RevAccelError

from .records import ENDED, Outcome, Plan, RunResult, State, Validation

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

    from .journal import Journal

__all__ = ["changed_files", "of", "outcomes_of"]


def of(plan: Plan, outcomes: Sequence[Outcome], validation: Validation | None, changed: Iterable[str]) -> RunResult:
    """The result of a run that has come to its end."""
    wrong = [one for one in outcomes if one.state != "done"]
    state: State = "done" if not wrong and (validation is None or validation.ok) else "failed"
    if wrong:
        text = f"task `{wrong[0].task}` was not done: {wrong[0].text}"
    elif validation is not None and not validation.ok:
        text = f"all tasks were done, but something is worse than before: {validation.problems[0]}"
    else:
        text = outcomes[-1].text
    return RunResult(
        state=state,
        text=text,
        plan=plan,
        outcomes=tuple(outcomes),
        validation=validation,
        changed=tuple(sorted(changed)),
    )


def outcomes_of(plan: Plan | None, journal: Journal) -> tuple[Outcome, ...]:
    """What became of tasks of a plan, as far as it is known, in its order."""
    if plan is None:
        return ()
    found = {
        event["task"]: Outcome(task=event["task"], state=event["state"], text=event["text"])
        for event in journal.events("outcome")
        if event["state"] in ENDED
    }
    return tuple(found[task.id] for task in plan.tasks if task.id in found)


def changed_files(journal: Journal, workspace: Workspace) -> dict[str, bytes | None]:
    """The files that tools have changed, with what they were before the run."""
    found: dict[str, bytes | None] = {}
    for event in journal.events("call"):
        for path, state in (event["noted"].get("files") or {}).items():
            if path not in found:
                known = state is not None and len(state) == 64
                found[path] = journal.kept(state) if known else None
    now = {}
    for path, was in found.items():
        try:
            is_same = workspace.read(path) == was
        except (OSError, RevAccelError):
            is_same = was is None
        if not is_same:
            now[path] = was
    return now
