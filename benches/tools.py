#!/usr/bin/env python3
"""What a registry adds to a tool, and what a workspace costs, in one process.

The tool takes one text and does nothing; its description goes into a null stream, and its durations are measured. What
is added is the time of `execute_tool` without the bare function, the check of its arguments by pydantic, and one write.
Other ways to check them by pydantic are slower: a `TypeAdapter`, a model, and `validate_call`, which one would put
around the function otherwise (checked, but not measured or described).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pydantic
from peers import machine
from typing_extensions import TypedDict

import workspace
from metrics import NOTHING, timed
from rev_accel.tools import Registry, execute_tool, tool

CALLS = 50_000
ROUNDS = 15
FEW, MANY = 10, 10_000


@tool(description="Reading {path}", reads=True)
def read(path: str) -> str:
    return path


class Arguments(TypedDict):
    path: str


class ArgumentsModel(pydantic.BaseModel):
    path: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args()
    with open(os.devnull, "w") as null:
        calls = registry_calls(null.write)
        found: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(ROUNDS):
            for name, call in calls.items():
                found[name].append(timed(call, CALLS))
    with tempfile.TemporaryDirectory() as folder:
        paths = workspace.resolve(Path(folder))
    nothing = min(found.pop(NOTHING))
    best = {name: min(times) - nothing for name, times in found.items()}
    parts = best[BARE] + best[CHECK] + best[WRITE]
    added = {name: best[name] - parts for name in (with_tools(FEW), with_tools(MANY))}
    whole = best[with_tools(FEW)]
    ratios = {
        "the sum of its parts": whole / parts,
        "the same with a TypeAdapter": whole / (parts - best[CHECK] + best[ADAPTER]),
        "the same with a model": whole / (parts - best[CHECK] + best[MODEL]),
        "validate_call": whole / best[CALL],
    }
    if options.json:
        figures = {"machine": machine(), "ns": best, "added_ns": added, "ratios": ratios, "workspace_us": paths}
        json.dump(figures, sys.stdout, indent=2)
        print()
        return
    facts = machine()
    print(f"{facts['system']}, {facts['cores']} cores of {facts['processor']}; the least of {ROUNDS} rounds")
    for name, value in best.items():
        print(f"| {name} | {value:,.0f} ns |")
    for name, value in paths.items():
        print(f"| {name} | {value:,.1f} µs |")
    for name, value in added.items():
        print(f"{name}: adds {value:,.0f} ns")
    for name, value in ratios.items():
        print(f"execute_tool is {value:.2f} x {name}")


BARE = "the function"
CHECK = "pydantic's check of its arguments"
ADAPTER = "the same by TypeAdapter.validate_python"
MODEL = "the same by BaseModel.model_validate"
CALL = "the function under pydantic.validate_call"
WRITE = "one write to a null stream"


def with_tools(count: int) -> str:
    return f"execute_tool, {count:,} tools"


def registry_calls(write: Callable[[str], object]) -> dict[str, Callable[[], object]]:
    arguments = {"path": "src/package/module.py"}
    few, many = (registry(count, write) for count in (FEW, MANY))
    found = few.get("read")
    assert found is not None
    check, checked = found.signature.check, pydantic.validate_call(read)
    adapter = pydantic.TypeAdapter(Arguments)

    def nothing() -> None: ...

    return {
        NOTHING: nothing,
        BARE: lambda: read(**arguments),
        CHECK: lambda: check(arguments),
        ADAPTER: lambda: adapter.validate_python(arguments),
        MODEL: lambda: ArgumentsModel.model_validate(arguments),
        CALL: lambda: checked(**arguments),
        WRITE: lambda: write("Reading src/package/module.py"),
        with_tools(FEW): lambda: execute_tool("read", arguments, registry=few),
        with_tools(MANY): lambda: execute_tool("read", arguments, registry=many),
    }


def registry(count: int, write: Callable[[str], object]) -> Registry:
    made = Registry([read], on_start=write)
    for number in range(count - 1):

        @tool(description="Doing {what}", reads=True, name=f"tool_{number}")
        def another(what: str) -> str:
            return what

        made.add(another)
    return made


if __name__ == "__main__":
    main()
