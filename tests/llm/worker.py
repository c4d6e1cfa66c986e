"""A process that asks a model through a cache, from several threads at once.

    cd tests && python -m llm.worker FOLDER ENDPOINT THREADS LEASE COUNT [--in-turn]

says that it is ready, waits for a line, asks from each thread for each of COUNT requests, and prints its figures. With
`--in-turn`, each request goes on from the reply to the one before, as in the run of an agent.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import ssl
import sys
import threading
import time
from pathlib import Path
from typing import Any

from replies.processes import Process
from rev_accel import ResponseCache
from rev_accel.llm import CachingClient, Limits, OpenAIClient, Request, Retries

from .server import Plan

TESTS = Path(__file__).parents[1]
SYSTEM = {"role": "system", "content": "You say what you were asked."}


def echo(body: dict[str, Any]) -> Plan:
    """The one right reply to a body: a digest of it, once or often."""
    told = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    return Plan(content=f"{digest} " * (1 + int(digest[:2], 16) // 8), usage=None)


def request_of(endpoint: str, number: int, before: list[dict[str, Any]] | None = None) -> Request:
    messages = [SYSTEM, *(before or ()), {"role": "user", "content": f"Question {number}"}]
    return Request(endpoint=endpoint, dialect="openai", model="m", messages=messages, options={"temperature": 0})


def right(request: Request) -> str:
    """What the server says to a request; its body is written here once more."""
    messages = [dict(message) for message in request.messages]
    return echo({"model": request.model, "messages": messages, **request.options}).content


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("endpoint")
    parser.add_argument("threads", type=int)
    parser.add_argument("lease", type=float)
    parser.add_argument("count", type=int)
    parser.add_argument("--in-turn", action="store_true")
    given = parser.parse_args()
    inner = OpenAIClient(
        given.endpoint,
        limits=Limits(connect=30, silence=60, total=90),
        retries=Retries(number=0),
        # No certificate is looked at here, and making the usual one takes a while.
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )
    cache = ResponseCache(folder=given.folder, lease=given.lease)
    client = CachingClient(inner, cache)
    wrong: list[object] = []

    def work() -> None:
        before: list[dict[str, Any]] = []
        for number in range(given.count):
            request = request_of(given.endpoint, number, before)
            try:
                reply = client.chat(request)
            except Exception as error:
                wrong.append(repr(error))
                continue
            if reply.content != right(request):
                wrong.append(number)
            if given.in_turn:
                before += [dict(request.messages[-1]), dict(reply.message)]

    print("ready", flush=True)
    sys.stdin.readline()
    start = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(given.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    inner.close()
    stats = cache.stats
    kinds = {name: getattr(stats, name) for name in ("hit", "miss", "shared", "stored", "hit_rate")}
    reasons = {"bypass": dict(stats.bypass), "refused": dict(stats.refused)}
    print(json.dumps({"wrong": wrong, "seconds": seconds, **kinds, **reasons}))


class Worker(Process):
    """Such a process."""

    def __init__(
        self, folder: Path, endpoint: str, count: int, *, threads: int = 1, lease: float = 15.0, in_turn: bool = False
    ) -> None:
        arguments = [str(folder), endpoint, str(threads), str(lease), str(count)]
        super().__init__("llm.worker", TESTS, arguments + ["--in-turn"] * in_turn)

    def figures(self) -> dict[str, Any]:
        found = super().figures()
        assert found["bypass"] == found["refused"] == {}, found
        return found


if __name__ == "__main__":
    main()
