"""Reads what unittest prints at its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path

from .junit import KEPT, Results
from .outcome import FailedTest

__all__ = ["broken_import", "read"]

_RAN = re.compile(r"^Ran (\d{1,9}) tests? in .*$", re.MULTILINE)
_RESULT = re.compile(r"^(?:OK|FAILED|NO TESTS RAN)(?: \((.*)\))?$", re.MULTILINE)
_COUNT = re.compile(r"([a-z ]+)=(\d{1,9})")
_RULE = "=" * 70
_BLOCK = re.compile(rf"^{_RULE}\n(FAIL|ERROR|UNEXPECTED SUCCESS): (.*)\n", re.MULTILINE)
_LINE = re.compile(r"^-{70}$", re.MULTILINE)
# `test_one (module.Class.test_one) [message] (number=1)`; older versions leave the last part of the second out.
_NAME = re.compile(r"(\w+) \(([\w.]+)\)(.*)", re.DOTALL)
_NOT_IMPORTED = "unittest.loader._FailedTest"
_TRACEBACK = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'^  File "(.*)", line \d+', re.MULTILINE)
_NAMED = re.compile(r"^  File .*, in loadTestsFromName$", re.MULTILINE)
_SHARED = ("setUpClass", "tearDownClass", "setUpModule", "tearDownModule")


def read(output: str, named: Callable[[str], str]) -> Results | None:
    """The results that an output ends with; `None` if it does not.

    Args:
        output: What was printed, with standard error.
        named: Gives the name of a test that is shown, from its dotted one.
    """
    ends = list(_RAN.finditer(output))
    if not ends or not (result := _RESULT.search(output, ends[-1].end())):
        return None
    counts = {what.strip(): int(number) for what, number in _COUNT.findall(result[1] or "")}
    failures = list(_failures(output[: ends[-1].start()], named))
    found = Results(failures=[one for _, one in failures])
    # Of each test that failed there may be several subtests; of what is set up for many, there is none that ran.
    seen, missed = set(), 0
    for test, one in failures:
        if test in seen:
            continue
        seen.add(test)
        is_missed = test.startswith(_SHARED)
        found.errors += one.is_error
        found.failed += not one.is_error
        missed += is_missed
    found.skipped, found.xfailed = counts.get("skipped", 0), counts.get("expected failures", 0)
    not_passed = found.failed + found.errors - missed + found.skipped + found.xfailed
    found.passed = max(0, int(ends[-1][1]) - not_passed)
    return found


def broken_import(output: str, files: Collection[Path]) -> FailedTest | None:
    """The error of the first file that could not be imported, which ends unittest where files were named to it.

    Args:
        output: What was printed, with standard error.
        files: Those that were named.
    """
    start = output.rfind(_TRACEBACK)
    if start < 0 or not _NAMED.search(trace := output[start:]):
        return None
    frames = (Path(one[1]) for one in _FRAME.finditer(trace))
    file = next((one for one in frames if one in files), None)
    return None if file is None else FailedTest(name=str(file), is_error=True, text=trace.strip("\n")[-KEPT:])


def _failures(output: str, named: Callable[[str], str]) -> list[tuple[str, FailedTest]]:
    """Each with what tells its test from others, whatever its subtests are."""
    blocks = list(_BLOCK.finditer(output))
    found = []
    for number, block in enumerate(blocks):
        end = blocks[number + 1].start() if number + 1 < len(blocks) else len(output)
        # Behind the line, which a docstring may stand before.
        text = output[block.end() : end]
        line = _LINE.search(text)
        text = text[line.end() :] if line else text
        text = text.strip("\n").removesuffix("-" * 70).strip("\n") or block[1].lower()
        match = _NAME.fullmatch(block[2])
        test = block[2] if match is None else f"{match[1]} ({match[2]})"
        one = FailedTest(name=_name(block[2], named), is_error=block[1] == "ERROR", text=text[-KEPT:])
        found.append((test, one))
    return found


def _name(shown: str, named: Callable[[str], str]) -> str:
    match = _NAME.fullmatch(shown)
    if match is None:
        return shown
    test, dotted, rest = match.groups()
    if dotted.startswith(_NOT_IMPORTED):
        return named(dotted.removeprefix(_NOT_IMPORTED).removeprefix(".") or test)
    if test in _SHARED:
        return f"{test} of {named(dotted)}"
    return named(dotted if dotted.endswith(f".{test}") else f"{dotted}.{test}") + rest
