"""Hostile sources: chains, nests, unclosed and mixed forms of every construct, at any size.

A `Shape` is a name and a function from a size, the number of repetitions, to the bytes of a source. Random shapes are
made from a seed and carry it in their name, so a name and a size are enough to make the same bytes again.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isqrt

from .fragments import BLOCKS, BRACKETS, EXPRESSIONS, PATTERNS, PLACES, RAW_RUNS, RUNS, SPECIFICATIONS

LIMIT = 16 << 20  # bytes: the default of `Limits.max_bytes`

TOKENS = """( ) [ ] { } , : . ; + - * ** / // % @ & | ^ ~ < > == != <= >= -> := = += ... # $ ? ! if else elif for
in while with as def class return lambda not and or is await async yield from import try except finally raise pass break
global nonlocal del assert match case type None True a b f print eval é 1 1.5 2j 0x1f 'a' "b" b'c' f'{a}' f"{ '''x'''
''' \" """
SEPARATORS = ("\\\n", "\n", "\n ", "\n  ", "\n\t", "\t", " ", "  ")


@dataclass(frozen=True, slots=True)
class Shape:
    """One family of sources."""

    name: str
    build: Callable[[int], bytes]
    fixed: bool = False  # the same bytes at every size

    def sizes(self, wanted: Iterable[int]) -> list[int]:
        """The wanted sizes whose sources differ; one beyond the limit of a file becomes the largest below it."""
        return [1] if self.fixed else sorted({self.largest(size) for size in wanted})

    def largest(self, size: int, limit: int = LIMIT) -> int:
        """The greatest size, up to `size`, whose source has about nine tenths of `limit` bytes at most."""
        small, double = len(self.build(500)), len(self.build(1000))
        if double > 3 * small:  # grows with the square, as nested blocks do
            return min(size, isqrt(limit * 1000 // double * 900))
        return min(size, limit * 9 // 10 * 500 // max(1, double - small))


def nest(name: str, opening: str, core: str, closing: str, before: str = "", after: str = "") -> Shape:
    """`opening` and `closing`, repeated round `core`."""

    def build(size: int) -> bytes:
        return f"{before}{opening * size}{core}{closing * size}{after}\n".encode()

    return Shape(name, build)


def block(name: str, header: str, indent: str = " ") -> Shape:
    """Blocks, each inside the one before; the length grows with the square of the size."""

    def build(size: int) -> bytes:
        lines = [indent * level + header.replace("{indent}", indent * level) for level in range(size)]
        return "\n".join([*lines, indent * size + "pass\n"]).encode()

    return Shape(name, build)


def staircase(name: str, header: str, height: int) -> Shape:
    """Blocks `height` deep, again and again."""
    flight = (
        "".join(" " * level + header.replace("{indent}", " " * level) + "\n" for level in range(height))
        + " " * height
        + "pass\n"
    )

    def build(size: int) -> bytes:
        return flight.encode() * max(1, size // height)

    return Shape(name, build)


def run(name: str, before: bytes, unit: bytes, after: bytes) -> Shape:
    """`unit`, repeated between `before` and `after`."""

    def build(size: int) -> bytes:
        return before + unit * size + after + b"\n"

    return Shape(name, build)


def repeat_to(name: str, unit: str, length: int) -> Shape:
    """Always the same source: `unit`, up to `length` bytes."""

    def build(size: int) -> bytes:
        return (unit.encode() * (length // len(unit.encode()) + 1))[:length]

    return Shape(name, build, fixed=True)


def noise(name: str, seed: int) -> Shape:
    """Random bytes."""
    return Shape(name, lambda size: random.Random(seed).randbytes(size))


def soup(name: str, seed: int, before: str = "") -> Shape:
    """Random tokens after `before`."""

    def build(size: int) -> bytes:
        return (before + " ".join(random.Random(seed).choices((*TOKENS.split(), *SEPARATORS), k=size))).encode()

    return Shape(name, build)


def interleaved(first: str, second: str) -> Shape:
    """Two pieces in turn: `([([([…])])])`."""
    (opening_1, closing_1), (opening_2, closing_2) = EXPRESSIONS[first], EXPRESSIONS[second]
    return nest(f"{first} in turn with {second}", opening_1 + opening_2, "a", closing_2 + closing_1)


def in_sequence(first: str, second: str) -> Shape:
    """One piece many times, then the other inside: `(((([[[[…]]]]))))`."""
    (opening_1, closing_1), (opening_2, closing_2) = EXPRESSIONS[first], EXPRESSIONS[second]

    def build(size: int) -> bytes:
        return f"{opening_1 * size}{opening_2 * size}a{closing_2 * size}{closing_1 * size}\n".encode()

    return Shape(f"{first} then {second}", build)


def placed(place: str, piece: str, *, closed: bool = True) -> Shape:
    """A nest of one piece at one place of a statement."""
    before, after = PLACES[place]
    opening, closing = EXPRESSIONS[piece]
    if closed:
        return nest(f"{place}: {piece}", opening, "a", closing, before, after)
    return nest(f"{place}: {piece}, unclosed", opening, "a", "", before)


def mixture(seed: int) -> Shape:
    """Runs of three to six pieces inside each other at a random place; the size bounds the longest run."""

    def build(size: int) -> bytes:
        choice = random.Random(seed)
        before, after = PLACES[choice.choice(list(PLACES))]
        openings, closings = [before], [after]
        few = (1, 20, 99, 199, 1500)
        for _ in range(choice.randint(3, 6)):
            opening, closing = EXPRESSIONS[choice.choice(list(EXPRESSIONS))]
            times = choice.choice((*few, size // 10, size // 2, size)) if size > 1500 else choice.randint(1, size)
            openings.append(opening * times)
            closings.append(closing * times)
        if choice.random() < 0.25:
            closings = closings[: choice.randint(0, len(closings))]
        return ("".join(openings) + "a" + "".join(reversed(closings)) + "\n").encode()

    return Shape(f"mixture {seed}", build)


def plain_shapes() -> list[Shape]:
    """Every construct alone."""
    return [shape for part in (_expressions, _patterns, _specifications, _blocks, _runs, _known) for shape in part()]


def pair_shapes() -> Iterator[Shape]:
    """Every two expression pieces combined, in both ways."""
    for first in EXPRESSIONS:
        for second in EXPRESSIONS:
            yield interleaved(first, second)
            yield in_sequence(first, second)


def placed_shapes() -> Iterator[Shape]:
    """Every expression piece at every place, closed and unclosed."""
    for place in PLACES:
        for piece, (_, closing) in EXPRESSIONS.items():
            yield placed(place, piece)
            if closing:
                yield placed(place, piece, closed=False)


def find_shape(name: str) -> Shape:
    """The shape of this name."""
    kind, _, rest = name.partition(" ")
    if kind == "mixture":
        return mixture(int(rest))
    for shapes in (plain_shapes(), pair_shapes(), placed_shapes()):
        for shape in shapes:
            if shape.name == name:
                return shape
    raise KeyError(name)


def _expressions() -> Iterator[Shape]:
    for name, (opening, closing) in EXPRESSIONS.items():
        yield nest(name, opening, "a", closing)
        if opening and closing:
            yield nest(f"{name}, unclosed", opening, "a", "")
            yield nest(f"{name}, nothing inside", opening, "", closing)
            yield nest(f"{name}, unopened", "", "a", closing)
    for opening_of, (opening, _) in BRACKETS.items():
        for closing_of, (_, closing) in BRACKETS.items():
            if opening != closing_of:
                yield nest(f"{opening_of} closed as {closing_of}", opening, "a", closing)


def _patterns() -> Iterator[Shape]:
    for name, (opening, closing) in PATTERNS.items():
        yield nest(f"pattern {name}", opening, "a", closing, "match a:\n case ", ":pass")
        if opening and closing:
            yield nest(f"pattern {name}, unclosed", opening, "a", "", "match a:\n case ")


def _specifications() -> Iterator[Shape]:
    for name, (opening, closing) in SPECIFICATIONS.items():
        yield nest(name, opening, "a", closing, 'f"{a:', '}"')
        yield nest(f"{name}, unclosed", opening, "a", "", 'f"{a:')
        yield nest(f"{name}, triple", opening, "a", closing, 'f"""{a:', '}"""')


def _blocks() -> Iterator[Shape]:
    for name, header in BLOCKS.items():
        yield block(f"nested {name}", header)
        yield staircase(f"{name}, 20 deep", header, 20)
        yield staircase(f"{name}, 99 deep", header, 99)
    yield block("nested if by tabs", "if a:", "\t")
    yield block("nested match", "match a:\n{indent} case b:", "  ")
    yield block("nested else", "if a:pass\n{indent}else:")
    yield block("nested if with a print", "if print():")
    yield staircase("if, 101 deep", "if a:", 101)


def _runs() -> Iterator[Shape]:
    for name, (before, unit, after) in RUNS.items():
        yield run(name, before.encode(), unit.encode(), after.encode())
    for name, parts in RAW_RUNS.items():
        yield run(name, *parts)


def _known() -> Iterator[Shape]:
    """Sources that ended a process while this was designed, and lines of a fixed length."""

    def brackets_then_defaults(size: int) -> bytes:
        return b"(" * size + b"lambda a=" * min(size, 1500)

    yield Shape("brackets, then lambda defaults", brackets_then_defaults)
    for name, (opening, _) in BRACKETS.items():
        for tail in ("lambda a=", "lambda*,a=", "not ", "f(", "with (", "match (", 'f"{', "[a for a in "):
            text = tail * 1500
            yield nest(f"{name}, then 1500 times {tail.strip()}", opening, text, "")
    yield nest("with and commas of brackets", "(a,", "a", ")", "with (", "):pass")
    yield nest("match of lambda defaults", "lambda a=", "a", ":a", "match (", "):pass")
    yield repeat_to("one line of 16 MB", "a=1;", LIMIT)
    yield repeat_to("one name of 16 MB", "a", LIMIT)
    yield repeat_to("lines of 16 MB", "a=1\n", LIMIT)
    yield repeat_to("over the limit", "a\n", LIMIT + 2)
    for seed in range(3):
        yield noise(f"noise {seed}", seed)
        yield soup(f"soup {seed}", seed)
        yield soup(f"soup {seed} in brackets", seed, "(((")
