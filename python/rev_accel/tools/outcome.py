"""What came of a run of tests, as data and as a text for a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

__all__ = ["FailedTest", "TestReport"]

# Of one report to a model: names of failed tests, characters of each, and of the text of the first failure.
MOST_NAMES = 50
LONGEST_NAME = 300
LONGEST_TEXT = 6_000
# Characters of what was printed where there is no result.
LONGEST_OUTPUT = 12_000

Runner = Literal["pytest", "unittest"]
Ended = Literal["ran", "nothing", "missing", "refused", "crashed", "timed_out"]


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedTest:
    """A test that failed, or that could not be run."""

    name: str
    """As `run_tests` takes it, where that can be told: `tests/test_it.py::TestIt::test_one[case]`."""
    is_error: bool
    """Whether something else failed than the test itself: its import, what it needs, or what cleans up behind it."""
    text: str
    """Why: the end of the traceback, and the message."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TestReport:
    """What came of a run of tests.

    The counts are of tests, whatever number of subtests failed in one; a test that failed and could not be cleaned up
    is both failed and an error.
    """

    # It is no test, whatever pytest makes of its name.
    __test__: ClassVar[bool] = False

    runner: Runner
    ended: Ended
    """`"ran"` to the end, or until the runner had seen enough; `"nothing"` was collected; the runner is `"missing"`, or
    `"refused"` what it was asked for; it `"crashed"`; or it `"timed_out"`. Only the first has counts."""
    stopped: bool = False
    """Whether it ran, but was stopped before all tests that there are had been run, by one of them for example."""
    code: int | None = None
    """The exit code of the runner; `None` if a signal ended it, it is not known, or there was none."""
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    xfailed: int = 0
    """Failed as expected."""
    failures: tuple[FailedTest, ...] = ()
    """Failed tests and errors, in the order of the run."""
    output: str = ""
    """What the runner printed; empty where the rest tells all."""
    notes: tuple[str, ...] = ()
    """What else there is to say: whole sentences, without a period."""

    @property
    def ok(self) -> bool:
        """Whether all tests were run and none failed."""
        return self.ended == "ran" and not self.stopped and not self.failures and self.code == 0

    @property
    def counts(self) -> str:
        """The counts in one line; those that are not of interest only if they are not 0."""
        parts = [f"{self.passed} passed", f"{self.failed} failed"]
        parts += [f"{number} {what}" for number, what in self._others() if number]
        return ", ".join(parts)

    def text(self) -> str:
        """For a model: bounded, and the same for the same outcome."""
        head = f"{self.runner}: {self.counts}" if self.ended == "ran" else f"{self.runner}: no result"
        parts = [f"[{'; '.join([head, *self.notes])}]"]
        if self.failures:
            shown = [_cut(one.name, LONGEST_NAME) + (" (error)" if one.is_error else "") for one in self.failures]
            parts += ["Failed:", *(f"- {name}" for name in shown[:MOST_NAMES])]
            if len(shown) > MOST_NAMES:
                parts.append(f"- and {len(shown) - MOST_NAMES:,} more")
            parts += [f"The first of them, {shown[0]}:", _cut(self.failures[0].text, LONGEST_TEXT)]
        if self.output:
            parts += ["It printed:", _cut(self.output, LONGEST_OUTPUT)]
        return "\n".join(parts).rstrip()

    def _others(self) -> list[tuple[int, str]]:
        return [
            (self.errors, "error" if self.errors == 1 else "errors"),
            (self.skipped, "skipped"),
            (self.xfailed, "failed as expected"),
        ]


def _cut(text: str, most: int) -> str:
    """A text without its middle, if it is long; most of what is kept is the end, where messages stand."""
    text = text.strip("\n")
    if len(text) <= most:
        return text
    head, tail = text[: most // 3], text[-(most - most // 3) :]
    return f"{head}\n[... {len(text) - most:,} characters left out ...]\n{tail}"
