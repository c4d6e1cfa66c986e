"""Processes that use one cache and are killed at random moments.

    python -m tests.cache.kills FOLDER

reads a seed a line, forks the processes for it and tells their numbers; an empty line has it wait for them and tell how they
ended. What they are forked from has never used a cache, so each starts as a fresh process does, but at once.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import rev_accel
from rev_accel import Limits, _core, cache, workspace

from . import asks, contents
from .edits import Edited

REPOSITORY = Path(__file__).parents[2]

WRITERS, READERS = 2, 1
TREES = 3
FILES = 40
USES = 3  # uses of the cache of which one is the last that a process begins before its time is up
LONGEST = 0.004  # seconds that it lives on from then: as long as most uses take
AGE = 40  # rounds after which the writers' trees are made anew
PATIENCE = 5.0  # seconds that the uses are waited for
LARGEST = 64 << 20  # bytes that the cache may take in the end

WRONG = 3
"""How a process ends that got a wrong answer."""


def make_trees(folder: Path) -> None:
    """The trees that all processes ask about and nobody edits."""
    for number in range(TREES):
        for file in range(FILES):
            path = folder / f"tree{number}" / f"part{file % 4}" / f"file{file}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            text = contents.SAME_SIZE[(number * FILES + file) % len(contents.SAME_SIZE)]
            # The more there is to say of a tree, the longer it takes to write it down.
            path.write_bytes(text * (file % 3 + 1) + b"print()\n" * 150 * number)


def ask(tree: Path, *, max_bytes: int = 1 << 24) -> tuple[str, str]:
    """The drop-in's answer and that of a scan; another limit makes it another tree to the cache, with the same contents."""
    with workspace.use_root(tree):
        text = rev_accel.analyze_ast_patterns(".")
    return text, rev_accel.scan(root=tree, limits=Limits(max_bytes=max_bytes)).to_json()


def known(folder: Path) -> dict[str, tuple[str, str]]:
    """The right answers, made without a cache."""
    os.environ[cache.OFF_VARIABLE] = "1"
    answers = {f"tree{number}": ask(folder / f"tree{number}") for number in range(TREES)}
    del os.environ[cache.OFF_VARIABLE]
    return answers


Use = Callable[[], contextlib.AbstractContextManager[None]]
"""Stands round each use of the cache."""


def read(folder: Path, answers: dict[str, tuple[str, str]], choice: random.Random, use: Use) -> None:
    """Asks about a tree that nobody edits."""
    name = choice.choice(list(answers))
    with use():
        said = ask(folder / name, max_bytes=(1 << 24) - choice.randrange(6))
    if said != answers[name]:
        raise asks.StaleError(f"a wrong answer about {name}")


def write(own: Edited, choice: random.Random, use: Use) -> None:
    """Edits a tree of its own and asks about it, or does something to the whole cache."""
    what = choice.random()
    if what < 0.3:
        name, right = own.edit(), contents.expected(contents.walk(own.root))
        with use(), workspace.use_root(own.root):
            said = rev_accel.analyze_ast_patterns(".")
    elif what < 0.55:
        name, right = own.edit(), asks.unignored(own)
        with use():
            said = rev_accel.scan(root=own.root).to_json()
    else:
        # What was written is written anew.
        with use():
            cache.gc(0) if what < 0.65 else cache.verify() if what < 0.7 else cache.clear()
        return
    if said != right:
        raise asks.StaleError(f"a wrong answer about {own.root} after {name}")


def own_tree(folder: Path, number: int, seed: int, choice: random.Random) -> Edited:
    """The tree of a writer, in whatever state the last one left it."""
    holder = f"{folder}/own/{number}"
    if seed % AGE == 0:
        shutil.rmtree(holder, ignore_errors=True)
    if not os.path.isdir(f"{holder}/root"):
        shutil.rmtree(holder, ignore_errors=True)
        return Edited(holder, choice)
    own = Edited.__new__(Edited)
    own.holder, own.root, own.away, own.choice = holder, f"{holder}/root", f"{holder}/away", choice
    own.spare, own.branches = seed * 1000, []
    return own


def live(folder: Path, answers: dict[str, tuple[str, str]], number: int, seed: int) -> None:
    """The life of a process, which ends by a signal. A file that gets longer by a byte as a use begins or ends shows how far it is."""
    choice = random.Random(f"{seed} {number}")
    own = own_tree(folder, number, seed, choice) if number < WRITERS else None
    steps = os.open(f"{folder}/steps-{number}", os.O_WRONLY | os.O_APPEND)

    @contextlib.contextmanager
    def use() -> Iterator[None]:
        os.write(steps, b"+")
        yield
        os.write(steps, b"-")

    while True:
        if choice.random() < 0.7:
            _core.forget()
        if own is None or choice.random() < 0.3:
            read(folder, answers, choice, use)
        else:
            write(own, choice, use)


def fork(folder: Path, answers: dict[str, tuple[str, str]], number: int, seed: int) -> int:
    """Starts one process."""
    child = os.fork()
    if child == 0:
        try:
            live(folder, answers, number, seed)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(WRONG)
    return child


def main() -> None:
    folder = Path(sys.argv[1])
    answers = known(folder)
    print("ready", flush=True)
    children: list[int] = []
    for line in sys.stdin:
        if line.strip():
            children = [fork(folder, answers, number, int(line)) for number in range(WRITERS + READERS)]
            print(*children, flush=True)
        else:
            print(*[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], flush=True)


class Kills:
    """Rounds in which all processes are killed, and a look at what they leave behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = folder / "cache"
        self.most_temporary = 0
        self.in_use = 0
        """Processes that were killed in the course of a use."""
        self.counting = 0
        """Rounds with such a one."""
        self._errors = (folder / "errors").open("w+")

    def __enter__(self) -> Self:
        make_trees(self.folder)
        os.environ[cache.FOLDER_VARIABLE] = str(self.cache)
        self.answers = known(self.folder)
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.cache.kills", str(self.folder)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._answer() == "ready"
        return self

    def __exit__(self, *exception: object) -> None:
        self._parent.kill()
        self._parent.communicate()
        self._errors.close()

    def _answer(self) -> str:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline().strip()

    def _tell(self, line: str) -> str:
        assert self._parent.stdin is not None
        self._parent.stdin.write(f"{line}\n")
        self._parent.stdin.flush()
        return self._answer()

    def round(self, seed: int) -> None:
        """Starts the processes, kills them, and asks about all trees."""
        choice = random.Random(seed)
        steps = [self.folder / f"steps-{number}" for number in range(WRITERS + READERS)]
        for path in steps:
            path.write_bytes(b"")
        for path, child in zip(steps, map(int, self._tell(str(seed)).split()), strict=True):
            # However busy the machine is, each is killed in the course of its first uses, or soon after one.
            until, wanted = time.monotonic() + PATIENCE, 2 * choice.randrange(USES) + 1
            while path.stat().st_size < wanted and time.monotonic() < until:
                time.sleep(0.0002)
            time.sleep(choice.uniform(0, LONGEST))
            os.kill(child, signal.SIGKILL)
        ended = self._tell("")
        killed_in_use = sum(path.stat().st_size % 2 for path in steps)
        self.in_use += killed_in_use
        self.counting += killed_in_use > 0
        if set(ended.split()) != {str(-signal.SIGKILL)}:
            self._errors.seek(0)
            raise AssertionError(f"seed {seed}: ended with {ended}: {self._errors.read()[-5000:]}")
        _core.forget()
        for name, right in self.answers.items():
            assert ask(self.folder / name) == right, f"seed {seed}: {name}"
        for number in range(WRITERS):
            if os.path.isdir(f"{self.folder}/own/{number}/root"):
                own = own_tree(self.folder, number, 1, choice)
                for question in (asks.drop_in, asks.scan_unignored):
                    asks.check(question, own, f"seed {seed}, killed")
        self.most_temporary = max(self.most_temporary, len(self.temporary()))

    def files(self) -> list[Path]:
        """All files of the cache."""
        return [path for path in self.cache.rglob("*") if path.is_file()]

    def temporary(self) -> list[Path]:
        """Files that are not finished."""
        return [path for path in self.files() if path.name.startswith("tmp-")]

    def finish(self) -> None:
        """What is left behind does not grow, and goes once it is old."""
        before = time.time() - 25 * 3600
        for path in self.temporary():
            os.utime(path, (before, before))
        _core.forget()
        rev_accel.scan(root=self.folder / "tree0", limits=Limits(max_bytes=12345))
        assert not self.temporary()
        facts = sorted(path.name for path in (self.cache / "v1" / "facts").iterdir())
        assert len({name.partition(".")[0] for name in facts}) == 1, facts
        assert len(facts) <= 3, facts
        size = sum(path.stat().st_size for path in self.files())
        assert size < LARGEST, size
        found = cache.verify()
        assert found is not None
        assert not found["damaged_manifests"] + found["damaged_contents"] + found["store_damaged"], found


if __name__ == "__main__":
    main()
