"""The lines that rev prints for tool calls: the same bytes, for all tools and any arguments."""

import ast
import inspect
import random
import sys
from collections.abc import Callable
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_every_rev, in_rev

SEED = 20_260_101
DICTS = 20_000

TEXTS = ("", "x", "src/a.py", "é", "😀" * 60, "a" * 200, "\udcff", "line\nend", "{braces}", "%s", "'\"\\", " ", "\x00")


def value(chance: random.Random) -> Any:
    return chance.choice(
        (
            chance.choice(TEXTS),
            None,
            chance.randint(-5, 10**20),
            chance.random() < 0.5,
            float("nan"),
            1.5,
            [],
            ["a", None, "é"],
            {"k": [1]},
            (),
            {1, 2},
            b"bytes",
            object,
            range(3),
        )
    )


def both() -> tuple[Callable[..., str], Callable[..., str], list[str], list[str]]:
    """rev's function, ours, the names of all tools, and of all arguments that any of them looks at."""
    points.load()
    from rev.tools import registry

    original = registry._get_friendly_description
    names = {tool["function"]["name"] for tool in registry.get_available_tools()} | {*registry._TOOL_DISPATCH}
    keys = set()
    for node in ast.walk(ast.parse(inspect.getsource(registry._format_description))):
        match node:
            case ast.Dict(keys=tools):
                names |= {tool.value for tool in tools if isinstance(tool, ast.Constant)}
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(value=str(key)), *_]):
                keys.add(key)
    accel.install(only=["descriptions"])
    assert points.is_ours(registry._get_friendly_description)
    return original, registry._get_friendly_description, sorted(names), sorted(keys)


def told(describe: Callable[..., str], *arguments: Any) -> Any:
    try:
        return describe(*arguments)
    except Exception as error:
        return type(error), str(error)


def check(rev: Callable[..., str], ours: Callable[..., str], name: Any, arguments: Any) -> bool:
    """Whether rev says the same; where it fails for the sake of another tool, ours gives the text that rev has else."""
    expected, found = told(rev, name, arguments), told(ours, name, arguments)
    if found == expected:
        return True
    assert isinstance(expected, tuple) and isinstance(found, str), (SEED, name, arguments, expected, found)
    harmless = {**arguments, "message": ""} if name != "git_commit" else arguments
    assert found == rev(name, harmless), (SEED, name, arguments, expected, found)
    return False


@in_every_rev
def test_every_line_is_revs() -> None:
    rev, ours, names, keys = both()
    assert len(names) > 40 and len(keys) > 10 and "message" in keys, (names, keys)
    chance = random.Random(SEED)
    counts = dict.fromkeys(names, 0)
    saved = 0
    for number in range(DICTS):
        arguments = {key: value(chance) for key in chance.sample(keys, chance.randint(0, min(8, len(keys))))}
        if number % 4:
            arguments.pop("message", None)
        for name in chance.sample(names, 3) if number >= 100 else names:
            saved += not check(rev, ours, name, arguments)
            counts[name] += 1
    assert min(counts.values()) >= 300 and saved > 100, (min(counts.values()), saved)


@in_rev
def test_arguments_and_names_that_are_odd() -> None:
    rev, ours, names, _ = both()
    for name in (*names, "nothing", "", "é", None, 5, ("a",), "mcp_x"):
        for arguments in ({}, {"path": "x"}, {"a": 1, "b": [None]}, {"é": "\udcff"}):
            check(rev, ours, name, arguments)
    for arguments in (None, [], "text", 5):
        assert told(ours, "read_file", arguments) == told(rev, "read_file", arguments)
        expected, found = told(rev, "nothing", arguments), told(ours, "nothing", arguments)
        assert isinstance(expected, tuple) and expected[0] is found[0] is AttributeError
    assert told(ours, ["a"], {}) == told(rev, ["a"], {})


@in_rev
def test_a_formatter_that_is_patched_later_is_asked() -> None:
    rev, ours, _, _ = both()
    registry = sys.modules["rev.tools.registry"]
    original = registry._format_description
    registry._format_description = lambda name, args: f"patched {name}"
    assert ours("read_file", {}) == "patched read_file"
    registry._format_description = original
    assert ours("read_file", {}) == rev("read_file", {}) == "Reading file: "


@in_rev
def test_execute_tool_prints_the_same_and_returns_the_same() -> None:
    import contextlib
    import io
    import pathlib

    points.load()
    from rev.tools import registry

    pathlib.Path("a.py").write_text("print(1)\n")
    calls: list[tuple[str, dict[str, Any]]] = [
        ("read_file", {"path": "a.py"}),
        ("list_dir", {}),
        ("file_exists", {"path": "b"}),
        ("nothing", {"a": "é"}),
        ("read_file", {}),
        ("get_system_info", {}),
        ("tree_view", {"path": "."}),
    ]

    def run() -> list[tuple[str, Any]]:
        found = []
        for name, arguments in calls:
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                result = registry.execute_tool(name, arguments)
            found.append((out.getvalue(), result))
        return found

    expected = run()
    accel.install()
    assert run() == expected
    assert expected[0][0] == "  → Reading file: a.py\n"
