"""The long forms of the tests in this folder.

    python -m tests.agent.campaign kills --rounds 200
    python -m tests.agent.campaign points

A round that goes wrong ends the campaign with a traceback and its seed; the same seed makes the same rounds, as far as
the times at which processes are killed allow it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.cache.campaign import progress
from tests.llm.server import listening_server

from .kills import Kills
from .scenarios import SCENARIOS, Scenario


def kills(chosen: argparse.Namespace, folder: Path) -> None:
    with listening_server() as listening:
        rounds = Kills(folder, listening)
        seeds = iter(range(chosen.seed, chosen.seed + chosen.rounds))

        def run(count: int) -> str:
            for _ in range(count):
                seed = next(seeds)
                try:
                    rounds.round(seed)
                except AssertionError as error:
                    if not chosen.go_on:
                        raise
                    print(f"WRONG: {error}", flush=True)
            return str(dict(rounds.counts))

        progress("kills", run, chosen.rounds, 10)
        rounds.close()


def points(chosen: argparse.Namespace, folder: Path) -> None:
    """Kills runs at each point that there is, one after the other."""
    with listening_server() as listening:
        rounds = Kills(folder, listening)
        for scenario in SCENARIOS.values():
            if chosen.only not in (None, scenario.name):
                continue
            _, count, _ = rounds.undisturbed(scenario)
            turns = iter(range(chosen.first, count + 1))

            def run(count: int, scenario: Scenario = scenario, turns: Iterator[int] = turns) -> str:
                for _ in range(count):
                    kill_at = next(turns)
                    try:
                        rounds.trial(scenario, ("ollama", "openai")[kill_at % 2], kill_at, None)
                    except AssertionError as error:
                        if not chosen.go_on:
                            raise
                        print(f"WRONG: {error}", flush=True)
                return str(dict(rounds.counts))

            progress(f"points of {scenario.name}", run, count + 1 - chosen.first, 10)
        rounds.close()


CAMPAIGNS = {"kills": kills, "points": points}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", choices=CAMPAIGNS)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the trees are; by default a temporary folder")
    parser.add_argument("--first", type=int, default=1, help="at which point to begin")
    parser.add_argument("--only", choices=SCENARIOS, help="of which scenario")
    parser.add_argument("--go-on", action="store_true", help="tell what goes wrong, and go on")
    chosen = parser.parse_args()
    os.environ["GIT_CONFIG_GLOBAL"], os.environ["GIT_CONFIG_NOSYSTEM"] = os.devnull, "1"
    os.environ.pop("VIRTUAL_ENV", None)
    if chosen.folder is not None:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        CAMPAIGNS[chosen.campaign](chosen, chosen.folder.resolve())
        return
    with tempfile.TemporaryDirectory() as folder:
        CAMPAIGNS[chosen.campaign](chosen, Path(folder).resolve())


if __name__ == "__main__":
    main()
