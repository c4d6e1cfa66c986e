"""The long forms of the tests in this folder.

    python -m tests.replies.campaign kills --rounds 300
    python -m tests.replies.campaign damage --rounds 5000 --folder /dev/shm
    python -m tests.replies.campaign flights --rounds 50

A round that goes wrong ends the campaign with a traceback and its seed; the same seed makes the same rounds.
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.cache.campaign import progress

from .damage import Trials
from .kills import Kills
from .processes import ask_at_once
from .server import Server


def kills(chosen: argparse.Namespace, folder: Path) -> None:
    rounds = Kills(folder)
    seeds = iter(range(chosen.seed, chosen.seed + chosen.rounds))

    def run(count: int) -> str:
        for _ in range(count):
            rounds.round(next(seeds))
        return f"{rounds.asked:,} questions"

    progress("kills", run, chosen.rounds, 10)
    rounds.finish()


def damage(chosen: argparse.Namespace, folder: Path) -> None:
    trials = Trials(folder)
    seeds = iter(range(chosen.seed, chosen.seed + chosen.rounds))

    def run(count: int) -> str:
        for _ in range(count):
            trials.trial(next(seeds))
        return f"{trials.reported:,} checks found damage, {trials.found:,} replies were still there"

    progress("damage", run, chosen.rounds, 50)


def flights(chosen: argparse.Namespace, folder: Path) -> None:
    """Fifty requests, each asked by all threads of all processes at once."""
    turns = iter(range(chosen.rounds))

    def run(count: int) -> str:
        for _ in range(count):
            with Server() as server:
                ask_at_once(folder / f"cache{next(turns)}", server.server_port, range(50), processes=8, threads=4)
            assert server.calls == dict.fromkeys(range(50), 1), server.calls
        return "fifty calls each"

    progress("flights", run, chosen.rounds, 1)


CAMPAIGNS = {"damage": damage, "flights": flights, "kills": kills}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.replies.campaign",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=CAMPAIGNS)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--folder", help="where to work (default: the usual temporary folder)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as temporary:
        print(f"{chosen.name}, seed {chosen.seed}", flush=True)
        CAMPAIGNS[chosen.name](chosen, Path(temporary).resolve())
    return 0


if __name__ == "__main__":
    sys.exit(main())
