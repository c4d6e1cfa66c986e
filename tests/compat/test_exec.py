"""A program that `rev-accel exec` starts sees and leaves what it would if it had been started directly."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from rev_accel.compat.rev import GROUPS

from .installation import Installation

pytestmark = pytest.mark.skipif(os.name == "nt", reason="commands are files with a first line on POSIX systems only")

LOOKS = """
import os, sys
main = sys.modules["__main__"]
print(sys.argv, sys.path[0], len(sys.path), sys.flags)
print(vars(main) is globals(), sorted(globals()), __name__, __file__, __package__, __spec__ and __spec__.name, type(__loader__).__name__)
print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stdin.read(), os.getcwd(), sys.stdout.line_buffering, sys.excepthook)
import signal
print([(number.name, signal.getsignal(number)) for number in sorted(signal.valid_signals()) if hasattr(number, "name")])
"""
RAISES = """
def outer():
    try:
        inner()
    except KeyError as error:
        raise ValueError("Ünïcode") from error


def inner():
    raise KeyError("first")


outer()
"""
OWN_HOOK = """
import sys, traceback
def hook(kind, error, trace):
    print("own", kind.__name__, [frame.name for frame in traceback.extract_tb(trace)])
    traceback.print_exception(error)
sys.excepthook = hook
def inner(): raise {error}
inner()
"""
ENDS = {
    "normally": "print('done')",
    "with nothing": "raise SystemExit",
    "with a number": "raise SystemExit(3)",
    "with a large number": "raise SystemExit(1 << 40)",
    "with a text": "import sys; sys.exit('Ünïcode, and why')",
    "with an object": "raise SystemExit(['a', 1])",
    "with true": "raise SystemExit(True)",
    "with an exception": RAISES,
    "with an exception, shown by its own hook": OWN_HOOK.format(error="ValueError(1)"),
    "with an interrupt, shown by its own hook": OWN_HOOK.format(error="KeyboardInterrupt"),
    "with a group": "raise ExceptionGroup('several', [ValueError(1), KeyError(2)])",
    "before it begins": "print(1)\nprint(2\n",
    "in another encoding": "# coding: latin-1\nprint(ascii('\xe9'))",
    "by Ctrl-C": "import os, signal, time; os.kill(os.getpid(), signal.SIGINT); time.sleep(9)",
    "by SIGTERM": "import os, signal; print('x', flush=True); os.kill(os.getpid(), signal.SIGTERM)",
    "by SIGKILL": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "by its own handler": "import os, signal, sys\nsignal.signal(15, lambda *_: sys.exit(7))\nos.kill(os.getpid(), 15)\ninput()",
    "at once": "import os; print('lost'); os._exit(5)",
    "while a thread runs": "import threading, time\nlater = 'later'\ndef f():\n    time.sleep(0.1)\n    print(later)\nthreading.Thread(target=f).start()",
    "with work to do": "import atexit, sys\natexit.register(lambda: print('atexit', sys.modules['__main__'].text))\ntext = 'here'\nsys.exit(4)",
    "without annotations of ours": "def f(x: 1 + 1): ...\nprint(f.__annotations__)",
    "with a child of its own": (
        "import multiprocessing\ndef work(x):\n    print(x, __name__, flush=True)\n"
        "if __name__ == '__main__':\n    process = multiprocessing.get_context('spawn').Process(target=work, args=(1,))\n"
        "    process.start(); process.join(); print(process.exitcode)"
    ),
}


class Starter:
    """Starts a program both ways."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        self.installation = installation
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "PATH": f"{installation.commands}{os.pathsep}{os.environ['PATH']}",
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def start(self, *command: str, **options: object) -> tuple[int, str, str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            input=b"some input",
            capture_output=True,
            timeout=60,
            **options,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def exec(self, *command: str) -> tuple[int, str, str]:
        return self.start(str(self.installation.commands / "rev-accel"), "exec", "--", *command)

    def complaint(self, *command: str) -> str:
        status, out, complaint = self.exec(*command)
        assert (status, out, complaint.count("\n")) == (2, "", 1)
        return complaint


@pytest.fixture
def starter(installation: Installation, tmp_path: Path) -> Starter:
    return Starter(installation, tmp_path.resolve())


@pytest.mark.parametrize("how", ENDS)
def test_a_command_ends_as_it_does_alone(how: str, starter: Starter) -> None:
    encoding = "latin-1" if how == "in another encoding" else "utf-8"
    path = starter.installation.script("program", "")
    path.write_text(f"#!{starter.installation.interpreter}\n{ENDS[how]}\n", encoding=encoding)
    alone = starter.start("program", "-x", "--", "y z")
    ours = starter.exec("program", "-x", "--", "y z")
    if "interrupt" in how and sys.version_info >= (3, 13):
        # These forget the interrupt, and end with 1, if the hook is the first to need some module of theirs.
        assert alone[0] in (1, -2)
        alone = (-2, *alone[1:])
    assert ours == alone


def test_a_command_sees_what_it_does_alone(starter: Starter) -> None:
    starter.installation.script("program", f"#!{starter.installation.interpreter}\n{LOOKS}\n")
    alone = starter.start("program", "--only", "-x", "")
    assert alone[0] == 0 and "some input" in alone[1]
    assert starter.exec("program", "--only", "-x", "") == alone


def forms(starter: Starter) -> dict[str, Sequence[str]]:
    """All ways in which `python` is told what to run; relative to the working directory."""
    package = starter.folder / "package"
    package.mkdir()
    (package / "__init__.py").write_text("import sys\nprint('package', sys.argv)\n")
    (package / "__main__.py").write_text(f"from . import neighbour\n{LOOKS}")
    (package / "neighbour.py").write_text("")
    (package / "fails.py").write_text(RAISES)
    (starter.folder / "folder").mkdir()
    (starter.folder / "folder" / "__main__.py").write_text(LOOKS)
    (starter.folder / "file.py").write_text(LOOKS)
    (starter.folder / "link.py").symlink_to("folder/__main__.py")
    with zipfile.ZipFile(starter.folder / "archive.pyz", "w") as archive:
        archive.writestr("__main__.py", LOOKS)
    return {
        "a package": ["-m", "package"],
        "a module that fails": ["-m", "package.fails"],
        "a missing module": ["-m", "package.missing"],
        "a missing package": ["-m", "nonesuch.module"],
        "a file": ["file.py"],
        "a link": ["./link.py"],
        "a folder": ["folder"],
        "an archive": ["archive.pyz"],
    }


def test_what_stands_behind_python_is_as_it_is_alone(starter: Starter) -> None:
    for name, form in forms(starter).items():
        alone = starter.start("python", *form, "-m", "x")
        assert starter.exec("python", *form, "-m", "x") == alone, name
        assert starter.exec(str(starter.installation.interpreter), *form, "-m", "x") == alone, name


def test_a_working_folder_that_was_removed_is_as_it_is_alone(starter: Starter) -> None:
    program = "import os, sys\nprint(__file__, sys.argv, sys.path[0])\nos.getcwd()\n"
    command = str(starter.installation.script("program", f"#!{starter.installation.interpreter}\n{program}"))
    archive = starter.folder / "archive.pyz"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("__main__.py", program)
    accel = str(starter.installation.commands / "rev-accel")
    lost = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"]
    for form in ([command], ["python", str(archive)]):
        alone = starter.start(*lost, *form)
        assert "FileNotFoundError" in alone[2]
        assert starter.start(*lost, accel, "exec", "--", *form) == alone


def test_source_with_a_nul_is_source(starter: Starter) -> None:
    (starter.folder / "file.py").write_text("print('\0')")
    status, out, complaint = starter.exec("python", "file.py")
    assert (status, out) == (1, "") and complaint.startswith("SyntaxError") and "null bytes" in complaint


def test_isolated_mode_stays_isolated(starter: Starter) -> None:
    (starter.folder / "file.py").write_text(LOOKS)
    for options in (["-P"], ["-I"]):
        alone = starter.start("python", *options, "file.py")
        assert starter.start("python", *options, "-m", "rev_accel", "exec", "--", "python", "file.py") == alone


def test_a_terminal_is_passed_on(starter: Starter) -> None:
    pty = pytest.importorskip("pty")
    starter.installation.script(
        "program", f"#!{starter.installation.interpreter}\n{LOOKS.replace('sys.stdin.read()', 'input()')}"
    )
    shown = []
    for command in (["program"], ["rev-accel", "exec", "program"]):
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [starter.installation.commands / command[0], *command[1:]],
            cwd=starter.folder, env=starter.environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        os.write(ours, b"typed\n")
        found = b""
        try:
            while part := os.read(ours, 65536):
                found += part
        except OSError:  # what Linux says at the end
            pass
        os.close(ours)
        shown.append((process.wait(), found))
    assert shown[0] == shown[1]
    assert b"True True typed" in shown[0][1]


def test_a_reader_that_goes_away_is_the_programs_own_affair(starter: Starter) -> None:
    starter.installation.script("program", f"#!{starter.installation.interpreter}\nprint('x' * 10)\n")
    found = []
    for command in (["program"], ["rev-accel", "exec", "program"]):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [starter.installation.commands / command[0], *command[1:]],
            env=starter.environment, stdout=writing, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        os.close(writing)
        found.append((done.returncode, done.stderr))
    assert found[0] == found[1]


def test_a_child_process_is_not_changed(starter: Starter) -> None:
    program = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import sys; print([n for n in sys.modules if \"rev\" in n])'])"
    starter.installation.script("program", f"#!{starter.installation.interpreter}\n{program}\n")
    status, out, _ = starter.exec("program")
    assert status == 0
    assert "rev_accel" not in out


def test_a_program_that_does_not_use_rev_gets_nothing_of_it_and_no_library_of_ours(starter: Starter) -> None:
    program = (
        "import sys; print(sorted(name for name in sys.modules if name.partition('.')[0] in ('rev', 'click', 'runpy')))"
    )
    starter.installation.script("program", f"#!{starter.installation.interpreter}\n{program}\n")
    assert starter.exec("program") == (0, "[]\n", "")


def test_an_entry_point_needs_no_file(starter: Starter) -> None:
    package = starter.installation.packages / "filed-1.0.dist-info"
    package.mkdir(exist_ok=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: filed\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[console_scripts]\nfiled = filed:main\n")
    (starter.installation.packages / "filed.py").write_text(
        "import sys\ndef main():\n    print(sys.argv, sys.path[0])\n    return 'why'\n"
    )
    path = starter.installation.commands / "filed"
    assert starter.exec("filed", "x") == (1, f"{[str(path), 'x']} {path.parent}\n", "why\n")


def test_a_command_of_this_environment_comes_before_others_of_the_search_path(starter: Starter) -> None:
    other = starter.folder / "other"
    other.mkdir()
    (other / "program").write_text("#!/bin/sh\necho wrong\n")
    (other / "program").chmod(0o755)
    starter.installation.script("program", f"#!{starter.installation.interpreter}\nprint('right')\n")
    starter.environment["PATH"] = f"{other}{os.pathsep}{starter.environment['PATH']}"
    assert starter.exec("program") == (0, "right\n", "")


def test_a_long_interpreter_is_named_in_the_second_line(starter: Starter) -> None:
    for quote in ("", '"'):
        interpreter = f"{quote}{starter.installation.interpreter}{quote}"
        text = f"#!/bin/sh\n'''exec' {interpreter} \"$0\" \"$@\"\n' '''\nprint('Python')\n"
        starter.installation.script("program", text)
        assert starter.exec("program") == (0, "Python\n", "")


def test_what_cannot_be_started_is_told_with_what_was_looked_for(starter: Starter, tmp_path: Path) -> None:
    commands = starter.installation.commands
    complaint = starter.complaint("nonesuch", "x")
    assert (
        "`nonesuch`" in complaint
        and f"`{commands}`" in complaint
        and f"`{starter.installation.interpreter}`" in complaint
    )
    assert "`sh` is `" in (complaint := starter.complaint("sh")) and "no Python program" in complaint
    assert "no Python program" in starter.complaint("/bin/sh")
    other = tmp_path / "foreign"
    other.write_text("#!/nowhere/bin/python3\n")
    other.chmod(0o755)
    starter.environment["PATH"] += f"{os.pathsep}{tmp_path}"
    for name in ("foreign", str(other)):
        complaint = starter.complaint(name)
        assert f"`{other}`" in complaint and "another interpreter, `/nowhere/bin/python3`" in complaint
    assert "another interpreter" in starter.complaint("python2")
    assert "another interpreter" in starter.complaint("/nowhere/bin/python", "x.py")
    assert "`missing.py`" in starter.complaint("python", "missing.py")
    assert "`./missing.py`" in starter.complaint("./missing.py")
    assert "options of the interpreter" in starter.complaint("python", "-X", "dev", "-m", "x")
    assert "options of the interpreter" in starter.complaint("python")


def test_wrong_usage_starts_nothing(starter: Starter) -> None:
    starter.installation.script("program", f"#!{starter.installation.interpreter}\nprint('started')\n")
    command = str(starter.installation.commands / "rev-accel")
    for options, named in ((["--only", "nonesuch"], "nonesuch"), (["--none"], "--none"), (["--only"], "COMMAND")):
        status, out, complaint = starter.start(command, "exec", *options, "program")
        assert (status, out, complaint.count("\n")) == (2, "", 1)
        assert named in complaint


@pytest.mark.parametrize("options", [["--report"], ["--report", "--only", "paths", "--only=analysis", "--"]])
def test_the_report_comes_at_the_end_on_standard_error(options: list[str], starter: Starter) -> None:
    starter.installation.script("program", f"#!{starter.installation.interpreter}\nimport rev.main\nprint('out')\n")
    command = str(starter.installation.commands / "rev-accel")
    status, out, report = starter.start(command, "exec", *options, "program")
    assert (status, out) == (0, "out\n")
    assert "paths" in report and "analysis" in report


def test_the_help_names_all_groups(starter: Starter) -> None:
    status, out, _ = starter.start(str(starter.installation.commands / "rev-accel"), "exec", "--help")
    assert status == 0
    assert f"Groups: {', '.join(GROUPS)}\n" in out
