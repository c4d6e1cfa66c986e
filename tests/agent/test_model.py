"""A real small model works through the agent: `pytest -m llm`. It proves the way there and back, not that it is clever."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest
from tests.llm import model
from tests.llm.server import Plan

from rev_accel.agent import Limits

from .conftest import Agent
from .projects import build

pytestmark = [pytest.mark.llm, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def small_model() -> Any:
    try:
        return model.answering()
    except (ImportError, PackageNotFoundError) as error:
        pytest.skip(f"{error}: {model.__doc__}")


def test_a_call_of_a_tool_that_a_model_makes_is_made_and_its_result_given_back(
    agent: Agent, small_model: Any, tmp_path: Path, dialect: str
) -> None:
    root = build(tmp_path / "root", {"a.txt": "one\n"})
    asked: list[dict[str, Any]] = []

    def answer(body: dict[str, Any]) -> Plan:
        asked.append(body)
        # It can be held to one form of answer: at first to a call of this tool, then to a text.
        tools = [tool for tool in body["tools"] if tool["function"]["name"] == "list_dir"] if len(asked) == 1 else []
        short = [
            {"role": "user", "content": "Call the tool list_dir with the path of the current folder, which is `.`"}
        ]
        messages = short if len(asked) == 1 else [{"role": "user", "content": "Say that you are done."}]
        found = small_model({**body, "tools": tools, "messages": messages, "max_tokens": 64})
        return found if found.tool_calls else Plan(**{**found.__dict__, "finish": "stop"})

    agent.says(answer)
    settings = agent.settings(dialect, plan=False, test=False, limits=Limits(iterations=2))
    result = agent.start("What is in this folder?", root, settings)
    print(result)
    assert result.state == "done" and len(asked) == 2
    (call,) = [one for one in agent.conversation() if one.get("tool_calls")]
    assert call["tool_calls"][0]["function"]["name"] == "list_dir"
    (given,) = [one["content"] for one in agent.conversation() if one["role"] == "tool"]
    print(call, given)
    # What the server was sent back is what the tool has given.
    assert asked[1]["messages"][-1]["content"] == given


@pytest.mark.parametrize("statement", ["import rev_accel.agent", "from rev_accel.agent.plan import make_plan"])
def test_a_missing_extra_is_named(statement: str) -> None:
    code = f"import sys\nsys.modules['pydantic'] = None\n{statement}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    line = "ImportError: answers in a form need `pydantic`: install the extra, `pip install 'rev-accel[agent]'`"
    assert run.stderr.splitlines()[-1] == line
