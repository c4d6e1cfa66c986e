"""Repositories in an environment of their own: no configuration of this machine's user reaches them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


class Repository:
    """A folder, made a repository on demand, with the environment in which git is asked about it.

    `home` and `system` hold what the user and the machine configure.
    """

    def __init__(self, place: Path, *, name: str = "top") -> None:
        self.place = place
        self.top = place / name
        self.home = place / "home"
        self.system = place / "system.config"
        (self.home / ".config" / "git").mkdir(parents=True, exist_ok=True)
        self.top.mkdir(exist_ok=True)
        self.cwd = self.top
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_SYSTEM": str(self.system),
            "GIT_EDITOR": "true",
            "GIT_AUTHOR_NAME": "Ada",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
        }

    @property
    def dot(self) -> Path:
        """The folder `.git`."""
        return self.top / ".git"

    def git(self, *arguments: str, cwd: Path | None = None, check: bool = True, text: bytes | None = None) -> str:
        """Run git in the top, or elsewhere, and give its output; with `check`, its failure is one of the test."""
        result = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.top,
            env=self.environment,
            input=text if text is not None else b"",
            capture_output=True,
            check=False,
        )
        if check and result.returncode != 0:
            raise AssertionError(f"git {arguments}: {result.stderr.decode(errors='replace')}")
        return result.stdout.decode("utf-8", "surrogateescape")

    def init(self, *arguments: str) -> Repository:
        self.git("init", "-q", "-b", "main", *arguments)
        return self

    def write(self, name: str | bytes, text: str | bytes = "text\n") -> Path:
        path = Path(os.fsdecode(os.path.join(os.fsencode(self.top), os.fsencode(name))))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def commit(self, message: str = "A commit", *arguments: str) -> None:
        """Commit all there is."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message, *arguments)

    def config(self, key: str, value: str) -> None:
        self.git("config", key, value)

    def skip(self, name: str) -> None:
        """Mark a file as one that a sparse tree leaves out, and remove it."""
        (self.dot / "info").mkdir(exist_ok=True)
        (self.dot / "info/sparse-checkout").write_text(f"/*\n!/{name}\n")
        self.config("core.sparseCheckout", "true")
        self.git("update-index", "--skip-worktree", name)
        (self.top / name).unlink()

    def go_to(self, folder: Path) -> None:
        """Ask from there from now on."""
        self.cwd = folder

    def plain(self, commits: int = 6, *, cwd: Path | None = None) -> tuple[bytes, bytes]:
        """What git prints now, for status and log; the index is not refreshed on disk, so that looking changes nothing."""
        environment = {**self.environment, "GIT_OPTIONAL_LOCKS": "0"}
        commands = (["git", "status", "-s"], ["git", "log", "-n", str(commits), "--oneline"])
        results = [
            subprocess.run(command, cwd=cwd or self.cwd, env=environment, capture_output=True, stdin=subprocess.DEVNULL)
            for command in commands
        ]
        return results[0].stdout, results[1].stdout

    def text(self, commits: int = 6, *, excluded: Sequence[str] = (".git",)) -> str:
        """The text that is expected, made as rev makes it."""
        status, log = (
            output.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
            for output in self.plain(commits)
        )
        entries = [
            {"name": path.name, "type": "dir" if path.is_dir() else "file"}
            for path in sorted(self.cwd.iterdir())
            if path.name not in excluded
        ]
        return json.dumps({"status": status, "log": log, "top_level": entries[:100]})

    def remove(self) -> None:
        shutil.rmtree(self.place, ignore_errors=True)
