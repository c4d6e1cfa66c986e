"""Random repositories, random changes, and after each the comparison with git, asked afresh.

    python -m tests.repo.campaign --steps 20000 --folder /dev/shm --seed 1

The clock of the process is ahead, so that answers are kept at once, and each step waits for the clock of the kernel's stamps.
With `--clock any` it is put back and forth between questions. With `--clock real` it is as it is, and some steps wait until
all is at rest: slower, but the only way on a file system that counts whole seconds.

A step that goes wrong ends the campaign and prints its seed; the same seed makes the same changes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.cache.clock import AHEAD, BACK, FORTH, Clock, build

from .changes import Changes

# Steps after which a repository makes room for a new one, and after which it does if nothing could be kept.
STEPS = 70
IDLE = 5

# By the real clock, how often a step waits until all is at rest, and for how many seconds.
WAITS = 0.4
REST = 2.6


class Stale(AssertionError):
    """An answer was not git's."""


def porcelain(output: bytes) -> list[tuple[str, bytes, bytes | None]]:
    """The entries that `git status -z` printed."""
    parts = output.split(b"\0")[:-1]
    found = []
    while parts:
        part = parts.pop(0)
        original = parts.pop(0) if part[:1] in (b"R", b"C") or part[1:2] in (b"R", b"C") else None
        found.append((part[:2].decode(), part[3:], original))
    return found


def run(place: Path, seed: int, steps: int, clock: Clock | None, shifts: Sequence[int] = (AHEAD,)) -> Counter[str]:
    """So many steps, by the real clock if there is no other; gives how they went."""
    from rev_accel import _core, repo, workspace

    def ask(typed: bool) -> tuple[Any, repo.Explanation]:
        saved = dict(os.environ)
        os.environ.clear()
        # A campaign that is paused shall go on.
        os.environ.update(changes.repository.environment, REV_ACCEL_GIT_TIMEOUT="80000")
        try:
            with workspace.use_root(changes.repository.cwd):
                answer = entries() if typed else json.loads(repo.context_text(6, (".git",)))
                explanation = repo.explain()
        finally:
            os.environ.clear()
            os.environ.update(saved)
        assert explanation is not None
        return answer, explanation

    def entries() -> Any:
        try:
            return [(entry.index + entry.worktree, entry.path, entry.original) for entry in repo.status()]
        except repo.GitError:
            return []

    changes = Changes(place, seed)
    counts: Counter[str] = Counter()
    idle = 0
    for step in range(steps):
        if step % STEPS == STEPS - 1 or idle > IDLE:
            changes.begin()
            idle = 0
        names = [changes.change() for _ in range(1 if changes.random.random() < 0.9 else 2)]
        if clock is not None:
            clock.next_tick(clock.now())
            clock.shift(changes.random.choice(shifts))
        elif changes.random.random() < WAITS:
            time.sleep(REST)
        typed = changes.random.random() < 0.2
        answer, explanation = ask(typed)
        if clock is not None:
            clock.next_tick(clock.now())
        if typed:
            command = ["--no-optional-locks", "status", "--porcelain=v1", "-z"]
            found = changes.repository.git(*command, cwd=changes.repository.cwd, check=False)
            if answer != porcelain(os.fsencode(found)):
                raise Stale(f"seed {seed}, step {step}, {names}, {explanation}\ngot {answer}\ngit: {found!r}")
            counts["typed answers"] += 1
        status, log = (
            output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
            for output in changes.repository.plain()
        )
        counts["steps"] += 1
        counts["kept answers"] += explanation.kept
        counts["kept answers after a change"] += explanation.kept and names != ["nothing"]
        counts["could be kept"] += explanation.kept or explanation.not_kept is None
        if explanation.not_kept is not None and not explanation.kept:
            words = [word for word in explanation.not_kept.split() if not word.startswith("`")]
            counts["not kept: " + " ".join(words)[:60]] += 1
        if explanation.not_kept is not None and "too often" in explanation.not_kept:
            # In use it backs off; here as much as can be shall be kept.
            _core.forget()
        idle = idle + 1 if explanation.not_kept is not None and "just now" not in explanation.not_kept else 0
        if not typed and (answer["status"], answer["log"]) != (status, log):
            raise Stale(
                f"seed {seed}, step {step}, {names}, {explanation}\nin {changes.repository.cwd}\n"
                f"got  {answer['status']!r} {answer['log']!r}\ngit: {status!r} {log!r}"
            )
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=20_000, help="how many")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the repositories are")
    parser.add_argument("--seed", type=int, default=1, help="of the first thousand steps")
    parser.add_argument("--clock", choices=("ahead", "any", "real"), default="ahead", help="that of the process")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        place = Path(name).resolve()
        if "LD_PRELOAD" not in os.environ and chosen.clock != "real":
            environment = {**os.environ, "LD_PRELOAD": build(place)}
            command = [sys.executable, "-m", "tests.repo.campaign", *sys.argv[1:]]
            sys.exit(subprocess.run(command, env=environment, check=False).returncode)
        clock = None if chosen.clock == "real" else Clock(os.environ.pop("LD_PRELOAD"))
        shifts = (AHEAD,) if chosen.clock == "ahead" else BACK + FORTH
        counts: Counter[str] = Counter()
        started, seed = time.monotonic(), chosen.seed
        while counts["steps"] < chosen.steps:
            counts += run(place / f"s{seed}", seed, min(1000, chosen.steps - counts["steps"]), clock, shifts)
            seed += 1
            rate = counts["steps"] / (time.monotonic() - started)
            print(f"{counts['steps']:,} steps, {rate:.0f}/s, {counts['kept answers']:,} kept answers", flush=True)
        for name, count in counts.most_common():
            print(f"{count:>9,}  {name}")


if __name__ == "__main__":
    main()
