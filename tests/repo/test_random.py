"""A short form of the campaign of random changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the clock is set by a library as Linux loads it")

REPOSITORY = Path(__file__).parents[2]
PLACES = [("/var/tmp", 1), ("/dev/shm", 2)]


@pytest.mark.parametrize(("place", "seed"), PLACES)
def test_no_answer_is_stale_after_random_changes(place: str, seed: int) -> None:
    """A disk (ext4, as a rule) and memory (tmpfs)."""
    if not os.path.isdir(place):
        pytest.skip("there is no such folder")
    result = subprocess.run(
        [sys.executable, "-m", "tests.repo.campaign", "--steps=1000", f"--folder={place}", f"--seed={seed}"],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert result.returncode == 0, f"seed {seed}\n{result.stdout[-2000:]}\n{result.stderr[-6000:]}"
    assert "1,000 steps" in result.stdout
