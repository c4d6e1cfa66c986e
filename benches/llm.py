#!/usr/bin/env python3
"""Times digests, message logs, requests and the reply cache against what would be used instead, in one process.

The peers are the quickest composition of well-kept packages, sorted `orjson` hashed by the `blake3` wheel; the
standard library's, sorted `json.dumps` hashed by SHA-256; and what rev makes its keys with. They are installed
from PyPI, at the versions below, into a virtual environment of this script in the user's cache folder. What they
leave out: `orjson` makes NaN null and a UUID a text, and refuses large integers and lone surrogates; `json` makes
the key 1 the key "1"; rev's key is of the messages alone.

All take turns, round by round. A key of the next call is, for rev_accel, the new message added to a `MessageLog`, a
`Request` of it, and that one's key; the peers digest the whole conversation again. A hit is such a key and the reply
from the same store. The last column is what the new message costs by itself, which nobody can save: a copy of it and
its digest.
"""

from __future__ import annotations

import argparse
import copy
import gc
import hashlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from peers import install, machine, packages_of

PEERS = ("orjson==3.13.0", "blake3==1.0.11", "rev-agentic==2.0.1")
OURS, REV, ITSELF = "rev_accel", "rev's `_hash_messages`", "the new message by itself"
MESSAGES = 120
MESSAGE_CHARACTERS = 4_096
REPLY_BYTES = 4_096
REPLIES = 1_000
LENGTHS = ((10, 500), (1_000, 500), (100_000, 500), (MESSAGES, MESSAGE_CHARACTERS))
PATIENCE = 1.0  # seconds for a contender in a row, after which it has had enough rounds
LEAST_ROUNDS = 5
BLOCK = 1e-3  # seconds of calls in a row: others in between leave the processor's caches cold
ENGLISH = "the quick brown fox jumps over the lazy dog; it reads, edits and runs files.\n\n    return x"
RUSSIAN = "съешь же ещё этих мягких французских булок, да выпей чаю; читает и правит файлы.\n\n  "

Digest = Callable[[Any], str]
Call = Callable[[], object]
Row = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300, help="rounds of each row (default: 300)")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("the number of rounds must be positive")
    contenders = make_contenders()
    gc.disable()
    with tempfile.TemporaryDirectory() as folder:
        found = {
            **digest_rows(contenders, options.rounds),
            **log_rows(Path(folder).resolve(), options.rounds),
            **call_rows(Path(folder).resolve(), contenders, options.rounds),
        }
    if options.json:
        figures = {"schema_version": 2, "machine": machine(), "peers": PEERS, "microseconds": found}
        json.dump(figures, sys.stdout, indent=2)
        print()
    else:
        print_table(found)


def digest_rows(contenders: dict[str, Digest], rounds: int) -> dict[str, Row]:
    """Whole values."""
    # Each has its own: `orjson` leaves UTF-8 in memory with every text that is not ASCII, which would help the others.
    inputs = {name: values() for name in contenders}
    return {
        f"digest of {what}": measure(
            {name: partial(digest, inputs[name][what]) for name, digest in contenders.items()}, rounds
        )
        for what in inputs[OURS]
    }


def log_rows(folder: Path, rounds: int) -> dict[str, Row]:
    """Additions to a log."""
    from rev_accel import MessageLog

    message = {"role": "user", "content": "x" * MESSAGE_CHARACTERS}
    memory = MessageLog()
    with MessageLog.open(folder / "log") as file, MessageLog.open(folder / "synced", sync=True) as synced:
        return {
            f"log append, {MESSAGE_CHARACTERS:,} characters, in memory": measure(
                {OURS: lambda: memory.append(message), ITSELF: lambda: itself(message)}, rounds
            ),
            "log append, in a file": measure({OURS: lambda: file.append(message)}, rounds),
            "log append, in a file with sync": measure({OURS: lambda: synced.append(message)}, rounds),
        }


def call_rows(folder: Path, contenders: dict[str, Digest], rounds: int) -> dict[str, Row]:
    """What stands before a model's next call, and in its place."""
    from rev_accel import MessageLog, ResponseCache, _core
    from rev_accel.llm import Request, ToolSet

    cache, reply = ResponseCache(folder=folder / "cache"), os.urandom(REPLY_BYTES)
    keys = [os.urandom(32) for _ in range(REPLIES)]
    turns = iter(range(10**9))
    for key in keys:
        cache.put(key, reply)

    def hit() -> bytes | None:
        return cache.get(keys[next(turns) % REPLIES])

    def opened() -> object:
        return _core.ReplyStore(str(folder / "cache")).get(keys[next(turns) % REPLIES])

    rows = {
        f"cache get, hit, {REPLY_BYTES:,} bytes, {REPLIES:,} replies": measure({OURS: hit}, rounds),
        "the same, opened for each": measure({OURS: opened}, rounds),
        "cache get, miss": measure({OURS: lambda: cache.get(os.urandom(32))}, rounds),
        "cache put": measure({OURS: lambda: cache.put(os.urandom(32), reply)}, rounds),
        "get_or_call, hit": measure(
            {OURS: lambda: cache.get_or_call(keys[next(turns) % REPLIES], lambda: reply)}, rounds
        ),
        "get_or_call, miss, with lease and put": measure(
            {OURS: lambda: cache.get_or_call(os.urandom(32), lambda: reply)}, rounds
        ),
    }
    fields: dict[str, Any] = {"model": "m", "options": {"temperature": 0, "num_ctx": 8192}}
    tools = ToolSet(values()["42 tools"])
    for length, characters in LENGTHS:
        messages = [{"role": "user", "content": f"{number} ".ljust(characters, "x")} for number in range(length)]
        log = MessageLog(messages)

        def ours(log: MessageLog = log, new: dict[str, str] = messages[0]) -> object:
            log.append(new)
            request = Request(endpoint="http://localhost:11434", dialect="ollama", messages=log, tools=tools, **fields)
            return request.key()

        def theirs(name: str, messages: list[dict[str, str]] = messages) -> object:
            return contenders[name](messages if name == REV else {**fields, "messages": messages})

        calls: dict[str, Call] = {OURS: ours}
        calls |= {name: partial(theirs, name) for name in contenders if name != OURS}
        calls[ITSELF] = partial(itself, messages[0])
        rows[f"key of the next call after {length:,} messages of {characters:,} characters"] = measure(calls, rounds)
    hits: dict[str, Call] = {name: partial(after, call, hit) for name, call in calls.items() if name != ITSELF}
    rows["the same, and the reply from the cache"] = measure(hits, rounds)
    return rows


def itself(message: dict[str, str]) -> bytes:
    from rev_accel import digest_bytes

    return digest_bytes(copy.deepcopy(message), domain="message")


def after(first: Call, then: Call) -> object:
    first()
    return then()


def make_contenders() -> dict[str, Digest]:
    sys.path.insert(0, packages_of(install(PEERS)))
    import rev_accel

    # Not by a statement: who checks the types here need not have them.
    blake3: Any = import_module("blake3")
    orjson: Any = import_module("orjson")

    def sorted_orjson_blake3(value: Any) -> str:
        text: str = blake3.blake3(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()
        return text

    def json_sha256(value: Any) -> str:
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()

    return {
        OURS: rev_accel.digest,
        "sorted orjson + blake3": sorted_orjson_blake3,
        "json.dumps + SHA-256": json_sha256,
        REV: import_module("rev.cache.implementations").LLMResponseCache()._hash_messages,
    }


def values() -> dict[str, Any]:
    source = random.Random(1)

    def text(characters: int, words: str = ENGLISH) -> str:
        start = source.randrange(len(words))
        return (words[start:] + words * (characters // len(words) + 1))[:characters]

    def messages(words: str = ENGLISH) -> list[dict[str, str]]:
        roles = ("user", "assistant", "tool")
        return [{"role": roles[number % 3], "content": text(MESSAGE_CHARACTERS, words)} for number in range(MESSAGES)]

    parameters = {f"p{number}": {"type": "string", "description": text(60)} for number in range(8)}
    tools = [
        {
            "type": "function",
            "function": {
                "name": f"tool_{number}",
                "description": text(120),
                "parameters": {"type": "object", "properties": dict(parameters), "required": ["p0", "p1"]},
            },
        }
        for number in range(42)
    ]
    return {
        f"{MESSAGES} messages of {MESSAGE_CHARACTERS:,} characters": messages(),
        "the same in Russian": messages(RUSSIAN),
        "one message": messages()[0],
        "42 tools": tools,
        "10,000 numbers": [source.random() if number % 2 else source.randrange(10**6) for number in range(10_000)],
    }


def measure(calls: dict[str, Call], rounds: int) -> Row:
    """The median of each contender, in microseconds. Each round has all of them, the first one another each time."""
    gc.collect()
    names = list(calls)
    times: dict[str, list[float]] = {name: [] for name in names}
    repeats = {name: max(1, round(BLOCK / quickest(calls[name]))) for name in names}
    until = time.perf_counter() + PATIENCE * len(names)
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            times[name].append(timed(calls[name], repeats[name]) / repeats[name] * 1e6)
        if number + 1 >= LEAST_ROUNDS and time.perf_counter() > until:
            break
    return {name: statistics.median(samples) for name, samples in times.items()}


def quickest(call: Call) -> float:
    """Of a few calls; the first one finds nothing in the processor's caches."""
    first = timed(call, 1)
    return first if first > BLOCK else min(timed(call, 1) for _ in range(9))


def timed(call: Call, repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - started


def print_table(found: dict[str, Row]) -> None:
    """Behind the time of a peer, how many times ours that is."""
    names = list(dict.fromkeys(name for row in found.values() for name in row))
    names.append(names.pop(names.index(ITSELF)))
    facts = machine()
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}; {', '.join(PEERS)}")
    print(f"| | {' | '.join(names)} |")
    print(f"|---|{'---:|' * len(names)}")
    for what, row in found.items():
        cells = [f"{row[OURS]:,.1f} µs"]
        for name in names[1:]:
            times = f" ({row[name] / row[OURS]:,.2f} ×)" if name in row and name != ITSELF else ""
            cells.append(f"{row[name]:,.1f} µs{times}" if name in row else "")
        print(f"| {what} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
