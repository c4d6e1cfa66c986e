#!/usr/bin/env python3
"""Times the reply cache and the message log, in one process and in turn with what would be used instead.

The key of a model's next call: a `MessageLog` adds the new message to its digest; the peers, those of `digest.py`,
digest the whole conversation again. The last column is what the new message costs by itself, which nobody can save: a
copy of it and its digest.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from digest import PEERS, make_contenders
from peers import machine

REPLY_BYTES = 4_096
REPLIES = 1_000
MESSAGE_CHARACTERS = 500
LENGTHS = (10, 1_000, 100_000)
PATIENCE = 0.5  # seconds after which a slow contender has had enough rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300, help="rounds of each measurement (default: 300)")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("the number of rounds must be positive")
    peers = make_contenders()
    with tempfile.TemporaryDirectory() as folder:
        cache = cache_figures(Path(folder).resolve(), options.rounds)
        log = log_figures(Path(folder).resolve(), options.rounds)
    keys = {length: key_figures(length, peers, options.rounds) for length in LENGTHS}
    if options.json:
        found = {"cache": cache, "log": log, "keys": keys}
        json.dump(
            {"schema_version": 1, "machine": machine(), "peers": PEERS, "microseconds": found}, sys.stdout, indent=2
        )
        print()
        return
    facts = machine()
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}; {', '.join(PEERS)}\n")
    for figures in (cache, log):
        print("| | median | 95 of 100 within |\n|---|---:|---:|")
        for what, (median, most) in figures.items():
            print(f"| {what} | {median:,.1f} µs | {most:,.1f} µs |")
        print()
    names = list(keys[LENGTHS[0]])
    print(f"| key of the next call, {MESSAGE_CHARACTERS} characters a message | {' | '.join(names)} |")
    print(f"|---|{'---:|' * len(names)}")
    for length, medians in keys.items():
        ours = medians[names[0]]
        cells = [f"{ours:,.1f} µs"]
        cells += [f"{medians[name]:,.1f} µs ({medians[name] / ours:,.1f} ×)" for name in names[1:]]
        print(f"| after {length:,} messages | {' | '.join(cells)} |")


def cache_figures(folder: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Uses of a cache with so many replies in it."""
    from rev_accel import ResponseCache, _core

    cache, reply = ResponseCache(folder=folder / "cache"), os.urandom(REPLY_BYTES)
    keys = [os.urandom(32) for _ in range(REPLIES)]
    turns = iter(range(10**9))

    def next_key() -> bytes:
        return keys[next(turns) % REPLIES]

    def opened() -> None:
        _core.ReplyStore(str(folder / "cache")).get(next_key())

    def call() -> bytes:
        return reply

    for key in keys:
        cache.put(key, reply)
    return {
        f"hit, {REPLY_BYTES:,} bytes, {REPLIES:,} replies": timed(lambda: cache.get(next_key()), rounds),
        "the same, opened for each": timed(opened, rounds),
        "miss": timed(lambda: cache.get(os.urandom(32)), rounds),
        "put": timed(lambda: cache.put(os.urandom(32), reply), rounds),
        "get_or_call, hit": timed(lambda: cache.get_or_call(next_key(), call), rounds),
        "get_or_call, miss, with the lease and the put": timed(lambda: cache.get_or_call(os.urandom(32), call), rounds),
    }


def log_figures(folder: Path, rounds: int) -> dict[str, tuple[float, float]]:
    """Additions to a log."""
    from rev_accel import MessageLog

    message = {"role": "user", "content": "x" * REPLY_BYTES}
    memory = MessageLog()
    with MessageLog.open(folder / "log") as file, MessageLog.open(folder / "synced", sync=True) as synced:
        return {
            f"append, {REPLY_BYTES:,} characters, in memory": timed(lambda: memory.append(message), rounds),
            "in a file": timed(lambda: file.append(message), rounds),
            "in a file, with sync": timed(lambda: synced.append(message), min(rounds, 50)),
        }


def key_figures(length: int, peers: dict[str, Callable[[Any], str]], rounds: int) -> dict[str, float]:
    """The key of the next call after so many messages, a new one each time."""
    from rev_accel import MessageLog, digest_bytes

    messages = [{"role": "user", "content": f"{number} ".ljust(MESSAGE_CHARACTERS, "x")} for number in range(length)]
    new = messages[0]
    log = MessageLog(messages)

    def next_key() -> str | None:
        log.append(new)
        return log.digest

    def itself() -> None:
        digest_bytes(copy.deepcopy(new), domain="message")

    calls: dict[str, Callable[[], object]] = {"`MessageLog`": next_key}
    calls |= {name: partial(digest, messages) for name, digest in peers.items()}
    calls["the new message by itself"] = itself
    return {name: timed(call, rounds)[0] for name, call in calls.items()}


def timed(call: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and 95th percentile, in microseconds."""
    gc.collect()
    gc.disable()
    times = []
    until = time.perf_counter() + PATIENCE
    for number in range(rounds):
        started = time.perf_counter()
        call()
        ended = time.perf_counter()
        times.append((ended - started) * 1e6)
        if ended > until and number >= 4:
            break
    gc.enable()
    times.sort()
    return statistics.median(times), times[len(times) * 95 // 100]


if __name__ == "__main__":
    main()
