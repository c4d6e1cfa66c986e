"""Processes that end in the middle of what they do leave a cache behind that the next one uses."""

import os
from pathlib import Path

import pytest

from .kills import Kills

pytestmark = pytest.mark.skipif(os.name != "posix", reason="forks and kills")

ROUNDS, SEED = 60, 10_000


def test_killed_processes_leave_no_wrong_answers_and_nothing_that_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", "")
    with Kills(tmp_path.resolve()) as kills:
        for seed in range(SEED, SEED + ROUNDS):
            kills.round(seed)
        kills.finish()
        assert kills.counting > ROUNDS // 2
