"""Runs of tests, on projects that are made for it: what is counted, and what is told where there is nothing to count."""

from __future__ import annotations

import os
import sys
import tempfile
import venv
from pathlib import Path

import pytest

from rev_accel.errors import InputError, PathOutsideRootError, ToolError
from rev_accel.tools import Registry, unittest_output
from rev_accel.tools.junit import read
from rev_accel.tools.outcome import FailedTest, TestReport
from rev_accel.tools.testing import TestTools
from rev_accel.workspace import Workspace

from .clock import TIMEOUT, over_when_written

ODD = '<?xml version="1.0" encoding="%s"?><testsuites/>'

MANY = """
import unittest, pytest

def test_passes(): pass

def test_fails():
    x = [1, 2]
    assert x == [1, 3], "mein é"

@pytest.mark.parametrize("value", [1, "a/b::c", "é", 2])
def test_many(value): assert value != 2

@pytest.mark.xfail
def test_expected(): assert 0

@pytest.mark.xfail
def test_unexpected(): pass

@pytest.mark.xfail(strict=True)
def test_strict(): pass

@pytest.mark.skip
def test_skipped(): pass

class TestOuter:
    class TestInner:
        def test_deep(self): raise ValueError("x\\x1b[31m\\x00y")

class Case(unittest.TestCase):
    def test_parts(self):
        for i in range(4):
            with self.subTest(i=i): self.assertIn(i, (0, 2))

@pytest.fixture
def broken_after():
    yield
    raise RuntimeError("after")

def test_cleaned_up_badly(broken_after): pass

def test_without(missing_fixture): pass
"""

CASES = '''
import unittest

class Case(unittest.TestCase):
    def test_passes(self):
        print("Ran 17 tests in 3s\\n\\nFAILED (failures=12)")
    def test_fails(self):
        """A docstring."""
        self.assertEqual("é", "e")
    def test_breaks(self): raise ValueError("broken")
    def test_parts(self):
        for i in range(4):
            with self.subTest("which", i=i): self.assertIn(i, (0, 2))
    @unittest.skip("not now")
    def test_skipped(self): pass
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    @unittest.expectedFailure
    def test_unexpected(self): pass

class Shared(unittest.TestCase):
    @classmethod
    def setUpClass(cls): raise RuntimeError("shared")
    def test_never(self): pass
'''


class Project:
    """A folder, with tools for it."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.tools = TestTools(Workspace(root))

    def write(self, name: str, text: str = "") -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def report(self, *paths: str, **options: object) -> TestReport:
        return self.tools.report(paths, **options)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    for name in ("VIRTUAL_ENV", "PYTEST_ADDOPTS", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    # What happens to be installed beside pytest takes time to load.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    made = Project(tmp_path)
    made.write("pytest.ini", "[pytest]\naddopts = -p no:cacheprovider\n")
    return made


def names(report: TestReport) -> list[str]:
    return [one.name for one in report.failures]


class TestPytest:
    def test_all_that_pass_are_counted(self, project: Project) -> None:
        project.write("test_a.py", "def test_a(): pass\ndef test_b(): print('shown')\n")
        report = project.report()
        assert report == TestReport(runner="pytest", ended="ran", code=0, passed=2)
        assert report.ok
        assert report.text() == "[pytest: 2 passed, 0 failed]"

    def test_everything_has_its_count_and_names_that_can_be_given_back(self, project: Project) -> None:
        project.write("tests/test_it.py", MANY)
        report = project.report("tests")
        assert (report.passed, report.failed, report.errors, report.skipped, report.xfailed) == (5, 5, 2, 1, 1)
        assert report.code == 1
        assert not report.ok
        assert report.output == ""
        assert names(report) == [
            "tests/test_it.py::test_fails",
            "tests/test_it.py::test_many[2]",
            "tests/test_it.py::test_strict",
            "tests/test_it.py::TestOuter::TestInner::test_deep",
            "tests/test_it.py::Case::test_parts",
            "tests/test_it.py::test_cleaned_up_badly",
            "tests/test_it.py::test_without",
        ]
        assert [one.name for one in report.failures if one.is_error] == names(report)[-2:]
        assert "mein é" in report.failures[0].text
        assert "\x1b" not in report.failures[3].text
        text = report.text()
        assert text.startswith(
            "[pytest: 5 passed, 5 failed, 2 errors, 1 skipped, 1 failed as expected]\nFailed:\n- tests/test_it.py::test_fails\n"
        )
        assert "The first of them, tests/test_it.py::test_fails:\ntests/test_it.py:8: in test_fails" in text
        assert str(project.root) not in text
        assert text == project.report("tests").text()
        again = project.report(*names(report)[:2], "tests/test_it.py::TestOuter")
        assert names(again) == [names(report)[number] for number in (0, 1, 3)]
        assert again.passed == 0

    def test_a_file_that_cannot_be_imported_is_an_error(self, project: Project) -> None:
        project.write("test_a.py", "import no_such_module\n")
        project.write("test_b.py", "def test_b(: pass\n")
        project.write("test_c.py", "def test_c(): pass\n")
        report = project.report()
        assert (report.ended, report.passed, report.errors) == ("ran", 0, 2)
        assert names(report) == ["test_a.py", "test_b.py"]
        assert "No module named 'no_such_module'" in report.failures[0].text
        assert "SyntaxError" in report.failures[1].text
        assert "; pytest stopped before the end]" in report.text().splitlines()[0]

    def test_nothing_collected_is_told_with_what_was_expected(self, project: Project) -> None:
        project.write("a.py", "def test_a(): pass\n")
        report = project.report()
        assert (report.ended, report.ok) == ("nothing", False)
        assert "no tests were found: expected functions `test_*`" in report.text()
        project.write("test_a.py", "def test_a(): pass\n")
        assert "none may match `keyword`, `other`" in project.report(keyword="other").text()

    def test_a_keyword_chooses(self, project: Project) -> None:
        project.write("test_a.py", "def test_one(): pass\ndef test_two(): pass\n")
        assert project.report(keyword="one or three").passed == 1
        assert project.report(keyword="not two").passed == 1
        assert project.report(keyword="-x").ended == "nothing"

    @pytest.mark.parametrize(
        ("code", "ending", "shown"),
        [
            ("import os; os._exit(3)", "exit code 3", "test_a.py::test_crash"),
            ("import os; os._exit(0)", "exit code 0", "test_a.py::test_crash"),
            ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed by SIGSEGV", "in test_crash"),
        ],
    )
    @pytest.mark.skipif(os.name != "posix", reason="signals")
    def test_a_crash_is_told_with_what_ran(self, code: str, ending: str, shown: str, project: Project) -> None:
        project.write("test_a.py", f"def test_before(): pass\ndef test_crash(): {code}\n")
        report = project.report()
        assert (report.ended, report.passed, report.ok) == ("crashed", 0, False)
        assert f"[pytest: no result; pytest crashed: {ending}]" in report.text()
        assert shown in report.text()

    def test_a_time_out_gives_the_output_so_far(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        over_when_written(project.root / "there", monkeypatch)
        project.write(
            "test_a.py",
            "import time\ndef test_fast(): pass\ndef test_slow(): print(1, file=open('there', 'w')); time.sleep(600)\n",
        )
        report = project.report(timeout=TIMEOUT)
        assert report.ended == "timed_out"
        assert "it had not ended after 1000 s and was stopped" in report.text()
        assert "test_a.py::test_slow" in report.output

    def test_what_pytest_refuses_is_told(self, project: Project) -> None:
        project.write("test_a.py", "def test_a(): pass\n")
        missing = project.report("test_a.py::test_b")
        assert (missing.ended, missing.code) == ("refused", 4)
        assert "not found: test_a.py::test_b" in missing.text()
        project.write("conftest.py", "import no_such_module\n")
        assert "No module named 'no_such_module'" in project.report().text()

    def test_a_failing_exit_without_a_failed_test_is_no_success(self, project: Project) -> None:
        project.write("test_a.py", "def test_a(): pass\n")
        project.write("conftest.py", "def pytest_sessionfinish(session): session.exitstatus = 1; print('too low')\n")
        report = project.report()
        assert (report.passed, report.ok) == (1, False)
        assert "no test failed, but pytest ended with exit code 1" in report.text()
        assert "too low" in report.text()

    @pytest.mark.parametrize(
        ("code", "passed"),
        [
            ("pytest.exit('bye', 0)", 1),
            ("pytest.exit('bye')", 1),
            ("raise KeyboardInterrupt", 1),
            # Between two tests.
            ("request.addfinalizer(lambda: pytest.exit('bye', 0))", 2),
        ],
    )
    def test_a_run_that_is_broken_off_is_no_success_and_the_test_that_did_it_has_not_passed(
        self, code: str, passed: int, project: Project
    ) -> None:
        project.write(
            "test_a.py",
            f"import pytest\ndef test_before(): pass\ndef test_ends(request): {code}\ndef test_behind(): assert 0\n",
        )
        report = project.report()
        assert (report.passed, report.failed, report.stopped, report.ok) == (passed, 0, True, False)
        assert "; pytest stopped before the end" in report.text().splitlines()[0]
        assert "bye" in report.text() or "KeyboardInterrupt" in report.text()

    def test_an_outcome_that_a_plugin_hides_is_none(self, project: Project) -> None:
        project.write("test_a.py", "def test_a(): pass\ndef test_b(): pass\n")
        project.write(
            "conftest.py",
            "import pytest\n@pytest.hookimpl(tryfirst=True)\ndef pytest_runtest_logreport(report):\n"
            "    if report.when == 'call' and 'test_b' in report.nodeid: pytest.exit('bye', 0)\n",
        )
        report = project.report()
        assert (report.passed, report.stopped, report.ok) == (1, True, False)

    def test_a_run_without_tests_or_results_is_no_success(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project.write("test_a.py", "def test_a(): assert 0\n")
        monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
        report = project.report()
        assert (report.ended, report.ok) == ("nothing", False)
        assert "no tests were run" in report.text() and "test_a" in report.output
        monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:junitxml")
        report = project.report()
        assert (report.ended, report.ok) == ("crashed", False)
        assert "pytest wrote no results, as with the option `-p no:junitxml`" in report.text()

    def test_an_inherited_test_has_the_name_of_the_class_that_has_it(self, project: Project) -> None:
        project.write("tests/base.py", "class Base:\n    def test_same(self): assert 0\n")
        project.write("tests/test_a.py", "from base import Base\nclass TestA:\n    class TestB(Base): pass\n")
        report = project.report("tests")
        assert names(report) == ["tests/test_a.py::TestA::TestB::test_same"]
        assert project.report(*names(report)).failed == 1

    def test_a_missing_pytest_is_told_or_made_up_for(self, project: Project) -> None:
        venv.create(project.root / ".venv", with_pip=False, symlinks=os.name == "posix")
        project.write("test_a.py", "import unittest\nclass Case(unittest.TestCase):\n    def test_a(self): pass\n")
        report = project.report(runner="pytest")
        assert report.ended == "missing"
        assert "pytest is not installed for `.venv" in report.text()
        other = project.report()
        assert (other.runner, other.passed, other.ok) == ("unittest", 1, True)
        assert "by unittest, since pytest is not installed" in other.text()

    def test_the_environment_of_the_workspace_is_active_for_its_tests(self, project: Project) -> None:
        venv.create(project.root / "venv", with_pip=False, symlinks=os.name == "posix")
        project.write(
            "test_a.py",
            "import os, shutil, sys, unittest\nclass Case(unittest.TestCase):\n    def test_a(self):\n"
            "        self.assertEqual(os.path.basename(sys.prefix), 'venv')\n"
            "        self.assertEqual(os.environ['VIRTUAL_ENV'], sys.prefix)\n"
            "        self.assertTrue(shutil.which('python').startswith(sys.prefix))\n",
        )
        assert project.report(runner="unittest").text() == "[unittest: 1 passed, 0 failed]"

    def test_results_are_not_written_into_the_workspace(
        self, project: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        project.write("test_a.py", "def test_a(): pass\n")
        temporary = tmp_path_factory.mktemp("temporary")
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        project.report()
        assert {path.name for path in project.root.iterdir()} - {"__pycache__"} == {"pytest.ini", "test_a.py"}
        assert not list(temporary.iterdir())

    def test_a_file_whose_name_looks_like_an_option_is_a_file(self, project: Project) -> None:
        project.write("-x/test_a.py", "def test_a(): pass\n")
        assert project.report("-x").passed == 1

    @pytest.mark.parametrize("text", ["", "<testsuites><testsuite>", "no xml", "<a>" * 10, ODD % "utf-7", ODD % "none"])
    def test_results_that_are_cut_off_are_none(self, text: str, tmp_path: Path) -> None:
        (tmp_path / "results.xml").write_text(text)
        assert read(tmp_path / "results.xml", str) is None


class TestUnittest:
    def test_all_that_pass_are_counted(self, project: Project) -> None:
        project.write("tests/test_a.py", "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n")
        report = project.report(runner="unittest")
        assert report.text() == "[unittest: 1 passed, 0 failed]"
        assert report.ok

    @pytest.mark.skipif(
        sys.version_info[:3] == (3, 12, 1), reason="unittest of 3.12.1 alone does not count skipped tests as run"
    )
    @pytest.mark.parametrize("is_package", [False, True])
    def test_everything_has_its_count_and_names_that_can_be_given_back(
        self, is_package: bool, project: Project
    ) -> None:
        project.write("tests/test_it.py", CASES + "import beside\n" * (not is_package))
        project.write("tests/beside.py")
        if is_package:
            project.write("tests/__init__.py")
        for paths in ((), ("tests",), ("tests/test_it.py",), ("tests", "tests/test_it.py::Case::test_passes")):
            report = project.report(*paths, runner="unittest")
            counts = (report.passed, report.failed, report.errors, report.skipped, report.xfailed)
            assert counts == (1 + (len(paths) == 2), 3, 2, 1, 1)
            file = "tests/test_it.py"
            assert sorted(names(report), key=str.lower) == [
                f"setUpClass of {file}::Shared",
                f"{file}::Case::test_breaks",
                f"{file}::Case::test_fails",
                f"{file}::Case::test_parts [which] (i=1)",
                f"{file}::Case::test_parts [which] (i=3)",
                f"{file}::Case::test_unexpected",
            ]
        assert {one.name for one in report.failures if one.is_error} == {
            f"{file}::Case::test_breaks",
            f"setUpClass of {file}::Shared",
        }
        assert "AssertionError: 'é' != 'e'" in next(one.text for one in report.failures if "test_fails" in one.name)
        assert str(project.root) not in report.text()
        again = project.report(f"{file}::Case::test_breaks", f"{file}::Case::test_fails", runner="unittest")
        assert len(again.failures) == 2

    def test_a_file_that_cannot_be_imported_is_an_error(self, project: Project) -> None:
        project.write("test_a.py", "import no_such_module\n")
        project.write("test_b.py", "def test_b(: pass\n")
        report = project.report(runner="unittest")
        assert (report.passed, report.errors, report.ok) == (0, 2, False)
        assert sorted(names(report)) == ["test_a.py", "test_b.py"]
        assert "No module named 'no_such_module'" in report.text()

    @pytest.mark.parametrize("code", ["def test_b(: pass\n", "1 / 0\n", "import helper\n"])
    def test_a_file_that_is_named_and_cannot_be_imported_is_an_error(self, project: Project, code: str) -> None:
        project.write("test_a.py", "import unittest\nclass Case(unittest.TestCase):\n    def test_a(self): pass\n")
        project.write("inner/test_b.py", code)
        project.write("inner/helper.py", "def (\n")
        for paths in (["inner/test_b.py"], ["test_a.py", "inner/test_b.py"], ["test_a.py", "inner"]):
            report = project.report(*paths, runner="unittest")
            assert (report.ended, report.passed, report.errors, report.ok) == ("ran", 0, 1, False)
            assert names(report) == ["inner/test_b.py"]
            assert "Error: " in report.failures[0].text and report.output == ""
            assert "unittest ran no tests, since a file could not be imported" in report.text()

    def test_a_name_that_there_is_not_is_told_as_it_was_given(self, project: Project) -> None:
        project.write("inner/test_a.py", "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n")
        report = project.report("inner/test_a.py::A::test_b", runner="unittest")
        assert names(report) == ["inner/test_a.py::A::test_b"]

    def test_nothing_collected_is_told(self, project: Project) -> None:
        project.write("test_a.py", "def test_a(): pass\n")
        report = project.report(runner="unittest")
        assert report.ended == "nothing"
        assert "functions need pytest" in report.text()

    def test_a_keyword_chooses(self, project: Project) -> None:
        project.write("test_it.py", CASES)
        assert names(project.report(runner="unittest", keyword="breaks")) == ["test_it.py::Case::test_breaks"]

    @pytest.mark.skipif(os.name != "posix", reason="signals")
    def test_a_crash_and_a_time_out_are_told(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        start = "import unittest, os, signal, time\nclass A(unittest.TestCase):\n    def test_a(self): "
        project.write("test_a.py", start + "os.kill(os.getpid(), signal.SIGSEGV)\n")
        report = project.report(runner="unittest")
        assert report.text().startswith("[unittest: no result; unittest crashed: killed by SIGSEGV]\nIt printed:\n")
        assert "in test_a" in report.text()
        project.write("test_a.py", start + "print('begun'); print(1, file=open('there', 'w')); time.sleep(600)\n")
        over_when_written(project.root / "there", monkeypatch)
        report = project.report(runner="unittest", timeout=TIMEOUT)
        assert report.ended == "timed_out"
        assert "begun" in report.output

    def test_tests_in_a_folder_with_a_space_are_told_apart(self) -> None:
        line = "-" * 70
        names = ("test_a", "test_a (i=1)", "test_b")
        blocks = [f"{'=' * 70}\nFAIL: {name[:6]} (mod.Case.{name[:6]}){name[6:]}\n{line}\nx\n" for name in names]
        output = f"{''.join(blocks)}{line}\nRan 3 tests in 0.001s\n\nFAILED (failures=3)\n"
        found = unittest_output.read(output, lambda dotted: f"my tests/{dotted}")
        assert found is not None
        assert (found.passed, found.failed, len(found.failures)) == (1, 2, 3)

    @pytest.mark.parametrize("output", ["Ran %s tests in 1s\n\nOK\n", "Ran 1 test in 1s\n\nOK (skipped=%s)\n"])
    def test_numbers_that_nothing_counts_are_no_result_or_none_of_it(self, output: str) -> None:
        found = unittest_output.read(output % ("9" * 5_000), str)
        assert found is None or found.skipped < 10**9

    def test_output_of_older_versions_is_read(self) -> None:
        line = "-" * 70
        output = (
            f"FE\n{'=' * 70}\nFAIL: test_a (mod.Case)\n{line}\nTraceback\n{'=' * 70}\nERROR: mod (unittest.loader._FailedTest)\n"
            f"{line}\nImportError\n\n{line}\nRan 3 tests in 0.001s\n\nFAILED (failures=1, errors=1)\n"
        )
        found = unittest_output.read(output, lambda dotted: dotted)
        assert found is not None
        assert (found.passed, found.failed, found.errors) == (1, 1, 1)
        assert [(one.name, one.text) for one in found.failures] == [
            ("mod.Case.test_a", "Traceback"),
            ("mod", "ImportError"),
        ]


class TestTool:
    def test_it_is_a_tool_with_a_schema(self, project: Project) -> None:
        project.write("test_a.py", "def test_a(): pass\n")
        registry = Registry([project.tools.run_tests])
        assert registry.execute("run_tests", {"paths": ["test_a.py"]}) == "[pytest: 1 passed, 0 failed]"
        assert "expected 'auto', 'pytest' or 'unittest'" in registry.execute("run_tests", {"runner": "nose"})

    def test_what_cannot_be_run_is_refused(self, project: Project, tmp_path: Path) -> None:
        with pytest.raises(PathOutsideRootError):
            project.report("../other")
        with pytest.raises(ToolError, match="there is no `missing.py`"):
            project.report("missing.py::test_a")
        with pytest.raises(InputError, match="`timeout` is 0"):
            project.report(timeout=0)
        with pytest.raises(PathOutsideRootError):
            TestTools(Workspace(tmp_path, read_only=True)).report()

    def test_what_is_printed_is_told_while_it_runs(self, project: Project) -> None:
        told: list[str] = []
        project.write("test_a.py", "def test_a(): pass\n")
        TestTools(Workspace(project.root), on_output=told.append).run_tests()
        assert "test_a.py::test_a PASSED" in "".join(told)

    def test_the_text_is_bounded(self) -> None:
        one = FailedTest(name="n" * 10_000, is_error=True, text="first\n" + "t" * 100_000 + "\nlast")
        report = TestReport(
            runner="pytest", ended="ran", code=1, errors=500, failures=(one,) * 500, output="o" * 1_000_000
        )
        assert len(report.text()) < 36_000
        assert "- and 450 more" in report.text()
        assert "last" in report.text()

    def test_the_python_that_runs_this_is_the_last_resort(self, project: Project) -> None:
        project.write("test_a.py", f"import sys\ndef test_a(): assert sys.executable == {sys.executable!r}\n")
        assert project.report().ok
