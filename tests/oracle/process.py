"""A running `rev-agentic` with one tree as its root."""

import base64
import json
import os
import pickle
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from oracle.comparison import expected_text
from oracle.environment import rev_interpreter

_SERVER = Path(__file__).with_name("answer.py")


class Oracle:
    """Answers `analyze_ast_patterns` calls by running the real function in a process of its own.

    rev takes its root from the working directory at import, hence one process for each root (0.4 s to start); it then
    serves any number of calls. Nothing is cached there: rev makes its caches only in its own command line program.
    """

    def __init__(self, root: Path) -> None:
        # Isolated: no user site, no PYTHON* variables, and the tree (which may hold a `json.py`) not on the module path.
        # Invalid escapes are warnings for rev, as they are in its own process.
        command = [str(rev_interpreter()), "-I", "-X", "utf8", "-W", "ignore", str(_SERVER)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REV_")}
        self._process = subprocess.Popen(
            command,
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> "Oracle":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def raw(self, path: Any, patterns: Any = None, *, effective_user: int | None = None) -> str:
        """Exactly what rev returns, `cache_stats` and order of `files` included."""
        assert self._process.stdin is not None and self._process.stdout is not None
        question = pickle.dumps((path, patterns, effective_user))
        self._process.stdin.write(base64.b64encode(question) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"rev ended with status {self._process.wait()} when asked for {path!r}, {patterns!r}")
        answer: str = json.loads(line)
        return answer

    def expected(self, path: Any, patterns: Any = None, *, effective_user: int | None = None) -> str:
        """The text that rev-accel must return: rev's own, after the two intended changes."""
        return expected_text(self.raw(path, patterns, effective_user=effective_user))

    def close(self) -> None:
        """Ends the process; also from the middle of an answer."""
        self._process.kill()
        self._process.communicate()
