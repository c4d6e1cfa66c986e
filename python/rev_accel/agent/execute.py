"""Does one task: asks the model, makes the calls that it wants, and so on, until it is done."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from rev_accel.errors import ModelRefusedError
from rev_accel.history import History, MessageLog, ToolOutputs
from rev_accel.llm.estimate import without_thoughts
from rev_accel.tools import Failure, Registry, Tool, builtin_tools, execute_calls
from rev_accel.tools.calls import as_dict
from rev_accel.tools.documents import Documents
from rev_accel.workspace import Workspace

from . import recovery
from .journal import Journal
from .model import Model
from .policy import Approval, Ask, Policy
from .prompts import FAILED, WORK, task_text
from .records import Outcome, Task
from .repeats import Repeats
from .scheduling import Stop

__all__ = ["StoppedError", "Work", "execute_task"]

# How often the model is asked to go on when its answer was none.
NUDGES = 2
NUDGE = "Your answer was cut or empty. Go on: call a tool, or answer with what you did."


class StoppedError(Exception):
    """The task was given up since somebody said so; it can be gone on with."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What the tasks of a run are done with."""

    goal: str
    model: Model
    workspace: Workspace
    policy: Policy
    journal: Journal
    ask: Ask | None = None
    """Asks somebody; without it, what would have to be asked for is refused."""
    stop: Stop = field(default_factory=Stop)
    asking: Lock = field(default_factory=Lock)
    writing: Lock = field(default_factory=Lock)
    """Held from the note that a call which writes is begun to that of its result, whichever task it is of."""

    def registry(self, documents: Documents) -> Registry:
        """The tools of a task; of files they know what this task's model has seen."""
        return builtin_tools(self.workspace, documents=documents, stopped=self.is_over, metrics=self.model.metrics)

    def is_over(self) -> bool:
        """Whether what is being done is to be ended, as it is said or since the time is over."""
        return self.stop.is_set() or self.model.is_late()

    def refusal(self, task: str, tool: Tool, arguments: Mapping[str, Any]) -> str | None:
        """Why a call is not made, by the policy or by who was asked; `None` if it may be."""
        decision, reason = self.policy.decide(tool, arguments, self.workspace.root)
        if decision == "auto":
            return None
        if decision == "never":
            return reason or "the user lets nothing be written or run; say what you would do instead"
        if self.ask is None:
            return f"the user would have to be asked, and cannot be{f': {reason}' if reason else ''}"
        text = tool.describe(arguments)
        with self.asking:
            if self.stop.is_set():
                raise StoppedError
            asked = Approval(task=task, tool=tool.name, text=text, arguments=arguments, reason=reason)
            return None if self.ask(asked) else "the user said no; do something else, or end the task"


def execute_task(task: Task, results: Mapping[str, Outcome], work: Work) -> Outcome:
    """Does a task, or goes on with it where an earlier process was ended.

    Args:
        results: What became of the tasks that it needs.

    Raises:
        ModelError, LimitError: The model cannot be asked, for now; the task can be gone on with.
        OSError: The journal cannot be written.
    """
    log, notes = work.journal.conversation(task.id)
    with closing(log), closing(notes):
        try:
            return _Execution(task, work, log, notes).run(results)
        except StoppedError:
            return Outcome(task=task.id, state="stopped", text="it was stopped, and can be gone on with")


class _Execution:
    def __init__(self, task: Task, work: Work, log: MessageLog, notes: MessageLog) -> None:
        self._task, self._work, self._log = task, work, log
        self._documents = Documents(work.workspace)
        self._registry = work.registry(self._documents)
        self._tools = self._registry.schemas()
        settings = work.model.settings
        self._history = History(
            log,
            budget=work.model.prompt_tokens,
            tools=self._tools,
            notes=notes,
            outputs=ToolOutputs(work.journal.outputs),
            dialect=settings.dialect,
            metrics=work.model.metrics,
        )
        self._known: dict[str, tuple[str, int]] = {}
        self._earlier: dict[tuple[int, int], Mapping[str, Any]] = {}
        for event in work.journal.events(task=task.id):
            if event["kind"] == "result":
                self._earlier[event["reply"], event["number"]] = event
            for path, version in event.get("known", {}).items():
                self._known[path] = tuple(version)
        self._documents.restore(self._known)
        self._repeats = Repeats(self._registry, log, most=settings.limits.repeats)

    def run(self, results: Mapping[str, Outcome]) -> Outcome:
        limits = self._work.model.settings.limits
        first = task_text(self._work.goal, self._task, results)
        # An earlier process may have been ended between the two.
        for message in ({"role": "system", "content": WORK}, {"role": "user", "content": first})[len(self._log) :]:
            self._history.append(message)
        asked = sum(message["role"] == "assistant" for message in self._log)
        while True:
            if self._log[-1]["role"] in ("assistant", "tool") and (failed := self._finish_calls()):
                return self._ended("failed", failed)
            if self._log[-1]["role"] == "assistant" and (outcome := self._judge(self._log[-1])):
                return outcome
            if self._work.stop.is_set():
                raise StoppedError
            if asked >= limits.iterations:
                return self._ended("failed", f"it was not done after {asked} replies of the model")
            asked += 1
            self._ask()

    def _ask(self) -> None:
        view = self._history.view()
        model = self._work.model
        try:
            reply = model.ask(model.request(view.messages, tools=self._tools), task=self._task.id)
        except ModelRefusedError as error:
            if error.status not in (400, 413, 422):
                raise
            # It is this conversation that the server does not take.
            self._history.append({"role": "assistant", "content": f"{FAILED} {error}"})
            return
        self._history.observe(view, reply.usage.prompt, model=model.settings.model)
        message: dict[str, Any] = {**reply.message}
        if reply.refusal and not reply.content:
            message["content"] = f"{FAILED} the model refused: {reply.refusal}"
        self._history.append(message)

    def _judge(self, message: Mapping[str, Any]) -> Outcome | None:
        """What an answer without calls comes to; `None` if the model is to go on."""
        text = without_thoughts(str(message.get("content") or "")).strip()
        if text.startswith(FAILED):
            return self._ended("failed", text.removeprefix(FAILED).strip() or "the model gave up, without a reason")
        last = self._work.journal.last("reply", task=self._task.id)
        if text and (last is None or last["verdict"] not in ("length", "content_filter", "unfinished")):
            return self._ended("done", text)
        nudged = sum(1 for one in self._log if one["role"] == "user" and one["content"] == NUDGE)
        if nudged >= NUDGES:
            return self._ended("failed", "the model's answers were cut or empty")
        self._history.append({"role": "user", "content": NUDGE})
        return None

    def _ended(self, state: Any, text: str) -> Outcome:
        return Outcome(task=self._task.id, state=state, text=text)

    def _finish_calls(self) -> str | None:
        """Makes the calls of the last reply that have no result; why the task has failed, if it has."""
        at = len(self._log) - 1
        while self._log[at]["role"] == "tool":
            at -= 1
        calls = self._log[at].get("tool_calls") or () if self._log[at]["role"] == "assistant" else ()
        had = len(self._log) - 1 - at
        if had >= len(calls):
            return None
        found = execute_calls(calls, self._registry, execute=partial(self._call, at))
        known = self._new_known()
        if known:
            self._work.journal.add("known", task=self._task.id, known=known)
        for result in found[had:]:
            self._history.append(result.message())
        if self._work.stop.is_set():
            raise StoppedError
        texts = [str(message["content"]) for message in self._log[at + 1 + had :]]
        told, failed = self._repeats.see(calls[had:], texts)
        if told is not None:
            self._history.append({"role": "user", "content": told})
        return failed

    def _call(self, reply: int, number: int, name: str, arguments: Any) -> str:
        """Makes one call; or gives the result that it had in an earlier process."""
        work, task = self._work, self._task.id
        tool, given = self._registry.get(name), as_dict(arguments)
        if tool is None or given is None:
            return self._registry.execute(name, arguments)
        if done := self._earlier.get((reply, number)):
            return Failure(done["text"]) if done["failed"] else str(done["text"])
        where = {"task": task, "reply": reply, "number": number}
        refusal = work.refusal(task, tool, given)
        if tool.reads and refusal is None:
            work.journal.add("action", task=task, text=tool.describe(given))
            return self._registry.execute(name, arguments)
        with work.writing:
            if work.stop.is_set():
                raise StoppedError
            if refusal is None:
                noted = recovery.before(name, given, work.workspace, work.journal)
                work.journal.add("call", **where, name=name, arguments=given, noted=noted)
                work.journal.add("action", task=task, text=tool.describe(given))
                text = self._registry.execute(name, arguments)
            else:
                text = Failure(f"Error: not allowed: {refusal}")
            work.journal.add("result", **where, text=text, failed=isinstance(text, Failure), known=self._new_known())
        return text

    def _new_known(self) -> dict[str, tuple[str, int]]:
        found = dict(sorted(self._documents.versions().items() - self._known.items()))
        self._known.update(found)
        return found
