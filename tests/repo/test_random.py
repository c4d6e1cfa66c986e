"""A short form of the campaign of random changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the clock is set by a library as Linux loads it")

REPOSITORY = Path(__file__).parents[2]
PLACES = [(place, seed) for place, seed in (("/var/tmp", 1), ("/dev/shm", 2)) if os.path.isdir(place)]


def test_no_answer_is_stale_after_random_changes() -> None:
    """A disk (ext4, as a rule) and memory (tmpfs), at the same time."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    command = [sys.executable, "-m", "tests.repo.campaign", "--steps=1000"]
    processes = [
        (seed, subprocess.Popen([*command, f"--folder={place}", f"--seed={seed}"], cwd=REPOSITORY, **pipes))
        for place, seed in PLACES
    ]
    for seed, process in processes:
        output, _ = process.communicate(timeout=110)
        assert process.returncode == 0, f"seed {seed}\n{output[-6000:]}"
        assert "1,000 steps" in output
