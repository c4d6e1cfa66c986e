"""Puts replacements into rev and takes them out again.

Where a replacement is, is never remembered but looked up: an attribute that is rev's function gets ours, and one that
is ours gets rev's back. So whoever puts something else at a point keeps it, whether before or after.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType
from typing import Any
from weakref import WeakSet

from rev_accel.errors import InputError
from rev_accel.forks import InChildren

from . import found
from .hook import Finder
from .points import Pair, Place, Point, UnfitError, rev_modules
from .report import InstallReport, PointReport, State
from .table import GROUPS, POINTS

__all__ = ["install", "status", "uninstall"]


def install(*, only: Iterable[str] | None = None) -> InstallReport:
    """Replace the functions of rev that are faster or right here, now or when their modules are imported.

    What is installed stays so: a second call adds groups, and tries again where something was skipped.

    Args:
        only: The groups to install, by default all: `analysis`, `llm_key`, `repo_context`, `descriptions`, `paths`,
            `history`, `disk_caches`.

    Returns:
        What was done at each point. A point that this version of rev lacks, that takes other arguments or does other
        things than in the versions that are known, or where somebody else has put something, is skipped together with
        the rest of its group. Without rev all are.

    Raises:
        InputError: `only` names something else.
    """
    return _INSTALLATION.install(_groups(only))


def uninstall() -> InstallReport:
    """Put rev's own functions back, the same objects; what others have put in their places stays.

    The report is that of `status`.
    """
    return _INSTALLATION.uninstall()


def status() -> InstallReport:
    """How each point is at this time."""
    return _INSTALLATION.report("")


class Installation:
    """What is installed in this process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._finder = Finder(self._imported)
        self._active: set[str] = set()
        self._refused: dict[str, dict[Point, str]] = {}
        # All pairs that were ever made, by the identity of both functions, which they keep alive.
        self._by_original: dict[int, Pair] = {}
        self._by_replacement: dict[int, Pair] = {}
        # Modules and classes that were given a replacement, also when rev is imported anew.
        self._owners: WeakSet[Any] = WeakSet()
        # Modules that were run since, which may have taken one themselves; for a while their import is said to go on.
        self._ran: WeakSet[ModuleType] = WeakSet()

    def renew(self) -> None:
        """In a child: whoever held the lock is not there."""
        self._lock = threading.RLock()

    def install(self, groups: tuple[str, ...]) -> InstallReport:
        if found.folders() is None:
            return self.report("not asked for")
        _IN_CHILDREN.add(self)
        with self._lock:
            # First, so that nothing is imported unseen between this and what follows.
            self._finder.insert()
            self._active.update(groups)
        _wait_for_imports()
        with self._lock:
            for group in groups:
                self._refused.pop(group, None)
                self._apply(group)
            return self.report("not asked for")

    def uninstall(self) -> InstallReport:
        with self._lock:
            self._finder.remove()
            self._active.clear()
            self._refused.clear()
            self._restore(None)
            return self.report("")

    def report(self, inactive: str) -> InstallReport:
        """Of each point how it is; `inactive` says why, where it was not asked for."""
        with self._lock:
            folders = found.folders()
            points = tuple(self._reported(point, folders, inactive) for point in POINTS)
            return InstallReport(found.version(), points)

    def _imported(self, module: ModuleType) -> None:
        """A module of rev was run."""
        with self._lock:
            self._ran.add(module)
            name = module.__name__
            for group in GROUPS:
                if group in self._active and group not in self._refused and self._concerns(group, name):
                    self._apply(group)
            # It may have taken a function from a module that was not run to its end yet.
            for name, value in list(vars(module).items()):
                pair = self._by_original.get(id(value))
                if pair is not None and pair.point.group in self._active - self._refused.keys():
                    self._put(Place(module, name), pair.replacement)

    def _concerns(self, group: str, name: str) -> bool:
        """Whether a module that was just run has to do with a group, or another one of it has become ready unseen."""
        for point in _of(group):
            if point.module == name:
                return True
            module = self._ready(point)
            if module is None:
                continue
            try:
                home = point.home(module)
            except UnfitError:
                return True
            if id(home.get()) not in self._by_replacement:
                return True
        return False

    def _ready(self, point: Point) -> ModuleType | None:
        """The module of a point, once it was run."""
        module = sys.modules.get(point.module)
        if not isinstance(module, ModuleType) or (_is_running(module) and module not in self._ran):
            return None
        return module

    def _apply(self, group: str) -> None:
        """Replaces all of a group that is imported; nothing of it if one point does not fit."""
        changes: list[tuple[Place, Pair]] = []
        problems: dict[Point, str] = {}
        ready = [(point, module) for point in _of(group) if (module := self._ready(point)) is not None]
        # All homes come first: two points may have the same name, and then each may be found under that of the other.
        for step in (self._look_at_home, self._planned):
            for point, module in ready:
                try:
                    changes += step(point, module)
                except UnfitError as unfit:
                    problems[point] = str(unfit)
            if problems:
                self._refused[group] = problems
                self._restore(group)
                return
        for place, pair in changes:
            self._put(place, pair.replacement)

    def _look_at_home(self, point: Point, module: ModuleType) -> list[tuple[Place, Pair]]:
        """Makes the replacement for what a point has now; `UnfitError` if that is not known."""
        home = point.home(module).get()
        if id(home) not in self._by_replacement and id(home) not in self._by_original:
            self._remember(point.pair(home))
        return []

    def _planned(self, point: Point, module: ModuleType) -> list[tuple[Place, Pair]]:
        """What to change where for a point; `UnfitError` if it cannot be."""
        changes = []
        for place in point.places(module, self._by_original):
            value = place.get()
            if id(value) in self._by_replacement:
                continue
            pair = self._by_original.get(id(value))
            if pair is None and point.is_foreign(place):
                pair = self._earlier(point, place)
            if pair is not None and pair.point is point:
                changes.append((place, pair))
        return changes

    def _earlier(self, point: Point, place: Place) -> Pair:
        """What stands in for a function of rev from before its module was run again; `UnfitError` if it is none."""
        problem = ""
        for like in _of(point.group):
            if like.name == point.name:
                try:
                    return self._remember(like.pair(place.get()))
                except UnfitError as unfit:
                    problem = str(unfit)
        raise UnfitError(f"`{place}` {problem}")

    def _remember(self, pair: Pair) -> Pair:
        self._by_original[id(pair.original)] = pair
        self._by_replacement[id(pair.replacement)] = pair
        return pair

    def _put(self, place: Place, value: object) -> None:
        self._owners.add(place.owner)
        place.set(value)

    def _restore(self, group: str | None) -> None:
        """Puts back what is ours, of a group or all."""
        for owner in {*self._owners, *self._ran, *rev_modules()}:
            for name in list(vars(owner)):
                place = Place(owner, name)
                pair = self._by_replacement.get(id(place.get()))
                if pair is not None and group in (None, pair.point.group):
                    place.set(pair.original)

    def _reported(self, point: Point, folders: list[str] | None, inactive: str) -> PointReport:
        state, reason = self._state(point, folders, inactive)
        return PointReport(str(point), point.group, state, reason)

    def _state(self, point: Point, folders: list[str] | None, inactive: str) -> tuple[State, str]:
        if folders is None:
            return "skipped", "rev is not installed"
        module = self._ready(point)
        is_active = point.group in self._active
        if is_active and (problems := self._refused.get(point.group)):
            if point in problems:
                return "skipped", problems[point]
            other, why = next(iter(problems.items()))
            return "skipped", f"its group is skipped: `{other}` {why}"
        if module is None:
            if not found.has_module(point.module, folders):
                return "skipped", f"this version has no module `{point.module}`"
            if is_active:
                return "waiting", "its module is not imported yet"
            return ("skipped", inactive) if inactive else ("original", "its module is not imported yet")
        try:
            home = point.home(module)
        except UnfitError as unfit:
            return "skipped", str(unfit)
        value = home.get()
        if id(value) in self._by_replacement:
            places = [
                str(place) for place in point.places(module, {id(value)}) if place.get() is value and place != home
            ]
            return "replaced", f"also {', '.join(places)}" if places else ""
        if id(value) not in self._by_original:
            try:
                point.check(value)
            except UnfitError as unfit:
                return "skipped", str(unfit)
        if inactive and not is_active:
            return "skipped", inactive
        # A patch by others that began before `uninstall` and ended after it has put ours back there.
        left = [str(place) for place in point.places(module, self._by_original) if self._is_ours(place, point)]
        return "original", f"but not {', '.join(left)}: `uninstall()` once more puts it back" if left else ""

    def _is_ours(self, place: Place, point: Point) -> bool:
        pair = self._by_replacement.get(id(place.get()))
        return pair is not None and pair.point is point


def _of(group: str) -> list[Point]:
    return [point for point in POINTS if point.group == group]


def _groups(only: Iterable[str] | None) -> tuple[str, ...]:
    if only is None:
        return GROUPS
    known = ", ".join(f"`{group}`" for group in GROUPS)
    if isinstance(only, (str, bytes)) or not isinstance(only, Iterable):
        raise InputError(f"`only` must be a list of names, not {type(only).__name__}: expected some of {known}")
    names = list(only)
    for name in names:
        if name not in GROUPS:
            raise InputError(f"`only` names {name!r}: expected some of {known}")
    return tuple(dict.fromkeys(names))


def _is_running(module: ModuleType | None) -> bool:
    """Whether its import goes on."""
    return bool(getattr(getattr(module, "__spec__", None), "_initializing", False))


def _wait_for_imports() -> None:
    """Waits for imports of rev's modules that go on in other threads."""
    for point in POINTS:
        if _is_running(sys.modules.get(point.module)):
            try:
                import_module(point.module)
            except Exception:  # it could not be imported there either
                continue


_INSTALLATION = Installation()
_IN_CHILDREN: InChildren[Installation] = InChildren(Installation.renew)
