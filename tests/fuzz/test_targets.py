"""The targets on a few hundred inputs each: the same ones always, and others each day."""

from __future__ import annotations

import random
from datetime import date

import pytest
from tests.fuzz import driver

INPUTS = {
    "calls": 60,
    "digests": 300,
    "histories": 60,
    "outputs": 400,
    "patches": 100,
    "replies": 400,
    "run_logs": 200,
    "scans": 200,
    "searches": 200,
}


@pytest.mark.parametrize("name", driver.TARGETS)
def test_no_input_of_a_target_breaks_what_must_hold(name: str) -> None:
    target = driver.target(name)
    seeds = target.seeds()
    for seed in (1, date.today().toordinal()):
        source = random.Random(seed)
        for data in (*seeds, *(driver.mutant(source, seeds) for _ in range(INPUTS[name] // 2))):
            try:
                target.run(data)
            except Exception as error:
                raise AssertionError(f"target `{name}` with {data!r}, seed {seed}") from error
