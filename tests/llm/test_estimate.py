"""Prompts that a server cut: noticed when it counted far fewer tokens than were sent, and not otherwise."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from rev_accel.llm import Reply, storable

from .conftest import hello, make_client
from .server import Plan, Server
from .test_clients import WAYS, ask

LONG = "All happy families are alike; each unhappy family is unhappy in its own way. " * 100  # about 1,700 tokens
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": LONG}]


def cut(
    client: Any, server: Server, prompt: int | None, messages: Any = MESSAGES, way: str = "chat", **options: Any
) -> Reply:
    server.next(Plan(usage=None if prompt is None else (prompt, 3)))
    return ask(client, way, messages=messages, options=options)


@pytest.mark.parametrize("way", WAYS)
def test_a_cut_prompt_is_said_logged_and_not_kept(
    client: Any, server: Server, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="rev_accel"):
        reply = cut(client, server, 600, way=way, num_ctx=1024)
    assert reply.context_cut is not None and "600 tokens" in reply.context_cut and "1024" in reply.context_cut
    assert [record.levelname for record in caplog.records if record.name == "rev_accel"] == ["WARNING"]
    assert storable(reply).reason == "context_cut" and reply.content == "Hello there, world."
    assert Reply.from_bytes(reply.to_bytes()) == reply


def test_it_is_also_noticed_when_the_size_of_the_window_is_not_known(client: Any, server: Server) -> None:
    assert "num_ctx" in (cut(client, server, 600).context_cut or "")


def test_a_cut_of_dense_text_is_noticed_although_the_estimate_would_fit(client: Any, server: Server) -> None:
    dense = [{"role": "user", "content": "0123456789abcdef" * 875}]
    assert cut(client, server, 40, dense, num_ctx=4096).context_cut is not None
    assert cut(client, server, 1000, dense, num_ctx=16384).context_cut is None


def test_a_model_with_a_smaller_window_than_was_asked_for_is_noticed(client: Any, server: Server) -> None:
    assert "the model may have less" in (cut(client, server, 300, num_ctx=32768).context_cut or "")


@pytest.mark.parametrize(
    ("prompt", "options"),
    [(1700, {}), (2500, {}), (1300, {}), (None, {}), (0, {}), (600, {"num_ctx": 8192}), (1700, {"num_ctx": 1024})],
)
def test_a_whole_prompt_is_not_called_cut(client: Any, server: Server, prompt: Any, options: Any) -> None:
    assert cut(client, server, prompt, **options).context_cut is None


@pytest.mark.parametrize(
    "messages",
    [
        hello()["messages"],
        [{"role": "user", "content": "=" * 20_000}],
        [{"role": "user", "content": "x\n" + " " * 20_000 + "y"}],
        [{"role": "user", "content": "Look", "images": ["A1b2" * 5_000]}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:" + "A1b2" * 5_000}}]}],
        [{"role": "user", "content": None}, {"role": "tool"}, {"content": 7}],
    ],
    ids=["short", "line", "blank", "images", "image in parts", "odd"],
)
def test_what_is_few_tokens_is_estimated_so(client: Any, server: Server, messages: Any) -> None:
    assert cut(client, server, 9, messages=messages).context_cut is None


def tool(**parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "read", "description": "Reads.", "parameters": parameters}}


WORDY = tool(type="object", properties={"path": {"anyOf": [{"type": "string", "description": LONG}]}})
NAMES = tool(
    type="object", properties={f"a_rather_long_name_of_parameter_{number}": {"type": "string"} for number in range(200)}
)


@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [WORDY]},
        {"tools": [NAMES]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"text": LONG}}}]}]},
        {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": LONG}}]}]},
    ],
    ids=["descriptions", "names", "arguments", "arguments as text"],
)
def test_tools_and_arguments_of_their_calls_are_counted(client: Any, server: Server, fields: dict[str, Any]) -> None:
    server.next(Plan(usage=(60, 3)), Plan(usage=(1300, 3)))
    assert ask(client, "chat", **fields).context_cut is not None
    assert ask(client, "chat", **fields).context_cut is None


def test_what_templates_leave_out_of_tools_is_not_counted(server: Server) -> None:
    enum = [f"a value that is described nowhere else {number}" for number in range(200)]
    odd = [tool(properties=7, items=[[{"description": 5}]]), {"function": "f"}, {}]
    with make_client(server, "openai") as client:
        for tools, choice in (
            ([tool(title=LONG, properties={"a": {"enum": enum}})], None),
            ([WORDY], "none"),
            (odd, None),
        ):
            server.next(Plan(usage=(60, 3)))
            assert ask(client, "chat", tools=tools, tool_choice=choice).context_cut is None
