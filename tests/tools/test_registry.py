"""Tools by name: what models are told of them, and what an execution gives, whatever it is given."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field

from rev_accel import MessageLog, digest
from rev_accel.errors import InputError
from rev_accel.llm import Request
from rev_accel.metrics import TOOL, TOOL_FAILURES, TOOL_OVERHEAD, Metrics, export_opentelemetry
from rev_accel.metrics.instruments import WAITING
from rev_accel.tools import Failure, Registry, SchemaSizes, execute_calls, problems, tool
from rev_accel.tools.registry import UNTOLD


@tool(description="Reading {path} from line {start}", reads=True)
def read_lines(path: str, start: int = 1, kind: Literal["text", "hex"] = "text") -> str:
    """Reads some lines.

    Not more than fit.

    Args:
        path: Where they are,
            below the root.
        start: The first line, from 1.
    """
    return f"{path}:{start}:{kind}"


@tool(description="Failing", reads=True)
def fail(how: str) -> None:
    errors: dict[str, BaseException] = {
        "value": ValueError("no such thing"),
        "key": KeyError("path"),
        "os": FileNotFoundError(2, "No such file or directory", "a.py"),
        "input": InputError("`x` is wrong: expected y"),
        "empty": RuntimeError(),
        "long": ValueError("x" * 1_000_000),
        "exit": SystemExit(3),
        "memory": MemoryError(),
        "unprintable": Unprintable(),
        "interrupt": KeyboardInterrupt(),
    }
    raise errors[how]


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class Untold(Exception):
    def errors(self, include_url: bool) -> None:
        raise SystemExit

    def __str__(self) -> str:
        raise SystemExit


def refuse_rudely(value: object) -> object:
    raise Untold


@tool(description="Giving back", reads=True, name="give-back")
def give(value: Any) -> Any:
    others = {
        "set": {3, 1, 2},
        "point": Point(1, "a"),
        "model": Chosen(),
        "models": {"a": [Point(1, Chosen())]},
        "nan": math.nan,
        "object": object(),
    }
    return others[value] if isinstance(value, str) and value in others else value


@dataclass
class Point:
    x: int
    y: object


class Edit(BaseModel):
    title: str
    lines: list[int] = []


@tool(description="Editing", reads=False)
def edit(
    edits: list[Edit], ratio: Annotated[float, Field(gt=0, description="How much.")] = 0.5, note: str | None = None
) -> int:
    """Edits."""
    return len(edits)


LETTERS = frozenset("abcdefgh")


class Chosen(BaseModel):
    letters: frozenset[str] = LETTERS
    at: date = date(2020, 1, 2)


@tool(description="Choosing", reads=True)
def choose_some(
    plain: set[str] = LETTERS,  # type: ignore[assignment]
    deep: dict[str, set[frozenset[str]]] = {"a": {frozenset("ab"), frozenset("bc"), frozenset()}},  # noqa: B006
    model: Chosen = Chosen(),  # noqa: B008
) -> None:
    """Chooses."""


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def registry(metrics: Metrics) -> Registry:
    return Registry([read_lines, fail, give, edit], metrics=metrics)


class TestSchemas:
    def test_a_signature_and_its_docstring_make_the_schema(self) -> None:
        assert json.dumps(Registry([read_lines]).schemas()) == json.dumps(
            [
                {
                    "type": "function",
                    "function": {
                        "name": "read_lines",
                        "description": "Reads some lines.\n\nNot more than fit.",
                        "parameters": {
                            "type": "object",
                            "properties": {
                                "path": {"type": "string", "description": "Where they are, below the root."},
                                "start": {"type": "integer", "description": "The first line, from 1.", "default": 1},
                                "kind": {"type": "string", "enum": ["text", "hex"], "default": "text"},
                            },
                            "required": ["path"],
                            "additionalProperties": False,
                        },
                    },
                }
            ]
        )

    def test_a_property_may_be_called_title(self) -> None:
        (schema,) = Registry([edit]).schemas()
        parameters = schema["function"]["parameters"]
        assert list(parameters["$defs"]["Edit"]["properties"]) == ["title", "lines"]
        assert "title" not in parameters["$defs"]["Edit"]
        assert parameters["properties"]["ratio"] == {
            "type": "number",
            "description": "How much.",
            "default": 0.5,
            "exclusiveMinimum": 0,
        }
        assert parameters["properties"]["note"]["default"] is None

    def test_they_are_sorted_and_the_same_bytes_in_any_process_whatever_was_added_first(
        self, registry: Registry
    ) -> None:
        names = [one["function"]["name"] for one in registry.schemas()]
        assert names == sorted(names)
        code = (
            "import json\nfrom tools.test_registry import *\n"
            "print(json.dumps(Registry([edit, give, fail, read_lines]).schemas()))"
        )
        for seed in ("1", "2"):
            run = subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                check=True,
                cwd="tests",
                env={"PYTHONHASHSEED": seed},
            )
            assert run.stdout == json.dumps(registry.schemas()) + "\n"

    def test_defaults_that_hold_sets_are_the_same_bytes_in_any_process(self) -> None:
        code = "import json\nfrom tools.test_registry import *\nprint(json.dumps(Registry([choose_some]).schemas()))"
        runs = {
            subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                check=True,
                cwd="tests",
                env={"PYTHONHASHSEED": seed},
            ).stdout
            for seed in ("1", "2", "3")
        }
        (schema,) = json.loads(runs.pop())
        properties = schema["function"]["parameters"]["properties"]
        assert not runs
        assert properties["plain"]["default"] == sorted(LETTERS)
        assert properties["deep"]["default"] == {"a": [list("ab"), list("bc"), []]}
        assert properties["model"]["default"] == {"letters": sorted(LETTERS), "at": "2020-01-02"}

    def test_they_are_made_once_until_a_tool_is_added(self, registry: Registry) -> None:
        first = registry.schemas()
        assert registry.schemas() is first and first.digest

        @tool(description="Doing", reads=True)
        def another() -> None: ...

        registry.add(another)
        assert len(registry.schemas()) == len(first) + 1
        request = Request(
            endpoint="http://localhost", dialect="ollama", model="m", messages=MessageLog(), tools=registry.schemas()
        )
        assert request.tools is registry.schemas()

    def test_sizes_are_those_of_the_json(self, registry: Registry) -> None:
        sizes = registry.sizes()
        assert isinstance(sizes, SchemaSizes)
        by_name = {one["function"]["name"]: one for one in registry.schemas()}
        for one in sizes.tools:
            assert one.bytes == len(json.dumps(by_name[one.name], separators=(",", ":")))
            assert one.tokens == -(-one.bytes // 4)
        assert [one.bytes for one in sizes.tools] == sorted((one.bytes for one in sizes.tools), reverse=True)
        assert sizes.bytes == sum(one.bytes for one in sizes.tools)
        first, second, *_ = sizes.table().splitlines()
        assert first.split() == ["tool", "bytes", "tokens", "share"] and second.startswith("all tools")


class TestAdding:
    def test_what_is_not_marked_is_no_tool(self, registry: Registry) -> None:
        for one in (print, lambda: None, "read_lines", Edit):
            with pytest.raises(InputError, match="is no tool: expected a function or method under"):
                registry.add(one)  # type: ignore[arg-type]

    def test_a_name_is_taken_once(self, registry: Registry) -> None:
        with pytest.raises(InputError, match="`read_lines` already"):
            registry.add(read_lines)
        with pytest.raises(InputError, match="`edit` already"):
            registry.merge(Registry([edit]))

    def test_kinds_of_functions_that_models_cannot_call_are_refused(self) -> None:
        @tool(description="x", reads=True)
        async def later() -> None: ...

        @tool(description="x", reads=True)
        def many(*paths: str) -> None: ...

        @tool(description="x", reads=True)
        def rest(**options: str) -> None: ...

        @tool(description="x", reads=True, name="a b")
        def named() -> None: ...

        @tool(description="Reading {file}", reads=True)
        def described(path: str) -> None: ...

        @tool(description="Reading {path", reads=True)
        def open_brace(path: str) -> None: ...

        for function, text in (
            (later, "is a coroutine function"),
            (many, r"`\*paths: ?'?str'?` of tool `many`"),
            (rest, r"`\*\*options"),
            (named, "`a b` cannot be the name of a tool"),
            (described, "has `file`: expected names of its parameters"),
            (open_brace, "is no template"),
        ):
            with pytest.raises(InputError, match=text):
                Registry([function])

    def test_a_parameter_without_a_usable_type_is_told_with_the_first_schema(self) -> None:
        @tool(description="x", reads=True)
        def untyped(path) -> None: ...  # type: ignore[no-untyped-def]

        @tool(description="x", reads=True)
        def odd(path: Iterator) -> None: ...  # type: ignore[type-arg]

        @tool(description="x", reads=True)
        def unknown(path: Missing) -> None: ...  # type: ignore[name-defined] # noqa: F821

        class Plain: ...

        @tool(description="x", reads=True)
        def plain(path: Plain) -> None: ...

        for function, text in (
            (untyped, "`path` of tool `untyped` has no type hint"),
            (unknown, "'Missing' is not"),
            (plain, "Plain"),
        ):
            with pytest.raises(InputError, match=text):
                Registry([function]).schemas()
            assert text.split()[-1].strip("`") in Registry([function]).execute(function.__name__, {"path": "a"})

    def test_methods_are_tools_of_their_object(self) -> None:
        class Shelf:
            def __init__(self, book: str) -> None:
                self.book = book

            @tool(description="Taking", reads=True)
            def take(self, copies: int = 1) -> str:
                """Takes it.

                Args:
                    copies: How many.
                """
                return f"{copies} {self.book}"

        one, other = Registry([Shelf("Emma").take]), Registry([Shelf("Ulysses").take])
        assert one.execute("take", {"copies": 2}) == "2 Emma"
        assert other.execute("take", None) == "1 Ulysses"
        assert list(one.schemas()[0]["function"]["parameters"]["properties"]) == ["copies"]
        assert Shelf("Dune").take() == "1 Dune"

    def test_a_subset_and_a_union_are_registries(self, registry: Registry) -> None:
        some = registry.subset(["fail", "edit"])
        assert [one.name for one in some] == ["edit", "fail"] and "give-back" not in some
        both = some.merge(Registry([read_lines]))
        assert [one.name for one in both] == ["edit", "fail", "read_lines"] and len(registry) == 4
        with pytest.raises(InputError, match="there is no tool `read_line`. Is it one of these: read_lines"):
            registry.subset(["read_line"])


class TestExecuting:
    def test_arguments_come_as_a_dict_or_as_the_text_of_an_object(self, registry: Registry) -> None:
        for arguments in ({"path": "a", "start": 2}, {"path": "a", "start": "2"}, '{"path": "a", "start": 2}'):
            assert registry.execute("read_lines", arguments) == "a:2:text"
        frozen = MessageLog([{"role": "x", "content": {"path": "a"}}])[0]["content"]
        assert registry.execute("read_lines", frozen) == "a:1:text"

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ({}, "`path` is missing"),
            (None, "`path` is missing"),
            ({"path": None}, "`path` is null: expected a valid string"),
            ({"path": 3}, "`path` is 3: expected a valid string"),
            ({"path": "a", "start": "x"}, '`start` is "x": expected a valid integer'),
            ({"path": "a", "start": 1.5}, "`start` is 1.5: expected a valid integer"),
            ({"path": "a", "start": math.nan}, "`start` is nan: expected a finite number"),
            ({"path": "a", "kind": "octal"}, "`kind` is \"octal\": expected 'text' or 'hex'"),
            ({"path": "a", "b": 1}, "`b` is no parameter"),
            ({"path": "a", 5: 1}, "`5`"),
            ({"path": ["a"]}, "`path` is ['a']"),
            ([1], "expected an object, not a list"),
            (5, "expected an object, not int"),
            ("5", "expected an object, not int"),
            ("", "no JSON object"),
            ("{", "no JSON object"),
            ("[" * 100_000, "no JSON object"),
            ('{"path": NaN}', "`path` is nan"),
            (b"{}", "expected an object, not bytes"),
        ],
    )
    def test_what_is_wrong_with_arguments_is_told_with_the_field(
        self, registry: Registry, arguments: Any, text: str
    ) -> None:
        found = registry.execute("read_lines", arguments)
        assert isinstance(found, Failure) and found.startswith("Error: arguments of `read_lines`: ")
        assert text in found
        assert found.endswith("It takes path (string), start (integer, optional), kind (text or hex, optional).")

    def test_deeper_places_and_many_problems_are_told_shortly(self, registry: Registry) -> None:
        found = registry.execute("edit", {"edits": [{"title": "a"}, {"lines": ["x"] * 50}], "ratio": 0})
        assert (
            "`edits.1.title` is missing" in found
            and "more. It takes edits (array of object), ratio (number, optional)" in found
        )
        assert "note (string or null, optional)" in found and len(found) < 700
        for nan in (math.nan, math.inf):
            assert "`ratio`" in registry.execute("edit", {"edits": [], "ratio": nan})

    def test_each_wrong_argument_costs_the_same_however_many_there_are(self, registry: Registry) -> None:
        def steps(count: int) -> int:
            done = 0

            def trace(frame: Any, event: str, _: object) -> Any:
                nonlocal done
                if frame.f_globals.get("__name__") != problems.__name__:
                    return None
                frame.f_trace_opcodes = True
                done += event == "opcode"
                return trace

            before = sys.gettrace()
            sys.settrace(trace)
            try:
                found = registry.execute("read_lines", {f"key{number}": number for number in range(count)})
                assert f"; {count - 4} more. " in found
                lines = registry.execute("edit", {"edits": [{"title": "a", "lines": ["x"] * count}]})
                assert f"; {count - 5} more. " in lines
            finally:
                sys.settrace(before)
            return done

        assert steps(800) < 2.2 * steps(400)

    def test_huge_values_make_no_huge_texts(self, registry: Registry) -> None:
        huge = "x" * 10_000_000
        for name, arguments in (
            ("read_lines", {"path": [huge]}),
            ("read_lines", {huge: 1}),
            ("read_lines", {"path": "a", "start": huge}),
            ("read_lines", {"path": "a", "start": 10**10_000}),
            ("read_lines", {"path": 10**10_000}),
            ("read_lines", huge),
            (huge, {}),
            ("fail", {"how": "long"}),
        ):
            found = registry.execute(name, arguments)
            assert len(found) < 2_200, found[:100]
        assert registry.execute("read_lines", {"path": huge}) == f"{huge}:1:text"

    @pytest.mark.parametrize("name", ["read_line", "", None, 3, ["read_lines"], {}, float("nan"), "a\nb"])
    def test_an_unknown_tool_is_told(self, registry: Registry, name: Any) -> None:
        found = registry.execute(name, {"path": "a"})
        assert isinstance(found, Failure) and found.startswith("Error: there is no tool `") and "\n" not in found
        assert ("Is it one of these: read_lines?" in found) == (name == "read_line")

    @pytest.mark.parametrize(
        ("how", "text"),
        [
            ("value", "Error: ValueError: no such thing"),
            ("key", "Error: KeyError: 'path'"),
            ("os", "Error: [Errno 2] No such file or directory: 'a.py'"),
            ("input", "Error: `x` is wrong: expected y"),
            ("empty", "Error: RuntimeError"),
            ("exit", "Error: SystemExit: 3"),
            ("memory", "Error: MemoryError"),
            ("unprintable", "Error: Unprintable"),
        ],
    )
    def test_what_a_tool_raises_becomes_a_text(self, registry: Registry, how: str, text: str) -> None:
        found = registry.execute("fail", {"how": how})
        assert found == text and isinstance(found, Failure)

    def test_values_and_errors_that_cannot_say_what_they_are_do_no_harm(self, metrics: Metrics) -> None:
        class Rude(Exception):
            def __repr__(self) -> str:
                raise SystemExit

            __str__ = __repr__

        @tool(description="Doing {value}", reads=True)
        def rude(value: int | str | None = None) -> None:
            raise Rude

        described: list[str] = []
        registry = Registry([rude], metrics=metrics, on_start=described.append)
        assert registry.execute("rude", {}) == "Error: Rude"
        assert "`value` is <Rude>: expected a valid" in registry.execute("rude", {"value": Rude()})
        assert "there is no tool `<Rude>`" in registry.execute(Rude(), {})  # type: ignore[arg-type]
        assert registry.execute("rude", {"value": "x"}) == "Error: Rude" and described == ["Doing None", "Doing x"]

    def test_errors_of_arguments_that_cannot_be_told_do_no_harm(self) -> None:
        @tool(description="Doing", reads=True)
        def rude(value: Annotated[str, AfterValidator(refuse_rudely)]) -> None:
            pass

        assert Registry([rude]).execute("rude", {"value": "x"}) == "Error: Untold"

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ({"one": []}, "`one` is []: expected a valid integer or a valid string"),
            ({"many": {"a": [5, {}]}}, "`many.a.1` is {}: expected a valid integer or a valid string"),
            ({"edit": {"lines": []}}, "`edit.title` is missing"),
            ({"edit": [{"title": 5}]}, "`edit.0.title` is 5: expected a valid string"),
            ({"edit": 5}, "`edit` is 5: expected a valid dictionary or instance of Edit or a valid list"),
            ({"maybe": 5}, "`maybe` is 5: expected a valid list"),
            ({"maybe": [[]]}, "`maybe.0` is []: expected a valid string"),
        ],
    )
    def test_a_value_of_several_types_is_told_once_where_it_stands(self, arguments: Any, told: str) -> None:
        @tool(description="Choosing", reads=True)
        def choose(
            one: int | str = 0,
            many: dict[str, list[int | str]] | None = None,
            edit: Edit | list[Edit] | None = None,
            maybe: list[str] | None = None,
        ) -> None:
            pass

        found = Registry([choose]).execute("choose", arguments)
        assert found.startswith(f"Error: arguments of `choose`: {told}. It takes one (integer or string, optional)")

    def test_whatever_is_wrong_beside_a_tool_that_has_run_its_result_is_given(self) -> None:
        class Exporter:
            def __init__(self, error: BaseException) -> None:
                self.error = error

            def record(self, value: float, attributes: object) -> None:
                raise self.error

            def __getattr__(self, name: str) -> Any:
                return lambda *_, **__: self

        def refuse(text: str) -> None:
            raise SystemExit(1)

        for error in (RuntimeError("down"), SystemExit(1)):
            registry = Registry([read_lines], metrics=(metrics := Metrics()), on_start=refuse)
            export_opentelemetry(metrics, meter=Exporter(error))  # type: ignore[arg-type]
            for _ in range(2 * WAITING):
                assert registry.execute("read_lines", {"path": "a"}) == "a:1:text"

    def test_a_name_that_has_no_hash_is_unknown(self, registry: Registry) -> None:
        class Name(str):
            __slots__ = ()

            def __hash__(self) -> int:
                raise ZeroDivisionError

        assert registry.execute(Name("read_lines"), {}).startswith("Error: there is no tool `")
        message = {"function": {"name": Name("read_lines"), "arguments": {"path": "a"}}}
        assert execute_calls([message], registry)[0].text == "a:1:text"

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [("read_lines", {"path": "a"}), ("read_lines", {}), ("fail", {"how": "key"}), ("none", {})],
    )
    def test_where_the_stack_ends_there_is_a_text(self, registry: Registry, name: str, arguments: Any) -> None:
        registry.execute(name, arguments)

        def deep(levels: int) -> str:
            return deep(levels - 1) if levels else registry.execute(name, arguments)

        texts = []
        for levels in range(sys.getrecursionlimit() - 200, sys.getrecursionlimit()):
            try:
                texts.append(deep(levels))
            except RecursionError as error:
                assert all(frame.name == "deep" for frame in traceback.extract_tb(error.__traceback__)[1:])
        assert UNTOLD in texts

    def test_an_interrupt_is_raised(self, registry: Registry) -> None:
        with pytest.raises(KeyboardInterrupt):
            registry.execute("fail", {"how": "interrupt"})

    def test_what_a_tool_returns_becomes_a_text(self, registry: Registry) -> None:
        for value, text in (
            ("é\n", "é\n"),
            (None, "Done."),
            (3, "3"),
            (True, "true"),
            ({"b": [1, "é"]}, '{"b": [1, "é"]}'),
            ("set", "[1, 2, 3]"),
            ("point", '{"x": 1, "y": "a"}'),
            ("model", f'{{"letters": {json.dumps(sorted(LETTERS))}, "at": "2020-01-02"}}'),
            (
                "models",
                f'{{"a": [{{"x": 1, "y": {{"letters": {json.dumps(sorted(LETTERS))}, "at": "2020-01-02"}}}}]}}',
            ),
        ):
            found = registry.execute("give-back", {"value": value})
            assert (found, isinstance(found, Failure)) == (text, False)
        for value in ("nan", "object"):
            assert isinstance(registry.execute("give-back", {"value": value}), Failure)

    def test_what_is_about_to_run_is_told_in_one_line(self, metrics: Metrics) -> None:
        told: list[str] = []
        registry = Registry([read_lines, fail], on_start=told.append, metrics=metrics)
        registry.execute("read_lines", {"path": "a\nb"})
        registry.execute("read_lines", {"path": "x" * 1000, "start": 7})
        registry.execute("fail", {"how": "value"})
        registry.execute("read_lines", {"path": 1})
        assert told == ["Reading a·b from line 1", f"Reading {'x' * 59}… from line 7", "Failing"]
        broken = Registry([read_lines], on_start=lambda text: 1 / 0, metrics=metrics)
        assert broken.execute("read_lines", {"path": "a"}) == "a:1:text"

    def test_calls_and_failures_are_measured(self, registry: Registry, metrics: Metrics) -> None:
        for _ in range(3000):
            registry.execute("read_lines", {"path": "a"})
        registry.execute("read_lines", {})
        registry.execute("fail", {"how": "value"})
        registry.execute("made up", {})
        summary = {one.attributes.get("tool"): one for one in metrics.instruments() if one.name == TOOL}
        assert summary["read_lines"].summary().count == 3000 and summary["fail"].summary().count == 1
        assert metrics.histogram(TOOL_OVERHEAD).summary().count == 3001
        assert len(metrics.histogram(TOOL_OVERHEAD).waiting) < 1024
        failures = {
            tuple(one.attributes.values()): one.value for one in metrics.instruments() if one.name == TOOL_FAILURES
        }
        assert failures == {("read_lines", "arguments"): 1, ("fail", "error"): 1, ("_other", "unknown"): 1}


def test_tools_that_write_take_turns_and_those_that_read_do_not() -> None:
    inside: list[str] = []
    most: dict[str, int] = {"write": 0, "read": 0}
    gate = threading.Barrier(3, timeout=20)

    def visit(kind: str) -> None:
        inside.append(kind)
        most[kind] = max(most[kind], inside.count(kind))
        time.sleep(0.002)
        inside.remove(kind)

    @tool(description="Writing", reads=False)
    def write() -> None:
        visit("write")

    @tool(description="Reading", reads=True)
    def read() -> None:
        gate.wait()  # they are all in it at once
        visit("read")

    registry = Registry([write, read])
    # Turns are shared with what is made of it.
    others = [registry, registry.subset(["write", "read"]), registry.merge(Registry())]
    threads = [
        threading.Thread(
            target=lambda one=one: [one.execute("write", {}) for _ in range(20)] + [one.execute("read", {})]
        )
        for one in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most["write"] == 1 and not inside


def test_a_tool_that_writes_may_call_another_one() -> None:
    registry = Registry()

    @tool(description="x", reads=False)
    def inner() -> str:
        return "inner"

    @tool(description="x", reads=False)
    def outer() -> str:
        return registry.execute("inner", {})

    registry.add(inner)
    registry.add(outer)
    assert registry.execute("outer", {}) == "inner"


def test_importing_is_light_and_pydantic_comes_with_the_first_check() -> None:
    code = """
import sys
from rev_accel.tools import Registry, execute_calls, tool
@tool(description="x {a}", reads=True)
def one(a: int) -> str: return "1"
registry = Registry([one])
print("pydantic" in sys.modules, "httpx2" in sys.modules, "asyncio" in sys.modules)
print(registry.execute("one", {"a": 1}), "pydantic" in sys.modules)
sys.modules["pydantic"] = None
import rev_accel
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False", "False", "1", "True"]


def test_a_missing_extra_is_named() -> None:
    code = """
import sys
sys.modules["pydantic"] = None
from rev_accel.tools import Registry, tool
@tool(description="x", reads=True)
def one(a: int) -> str: return "1"
print(Registry([one]).execute("one", {"a": 1}))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "install the extra, `pip install 'rev-accel[agent]'`" in run.stdout


def test_the_digest_of_the_tools_is_the_same_when_a_file_is_run_again(registry: Registry) -> None:
    assert registry.schemas().digest == digest([dict(one) for one in registry.schemas()], domain="tools")
