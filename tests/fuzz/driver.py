"""Runs a target on many inputs: guided by coverage where atheris is installed, else changed at random."""

from __future__ import annotations

import importlib
import importlib.util
import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

TARGETS = ("calls", "digests", "histories", "outputs", "patches", "replies", "run_logs", "scans", "searches")

# Longest input, in bytes: short ones are tried more often, and find as much.
LONGEST = 4_096
# Of one input, in seconds and in MiB of the whole process.
TIMEOUT, MEMORY = 60, 2_048

EDGES = (
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\n",
    b'"',
    b"{",
    b"]",
    b"null",
    b"-1",
    b"1e999",
    b"\xed\xa0\x80",
    b"\xff" * 8,
)


class Target(Protocol):
    """A module of this package."""

    def run(self, data: bytes) -> None:
        """Raises when something does not hold."""

    def seeds(self) -> Sequence[bytes]:
        """Inputs to start from."""


def target(name: str) -> Target:
    return cast("Target", importlib.import_module(f"tests.fuzz.{name}"))


def mutant(source: random.Random, seeds: Sequence[bytes]) -> bytes:
    """An input that is almost another; or, now and then, noise."""
    if source.random() < 0.2:
        return source.randbytes(source.randrange(400))
    made = bytearray(source.choice(seeds))
    for _ in range(source.choice((1, 1, 1, 2, 2, 4, 8))):
        at = source.randrange(len(made) + 1)
        end = at + source.choice((0, 1, 1, 2, 8, 30))
        match source.randrange(6):
            case 0:
                made[at : at + 1] = source.randbytes(1)
            case 1:
                del made[at:end]
            case 2:
                made[at:at] = source.choice(EDGES)
            case 3:
                made[at:end] = source.choice(EDGES)
            case 4:
                other = source.choice(seeds)
                start = source.randrange(len(other) + 1)
                made[at:end] = other[start : start + source.choice((1, 4, 20, 100))]
            case _:
                made[at:at] = made[end : end + source.choice((1, 4, 20, 100))]
    return bytes(made[:LONGEST])


def at_random(name: str, *, seconds: float, seed: int, keep: Path) -> int:
    """Mutants of the seeds for some time; the exit code is 1 if one of them found something."""
    chosen, source = target(name), random.Random(seed)
    seeds, done, end = chosen.seeds(), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        data = mutant(source, seeds)
        try:
            chosen.run(data)
        except Exception:
            kept(name, data, keep)
            return 1
        done += 1
    print(f"{name}: {done:,} inputs without coverage, seed {seed}")
    return 0


def kept(name: str, data: bytes, keep: Path) -> None:
    """Tells of a finding, and keeps its input."""
    path = keep / f"crash-{name}-{abs(hash(data)):016x}"
    path.write_bytes(data)
    traceback.print_exc()
    print(f"{name}: the input is in `{path}`; again by: python -m tests.fuzz {name} {path}", file=sys.stderr)


def guided(name: str, *, seconds: int, corpus: Path, keep: Path) -> None:
    """Inputs that reach new code of the package are changed further. Ends the process."""
    import atheris

    with atheris.instrument_imports(include=["rev_accel"], enable_loader_override=False):
        chosen = target(name)
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(chosen.seeds()):
        (corpus / f"seed-{number}").write_bytes(data)
    run: Callable[[bytes], None] = chosen.run
    limits = [f"-max_len={LONGEST}", f"-timeout={TIMEOUT}", f"-rss_limit_mb={MEMORY}", f"-max_total_time={seconds}"]
    atheris.Setup([name, *limits, f"-artifact_prefix={keep}/", "-print_final_stats=1", str(corpus)], run)
    atheris.Fuzz()


def again(name: str, inputs: Sequence[Path]) -> None:
    """Runs inputs of which something was found."""
    chosen = target(name)
    for path in inputs:
        chosen.run(path.read_bytes())


if __name__ == "__main__":
    _name, _seconds, _seed, _folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    if importlib.util.find_spec("atheris") is None:
        sys.exit(at_random(_name, seconds=_seconds, seed=_seed, keep=_folder))
    guided(_name, seconds=_seconds, corpus=_folder / _name, keep=_folder)
