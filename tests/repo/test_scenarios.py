"""In every state of a repository the text is that of git, asked for the first time and again."""

import os
import subprocess
import sys

import pytest

from .asker import Asker
from .builder import Repository
from .scenarios import SCENARIOS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the clock is set by a library as Linux loads it")

# States in which no answer is kept, each for the reason that is told. Everything else is kept.
NEVER_KEPT = {
    "clean": None,
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_text_is_that_of_git_cold_and_again(name: str, repository: Repository, asker: Asker) -> None:
    try:
        SCENARIOS[name](repository)
    except AssertionError as error:
        pytest.skip(f"this version of git cannot make it: {error}")
    for _ in range(2):
        answer = asker.ask(repository.cwd, repository.environment)
        assert answer.value == repository.text(), answer


def test_there_are_enough_scenarios() -> None:
    assert len(SCENARIOS) >= 120
