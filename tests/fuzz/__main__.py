"""`python -m tests.fuzz TARGET [--seconds N] [INPUT...]`: fuzzes the Python surface; see `--help`."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from . import driver, places


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=(*driver.TARGETS, "all"))
    parser.add_argument("inputs", nargs="*", type=Path, help="run these inputs and end")
    parser.add_argument("--seconds", type=int, default=60, help="how long each target is run")
    parser.add_argument("--seed", type=int, help="of the inputs where atheris is not installed")
    parser.add_argument("--folder", type=Path, help="where inputs that reach new code, and findings, are kept")
    given = parser.parse_args()
    if given.inputs:
        if given.target == "all":
            parser.error("inputs are those of one target")
        if absent := [str(path) for path in given.inputs if not path.is_file()]:
            parser.error(f"there is no file `{absent[0]}`")
        driver.again(given.target, given.inputs)
        return 0
    folder = (given.folder or Path(tempfile.gettempdir()) / "rev-accel-fuzz").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    seed = random.SystemRandom().randrange(1 << 32) if given.seed is None else given.seed
    names = driver.TARGETS if given.target == "all" else (given.target,)
    found = [fuzz(name, given.seconds, seed, folder) for name in names]
    return int(any(found))


def fuzz(name: str, seconds: int, seed: int, folder: Path) -> bool:
    """Whether a target found something. In a process of its own, since the fuzzer ends it and nothing is cleared up."""
    with tempfile.TemporaryDirectory(prefix="rev-accel-fuzz-", dir=places.above()) as temporary:
        # Neither the user's cache nor the user's runs.
        environment = os.environ | {"TMPDIR": temporary, "REV_ACCEL_CACHE_DIR": f"{temporary}/cache"}
        command = [sys.executable, "-m", "tests.fuzz.driver", name, str(seconds), str(seed), str(folder)]
        return subprocess.run(command, env=environment, check=False).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
