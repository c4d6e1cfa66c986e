"""With the recogniser, without it, and with both checking each other, the answers are the same.

The texts that it accepts are compared with CPython by `compare.py`, in far greater numbers than here.
"""

import ast
import sysconfig
from pathlib import Path

import pytest

import rev_accel
from rev_accel import InputError

STANDARD_LIBRARY = Path(sysconfig.get_path("stdlib"))
FOLDERS = ("asyncio", "ctypes", "email", "json", "test", "unittest")


@pytest.fixture(params=FOLDERS)
def folder(request: pytest.FixtureRequest) -> Path:
    folder = STANDARD_LIBRARY / request.param
    if not folder.is_dir():
        pytest.skip(f"this Python was installed without `{request.param}`")
    return folder


def answer(folder: Path) -> tuple[list[object], tuple[object, ...]]:
    report = rev_accel.scan(str(folder), root=str(folder), selection="all")
    return list(report), report.errors


def test_the_parser_alone_gives_the_same_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_recogniser = answer(folder)
    monkeypatch.setenv("REV_ACCEL_RECOGNISER", "0")
    assert answer(folder) == with_recogniser


def test_an_audit_finds_no_difference(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_audit = answer(folder)
    monkeypatch.setenv("REV_ACCEL_AUDIT", "1")
    assert answer(folder) == without_audit


@pytest.mark.parametrize("variable", ["REV_ACCEL_AUDIT", "REV_ACCEL_RECOGNISER"])
def test_a_switch_that_is_neither_on_nor_off_is_refused(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "maybe")
    with pytest.raises(InputError, match=variable):
        rev_accel.scan_source("x = 1")


def test_an_escape_in_a_format_specification_is_valid_also_where_python_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("REV_ACCEL_RECOGNISER", "0")
    text = "f'{print():\\n}'\n" + "#" * (64 << 10)
    report = rev_accel.scan_source(text, patterns=["prints"])
    assert not report.errors and [finding.line for finding in report] == [1]
    assert rev_accel.outline_source(text).error is None


@pytest.mark.parametrize(
    "text",
    [
        "x = (yield print() \\\n)",
        "x = yield print() \\\r\n; y",
        "x = ((yield print()\n# )\n) for y in z)",
        "x = ((yield from print() \\\n) for y in z)",
        "print(); raise \\\n ; \\\n pass",
        "match print():\n  case {\\\n f'': x}: pass",
        "(print()).a[b]: c",
        "(a, print())[b]: c = d",
        "((a).b): print()",
    ],
)
def test_odd_forms_are_valid_also_where_python_is_not_asked(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REV_ACCEL_RECOGNISER", "0")
    ast.parse(text)
    report = rev_accel.scan_source(f"{text}\n#{'#' * (64 << 10)}", patterns=["prints"])
    assert not report.errors and [finding.line for finding in report] == [1]


@pytest.mark.parametrize(
    "text",
    [
        "x = (yield 1 for y in z)",
        "x = (yield 1 \\\n+ (yield) + 1, 2 \\\n if x",
        "raise \\\n \n;",
        "(a).b: c",
        "if a: ((b[c]))( # d\n).e[f]: g = h",
    ],
)
def test_and_what_is_no_python_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REV_ACCEL_RECOGNISER", "0")
    with pytest.raises(SyntaxError):
        ast.parse(text)
    assert rev_accel.scan_source(f"{text}\n#{'#' * (64 << 10)}").errors
