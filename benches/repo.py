#!/usr/bin/env python3
"""Times the repository context against git's own commands, rev's function and libgit2, in one process and in turn.

Three repositories are made, of 60, 1,790 and 20,000 files, and asked about clean and with 10 changes. Kept answers:

- `kept`: nothing has changed; beside it `floor`, a bare look at the same files by as many threads;
- git's two commands, one after the other (as rev runs them), and at the same time, which is "plain git" below;
- rev's function, whose own cache is not set up; `pygit2`, which opens, and walks as `git log` does.

Questions that git is asked, each beside plain git and in turns:

- `first`: nothing is known of the repository, so where its parts are and how it is configured is asked, too;
- `just changed`: a file was written right before, so git is asked and the answer not kept;
- `learned`: git is asked, and what the answer depends on is looked at, so that it can be kept;
- `backed off`: after many answers that were kept in vain; and in a tree of 30,000 untracked files;
- `outside`: there is no repository; for the first time, and again.

Peers are installed from PyPI, at the versions below, into a virtual environment in the user's cache folder.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from peers import install, machine, packages_of

PEERS = ("rev-agentic==2.0.1", "pygit2==1.21.0")
SIZES = (60, 1_790, 20_000)
COMMITS = 6
CHANGES = 10
REST = 2.7
"""Seconds after which what was written is trusted to be at rest."""
LOCKED = 0.05
"""The same for a lock that git took."""
MISSES = 8
"""After so many answers that were kept in vain, 32 questions in a row are put to git alone."""
UNTRACKED = 30_000
BACKING_OFF = 1_790
"""The size at which it is measured."""

Call = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each measurement (default: 15)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="numbers of files")
    parser.add_argument("--threads", type=int, help="threads that look at files (default: one for each core)")
    parser.add_argument("--without-peers", action="store_true", help="only git and rev_accel")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    if options.threads is not None:
        os.environ["REV_ACCEL_THREADS"] = str(options.threads)
    if not options.without_peers:
        # The function needs nothing of rev's dependencies but requests.
        sys.path.insert(0, packages_of(install(["requests", PEERS[1]], alone=[PEERS[0]])))
    found, more = {}, {}
    with tempfile.TemporaryDirectory(prefix="rev-accel-repo-") as name:
        place = Path(name).resolve()
        for key in [key for key in os.environ if key.startswith("GIT_")]:
            del os.environ[key]
        os.environ |= {"HOME": str(place), "GIT_CONFIG_NOSYSTEM": "1"}
        for size in options.sizes:
            top = make_repository(place / str(size), size)
            for state in ("clean", f"{CHANGES} changes"):
                if state != "clean":
                    make_changes(top)
                measurement = Measurement(top, options)
                found[f"{size:,} files, {state}"] = measurement.run() | measurement.asked()
            if size == BACKING_OFF:
                more = measurement.backed_off()
            shutil.rmtree(top)
        (place / "outside").mkdir()
        more |= Measurement(place / "outside", options).outside()
    if options.json:
        facts = {"schema_version": 1, "machine": machine(), "git": git_version(), "milliseconds": found, "more": more}
        json.dump(facts, sys.stdout, indent=2)
        print()
    else:
        print_tables(found, more)


class Measurement:
    """One repository in one state."""

    def __init__(self, top: Path, options: argparse.Namespace) -> None:
        import rev_accel
        from rev_accel import _core, repo, workspace

        self.top = top
        self.core, self.repo = _core, repo
        self.options = options
        workspace.set_root(top)
        self.context = rev_accel.get_repo_context

    def run(self) -> dict[str, float]:
        """The median of each contender, in milliseconds."""
        contenders: dict[str, Call] = {
            "kept": self.kept,
            "floor": self.floor,
            "git, in turn": self.git_in_turn,
            "git, at once": self.git_at_once,
        }
        if not self.options.without_peers:
            contenders |= {"rev": self.rev_function(), "pygit2": self.pygit2}
        times: dict[str, list[float]] = {name: [] for name in contenders}
        # Git writes the index anew where it was as young as the files; then nothing is left to be written.
        time.sleep(1.1)
        for name in set(contenders) - {"kept", "floor"}:
            contenders[name]()
        for _ in range(5):
            time.sleep(REST)
            self.context()
            explanation = self.repo.explain()
            if explanation is not None and explanation.not_kept is None:
                break
        names = list(contenders)
        for number in range(self.options.rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                # Short ones several times: what came before has emptied the caches of the processor.
                repeats = 20 if name in ("kept", "floor") and self.small() else 3 if name in ("kept", "floor") else 1
                started = time.perf_counter()
                for _ in range(repeats):
                    contenders[name]()
                times[name].append((time.perf_counter() - started) / repeats * 1e3)
        return {name: statistics.median(samples) for name, samples in times.items()}

    def small(self) -> bool:
        return sum(1 for _ in self.top.iterdir()) < 50

    def kept(self) -> None:
        self.context(COMMITS)
        explanation = self.repo.explain()
        if explanation is None or not explanation.kept or explanation.processes:
            raise RuntimeError(f"the answer was not kept: {explanation}")

    def floor(self) -> None:
        looks = self.core._repo_floor_for_benches(
            str(self.top), commits=str(COMMITS), excluded=list(self.repo.EXCLUDED), threads=self.options.threads
        )
        if not looks:
            raise RuntimeError("nothing is kept")

    def commands(self) -> tuple[list[str], list[str]]:
        return ["git", "status", "-s"], ["git", "log", "-n", str(COMMITS), "--oneline"]

    def git(self, command: list[str]) -> None:
        subprocess.run(command, cwd=self.top, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def git_in_turn(self) -> None:
        for command in self.commands():
            self.git(command)

    def git_at_once(self) -> None:
        pipes: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.DEVNULL,
        }
        processes = [subprocess.Popen(command, cwd=self.top, **pipes) for command in self.commands()]
        for process in processes:
            process.communicate()

    def rev_function(self) -> Call:
        git_ops: Any = import_module("rev.tools.git_ops")
        utils: Any = import_module("rev.tools.utils")
        git_ops.ROOT = utils.ROOT = self.top

        def call() -> object:
            return git_ops.get_repo_context(COMMITS)

        return call

    def pygit2(self) -> None:
        pygit2: Any = import_module("pygit2")
        repository = pygit2.Repository(str(self.top))
        repository.status()
        for _, commit in zip(range(COMMITS), repository.walk(repository.head.target), strict=False):
            _ = commit.message

    def asked(self) -> dict[str, float]:
        """Git is asked, beside plain git, each going first as often as the other."""
        # A tracked one: what is in others is not seen.
        path = max(self.top.rglob("module*.py"))
        text = path.read_text()

        def changed() -> None:
            path.write_text(str(time.perf_counter()))

        found = self.beside("first", self.core.forget, lambda: self.context(COMMITS), processes=5)
        found |= self.beside("just changed", changed, lambda: self.context(COMMITS), processes=2)
        path.write_text(text)
        # With other names left out it is another question, of which nothing is kept.
        names = (str(number) for number in range(10_000))
        time.sleep(REST)
        # It writes the index anew, which has to be at rest, too.
        self.git_at_once()
        time.sleep(REST)

        def learned() -> None:
            self.repo.context_text(COMMITS, (*self.repo.EXCLUDED, next(names)))

        found |= self.beside("learned", lambda: time.sleep(LOCKED), learned, processes=2)
        for name, command in zip(("status alone", "log alone"), self.commands(), strict=True):
            found[name] = self.median(partial(self.git, command))
        return found

    def beside(self, name: str, before: Call, call: Call, *, processes: int) -> dict[str, float]:
        """Medians of a call and of plain git, with something done before each that is not timed."""
        times: dict[str, list[float]] = {name: [], f"git beside {name}": []}
        calls = dict(zip(times, (call, self.git_at_once), strict=True))
        for number in range(self.options.rounds):
            for which in list(calls) if number % 2 else reversed(list(calls)):
                before()
                started = time.perf_counter()
                calls[which]()
                times[which].append((time.perf_counter() - started) * 1e3)
                explanation = self.repo.explain()
                if which == name and (explanation is None or explanation.processes != processes):
                    raise RuntimeError(f"another number of processes than {processes} for `{name}`: {explanation}")
                if which == name == "learned" and (explanation is None or explanation.not_kept is not None):
                    raise RuntimeError(f"it was not learned: {explanation}")
        return {which: statistics.median(samples) for which, samples in times.items()}

    def median(self, call: Call) -> float:
        times = []
        for _ in range(self.options.rounds):
            started = time.perf_counter()
            call()
            times.append((time.perf_counter() - started) * 1e3)
        return statistics.median(times)

    def backed_off(self) -> dict[str, float]:
        """Nothing is learned any more: after answers that were kept in vain, and among very many untracked files."""
        path = max(self.top.rglob("module*.py"))

        def backs_off() -> bool:
            return "too often" in str(self.repo.explain())

        time.sleep(REST)
        self.context(COMMITS)
        misses = 0
        while misses < MISSES:
            while backs_off():
                self.context(COMMITS)
            path.write_text(str(time.perf_counter()))
            time.sleep(REST)
            self.context(COMMITS)
            misses += path.name in str(self.repo.explain())
        found = self.beside("after misses", lambda: None, lambda: self.context(COMMITS), processes=2)
        if not backs_off():
            raise RuntimeError(f"it does not back off: {self.repo.explain()}")
        for number in range(UNTRACKED):
            folder = self.top / "untracked" / str(number // 100)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / str(number)).touch()
        time.sleep(REST)
        self.context(COMMITS + 1)
        found |= self.beside("many untracked", lambda: None, lambda: self.context(COMMITS + 1), processes=2)
        return found

    def outside(self) -> dict[str, float]:
        """The folder is in no repository."""
        self.context(COMMITS)
        known = self.median(lambda: self.context(COMMITS))
        explanation = self.repo.explain()
        if explanation is None or not explanation.kept:
            raise RuntimeError(f"it is not known that there is no repository: {explanation}")

        def first() -> None:
            self.core.forget()
            self.context(COMMITS)

        plain = self.median(self.git_in_turn)
        return {"outside, first": self.median(first), "outside, again": known, "outside, git in turn": plain}


def make_repository(top: Path, files: int) -> Path:
    """About ten files to a folder, two commits."""
    for number in range(files):
        path = top / f"p{number // 1000}" / f"q{number // 10 % 100}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"def step{number}(first, second):\n    return {number}\n")
    (top / ".gitignore").write_text("*.pyc\n__pycache__/\n")
    identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
    git = ["git", *identity]
    subprocess.run([*git, "init", "-q", "-b", "main"], cwd=top, check=True)
    subprocess.run([*git, "add", "-A"], cwd=top, check=True)
    for number in range(12):
        message = f"Commit number {number}"
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", message], cwd=top, check=True)
    return top


def make_changes(top: Path) -> None:
    """Five modified files, two untracked ones, one removed, one staged, one staged as removed."""
    paths = sorted(top.rglob("*.py"))
    for path in paths[:5]:
        path.write_text("changed = True\n")
    (top / "new.py").write_text("new = 1\n")
    (paths[0].parent / "new.py").write_text("new = 2\n")
    paths[6].unlink()
    paths[7].write_text("staged = True\n")
    subprocess.run(["git", "add", str(paths[7])], cwd=top, check=True)
    subprocess.run(["git", "rm", "-q", str(paths[8])], cwd=top, check=True)


def git_version() -> str:
    return subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def print_tables(found: dict[str, dict[str, float]], more: dict[str, float]) -> None:
    facts = machine()
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}; {git_version()}; {', '.join(PEERS)}")
    kept = [
        name for name in ("kept", "floor", "git, in turn", "git, at once", "rev", "pygit2") if name in first_of(found)
    ]
    print_table("ms", kept, found)
    asked = ["first", "just changed", "learned"]
    names = [name for what in asked for name in (what, f"git beside {what}")]
    print_table("ms, asked", [*names, "status alone", "log alone", "floor"], found)
    print_table(
        "ratio",
        ["kept / floor", *(f"{what} / git" for what in asked), "just changed / slower alone"],
        {
            what: {
                "kept / floor": m["kept"] / m["floor"],
                **{f"{name} / git": m[name] / m[f"git beside {name}"] for name in asked},
                "just changed / slower alone": m["just changed"] / max(m["status alone"], m["log alone"]),
            }
            for what, m in found.items()
        },
    )
    print()
    for name, median in more.items():
        print(f"{median:8,.2f} ms  {name}")


def first_of(found: dict[str, dict[str, float]]) -> dict[str, float]:
    return next(iter(found.values()))


def print_table(title: str, names: Sequence[str], rows: dict[str, dict[str, float]]) -> None:
    print(f"\n| {title} | {' | '.join(names)} |")
    print(f"|---|{'---:|' * len(names)}")
    for what, row in rows.items():
        print(f"| {what} | {' | '.join(f'{row[name]:,.2f}' for name in names)} |")


if __name__ == "__main__":
    main()
