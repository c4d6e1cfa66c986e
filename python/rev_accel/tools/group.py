"""The processes that belong to one that was started: all of them can be ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

__all__ = ["FLAGS", "Group"]

# How often it is looked whether processes have gone, in seconds.
_PAUSE = 0.01
# How long the system may take to remove processes that were killed, in seconds.
_REMOVAL = 5.0

if sys.platform == "win32":
    # Ctrl-C does not reach it.
    FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP

    class Group:
        """A process and its descendants, as Windows knows them."""

        def __init__(self, process: subprocess.Popen[bytes]) -> None:
            self._process = process

        def has_ended(self) -> bool:
            """Whether the process itself has."""
            return self._process.poll() is not None

        @property
        def code(self) -> int | None:
            """How it has ended, as `Popen.returncode`; `None` if it has not."""
            return self._process.returncode

        def ask(self) -> None:
            """Asks all of them to end: there is no such thing here."""

        def is_there(self) -> bool:
            """Whether asking is worth a wait."""
            return False

        def kill(self) -> None:
            """Ends all of them at once."""
            subprocess.run(
                ["taskkill", "/F", "/T", "/PID", str(self._process.pid)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
            self._process.kill()

else:
    FLAGS = 0

    class Group:
        """A process that leads a session, and all in that session.

        Tools such as `timeout` give what they start a group of its own in the same session. Where the system tells
        (Linux), these are found; elsewhere it is the group that the process leads.
        """

        def __init__(self, process: subprocess.Popen[bytes]) -> None:
            self._process = process
            self._session = process.pid
            self._is_lost = False
            self._code: int | None = None

        def has_ended(self) -> bool:
            """Whether the process itself has. It is not waited for: as long as it is not, its number is its own."""
            if self._code is not None or self._is_lost or self._process.returncode is not None:
                return True
            if not hasattr(os, "waitid"):
                return self._process.poll() is not None
            try:
                found = os.waitid(os.P_PID, self._session, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:  # SIGCHLD is ignored, or somebody else has waited for it
                self._is_lost = True
                return True
            if found is not None:
                self._code = found.si_status if found.si_code == os.CLD_EXITED else -found.si_status
            return found is not None

        @property
        def code(self) -> int | None:
            """How it has ended, as `Popen.returncode`; `None` if it has not, or if that cannot be known."""
            # What `Popen` takes such an end for is success.
            return self._code if self._code is not None or self._is_lost else self._process.returncode

        def ask(self) -> None:
            """Asks all of them to end."""
            self._send(signal.SIGTERM)

        def is_there(self) -> bool:
            """Whether any of them has not ended."""
            return not self.has_ended() or bool(_members(self._session))

        def kill(self) -> None:
            """Ends all of them at once, and waits until they are gone."""
            deadline = time.monotonic() + _REMOVAL
            while True:
                self._send(signal.SIGKILL)
                if not self.is_there() or time.monotonic() >= deadline:
                    return
                time.sleep(_PAUSE)

        def _send(self, number: signal.Signals) -> None:
            if self._process.returncode is None:
                try:
                    os.killpg(self._session, number)
                except (ProcessLookupError, PermissionError):
                    pass
            # The others: a signal that comes twice may be one too many.
            for process in _members(self._session):
                _send(process, self._session, number)


def _send(process: int, session: int, number: signal.Signals) -> None:
    """Sends a signal to a process if it is still of the session, and not of the group that leads it."""
    try:
        # By a handle: the number may get another owner at any time.
        handle = os.pidfd_open(process)
    except (OSError, AttributeError):
        return
    try:
        if os.getsid(process) == session != os.getpgid(process):
            signal.pidfd_send_signal(handle, number)
    except OSError:
        pass
    finally:
        os.close(handle)


def _members(session: int) -> list[int]:
    """The processes of a session that have not ended; none where the system does not tell."""
    if sys.platform != "linux":
        return []
    found = []
    try:
        entries = os.listdir("/proc")
    except OSError:
        return []
    for entry in entries:
        if not entry.isdecimal():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as file:
                # Behind the name in parentheses: state, parent, group, session.
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if len(fields) > 3 and int(fields[3]) == session and fields[0] not in (b"Z", b"X"):
            found.append(int(entry))
    return found
