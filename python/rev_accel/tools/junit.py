"""Reads the results that pytest writes as XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from .outcome import FailedTest

__all__ = ["Results", "read"]

# The largest file that is read, in bytes.
MOST_BYTES = 256 << 20
# Of the text of one failure, characters that are kept.
KEPT = 20_000


@dataclass(kw_only=True, slots=True)
class Results:
    """Counts of tests, and which failed."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    xfailed: int = 0
    unfinished: int = 0
    """Tests that were begun, and of which there is no outcome."""
    failures: list[FailedTest]

    @property
    def are_none(self) -> bool:
        """Whether nothing came of any test."""
        return not self.failures and not self.passed + self.skipped + self.xfailed


def read(path: Path, named: Callable[[str], str]) -> Results | None:
    """The results in a file; `None` if there is none, or no whole one.

    Args:
        path: The file.
        named: Gives the name of a class or module that is shown, from its dotted one.
    """
    found = Results(failures=[])
    try:
        # What is tested could put anything in its place.
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            return None
        for _, element in ElementTree.iterparse(path):
            if element.tag == "testcase":
                _add(found, element, named)
                element.clear()
    except (OSError, LookupError, ValueError, ElementTree.ParseError):
        return None
    return found


def _add(found: Results, case: ElementTree.Element, named: Callable[[str], str]) -> None:
    if "name" not in case.keys():  # noqa: SIM118 - an element is no dict
        # It gets one with the outcome of its call, or when what it needs failed or was cleaned up.
        found.unfinished += 1
        return
    bad = [child for child in case if child.tag in ("failure", "error")]
    skipped = next((child for child in case if child.tag == "skipped"), None)
    if not bad:
        found.passed += skipped is None
        if skipped is not None:
            is_expected = skipped.get("type") == "pytest.xfail"
            found.xfailed += is_expected
            found.skipped += not is_expected
        return
    first, is_error = bad[0], bad[0].tag == "error"
    found.errors += is_error
    found.failed += not is_error
    text = "\n".join(_texts(first))
    found.failures.append(FailedTest(name=_name(case, named), is_error=is_error, text=text[-KEPT:]))


def _texts(element: ElementTree.Element) -> Iterator[str]:
    """What is said of a failure. Of an error outside of the test the message says where."""
    message, text = element.get("message", ""), element.text or ""
    if (element.tag == "error" and message) or not text:
        yield message
    if text:
        yield text


def _name(case: ElementTree.Element, named: Callable[[str], str]) -> str:
    """The name as pytest takes it, from the file, and the dotted name of the module and the classes in it."""
    name, classname, file = case.get("name", ""), case.get("classname", ""), case.get("file", "")
    module = file.removesuffix(".py").replace("\\", "/").replace("/", ".")
    if not classname:  # what could not be imported: the name is that of the module
        return f"{file}::{name}" if file and name != module else file or name
    if classname != module and not classname.startswith(f"{module}."):
        # The file is that of a class it is inherited from, or there is none.
        return f"{named(classname)}::{name}"
    classes = classname.removeprefix(module).strip(".")
    return "::".join([file, *(classes.split(".") if classes else ()), name])
