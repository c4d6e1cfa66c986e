#!/usr/bin/env python3
"""rev with the drop-in and without, in one process and in turn.

The real `rev-agentic` is imported, with its caches set up as its own `main()` does, in an empty folder. Each round
measures rev as it is, installs the drop-in, measures the same calls, and takes the drop-in out again; what is compared
are medians. Functions are called where rev calls them. rev fixes its root at import, so it is set in its modules for
each tree.

- `analyze_ast_patterns`: a tree (`--tree`, else the standard library) and rev's own package; for the first time, with
  empty caches, and again, with what either has kept. The answers are compared.
- `_hash_messages`: 120 messages of 850 characters with 42 tools, in the same list and in a new one for each call; and
  how many of 200 pairs of temporary lists have one key.
- `execute_tool` with handlers that do nothing, and the description alone.
- `get_repo_context` in repositories with as many files as `--files` says: nothing has changed since the last call,
  beside rev without its cache and rev from its cache, which does not look at the files; and right after a change.
- `_safe_path`, and `_manage_message_history` of 61 messages.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from measure import progress
from peers import REV, install, machine, packages_of, tree_facts, tree_to_scan

from repo import REST, make_repository

MODULES = ("rev.config", "rev.tools.utils", "rev.tools.file_ops", "rev.tools.git_ops", "rev.tools.analysis")
"""Those that have a root of their own."""
MESSAGES, CHARACTERS, TOOLS = 120, 850, 42
TRIALS = 200
SHORT = 0.02
"""Seconds of calls in a round, for what is over at once."""

Call = Callable[[], object]


@dataclass(kw_only=True, slots=True)
class Row:
    """Seconds a call, of each round."""

    what: str
    rev: list[float]
    ours: list[float]

    def medians(self) -> tuple[float, float]:
        return statistics.median(self.rev), statistics.median(self.ours)


def main() -> None:
    options = parse_options()
    sys.path.insert(0, packages_of(install(["requests"], alone=[REV])))
    with tempfile.TemporaryDirectory(prefix="rev-accel-rev-") as name:
        place = Path(name).resolve()
        os.environ |= {"REV_ACCEL_CACHE_DIR": str(place / "cache"), "HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
        os.chdir(place)
        bench = Bench(place, options)
        rows = list(bench.rows())
    if options.json:
        print_json(rows, bench)
    else:
        print_table(rows, bench)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--tree", type=Path, help="folder to analyse (default: a copy of the standard library without site-packages)")
    add("--rounds", type=int, default=9, help="rounds of each measurement (default: 9)")
    add("--rev-rounds", type=int, default=1, help="rounds of rev on the tree, some 40 s each (default: 1)")
    add("--files", type=int, nargs="+", default=[60, 1_790], help="sizes of the repositories")
    add("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    if min(options.rounds, options.rev_rounds) < 1:
        parser.error("the numbers of rounds must be positive")
    return options


class Bench:
    def __init__(self, place: Path, options: argparse.Namespace) -> None:
        from rev_accel import _core
        from rev_accel.compat import rev as drop_in

        self.place, self.options = place, options
        self.core, self.drop_in = _core, drop_in
        self.registry: Any = import_module("rev.tools.registry")
        self.executor: Any = import_module("rev.execution.executor")
        self.caches: Any = import_module("rev.cache")
        self.report = drop_in.install()
        drop_in.uninstall()
        self.facts: dict[str, Any] = {}
        self.fresh = (place / "caches" / str(number) for number in range(10**9))

    def rows(self) -> Iterator[Row]:
        with tree_to_scan(self.options.tree, sys.executable) as tree:
            self.facts["tree"] = tree_facts(tree)
            yield from self.analysis(tree, "the tree", self.options.rev_rounds)
        package = Path(self.registry.__file__).parents[1]
        self.facts["rev's own"] = tree_facts(package)
        yield from self.analysis(package, "rev's own", self.options.rounds)
        yield from self.keys()
        yield from self.tools()
        for size in self.options.files:
            yield from self.context(size)
        yield self.paths()
        yield self.history()

    def go_to(self, root: Path) -> None:
        """Has rev work in this folder, with empty caches."""
        for name in MODULES:
            import_module(name).ROOT = root  # type: ignore[attr-defined]
        self.caches.initialize_caches(root, self.place / "empty")

    def measured(self, what: str, call: Call, rounds: int, *, before: Call = lambda: None, repeat: bool = True) -> Row:
        """A call in turn without the drop-in and with it; `before` is done before each and not timed."""
        row = Row(what=what, rev=[], ours=[])
        for _ in range(rounds):
            for with_drop_in, found in ((False, row.rev), (True, row.ours)):
                self.drop_in.install() if with_drop_in else self.drop_in.uninstall()
                before()
                found.append(once(call, repeat=repeat))
        self.drop_in.uninstall()
        progress("")
        return row

    def analysis(self, tree: Path, what: str, rounds: int) -> Iterator[Row]:
        self.go_to(tree)
        analyze = self.registry.execute_tool
        answers: list[Any] = []

        def call() -> None:
            with redirect_stdout(Nowhere()):
                answers.append(analyze("analyze_ast_patterns", {}))

        def forget() -> None:
            progress(f"analysing {what}")
            self.caches.clear_all_caches()
            os.environ["REV_ACCEL_CACHE_DIR"] = str(next(self.fresh))
            self.core.forget()

        first = Row(what=f"`analyze_ast_patterns`, {what}, for the first time", rev=[], ours=[])
        again = Row(what=f"`analyze_ast_patterns`, {what}, asked again", rev=[], ours=[])
        for _ in range(rounds):
            for with_drop_in, name in ((False, "rev"), (True, "ours")):
                self.drop_in.install() if with_drop_in else self.drop_in.uninstall()
                forget()
                getattr(first, name).append(once(call, repeat=False))
                repeats = 1 if not with_drop_in else self.options.rounds
                getattr(again, name).extend(once(call, repeat=False) for _ in range(repeats))
        self.drop_in.uninstall()
        progress("")
        different = {canonical(answer) for answer in answers}
        self.facts[f"answers about {what}"] = "equal" if len(different) == 1 else "DIFFERENT"
        yield first
        yield again

    def keys(self) -> Iterator[Row]:
        messages = [{"role": "user", "content": f"{n} ".ljust(CHARACTERS, "x")} for n in range(MESSAGES)]
        tools = self.registry.get_available_tools()[:TOOLS]
        cache = self.caches.LLMResponseCache()
        what = f"`_hash_messages`, {MESSAGES} messages and {len(tools)} tools"
        rounds = self.options.rounds
        yield self.measured(f"{what}, the same list", lambda: cache._hash_messages(messages, tools, "m"), rounds)
        yield self.measured(f"{what}, a new list", lambda: cache._hash_messages(messages, list(tools), "m"), rounds)
        for name, change in (("rev", self.drop_in.uninstall), ("with the drop-in", self.drop_in.install)):
            change()
            key = cache._hash_messages
            pairs = [[key(messages, [{"name": (n, which)}], "m") for which in (0, 1)] for n in range(TRIALS)]
            wrong = sum(first == second for first, second in pairs)
            self.facts[f"wrong keys of temporary lists of tools, {name}"] = f"{wrong} of {TRIALS}"
        self.drop_in.uninstall()

    def tools(self) -> Iterator[Row]:
        handlers = {name: getattr(self.registry, name) for name in ("read_file", "run_all_analysis")}
        calls: dict[str, dict[str, Any]] = {"read_file": {"path": "src/app.py"}, "run_all_analysis": {}}
        for name, given in calls.items():
            setattr(self.registry, name, lambda _path: "")
            what = f"`execute_tool` of `{name}` that does nothing"
            with redirect_stdout(Nowhere()):
                row = self.measured(what, partial(self.registry.execute_tool, name, given), self.options.rounds)
            setattr(self.registry, name, handlers[name])
            yield row
        yield self.measured(
            "its description",
            lambda: self.registry._get_friendly_description("read_file", calls["read_file"]),
            self.options.rounds,
        )

    def context(self, size: int) -> Iterator[Row]:
        top = make_repository(self.place / f"repository{size}", size)
        self.go_to(top)

        def context() -> object:
            return self.registry.get_repo_context(6)

        time.sleep(1.1)
        self.settle(context)
        what, rounds = f"`get_repo_context`, {size:,} files", self.options.rounds
        miss = self.caches.clear_all_caches
        yield self.measured(
            f"{what}, nothing changed, rev without its cache", context, rounds, before=miss, repeat=False
        )
        yield self.measured(f"{what}, nothing changed, rev from its cache", context, rounds)
        path = next(top.rglob("module*.py"))

        def change() -> None:
            path.write_text(f"{time.perf_counter()}\n")

        yield self.measured(
            f"{what}, right after a change, which rev's cache does not see",
            context,
            rounds,
            before=change,
            repeat=False,
        )

    def settle(self, context: Call) -> None:
        """Waits until what was written is old enough for an answer to be kept."""
        from rev_accel import repo, workspace

        for _ in range(5):
            # Git writes the index anew where it was as young as the files, once.
            self.drop_in.uninstall()
            context()
            self.drop_in.install()
            time.sleep(REST)
            context()
            context()
            with workspace.use_root(import_module("rev.tools.git_ops").ROOT):
                explanation = repo.explain()
            if explanation is not None and explanation.kept:
                return
        raise RuntimeError(f"the answer is not kept: {explanation}")

    def paths(self) -> Row:
        self.go_to(self.place)
        utils: Any = import_module("rev.tools.utils")
        return self.measured("`_safe_path`", lambda: utils._safe_path("caches/a/b.py"), self.options.rounds)

    def history(self) -> Row:
        messages: list[dict[str, Any]] = [{"role": "system", "content": "You are"}]
        for number in range(15):
            call = [{"function": {"name": "read_file", "arguments": {"path": f"file{number}"}}}]
            messages += [
                {"role": "user", "content": f"Task: number {number}\nAction type: edit"},
                {"role": "assistant", "content": "", "tool_calls": call},
                {"role": "tool", "content": "x" * CHARACTERS},
                {"role": "assistant", "content": "TASK_COMPLETE"},
            ]
        what = f"`_manage_message_history`, {len(messages)} messages"
        return self.measured(what, lambda: self.executor._manage_message_history(messages), self.options.rounds)


class Nowhere:
    """A stream that costs nothing."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None: ...


def once(call: Call, *, repeat: bool) -> float:
    """Seconds a call: of one, or of as many as fit into a short time."""
    started = time.perf_counter()
    call()
    taken = time.perf_counter() - started
    if not repeat or taken > SHORT:
        return taken
    number = max(int(SHORT / max(taken, 1e-7)), 1)
    started = time.perf_counter()
    for _ in range(number):
        call()
    return (time.perf_counter() - started) / number


def canonical(text: str) -> str:
    answer = json.loads(text)
    answer.pop("cache_stats", None)
    return json.dumps(answer, sort_keys=True)


def print_json(rows: Sequence[Row], bench: Bench) -> None:
    figures = [{"what": row.what, "rev_seconds": row.rev, "drop_in_seconds": row.ours} for row in rows]
    facts = {"schema_version": 1, "machine": machine(), "rev": bench.report.version, "facts": bench.facts}
    json.dump({**facts, "rows": figures}, sys.stdout, indent=2)
    print()


def print_table(rows: Sequence[Row], bench: Bench) -> None:
    facts = machine()
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}; rev {bench.report.version}")
    for name, fact in bench.facts.items():
        text = fact if isinstance(fact, str) else f"{fact['files']:,} files, {fact['bytes'] / 1e6:.1f} MB"
        print(f"{name}: {text}")
    print("\n| | rev | with the drop-in | times faster |\n|---|---:|---:|---:|")
    for row in rows:
        rev, ours = row.medians()
        times = f"{rev / ours:,.0f}" if rev / ours >= 20 else f"{rev / ours:.1f}"
        print(f"| {row.what} | {duration(rev)} | {duration(ours)} | {times} |")


def duration(seconds: float) -> str:
    if seconds >= 1e-3:
        return f"{seconds * 1e3:,.1f} ms" if seconds < 0.1 else f"{seconds * 1e3:,.0f} ms"
    return f"{seconds * 1e6:,.1f} µs" if seconds >= 1e-5 else f"{seconds * 1e6:,.2f} µs"


if __name__ == "__main__":
    main()
