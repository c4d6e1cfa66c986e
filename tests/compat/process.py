"""Tests that run inside of a process with the real rev.

The module of such a test imports neither pytest nor anything else that the virtual environment of rev has not.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSIONS = ("2.0.1", "2.0.0")
"""All releases of rev on PyPI, the newest first."""

_SERVER = Path(__file__).with_name("server.py")

Test = Callable[[], None]


def in_rev(test: Test) -> Any:
    """Has a test run in a process with the newest rev, in an empty folder of its own, which is the root of rev."""
    return _sent(test, VERSIONS[:1])


def in_every_rev(test: Test) -> Any:
    """The same with each version."""
    return _sent(test, VERSIONS)


def _sent(test: Test, versions: tuple[str, ...]) -> Any:
    if "pytest" not in sys.modules:  # it runs there
        return test
    import pytest

    def send(servers: Callable[[str], Server], version: str, tmp_path: Path) -> None:
        folder = tmp_path.resolve() / "tree"
        folder.mkdir()
        servers(version).run(test, folder)

    send.__name__, send.__module__, send.__doc__ = test.__name__, test.__module__, test.__doc__
    return pytest.mark.parametrize("version", versions)(send)


class Server:
    """A process of the virtual environment of one version of rev."""

    def __init__(self, version: str) -> None:
        import rev_accel
        from oracle.environment import rev_interpreter

        paths = [str(_SERVER.parent.parent), str(Path(rev_accel.__file__).parent.parent)]
        # Isolated: no user site, no PYTHON* variables. rev itself warns of its own escapes.
        command = [str(rev_interpreter(version)), "-I", "-X", "utf8", "-W", "ignore", str(_SERVER), *paths]
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("REV_") or name.startswith("REV_A")
        }
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def run(self, test: Test, folder: Path) -> None:
        """Runs a test in a folder."""
        assert self._process.stdin is not None and self._process.stdout is not None
        question = {"module": test.__module__, "name": test.__name__, "folder": str(folder)}
        print(json.dumps(question), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        problem = json.loads(answer) if answer else f"the server ended with status {self._process.wait()}"
        if problem is not None:
            raise AssertionError(f"inside of rev:\n{problem}")

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
