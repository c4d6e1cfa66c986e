"""Rounds of edit-then-ask on many small trees, some just edited and some at rest for longer than stamps need to be trusted."""

import os
import random
import shutil
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Self

from rev_accel import _core
from rev_accel.settings import THREADS_VARIABLE

from . import asks
from .clock import Clock
from .edits import Edited

REST = 2.7  # seconds after which the stamps of what was edited are trusted

# Of rounds, the share that begins with forgetting, so that the manifest answers; of trees, the share under git.
FORGET = 0.35
UNDER_GIT = 0.05
AGE = 60  # rounds after which a tree is made anew, before links and spare folders pile up


@dataclass
class Subject:
    """A tree, when it was edited and asked about last, and what was done to it of late."""

    tree: Edited
    edited: float
    asked: int = 0
    rounds: int = 0
    history: deque[str] = field(default_factory=lambda: deque(maxlen=12))


class Rounds:
    """Rounds in a folder, all decided by a seed. The clock decides only whether a tree was at rest."""

    def __init__(
        self, folder: str, seed: int, *, trees: int, clock: Clock | None = None, shifts: tuple[int, ...] = ()
    ) -> None:
        """With a clock, it is now and then shifted by one of the shifts, and no tree has to rest."""
        self.folder = folder
        self.clock = clock
        self.shifts = shifts
        self.choice = random.Random(seed)
        self.rest = REST if clock is None else 0.0
        self.made = 0
        self.rested = 0
        self.count = 0
        self.edits: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        os.makedirs(folder)
        if clock is not None:
            clock.shift(shifts[0])
        self.trees = deque(self.make() for _ in range(trees))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        os.environ.pop(THREADS_VARIABLE, None)
        shutil.rmtree(self.folder)

    def make(self) -> Subject:
        """A new tree."""
        self.made += 1
        holder = f"{self.folder}/{self.made}"
        choice = self.choice
        size = choice.choice((5, 6, 7, 8, 8, 12, 20, 60)) if choice.random() < 0.5 else 5
        tree = Edited(holder, random.Random(choice.randrange(1 << 60)), files=size)
        if choice.random() < UNDER_GIT:
            tree.make_branches(3)
        return Subject(tree, time.monotonic())

    def check(self, subject: Subject, ask: asks.Ask, *, forget: bool) -> None:
        """Asks something."""
        if forget:
            _core.forget()
            subject.history.append("forget")
        subject.history.append(f"{ask.__name__}?")
        self.asked[ask.__name__] += 1
        asks.check(ask, subject.tree, list(subject.history))
        subject.asked = 0 if self.clock is None else self.clock.now()

    def ask(self, before: asks.Ask | None) -> asks.Ask:
        """What to ask: often what was asked before, since only that is compared with what was known then."""
        return before if before is not None and self.choice.random() < 0.7 else asks.choose(self.choice)

    def round(self) -> None:
        """Edits a tree and asks about it; one at rest is asked about before, so that its stamps are known and trusted."""
        choice = self.choice
        if self.clock is not None and choice.random() < 0.3:
            self.clock.shift(choice.choice(self.shifts))
        # Threads cost more than they bring on trees so small, but more of the code is used with them.
        os.environ[THREADS_VARIABLE] = choice.choice("11112")
        subject = self.trees[0]
        before = None
        is_rested = time.monotonic() - subject.edited > self.rest
        if is_rested:
            self.rested += 1
            self.trees.rotate(-1)
            subject.history.append("rested")
            before = choice.choice(asks.MAIN)
            self.check(subject, before, forget=False)
        else:
            subject = self.trees[-1 - choice.randrange(min(8, len(self.trees)))]
        # The same again, so that what was learned just now is what is compared with.
        for _ in range(choice.choice((1, 1, 1, 1, 2, 3)) if is_rested else 1):
            self.edit(subject)
            if self.clock is not None and choice.random() < 0.1:
                self.clock.shift(choice.choice(self.shifts))
            self.check(subject, self.ask(before), forget=choice.random() < FORGET)
            if choice.random() < 0.1:
                self.check(subject, self.ask(before), forget=False)
            self.count += 1
        subject.rounds += 1
        if subject.rounds > AGE:
            self.renew(subject)

    def edit(self, subject: Subject) -> None:
        """One to four edits."""
        tree = subject.tree
        if self.clock is not None:
            self.clock.next_tick(subject.asked)
        if tree.branches and self.choice.random() < 0.3:
            tree.switch()
            names = ["switch"]
        else:
            names = [tree.edit() for _ in range(self.choice.choice((1, 1, 1, 1, 2, 4)))]
        self.edits.update(names)
        subject.history.extend(names)
        subject.edited = time.monotonic()

    def renew(self, subject: Subject) -> None:
        """Makes a new tree in place of one that was edited often."""
        shutil.rmtree(subject.tree.holder)
        self.trees[self.trees.index(subject)] = self.make()

    def run(self, count: int) -> None:
        """So many rounds, or more."""
        end = self.count + count
        while self.count < end:
            self.round()
