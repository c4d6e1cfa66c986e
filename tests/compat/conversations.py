"""Conversations as rev's executor makes them, at random."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

TOOLS = ("read_file", "write_file", "run_tests", "search_code", "git_commit", "run_cmd", "list_dir")


@dataclass
class Conversation:
    """Messages of a run that goes on, and what is true of it."""

    chance: random.Random
    messages: list[dict[str, Any]] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)
    tasks: int = 0

    def __post_init__(self) -> None:
        if self.chance.random() < 0.9:
            self.messages.append({"role": "system", "content": "You are an agent."})

    @property
    def first(self) -> str:
        """The text of the first task."""
        return self.text(0)

    def text(self, number: int) -> str:
        return f"Task: {self.name(number)}\nAction type: edit\n\nExecute this task completely. When done, respond with TASK_COMPLETE."

    def name(self, number: int) -> str:
        return f"do thing number {number}: é"

    def task(self, steps: int | None = None) -> bool:
        """One task with some rounds of calls; whether it was completed."""
        number, self.tasks = self.tasks, self.tasks + 1
        self.messages.append({"role": "user", "content": self.text(number)})
        for _ in range(self.chance.randint(0, 6) if steps is None else steps):
            self.calls()
        done = self.chance.random() < 0.7
        text = self.chance.choice(("TASK_COMPLETE", "All is done. Task complete.")) if done else "I cannot do this."
        self.messages.append({"role": "assistant", "content": text})
        (self.completed if done else self.failed).append(self.name(number))
        return done

    def calls(self) -> None:
        """A message with calls, and their results."""
        calls, results = [], []
        for _ in range(self.chance.randint(1, 4)):
            tool = self.chance.choice(TOOLS)
            arguments: dict[str, Any] = {"cmd": "make"}
            if tool in ("read_file", "write_file"):
                file = f"src/file{self.chance.randrange(30)}.py"
                self.files.add(file)
                arguments = {"path": file}
            elif tool == "git_commit":
                arguments = {"message": f"commit {self.chance.randrange(99)}"}
            given: Any = json.dumps(arguments) if self.chance.random() < 0.2 else arguments
            calls.append({"function": {"name": tool, "arguments": given}})
            results.append(
                self.chance.choice(
                    (
                        '{"error": "KeyError: \'x\'"}',
                        "content\n" * 5,
                        '{"rc": 0, "stdout": ""}',
                        '{"rc": 2, "stdout": "E"}',
                    )
                )
            )
        content = self.chance.choice(("", None, "Let me look."))
        self.messages.append({"role": "assistant", "content": content, "tool_calls": calls})
        for text in results:
            self.messages.append({"role": "tool", "content": text})
