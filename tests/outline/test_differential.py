"""Outlines and definitions say what Python's `ast` says, on the whole standard library and on odd forms."""

from __future__ import annotations

import ast
import functools
import re
import sysconfig
import warnings
from collections import defaultdict
from pathlib import Path

import pytest

import rev_accel
from rev_accel import Outline, Symbol, find_definitions, outline, outline_source

from . import judge

LIBRARY = Path(sysconfig.get_path("stdlib"))
FILES = sorted(
    path
    for path in LIBRARY.rglob("*.py")
    if not {"site-packages", "dist-packages", "__pycache__"} & set(path.parts) and path.is_file()
)
PARTS = 4  # so that none comes near the time that a test may take


def flat(outline: Outline) -> list[tuple[int, Symbol]]:
    found: list[tuple[int, Symbol]] = []

    def add(symbol: Symbol, depth: int) -> None:
        found.append((depth, symbol))
        for child in symbol.children:
            add(child, depth + 1)

    for symbol in outline.symbols:
        add(symbol, 0)
    assert [symbol for _, symbol in found] == list(outline)
    return found


def parse(text: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError):
            return None


@functools.cache
def expected_of(path: Path) -> list[judge.Expected] | None:
    """What Python says of a file; `None` if it does not take it."""
    try:
        tree = parse(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return None
    return None if tree is None else judge.symbols(tree)


def compare(outline: Outline, expected: list[judge.Expected]) -> int:
    """How many symbols there are, all as Python sees them."""
    assert outline.error is None
    found = flat(outline)
    assert [(depth, symbol.name) for depth, symbol in found] == [(each.depth, each.name) for each in expected]
    for (_, symbol), each in zip(found, expected, strict=True):
        got = (symbol.kind, symbol.is_async, symbol.line, symbol.first_line, symbol.last_line, symbol.doc)
        want = (each.kind, each.is_async, each.line, each.first_line, each.last_line, each.doc)
        assert got == want, (outline.path, symbol)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        headers = judge.headers([symbol.signature for _, symbol in found])
    assert headers == [each.header for each in expected if each.header is not None], outline.path
    return len(found)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_outline_of_every_file_of_the_standard_library_is_that_of_ast(part: int) -> None:
    symbols = 0
    for path in FILES[part::PARTS]:
        expected = expected_of(path)
        found = outline(path, root=LIBRARY)
        assert found.path == path.relative_to(LIBRARY).as_posix()
        if expected is None:
            assert found.error is not None
            assert found.error.status in ("syntax_error", "undecodable")
        else:
            symbols += compare(found, expected)
    assert symbols > 50_000 // PARTS


def test_every_definition_of_some_names_is_found() -> None:
    names = ["run", "close", "__init__", "Thread", "_T", "main", "path", "Popen.communicate", "TestCase.setUp", "x"]
    wanted = {name: name.split(".") for name in names}
    expected = defaultdict(list)
    broken = set()
    for path in FILES:
        symbols = expected_of(path)
        key = path.relative_to(LIBRARY).as_posix()
        if symbols is None:
            broken.add(key)
            continue
        stack: list[str] = []
        for symbol in symbols:
            stack[symbol.depth :] = [symbol.name]
            for name, parts in wanted.items():
                if stack[-len(parts) :] == parts:
                    expected[name].append((key, symbol.line, ".".join(stack)))
    for name in names:
        exclude = ["site-packages", "dist-packages"]
        found = find_definitions(name, root=LIBRARY, selection="all", exclude=exclude, max_definitions=100_000)
        got = [(each.path, each.line, each.name) for each in found if each.path not in broken]
        # By path and then in the order of the file.
        assert got == sorted(expected[name], key=lambda each: each[0]), name
        assert found.total == len(found)
        assert {error.path for error in found.errors} <= broken
        few = find_definitions(name, root=LIBRARY, selection="all", exclude=exclude, max_definitions=3)
        assert (few.found, few.total) == (found.found[:3], found.total)


ODD = (Path(__file__).parents[1] / "fixtures" / "outline" / "odd.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_odd_forms_are_outlined_as_ast_has_them(end: str) -> None:
    tree = parse(ODD)
    assert tree is not None
    # Strings of several lines keep the ends of lines in signatures.
    text = ODD.replace("\n", end)
    found = outline_source(text)
    assert found.error is None
    expected = judge.symbols(tree)
    assert [symbol.name for symbol in found] == [each.name for each in expected]
    assert compare(found, expected) > 40


def test_a_signature_is_one_line_without_comments() -> None:
    signatures = {symbol.name: symbol.signature for symbol in outline_source(ODD)}
    assert signatures["D"] == "class D(A, B[int, str])"
    assert signatures["f"].startswith("def f(a, /, b: int = (1,), *args")
    assert "(1,)" in signatures["g"]
    assert "#" not in signatures["g"]
    assert {symbol.signature for symbol in outline_source(ODD) if symbol.name == "y"} == {"y: int"}
    assert signatures["decorated"] == "def decorated(self) -> int"


def test_mutilated_files_give_what_is_there_and_say_so() -> None:
    """A file that ends anywhere is no reason to fail, and nothing is made up before the place of the error."""
    path = LIBRARY / "argparse.py"
    text = path.read_text(encoding="utf-8")
    whole = [symbol.name for symbol in outline_source(text)]
    for place in range(0, len(text), len(text) // 60):
        cut = text[:place] + "\n)\n"
        if parse(cut) is not None:
            continue
        found = outline_source(cut)
        assert found.error is not None
        assert found.error.status == "syntax_error"
        names = [symbol.name for symbol in found if symbol.kind in ("class", "function", "method")]
        heads = re.findall(r"^\s*(?:def|class) (\w+)\s*[(:]", cut, re.MULTILINE)
        assert set(names) <= set(whole) | set(heads)
        assert len(names) >= len(heads) - 2


def test_the_records_are_public() -> None:
    assert isinstance(outline_source("x = 1"), rev_accel.Outline)
