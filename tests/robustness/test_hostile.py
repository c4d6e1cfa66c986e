"""Hostile sources: whatever a file holds, the answer is a result or a status, on any thread and in a forked child.

This is the short form, with fixed seeds. The long one, which also judges time and memory, is
`python -m tests.robustness.campaign`.
"""

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from . import shapes
from .process import STATUSES, Subject
from .shapes import Shape

SEED = 20_260_101
PLAIN = {shape.name: shape for shape in shapes.plain_shapes()}

# Each size takes ten times as long as the one before, so the greater the size, the fewer the shapes.
SIZES = {100: 1.0, 10_000: 1.0, 100_000: 0.15, 1_000_000: 0.04}

# What CPython itself answers where its own limits, which depend on the caller, are met.
OWN_LIMITS = frozenset({"RecursionError", "MemoryError"})


# How a source is analysed and where; of a source of more bytes than this, one way is chosen by lot.
WAYS = (("scan", "main"), ("source", "thread"), ("drop-in", "fork"), ("drop-in", "thread"))
LARGE = 1 << 20


@pytest.fixture(scope="module")
def subject() -> Iterator[Subject]:
    with Subject() as subject:
        yield subject


def check(subject: Subject, shape: Shape, size: int, folder: Path) -> None:
    """The process lives, and the answer is the same through each door and in each place."""
    path = folder / "hostile.py"
    length = path.write_bytes(shape.build(size))
    ways = WAYS if length < LARGE else random.Random(f"{SEED} {shape.name}").choices(WAYS)
    answers = set()
    for door, place in ways:
        outcome = subject.analyse(path, door, place)
        assert outcome.trouble is None, f"{shape.name!r} at {size}, {door} in {place}: {outcome.trouble}"
        if door != "drop-in":
            assert outcome.status in STATUSES
        answers.add((outcome.exception, outcome.findings))
    assert len(answers) == 1, f"{shape.name!r} at {size}: {answers}"


def sample(shapes_to_choose_from: Iterable[Shape], count: int) -> list[Shape]:
    return random.Random(SEED).sample(list(shapes_to_choose_from), count)


@pytest.mark.parametrize("name", PLAIN)
def test_each_construct_gives_a_result_or_a_status_at_every_size(name: str, subject: Subject, tmp_path: Path) -> None:
    shape = PLAIN[name]
    lot = random.Random(f"{SEED} {name}").random()
    for size in shape.sizes(size for size, share in SIZES.items() if lot < share):
        check(subject, shape, size, tmp_path)


@pytest.mark.parametrize("shape", sample(shapes.pair_shapes(), 120), ids=lambda shape: shape.name)
def test_any_two_constructs_together_give_a_result_or_a_status(shape: Shape, subject: Subject, tmp_path: Path) -> None:
    check(subject, shape, 6_000, tmp_path)


@pytest.mark.parametrize("shape", sample(shapes.placed_shapes(), 80), ids=lambda shape: shape.name)
def test_any_construct_anywhere_in_a_statement_gives_a_result_or_a_status(
    shape: Shape, subject: Subject, tmp_path: Path
) -> None:
    check(subject, shape, 20_000, tmp_path)


@pytest.mark.parametrize("seed", range(60))
def test_mixtures_of_many_constructs_give_a_result_or_a_status(seed: int, subject: Subject, tmp_path: Path) -> None:
    shape = shapes.mixture(SEED + seed)
    check(subject, shape, 20_000, tmp_path)


def known_verdicts() -> list[tuple[Shape, int]]:
    """Plain shapes at small sizes, some on both sides of CPython's limits, and some of the others."""
    growing = [shape for shape in PLAIN.values() if not shape.fixed]
    small = [(shape, size) for shape in growing for size in (3, 40)]
    near_limits = [(shape, size) for shape in sample(growing, 80) for size in (99, 101, 199, 201)]
    others = sample(shapes.pair_shapes(), 150) + sample(shapes.placed_shapes(), 250)
    return small + near_limits + [(shape, 7) for shape in others]


def test_small_hostile_sources_get_the_verdict_of_the_running_interpreter(subject: Subject, tmp_path: Path) -> None:
    path = tmp_path / "small.py"
    differences = []
    for shape, size in known_verdicts():
        path.write_bytes(shape.build(size))
        expected = subject.analyse(path, "python", "main")
        answer = subject.analyse(path, "drop-in", "main")
        assert (expected.trouble, answer.trouble) == (None, None), f"{shape.name!r} at {size}"
        if expected.exception in OWN_LIMITS or answer.exception in OWN_LIMITS:
            continue
        if (answer.exception, answer.findings) != (expected.exception, expected.findings):
            differences.append(f"{shape.name!r} at {size}: {answer.verdict} instead of {expected.verdict}")
    assert not differences, "\n".join(differences)
