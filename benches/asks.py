"""Scans in processes of their own, which tell how long each call took and by what its files were answered."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import Contender, Sample

ASK = """
import json, sys, time
import rev_accel
from rev_accel import workspace
with workspace.use_root(sys.argv[1]):
    rev_accel.scan(".", cache=False)  # loads what is loaded once
workspace.set_root(sys.argv[2])
told = []
for _ in range(int(sys.argv[3])):
    started = time.perf_counter()
    report = rev_accel.scan(".")
    took = (time.perf_counter() - started) * 1e3
    stats = report.stats
    counts = {name: getattr(stats, name) for name in ("files", "memory", "manifest", "recent", "store")}
    counts["analysed"] = stats.parsed + stats.unparsed
    told.append({"ms": took, **counts})
print(json.dumps(told))
"""
TRIALS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Asker:
    """Where a scan is asked for; answers are kept in `cache`, if there is one."""

    folder: Path
    """For a file to begin with, and for what processes say."""
    threads: int
    cache: Path | None

    def ask(self, tree: Path, calls: int = 1, *, by: str | None = None) -> tuple[Sample, list[dict[str, Any]]]:
        """The whole process, and each call. All files are answered `by` one level, or the script ends."""
        for _ in range(TRIALS):
            sample, told = self.once(tree, calls)
            first = told[0]
            if by is None or first[by] == first["files"]:
                return sample, told
        sys.exit(f"not all files of `{tree}` were answered by `{by}`, they change while they are measured: {first}")

    def once(self, tree: Path, calls: int) -> tuple[Sample, list[dict[str, Any]]]:
        tiny, output = self.folder / "tiny", self.folder / "told.json"
        tiny.mkdir(exist_ok=True)
        (tiny / "one.py").write_text("print()\n")
        kept = {"REV_ACCEL_CACHE_DIR": str(self.cache), "REV_ACCEL_NO_CACHE": ""} if self.cache else {}
        process = Contender(
            key="ask",
            name="a scan",
            # A cache that cannot be used is a warning.
            command=[sys.executable, "-W", "error", "-c", ASK, str(tiny), str(tree), str(calls)],
            rounds=1,
            environment={**kept, "REV_ACCEL_THREADS": str(self.threads)},
        )
        sample = process.run(tree, str(output))
        told: list[dict[str, Any]] = json.loads(output.read_text())
        return sample, told


def milliseconds(told: Sequence[dict[str, Any]]) -> list[float]:
    return [one["ms"] for one in told]


def scratch() -> str:
    """Where trees are made: beside what is built, on a disk rather than in memory."""
    folder = Path(__file__).parents[1] / "target"
    folder.mkdir(exist_ok=True)
    return str(folder)
