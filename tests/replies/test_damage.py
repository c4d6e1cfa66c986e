"""Damage and kills cost replies; they never give a wrong one. The long forms are commands, see `campaign`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .processes import REPOSITORY

pytestmark = pytest.mark.skipif(os.name != "posix", reason="makes things that only POSIX has")


@pytest.mark.parametrize(("name", "rounds"), [("damage", 100), ("kills", 20)])
def test_damage_and_kills_never_give_a_wrong_reply(name: str, rounds: int, tmp_path: Path) -> None:
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else str(tmp_path)
    command = [sys.executable, "-m", "tests.replies.campaign", name, f"--rounds={rounds}", "--seed=1"]
    result = subprocess.run(
        [*command, f"--folder={folder}"],
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=115,
    )
    assert result.returncode == 0, f"{result.returncode}\n{result.stdout[-3000:]}\n{result.stderr[-5000:]}"
    assert f"{rounds} rounds" in result.stdout
