#!/usr/bin/env python3
"""What `rev_accel.History` saves on recorded conversations, and what a view costs.

The conversations are those of `tests/fixtures/conversations`, joined ten by ten into sessions of some 256 messages, as
a day with one agent would be. Each turn of the model is one request with all that came before it. Four ways to choose
what is sent take the same turns: never trimming; a window that slides at each call (the last 20 messages and a line
that counts the others, never beginning with a result); a `History` with its budget; and one whose summaries are made by
a model. What a request costs is counted in bytes of its messages as JSON: those that stand at the beginning of the
request before are cached, the others fresh.

A view of a long log is timed with a message added each time, at three lengths; beside it stands what the message costs
by itself, added to a log.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from peers import machine

from rev_accel import History, MessageLog
from rev_accel.history import Budget, View

FILE = Path(__file__).parents[1] / "tests" / "fixtures" / "conversations" / "airline.jsonl.gz"
JOINED = 10
CACHED = 0.1  # the price of a cached byte, of a fresh one's
SLIDING = 20  # messages
LENGTHS = (100, 1_000, 10_000)
ROUNDS = 400
TEXT = "x y z " * 80

Message = dict[str, Any]
Policy = Callable[[list[Message]], Iterator[list[Message]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What was sent in all requests of all conversations, in bytes."""

    requests: int
    sent: int
    shared: int

    @property
    def cost(self) -> float:
        return self.sent - (1 - CACHED) * self.shared


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--budgets", type=int, nargs="+", default=[4_000, 6_000, 8_000, 10_000, 12_000], metavar="TOKENS"
    )
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    singles = [json.loads(line) for line in gzip.decompress(FILE.read_bytes()).splitlines()]
    conversations = {"joined": joined(singles), "single": singles}
    found = {name: policies(messages, options.budgets) for name, messages in conversations.items()}
    tokens = {name: mean_tokens(messages) for name, messages in conversations.items()}
    times = {str(length): view_times(length) for length in LENGTHS}
    if options.json:
        figures = {
            "machine": machine(),
            "tokens": tokens,
            "bytes": {
                name: {
                    policy: {"sent": one.sent, "shared": one.shared, "cost": one.cost} for policy, one in rows.items()
                }
                for name, rows in found.items()
            },
            "microseconds": times,
        }
        json.dump(figures, sys.stdout, indent=2)
        print()
        return
    for name, rows in found.items():
        print_policies(f"{name} conversations, of {tokens[name]:,.0f} tokens on average", rows)
    print_times(times)


def joined(singles: list[list[Message]]) -> list[list[Message]]:
    """Sessions of several conversations under one system message."""
    return [
        [singles[at][0], *(message for one in singles[at : at + JOINED] for message in one[1:])]
        for at in range(0, len(singles), JOINED)
    ]


def mean_tokens(conversations: list[list[Message]]) -> float:
    """How many tokens a whole conversation is, as budgets count them."""
    views = (History(MessageLog(messages), budget=10**9).view() for messages in conversations)
    return statistics.mean(view.estimated for view in views)


def policies(conversations: list[list[Message]], budgets: Iterable[int]) -> dict[str, Spent]:
    rows = {
        "never": spent(conversations, never),
        "sliding": spent(conversations, sliding),
    }
    for budget in budgets:
        rows[f"History, {budget:,} tokens"] = spent(conversations, partial(history, budget=budget))
        rows[f"the same, a model's summary, {budget:,} tokens"] = spent(
            conversations, partial(history, budget=budget, by_model=True)
        )
    return rows


def never(messages: list[Message]) -> Iterator[list[Message]]:
    for number, message in enumerate(messages):
        if message["role"] == "assistant":
            yield messages[:number]


def sliding(messages: list[Message]) -> Iterator[list[Message]]:
    for request in never(messages):
        start = max(1, len(request) - SLIDING)
        while start < len(request) and request[start]["role"] == "tool":
            start += 1
        count = {"role": "user", "content": f"{start - 1} earlier messages were left out"}
        yield [request[0], *([count] if start > 1 else []), *request[start:]]


def history(messages: list[Message], *, budget: int, by_model: bool = False) -> Iterator[list[Message]]:
    """With a model's summary, the request for it is sent and paid, too; what it answers is as long as usual."""
    asked: list[list[Message]] = []

    def summary(view: Iterable[Message]) -> str:
        asked.append([*view, {"role": "user", "content": "x" * 1_000}])
        return "The user wants several reservations changed. " * (budget // 150)

    kept = History(MessageLog(), budget=budget, summariser=summary if by_model else None)
    for message in messages:
        if message["role"] == "assistant":
            view = kept.view()
            if view.problems:
                sys.exit(f"a view that no server takes: {view.problems[0]}")
            yield from asked
            asked.clear()
            yield list(view.messages)
        kept.append(message)


def spent(conversations: list[list[Message]], policy: Policy) -> Spent:
    requests = sent = shared = 0
    for messages in conversations:
        before: list[Message] = []
        for request in policy(messages):
            lengths = [len(json.dumps(message, ensure_ascii=False).encode()) for message in request]
            common = next(
                (at for at, (one, other) in enumerate(zip(before, request, strict=False)) if one != other),
                min(len(before), len(request)),
            )
            requests += 1
            sent += sum(lengths)
            shared += sum(lengths[:common])
            before = request
    return Spent(requests=requests, sent=sent, shared=shared)


def view_times(length: int) -> dict[str, float]:
    """Medians in microseconds of what stands before a call, when the log has so many messages."""
    rows: dict[str, float] = {}
    for name, budget in (("within a budget", Budget(tokens=20_000)), ("without end", Budget(tokens=10**9))):
        log = MessageLog()
        kept = History(log, budget=budget)
        for number in range(length):
            kept.append(turn(number))
        kept.view()
        alone = MessageLog()
        views, messages = [], []
        for number in range(length, length + ROUNDS):
            message = turn(number)
            started = time.perf_counter()
            kept.append(message)
            view: View = kept.view()
            views.append(time.perf_counter() - started)
            started = time.perf_counter()
            alone.append(message)
            messages.append(time.perf_counter() - started)
            if view.problems:
                sys.exit(f"a view that no server takes: {view.problems[0]}")
        rows |= {
            name: statistics.median(views) * 1e6,
            f"{name}, mean": statistics.mean(views) * 1e6,
            f"{name}, longest": max(views) * 1e6,
            "the message by itself": statistics.median(messages) * 1e6,
        }
    started = time.perf_counter()
    History(log, budget=20_000).view()
    rows["first view of the log, a message"] = (time.perf_counter() - started) * 1e6 / len(log)
    return rows


def turn(number: int) -> Message:
    role = "user" if number % 2 == 0 else "assistant"
    return {"role": role, "content": f"{number} {TEXT}"}


def print_policies(name: str, rows: dict[str, Spent]) -> None:
    unit = 1e6
    print(f"\n| {name} | requests | sent MB | prefix share | cost MB | of never | of sliding | sent less |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for policy, one in rows.items():
        print(
            f"| {policy} | {one.requests:,} | {one.sent / unit:,.1f} | {one.shared / one.sent:.1%}"
            f" | {one.cost / unit:,.2f} | {one.cost / rows['never'].cost:.2f} | {one.cost / rows['sliding'].cost:.2f}"
            f" | {1 - one.sent / rows['never'].sent:.0%} |"
        )


def print_times(times: dict[str, dict[str, float]]) -> None:
    facts = machine()
    print(f"\n{facts['system']}, {facts['cores']} cores of {facts['processor']}; one message added and a view, µs")
    names = list(next(iter(times.values())))
    print(f"| messages | {' | '.join(names)} |")
    print(f"|---|{'---:|' * len(names)}")
    for length, row in times.items():
        print(f"| {int(length):,} | {' | '.join(f'{row[name]:,.1f}' for name in names)} |")


if __name__ == "__main__":
    main()
