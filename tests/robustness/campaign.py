"""The long form of the hostile tests, with limits on time and memory: `python -m tests.robustness.campaign`.

Prints the worst cases of each stage, then everything that broke a promise; the exit code tells whether anything did.
"""

import argparse
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from . import shapes
from .process import STATUSES, Outcome, Subject
from .shapes import LIMIT, Shape
from .test_hostile import OWN_LIMITS

MIB = 1 << 20
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000, 16_000_000)
WORST = 12  # lines of each table

# The promise: seconds and bytes for a file, and how CPU time may grow from 10⁵ to 10⁶ repetitions. A file is analysed
# by one thread, so on a quiet machine CPU time is what passes; on a busy one it is what can be judged.
SECONDS, SECONDS_FOR_EACH_MIB = 1.0, 0.25
BYTES, BYTES_FOR_EACH_BYTE = 64 * MIB, 100
GROWTH = 1.5  # times the growth of the size
QUICK = 0.05  # seconds of CPU below which growth is not judged: thread starts and page faults decide there

# Every place with the same door, and the other doors.
EVERYWHERE = (
    ("scan", "main"),
    ("scan", "thread"),
    ("scan", "fork"),
    ("drop-in", "main"),
    ("drop-in", "thread"),
    ("source", "fork"),
)

# CPython may take gigabytes on longer text, and is only asked about shorter text by rev-accel as well.
ASKABLE = 64 << 10


@dataclass(frozen=True, slots=True)
class Trial:
    """One case and what became of it."""

    shape: Shape
    size: int
    length: int
    door: str
    place: str
    outcome: Outcome

    @property
    def allowed_seconds(self) -> float:
        return SECONDS + SECONDS_FOR_EACH_MIB * self.length / MIB

    @property
    def allowed_bytes(self) -> int:
        return BYTES + BYTES_FOR_EACH_BYTE * min(self.length, LIMIT)

    def complaints(self) -> Iterator[str]:
        """The promises that were broken."""
        outcome = self.outcome
        if outcome.trouble is not None:
            yield outcome.trouble
            return
        if self.door in ("scan", "source") and outcome.status not in STATUSES:
            yield f"status {outcome.status}"
        if outcome.cpu > self.allowed_seconds:
            yield f"took {outcome.cpu:.2f} s of {self.allowed_seconds:.2f}"
        if outcome.peak > self.allowed_bytes:
            yield f"took {outcome.peak / MIB:.0f} MB of {self.allowed_bytes / MIB:.0f}"

    def __str__(self) -> str:
        outcome = self.outcome
        figures = (
            f"{outcome.wall:7.3f} s {outcome.cpu:7.3f} s CPU {outcome.peak / MIB:7.1f} MB {self.length / MIB:7.3f} MiB"
        )
        answer = outcome.exception or outcome.status or outcome.trouble or ""
        return f"{figures}  {self.door + '/' + self.place:14} {answer:18} {self.shape.name!r} x {self.size}"


class Campaign:
    """Runs trials, keeps all of them for the tables, and the complaints."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "hostile.py"
        self.subject = Subject()
        self.trials: list[Trial] = []
        self.complaints: list[str] = []
        self.count = 0

    def complain(self, trial: Trial, text: str) -> None:
        line = f"{trial.shape.name!r} x {trial.size} ({trial.length} bytes), {trial.door}/{trial.place}: {text}"
        self.complaints.append(line)
        print("!!", line, flush=True)

    def attempt(self, shape: Shape, size: int, door: str, place: str, *, seconds: float = 60.0) -> Trial:
        """Analyses the file as it stands, and again if it took too much, since the machine may be busy."""
        length = self.path.stat().st_size
        trial = Trial(shape, size, length, door, place, self.subject.analyse(self.path, door, place, seconds=seconds))
        if trial.outcome.trouble is None and any(trial.complaints()):
            self.subject.stop()
            again = self.subject.analyse(self.path, door, place, seconds=seconds)
            if again.trouble is None and again.cpu > trial.outcome.cpu:
                again = replace(again, wall=trial.outcome.wall, cpu=trial.outcome.cpu)
            trial = replace(trial, outcome=again)
        self.count += 1
        self.trials.append(trial)
        for text in trial.complaints():
            self.complain(trial, text)
        return trial

    def everywhere(self, shape: Shape, size: int, *, fresh: bool) -> list[Trial]:
        """One source through every door in every place."""
        self.path.write_bytes(shape.build(size))
        if fresh:
            self.subject.stop()
        trials = [self.attempt(shape, size, door, place) for door, place in EVERYWHERE]
        first = trials[0].outcome
        for trial in trials[1:]:
            other = trial.outcome
            if (
                first.trouble is None
                and other.trouble is None
                and (other.exception, other.findings) != (first.exception, first.findings)
            ):
                self.complain(trial, f"gave {other.verdict}, but {first.verdict} on the main thread")
        return trials

    def sizes(self, chosen: Iterable[Shape]) -> None:
        """Every plain shape at every size, each in a fresh process, and how time grows."""
        for shape in chosen:
            cpu: dict[int, Trial] = {}
            for size in shape.sizes(SIZES):
                trial = self.everywhere(shape, size, fresh=size > 1000)[0]
                if trial.outcome.trouble is None:
                    cpu[size] = trial
            for (small, before), (large, after) in itertools.pairwise(cpu.items()):
                if small < 50_000 or after.outcome.cpu < QUICK:
                    continue
                growth = after.outcome.cpu / max(before.outcome.cpu, QUICK / 10)
                if growth > GROWTH * max(1.0, large / small):
                    earlier = f"{before.outcome.cpu:.3f} s at {small}"
                    self.complain(after, f"CPU grew {growth:.1f} times from {earlier} to {after.outcome.cpu:.3f} s")

    def batch(self, chosen: Iterable[Shape], size: int) -> None:
        """Many shapes at one size, in one process, in one place each."""
        places = itertools.cycle((("scan", "main"), ("source", "thread"), ("drop-in", "main"), ("drop-in", "fork")))
        for shape, (door, place) in zip(chosen, places, strict=False):
            fitting = shape.largest(size)
            self.path.write_bytes(shape.build(fitting))
            self.attempt(shape, fitting, door, place)

    def verdicts(self, chosen: Iterable[Shape], sizes: Iterable[int]) -> None:
        """The verdict of the running interpreter, for sources that it can be asked about."""
        for shape, size in itertools.product(chosen, sizes):
            source = shape.build(size)
            if len(source) > ASKABLE:
                continue
            self.path.write_bytes(source)
            expected = self.subject.analyse(self.path, "python", "main")
            trial = self.attempt(shape, size, "drop-in", "main")
            answer = trial.outcome
            if answer.trouble or expected.trouble or {expected.exception, answer.exception} & OWN_LIMITS:
                continue
            if (answer.exception, answer.findings) != (expected.exception, expected.findings):
                self.complain(trial, f"gave {answer.verdict}, the interpreter {expected.verdict}")

    def report(self, title: str, started: float) -> None:
        """The worst cases since the last report."""
        finished = [trial for trial in self.trials if trial.outcome.trouble is None]
        seconds = time.monotonic() - started
        print(f"\n{title}: {len(self.trials)} trials in {seconds:.0f} s, {len(self.complaints)} complaints so far")
        tables = (
            ("slowest against what is allowed", lambda trial: trial.outcome.cpu / trial.allowed_seconds),
            ("largest against what is allowed", lambda trial: trial.outcome.peak / trial.allowed_bytes),
        )
        for heading, key in tables:
            print(f"  {heading}")
            worst = sorted(finished, key=key, reverse=True)[:WORST]
            for trial in worst:
                print(f"  {key(trial):5.2f}  {trial}")
        self.trials.clear()
        sys.stdout.flush()


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.robustness.campaign", description=__doc__)
    parser.add_argument(
        "--stages",
        default="sizes,placed,pairs,mixtures,verdicts",
        help="which stages, separated by commas (default: all)",
    )
    parser.add_argument("--only", help="only plain shapes whose name holds this text")
    parser.add_argument(
        "--sample", type=int, default=0, help="take so many shapes of each of the long stages instead of all"
    )
    parser.add_argument("--mixtures", type=int, default=3000, help="how many mixtures (default: 3000)")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6), help="the seed of samples and mixtures"
    )
    return parser.parse_args()


def main() -> int:
    chosen = options()
    choice = random.Random(chosen.seed)
    print(f"seed {chosen.seed}")

    def some(all_shapes: Iterable[Shape]) -> list[Shape]:
        listed = list(all_shapes)
        return choice.sample(listed, min(chosen.sample, len(listed))) if chosen.sample else listed

    plain = [shape for shape in shapes.plain_shapes() if not chosen.only or chosen.only in shape.name]
    mixed = [shapes.mixture(choice.randrange(10**9)) for _ in range(chosen.mixtures)]
    with tempfile.TemporaryDirectory() as folder:
        campaign = Campaign(Path(folder))
        stages = {
            "sizes": lambda: campaign.sizes(plain),
            "placed": lambda: (
                campaign.batch(some(shapes.placed_shapes()), 6_000),
                campaign.batch(some(shapes.placed_shapes()), 100_000),
            ),
            "pairs": lambda: campaign.batch(some(shapes.pair_shapes()), 6_000),
            "mixtures": lambda: (campaign.batch(mixed[::2], 20_000), campaign.batch(mixed[1::2], 300_000)),
            "verdicts": lambda: (
                campaign.verdicts(
                    [s for s in plain if not s.fixed],
                    (1, 3, 10, 30, 60, 99, 100, 101, 150, 199, 200, 201, 300, 1000, 3000),
                ),
                campaign.verdicts(some(itertools.chain(shapes.placed_shapes(), shapes.pair_shapes())), (1, 8, 90)),
                campaign.verdicts(mixed, (5, 60)),
            ),
        }
        for name in chosen.stages.split(","):
            started = time.monotonic()
            stages[name]()
            campaign.report(name, started)
        campaign.subject.stop()
    print(f"\n{campaign.count} trials, {len(campaign.complaints)} complaints, seed {chosen.seed}")
    for line in campaign.complaints:
        print("  ", line)
    return 1 if campaign.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
