"""Runs a process to its end, or to the end of its time, and gives what it printed."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rev_accel.errors import InputError, ToolError

from .group import FLAGS, Group
from .output import Excerpt, Plain
from .pipe import Pipe

__all__ = ["LIMIT", "UNKNOWN", "Completed", "Printed", "Stopped", "kill_all", "quiet_environment", "run"]

_log = logging.getLogger(__name__)

# Bytes of output that are kept.
LIMIT = 30_000
LEAST = 200
# Seconds, so that no sum overflows.
LONGEST = 7 * 86_400.0

# Seconds between being asked to end and being killed.
GRACE = 2.0
# Seconds for which something that a process had started may hold its output after its end.
HELD = 1.0
# Seconds for which output is read when all that could print was killed.
REST = 0.5
# How a process ended that ended without this one being told.
UNKNOWN = "exit code unknown: ends of processes are ignored here, or taken by something else"
# How often it is looked whether a process has ended that prints nothing, in seconds.
_POLL = 0.05

Stopped = Callable[[], bool]
"""Whether somebody has said that what runs shall end."""

Printed = Callable[[str], object]
"""What is told of the output while a process runs: pieces of text, which need not be whole lines."""

# Programs behave as for a file, not for a terminal; and what Python has printed is there when it is killed.
_QUIET = {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat", "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
_LOUD = ("FORCE_COLOR", "CLICOLOR_FORCE", "PY_COLORS", "PYTHON_COLORS", "GCC_COLORS")


# What runs in this process now.
_groups: set[Group] = set()


@dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """How a process ended."""

    output: str
    """What it printed on both of its streams, in order, as text; the middle is left out where it is long."""
    bytes: int
    """How many it printed."""
    code: int | None
    """Its exit code; `None` if a signal ended it, or if it is not known how it ended."""
    signal: str | None
    """The name of that signal."""
    timed_out: bool
    """Whether its time was over, and it was ended with all that it had started in its session."""
    held: bool
    """Whether it ended by itself, but something that it had started kept its output open; what was in its session was
    killed."""
    left: bool
    """Whether something has left the session and holds the output open yet: it goes on."""

    @property
    def ending(self) -> str:
        """How it ended, in a few words."""
        if self.signal is not None:
            return f"killed by {self.signal}"
        return f"exit code {self.code}" if self.code is not None else UNKNOWN


def run(
    command: Sequence[str],
    *,
    cwd: str | os.PathLike[str],
    timeout: float,
    environment: Mapping[str, str] | None = None,
    limit: int = LIMIT,
    on_output: Printed | None = None,
    stopped: Stopped | None = None,
) -> Completed:
    """Runs a program, with its input closed, in a session of its own.

    When its time is over, or it is interrupted, all that it has started in its session is ended, too; what has left
    the session goes on. What it has started in the background, with output of its own, goes on if it ends by itself.

    Args:
        command: The program and its arguments.
        cwd: The folder that it runs in.
        timeout: How many seconds it may take.
        environment: By default `quiet_environment()`.
        limit: How many bytes of output are kept, from the beginning and the end.
        on_output: Called with the output as it comes, as text without escapes, in this thread.
        stopped: Asked some twenty times a second; once it says so, all is ended as when the time is over.

    Raises:
        ToolError: It cannot be started; or it was ended since `stopped` said so.
        InputError: An argument cannot be used.
    """
    if not 0 < timeout <= LONGEST:
        raise InputError(f"`timeout` is {timeout:g}: expected a number of seconds above 0 and up to {LONGEST:.0f}")
    if limit < LEAST:
        raise InputError(f"`limit` is {limit}: expected at least {LEAST} bytes")
    if not command or not command[0]:
        raise ToolError("the command is empty: expected a program, and its arguments")
    deadline = time.monotonic() + timeout
    process = _start(command, cwd, quiet_environment() if environment is None else environment)
    group = Group(process)
    _groups.add(group)
    running = _Running(process, group, deadline, limit, on_output, stopped)
    try:
        timed_out, held = running.watch()
    except BaseException:
        running.end()
        raise
    finally:
        _groups.discard(group)
        running.close()
    code, name = _ending(running.code)
    return Completed(
        output=running.excerpt.text(),
        bytes=running.bytes,
        code=code,
        signal=name,
        timed_out=timed_out,
        held=held,
        left=running.is_open,
    )


def kill_all() -> None:
    """Kills all that `run` has started and that has not ended; for a process that is left at once."""
    for group in _groups.copy():
        group.kill()


def quiet_environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment, by default that of this process, in which programs use no pager, colours or terminal."""
    found = dict(os.environ if base is None else base)
    for name in _LOUD:
        found.pop(name, None)
    found.update(_QUIET)
    return found


class _Running:
    """A process that runs."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        group: Group,
        deadline: float,
        limit: int,
        on_output: Printed | None,
        stopped: Stopped | None,
    ) -> None:
        self.excerpt = Excerpt(limit)
        self.bytes = 0
        self._process, self._group, self._deadline, self._on_output = process, group, deadline, on_output
        self._stopped = stopped
        self._plain = Plain()
        assert process.stdout is not None
        self._pipe = Pipe(process.stdout)
        self.is_open = True
        self._pause = 0.0005

    @property
    def code(self) -> int | None:
        """How it has ended, as `Group.code`."""
        return self._group.code

    def watch(self) -> tuple[bool, bool]:
        """Takes the output until the end; gives whether the time was over, and whether the output was held open."""
        end: float | None = None
        while self.is_open or not self._group.has_ended():
            now = time.monotonic()
            if end is None and self._group.has_ended():
                end = now
            if end is None and self._stopped is not None and self._stopped():
                raise ToolError("it was stopped by the user, with all that it had started in its session")
            if end is None and now >= self._deadline:
                self.end()
                self._read_rest()
                return True, False
            if end is not None and now >= end + HELD:
                self._group.kill()
                self._read_rest()
                return False, True
            self._read(_POLL if end is not None else min(_POLL, self._deadline - now))
        return False, False

    def end(self) -> None:
        """Asks all processes to end, taking what they print, and kills those that are there some seconds later."""
        deadline = time.monotonic() + GRACE
        try:
            self._group.ask()
            while self._group.is_there() and time.monotonic() < deadline:
                self._read(_POLL)
        finally:
            self._group.kill()

    def close(self) -> None:
        """Leaves nothing behind: the pipe is closed, and the process waited for."""
        self._pipe.close()
        try:
            self._process.wait(REST + GRACE)
        except subprocess.TimeoutExpired:  # it hangs in the kernel; Python waits for it at some later time
            _log.debug("process %d was killed and does not end", self._process.pid)
        self._take(b"", is_last=True)

    def _read_rest(self) -> None:
        """What is in the pipe yet. Something that has left the session may still hold it: it is not waited for long."""
        deadline = time.monotonic() + REST
        while self.is_open and (now := time.monotonic()) < deadline:
            self._read(deadline - now)

    def _read(self, wait: float) -> None:
        if not self.is_open:
            # Most end right after they have closed their output.
            time.sleep(min(max(wait, 0.0), self._pause))
            self._pause = min(self._pause * 2, _POLL)
            return
        data = self._pipe.read(max(wait, 0.0))
        if data == b"":
            self.is_open = False
        elif data is not None:
            self.bytes += len(data)
            self._take(data)

    def _take(self, data: bytes, *, is_last: bool = False) -> None:
        text = self._plain.feed(data, is_last=is_last)
        if not text:
            return
        self.excerpt.add(text)
        if self._on_output is not None:
            try:
                self._on_output(text)
            except Exception as error:  # nothing depends on what is told
                _log.debug("`on_output` failed: %s", error)


def _start(
    command: Sequence[str], cwd: str | os.PathLike[str], environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    if not os.path.isdir(cwd):
        raise ToolError(f"`{os.fspath(cwd)}` is no folder: expected one to run the command in")
    program = command[0]
    try:
        return subprocess.Popen(
            list(command),
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
            creationflags=FLAGS,
        )
    except FileNotFoundError:
        where = "there is no such file" if os.path.dirname(program) else "it is in no folder of PATH"
        raise ToolError(f"program `{program}` was not found: {where}") from None
    except OSError as error:
        raise ToolError(f"program `{program}` cannot be run: {error.strerror}") from None
    except ValueError as error:  # a NUL, a lone surrogate
        raise ToolError(f"the command cannot be passed on: {error}") from None


def _ending(code: int | None) -> tuple[int | None, str | None]:
    """The exit code, or the name of the signal; neither where it is not known, as of one that hangs in the kernel."""
    if code is None or code >= 0:
        return code, None
    try:
        return None, signal.Signals(-code).name
    except ValueError:
        return None, f"signal {-code}"
