"""Runs command lines in turn and records the time and the peak memory of each process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Linux starts a child's peak memory at the peak of the process that started it, so the script with
# its parsed JSON, must not be that process. The launcher is an interpreter that imports nothing: it
# is smaller than any contender, and it takes the time next to the process that it starts.
LAUNCHER = """\
import posix, sys, time
folder, output, *command = sys.argv[1:]
posix.chdir(folder)
actions = [
    (posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0),
    (posix.POSIX_SPAWN_OPEN, 1, output, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC, 0o600),
    (posix.POSIX_SPAWN_OPEN, 2, "/dev/null", posix.O_WRONLY, 0),
]
start = time.perf_counter()
child = posix.posix_spawn(command[0], command, posix.environ, file_actions=actions)
_, status, usage = posix.wait4(child, 0)
wall = time.perf_counter() - start
cpu = usage.ru_utime + usage.ru_stime
print(posix.waitstatus_to_exitcode(status), wall, cpu, usage.ru_maxrss)
"""
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in one unit of ru_maxrss


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    wall_ms: float
    cpu_ms: float
    peak_mib: float


@dataclass(kw_only=True, slots=True)
class Contender:
    """One command line, and what was measured of it."""

    key: str
    name: str
    command: Sequence[str]
    rounds: int
    threads: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    exit_codes: tuple[int, ...] = (0,)
    samples: list[Sample] = field(default_factory=list)

    def run(self, folder: Path, output: str = os.devnull) -> Sample:
        """Runs once in `folder`; any exit code but the expected ones ends the script."""
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(folder), output]
        done = subprocess.run(
            [*launcher, *self.command],
            env={**clean_environment(), **self.environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        code, wall, cpu, peak = done.stdout.split()
        if int(code) not in self.exit_codes:
            sys.exit(f"{self.name} ended with exit code {code}: {' '.join(self.command)}")
        return Sample(
            wall_ms=float(wall) * 1e3,
            cpu_ms=float(cpu) * 1e3,
            peak_mib=int(peak) * PEAK_UNIT / 2**20,
        )

    def median(self, quantity: str) -> float:
        """Median of one field of the samples, by its name."""
        values: list[float] = [getattr(sample, quantity) for sample in self.samples]
        return statistics.median(values)

    def least(self) -> float:
        return min(sample.wall_ms for sample in self.samples)

    def figures(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "threads": self.threads,
            "rounds": len(self.samples),
            "median_ms": self.median("wall_ms"),
            "min_ms": self.least(),
            "cpu_ms": self.median("cpu_ms"),
            "peak_mib": self.median("peak_mib"),
            "wall_ms": [sample.wall_ms for sample in self.samples],
        }


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would change a contender's work; everybody works without a cache."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "REV_", "RUFF_", "RAYON_"))
    }
    return {**kept, "REV_ACCEL_NO_CACHE": "1"}


def race(contenders: list[Contender], tree: Path, rounds: int) -> None:
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        turn = number % len(contenders)
        for one in contenders[turn:] + contenders[:turn]:
            # A contender with fewer rounds than the others runs in the first of each equal share.
            if number * one.rounds % rounds < one.rounds:
                one.samples.append(one.run(tree))
    progress("")


def progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
