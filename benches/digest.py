#!/usr/bin/env python3
"""Times the digest of messages and tool sets against what would be used instead, in one process and in turn.

The peers are the quickest composition of well-kept packages, sorted `orjson` hashed by the `blake3` wheel; the
standard library's, sorted `json.dumps` hashed by SHA-256; and what rev makes its keys with. They are installed
from PyPI, at the versions below, into a virtual environment of this script in the user's cache folder. What they
leave out: `orjson` makes NaN null and a UUID a text, and refuses large integers and lone surrogates; `json` makes
the key 1 the key "1".
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from peers import ask, cache_folder, machine

PEERS = ("orjson==3.13.0", "blake3==1.0.11", "rev-agentic==2.0.1")
MESSAGES = 120
MESSAGE_CHARACTERS = 4_096
ENGLISH = "the quick brown fox jumps over the lazy dog; it reads, edits and runs files.\n\n    return x"
RUSSIAN = "съешь же ещё этих мягких французских булок, да выпей чаю; читает и правит файлы.\n\n  "

Digest = Callable[[Any], str]
Call = Callable[[], str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="rounds of each measurement (default: 200)")
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("the number of rounds must be positive")
    contenders = make_contenders()
    gc.disable()
    # Each has its own: `orjson` leaves UTF-8 in memory with every text that is not ASCII, which would help the others.
    inputs = {name: values() for name in contenders}
    found = {}
    for what in next(iter(inputs.values())):
        calls: dict[str, Call] = {name: partial(digest, inputs[name][what]) for name, digest in contenders.items()}
        found[what] = measure(calls, options.rounds)
    if options.json:
        json.dump(
            {"schema_version": 1, "machine": machine(), "peers": PEERS, "microseconds": found}, sys.stdout, indent=2
        )
        print()
    else:
        print_table(found)


def make_contenders() -> dict[str, Digest]:
    sys.path.append(str(install_peers()))
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
        "rev_accel.digest": rev_accel.digest,
        "sorted orjson + blake3": sorted_orjson_blake3,
        "json.dumps + SHA-256": json_sha256,
        "rev's `_hash_messages`": import_module("rev.cache.implementations").LLMResponseCache()._hash_messages,
    }


def install_peers() -> Path:
    """The folder of the packages of an environment that holds the peers; made once for each set."""
    version = ask(sys.executable, "import sys; print(*sys.version_info[:3], sep='.')")
    venv = cache_folder() / "-".join([version, *PEERS]).replace("==", "-")
    if not (venv / "complete").exists():
        print(f"peers: installing {' and '.join(PEERS)} into {venv}", file=sys.stderr)
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *PEERS], check=True)
        (venv / "complete").touch()
    packages = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(ask(str(venv / "bin" / "python"), packages))


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


def measure(calls: dict[str, Call], rounds: int) -> dict[str, float]:
    """The median of each contender, in microseconds. Each round has all of them, the first one another each time."""
    names = list(calls)
    times: dict[str, list[float]] = {name: [] for name in names}
    repeats = max(1, round(1e-4 / timed(calls[names[0]], 1)))
    for number in range(rounds):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            times[name].append(timed(calls[name], repeats) / repeats * 1e6)
    return {name: statistics.median(samples) for name, samples in times.items()}


def timed(call: Call, repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return time.perf_counter() - started


def print_table(found: dict[str, dict[str, float]]) -> None:
    names = list(next(iter(found.values())))
    ours, *peers = names
    facts = machine()
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}; {', '.join(PEERS)}")
    print(f"| | {' | '.join(names)} | {' | '.join(f'times faster than {peer}' for peer in peers)} |")
    print(f"|---|{'---:|' * (len(names) + len(peers))}")
    for what, medians in found.items():
        cells = [f"{medians[name]:,.1f} µs" for name in names]
        cells += [f"{medians[peer] / medians[ours]:.2f}" for peer in peers]
        print(f"| {what} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
