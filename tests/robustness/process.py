"""Child processes: the analysis of hostile files under watch, and snippets of Python that must end in time."""

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

STATUSES = frozenset({"ok", "syntax_error", "undecodable", "unreadable", "too_large", "too_complex"})

HANG = 60.0  # seconds after which a case counts as hanging
GREED = 4 << 30  # bytes of resident memory at which a case is ended, to spare the machine
POLL = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case. `died` tells how the process ended, if it did; then nothing else is known."""

    status: str | None = None
    exception: str | None = None
    findings: int = 0
    raised: str | None = None
    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0
    died: str | None = None

    @property
    def trouble(self) -> str | None:
        """Why this is not a result or a status."""
        return self.died or self.raised

    @property
    def verdict(self) -> tuple[str | None, str | None, int]:
        """What must be the same wherever the file was analysed."""
        return self.status, self.exception, self.findings


class Subject:
    """A child that analyses files; started when needed, and again after it died."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115, closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        self._complaints.close()

    def stop(self) -> None:
        """Ends the child; the next case gets a fresh one."""
        if self._child is not None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.communicate()
            self._child = None

    def analyse(self, path: Path, door: str, place: str, *, seconds: float = HANG) -> Outcome:
        """Analyses one file."""
        if self._child is None:
            self._complaints.truncate(0)
            self._child = subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("subject.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                process_group=0,
            )
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps({"path": str(path), "door": door, "place": place}).encode() + b"\n")
            child.stdin.flush()
            ended = self._wait(child, seconds)
            line = b"" if ended else child.stdout.readline()
        except BrokenPipeError:
            ended, line = None, b""
        if line:
            return Outcome(**json.loads(line))
        if not ended:
            code = child.wait()
            ended = f"died of {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
            ended += f" {self._last_words()}"
        self.stop()
        return Outcome(died=ended.strip())

    def _wait(self, child: subprocess.Popen[bytes], seconds: float) -> str | None:
        """Waits for an answer, or the reason not to wait longer."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            assert child.stdout is not None
            selector.register(child.stdout, selectors.EVENT_READ)
            while not selector.select(POLL):
                if time.monotonic() > deadline:
                    return f"hung for {seconds:.0f} s"
                if (size := resident(child.pid)) > GREED:
                    return f"took {size >> 20} MB"
        return None

    def _last_words(self) -> str:
        self._complaints.seek(0)
        return self._complaints.read()[-300:].decode(errors="replace").strip()


def resident(process: int) -> int:
    """Memory in use by a process and its children, in bytes; 0 where the system does not tell."""
    total = 0
    try:
        total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            total += resident(int(child))
    except (OSError, IndexError):
        pass
    return total


def run_python(
    code: str,
    *arguments: object,
    seconds: float = HANG,
    options: tuple[str, ...] = (),
    check: bool = True,
    environment: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a snippet in a fresh interpreter; fails when it hangs or, with `check`, ends badly."""
    command = [sys.executable, "-P", *options, "-c", textwrap.dedent(code), *map(str, arguments)]
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="surrogateescape",
        process_group=0,
        env=None if environment is None else {**os.environ, **environment},
    ) as child:
        try:
            output, complaints = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            output, complaints = child.communicate()
            raise AssertionError(
                f"hung for {seconds:.0f} s; wrote {output[-500:]!r} and {complaints[-500:]!r}"
            ) from None
    if check and child.returncode != 0:
        raise AssertionError(f"ended with {child.returncode}; wrote {output[-500:]!r} and {complaints[-2000:]!r}")
    return subprocess.CompletedProcess(command, child.returncode, output, complaints)
