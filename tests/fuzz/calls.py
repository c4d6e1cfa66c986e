"""Arguments of tools: whatever a model makes up gets a text for an answer, and nothing outside of the workspace changes."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from rev_accel.metrics import Metrics
from rev_accel.tools import Registry, ToolResult, builtin_tools, execute_calls, tool
from rev_accel.workspace import Workspace

from .choices import Choices, Hostile, data, odd, text
from .places import folder

FOLDER = folder()
ROOT, OUTSIDE = FOLDER / "root", FOLDER / "outside.txt"
ROOT.mkdir()

# None of them starts a program.
BUILTIN = (
    "apply_patch",
    "copy",
    "create_directory",
    "delete",
    "list_dir",
    "move",
    "read_file",
    "replace_in_file",
    "tree_view",
    "write_file",
)
PATHS = ("a.txt", "folder/b.py", ".", "..", "../outside.txt", "/", "folder", "new", "new/er", "a.txt/x", "link", "")
MEMBERS = ("path", "content", "old", "new", "source", "target", "patch", "pattern", "depth", "start", "lines", "every")


@dataclass
class Point:
    x: int
    y: float = 0.0


@tool(description="Taking {one}", reads=True)
def take(one: int, two: list[Point] | None = None, *, three: Literal["a", "b"] = "a", four: dict[str, Any] = {}) -> Any:  # noqa: B006
    """Takes anything."""
    return {"one": one, "two": two, "three": three, "four": four}


@tool(description="Failing", reads=False)
def fail(text: str) -> None:
    """Fails."""
    raise ValueError(text)


@tool(description="Giving {what}", reads=True)
def give(what: Any) -> Any:
    """Gives what it got."""
    return what


@cache
def registry() -> Registry:
    """Made once: the schemas take longer than all else. What it knows of files it has read is of earlier inputs."""
    made = builtin_tools(Workspace(ROOT), metrics=Metrics()).subset(BUILTIN)
    for function in (take, fail, give):
        made.add(function)
    return made


def build() -> None:
    shutil.rmtree(ROOT, ignore_errors=True)
    (ROOT / "folder").mkdir(parents=True)
    (ROOT / "a.txt").write_text("one\ntwo\n")
    (ROOT / "folder" / "b.py").write_bytes(b"x = 1\r\n\xff")
    with suppress(OSError):  # Windows does not allow it to everybody
        (ROOT / "link").symlink_to("../outside.txt")
    OUTSIDE.write_text("outside")


def run(data: bytes) -> None:
    source = Choices(data)
    build()
    tools = registry()
    for _ in range(1 + source.randrange(4)):
        calls = [call(source) for _ in range(source.randrange(4))]
        results = execute_calls(calls, tools, threads=source.choice((1, 2)))
        assert len(results) == len(calls)
        for result in results:
            assert type(result) is ToolResult and type(result.text) is str
            assert json.loads(json.dumps(result.message()))["content"] == result.text
        name = source.choice((*BUILTIN, text(source), odd(source)))
        assert isinstance(tools.execute(name, arguments(source)), str)
        if source.is_over:
            break
    assert OUTSIDE.read_text() == "outside"
    assert {path.name for path in FOLDER.iterdir()} <= {"root", "outside.txt"}
    assert len(tools.schemas()) == len(tools)


def call(source: random.Random) -> Any:
    name = source.choice((*BUILTIN, "take", "take", "fail", "give", "give", text(source), data(source)))
    function = {"name": name, "arguments": arguments(source)}
    made = {"id": source.choice(("c1", None, data(source))), "function": function}
    return source.choice((made, made, made, {"function": data(source)}, {}, odd(source)))


def arguments(source: random.Random) -> Any:
    if source.random() < 0.1:
        return source.choice((odd(source), data(source)))
    made = {source.choice(MEMBERS): argument(source) for _ in range(source.randrange(4))}
    made |= {
        name: argument(source) for name in ("one", "two", "three", "four", "text", "what") if source.random() < 0.3
    }
    if source.random() < 0.3:
        try:
            return json.dumps(made) + source.choice(("", "}", " ", "\0"))
        except (TypeError, ValueError, RuntimeError):
            return "{"
    return made


def argument(source: random.Random) -> Any:
    return source.choice(
        (
            source.choice(PATHS),
            source.choice(PATHS),
            text(source),
            data(source),
            source.choice((0, 1, 2, -1, 10**30, "1", 1.5, True)),
            [{"x": 1, "y": data(source)}, data(source)],
            source.choice((Hostile(), odd(source))),
            "--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-one\n+1\n",
        )
    )


def seeds() -> Sequence[bytes]:
    return [random.Random(number).randbytes(60 + 40 * (number % 20)) for number in range(60)]
