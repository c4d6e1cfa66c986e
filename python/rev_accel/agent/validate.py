"""Checks whether the work has made anything worse: tests, the linter of the project, our own scan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import rev_accel
from rev_accel import metrics as measured
from rev_accel.errors import RevAccelError
from rev_accel.tools.linting import lint
from rev_accel.tools.testing import TestReport, TestTools
from rev_accel.workspace import Workspace

from .records import Validation

__all__ = ["Checks", "State"]

# Findings of these rules in new code are told of.
TOLD = ("dangerous", "todos", "prints", "globals")
MOST_TOLD = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What the checks say at one time."""

    broken: Mapping[str, str]
    """Files of Python that cannot be parsed, and why."""
    tests: str | None = None
    """How the run of the tests ended; `None` if there was none."""
    failing: Mapping[str, str] | None = None
    """The tests that fail, and why; `None` where that is not known."""
    passed: int = 0
    """How many tests passed."""
    lint: Mapping[str, int] | None = None
    """How often the linter finds what, in which file; `None` where the project has none."""


class Checks:
    """The checks of a project.

    Args:
        workspace: Where it is.
        test: Whether its tests, and its linter, may be run.
        stopped: Asked while they run; once it says so, they are ended.
        metrics: Where the durations of scans go.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        test: bool = True,
        stopped: Callable[[], bool] | None = None,
        metrics: measured.Metrics = measured.METRICS,
    ) -> None:
        self.test = test
        self._workspace, self._stopped, self._metrics = workspace, stopped, metrics

    def state(self) -> State:
        """What they say now."""
        report = rev_accel.scan(root=self._workspace.root)
        self._metrics.scanned(report.stats)
        broken = {one.path: one.exception for one in report.errors}
        if not self.test:
            return State(broken=broken)
        tests = self._tests()
        failing = None
        if tests is not None and tests.ended == "ran":
            failing = {one.name: one.text for one in tests.failures}
        return State(
            broken=broken,
            tests=None if tests is None else tests.ended,
            failing=failing,
            passed=0 if tests is None else tests.passed,
            lint=lint(self._workspace, stopped=self._stopped),
        )

    def compared(self, before: State, now: State, changed: Mapping[str, bytes | None]) -> Validation:
        """What is worse now than before.

        Args:
            changed: Files that were changed, with what they were; `None` for new ones.
        """
        problems = [
            f"`{path}` cannot be parsed: {why}" for path, why in now.broken.items() if path not in before.broken
        ]
        notes = [f"`{path}` can be parsed again" for path in before.broken if path not in now.broken]
        _compare_tests(before, now, problems, notes, is_run=self.test)
        for what, count in (now.lint or {}).items():
            if (more := count - (before.lint or {}).get(what, 0)) > 0:
                problems.append(f"the linter has {what}{f' ({more} times)' if more > 1 else ''}")
        notes += self._findings(changed)
        return Validation(ok=not problems, problems=tuple(problems), notes=tuple(notes))

    def _tests(self) -> TestReport | None:
        try:
            found = TestTools(self._workspace, stopped=self._stopped).report()
        except RevAccelError:
            return None
        return None if found.ended in ("nothing", "missing") else found

    def _findings(self, changed: Mapping[str, bytes | None]) -> list[str]:
        """What the scan finds in files that were changed, and did not before."""
        told = []
        for path, was in changed.items():
            if not path.endswith((".py", ".pyi")):
                continue
            try:
                now = self._workspace.read(path)
            except (OSError, RevAccelError):
                continue
            found = (rev_accel.scan_source(data) for data in (was or b"", now))
            old, new = (Counter(one.message for one in some if one.rule in TOLD) for some in found)
            told += [f"new in `{path}`: {message}" for message in new - old]
        more = [f"and {len(told) - MOST_TOLD} more findings"] if len(told) > MOST_TOLD else []
        return [*told[:MOST_TOLD], *more]


def _compare_tests(before: State, now: State, problems: list[str], notes: list[str], *, is_run: bool) -> None:
    if now.tests is None:
        if before.failing is not None and is_run:
            problems.append("there are no tests any more that can be run")
        else:
            notes.append("no tests were run")
        return
    if now.failing is None:
        if before.failing is not None:
            problems.append(f"the tests cannot be run any more: {now.tests}")
        else:
            notes.append(f"the tests gave no result: {now.tests}")
        return
    known = before.failing or {}
    problems += [f"test `{name}` fails: {why}" for name, why in now.failing.items() if name not in known]
    if mended := [name for name in known if name not in now.failing]:
        named = f"tests that failed before and do not any more: {', '.join(f'`{name}`' for name in mended)}"
        # Who takes a test out, or skips it, has not mended it.
        is_so = now.passed >= before.passed + len(mended)
        (notes if is_so else problems).append(named if is_so else f"{named}; but no more tests pass than before")
    if (fewer := before.passed + len(known) - now.passed - len(now.failing)) > 0:
        notes.append(f"{fewer:,} fewer tests were run than before")
    if still := [name for name in now.failing if name in known]:
        notes.append(f"tests that fail as before: {', '.join(f'`{name}`' for name in still)}")
    if not now.failing:
        (notes if now.passed or not before.passed else problems).append(
            "all tests pass" if now.passed else "no test passes: all were skipped, or there is none"
        )
