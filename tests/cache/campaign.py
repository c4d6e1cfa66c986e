"""The long forms of the tests in this folder.

    python -m tests.cache.campaign edits --rounds 10000 --folder /dev/shm --seed 1
    python -m tests.cache.campaign edits --rounds 10000 --clock ahead
    python -m tests.cache.campaign kills --rounds 300
    python -m tests.cache.campaign damage --rounds 2000

Edits go through all of the package here; for a million of them `rev-accel-harness edits` asks the core alone, which is much quicker.

A round that goes wrong ends the campaign with a traceback and its seed; the same seed makes the same rounds.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPORT = 20.0  # seconds between lines about how far it is


def progress(title: str, run: Callable[[int], str], rounds: int, step: int) -> None:
    """Runs in steps, and tells now and then how it goes."""
    started = told = time.monotonic()
    done = 0
    while done < rounds:
        step = min(step, rounds - done)
        text = run(step)
        done += step
        now = time.monotonic()
        if now - told > REPORT or done >= rounds:
            told = now
            print(f"{title}: {done:,} rounds, {done / (now - started):,.1f}/s; {text}", flush=True)


def edits(chosen: argparse.Namespace, folder: Path) -> None:
    """Edits of trees, each followed by a question."""
    from .clock import BACK, FORTH, Clock, build
    from .rounds import Rounds

    clock, shifts = None, ()
    if chosen.clock != "real":
        if "LD_PRELOAD" not in os.environ:
            command = [sys.executable, "-m", "tests.cache.campaign", *sys.argv[1:], "--seed", str(chosen.seed)]
            subprocess.run(command, check=True, env={**os.environ, "LD_PRELOAD": build(folder)})
            return
        clock = Clock(os.environ.pop("LD_PRELOAD"))
        shifts = FORTH if chosen.clock == "ahead" else BACK + FORTH
    with Rounds(str(folder / "trees"), chosen.seed, trees=chosen.trees, clock=clock, shifts=shifts) as rounds:

        def run(count: int) -> str:
            rounds.run(count)
            return f"{rounds.rested:,} began with a tree at rest, {rounds.made:,} trees"

        progress(f"edits, {chosen.clock} clock, {folder}", run, chosen.rounds, min(1000, chosen.rounds))
        print(f"edits: {dict(rounds.edits.most_common())}\nasked: {dict(rounds.asked.most_common())}")


def kills(chosen: argparse.Namespace, folder: Path) -> None:
    """Processes killed at random moments."""
    from .kills import Kills

    seeds = iter(range(chosen.seed, chosen.seed + chosen.rounds))
    with Kills(folder) as rounds:

        def run(count: int) -> str:
            for _ in range(count):
                rounds.round(next(seeds))
            size = sum(path.stat().st_size for path in rounds.files())
            killed = f"{rounds.counting:,} count: {rounds.in_use:,} processes were killed in the course of a use"
            return f"{killed}; at most {rounds.most_temporary} temporary files, {size:,} bytes"

        progress("kills", run, chosen.rounds, 10)
        rounds.finish()


def damage(chosen: argparse.Namespace, folder: Path) -> None:
    """Damaged caches."""
    from .damage import Template, Trials
    from .rounds import REST

    template = Template(folder)
    time.sleep(REST)
    template.build()
    trials = Trials(template, folder)
    seeds = iter(range(chosen.seed, chosen.seed + chosen.rounds))

    def run(count: int) -> str:
        for _ in range(count):
            trials.trial(next(seeds))
        return f"{trials.reported:,} checks found damage"

    try:
        progress("damage", run, chosen.rounds, 50)
    except BaseException:
        print(trials.last.read_text())
        raise


CAMPAIGNS = {"edits": edits, "kills": kills, "damage": damage}


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.cache.campaign", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=CAMPAIGNS)
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--folder", help="where to work (default: the usual temporary folder)")
    parser.add_argument("--trees", type=int, default=500, help="edits: how many trees take turns")
    parser.add_argument("--clock", choices=("real", "ahead", "jumps"), default="real", help="edits: what the time is")
    return parser.parse_args()


def main() -> int:
    chosen = options()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as temporary:
        folder = Path(temporary).resolve()
        os.environ["REV_ACCEL_CACHE_DIR"] = str(folder / "cache")
        print(f"{chosen.name}, seed {chosen.seed}", flush=True)
        CAMPAIGNS[chosen.name](chosen, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
