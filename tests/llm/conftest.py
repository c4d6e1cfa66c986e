"""What the tests of models' calls share."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from rev_accel.llm import Limits, OllamaClient, OpenAIClient, Request, Retries

from .server import Server, serving

CLIENTS = {"ollama": OllamaClient, "openai": OpenAIClient}
SHORT = Limits(connect=5, silence=20, total=30)
TLS = ssl.create_default_context()  # shared, since each takes 30 ms to make


@pytest.fixture(params=["ollama", "openai"])
def dialect(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    with serving() as running:
        yield running


@pytest.fixture
def client(server: Server, dialect: str) -> Iterator[OllamaClient | OpenAIClient]:
    """A client that does not ask again."""
    with make_client(server, dialect, retries=Retries(number=0)) as made:
        yield made


def make_client(server: Server, dialect: str, **settings: Any) -> OllamaClient | OpenAIClient:
    return CLIENTS[dialect](server.endpoint(dialect), **{"limits": SHORT, "verify": TLS, **settings})


def hello(**fields: Any) -> dict[str, Any]:
    """The fields of a small request."""
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **fields}


def request_of(**fields: Any) -> Request:
    return Request(**{"endpoint": "http://localhost:1", "dialect": "openai", **hello(), **fields})
