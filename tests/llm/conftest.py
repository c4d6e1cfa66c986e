"""What the tests of models' calls share."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rev_accel import ResponseCache
from rev_accel.llm import CachingClient, Client, Limits, OllamaClient, OpenAIClient, Piece, Reply, Request, Retries

from .server import Listening, Server, listening_server

CLIENTS = {"ollama": OllamaClient, "openai": OpenAIClient}
SHORT = Limits(connect=5, silence=20, total=30)
TLS = ssl.create_default_context()  # shared, since each takes 30 ms to make


@pytest.fixture(params=["ollama", "openai"])
def dialect(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def listening() -> Iterator[Listening]:
    with listening_server() as running:
        yield running


@pytest.fixture
def server(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server on loopback, as if it were new."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return listening.renew()


@pytest.fixture
def client(server: Server, dialect: str) -> Iterator[OllamaClient | OpenAIClient]:
    """A client that does not ask again."""
    with make_client(server, dialect, retries=Retries(number=0)) as made:
        yield made


@pytest.fixture
def cache(tmp_path: Path) -> ResponseCache:
    return ResponseCache(folder=tmp_path / "cache")


@pytest.fixture
def caching(client: OllamaClient | OpenAIClient, cache: ResponseCache) -> CachingClient:
    return CachingClient(client, cache)


@pytest.fixture
def asked(client: OllamaClient | OpenAIClient) -> Request:
    return client.request(**hello(options={"temperature": 0}))


def make_client(server: Server, dialect: str, **settings: Any) -> OllamaClient | OpenAIClient:
    return CLIENTS[dialect](server.endpoint(dialect), **{"limits": SHORT, "verify": TLS, **settings})


def parts(client: Client, way: str, request: Request) -> list[Piece | Reply]:
    """All that a client gives for a request, by one of its methods."""

    async def collect() -> list[Piece | Reply]:
        return [part async for part in client.astream(request)]

    match way:
        case "chat":
            return [client.chat(request)]
        case "achat":
            return [asyncio.run(client.achat(request))]
        case "stream":
            return list(client.stream(request))
        case _:
            return asyncio.run(collect())


def hello(**fields: Any) -> dict[str, Any]:
    """The fields of a small request."""
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}], **fields}


def request_of(**fields: Any) -> Request:
    return Request(**{"endpoint": "http://localhost:1", "dialect": "openai", **hello(), **fields})
