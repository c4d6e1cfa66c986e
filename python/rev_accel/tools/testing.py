"""Runs tests for a model, and for those that check its work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rev_accel.errors import ToolError

from .definition import tool
from .outcome import FailedTest, TestReport
from .process import Printed, Stopped
from .runners import Asked, Interpreter, run_pytest, run_unittest

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

__all__ = ["FailedTest", "TestReport", "TestTools"]


class TestTools:
    """Running the tests of a workspace.

    They run in the virtual environment of the workspace (`.venv`, `venv`), in the active one, or, if there is none, in
    the Python that runs this.

    Args:
        workspace: Where they run.
        on_output: Called with pieces of what they print while they run.
        stopped: Asked while they run; once it says so, they are ended.
    """

    # It is no test, whatever pytest makes of its name.
    __test__ = False

    def __init__(
        self, workspace: Workspace, *, on_output: Printed | None = None, stopped: Stopped | None = None
    ) -> None:
        self._workspace = workspace
        self._on_output = on_output
        self._stopped = stopped

    @tool(description="Running tests", reads=False)
    def run_tests(
        self,
        paths: list[str] | None = None,
        runner: Literal["auto", "pytest", "unittest"] = "auto",
        keyword: str | None = None,
        timeout: float = 600,
    ) -> str:
        """Runs tests of the project, and gives how many passed and failed, which failed, and why the first one did.

        Args:
            paths: Files or folders, relative to the root of the workspace, or single tests as in
                `tests/test_it.py::TestIt::test_one`; by default all tests.
            runner: By default pytest, or unittest if pytest is not installed.
            keyword: Only tests whose names match: an expression of pytest, or a part of the name for unittest.
            timeout: How many seconds they may take.
        """
        return self.report(paths or (), runner=runner, keyword=keyword, timeout=timeout).text()

    def report(
        self,
        paths: list[str] | tuple[str, ...] = (),
        *,
        runner: Literal["auto", "pytest", "unittest"] = "auto",
        keyword: str | None = None,
        timeout: float = 600,
    ) -> TestReport:
        """The same as data."""
        # What runs may write.
        root = self._workspace.resolve(".", right="write")
        asked = Asked(
            root=root,
            targets=[self._target(path) for path in paths],
            keyword=keyword or None,
            timeout=timeout,
            on_output=self._on_output,
            stopped=self._stopped,
        )
        python = Interpreter.of(root)
        if runner == "unittest":
            return run_unittest(python, asked)
        found = run_pytest(python, asked)
        if runner == "pytest" or found.ended != "missing":
            return found
        note = f"by unittest, since pytest is not installed for `{python.shown}`"
        other = run_unittest(python, asked)
        return replace(other, notes=(note, *other.notes))

    def _target(self, path: str) -> tuple[Path, str]:
        file, _, names = path.partition("::")
        found = self._workspace.resolve(file)
        if not found.exists():
            raise ToolError(f"there is no `{file}`: expected a file or folder of tests")
        return found, names
