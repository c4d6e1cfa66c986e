"""Random conversations, as agents have them and worse, with notes of what must not be lost of them.

Everything that counts has a mark of its own in its text, as `u7.`, by which it is found in a view.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any, Literal

Message = dict[str, Any]
Dialect = Literal["openai", "ollama"]

TOOLS = ("read_file", "write_file", "run_tests", "search")


@dataclass
class Conversation:
    """Messages, and the marks of what is pinned after so many of them."""

    dialect: Dialect
    messages: list[Message] = field(default_factory=list)
    users: list[tuple[int, str]] = field(default_factory=list)
    systems: list[tuple[int, str]] = field(default_factory=list)
    errors: list[tuple[int, list[str]]] = field(default_factory=list)
    """From when on, and the marks of the calls and the results of a group with an error."""
    groups: list[tuple[int, int, list[str]]] = field(default_factory=list)
    """From when on calls are open or not yet seen by the model, until when, and their marks."""

    def pins(self, length: int) -> list[str]:
        """The marks that must be in a view when the log has so many messages."""
        found = [mark for at, mark in self.systems if at < length]
        users = [mark for at, mark in self.users if at < length]
        if users:
            found += [users[0], users[-1]]
        if errors := [marks for at, marks in self.errors if at < length]:
            found += errors[-1]
        for start, end, marks in self.groups:
            if start < length <= end:
                found += marks[:1] if length <= start + 1 else marks
        return found


class Writer:
    """Writes a conversation."""

    def __init__(self, source: random.Random, dialect: Dialect) -> None:
        self.source = source
        self.made = Conversation(dialect)
        self.longest = source.choice((5, 10, 20, 60))
        self.has_ids = dialect == "openai" or source.random() < 0.3
        self.count = 0

    def write(self, steps: int) -> Conversation:
        source = self.source
        if source.random() < 0.8:
            self.system()
        if source.random() < 0.1:
            self.say()
        if source.random() < 0.98:
            self.user()
        for _ in range(steps):
            kind = source.random()
            if kind < 0.25:
                self.user()
            elif kind < 0.45:
                self.say()
            elif kind < 0.92:
                self.call()
            elif kind < 0.94:
                self.system()
            else:
                self.oddity()
        return self.made

    def mark(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}."

    def text(self, mark: str = "") -> str:
        words = ("a", "file.py", "we decided to use x", "съешь", "😀", "\n", "- [ ] task", "- [x] done", "\ud83d", "so")
        return f"{mark} " + " ".join(self.source.choices(words, k=self.source.randrange(self.longest)))

    def add(self, message: Message) -> int:
        self.made.messages.append(message)
        return len(self.made.messages) - 1

    def system(self) -> None:
        mark = self.mark("s")
        at = self.add({"role": "system", "content": self.text(mark)[:400]})
        self.made.systems.append((at, mark))

    def user(self) -> None:
        mark = self.mark("u")
        content: Any = self.text(mark)
        if self.made.dialect == "openai" and self.source.random() < 0.2:
            content = [{"type": "text", "text": content}]
        self.made.users.append((self.add({"role": "user", "content": content}), mark))

    def say(self) -> None:
        content = None if self.source.random() < 0.1 else self.text(self.mark("a"))
        message: Message = {"role": "assistant", "content": content}
        if self.source.random() < 0.1:
            message["tool_calls"] = self.source.choice(([], None))
        self.add(message)

    def call(self) -> None:
        source = self.source
        count = source.choice((1, 1, 2, 3, 4))
        names = [source.choice(TOOLS) for _ in range(count)]
        marks = [self.mark("c") for _ in range(count)]
        calls, results, is_error = [], [], False
        all_marks = []
        for number, (name, mark) in enumerate(zip(names, marks, strict=True)):
            arguments: Any = {"path": f"{mark}py", "text": self.text()[: source.choice((10, 200))]}
            if self.made.dialect == "openai":
                arguments = json.dumps(arguments)
            function = {"name": name, "arguments": arguments}
            # Some servers begin to count anew in each reply.
            identity = f"call_{number}" if source.random() < 0.3 else f"call_{mark}"
            call: Message = {"function": function}
            if self.has_ids:
                call |= {"id": identity, "type": "function"}
            result_mark = self.mark("r")
            all_marks += [mark, result_mark]
            content: Any = self.text(result_mark)
            kind = source.random()
            if kind < 0.15:
                content, is_error = f"Error: {content}", True
            elif kind < 0.2:
                content = None
                all_marks.remove(result_mark)
            elif kind < 0.25:
                content = {"found": [1, None, float("nan"), result_mark]}
            result: Message = {"role": "tool", "content": content}
            if self.has_ids:
                result["tool_call_id"] = identity
            elif source.random() < 0.5 and len(set(names)) == len(names):
                result["tool_name"] = name
            calls.append(call)
            results.append(result)
        has_names = all("tool_call_id" in result or "tool_name" in result for result in results)
        if has_names and len({call.get("id") for call in calls}) == count and source.random() < 0.2:
            source.shuffle(results)
        missing = source.random() < 0.15
        if missing and has_names:
            kept = source.sample(results, source.randrange(count))
            all_marks = [mark for mark in all_marks if mark.startswith("c") or mark in repr(kept)]
            results = kept
        else:
            missing = False
        at = self.add({"role": "assistant", "content": source.choice((None, "", self.text())), "tool_calls": calls})
        for result in results:
            self.add(result)
        end = len(self.made.messages)
        if not missing and has_names and self.has_ids and source.random() < 0.1:
            self.add({**results[0], "content": "twice"})
        self.made.groups.append((at, end, [mark for mark in all_marks if mark.startswith("c")]))
        if is_error or missing:
            # What is missing is known when the conversation goes on; until then the calls are open.
            since = len(self.made.messages) if missing else end - 1
            self.made.errors.append((since, all_marks))
        if missing:
            # The conversation goes on with something that is no result.
            self.user() if source.random() < 0.5 else self.say()

    def oddity(self) -> None:
        """Messages that no server takes where they stand."""
        kind = self.source.randrange(3)
        if kind == 0 and (not self.made.messages or self.made.messages[-1]["role"] != "assistant"):
            self.add({"role": "tool", "tool_call_id": "call_nowhere", "content": "of nothing"})
        elif kind == 1:
            self.add({"role": "function", "name": "f", "content": "old"})
        elif kind == 2:
            self.add({"role": "user", "content": self.source.choice((None, 7, ["text"], []))})
            self.made.users.append((len(self.made.messages) - 1, ""))


def conversation(source: random.Random) -> Conversation:
    dialect: Dialect = source.choice(("openai", "ollama"))
    return Writer(source, dialect).write(source.choice((3, 8, 12, 25)))
