"""What counts as a secret in text and data, and what does not."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from rev_accel.llm import redact

R = "[redacted]"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("use sk-abcdefghijklmnop1234 now", f"use {R} now"),
        (f"a\n{PEM}\nb", f"a\n{R}\nb"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEow", R),
        ("Authorization: Bearer abcdefgh12345678ijk", f"Authorization: Bearer {R}"),
        ("curl -H 'Authorization: Basic dXNlcjpwYXNzd29yZDEyMw=='", f"curl -H 'Authorization: Basic {R}'"),
        ("postgres://me:hunter2@db/x", f"postgres://me:{R}@db/x"),
        ("OPENAI_API_KEY=abc123def456", f"OPENAI_API_KEY={R}"),
        ("export DB_PASSWORD='correct horse'", f"export DB_PASSWORD='{R}'"),
        ('password = "hunter-two"', f'password = "{R}"'),
        ('{"api_key": "abcdef"}', f'{{"api_key": "{R}"}}'),
        ('{\\"client_secret\\": \\"abcdef99\\"}', f'{{\\"client_secret\\": \\"{R}\\"}}'),
        ("glpat-abcdefghij0123456789", R),
        ("xoxb-1234567890-abcdef", R),
        ("AIzaSyA1234567890abcdefghijklmnopqrstuvw", R),
    ],
)
def test_a_secret_in_a_text_is_taken_out(text: str, expected: str) -> None:
    assert redact(text) == expected
    assert redact(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "the password: required field",
        "Basic understanding of bearer certificates",
        "password = get_password()",
        "api_key: str = field(default=None)",
        "max_tokens=4096, token: 12",
        "https://example.org:8080/a@b",
        "task-abcdefghijklmnopqrst and risk-management-of-everything",
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef",
        "def f(secret: int = 1) -> None: ...",
    ],
)
def test_what_only_looks_a_little_like_one_stays(text: str) -> None:
    assert redact(text) == text


def test_members_with_such_a_name_are_taken_out_of_data() -> None:
    data = {
        "Authorization": "x",
        "nested": [{"api_key": "y", "password": "", "secret": None, "token": "kept", "max_tokens": 5}],
        "properties": {"password": {"type": "string"}},
    }
    assert redact(data) == {
        "Authorization": R,
        "nested": [{"api_key": R, "password": "", "secret": None, "token": "kept", "max_tokens": 5}],
        "properties": {"password": {"type": "string"}},
    }


def test_json_inside_of_text_stays_json() -> None:
    source = random.Random(7)
    for _ in range(300):
        value = "".join(source.choices("abcXYZ0123456789_-./+=", k=source.randint(6, 40)))
        inner = json.dumps({"api_key": value, "n": [1, {"password": value, "url": f"https://u:{value}@h/"}]})
        for text in (inner, json.dumps({"arguments": inner})):
            found: Any = json.loads(redact(text))
            while isinstance(found, dict) and "arguments" in found:
                found = json.loads(found["arguments"])
            assert found["api_key"] == R, value


@pytest.mark.parametrize(
    "text",
    [
        "eyJaaaaaaaaa-" * 20_000,
        "eyJaaaaaaaaa.eyJ" * 20_000,
        "-----BEGIN " * 20_000,
        "password" + " " * 200_000,
        "password=" * 20_000,
        "a://:" * 40_000,
        "a" * 300_000 + "://",
        "bearer " * 40_000,
        "bearer " + "a" * 300_000,
        "sk-" * 100_000,
        "secret" * 50_000,
    ],
    ids=range(11),
)
def test_text_made_to_be_slow_is_not(text: str) -> None:
    redact(text)
