"""Scans of a text, and the drop-in with arguments of any kind."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Sequence
from typing import Any

import rev_accel
from rev_accel import settings, workspace
from rev_accel.errors import InputError

from .choices import Choices, HostileError, odd, text
from .places import folder

RULES = settings.RULES
CALLS = {"eval", "exec", "compile", "__import__"}
# What CPython itself takes quickly and without much memory.
ASKABLE = 2_000
STATUSES = {"syntax_error", "undecodable", "too_complex"}

ROOT = folder()
(ROOT / "folder").mkdir()
(ROOT / "folder" / "a.py").write_text("print(eval('1'))  # TODO\n")
(ROOT / "b.py").write_text("def f(:\n")


def run(data: bytes) -> None:
    source = Choices(data)
    match source.randrange(4):
        case 0:
            arguments(source)
        case 1:
            drop_in(source)
        case _:
            whole_text(source.rest())


def whole_text(data: bytes) -> None:
    report = rev_accel.scan_source(data, path="a.py")
    findings = list(report)
    answer = json.loads(report.to_json())
    assert len(findings) == len(report) == sum(report.by_rule().values()) == answer["total_issues"]
    outline = rev_accel.outline_source(data)
    assert all(1 <= one.first_line <= one.line <= one.last_line for one in outline)
    for error in report.errors:
        assert error.status in STATUSES and not findings
    try:
        given = data.decode("utf-8")
    except UnicodeDecodeError:
        assert [error.status for error in report.errors] == ["undecodable"]
        return
    if len(data) > ASKABLE:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(given.replace("\r\n", "\n").replace("\r", "\n"))
    except (RecursionError, MemoryError):
        return
    except (SyntaxError, ValueError) as error:
        assert [one.exception for one in report.errors] == [type(error).__name__], (given, report.errors)
        return
    assert not report.errors, (given, report.errors)
    called = [
        (node.lineno, node.func.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"print", *CALLS}
    ]
    found = [(one.line, one.data.get("function", "print")) for one in findings if one.rule in ("prints", "dangerous")]
    assert sorted(called) == sorted(found), given


def arguments(source: Choices) -> None:
    """Arguments of no use are refused as such; what an object of the caller's raises is the caller's."""
    given: dict[str, Any] = {}
    for name in ("path", "patterns", "limits"):
        if source.random() < 0.5:
            given[name] = odd(source)
    code = odd(source) if source.random() < 0.5 else "print(1)"
    try:
        rev_accel.scan_source(code, **given)
    except InputError as error:
        assert str(error)
    except HostileError:
        pass


def drop_in(source: Choices) -> None:
    """It answers whatever it is asked, as JSON, and never of anything outside of the root."""
    path = source.choice((".", "folder", "b.py", "folder/../b.py", "..", "/etc", odd(source), text(source)))
    patterns = source.choice((None, [], list(RULES), odd(source), [text(source)], [odd(source)]))
    with workspace.use_root(ROOT):
        answer = json.loads(rev_accel.analyze_ast_patterns(path, patterns))
    if "error" in answer:
        assert list(answer) == ["error"] and isinstance(answer["error"], str)
        return
    assert list(answer) == ["scanned_files", "files", "total_issues", "patterns_checked"]
    assert set(answer["files"]) <= {"folder/a.py", "b.py"}


def seeds() -> Sequence[bytes]:
    texts = [
        "def f(a, b=1, *c, d: int = 2, **e) -> None:\n    print(a)\n",
        "async def f():\n    await x\n    async with a as b, c: pass\n    return [y async for y in z]\n",
        "match x:\n    case {'a': [1, *_], **r} if eval(y): pass\n    case A(b=1) | -1+2j as c: global d\n",
        "class A(B, c=d):\n\t'''doc'''\n\tx: int = f'{a!r:{b}}' 'c'  # TODO: this\n",
        "try:\n  exec('1')\nexcept* (A, B) as e:\n  raise C from e\nelse:\n  del x, y[0]\nfinally:\n  pass\n",
        "x = lambda *a, b=1: (yield)\nfor i, in (*a, b): print(i); continue\n@d\ndef g(): nonlocal x\n",
        "\ufeff# -*- coding: latin-1 -*-\r\nprint (1)\rif x:\r\n  pass\\\n\n",
        "a.b[c:=1, ::2](*d, e=f, **g) if not h else ~i ** -j @ k\nimport a.b as c, d\nfrom ..e import (f, g,)\n",
        "with (open(a) as b, c): assert d, e\nwhile True: break\nx @= 0x_1f + 1_0.5e-3j + 0b1 + '\\N{DASH}'\n",
    ]
    return [b"\3" + one.encode() for one in texts] + [bytes([number % 2]) * (1 + number) for number in range(30)]
