"""Questions about a tree, each with the answer that it must get."""

import difflib
import os
import random
from collections.abc import Callable, Iterator

import rev_accel
from rev_accel import _core, cache, workspace

from . import contents
from .edits import Edited


class StaleError(AssertionError):
    """An answer is not that of the tree as it is."""


Answers = tuple[str, str]
"""What was said, and what should have been."""


Ask = Callable[[Edited], Answers]


def drop_in(tree: Edited) -> Answers:
    with workspace.use_root(tree.root):
        said = rev_accel.analyze_ast_patterns(".")
    return said, contents.expected(contents.walk(tree.root))


def drop_in_patterns(tree: Edited) -> Answers:
    patterns = tree.choice.choice(contents.PATTERNS[1:])
    assert patterns is not None
    with workspace.use_root(tree.root):
        said = rev_accel.analyze_ast_patterns(".", list(patterns))
    return said, contents.expected(contents.walk(tree.root), patterns)


def scan_unignored(tree: Edited) -> Answers:
    return rev_accel.scan(root=tree.root).to_json(), unignored(tree)


def unignored(tree: Edited, patterns: tuple[str, ...] | None = None) -> str:
    """The right answer of a scan that heeds ignore files, also that in the folder above the tree."""
    # Nothing that begins with a slash up there names anything in the tree.
    above = contents.rules_of(tree.holder, -2)
    return contents.expected(contents.walk_unignored(tree.root, above), patterns, drop_in=False)


def scan_patterns(tree: Edited) -> Answers:
    patterns = tree.choice.choice(contents.PATTERNS[1:])
    return rev_accel.scan(root=tree.root, patterns=patterns).to_json(), unignored(tree, patterns)


def scan_all(tree: Edited) -> Answers:
    report = rev_accel.scan(root=tree.root, selection="all")
    unlisted = [str(error) for error in report.errors if "listed" in error.message]
    said = report.to_json() + "".join(unlisted)
    return said, contents.expected(contents.walk(tree.root), drop_in=False)


def scan_always(tree: Edited) -> Answers:
    said = rev_accel.scan(root=tree.root, verify="always").to_json()
    return said, unignored(tree)


def stream(tree: Edited) -> Answers:
    """By the text that the command line writes; the right answer is made without a cache."""
    pieces: list[list[bytes]] = []
    for cached in (cache.arguments(), None):
        pieces.append([])
        _core.stream(
            str(workspace.root.root_text_of(tree.root)),
            ["."],
            rules=63,
            all_files=False,
            exclude=[],
            max_bytes=1 << 24,
            format="text",
            color=False,
            write=pieces[-1].append,
            cache=cached,
        )
    said, right = (b"".join(some).decode() for some in pieces)
    return said, right


def scan_file(tree: Edited) -> Answers:
    """One file by name, also behind a link, which is analysed whatever ignores it."""
    path = tree.file()
    said = rev_accel.scan(path, root=tree.holder).to_json()
    return said, contents.expected({path.removeprefix(f"{tree.holder}/"): contents.read(path)}, drop_in=False)


def uncached(tree: Edited) -> Answers:
    """Checks what the other questions are checked by."""
    os.environ[cache.OFF_VARIABLE] = "1"
    try:
        texts = drop_in(tree), scan_unignored(tree)
    finally:
        del os.environ[cache.OFF_VARIABLE]
    said, right = ("\n".join(some) for some in zip(*texts, strict=True))
    return said, right


# What most calls are.
MAIN: tuple[Ask, ...] = (drop_in, drop_in, scan_unignored, scan_unignored, scan_all)
ASKS: tuple[tuple[int, Ask], ...] = (
    (40, drop_in),
    (30, scan_unignored),
    (10, scan_all),
    (6, drop_in_patterns),
    (4, scan_patterns),
    (3, scan_always),
    (3, stream),
    (4, scan_file),
    (1, uncached),
)
WEIGHTS = tuple(weight for weight, _ in ASKS)


def choose(choice: random.Random) -> Ask:
    """Some question."""
    return choice.choices(ASKS, WEIGHTS)[0][1]


def check(ask: Ask, tree: Edited, history: object) -> None:
    """Asks, and compares."""
    said, right = ask(tree)
    if said != right:
        lines = difflib.unified_diff(right.splitlines(), said.splitlines(), "right", "said", lineterm="", n=2)
        raise StaleError(
            "\n".join([f"{ask.__name__} about {tree.root} after {history}", *lines, *_afterwards(ask, tree)])
        )


def _afterwards(ask: Ask, tree: Edited) -> Iterator[str]:
    """What is said when the same is asked again, which tells where the wrong answer came from."""
    state = tree.choice.getstate()
    for what in ("again", "after forgetting", "without a cache"):
        if what == "after forgetting":
            _core.forget()
        if what == "without a cache":
            os.environ[cache.OFF_VARIABLE] = "1"
        tree.choice.setstate(state)
        said, right = ask(tree)
        yield f"{what}: {'right' if said == right else 'wrong'}"
    del os.environ[cache.OFF_VARIABLE]
    for folder, _, names in os.walk(tree.holder):
        for name in (".", *names):
            yield f"{folder}/{name} {os.lstat(os.path.join(folder, name))}"
