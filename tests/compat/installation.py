"""An environment in which `rev-agentic` and this package are installed side by side, as a user of both has it.

It is a small one of its own over the packages of the oracle's environment and of the running interpreter. Its commands
are written as pip writes them, so that `rev` can be started directly and through `rev-accel exec`.
"""

from __future__ import annotations

import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import click

import rev_accel
from oracle.environment import rev_interpreter

COMMAND = """\
#!{interpreter}
import sys
from {module} import {attribute}
if __name__ == '__main__':
    sys.exit({attribute}())
"""

OBSERVER = """\
import os

if path := os.environ.pop("REV_OBSERVER", None):
    import atexit, json, sys, threading, time

    seen = {"written": set(), "connected": set(), "started": set()}
    start = threading.Thread.start
    changes = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.link", "os.truncate"}

    def hook(event, arguments):
        if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
            seen["written"].add(str(arguments[0]))
        elif event in changes:
            seen["written"].add(str(arguments[0]))
        elif event == "socket.connect":
            seen["connected"].add(str(arguments[1]))

    def counted(thread):
        target = thread._target or type(thread).run
        seen["started"].add(f"{target.__module__}.{target.__qualname__}")
        start(thread)

    def count():
        return len(os.listdir("/proc/self/task")) if sys.platform == "linux" else threading.active_count()

    def tell():
        deadline = time.monotonic() + 1
        while (running := count()) > 1 and time.monotonic() < deadline:  # those that are about to end
            time.sleep(0.01)
        found = {name: sorted(what) if isinstance(what, set) else what for name, what in seen.items()}
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump({**found, "running": running}, file)

    threading.Thread.start = counted
    sys.addaudithook(hook)
    atexit.register(tell)
"""
"""Writes to the file that `REV_OBSERVER` names what a process did: files it wrote, addresses, threads; children are let be."""


@dataclass(frozen=True, kw_only=True)
class Installation:
    """A virtual environment with both."""

    folder: Path

    @property
    def commands(self) -> Path:
        return self.folder / "bin"

    @property
    def interpreter(self) -> Path:
        return self.commands / "python"

    def command(self, name: str, module: str, attribute: str = "main") -> Path:
        """Writes a console script, and returns its path."""
        return self.script(name, COMMAND.format(interpreter=self.interpreter, module=module, attribute=attribute))

    def script(self, name: str, text: str) -> Path:
        path = self.commands / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    @property
    def packages(self) -> Path:
        return Path(sysconfig.get_path("purelib", vars={"base": str(self.folder)}))


def install(folder: Path, *, with_rev: bool = True) -> Installation:
    """Makes the environment in a folder that does not exist yet."""
    venv.create(folder, with_pip=False, symlinks=True)
    installation = Installation(folder=folder)
    places = [str(Path(module.__file__ or "").parents[1]) for module in (rev_accel, click)]
    if with_rev:
        command = [rev_interpreter(), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
        places.insert(0, subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
        installation.command("rev", "rev.main")
    (installation.packages / "places.pth").write_text("\n".join(dict.fromkeys(places)) + "\n")
    (installation.packages / "rev_observer.py").write_text(OBSERVER)
    (installation.packages / "rev_observer.pth").write_text("import rev_observer\n")
    installation.command("rev-accel", "rev_accel.cli")
    return installation
