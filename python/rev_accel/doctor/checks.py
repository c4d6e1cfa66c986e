"""Compares rev's functions with those that the drop-in puts in their places, on the user's tree.

Nothing is written, and rev's caches are not set up.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rev_accel import repo, workspace
from rev_accel.compat import rev as drop_in

from .analysis import analysis, python_files
from .comparing import Function, cut, judged, outcome, seconds
from .findings import Check
from .git import ALIKE
from .keys import keys

__all__ = ["run"]

MOST_PATHS = 300
AT_REST = 2.7
"""Seconds after which what was changed last is old enough for an answer to be kept."""

# What the drop-in does otherwise on purpose, by the names that the page for rev's users explains.
PREFIX = "path_beside_the_root"
OTHER_TOOL = "description_of_others"

Tell = Callable[..., None]


def run(tell: Tell, deadline: float) -> None:
    """Tells of the points and of each check as soon as it is done."""
    home, registry, git_ops, file_ops, caches = (
        sys.modules[name]
        for name in (
            "rev.tools.analysis",
            "rev.tools.registry",
            "rev.tools.git_ops",
            "rev.tools.file_ops",
            "rev.cache.implementations",
        )
    )
    places = {
        "paths": (file_ops, "_safe_path"),
        "descriptions": (registry, "_get_friendly_description"),
        "keys": (caches.LLMResponseCache, "_hash_messages"),
        "repository context": (git_ops, "get_repo_context"),
        "analysis": (home, "analyze_ast_patterns"),
    }
    originals = {name: getattr(owner, attribute, None) for name, (owner, attribute) in places.items()}
    rev_cache = type("Original", (caches.LLMResponseCache,), original_methods(caches.LLMResponseCache))
    report = drop_in.install()
    tell("points", points=[asdict(point) for point in report.points])
    replaced = {name: getattr(owner, attribute, None) for name, (owner, attribute) in places.items()}
    root = Path(file_ops.ROOT)
    files = list(python_files(root))
    checks: dict[str, Callable[[Function, Function], Check]] = {
        "paths": partial(paths, root=root, files=files),
        "descriptions": partial(descriptions, registry=registry, files=files),
        "keys": lambda *_: keys(rev_cache, caches.LLMResponseCache, registry.get_available_tools()),
        "repository context": partial(repository_context, root=root, deadline=deadline - AT_REST),
        "analysis": partial(analysis, files=files, deadline=deadline),
    }
    for name, check in checks.items():
        old, new = originals[name], replaced[name]
        if old is None or new is None or old is new:
            tell("check", **asdict(Check(name=name, outcome="unchecked", compared="it is not replaced")))
            continue
        tell("progress", text=name)
        try:
            found = check(old, new)
        except Exception as error:  # the others can be made all the same
            found = Check(
                name=name, outcome="unchecked", compared=f"it ended: {type(error).__name__}: {cut(str(error))}"
            )
            tell("problem", text=f"comparing {name} ended: {type(error).__name__}: {cut(str(error))}")
        tell("check", **asdict(found))


def original_methods(cache: type) -> dict[str, Any]:
    return {name: value for name, value in vars(cache).items() if name in ("_hash_messages", "_hash_tools")}


def paths(old: Function, new: Function, *, root: Path, files: Sequence[str]) -> Check:
    chosen = files if len(files) <= MOST_PATHS else random.Random(0).sample(files, MOST_PATHS)
    odd: list[Any] = [
        *("", ".", "..", "../x", "/", "//x", "./.", "x/", "~", "a b", "a/../../b", "missing/../x", "a\0b", "x" * 300),
        *("Ünïcode/\udc80", str(root), str(root / "x"), f"{root}-other/x", f"../{root.name}-other/x"),
        *(root / "x", None, 3, b"x"),
    ]
    asked: list[Any] = [*chosen, *odd]
    differences, fixed, good = [], {PREFIX: 0}, []
    for path in asked:
        theirs, ours = outcome(old, path), outcome(new, path)
        if theirs == ours:
            if not theirs[0]:  # a link may lead outside, or to itself
                good.append(path)
            continue
        if not theirs[0] and ours[0] == "ValueError" and not old(path).is_relative_to(root):
            fixed[PREFIX] += 1
        else:
            differences.append(f"{cut(path)}: rev {cut(theirs)}, rev-accel {cut(ours)}")
    check = judged("paths", f"{len(asked):,} paths", differences, fixed)
    sample = good[:50] or ["."]
    times = seconds({"rev": lambda: [old(path) for path in sample], "ours": lambda: [new(path) for path in sample]})
    check.times.append(("one path", times["rev"] / len(sample), times["ours"] / len(sample)))
    return check


def descriptions(old: Function, new: Function, *, registry: Any, files: Sequence[str]) -> Check:
    asked = [(name, given) for name, values in parameters(registry).items() for given in arguments(values, files)]
    differences, fixed = [], {OTHER_TOOL: 0}
    for name, given in asked:
        theirs, ours = outcome(old, name, given), outcome(new, name, given)
        if theirs == ours:
            continue
        if theirs[0] and not ours[0]:
            fixed[OTHER_TOOL] += 1
        else:
            differences.append(f"{name} {cut(given)}: rev {cut(theirs)}, rev-accel {cut(ours)}")
    check = judged("descriptions", f"{len(asked):,} calls of {len(parameters(registry))} tools", differences, fixed)
    usual = [("read_file", {"path": "src/app.py"}), ("search_code", {"pattern": "x"}), ("run_tests", {})]
    times = seconds(
        {"rev": lambda: [old(*one) for one in usual], "ours": lambda: [new(*one) for one in usual]}, repeat=200
    )
    check.times.append(("one description", times["rev"] / len(usual), times["ours"] / len(usual)))
    return check


def parameters(registry: Any) -> dict[str, list[str]]:
    """The tools, as rev tells a model of them, and what each takes."""
    found = {"no_such_tool": ["path"]}
    for tool in registry.get_available_tools():
        function = tool["function"]
        found[function["name"]] = list(function.get("parameters", {}).get("properties", {}))
    return found


def arguments(names: Sequence[str], files: Sequence[str]) -> Iterator[dict[str, Any]]:
    yield {}
    values: list[Any] = [
        files[len(files) // 2] if files else "x.py",
        "Ünïcode → \udc80",
        "long " * 30,
        "",
        None,
        0,
        3.5,
        True,
        ["a"],
        {},
    ]
    for value in values:
        yield dict.fromkeys(names, value)
        yield {**dict.fromkeys(names, value), "message": value, "path": value}
    for name in names:
        yield {other: "text" for other in names if other != name}


def repository_context(old: Function, new: Function, *, root: Path, deadline: float) -> Check:
    differences, fixed = [], dict.fromkeys(ALIKE, 0)
    asked = (6, 1, 0, "x")
    for commits in asked:
        for _ in range(3):  # somebody may be at work there
            theirs, ours = outcome(old, commits), outcome(new, commits)
            if theirs == ours:
                break
        else:
            why = next((name for name, as_ours in ALIKE.items() if outcome(as_ours(old, root), commits) == ours), None)
            if why is not None:
                fixed[why] += 1
            else:
                differences.append(f"commits={commits!r}: rev {cut(theirs)}, rev-accel {cut(ours)}")
    check = judged("repository context", f"{len(asked)} questions", differences, fixed)
    if why_not_kept(new, root) is not None and time.monotonic() + AT_REST < deadline:
        time.sleep(AT_REST)
    reason = why_not_kept(new, root)
    times = seconds({"rev": old, "ours": new})
    what = "nothing has changed" if reason is None else f"git is asked each time, since {reason}"
    check.times.append((what, times["rev"], times["ours"]))
    return check


def why_not_kept(new: Function, root: Path) -> str | None:
    new()
    with workspace.use_root(root):
        explanation = repo.explain()
    return None if explanation is None or explanation.kept else explanation.not_kept or explanation.problem
