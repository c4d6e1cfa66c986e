"""What is loaded when, and what a missing extra says."""

from __future__ import annotations

import subprocess
import sys

import pytest

import rev_accel.llm

LAZY = ("httpx2", "tenacity", "anyio", "asyncio", "ssl", "json", "dataclasses", "typing", "pydantic", "rev_accel._core")


def run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_importing_loads_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import rev_accel.llm; print(sorted(set(sys.modules) - before))"
    assert run(code) == "['rev_accel', 'rev_accel.lazily', 'rev_accel.llm']"


def test_requests_recordings_and_scripts_need_no_extra() -> None:
    code = """
import sys
sys.modules["httpx2"] = sys.modules["tenacity"] = None
from rev_accel.llm import *
"""
    names = [name for name in rev_accel.llm.__all__ if name not in ("OllamaClient", "OpenAIClient")]
    assert run(code.replace("*", ", ".join(names)) + "print(ReplayClient.__name__)") == "ReplayClient"


@pytest.mark.parametrize("missing", ["httpx2", "tenacity"])
def test_a_missing_extra_is_named(missing: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
try:
    from rev_accel.llm import OllamaClient
except ImportError as error:
    print(error)
"""
    assert run(code) == f"clients of servers need `{missing}`: install the extra, `pip install 'rev-accel[agent]'`"


def test_every_public_name_is_there_and_listed() -> None:
    for name in rev_accel.llm.__all__:
        assert getattr(rev_accel.llm, name) is not None
    assert set(rev_accel.llm.__all__) <= set(dir(rev_accel.llm))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        rev_accel.llm.Nothing  # noqa: B018
