"""How often a cache of replies hits in conversations that have nothing to do with each other.

    cd tests && python -m llm.hit_rate [FILE]

plays recorded conversations of a model, each of its turns as one call with all messages before it, and prints what
share was answered from the cache. FILE is tau-bench's own, or gzipped lines like those that are played by default;
`fixtures/conversations` says whose these are.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rev_accel import ResponseCache
from rev_accel.llm import CachingClient, Reply, Request, ScriptedClient
from rev_accel.replies.stats import ReplyStats

FILE = Path(__file__).parents[1] / "fixtures" / "conversations" / "airline.jsonl.gz"

Messages = list[dict[str, Any]]


def conversations(path: Path = FILE) -> list[Messages]:
    if path.suffix == ".gz":
        return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    return [one["traj"] for one in json.loads(path.read_bytes())]


def play(conversations: Iterable[Messages], cache: ResponseCache) -> list[int]:
    """Asks for each turn of the model; of each hit, how many messages came before it."""
    hits = []
    for messages in conversations:
        for number, message in enumerate(messages):
            if message["role"] == "assistant":
                request = Request(
                    endpoint="https://api.openai.com/v1",
                    dialect="openai",
                    model="gpt-4o",
                    messages=messages[:number],
                    options={"temperature": 0.0},
                )
                model = ScriptedClient([recorded(message)])
                CachingClient(model, cache).chat(request)
                if not model.requests:
                    hits.append(number)
    return hits


def recorded(message: dict[str, Any]) -> Reply:
    """The reply that this message was in."""
    reason = "tool_calls" if message.get("tool_calls") else "stop"
    body = {"model": "gpt-4o", "choices": [{"index": 0, "message": message, "finish_reason": reason}]}
    return Reply.parse(json.dumps(body).encode(), dialect="openai")


def report(stats: ReplyStats, hits: list[int]) -> str:
    calls = stats.hit + stats.miss
    after = f", {sum(number > 2 for number in hits)} of them later than in the first turn" if hits else ""
    return f"{stats.hit} of {calls} calls were answered from the cache: {stats.hit_rate:.2%}{after}"


def main() -> None:
    told = conversations(Path(sys.argv[1])) if len(sys.argv) > 1 else conversations()
    with tempfile.TemporaryDirectory() as folder:
        for turn in ("for the first time", "the same run again"):
            cache, start = ResponseCache(folder=folder), time.perf_counter()
            hits = play(told, cache)
            print(f"{len(told)} conversations, {turn}: {report(cache.stats, hits)}", end="")
            print(f" ({time.perf_counter() - start:.1f} s, refused {dict(cache.stats.refused)})")


if __name__ == "__main__":
    main()
