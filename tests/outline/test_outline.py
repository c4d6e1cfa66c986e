"""Outlines and definitions of odd, hostile and broken files, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rev_accel import InputError, Limits, find_definitions, outline, outline_source

HOSTILE = {
    "parentheses": "x = " + "(" * 100_000,
    "closed": "x = " + "(" * 100_000 + ")" * 100_000,
    "lambdas": "def f(a=" + "lambda: " * 50_000 + "1): pass\n",
    "unary": "def f(a=" + "- " * 100_000 + "1): pass\n",
    "attributes": "class C(a" + ".b" * 100_000 + "): pass\n",
    "blocks": "".join(" " * depth + "if 1:\n" for depth in range(200)),
    "classes": "".join(" " * depth + f"class C{depth}:\n" for depth in range(99)) + " " * 99 + "x = 1\n",
    "elifs": "if 1: pass\n" + "elif 1: pass\n" * 20_000,
    "targets": "x = " * 50_000 + "1\n",
    "tuples": "(" * 190 + "a" + ",)" * 190 + " = 1\n",
    "nul": "def f(): pass\n\0",
    "decorators": "@d\n" * 50_000 + "def f(): pass\n",
    "errors": "def f(:\n" * 50_000,
    "f-strings": "def f(a=f'" + "{x}" * 50_000 + "'): pass\n",
    "dots": "import a" + ".a" * 100_000 + "\n",
    "quotes": "'''" * 99_999,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_gives_an_outline_or_an_error(name: str) -> None:
    found = outline_source(HOSTILE[name])
    for symbol in found:
        assert 1 <= symbol.first_line <= symbol.line <= symbol.last_line
    assert found.error is None or found.error.status in ("syntax_error", "too_complex")


def test_what_can_be_read_of_broken_code_is_there() -> None:
    source = "def before(a):\n    'Says so.'\n\n\nclass Broken(:\n    def method(self): pass\n\n\ndef after(): pass\n"
    found = outline_source(source)
    assert found.error is not None
    assert (found.error.status, found.error.line) == ("syntax_error", 5)
    assert {"before", "method", "after"} <= {symbol.name for symbol in found}
    # Where a bracket stays open, first lines are all there is.
    found = outline_source(
        "@decorated\ndef first(): pass\nx = (\n\nclass Second(Base):\n    async def third(self): pass\n"
    )
    assert found.error is not None
    assert [(symbol.name, symbol.kind, symbol.signature) for symbol in found] == [
        ("first", "function", "def first(): pass"),
        ("Second", "class", "class Second(Base)"),
        ("third", "method", "async def third(self): pass"),
    ]
    assert [child.name for child in found.symbols[1].children] == ["third"]


def test_bytes_that_are_not_utf_8_and_byte_order_marks_are_read() -> None:
    found = outline_source("def é(): 'à'\n".encode("latin-1") + b"def g(): pass\n")
    assert found.error is not None
    assert found.error.status == "undecodable"
    assert [symbol.name for symbol in found][-1] == "g"
    found = outline_source("\ufeffdef f(): pass\n")
    assert found.error is None
    assert [symbol.line for symbol in found] == [1]


def test_files_are_named_as_in_reports_and_bounded(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / "sub").mkdir()
    (root / "sub" / "a.py").write_text("def f(): pass\n")
    assert outline("sub/a.py", root=root).path == "sub/a.py"
    assert outline("sub/../sub/a.py", root=root).path == "sub/a.py"
    assert outline(root / "sub" / "a.py", root=root / "sub").path == "a.py"
    too_large = outline("sub/a.py", root=root, limits=Limits(max_bytes=5))
    assert too_large.error is not None
    assert (too_large.error.status, too_large.symbols) == ("too_large", ())
    with pytest.raises(InputError, match="`sub` cannot be read: it is a folder"):
        outline("sub", root=root)
    with pytest.raises(InputError, match="`nowhere.py` does not exist"):
        outline("nowhere.py", root=root)
    with pytest.raises(InputError, match="`source` must be str or bytes"):
        outline_source(5)  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and links")
def test_definitions_are_those_of_regular_files(tmp_path: Path) -> None:
    root = tmp_path.resolve() / "root"
    (root / "ignored").mkdir(parents=True)
    (tmp_path / "outside.py").write_text("def f(): pass\n")
    (root / ".gitignore").write_text("ignored\n")
    (root / "ignored" / "a.py").write_text("def f(): pass\n")
    (root / "b.py").write_text("class f:\n    def f(self): pass\nf = 1\ndef outer():\n    def f(): f = 2\n")
    (root / "broken.py").write_text("def f(: pass\n")
    (root / "elsewhere.py").write_text("x = (\n")
    (root / "notes.txt").write_text("def f(): pass\n")
    os.symlink(tmp_path / "outside.py", root / "link.py")
    os.mkfifo(root / "pipe.py")
    found = find_definitions("f", root=root)
    names = [(each.path, each.line, each.name, each.kind) for each in found if each.path == "b.py"]
    assert names == [
        ("b.py", 1, "f", "class"),
        ("b.py", 2, "f.f", "method"),
        ("b.py", 3, "f", "variable"),
        ("b.py", 5, "outer.f", "function"),
    ]
    assert {each.path for each in found} <= {"b.py", "broken.py"}
    assert [error.path for error in found.errors] == ["broken.py"], "a file without the name is not parsed"
    assert [each.name for each in find_definitions("outer.f", root=root)] == ["outer.f"]
    assert [each.path for each in find_definitions("f", "ignored", "link.py", "notes.txt", root=root)] == [
        "ignored/a.py",
        "link.py",
        "notes.txt",
    ]
    assert {each.path for each in find_definitions("f", root=root, selection="all")} >= {"b.py", "ignored/a.py"}
    results = [find_definitions("f", root=root, threads=threads) for threads in (1, 3)]
    assert results[0] == results[1]


def test_names_are_compared_as_python_does(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def ﬁnd(): pass\n", encoding="utf-8")
    assert [each.name for each in find_definitions("find", root=tmp_path, selection="all")] in ([], ["find"])
    assert [each.name for each in find_definitions("ﬁnd", root=tmp_path)] == [
        each.name for each in find_definitions("find", root=tmp_path)
    ]


@pytest.mark.parametrize("name", ["", ".", "a.", "a b", "1a", "f(", "a..b", 5, None])
def test_what_is_no_name_is_refused(name: object) -> None:
    with pytest.raises(InputError, match="`name` must be"):
        find_definitions(name)  # type: ignore[arg-type]
