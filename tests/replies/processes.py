"""Starts threads and processes that ask, and collects what they say."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]


def in_threads(count: int, work: Callable[[int], object]) -> list[Any]:
    """What so many threads make of it, begun at once: results and exceptions."""
    results: list[Any] = [None] * count
    together = threading.Barrier(count)

    def run(number: int) -> None:
        together.wait()
        try:
            results[number] = work(number)
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def sqlite(database: Path, *statements: str) -> None:
    """Does something to a database, in another process: in one, two copies of SQLite would undo each other's locks."""
    code = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2:]: connection.execute(statement)
connection.close()
"""
    subprocess.run([sys.executable, "-c", code, str(database), *statements], check=True)


class Process:
    """One that says when it is ready, begins when it is told to, and ends with its figures."""

    def __init__(self, module: str, folder: Path, arguments: list[str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == "ready\n", self.process.communicate()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def figures(self) -> dict[str, Any]:
        """Waits for the end."""
        output, errors = self.process.communicate(timeout=100)
        assert self.process.returncode == 0, errors
        assert errors == ""
        found: dict[str, Any] = json.loads(output)
        assert found["wrong"] == [], found
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


class Worker(Process):
    """One that asks; see `worker`."""

    def __init__(self, folder: Path, port: int, numbers: range, *, threads: int = 1, lease: float = 15.0) -> None:
        arguments = [str(folder), str(port), str(threads), str(lease), *map(str, numbers)]
        super().__init__("tests.replies.worker", REPOSITORY, arguments)


def ask_at_once(folder: Path, port: int, numbers: range, *, processes: int, threads: int) -> list[dict[str, Any]]:
    """All processes ask for all numbers, from all threads, at once."""
    workers = [Worker(folder, port, numbers, threads=threads) for _ in range(processes)]
    try:
        for worker in workers:
            worker.wait_until_ready()
        for worker in workers:
            worker.go()
        return [worker.figures() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
