"""Runs the tests of a project by pytest or unittest."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from . import junit, unittest_output
from .outcome import Ended, TestReport
from .process import UNKNOWN, Completed, Printed, Stopped, quiet_environment, run

__all__ = ["Asked", "Interpreter", "run_pytest", "run_unittest"]

_BIN, _PYTHON = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
# Bytes of what unittest prints that are kept: all is read from it.
_UNITTEST_LIMIT = 4 << 20
_MISSING = re.compile(r"No module named '?pytest'?\s*\Z")
# Exit codes of pytest.
_INTERRUPTED, _BROKEN, _REFUSED, _NOTHING = 2, 3, 4, 5
# The last thing that pytest prints when `pytest.exit` has ended it, with any exit code.
_EXITED = re.compile(r"^!+ _pytest\.outcomes\.Exit: .* !+\s*\Z", re.MULTILINE)
# What it prints at the end else.
_SUMMED_UP = re.compile(r" in \d+\.\d\ds\b[^\n]*\s*\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be run."""

    root: Path
    targets: Sequence[tuple[Path, str]]
    """Files and folders, absolute, each with the names behind `::` in it; none for all tests."""
    keyword: str | None
    timeout: float
    on_output: Printed | None = None
    stopped: Stopped | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """The Python that a project's tests run in."""

    program: str
    shown: str
    """For people."""
    environment: Mapping[str, str]

    @classmethod
    def of(cls, root: Path) -> Interpreter:
        """That of the virtual environment in the root, of the active one, or the one that runs this."""
        environment = quiet_environment()
        # Tests may be run by a test.
        environment.pop("PYTEST_CURRENT_TEST", None)
        environment["PYTHONFAULTHANDLER"] = "1"
        # A run of tests leaves nothing in the workspace but what they do themselves.
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        candidates = [root / ".venv", root / "venv"]
        if active := environment.get("VIRTUAL_ENV"):
            candidates.append(Path(active))
        for folder in candidates:
            program = folder / _BIN / _PYTHON
            if os.access(program, os.X_OK):
                environment["VIRTUAL_ENV"] = str(folder)
                environment["PATH"] = os.pathsep.join([str(folder / _BIN), environment.get("PATH", os.defpath)])
                shown = program.relative_to(root) if folder.is_relative_to(root) else program
                return cls(program=str(program), shown=str(shown), environment=environment)
        return cls(program=sys.executable, shown=sys.executable, environment=environment)

    def run(self, arguments: Sequence[str], asked: Asked, **options: int) -> Completed:
        """Runs it in the root."""
        return run(
            [self.program, *arguments],
            cwd=asked.root,
            timeout=asked.timeout,
            environment=self.environment,
            on_output=asked.on_output,
            stopped=asked.stopped,
            **options,
        )


def run_pytest(python: Interpreter, asked: Asked) -> TestReport:
    """Runs tests by pytest; its results are read from the XML that it writes to a temporary folder."""
    with TemporaryDirectory(prefix="rev-accel-", ignore_cleanup_errors=True) as folder:
        results = Path(folder, "results.xml")
        arguments = ["-m", "pytest", "-v", "--tb=short", "--color=no", f"--rootdir={asked.root}"]
        arguments += ["-o", "junit_family=xunit1", f"--junit-xml={results}", "-o", f"cache_dir={folder}/cache"]
        if asked.keyword:
            arguments.append(f"-k={asked.keyword}")
        arguments += ["::".join([str(path), names]) if names else str(path) for path, names in asked.targets]
        done = python.run(arguments, asked)
        found = junit.read(results, lambda dotted: _named(dotted, asked.root, [asked.root]))
        printed = _plain(done.output, asked.root).replace(str(results), "results.xml")
    report = TestReport(runner="pytest", ended="ran", code=done.code, output=printed)
    if done.timed_out:
        return _without_result(report, "timed_out", _too_long(asked))
    if found is None and done.code == 1 and _MISSING.search(done.output):
        note = f"pytest is not installed for `{python.shown}`: install it there, or set `runner` to `unittest`"
        return replace(_without_result(report, "missing", note), output="")
    if done.code == _NOTHING:
        return _without_result(report, "nothing", f"no tests were found: {_expected(asked, 'pytest')}")
    if done.code == _REFUSED:
        return _without_result(report, "refused", "pytest refused to run")
    if found is None and _SUMMED_UP.search(done.output):
        note = f"pytest wrote no results, as with the option `-p no:junitxml`; it ended with {done.ending}"
        return _without_result(report, "crashed", note)
    is_odd = done.code not in (0, 1, _INTERRUPTED) and done.ending != UNKNOWN
    if found is None or (is_odd and not found.failures):
        return _without_result(report, "crashed", f"pytest crashed: {done.ending}")
    if found.are_none and done.code == 0:
        return _without_result(report, "nothing", "no tests were run")
    stopped = done.code in (_INTERRUPTED, _BROKEN) or found.unfinished > 0 or bool(_EXITED.search(done.output))
    return _with_results(replace(report, stopped=stopped), found, asked, done.ending)


def run_unittest(python: Interpreter, asked: Asked) -> TestReport:
    """Runs tests by unittest; its results are read from what it prints."""
    words, tops, files = _unittest_words(asked)
    environment = dict(python.environment)
    if others := [str(top) for top in tops if top != asked.root]:
        environment["PYTHONPATH"] = os.pathsep.join([*others, *filter(None, [environment.get("PYTHONPATH")])])
    python = replace(python, environment=environment)
    keyword = [f"-k={asked.keyword}"] if asked.keyword else []
    done = python.run(["-m", "unittest", *words, *keyword], asked, limit=_UNITTEST_LIMIT)

    def named(dotted: str) -> str:
        # Of a name that there is not, unittest says the last part alone.
        whole = next((word for word in words if word.endswith(f".{dotted}")), dotted)
        return _named(whole, asked.root, tops)

    found = unittest_output.read(done.output, named)
    report = TestReport(runner="unittest", ended="ran", code=done.code, output=_plain(done.output, asked.root))
    if done.timed_out:
        return _without_result(report, "timed_out", _too_long(asked))
    if found is None and done.code == 1 and (broken := unittest_output.broken_import(done.output, files)):
        shown = replace(broken, name=broken.name.removeprefix(f"{asked.root}{os.sep}"))
        results = junit.Results(errors=1, failures=[shown])
        note = "unittest ran no tests, since a file could not be imported"
        return replace(_with_results(report, results, asked, done.ending), notes=(note,))
    if found is None:
        return _without_result(report, "crashed", f"unittest crashed: {done.ending}")
    if found.are_none:
        note = f"no tests were found: {_expected(asked, 'unittest')}"
        return replace(_without_result(report, "nothing", note), output="")
    return _with_results(report, found, asked, done.ending)


def _with_results(report: TestReport, found: junit.Results, asked: Asked, ending: str) -> TestReport:
    notes = [f"{report.runner} stopped before the end"] if report.stopped else []
    explained = bool(found.failures) or (report.code == 0 and not report.stopped)
    if not explained and report.code != 0:
        how = "ended:" if report.code is None else "ended with"
        notes.append(f"no test failed, but {report.runner} {how} {ending}")
    return replace(
        report,
        passed=found.passed,
        failed=found.failed,
        errors=found.errors,
        skipped=found.skipped,
        xfailed=found.xfailed,
        failures=tuple(replace(one, text=_plain(one.text, asked.root)) for one in found.failures),
        output="" if explained else report.output,
        notes=tuple(notes),
    )


def _without_result(report: TestReport, ended: Ended, note: str) -> TestReport:
    return replace(report, ended=ended, notes=(note,))


def _too_long(asked: Asked) -> str:
    return f"it had not ended after {asked.timeout:g} s and was stopped, with all that it had started in its session"


def _expected(asked: Asked, runner: str) -> str:
    if asked.keyword:
        return f"none may match `keyword`, `{asked.keyword}`"
    if runner == "pytest":
        return "expected functions `test_*`, in files `test_*.py` or `*_test.py`"
    return "expected methods `test*` of `unittest.TestCase`, in files `test*.py`; functions need pytest"


def _plain(text: str, root: Path) -> str:
    """With paths relative to the root."""
    return text.replace(f"{root}{os.sep}", "")


def _unittest_words(asked: Asked) -> tuple[list[str], list[Path], list[Path]]:
    """The arguments, the folders from which modules are imported, and the files that are named."""
    if not asked.targets:
        # Without `__init__.py`, unittest does not look into the usual folder by itself.
        usual = [asked.root / name for name in ("tests", "test")]
        start = next((path for path in usual if path.is_dir() and not (path / "__init__.py").exists()), None)
        return _discovery(start) if start and not any(asked.root.glob("test*.py")) else (["discover"], [asked.root], [])
    if len(asked.targets) == 1 and asked.targets[0][0].is_dir():
        return _discovery(asked.targets[0][0])
    words, tops, files = [], [], []
    for path, names in asked.targets:
        for file in sorted(path.rglob("test*.py")) if path.is_dir() else [path]:
            files.append(file)
            top = _top(file.parent)
            module = ".".join(file.relative_to(top).with_suffix("").parts)
            words.append(".".join([module, *filter(None, names.partition("[")[0].split("::"))]))
            if top not in tops:
                tops.append(top)
    return words, tops, files


def _discovery(start: Path) -> tuple[list[str], list[Path], list[Path]]:
    top = _top(start)
    return ["discover", f"--start-directory={start}", f"--top-level-directory={top}"], [top], []


def _top(folder: Path) -> Path:
    """The folder that the package of a folder is in, or the folder itself if it is no package."""
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder


def _named(dotted: str, root: Path, tops: Sequence[Path]) -> str:
    """A dotted name as `run_tests` takes it, if its file is found."""
    parts = dotted.split(".")
    for top in [*tops, root]:
        for count in range(len(parts), 0, -1):
            file = top.joinpath(*parts[:count]).with_suffix(".py")
            if file.is_file() and file.is_relative_to(root):
                return "::".join([file.relative_to(root).as_posix(), *parts[count:]])
    return dotted
