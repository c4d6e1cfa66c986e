"""A model that is a script: what it says depends on which task it is asked about, and on how often it has answered."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from llm.server import Plan

VERDICT = json.dumps(
    {"valid": True, "decision": "approved", "approved": True, "confidence": 0.9, "confidence_score": 0.9}
)
"""What a reviewer and a validator say, who ask without tools or about the whole plan."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task of the plan, and the calls that the model makes for it, one reply after the other."""

    description: str
    kind: str
    replies: Sequence[Sequence[tuple[str, Mapping[str, Any]]]]


@dataclass(kw_only=True)
class Model:
    """Answers `/api/chat`: first the calls before the plan, then the plan, then each task's calls and `TASK_COMPLETE`."""

    request: str
    exploring: Sequence[Sequence[tuple[str, Mapping[str, Any]]]]
    tasks: Sequence[Task]
    interrupt: int | None = None
    """A signal for the process that asks for the plan, in the place of an answer in time."""
    process: int | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, body: dict[str, Any]) -> Plan:
        self.asked.append(body)
        messages = body["messages"]
        if not body.get("tools"):
            return Plan(content=VERDICT)
        if self.interrupt is not None and self.process is not None:
            os.kill(self.process, self.interrupt)
            return Plan(content=VERDICT, delay=30)
        for at in range(len(messages) - 1, -1, -1):
            message = messages[at]
            if message["role"] != "user":
                continue
            answered = sum(1 for later in messages[at:] if later["role"] == "assistant")
            content = message["content"]
            for task in self.tasks:
                if content.startswith(f"Task: {task.description}"):
                    return reply(task.replies, answered, "Done. TASK_COMPLETE")
            if self.request in content:
                if any(task.description in content for task in self.tasks):
                    return Plan(content=VERDICT)
                return reply(self.exploring, answered, self.plan())
        return Plan(content=VERDICT)

    def plan(self) -> str:
        steps = [
            {"description": task.description, "action_type": task.kind, "complexity": "low"} for task in self.tasks
        ]
        return json.dumps(steps)


def reply(calls: Sequence[Sequence[tuple[str, Mapping[str, Any]]]], answered: int, last: str) -> Plan:
    if answered < len(calls):
        return Plan(content="", tool_calls=tuple((name, dict(given)) for name, given in calls[answered]))
    return Plan(content=last)


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a tool gave, as it came to the model."""

    tool: str
    arguments: dict[str, Any]
    text: str


def results(asked: Sequence[dict[str, Any]]) -> list[Result]:
    """The results in the order of their calls, each once: those at the end of a request are new."""
    found = []
    for body in asked:
        messages = body["messages"]
        at = len(messages)
        while at and messages[at - 1]["role"] == "tool":
            at -= 1
        if at < len(messages):
            calls = [call["function"] for call in messages[at - 1]["tool_calls"]]
            assert len(calls) == len(messages) - at
            found += [
                Result(tool=call["name"], arguments=call["arguments"], text=message["content"])
                for call, message in zip(calls, messages[at:], strict=True)
            ]
    return found
