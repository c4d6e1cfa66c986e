#!/usr/bin/env python3
"""What the agent adds to its model: the schedule of tasks, and a whole run with one part after the other taken out.

    python benches/agent.py schedule
    python benches/agent.py run
    python benches/agent.py run --seconds-of RUN

The run plans, reviews, plans anew, does two tasks with five hundred calls of tools on a tree of 37 files, and is done
twice, as after a crash. The model's replies are made up, and come after the seconds that replies of a run took that was
recorded (its folder is given), or of a server that reads and writes at a given speed and keeps the beginning of the
last prompt. Parts are taken out by putting others in their place here, each of which does the same without it: what
takes their place is described beside each. Caches on disk are those of analyses and of replies together.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

from peers import machine

from rev_accel import ResponseCache, repo
from rev_accel.agent import Limits, Outcome, Plan, Policy, Run, Settings, Task, execute, prompts, schedule
from rev_accel.history import History
from rev_accel.history.view import View
from rev_accel.llm import Answer, Reply, Request, ScriptedClient
from rev_accel.llm.estimate import message_texts
from rev_accel.llm.parts import Messages
from rev_accel.metrics import Metrics, figures, table
from rev_accel.metrics.memory import current_bytes
from rev_accel.tools import Registry, Tool
from rev_accel.tools.template import compiled

LONG, SHORT, SHORTS = 1.0, 0.05, 4
RUNS, WORKERS = 1000, 8
FILES, LINES = 37, 430
REPLIES, CALLS = 50, 5
GOAL = "Find what is slow, and make it quicker."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("schedule", "run"), nargs="?")
    parser.add_argument("--seconds-of", type=Path, metavar="RUN", help="the folder of a run whose replies set the pace")
    parser.add_argument("--read", type=float, default=20_000, help="characters of a prompt that are read in a second")
    parser.add_argument("--write", type=float, default=2_000, help="characters of a reply that are written in a second")
    parser.add_argument("--table", action="store_true", help="print all that was measured of the whole run, too")
    options = parser.parse_args()
    facts = machine()
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}")
    if options.what in (None, "schedule"):
        measure_schedule()
    if options.what in (None, "run"):
        measure_runs(options)


def measure_schedule() -> None:
    tasks = [Task(id=str(at), title="-", instructions="-") for at in range(SHORTS + 1)]
    plan = Plan(goal="-", tasks=tuple(tasks))

    def wait(task: Task, _: Mapping[str, Outcome]) -> Outcome:
        time.sleep(LONG if task.id == "0" else SHORT)
        return Outcome(task=task.id, state="done", text="-")

    started, ended = time.perf_counter(), {}
    for outcome in schedule(plan, wait, workers=2):
        ended[outcome.task] = time.perf_counter() - started
    short = max(took for task, took in ended.items() if task != "0")
    print(f"one task of {LONG} s and {SHORTS} of {SHORT} s, 2 workers: short ones done after {short:.3f} s, ", end="")
    print(f"all after {max(ended.values()):.3f} s")

    def nothing(task: Task, _: Mapping[str, Outcome]) -> Outcome:
        return Outcome(task=task.id, state="done", text="-")

    chained = [dataclasses.replace(task, needs=(str(at // 2),) if at else ()) for at, task in enumerate(tasks)]
    started = time.perf_counter()
    for _ in range(RUNS):
        assert len(list(schedule(Plan(goal="-", tasks=tuple(chained)), nothing, workers=WORKERS))) == 5
    took = (time.perf_counter() - started) / RUNS
    print(f"{WORKERS} workers, {RUNS:,} runs of {SHORTS + 1} tasks that do nothing: {took * 1e6:,.0f} µs each")


class Server(ScriptedClient):
    """Answers by the state of the conversation, after a while."""

    def __init__(self, pace: Callable[[Request, int, int], float]) -> None:
        super().__init__([])
        self._pace = pace
        self._own = threading.Lock()
        self._before: dict[str, list[str]] = {}
        self.waited = 0.0
        self.shared = self.fresh = 0
        """Characters of prompts that stood at the beginning of the one before in the same conversation, and others."""

    def chat(self, request: Request) -> Reply:
        answer = said(request)
        fresh = self._read(request)
        seconds = self._pace(request, fresh, len(answer.content + json.dumps([*answer.tool_calls])))
        time.sleep(seconds)
        with self._own:
            self.waited += seconds
        return ScriptedClient([answer]).chat(request)

    def _read(self, request: Request) -> int:
        """The characters of a prompt that have to be read."""
        texts = [text for message in request.messages for text in message_texts(message)]
        name = texts[0] + texts[1]
        with self._own:
            before, at = self._before.get(name, []), 0
            while at < min(len(before), len(texts)) and before[at] == texts[at]:
                at += 1
            self._before[name] = texts
            fresh = sum(map(len, texts[at:]))
            self.shared += sum(map(len, texts[:at]))
            self.fresh += fresh
        return fresh


def said(request: Request) -> Answer:
    messages = request.messages
    system = messages[0]["content"]
    if system == prompts.PLAN:
        tasks = [{"id": str(at), "title": f"look at part {at}", "instructions": f"Look at {at}."} for at in (1, 2)]
        return Answer(content=json.dumps({"tasks": tasks}))
    if system == prompts.REVIEW:
        return Answer(content=json.dumps({"approved": False, "problems": ["It does not say how to look."]}))
    # What was cut from the view does not count: the last call tells how far it is.
    last = next((one for one in reversed(messages) if one.get("tool_calls")), None)
    turn = 0 if last is None else 1 + int(called(last)["start"]) // 10
    if turn >= REPLIES:
        return Answer(content="Nothing is slow.")
    given = tuple(
        (
            "read_file",
            {"path": f"part{(turn + at) % FILES}.py", "start": 1 + 10 * turn % LINES, "lines": 10, "again": True},
        )
        for at in range(CALLS - 1)
    )
    look = ("read_file", {"path": "part0.py", "start": 10 * turn + 1, "lines": 1, "again": True})
    first = {4: ("get_repo_context", {}), 9: ("analyze_ast_patterns", {})}.get(turn % 10, given[0])
    return Answer(tool_calls=(first, *given[1:], look))


def called(message: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the last call."""
    arguments = message["tool_calls"][-1]["function"]["arguments"]
    found: dict[str, Any] = json.loads(arguments) if isinstance(arguments, str) else dict(arguments)
    return found


def paced(options: argparse.Namespace) -> Callable[[Request, int, int], float]:
    """How long a reply takes."""
    if options.seconds_of is not None:
        from rev_accel.agent import Journal

        journal = Journal(options.seconds_of)
        seconds = {"plan": [1.0], "review": [1.0], "": [1.0]}
        for event in journal.events("reply"):
            seconds.setdefault(event["task"] if event["task"] in seconds else "", []).append(event["seconds"])
        journal.close()
        means = {name: statistics.fmean(found[1:] or found) for name, found in seconds.items()}
        kinds = {prompts.PLAN: means["plan"], prompts.REVIEW: means["review"]}
        return lambda request, *_: kinds.get(str(request.messages[0]["content"]), means[""])
    return lambda _, read, written: float(read / options.read + written / options.write)


class SlowRegistry(Registry):
    """One that makes the check of a tool's arguments, and its description's form, anew for each call."""

    def execute(self, name: str, arguments: Any) -> str:
        found = self.get(name)
        return super().execute(name, arguments) if found is None else self._anew(found).execute(name, arguments)

    def _anew(self, found: Tool) -> Registry:
        return Registry([found.function], metrics=self._metrics)


def prepared(found: Tool, described: list[float]) -> Callable[[Mapping[str, Any]], str]:
    """A tool's own description of a call, timed."""
    return timed(found.describe, described)


def anew(found: Tool, described: list[float]) -> Callable[[Mapping[str, Any]], str]:
    """One that is made from the template for each call."""

    def describe(arguments: Mapping[str, Any]) -> str:
        return compiled(found.description, found.name, found.parameters)(arguments)

    return timed(describe, described)


def timed(describe: Callable[[Mapping[str, Any]], str], described: list[float]) -> Callable[[Mapping[str, Any]], str]:
    def outer(arguments: Mapping[str, Any]) -> str:
        started = time.perf_counter()
        text = describe(arguments)
        described.append(time.perf_counter() - started)
        return text

    return outer


class Sliding(History):
    """One that leaves out as many of the oldest messages as have to be, at each request."""

    def view(self, **how: Any) -> View:
        found = super().view(**how)
        messages = list(found.messages)
        keep = 12
        while len(messages) > keep and messages[-keep].get("role") != "assistant":
            keep += 1
        if len(messages) <= keep + 2:
            return found
        return dataclasses.replace(found, messages=Messages([*messages[:2], *messages[-keep:]]))


@contextmanager
def made_of(kind: type[Registry], describing: Callable[..., Any], described: list[float]) -> Iterator[None]:
    """All registries of tasks are of this kind, and their tools are described in this way."""
    usual = execute.Work.registry

    def registry(work: execute.Work, documents: Any) -> Registry:
        made = kind(metrics=work.model.metrics)
        for one in usual(work, documents):
            one.describe = describing(one, described)
            made._add(one)
        return made

    with mock.patch.object(execute.Work, "registry", registry):
        yield


VARIANTS: dict[str, Callable[[], Any]] = {
    "all of it": nullcontext,
    "without the registry": nullcontext,
    "without prepared descriptions": nullcontext,
    "without caches on disk": lambda: mock.patch.dict(os.environ, {"REV_ACCEL_NO_CACHE": "1"}),
    "without the reply cache": nullcontext,
    "without the history's steps": lambda: mock.patch.object(execute, "History", Sliding),
    "without kept repository context": lambda: mock.patch.object(repo, "_keep", return_value=False),
}


def measure_runs(options: argparse.Namespace) -> None:
    print("| run | planning, first / again | all, first / again | model's part | tool overhead | analysis again "
          "| description | cache hits | prefix share | memory after 50 / 500 / 1,000 calls |")  # fmt: skip
    for name, variant in VARIANTS.items():
        # Each in a process of its own, since memory is one of the figures.
        number = os.fork()
        if not number:
            described: list[float] = []
            kind = SlowRegistry if name == "without the registry" else Registry
            describing = anew if name == "without prepared descriptions" else prepared
            with variant(), made_of(kind, describing, described):
                one_run(name, options, described)
            sys.stdout.flush()
            os._exit(0)
        if os.waitpid(number, 0)[1]:
            sys.exit(f"{name}: failed")


def one_run(name: str, options: argparse.Namespace, described: list[float]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["REV_ACCEL_CACHE_DIR"] = str(Path(folder, "cache"))
        root = project(Path(folder, "project"))
        os.chdir(root)
        metrics = Metrics()
        cache = None if "reply cache" in name else ResponseCache(folder=Path(folder, "replies"))
        settings = Settings(
            model="m", dialect="openai", test=False, window=16_384, limits=Limits(iterations=2 * REPLIES)
        )
        planning, whole, waited, shared, fresh = [], [], 0.0, 0, 0
        memory: list[int] = []

        def note(event: dict[str, Any]) -> None:
            if event["kind"] == "action":
                calls.append(event["text"])
                if len(calls) == 50:
                    memory.append(current_bytes() or 0)

        calls: list[str] = []
        for number in range(2):
            # By the second run the edits are at rest, so what is known of files counts.
            time.sleep(2.6)
            server = Server(paced(options))
            run = Run.start(
                GOAL, server, settings, root=root, home=Path(folder, f"runs{number}"),
                policy=Policy(), cache=cache, metrics=metrics, on_event=note,
            )  # fmt: skip
            started, before = time.perf_counter(), figures(metrics).planning or 0.0
            result = run.go()
            assert result.state == "done", result
            whole.append(time.perf_counter() - started)
            planning.append((figures(metrics).planning or 0.0) - before)
            waited, shared, fresh = waited + server.waited, shared + server.shared, fresh + server.fresh
            memory.append(current_bytes() or 0)
        found = figures(metrics)
        rate, again = found.cache_hit_rate, found.analysis_warm or found.analysis_cold or 0.0
        print(
            f"| {name} | {planning[0]:.3f} / {planning[1]:.3f} s | {whole[0]:.2f} / {whole[1]:.2f} s | {waited:.2f} s "
            f"| {(found.tool_overhead or 0) * 1e6:.2f} µs | {again * 1e3:.2f} ms "
            f"| {statistics.median(described) * 1e6:.2f} µs "
            f"| {'-' if rate is None else f'{rate:.0%}'} | {shared / (shared + fresh):.0%} "
            f"| {' / '.join(f'{one / 2**20:.0f}' for one in memory)} MiB |"
        )
        if options.table and name == "all of it":
            print(table(metrics))


def project(root: Path) -> Path:
    root.mkdir()
    for number in range(FILES):
        lines = [f"def function{line}(a, b):\n    return a + b + {line}\n\n" for line in range(LINES // 3)]
        (root / f"part{number}.py").write_text("".join(lines) + "# " + "-" * 70 + "\n")
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "First"],
    ):
        subprocess.run(["git", *words], cwd=root, check=True)
    return root


if __name__ == "__main__":
    main()
