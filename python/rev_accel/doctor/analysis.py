"""rev's analysis of the user's tree beside that of the drop-in: of all, if rev is quick enough, else of some files."""

from __future__ import annotations

import json
import os
import random
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rev_accel import _core, cache

from .comparing import Function, cut, judged, outcome, seconds
from .findings import Check

__all__ = ["analysis", "python_files"]

MOST_FILES = 200_000
LOOK = 1.0
"""Seconds of parts, after which it is estimated how long rev would take for all."""
PIECE = 3_000_000
"""Bytes of files in a part of the tree, for which rev takes about two seconds."""
REST = 2.0
"""Seconds that are left for timing and telling."""

MOST_BYTES = 16 << 20
"""Of a file that the drop-in analyses."""

# As rev's users are told of it in the page for them.
DEPTH, SIZE, SPECIAL = "analysis_depth", "analysis_size", "analysis_special"


def python_files(root: Path) -> Iterator[str]:
    """What rev analyses, as paths relative to the root; of very many a part."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                yield os.path.relpath(os.path.join(folder, name), root)
                count += 1
                if count == MOST_FILES:
                    return


def analysis(old: Function, new: Function, *, files: Sequence[str], deadline: float) -> Check:
    """The check; it ends by the deadline of the monotonic clock, if one file does not take rev longer."""
    if not files:
        return Check(name="analysis", outcome="unchecked", compared="there are no Python files")
    special = {name for name in files if is_special(name)}
    sizes = {name: size_of(name) for name in files if name not in special}
    megabytes = sum(sizes.values()) / 1e6
    found = Comparison(old, new, len(special))
    parts = pieces(sizes, special)
    if piece_by_piece(found, sizes, parts, deadline - REST) and len(files) < MOST_FILES and not special:
        whole = Comparison(old, new)
        set_cache("whole")
        whole.compare(".")
        again = seconds({"ours": lambda: new(".")})["ours"]
        check = judged("analysis", f"{len(files):,} files, {megabytes:,.1f} MB", whole.differences, whole.fixed)
        check.times = [("for the first time", whole.rev_time, whole.our_time), ("asked again", whole.rev_time, again)]
        return check
    compared = f"{found.files:,} of {len(files):,} files, in {found.count:,} parts of the tree, chosen at random"
    check = judged("analysis", compared, found.differences, found.fixed)
    check.times = [("these, for the first time", found.rev_time, found.our_time)]
    return check


def piece_by_piece(
    found: Comparison, sizes: dict[str, int], parts: list[tuple[str, int, int]], deadline: float
) -> bool:
    """Compares parts of the tree until the time is over, or it is seen that rev will do the tree in what is left."""
    everything = sum(sizes.values())
    started, done = time.monotonic(), 0
    set_cache("pieces")
    random.Random(0).shuffle(parts)
    for name, files, size in parts:
        found.compare(name)
        found.files += files
        done += size
        now = time.monotonic()
        if now > deadline:
            return False
        if now - started > LOOK and found.rev_time * everything < (deadline - now) * done:
            return True
    return found.rev_time < deadline - time.monotonic()


def pieces(sizes: dict[str, int], special: set[str]) -> list[tuple[str, int, int]]:
    """Folders that are small enough to be waited for, and the files beside these: path, number of files, bytes.

    Folders with something special in them, which rev would wait for without end, are not asked for as a whole.
    """
    endless = {folder for name in special for folder in folders_of(name)}
    totals: dict[str, list[int]] = {}
    for name, size in sizes.items():
        for folder in folders_of(name):
            total = totals.setdefault(folder, [0, 0])
            total[0] += 1
            total[1] += size
    found: dict[str, tuple[str, int, int]] = {}
    for name, size in sizes.items():
        small = (folder for folder in folders_of(name) if totals[folder][1] <= PIECE and folder not in endless)
        piece = next(small, name)
        number, together = totals.get(piece, [1, size])
        found[piece] = (piece, number, together)
    return list(found.values())


def folders_of(name: str) -> Iterator[str]:
    """From the root's own down."""
    parts = name.split(os.sep)[:-1]
    return (os.sep.join(parts[:depth]) for depth in range(1, len(parts) + 1))


class Comparison:
    """Answers to the same questions, and the time that they took."""

    def __init__(self, old: Function, new: Function, special: int = 0) -> None:
        self.old, self.new = old, new
        self.count = self.files = 0
        self.rev_time = self.our_time = 0.0
        self.differences: list[str] = []
        self.fixed = {DEPTH: 0, SIZE: 0, SPECIAL: special}

    def compare(self, path: str) -> None:
        start = time.perf_counter()
        problem, theirs = outcome(self.old, path)
        between = time.perf_counter()
        our_problem, ours = outcome(self.new, path)
        end = time.perf_counter()
        self.count += 1
        self.rev_time += between - start
        self.our_time += end - between
        if problem or our_problem:  # a link may lead outside, or to itself
            if (problem, theirs) != (our_problem, ours):
                told = [cut((name, text)) for name, text in ((problem, theirs), (our_problem, ours))]
                self.differences.append(f"{cut(path)}: rev {told[0]}, rev-accel {told[1]}")
            return
        expected, found = promised(theirs), json.loads(ours)
        if expected == found:
            if json.dumps(expected, indent=2 if "files" in expected else None) != ours:
                self.differences.append(f"{cut(path)}: the same content in another form")
            return
        deep = self.compare_files(expected.get("files", {}), found.get("files", {}))
        totals = [{key: value for key, value in answer.items() if key != "files"} for answer in (expected, found)]
        if totals[0] != totals[1] and not deep and not self.differences:
            self.differences.append(f"{cut(path)}: rev {cut(totals[0])}, rev-accel {cut(totals[1])}")

    def compare_files(self, expected: dict[str, Any], found: dict[str, Any]) -> bool:
        """Notes what is said differently of a file; whether one was too deep for either, or too large for ours."""
        deep = False
        for name in sorted({*expected, *found}):
            theirs, ours = expected.get(name), found.get(name)
            if theirs == ours:
                continue
            if size_of(name) > MOST_BYTES and is_too_deep(ours):
                self.fixed[SIZE] += 1
                deep = True
            elif any(is_too_deep(entry) for entry in (theirs, ours)):
                self.fixed[DEPTH] += 1
                deep = True
            else:
                self.differences.append(f"{cut(name)}: rev {cut(theirs)}, rev-accel {cut(ours)}")
        return deep


def promised(text: str) -> dict[str, Any]:
    """rev's answer as the drop-in promises it: `files` sorted, and without `cache_stats`."""
    answer: dict[str, Any] = json.loads(text)
    answer.pop("cache_stats", None)
    if "files" in answer:
        answer["files"] = {name: answer["files"][name] for name in sorted(answer["files"])}
    return answer


def is_too_deep(entry: dict[str, Any] | None) -> bool:
    return entry is not None and any(word in str(entry.get("error")) for word in ("RecursionError", "MemoryError"))


def set_cache(name: str) -> None:
    """Begins with an empty cache in the folder that was made for the check."""
    folder = os.environ.get(cache.FOLDER_VARIABLE)
    if folder is not None:
        os.environ[cache.FOLDER_VARIABLE] = os.path.join(os.path.dirname(folder), name)
    _core.forget()


def is_special(name: str) -> bool:
    """Whether it is a FIFO, a device or a socket, which rev would read from, or leads to one."""
    try:
        mode = os.stat(name).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def size_of(name: str) -> int:
    try:
        return os.stat(name).st_size
    except OSError:
        return 0
