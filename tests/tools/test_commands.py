"""Commands: what is told of their end and their output, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from rev_accel.errors import InputError, PathOutsideRootError, ToolError
from rev_accel.tools import Registry, commands
from rev_accel.tools import process as processes
from rev_accel.tools.commands import CommandTools
from rev_accel.tools.group import Group
from rev_accel.tools.pipe import ThreadedPipe
from rev_accel.tools.process import Completed, quiet_environment, run
from rev_accel.workspace import Workspace

from .clock import TIMEOUT, over_when_written

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the commands are those of POSIX")

# Seconds after which something hangs; nothing comes near.
HANGS = 60


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def run_python(code: str, cwd: Path, timeout: float = HANGS, **options: object) -> Completed:
    return run(python(code), cwd=cwd, timeout=timeout, **options)


def is_running(process: int) -> bool:
    """Whether a process has not ended; one that nobody has waited for yet has."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except OSError:
            return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def number_in(path: Path) -> int:
    deadline = time.monotonic() + HANGS
    while time.monotonic() < deadline:
        if path.exists() and (text := path.read_text()).endswith("\n"):
            return int(text)
        time.sleep(0.01)
    raise AssertionError(f"{path} was not written")


@pytest.fixture
def tools(tmp_path: Path) -> CommandTools:
    return CommandTools(Workspace(tmp_path))


@pytest.fixture(autouse=True)
def nothing_left() -> object:
    """No thread, child or open file outlives a test."""
    threads, before = threading.active_count(), children()
    files = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    yield
    assert threading.active_count() <= threads
    assert children() <= before
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) <= files


def children() -> set[str]:
    """The children of this process, as Linux knows them, with those that ended and were not waited for."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        if fields[1] == str(os.getpid()):
            found.add(stat.parent.name)
    return found


@pytest.fixture
def little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE", 0.3)
    monkeypatch.setattr(processes, "HELD", 0.3)


class TestEnd:
    def test_the_exit_code_is_told_and_both_streams_are_one_in_order(self, tools: CommandTools) -> None:
        code = "import sys\nfor n in range(3): print('out', n); print('err', n, file=sys.stderr)\nsys.exit(3)"
        assert tools.run_command(python(code)) == "[exit code 3]\nout 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2"

    def test_no_output_is_told(self, tools: CommandTools) -> None:
        assert tools.run_command(["true"]) == "[exit code 0, no output]"

    def test_the_signal_that_ended_a_command_is_named(self, tools: CommandTools) -> None:
        assert tools.run_command("kill -SEGV $$", shell=True) == "[killed by SIGSEGV, no output]"

    def test_a_signal_without_a_name_has_its_number(self, tools: CommandTools) -> None:
        assert tools.run_command(python("import os; os.kill(os.getpid(), 40)")) == "[killed by signal 40, no output]"

    def test_standard_input_is_closed(self, tools: CommandTools) -> None:
        assert tools.run_command(["cat"]) == "[exit code 0, no output]"

    def test_an_end_right_after_the_output_was_closed_is_waited_for(self, tmp_path: Path) -> None:
        done = run_python("import os, time; os.close(1); os.close(2); time.sleep(0.3); os._exit(7)", tmp_path)
        assert (done.code, done.output, done.held) == (7, "", False)

    def test_a_child_that_others_wait_for_is_no_error(self, tmp_path: Path) -> None:
        before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        try:
            done = run(["sh", "-c", "echo there; exit 3"], cwd=tmp_path, timeout=HANGS)
            assert (done.output, done.code, done.signal) == ("there\n", None, None)
            # What cannot be known is not told as success.
            told = CommandTools(Workspace(tmp_path)).run_command(["true"])
            assert told.startswith("[exit code unknown: ends of processes are ignored here, or taken by something else")
        finally:
            signal.signal(signal.SIGCHLD, before)

    @pytest.mark.skipif(not hasattr(os, "waitid"), reason="an end that is seen is not taken")
    def test_an_end_that_was_seen_is_known_whoever_takes_it_then(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        see = Group.has_ended

        def take(group: Group) -> bool:
            ended = see(group)
            with suppress(ChildProcessError):
                os.waitpid(group._session, os.WNOHANG)
            return ended

        monkeypatch.setattr(Group, "has_ended", take)
        for code, ending in (("exit 3", "exit code 3"), ("kill -9 $$", "killed by SIGKILL")):
            assert run(["sh", "-c", code], cwd=tmp_path, timeout=HANGS).ending == ending


class TestWords:
    @pytest.mark.parametrize(
        ("command", "shell", "output"),
        [
            (["echo", "a  b", "$HOME", "*"], False, "a  b $HOME *"),
            ("echo 'a  b' $HOME", False, "a  b $HOME"),
            ("echo one | tr a-z A-Z; echo two >&2", True, "ONE\ntwo"),
            (["echo", "-n", "é\u4e2d"], False, "é\u4e2d"),
        ],
    )
    def test_a_text_is_split_as_a_shell_would_and_read_by_one_only_if_asked(
        self, tools: CommandTools, command: list[str] | str, shell: bool, output: str
    ) -> None:
        assert tools.run_command(command, shell=shell) == f"[exit code 0]\n{output}"

    def test_operators_without_a_shell_are_pointed_at(self, tools: CommandTools) -> None:
        answer = tools.run_command("ls . | wc")
        assert "`|` went to the program as it is: set `shell`" in answer.splitlines()[0]

    @pytest.mark.parametrize(
        ("command", "is_told"),
        [
            ("echo hi | wc", True),
            ("echo it\\'s > file", True),
            ("echo 'hi | wc'", False),
            ("echo '|' \">\"", False),
            ("echo a;b", False),
        ],
    )
    def test_operators_are_pointed_at_however_it_ends_but_not_in_quotes(
        self, tools: CommandTools, command: str, is_told: bool
    ) -> None:
        answer = tools.run_command(command)
        assert answer.startswith("[exit code 0")
        assert ("set `shell`" in answer) == is_told

    @pytest.mark.parametrize("shell", [False, True])
    def test_a_text_that_no_command_line_can_hold_is_refused_before_it_is_split(
        self, tools: CommandTools, shell: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(commands.shlex, "split", None)
        for text in ("x" * 600_000, "é" * (commands.LONGEST // 2 + 1)):
            with pytest.raises(ToolError, match="bytes: expected up to 131,071, what a command line can hold"):
                tools.run_command(text, shell=shell)

    @pytest.mark.parametrize("shell", [False, True])
    def test_the_longest_text_is_run(self, tools: CommandTools, shell: bool) -> None:
        text = "x" * (commands.LONGEST - len("printf "))
        assert tools.run_command(f"printf {text}", shell=shell).startswith("[exit code 0]\nxxx")

    @pytest.mark.parametrize(
        ("command", "shell", "said"),
        [
            ("", False, "`command` is empty"),
            ([], False, "the command is empty"),
            ([""], False, "the command is empty"),
            ("echo 'a", False, "cannot be split into words"),
            (["echo"], True, "expected one, not a list"),
            (["no-such-program"], False, "program `no-such-program` was not found: it is in no folder of PATH"),
            (["./no/such"], False, "program `./no/such` was not found: there is no such file"),
            (["."], False, "program `.` cannot be run: Permission denied"),
            (["echo", "a\0b"], False, "cannot be passed on"),
            (["echo", "\ud800"], False, "cannot be passed on"),
            (["echo", "x" * 3_000_000], False, "cannot be run: Argument list too long"),
        ],
    )
    def test_what_cannot_be_run_is_refused(
        self, tools: CommandTools, command: list[str] | str, shell: bool, said: str
    ) -> None:
        with pytest.raises(ToolError) as caught:
            tools.run_command(command, shell=shell)
        assert said in str(caught.value)

    @pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 1e18])
    def test_a_time_out_that_is_none_is_refused(self, tools: CommandTools, timeout: float) -> None:
        with pytest.raises(InputError, match="`timeout` is"):
            tools.run_command(["true"], timeout=timeout)

    def test_a_limit_that_holds_nothing_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="`limit` is 5"):
            run(["true"], cwd=tmp_path, timeout=1, limit=5)

    @pytest.mark.parametrize(
        ("command", "told"),
        [
            (5, "`command` is 5: expected a valid list or a valid string."),
            (["a", 5], "`command.1` is 5: expected a valid string."),
        ],
    )
    def test_a_wrong_type_is_told_with_the_name_of_the_parameter(
        self, tools: CommandTools, command: object, told: str
    ) -> None:
        answer = Registry([tools.run_command]).execute("run_command", {"command": command})
        assert answer.startswith(f"Error: arguments of `run_command`: {told} It takes command (array of string or")

    def test_it_is_a_tool_with_a_schema(self, tools: CommandTools) -> None:
        registry = Registry([tools.run_command])
        assert registry.execute("run_command", {"command": ["echo", "there"]}) == "[exit code 0]\nthere"
        assert registry.execute("run_command", '{"command": "echo there", "timeout": 5}') == "[exit code 0]\nthere"
        assert "`timeout` is" in registry.execute("run_command", {"command": "true", "timeout": 0})
        (schema,) = registry.schemas()
        assert set(schema["function"]["parameters"]["properties"]) == {"command", "cwd", "timeout", "shell"}


class TestPlace:
    def test_it_runs_in_the_root_or_a_folder_of_it(self, tools: CommandTools, tmp_path: Path) -> None:
        (tmp_path / "inner").mkdir()
        assert tools.run_command(["pwd", "-P"]).splitlines()[1] == str(tmp_path.resolve())
        assert tools.run_command(["pwd", "-P"], cwd="inner").splitlines()[1] == str(tmp_path.resolve() / "inner")

    def test_a_folder_outside_is_refused(self, tools: CommandTools, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("/")
        for folder in ("..", "/", "link", "/tmp/../"):
            with pytest.raises(PathOutsideRootError):
                tools.run_command(["true"], cwd=folder)

    def test_what_is_no_folder_is_refused(self, tools: CommandTools, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        for folder in ("file", "missing"):
            with pytest.raises((ToolError, OSError)):
                tools.run_command(["true"], cwd=folder)

    def test_a_workspace_that_may_only_be_read_runs_nothing(self, tmp_path: Path) -> None:
        with pytest.raises(PathOutsideRootError):
            CommandTools(Workspace(tmp_path, read_only=True)).run_command(["touch", "made"])
        assert not (tmp_path / "made").exists()

    def test_programs_are_told_that_there_is_no_terminal(
        self, tools: CommandTools, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("OWN", "kept")
        printed = tools.run_command(["env"]).splitlines()
        assert {"TERM=dumb", "PAGER=cat", "GIT_PAGER=cat", "NO_COLOR=1", "OWN=kept"} <= set(printed)
        assert "FORCE_COLOR=1" not in printed
        assert quiet_environment({"A": "b"})["A"] == "b"
        assert tools.run_command(python("import os; open('/dev/tty')")).endswith("'/dev/tty'")


class TestTimeOut:
    @pytest.fixture
    def pid(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Where a process writes its number; the time is over when it has."""
        over_when_written(tmp_path / "pid", monkeypatch)
        return tmp_path / "pid"

    def test_the_output_so_far_is_given(self, tools: CommandTools, pid: Path) -> None:
        code = "import time; print('begun'); print(1, file=open('pid', 'w')); time.sleep(600)"
        assert tools.run_command(python(code), timeout=TIMEOUT) == (
            "[it had not ended after 1000 s and was stopped, with all that it had started in its session; its output so far:]\nbegun"
        )

    def test_nothing_printed_is_told(self, tools: CommandTools) -> None:
        assert tools.run_command(["sleep", "600"], timeout=0.1).endswith(
            "[it had not ended after 0.1 s and was stopped, with all that it had started in its session; it had printed nothing]"
        )

    def test_output_that_cannot_be_shown_is_told_with_its_bytes(self, tools: CommandTools, pid: Path) -> None:
        code = "import os, time; os.write(1, bytes(5000)); print(1, file=open('pid', 'w')); time.sleep(600)"
        told = "5,000 bytes of output had come, none of which can be shown]"
        assert tools.run_command(python(code), timeout=TIMEOUT).endswith(f"in its session; {told}")
        code = "import os; os.write(1, bytes(5000))"
        assert tools.run_command(python(code)) == "[exit code 0, 5,000 bytes of output, none of which can be shown]"

    def test_what_is_printed_at_being_asked_to_end_is_given(self, tmp_path: Path, pid: Path) -> None:
        code = "trap 'echo cleaned; exit 5' TERM; echo $$ > pid; while :; do sleep 0.05; done"
        done = run(["/bin/sh", "-c", code], cwd=tmp_path, timeout=TIMEOUT)
        assert (done.output.split()[-1], done.code, done.timed_out) == ("cleaned", 5, True)

    def test_much_output_at_being_asked_to_end_does_not_block_the_end(self, tmp_path: Path, pid: Path) -> None:
        code = (
            "import signal, sys, time\n"
            "def end(*_): sys.stdout.write('x' * 3_000_000 + 'last'); sys.stdout.flush(); sys.exit(4)\n"
            "signal.signal(signal.SIGTERM, end); print(1, file=open('pid', 'w')); time.sleep(600)"
        )
        done = run_python(code, tmp_path, TIMEOUT)
        assert done.code == 4
        assert done.output.endswith("last")

    @pytest.mark.parametrize("where", ["", " >/dev/null 2>&1"])
    def test_a_grandchild_that_ignores_being_asked_is_killed(
        self, where: str, tmp_path: Path, pid: Path, little_grace: None
    ) -> None:
        code = f"(trap '' TERM; exec sh -c 'echo $$ > pid; sleep 600; sleep 600'){where} & wait"
        done = run(["/bin/sh", "-c", code], cwd=tmp_path, timeout=TIMEOUT)
        assert done.timed_out
        assert not is_running(number_in(pid))

    @pytest.mark.skipif(sys.platform != "linux", reason="the system tells the members of a session")
    def test_a_process_that_has_left_the_group_is_killed_with_the_session(
        self, tmp_path: Path, pid: Path, little_grace: None
    ) -> None:
        code = "timeout 600 sh -c 'echo $$ > pid; sleep 600; sleep 600'; true"
        assert run(["/bin/sh", "-c", code], cwd=tmp_path, timeout=TIMEOUT).timed_out
        assert not is_running(number_in(pid))

    def test_what_has_left_the_session_does_not_hang_it(self, tmp_path: Path, pid: Path, little_grace: None) -> None:
        code = (
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    print(os.getpid(), file=open('pid', 'w'))\n"
            "    time.sleep(600)\n"
            "time.sleep(600)"
        )
        assert run_python(code, tmp_path, TIMEOUT).timed_out
        os.kill(number_in(pid), signal.SIGKILL)

    @pytest.mark.skipif(sys.platform != "linux", reason="the processes are looked up as Linux shows them")
    def test_many_processes_that_start_others_are_all_killed(
        self, tmp_path: Path, pid: Path, little_grace: None
    ) -> None:
        mark = f"mark{os.getpid()}"
        code = (
            f"f() {{ sh -c 'trap \"\" TERM; sleep 600; sleep 600' {mark} & sleep 600 & }}; "
            "for i in 1 2 3 4 5 6 7 8; do f; done; echo $$ > pid; wait"
        )
        assert run(["/bin/sh", "-c", code], cwd=tmp_path, timeout=TIMEOUT).timed_out
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                assert mark.encode() not in (entry / "cmdline").read_bytes()
            except OSError:
                pass


class TestHeldOutput:
    def test_a_grandchild_that_keeps_the_output_open_is_killed_and_that_is_said(
        self, tools: CommandTools, tmp_path: Path, little_grace: None
    ) -> None:
        answer = tools.run_command("sleep 600 & echo $! > pid; echo done", shell=True)
        assert answer == ("[exit code 0; something that it had started kept its output open, and was killed]\ndone")
        assert not is_running(number_in(tmp_path / "pid"))

    def test_one_that_has_left_the_session_goes_on_and_that_is_said(
        self, tools: CommandTools, tmp_path: Path, little_grace: None
    ) -> None:
        code = (
            "import os, time\n"
            "if os.fork() == 0:\n"
            "    os.setsid()\n"
            "    print(os.getpid(), file=open('pid', 'w'))\n"
            "    time.sleep(600)\n"
            "while not os.path.exists('pid'): time.sleep(0.01)\n"
        )
        answer = tools.run_command(python(code))
        process = number_in(tmp_path / "pid")
        assert is_running(process)
        os.kill(process, signal.SIGKILL)
        assert answer == (
            "[exit code 0, no output; something that it had started in a session of its own keeps its output open, "
            "and goes on]"
        )

    def test_one_that_ends_soon_is_waited_for(self, tools: CommandTools) -> None:
        assert tools.run_command("(sleep 0.2; echo late) & echo done", shell=True) == "[exit code 0]\ndone\nlate"

    def test_one_with_output_of_its_own_goes_on(self, tools: CommandTools, tmp_path: Path) -> None:
        answer = tools.run_command("sleep 600 >/dev/null 2>&1 & echo $! > pid", shell=True)
        assert answer == "[exit code 0, no output]"
        process = number_in(tmp_path / "pid")
        assert is_running(process)
        os.kill(process, signal.SIGKILL)


class TestInterrupt:
    def test_ctrl_c_kills_all_and_goes_on_to_the_caller(self, tmp_path: Path, little_grace: None) -> None:
        pid = tmp_path / "pid"

        def interrupt() -> None:
            number_in(pid)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        code = "(trap '' TERM INT; sleep 600) & echo $! > pid.new; mv pid.new pid; wait"
        with pytest.raises(KeyboardInterrupt):
            run(["/bin/sh", "-c", code], cwd=tmp_path, timeout=HANGS)
        thread.join()
        assert not is_running(number_in(pid))

    def test_an_interrupt_by_what_listens_kills_too(self, tmp_path: Path, little_grace: None) -> None:
        def interrupt(_: str) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(["/bin/sh", "-c", "echo $$ > pid; echo x; sleep 600"], cwd=tmp_path, timeout=HANGS, on_output=interrupt)
        assert not is_running(number_in(tmp_path / "pid"))


class TestThreadedPipe:
    """The way for systems that cannot be asked whether there is output."""

    def test_it_gives_the_same(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, little_grace: None) -> None:
        monkeypatch.setattr(processes, "Pipe", ThreadedPipe)
        assert run_python("print('x' * 1_000_000)", tmp_path, limit=2_000_000).output == "x" * 1_000_000 + "\n"
        assert run(["/bin/sh", "-c", "echo a; sleep 600"], cwd=tmp_path, timeout=0.5).output == "a\n"
        deadline = time.monotonic() + HANGS
        while any(one.name.startswith("rev_accel") for one in threading.enumerate()) and time.monotonic() < deadline:
            time.sleep(0.01)
