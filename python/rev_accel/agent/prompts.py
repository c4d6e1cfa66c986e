"""What the model is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .records import Outcome, Task

__all__ = ["FAILED", "PLAN", "REPEATED", "REPEATS", "REVIEW", "WORK", "mend", "task_text"]

FAILED = "FAILED:"
"""How the last message of a task begins that could not be done."""

PLAN = """\
You plan work on a software project. Split the goal of the user into as few tasks as possible: one task is best for \
anything that one person would do in one go. Each task is done by itself, by somebody who knows the goal and the \
results of the tasks that it needs, and nothing else of this conversation. Tasks that need nothing of each other are \
done at the same time, so let none of them change the same files. Running all tests is done in any case: it is no task.
Answer with a JSON object and nothing else:
{"tasks": [{"id": "1", "title": "a few words", "instructions": "what to do, in which files, and what to leave alone", \
"needs": ["ids of tasks that have to be done before"], "risk": "low, medium or high", \
"checks": ["how one sees that it is done"]}]}"""

REVIEW = """\
Look at this plan once more as somebody who has not made it: does it reach the whole goal, does each task say all that \
is needed, are the needs right, does it do anything that was not asked for? Answer with a JSON object and nothing \
else: {"approved": true, "problems": []}, or with "approved": false and the problems, one sentence each."""

WORK = f"""\
You work on a software project through tools, and see nothing of it but what they give. Look before you change, change \
only what the task needs, and keep to the style that is there. Call several tools at once where none needs the result \
of another. When a tool refuses something, read why, and do something else. When the task is done, answer in a few \
sentences with what you did, or with what was asked for, and call no tool. If it cannot be done, answer with a line \
that begins with `{FAILED}` and says why."""

REPEATS = "You have made this call {count} times with the same result. Do something else, or end the task."
REPEATED = "the same call, `{name}`, had the same result {count} times"


def task_text(goal: str, task: Task, results: Mapping[str, Outcome]) -> str:
    """The first message of a task."""
    parts = [f"The goal of the user:\n{goal}"]
    if task.instructions != goal:
        parts.append(f"Your task, which is a part of it: {task.title}\n{task.instructions}")
    if task.checks:
        parts.append("It is done when:\n" + _listed(task.checks))
    parts += [f"Result of the task `{need}`, which was done before:\n{results[need].text}" for need in task.needs]
    return "\n\n".join(parts)


def mend(problems: Iterable[str]) -> str:
    """What is asked for when something got worse."""
    return (
        "The work on the goal is done, but these checks are worse than before it. Find out why, and mend it, without "
        "undoing what the goal asks for:\n" + _listed(problems)
    )


def _listed(texts: Iterable[str]) -> str:
    return "\n".join(f"- {text}" for text in texts)
