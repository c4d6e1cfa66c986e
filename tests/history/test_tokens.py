"""Estimates of tokens, and what reports of servers make of them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rev_accel import History, MessageLog
from rev_accel.history.tokens import Calibration, message_tokens, tools_tokens

from .test_views import called, talk


@pytest.mark.parametrize(
    ("message", "low", "high"),
    [
        ({"role": "user", "content": ""}, 1, 8),
        ({"role": "user", "content": "All happy families are alike. " * 100}, 600, 850),
        ({"role": "user", "content": "=" * 10_000}, 1, 20),
        ({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x" * 10**6}}]}, 85, 1_600),
        ({"role": "user", "content": "Look", "images": ["x" * 10**6]}, 85, 1_600),
        (called("a", text="All happy families are alike. " * 100), 600, 900),
        ({"role": "assistant", "content": None, "tool_calls": 7}, 1, 8),
        ({}, 1, 8),
    ],
)
def test_a_message_is_about_as_many_tokens_as_servers_count(message: dict[str, Any], low: int, high: int) -> None:
    assert low <= message_tokens(message) <= high


def test_tools_are_estimated_by_their_names_and_descriptions() -> None:
    assert tools_tokens(None) == tools_tokens([]) == 0
    tool = {"type": "function", "function": {"name": "read", "description": "Reads a file. " * 40}}
    assert 100 <= tools_tokens([tool]) <= 200


def test_each_model_has_its_own_factor_and_what_is_out_of_question_is_not_learnt() -> None:
    calibration = Calibration()
    assert calibration.factor() == 1
    assert calibration.learn("a", estimated=1_000, reported=1_500)
    assert calibration.factor() == 1.5
    assert calibration.learn("b", estimated=1_000, reported=800)
    for reported in (0, 10, 10_000):
        assert not calibration.learn("a", estimated=1_000, reported=reported)
    assert not calibration.learn("a", estimated=0, reported=10)
    assert calibration.factor() == 0.8
    # What is known of a model stays while others report.
    assert calibration.learn("a", estimated=1_000, reported=1_500) and calibration.factor() == 1.5
    assert calibration.learn("b", estimated=1_000, reported=800) and calibration.factor() == 0.8
    for _ in range(20):
        calibration.learn("a", estimated=1_000, reported=1_000)
    assert calibration.factor() == pytest.approx(1, abs=0.01)


def test_views_are_measured_to_within_a_few_percent_once_a_server_reported() -> None:
    source = random.Random(3)
    history = History(MessageLog(), budget=3_000)

    def counted(messages: Any) -> int:
        """A server that counts something else: words, and a template."""
        return 40 + sum(7 + int(1.4 * len(str(message["content"]).split())) for message in messages)

    errors = []
    for message in talk(200):
        if message["role"] == "assistant":
            view = history.view()
            errors.append(abs(view.tokens / counted(view.messages) - 1))
            history.observe(view, counted(view.messages), model="m")
        history.append({**message, "content": f"{message['content']} {'word ' * source.randrange(40)}"})
    assert errors[0] > 0.2
    # A cut leaves another mixture of texts, which is measured at the next report.
    assert sorted(errors[5:])[len(errors) // 2] < 0.03
    assert max(errors[5:]) < 0.3
