"""`python -m tests.fuzz TARGET [--seconds N] [INPUT...]`: fuzzes the Python surface; see `--help`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from . import driver


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=(*driver.TARGETS, "all"))
    parser.add_argument("inputs", nargs="*", type=Path, help="run these inputs and end")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target is run")
    parser.add_argument("--seed", type=int, help="of the inputs where atheris is not installed")
    parser.add_argument("--folder", type=Path, help="where inputs that reach new code, and findings, are kept")
    given = parser.parse_args()
    if given.inputs:
        driver.again(given.target, given.inputs)
        return 0
    folder = given.folder or Path(tempfile.gettempdir()) / "rev-accel-fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    if given.target == "all":
        arguments = ["--seconds", str(given.seconds), "--folder", str(folder)]
        commands = [[sys.executable, "-m", "tests.fuzz", name, *arguments] for name in driver.TARGETS]
        return max(subprocess.run(command, check=False).returncode != 0 for command in commands)
    # Neither the user's cache nor the user's runs.
    with tempfile.TemporaryDirectory(prefix="rev-accel-fuzz-cache-") as cache:
        os.environ["REV_ACCEL_CACHE_DIR"] = cache
        if importlib.util.find_spec("atheris") is None:
            seed = random.SystemRandom().randrange(1 << 32) if given.seed is None else given.seed
            return driver.at_random(given.target, seconds=given.seconds, seed=seed, keep=folder)
        driver.guided(given.target, seconds=given.seconds, corpus=folder / given.target, keep=folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
