"""The command `rev-accel`: what it prints where, how it exits, and how it behaves when its surroundings do not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import rev_accel
from rev_accel.cli import progress, streams

RULES = ["todos", "prints", "dangerous", "type_hints", "complex_functions", "globals"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX descriptors and signals")
FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
VARIABLES = ("NO_COLOR", "FORCE_COLOR", "REV_ACCEL_THREADS", "TERM", "PYTHONUNBUFFERED", "PYTHONUTF8")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "root"
    (root / "package").mkdir(parents=True)
    (root / "a.py").write_text("print(1)\nx = 1  # TODO: é\n", encoding="utf-8")
    (root / "bad.py").write_text("x = (\n")
    (root / "package" / "b.py").write_text('eval("1")\n')
    (root / "package" / "silent.py").write_text("")
    monkeypatch.chdir(root)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    return root


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "rev_accel", *arguments]


def run(*arguments: str, source: bytes | None = None, code: int = 0, **variables: str) -> tuple[str, str]:
    """Run the command, check its exit code, and return what it wrote to standard output and standard error."""
    done = subprocess.run(
        command(*arguments), input=source, capture_output=True, env={**os.environ, **variables}, timeout=60
    )
    output, errors = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, errors
    assert "Traceback" not in errors
    return output.replace(os.linesep, "\n"), errors.replace(os.linesep, "\n")


def refused(*arguments: str, **options: object) -> str:
    """Run the command, which must say why it does not run: in one line, with code 2."""
    output, errors = run(*arguments, code=2, **options)
    assert output == ""
    assert errors.startswith("rev-accel: error: ")
    assert errors.count("\n") == 1
    return errors


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("pydantic", "this needs `pydantic`: install the extra, `pip install 'rev-accel[agent]'`"),
        ("rev_accel.agent", "a defect of rev-accel, please report it: import of rev_accel.agent halted; "),
    ],
)
def test_only_what_others_make_is_told_as_a_missing_extra(tmp_path: Path, missing: str, told: str) -> None:
    code = (
        f"import sys\nsys.modules[{missing!r}] = None\nfrom rev_accel.cli import main\n"
        "sys.exit(main(['agent', 'nothing', '--model', 'none', '--yes']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert done.stderr.startswith(f"rev-accel: error: {told}")


def lines(output: str) -> list[str]:
    return output.splitlines()


class TestText:
    def test_a_line_tells_path_line_column_rule_and_message(self, tree):
        output, errors = run("scan")
        first, second, failed, last = lines(output)
        assert first.startswith("a.py:1:1: prints ")
        assert second == "a.py:2:10: todos x = 1  # TODO: é"
        assert failed.startswith("bad.py:1:5: error SyntaxError: ")
        assert last.startswith("package/b.py:1:1: dangerous ")
        assert errors == "3 findings in 4 files, 1 failed\n"

    def test_the_order_is_that_of_the_paths_whatever_the_threads(self, tree):
        for number in range(300):
            (tree / f"f{number}.py").write_text(f"print({number})\n")
        outputs = {run("scan", "--threads", threads)[0] for threads in ("1", "2", "7")}
        assert len(outputs) == 1
        paths = [line.split(":")[0] for line in lines(outputs.pop())]
        assert paths == sorted(paths)
        assert len(paths) == 304

    @pytest.mark.parametrize(
        ("arguments", "summary"),
        [
            (["package/silent.py"], "No findings in 1 file\n"),
            (["package"], "1 finding in 2 files\n"),
            (["package", "--exclude", "*.py"], "No Python files found\n"),
        ],
    )
    def test_the_summary_counts(self, tree, arguments, summary):
        assert run("scan", *arguments)[1] == summary

    def test_quiet_leaves_the_findings_and_twice_leaves_nothing(self, tree):
        output, errors = run("scan", "-q")
        assert (len(lines(output)), errors) == (4, "")
        for form in ("text", "json", "jsonl", "sarif"):
            assert run("scan", "-qq", "--format", form) == ("", "")

    def test_stats_tell_counts_and_times_on_standard_error(self, tree):
        output, errors = run("scan", "--stats", "--threads", "2")
        assert len(lines(output)) == 4
        rows = dict(line.split(maxsplit=1) for line in lines(errors))
        assert list(rows) == ["files", "parsed", "known", "findings", "threads", "time"]
        assert rows["files"].startswith("4 (")
        assert rows["findings"] == "3 (todos 1, prints 1, dangerous 1)"
        assert rows["threads"] == "2"

    def test_control_characters_cannot_steer_the_terminal(self, tree):
        (tree / "a.py").write_bytes("# TODO \x1b[2J\x07\x7f \x9b \u202e\n".encode())
        output, _ = run("scan", "a.py")
        assert output == "a.py:1:3: todos # TODO \\u{1b}[2J\\u{7}\\u{7f} \\u{9b} \\u{202e}\n"


class TestColor:
    @pytest.mark.parametrize(
        ("arguments", "variables", "colored"),
        [
            ([], {}, False),
            (["--color", "always"], {"NO_COLOR": "1"}, True),
            (["--color", "never"], {"FORCE_COLOR": "1"}, False),
            ([], {"FORCE_COLOR": "1"}, True),
            ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
            ([], {"FORCE_COLOR": "1", "NO_COLOR": ""}, True),
            ([], {"FORCE_COLOR": ""}, False),
        ],
    )
    def test_the_option_goes_before_no_color_and_that_before_force_color(self, tree, arguments, variables, colored):
        assert ("\x1b[" in run("scan", "a.py", *arguments, **variables)[0]) is colored

    def test_json_is_never_coloured(self, tree):
        assert "\x1b[" not in run("scan", "--color", "always", "--format", "jsonl")[0]

    @POSIX
    @pytest.mark.parametrize(("term", "colored"), [("xterm", True), ("dumb", False)])
    def test_a_terminal_gets_colours_if_it_can_show_them(self, tree, term, colored):
        import pty

        ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": term}
        with subprocess.Popen(command("scan", "a.py", "-q"), stdout=theirs, env=environment) as process:
            os.close(theirs)
            seen = b""
            try:
                while piece := os.read(ours, 4096):
                    seen += piece
            except OSError:  # how Linux says that the other end is closed
                pass
            finally:
                os.close(ours)
        assert process.returncode == 0
        assert (b"\x1b[" in seen) is colored


class TestJson:
    def test_json_is_the_drop_ins_object_and_nothing_else(self, tree):
        output, errors = run("scan", "--format", "json", "--all-files")
        assert output == rev_accel.analyze_ast_patterns(".") + "\n"
        assert errors == ""

    def test_json_echoes_the_rules(self, tree):
        output, _ = run("scan", "--format", "json", "--patterns", "globals,todos", "-p", "prints")
        assert json.loads(output)["patterns_checked"] == ["globals", "todos", "prints"]

    def test_json_lines_have_an_object_for_each_file_and_a_summary(self, tree):
        output, errors = run("scan", "--format", "jsonl")
        assert errors == ""
        *files, summary = map(json.loads, lines(output))
        assert [(file["type"], file["schema_version"], file["path"], file["status"]) for file in files] == [
            ("file", 1, "a.py", "ok"),
            ("file", 1, "bad.py", "syntax_error"),
            ("file", 1, "package/b.py", "ok"),
            ("file", 1, "package/silent.py", "ok"),
        ]
        assert files[0]["findings"][1] == {
            "rule": "todos",
            "line": 2,
            "column": 10,
            "message": "x = 1  # TODO: é",
            "data": {"text": "x = 1  # TODO: é", "type": "TODO"},
        }
        assert files[1]["findings"] == []
        assert list(files[1]["error"]) == ["exception", "message", "line", "column"]
        assert summary == {
            "type": "summary",
            "schema_version": 1,
            "files": 4,
            "findings": 3,
            "errors": 1,
            "by_rule": dict.fromkeys(RULES, 0) | {"todos": 1, "prints": 1, "dangerous": 1},
        }


class TestSelection:
    def test_ignored_files_are_left_out_unless_all_are_asked_for_or_they_are_named(self, tree):
        (tree / ".gitignore").write_text("package\n")
        assert "package" not in run("scan")[0]
        assert "package/b.py" in run("scan", "--all-files")[0]
        assert "package/b.py" in run("scan", "package/b.py")[0]

    def test_globs_leave_out_more(self, tree):
        output, _ = run("scan", "--exclude", "/package/", "--exclude", "b*.py")
        assert {line.split(":")[0] for line in lines(output)} == {"a.py"}

    def test_a_larger_file_than_asked_for_is_reported(self, tree):
        output, _ = run("scan", "a.py", "--max-bytes", "10")
        assert output.startswith("a.py: error MemoryError: ")
        for size in ("1k", "512K", "3M", "1G", "4294967294"):
            run("scan", "a.py", "--max-bytes", size)

    def test_no_path_is_the_working_directory(self, tree):
        assert run("scan") == run("scan", ".")


class TestStandardInput:
    @pytest.mark.parametrize(
        "form", [["text"], ["text", "--color", "always"], ["json"], ["jsonl"], ["sarif"]], ids=" ".join
    )
    @pytest.mark.parametrize(
        "source",
        [
            b"print(1)  # TODO\ndef f(a, b, c, d, e, g): global x, y; return eval(1)\n",
            b"",
            b"x = (",
            b"\xff",
            b"# TODO \x1b[1m \t \x01 \x7f \xc2\x85 \xe2\x80\xa8 \xf0\x9f\x99\x82\n",
        ],
        ids=["findings", "empty", "syntax", "undecodable", "control"],
    )
    def test_it_is_reported_as_a_file_with_the_same_text_is(self, tree, source, form):
        (tree / "a.py").write_bytes(source)
        of_file = run("scan", "a.py", "--format", *form)
        assert run("scan", "-", "--stdin-filename", "a.py", "--format", *form, source=source) == of_file

    def test_it_has_a_name_of_its_own(self, tree):
        assert run("scan", "-", "-q", source=b"print(1)\n")[0].startswith("<stdin>:1:1: prints ")

    def test_limits_and_rules_and_conditions_apply(self, tree):
        output, _ = run("scan", "-", "-q", "--max-bytes", "5", source=b"print(1)\n")
        assert output.startswith("<stdin>: error MemoryError: ")
        assert run("scan", "-", "-q", "-p", "todos", source=b"print(1)\n") == ("", "")
        run("scan", "-", "--fail-on", "prints", source=b"print(1)\n", code=1)

    def test_it_stands_alone(self, tree):
        assert "`-`" in refused("scan", "-", "a.py", source=b"")
        assert "--stdin-filename" in refused("scan", "--stdin-filename", "b.py", "a.py")


class TestExitCode:
    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ([], 0),
            (["--fail-on", "finding"], 1),
            (["--fail-on", "error"], 1),
            (["--fail-on", "dangerous"], 1),
            (["--fail-on", "globals"], 0),
            (["--fail-on", "globals", "--fail-on", "todos"], 1),
            (["--fail-on", "globals,todos"], 1),
            (["--fail-on", "error", "package"], 0),
            (["--fail-on", "finding,error", "package/silent.py"], 0),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
    def test_it_is_1_only_if_something_was_found_that_fail_on_names(self, tree, arguments, code, form):
        run("scan", "--format", form, *arguments, code=code)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["scan", "nowhere"], "path `nowhere` does not exist"),
            (["scan", "a.py", "nowhere", "--format", "json"], "path `nowhere` does not exist"),
            (["scan", os.devnull], f"path `{os.devnull}` cannot be read: neither a file nor a folder"),
            (["scan", os.devnull, "-f", "jsonl"], "neither a file nor a folder"),
            (["scan", ""], "path `` is empty"),
            (["scan", "--fromat", "json"], "--format"),
            (["scan", "--format", "xml"], "'xml'"),
            (["scan", "--patterns", "todo"], "unknown rule `todo`: did you mean `todos`?"),
            (["scan", "--patterns", ""], "unknown rule ``"),
            (["scan", "--threads", "0"], "--threads"),
            (["scan", "--threads", "many"], "--threads"),
            (["scan", "--max-bytes", "0"], "`0` is not between 1 and 4294967294 bytes"),
            (["scan", "--max-bytes", "4G"], "`4G` is not between"),
            (["scan", "--max-bytes", "9" * 10_000], "--max-bytes"),
            (["scan", "--max-bytes", "1X"], "`1X` is not a size like 500000, 512K or 16M"),
            (["scan", "--max-bytes", "1KK"], "`1KK` is not a size"),
            (["scan", "--exclude", "["], "exclude pattern `[`"),
            (["scan", "--fail-on", "warning"], "unknown condition `warning`"),
            (["scan", "--fail-on", "prints", "--patterns", "todos"], "`--fail-on prints` needs the rule `prints`"),
            (["scna"], "scna"),
            (["--verbose"], "--verbose"),
        ],
        ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
    )
    def test_it_is_2_with_one_line_for_what_cannot_be_done(self, tree, arguments, message):
        assert message in refused(*arguments)

    def test_no_line_is_broken_by_what_it_quotes(self, tree):
        assert "path `a\\n\\x1b[1mb` does not exist" in refused("scan", "a\n\x1b[1mb")

    def test_the_environment_is_named_when_it_is_wrong(self, tree):
        assert "REV_ACCEL_THREADS" in refused("scan", REV_ACCEL_THREADS="many")

    def test_without_a_command_the_help_is_an_error(self, tree):
        output, errors = run(code=2)
        assert output == ""
        assert errors.startswith("Usage: rev-accel ")

    @POSIX
    @pytest.mark.skipif(sys.platform == "darwin", reason="the kernel names a removed folder still")
    def test_a_removed_working_directory_is_an_error(self, tree):
        code = "import os, sys; os.mkdir('x'); os.chdir('x'); os.rmdir('../x'); os.execv(sys.argv[1], sys.argv[1:])"
        done = subprocess.run([sys.executable, "-c", code, *command("scan")], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "rev-accel: error: the working directory has been removed\n"


class TestProject:
    """`[tool.rev-accel]` in pyproject.toml."""

    def write(self, tree: Path, text: str) -> None:
        (tree / "pyproject.toml").write_text(text)

    def test_it_chooses_rules_and_leaves_out_files(self, tree):
        self.write(tree, '[tool.rev-accel]\npatterns = ["prints", "dangerous"]\nexclude = ["/package/"]\n')
        assert [line.split()[1] for line in lines(run("scan")[0])] == ["prints", "error"]

    def test_the_command_line_chooses_other_rules_and_leaves_out_more(self, tree):
        self.write(tree, '[tool.rev-accel]\npatterns = ["prints"]\nexclude = ["/package/"]\n')
        output, _ = run("scan", "--patterns", "todos,dangerous", "--exclude", "bad.py")
        assert [line.split()[1] for line in lines(output)] == ["todos"]

    def test_all_files_and_named_files_are_not_left_out(self, tree):
        self.write(tree, '[tool.rev-accel]\nexclude = ["/package/"]\n')
        assert "package/b.py" in run("scan", "--all-files")[0]
        assert "package/b.py" in run("scan", "package/b.py")[0]

    def test_isolated_ignores_it(self, tree):
        self.write(tree, '[tool.rev-accel]\npatterns = ["nonsense"]\n')
        assert len(lines(run("scan", "--isolated")[0])) == 4

    def test_the_library_does_not_read_it(self, tree):
        self.write(tree, '[tool.rev-accel]\npatterns = ["globals"]\nexclude = ["*.py"]\n')
        assert len(rev_accel.scan()) == 3
        assert json.loads(rev_accel.analyze_ast_patterns("."))["total_issues"] == 3

    @pytest.mark.parametrize("text", ["", "[tool]\nother = 1\n", "not toml", "# rev-accel\n", "tool = 'rev-accel'\n"])
    def test_a_file_that_does_not_speak_of_it_changes_nothing(self, tree, text):
        self.write(tree, text)
        assert len(lines(run("scan")[0])) == 4

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[tool.rev-accel]\npattern = []\n", "unknown key `pattern`: did you mean `patterns`?"),
            ("[tool.rev-accel]\nthreads = 2\n", "unknown key `threads`"),
            ('[tool.rev-accel]\npatterns = ["todo"]\n', "unknown rule `todo`"),
            ('[tool.rev-accel]\npatterns = "todos"\n', "must be a list of rule names"),
            ("[tool.rev-accel]\npatterns = [1]\n", "each rule name in `patterns` must be a str, not int"),
            ("[tool.rev-accel]\nexclude = 1\n", "`exclude` must be a list of globs"),
            ('[tool.rev-accel]\nexclude = ["["]\n', "exclude pattern `[`"),
            ("[tool]\nrev-accel = 1\n", "is not a table"),
            ("[tool.rev-accel\n", "is not valid TOML"),
            ("x = " + "[" * 100_000 + "  # rev-accel\n", "is not valid TOML"),
            ("# rev-accel\n" + "#" * (1 << 20), "is larger than"),
        ],
        ids=range(11),
    )
    def test_a_table_that_cannot_be_used_is_told(self, tree, text, message):
        self.write(tree, text)
        error = refused("scan")
        assert message in error
        assert "pyproject.toml" in error or "[" in text

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
    def test_a_fifo_in_its_place_is_not_waited_for(self, tree):
        os.mkfifo(tree / "pyproject.toml")
        assert len(lines(run("scan")[0])) == 4

    def test_a_folder_in_its_place_is_nothing(self, tree):
        (tree / "pyproject.toml").mkdir()
        assert len(lines(run("scan")[0])) == 4


class TestHelp:
    @pytest.mark.parametrize("arguments", [["--version"], ["-V"]])
    def test_the_version_needs_no_library_for_options(self, arguments):
        code = (
            "import sys; from rev_accel.cli import main; code = main(sys.argv[1:]);"
            "sys.exit(code or 'click' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"rev-accel {rev_accel.__version__}\n", "")

    def test_the_version_is_the_same_among_other_arguments(self, tree):
        assert run("--version", "scan") == (f"rev-accel {rev_accel.__version__}\n", "")

    @pytest.mark.parametrize("option", ["--help", "-h"])
    def test_help_shows_rules_examples_exit_codes_and_settings(self, tree, option):
        output, errors = run("scan", option)
        assert errors == ""
        for text in (*RULES, "Examples:", "Exit codes:", "[tool.rev-accel]", "REV_ACCEL_THREADS", "NO_COLOR"):
            assert text in output
        assert "scan" in run(option)[0]

    def test_the_installed_command_is_the_module(self, tree):
        from importlib.metadata import PackageNotFoundError, entry_points, version

        try:
            assert version("rev-accel") == rev_accel.__version__
        except PackageNotFoundError:
            pytest.skip("the package is imported from its sources, not installed")
        (script,) = entry_points(group="console_scripts", name="rev-accel")
        assert script.load() is rev_accel.cli.main


@POSIX
class TestSurroundings:
    """Closed pipes, full disks, signals."""

    @pytest.fixture
    def long(self, tree: Path) -> Path:
        """A file whose report is longer than any pipe holds."""
        path = tree / "long.py"
        path.write_text("print()\n" * 100_000)
        return path

    @pytest.mark.parametrize(
        "arguments",
        [
            ["scan", "long.py"],
            ["scan", "long.py", "--format", "json"],
            ["scan", "long.py", "--format", "jsonl"],
            ["scan", "long.py", "--format", "sarif"],
            ["scan", "a.py"],
            ["scan", "--help"],
            ["--version"],
        ],
        ids=" ".join,
    )
    def test_a_reader_that_goes_away_is_met_with_silence(self, long, arguments):
        with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            errors = process.stderr.read()
        assert (process.returncode, errors) == (141, b"")

    def test_a_reader_that_goes_away_later_is_met_with_silence_too(self, long):
        with subprocess.Popen(command("scan", "long.py"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout.read(4) == b"long"
            process.stdout.close()
            errors = process.stderr.read()
        assert (process.returncode, errors) == (141, b"")

    def test_an_interrupt_is_met_with_silence(self, long):
        with subprocess.Popen(command("scan", "long.py"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            # It runs, and waits for the pipe to be read.
            assert process.stdout.read(4) == b"long"
            process.send_signal(signal.SIGINT)
            errors = process.stderr.read()
        assert (process.returncode, errors) == (130, b"")

    @FULL
    @pytest.mark.parametrize(
        "arguments", [["scan"], ["scan", "--format", "json"], ["--version"], ["--help"]], ids=" ".join
    )
    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_a_full_disk_is_an_error(self, tree, arguments, unbuffered):
        environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
        with open("/dev/full", "wb") as full:
            done = subprocess.run(command(*arguments), stdout=full, stderr=subprocess.PIPE, env=environment)
        assert done.returncode == 2
        assert done.stderr.startswith(b"rev-accel: error: ")
        assert done.stderr.endswith(b"No space left on device\n")
        assert done.stderr.count(b"\n") == 1

    @FULL
    def test_nothing_is_said_where_nobody_can_be_told(self, tree):
        with open("/dev/full", "wb") as full:
            assert subprocess.run(command("scan", "nowhere"), stderr=full).returncode == 2
            assert subprocess.run(command("scan", "a.py"), stdout=subprocess.PIPE, stderr=full).returncode == 0

    @pytest.mark.parametrize(
        ("redirection", "code", "errors"),
        [
            (">&-", 2, "rev-accel: error: cannot write to standard output: it is closed\n"),
            (">&- 2>&-", 2, ""),
            ("2>&-", 0, ""),
        ],
    )
    def test_closed_streams_are_no_surprise(self, tree, redirection, code, errors):
        done = subprocess.run(
            ["/bin/sh", "-c", f'"$@" {redirection}', "sh", *command("scan", "a.py")], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (code, errors)

    def test_a_closed_standard_input_is_an_error_if_it_is_wanted(self, tree):
        done = subprocess.run(
            ["/bin/sh", "-c", '"$@" <&-', "sh", *command("scan", "-")], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (2, "rev-accel: error: standard input is closed\n")

    def test_output_is_the_same_when_python_does_not_buffer_it(self, long):
        assert run("scan", "long.py", PYTHONUNBUFFERED="1") == run("scan", "long.py")

    def test_findings_are_utf_8_whatever_the_locale(self, tree):
        variables = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        assert run("scan", "a.py", **variables)[0] == run("scan", "a.py")[0]


class TestProgress:
    @pytest.fixture
    def clock(self, monkeypatch):
        class Clock:
            now = 100.0

        monkeypatch.setattr(progress.time, "monotonic", lambda: Clock.now)
        return Clock

    def test_short_work_shows_none(self, clock, capsys):
        shown = progress.Progress()
        clock.now += 0.4
        shown(1, 2)
        shown.clear()
        assert capsys.readouterr() == ("", "")

    def test_long_work_counts_files_a_few_times_a_second_and_leaves_no_trace(self, clock, capsys):
        shown = progress.Progress()
        clock.now += 0.6
        shown(1_000, 20_000)
        shown(1_001, 20_000)
        assert capsys.readouterr() == ("", "\r\x1b[K1,000 of 20,000 files")
        clock.now += 0.11
        shown(2_000, 20_000)
        assert capsys.readouterr() == ("", "\r\x1b[K2,000 of 20,000 files")
        shown.clear()
        shown.clear()
        assert capsys.readouterr() == ("", "\r\x1b[K")

    def test_output_does_not_run_into_it(self, clock, capsys):
        shown = progress.Progress()
        written = []
        write = progress.clearing(shown, written.append)
        clock.now += 1
        shown(1, 2)
        write(b"line\n")
        assert written == [b"line\n"]
        assert capsys.readouterr().err.endswith("\r\x1b[K")

    def test_it_is_for_terminals_that_can_erase_a_line(self, monkeypatch):
        monkeypatch.setattr(streams, "is_terminal", lambda stream: stream is sys.stderr)
        monkeypatch.setenv("TERM", "xterm")
        assert progress.is_wanted()
        monkeypatch.setenv("TERM", "dumb")
        assert not progress.is_wanted()
        monkeypatch.setattr(streams, "is_terminal", lambda stream: False)
        monkeypatch.setenv("TERM", "xterm")
        assert not progress.is_wanted()
