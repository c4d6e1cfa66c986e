"""The long forms of the tests in this folder.

    python -m tests.workspace.campaign paths --rounds 100000
    python -m tests.workspace.campaign swaps --rounds 1000000 --folder /dev/shm
    python -m tests.workspace.campaign kills --rounds 300

A round that goes wrong ends the campaign with a traceback and its seed; the same seed makes the same rounds.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.cache.campaign import progress

from .hostile import Trials
from .kills import Kills
from .swapping import Swaps


def paths(chosen: argparse.Namespace, folder: Path) -> None:
    trials = Trials(folder, chosen.seed)

    def run(count: int) -> str:
        for _ in range(count):
            trials.trial()
        return f"{trials.inside:,} led inside, {sum(trials.succeeded.values()):,} deeds were done"

    progress("paths", run, chosen.rounds, 1000)
    trials.finish()


def swaps(chosen: argparse.Namespace, folder: Path) -> None:
    """Half of the rounds by a thread, half by a process."""
    rounds = Swaps(folder, chosen.seed)

    def run(count: int) -> str:
        rounds.run(rounds=count // 2)
        rounds.run(rounds=count // 2, processes=True)
        done, refused = sum(rounds.done.values()), sum(rounds.refused.values())
        return f"{rounds.rounds[0]:,} swaps, {done:,} deeds were done, {refused:,} refused"

    progress("swaps", run, chosen.rounds, 10_000)
    rounds.finish()


def kills(chosen: argparse.Namespace, folder: Path) -> None:
    rounds = Kills(folder, chosen.seed)

    def run(count: int) -> str:
        for _ in range(count):
            rounds.round()
        return f"{rounds.killed_within:,} killed while writing, {rounds.left:,} temporary files left"

    progress("kills", run, chosen.rounds, 10)
    rounds.finish()


CAMPAIGNS = {"kills": kills, "paths": paths, "swaps": swaps}
ROUNDS = {"kills": 300, "paths": 100_000, "swaps": 200_000}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.workspace.campaign",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=CAMPAIGNS)
    parser.add_argument("--rounds", type=int, help=f"default: {ROUNDS}")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--folder", help="where to work (default: the usual temporary folder)")
    chosen = parser.parse_args()
    chosen.rounds = chosen.rounds or ROUNDS[chosen.name]
    with tempfile.TemporaryDirectory(dir=chosen.folder) as temporary:
        print(f"{chosen.name}, seed {chosen.seed}", flush=True)
        CAMPAIGNS[chosen.name](chosen, Path(temporary).resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
