"""The Python API: the drop-in's texts, the typed reports, and what is refused."""

from __future__ import annotations

import dataclasses
import enum
import itertools
import json
import os
import pickle
import subprocess
import sys
from collections import OrderedDict, deque
from pathlib import Path

import pytest

import rev_accel
from rev_accel import (
    FileError,
    Finding,
    InputError,
    InternalError,
    Limits,
    PathOutsideRootError,
    Report,
    RevAccelError,
    analyze_ast_patterns,
    scan,
    scan_source,
)

RULES = ["todos", "prints", "dangerous", "type_hints", "complex_functions", "globals"]
SOURCE = """\
print(1)  # TODO: later
def f(a, b, c, d, e, g): global z; return eval("1")
"""
ENTRIES = {
    "todos": [{"line": 1, "text": "print(1)  # TODO: later", "type": "TODO"}],
    "print_statements": [{"line": 1, "type": "print_statement"}],
    "dangerous_functions": [{"line": 2, "function": "eval", "severity": "HIGH"}],
    "missing_type_hints": [{"line": 2, "function": "f", "issue": "missing_return_type"}],
    "complex_functions": [
        {"line": 2, "function": "f", "parameters": 6, "suggestion": "Consider using dataclass or config object"}
    ],
    "global_variables": [{"line": 2, "variables": ["z"]}],
}


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "root"
    (root / "package").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "a.py").write_text(SOURCE)
    (root / "bad.py").write_text("x = (\n")
    (root / "latin.py").write_bytes(b"# \xe9\n")
    (root / "silent.py").write_text("x = 1\n")
    (root / "notes.txt").write_text("# TODO\n")
    (root / "package" / "b.py").write_text("print(2)\n")
    (tmp_path / "root-other").mkdir()
    (tmp_path / "root-other" / "c.py").write_text("print(3)\n")
    monkeypatch.chdir(root)
    monkeypatch.delenv("REV_ACCEL_THREADS", raising=False)
    return root


def answer(path, *patterns):
    text = analyze_ast_patterns(path, *patterns)
    parsed = json.loads(text)
    # The exact form of the text; an answer without files stands on one line.
    assert text == json.dumps(parsed, indent=2 if "files" in parsed else None)
    return parsed


class TestImport:
    def run(self, code: str) -> str:
        command = [sys.executable, "-c", f"import sys; before = set(sys.modules); {code}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def test_importing_the_package_loads_nothing_else(self):
        assert self.run("import rev_accel; print(sorted(set(sys.modules) - before))") == "['rev_accel']\n"

    def test_the_drop_in_with_default_patterns_needs_no_slow_module(self, tree):
        code = "import rev_accel; rev_accel.analyze_ast_patterns('.'); print({*sys.modules} & {'click', 'dataclasses'})"
        assert self.run(code) == "set()\n"

    def test_scan_and_its_text_need_no_slow_module(self, tree):
        slow = "{'click', 'dataclasses', 'json', 'pathlib', 'typing'}"
        code = f"import rev_accel; rev_accel.scan('package').to_json(); print({{*sys.modules}} & {slow} - before)"
        assert self.run(code) == "set()\n"

    def test_every_public_name_can_be_had(self):
        assert rev_accel.__all__ == sorted(rev_accel.__all__)
        assert set(rev_accel.__all__) <= set(dir(rev_accel))
        for name in rev_accel.__all__:
            assert getattr(rev_accel, name) is getattr(rev_accel, name)
        assert rev_accel.__version__.count(".") == 2

    def test_an_unknown_name_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="no attribute 'scam'"):
            rev_accel.scam  # noqa: B018


class TestDropIn:
    def test_the_answer_has_every_key_in_order(self, tree):
        parsed = answer(".")
        assert list(parsed) == ["scanned_files", "files", "total_issues", "patterns_checked"]
        assert list(parsed["files"]) == ["a.py", "bad.py", "latin.py", "package/b.py"]
        assert parsed == {
            "scanned_files": 5,
            "files": {
                "a.py": ENTRIES,
                "bad.py": {"error": "Failed to parse: SyntaxError"},
                "latin.py": {"error": "Failed to parse: UnicodeDecodeError"},
                "package/b.py": {"print_statements": [{"line": 1, "type": "print_statement"}]},
            },
            "total_issues": 7,
            "patterns_checked": RULES,
        }
        assert list(parsed["files"]["a.py"]) == list(ENTRIES)

    @pytest.mark.parametrize("path", ["", ".", "./", "package/..", "empty/../package/.."])
    def test_paths_that_mean_the_root_give_the_same_text(self, tree, path):
        assert analyze_ast_patterns(path) == analyze_ast_patterns(".")

    def test_absolute_paths_and_path_objects_are_taken(self, tree):
        expected = analyze_ast_patterns("package")
        assert analyze_ast_patterns(str(tree / "package")) == expected
        assert analyze_ast_patterns(Path("package")) == expected
        assert list(json.loads(expected)["files"]) == ["package/b.py"]

    def test_arguments_have_the_names_of_the_contract(self, tree):
        assert analyze_ast_patterns(path="a.py", patterns=["prints"]) == analyze_ast_patterns("a.py", ["prints"])

    @pytest.mark.parametrize(
        ("path", "text"),
        [
            ("nowhere", "Path not found: nowhere"),
            ("a.py/b", "Path not found: a.py/b"),
            ("*.py", "Path not found: *.py"),
            ("é\n", "Path not found: é\n"),
            ("notes.txt", "No Python files found"),
            ("empty", "No Python files found"),
            ("..", "AST analysis failed: ValueError: Path escapes repo: .."),
            ("../root-other", "AST analysis failed: ValueError: Path escapes repo: ../root-other"),
            ("../root-other/c.py", "AST analysis failed: ValueError: Path escapes repo: ../root-other/c.py"),
            ("../nowhere", "AST analysis failed: ValueError: Path escapes repo: ../nowhere"),
        ],
    )
    def test_a_path_without_an_answer_gives_the_contracts_text(self, tree, path, text):
        assert analyze_ast_patterns(path) == json.dumps({"error": text})

    @pytest.mark.parametrize("path", [None, 5, True, 1.5, b".", [], {}, object()], ids=lambda path: type(path).__name__)
    def test_a_path_of_a_wrong_type_gives_the_text_of_its_type_error(self, tree, path):
        with pytest.raises(TypeError) as caught:
            tree / path
        assert analyze_ast_patterns(path) == json.dumps({"error": f"AST analysis failed: TypeError: {caught.value}"})

    @pytest.mark.skipif(sys.platform == "win32", reason="other texts")
    @pytest.mark.parametrize(
        ("path", "kind"), [("a\0b", "ValueError"), ("x" * 300, "OSError"), ("\ud800", "UnicodeEncodeError")]
    )
    @pytest.mark.skipif(sys.version_info >= (3, 12), reason="the texts are those of the running Python")
    def test_an_impossible_path_gives_the_error_of_the_system(self, tree, path, kind):
        assert analyze_ast_patterns(path).startswith(f'{{"error": "AST analysis failed: {kind}: ')

    @pytest.mark.skipif(sys.platform == "win32", reason="a dot file has a suffix to no one there")
    def test_a_file_named_like_the_suffix_is_found_in_its_folder_only(self, tree):
        (tree / "empty" / ".py").write_text("print()\n")
        assert list(answer("empty")["files"]) == ["empty/.py"]
        assert answer("empty/.py") == {"error": "No Python files found"}

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
    def test_a_fifo_is_no_python_file_when_it_is_named(self, tree):
        os.mkfifo(tree / "empty" / "pipe.py")
        assert answer("empty/pipe.py") == {"error": "No Python files found"}
        assert answer("empty")["files"] == {"empty/pipe.py": {"error": "Failed to parse: OSError"}}


class Name(enum.StrEnum):
    TODOS = "todos"


class FailsOnIn(list):
    def __contains__(self, value):
        raise LookupError("in")


class FailsOnBool(list):
    def __bool__(self):
        raise LookupError("bool")


class Unprintable(Exception):
    def __str__(self):
        raise LookupError("str")


class FailsUnprintably(list):
    def __bool__(self):
        raise Unprintable


def circular():
    value = []
    value.append(value)
    return value


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


class TestPatterns:
    """The argument `patterns` of the drop-in, odd values too."""

    @pytest.mark.parametrize(
        "patterns", [None, [], "", (), {}, set(), frozenset(), 0, 0.0, False, b"", range(0)], ids=repr
    )
    def test_an_empty_value_means_all_rules(self, tree, patterns):
        assert analyze_ast_patterns(".", patterns) == analyze_ast_patterns(".")

    @pytest.mark.parametrize(
        ("patterns", "keys", "echo"),
        [
            (["todos"], ["todos"], ["todos"]),
            (["globals", "prints"], ["print_statements", "global_variables"], ["globals", "prints"]),
            (["todos", "todos", "zz", ""], ["todos"], ["todos", "todos", "zz", ""]),
            (("prints", "todos"), ["todos", "print_statements"], ["prints", "todos"]),
            ("todos", ["todos"], "todos"),
            ("xxtodosyy", ["todos"], "xxtodosyy"),
            ("todos,prints", ["todos", "print_statements"], "todos,prints"),
            ("é\ud800", [], "é\ud800"),
            ({"todos": 1}, ["todos"], {"todos": 1}),
            (OrderedDict(a=[], todos={}), ["todos"], {"a": [], "todos": {}}),
            ({1: 2}, [], {"1": 2}),
            (Name.TODOS, ["todos"], "todos"),
            ([Name.TODOS], ["todos"], ["todos"]),
            ([1, 2], [], [1, 2]),
            ([["todos"]], [], [["todos"]]),
            ([[], {}, ()], [], [[], {}, []]),
            ([None, True, 1.5, 10**100], [], [None, True, 1.5, 10**100]),
            (["x" * 1_000_000], [], ["x" * 1_000_000]),
        ],
        ids=lambda value: ascii(value)[:24],
    )
    def test_what_is_in_the_value_is_checked_and_the_value_is_echoed(self, tree, patterns, keys, echo):
        parsed = answer("a.py", patterns)
        assert list(parsed["files"].get("a.py", {})) == keys
        assert parsed["files"].get("a.py", {}) == {key: ENTRIES[key] for key in keys}
        assert parsed["total_issues"] == len(keys)
        assert parsed["patterns_checked"] == echo

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
    def test_numbers_that_json_lacks_are_echoed_as_python_writes_them(self, tree, number):
        assert analyze_ast_patterns("a.py", [float(number)]).endswith(
            f',\n  "patterns_checked": [\n    {number}\n  ]\n}}'
        )

    @pytest.mark.parametrize("patterns", [5, True, 1.5, float("inf")], ids=repr)
    def test_a_value_without_in_fails_each_file_that_parses(self, tree, patterns):
        files = json.loads(analyze_ast_patterns(".", patterns))["files"]
        assert files == {
            "a.py": {"error": "Failed to parse: TypeError"},
            "bad.py": {"error": "Failed to parse: SyntaxError"},
            "latin.py": {"error": "Failed to parse: UnicodeDecodeError"},
            "package/b.py": {"error": "Failed to parse: TypeError"},
            "silent.py": {"error": "Failed to parse: TypeError"},
        }

    def test_a_value_that_fails_on_in_gives_its_class_to_each_file_that_parses(self, tree):
        parsed = answer("a.py", FailsOnIn(["todos"]))
        assert parsed["files"] == {"a.py": {"error": "Failed to parse: LookupError"}}
        assert parsed["patterns_checked"] == ["todos"]

    @pytest.mark.parametrize(
        ("patterns", "text"),
        [
            ({"todos"}, "TypeError: Object of type set is not JSON serializable"),
            (b"todos", "TypeError: Object of type bytes is not JSON serializable"),
            (["todos", object()], "TypeError: Object of type object is not JSON serializable"),
            ({"todos": deque()}, "TypeError: Object of type deque is not JSON serializable"),
            (range(3), "TypeError: Object of type range is not JSON serializable"),
            (len, "TypeError: Object of type builtin_function_or_method is not JSON serializable"),
            (itertools.count(), "TypeError: Object of type count is not JSON serializable"),
            ({(1, 2): 3}, "TypeError: keys must be str, int, float, bool or None, not tuple"),
            (circular(), "ValueError: Circular reference detected"),
            (FailsOnBool(["todos"]), "LookupError: bool"),
        ],
        ids=lambda value: ascii(value)[:24],
    )
    def test_a_value_that_cannot_be_echoed_fails_the_call_but_only_once_files_are_found(self, tree, patterns, text):
        assert answer("a.py", patterns) == {"error": f"AST analysis failed: {text}"}
        assert answer("empty", patterns) == {"error": "No Python files found"}
        assert answer("nowhere", patterns) == {"error": "Path not found: nowhere"}

    @pytest.mark.parametrize("patterns", [nested(100_000), 10**5000, FailsUnprintably()], ids=["deep", "huge", "mute"])
    def test_no_exception_leaves_whatever_the_value(self, tree, patterns):
        assert answer("a.py", patterns)["error"].startswith("AST analysis failed: ")

    def test_an_interrupt_passes(self, tree):
        class Interrupts(list):
            def __contains__(self, value):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            analyze_ast_patterns("a.py", Interrupts(["todos"]))


class TestScan:
    def test_findings_come_by_path_then_line_then_column(self, tree):
        report = scan()
        places = [(finding.path, finding.line, finding.column) for finding in report]
        assert places == sorted(places)
        assert [(finding.rule, finding.line, finding.column, finding.data) for finding in scan("a.py")] == [
            ("prints", 1, 1, {}),
            ("todos", 1, 13, {"text": "print(1)  # TODO: later", "type": "TODO"}),
            ("type_hints", 2, 1, {"function": "f"}),
            ("complex_functions", 2, 1, {"function": "f", "parameters": 6}),
            ("globals", 2, 26, {"variables": ["z"]}),
            ("dangerous", 2, 43, {"function": "eval", "severity": "HIGH"}),
        ]

    def test_a_report_can_be_counted_and_iterated_again(self, tree):
        report = scan()
        assert isinstance(report, Report)
        assert len(report) == len(list(report)) == len(list(report)) == 7
        assert report
        assert not scan("silent.py")
        assert repr(report) == "<Report: 7 findings in 5 files, 2 failed>"

    def test_files_that_fail_are_told_with_their_place(self, tree):
        syntax, decoding = scan().errors
        assert (syntax.path, syntax.status, syntax.exception, syntax.line) == (
            "bad.py",
            "syntax_error",
            "SyntaxError",
            1,
        )
        assert str(syntax) == f"bad.py:1:{syntax.column}: SyntaxError: {syntax.message}"
        assert (decoding.path, decoding.status, decoding.exception) == (
            "latin.py",
            "undecodable",
            "UnicodeDecodeError",
        )
        assert str(decoding) == f"latin.py: UnicodeDecodeError: {decoding.message}"

    def test_statistics_count_what_was_done(self, tree):
        report = scan()
        assert report.stats.files == 5
        assert report.stats.findings == 7
        assert report.stats.errors == 2
        assert report.stats.bytes == sum(path.stat().st_size for path in tree.rglob("*.py"))
        assert report.stats.threads >= 1
        assert report.by_rule() == dict.fromkeys(RULES, 1) | {"prints": 2}

    def test_the_json_text_is_that_of_the_drop_in(self, tree):
        assert scan(selection="all").to_json() == analyze_ast_patterns(".")
        assert scan("a.py", patterns=["todos"]).to_json() == analyze_ast_patterns("a.py", ["todos"])
        assert json.loads(scan("empty").to_json())["scanned_files"] == 0

    def test_patterns_select_rules_and_an_empty_list_selects_none(self, tree):
        report = scan("a.py", patterns=("prints", "todos", "prints"))
        assert report.by_rule() == {"prints": 1, "todos": 1}
        assert json.loads(report.to_json())["patterns_checked"] == ["prints", "todos"]
        nothing = scan(patterns=[])
        assert (len(nothing), len(nothing.errors), nothing.by_rule()) == (0, 2, {})
        assert nothing.to_json().endswith(',\n  "patterns_checked": []\n}')

    def test_named_files_are_scanned_whatever_their_name_and_each_once(self, tree):
        report = scan("notes.txt", "a.py", tree / "a.py", ".")
        assert [finding.path for finding in report].count("notes.txt") == 1
        assert len(report) == 8

    def test_paths_outside_of_the_root_are_absolute_in_reports(self, tree):
        outside = tree.parent / "root-other"
        (finding,) = scan(outside)
        assert finding.path == (outside / "c.py").as_posix()

    def test_paths_start_at_the_root_that_is_given(self, tree):
        assert [finding.path for finding in scan(root="package")] == ["b.py"]
        assert [finding.path for finding in scan("b.py", root=tree / "package")] == ["b.py"]

    def test_the_selections_differ_in_what_ignore_files_name(self, tree):
        (tree / ".gitignore").write_text("package/\n")
        assert scan().stats.files == 4
        assert scan(selection="all").stats.files == 5
        assert scan("package/b.py").stats.files == 1

    def test_excluded_globs_are_left_out(self, tree):
        assert scan(exclude=["package/", "bad*"]).stats.files == 3
        assert scan(selection="all", exclude=("*.py",)).stats.files == 0

    def test_a_file_above_the_limit_is_reported(self, tree):
        report = scan("a.py", "package", limits=Limits(max_bytes=10))
        assert [(error.path, error.status, error.exception) for error in report.errors] == [
            ("a.py", "too_large", "MemoryError")
        ]
        assert [finding.path for finding in report] == ["package/b.py"]

    def test_progress_is_told_on_the_calling_thread_and_can_stop_the_scan(self, tree):
        told = []
        scan(progress=lambda done, files: told.append((done, files)))
        assert told[-1] == (5, 5)
        assert told == sorted(told)

        class Stopped(Exception):
            pass

        def stop(done, files):
            raise Stopped

        with pytest.raises(Stopped):
            scan(progress=stop)
        assert scan().stats.files == 5

    def test_the_environment_sets_the_number_of_threads(self, tree, monkeypatch):
        monkeypatch.setenv("REV_ACCEL_THREADS", "3")
        assert scan().stats.threads == 3
        assert scan(threads=2).stats.threads == 2
        monkeypatch.setenv("REV_ACCEL_THREADS", "")
        assert scan().stats.threads >= 1

    @pytest.mark.parametrize("text", ["0", "-1", "x", " 1", "1_0", "1.5", "٣", "9" * 5000])
    def test_a_number_of_threads_that_is_none_is_refused_by_its_name(self, tree, monkeypatch, text):
        monkeypatch.setenv("REV_ACCEL_THREADS", text)
        with pytest.raises(InputError, match="REV_ACCEL_THREADS"):
            scan()
        with pytest.warns(RuntimeWarning, match="REV_ACCEL_THREADS") as told:
            answer = analyze_ast_patterns(".")
        assert [one.filename for one in told] == [__file__]
        monkeypatch.delenv("REV_ACCEL_THREADS")
        assert answer == analyze_ast_patterns(".")

    @pytest.mark.parametrize(
        ("variable", "text"),
        [
            ("REV_ACCEL_CACHE_SIZE", "1T"),
            ("REV_ACCEL_NO_CACHE", "yes"),
            ("REV_ACCEL_VERIFY", "often"),
            ("REV_ACCEL_AUDIT", "true"),
        ],
    )
    def test_a_slip_in_the_environment_does_not_change_the_drop_ins_answer(self, tree, monkeypatch, variable, text):
        right = analyze_ast_patterns(".")
        monkeypatch.setenv(variable, text)
        with pytest.warns(RuntimeWarning, match=variable):
            assert analyze_ast_patterns(".") == right
        with pytest.raises(InputError, match=variable):
            scan()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"patterns": ["todo"]}, "unknown rule `todo`: did you mean `todos`\\? known are todos, "),
            ({"patterns": "todos"}, "`patterns` must be a list of rule names, not one str"),
            ({"patterns": 5}, "`patterns` must be a list of rule names, not int"),
            ({"patterns": [5]}, "each rule name in `patterns` must be a str, not int"),
            ({"root": "nowhere"}, "root `nowhere` is not a folder"),
            ({"root": 5}, "root must be a str or an os.PathLike of one, not int"),
            ({"selection": "some"}, "`selection` must be"),
            ({"exclude": "*.py"}, "`exclude` must be a list of globs, not one str"),
            ({"exclude": ["["]}, "exclude pattern"),
            ({"exclude": [""]}, "exclude pattern `` is empty"),
            ({"limits": 5}, "`limits` must be a Limits, not int"),
            ({"threads": 0}, "`threads` must be a whole number from 1 to 1024, not 0"),
            ({"threads": True}, "`threads` must be a whole number from 1 to 1024, not True"),
            ({"threads": 10**30}, "`threads` must be"),
            ({"threads": "2"}, "`threads` must be"),
            ({"progress": 5}, "`progress` must be callable, not int"),
        ],
    )
    def test_an_option_that_cannot_be_used_is_an_input_error(self, tree, arguments, message):
        with pytest.raises(InputError, match=message):
            scan(**arguments)

    @pytest.mark.parametrize("path", [None, 5, b".", "", "a\0b", "\ud800", "nowhere", ["x"]], ids=ascii)
    def test_a_path_that_cannot_be_read_is_an_input_error(self, tree, path):
        with pytest.raises(InputError, match="path"):
            scan("a.py", path)

    @pytest.mark.parametrize("size", [0, -1, 2**32, 1.5, "1", None, True])
    def test_a_limit_that_cannot_be_kept_is_an_input_error(self, size):
        with pytest.raises(InputError, match="`max_bytes` must be a whole number from 1 to 4294967294"):
            Limits(max_bytes=size)


class TestScanSource:
    @pytest.mark.parametrize("source", [SOURCE, SOURCE.encode()], ids=["str", "bytes"])
    def test_text_gives_what_a_file_gives(self, tree, source):
        assert list(scan_source(source, path="a.py")) == list(scan("a.py"))
        assert scan_source(source, path="a.py").to_json() == scan("a.py").to_json()

    def test_rules_and_limits_apply(self):
        assert scan_source(SOURCE, patterns=["prints"]).by_rule() == {"prints": 1}
        (error,) = scan_source(SOURCE, limits=Limits(max_bytes=10)).errors
        assert (error.path, error.status) == ("<source>", "too_large")

    @pytest.mark.parametrize(
        ("source", "status", "exception"),
        [
            ("x = (", "syntax_error", "SyntaxError"),
            ("\ufeffx = 1\n", "syntax_error", "SyntaxError"),
            ("x = '\0'\n", "syntax_error", "SyntaxError"),
            ("x = '\ud800'\n", "undecodable", "UnicodeDecodeError"),
            (b"\xff", "undecodable", "UnicodeDecodeError"),
        ],
    )
    def test_a_text_that_python_refuses_has_a_status(self, source, status, exception):
        (error,) = scan_source(source).errors
        assert (error.status, error.exception) == (status, exception)

    def test_an_empty_text_has_nothing_to_say(self):
        report = scan_source("")
        assert (len(report), report.errors, report.stats.files) == (0, (), 1)

    @pytest.mark.parametrize("source", [None, 5, ["x"], object()], ids=lambda source: type(source).__name__)
    def test_a_source_of_a_wrong_type_is_an_input_error(self, source):
        with pytest.raises(InputError, match="`source` must be str or bytes"):
            scan_source(source)

    @pytest.mark.parametrize("path", [None, 5, "", "a\0b"], ids=ascii)
    def test_a_name_that_no_path_can_have_is_an_input_error(self, path):
        with pytest.raises(InputError, match="path"):
            scan_source("", path=path)


class TestRecords:
    finding = Finding("a.py", 1, 2, "todos", "text", {"type": "TODO"})
    error = FileError("b.py", "syntax_error", "SyntaxError", "message", None, None)

    @pytest.mark.parametrize("record", [finding, error, Limits()], ids=lambda record: type(record).__name__)
    def test_records_are_frozen_hashable_and_can_be_pickled(self, record):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, dataclasses.fields(record)[0].name, None)
        assert pickle.loads(pickle.dumps(record)) == record
        assert hash(record) == hash(dataclasses.replace(record))

    def test_records_read_as_the_lines_of_the_command(self):
        assert str(self.finding) == "a.py:1:2: todos text"
        assert str(self.error) == "b.py: SyntaxError: message"


def test_exceptions_have_one_base_and_a_familiar_one():
    for kind, familiar in [(InputError, ValueError), (PathOutsideRootError, ValueError), (InternalError, RuntimeError)]:
        assert issubclass(kind, RevAccelError)
        assert issubclass(kind, familiar)
    assert issubclass(RevAccelError, Exception)
