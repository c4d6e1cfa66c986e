"""Sources that combine templates: construct × order × nesting, each hole filled with calls that the rules report.

Most calls stand on a line of their own inside parentheses, and the reported names take turns, so that the answer shows
the order in which a breadth-first walk meets them.
"""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, cycle

from snippets.templates import DOUBTFUL_EXPRESSIONS, DOUBTFUL_STATEMENTS, EXPRESSIONS, STATEMENTS

_ALL_EXPRESSIONS = (*EXPRESSIONS, *DOUBTFUL_EXPRESSIONS)
_ALL_STATEMENTS = (*STATEMENTS, *DOUBTFUL_STATEMENTS)

_REPORTED = ("print", "eval", "exec", "compile", "__import__")
_SHORT_FORMATTED = re.compile(r"\b[rft]+'(?!'')")
_MAX_DEPTH = 4

_Hole = Callable[[], str]
_BlockHole = Callable[[], list[str]]


def pairs(seed: int, number: int) -> Iterator[str]:
    """Every template alone, then `number` of the pairs (a template in one hole of another), the other holes hold calls."""
    choose = random.Random(seed)
    writer = _Writer(choose)
    for template in (*_ALL_EXPRESSIONS, *_ALL_STATEMENTS):
        yield writer.fill(template)
    good = list(_combinations((*EXPRESSIONS, *STATEMENTS), EXPRESSIONS, STATEMENTS))
    doubtful = list(_combinations((*_ALL_EXPRESSIONS, *_ALL_STATEMENTS), DOUBTFUL_EXPRESSIONS, DOUBTFUL_STATEMENTS))
    for outer, hole, inner in choose.sample(good, number * 3 // 4) + choose.sample(doubtful, number - number * 3 // 4):
        yield writer.fill(outer, hole, inner)


def trees(seed: int, number: int) -> Iterator[str]:
    """Random compositions up to `_MAX_DEPTH` templates deep, with other line ends and indentation now and then."""
    for index in range(number):
        yield _Writer(random.Random(f"{seed}:{index}")).tree()


def _combinations(
    outers: Iterable[str], expressions: Sequence[str], statements: Sequence[str]
) -> Iterator[tuple[str, int, str]]:
    for outer in outers:
        for hole, kind in enumerate(re.findall(r"\$|BLOCK", outer)):
            for inner in expressions if kind == "$" else statements:
                yield outer, hole, inner


class _Writer:
    def __init__(self, choose: random.Random) -> None:
        self.choose = choose
        self.names = cycle(_REPORTED)
        self.unit = choose.choice(["    ", "    ", "\t", "  ", " "])

    def fill(self, template: str, filled: int = -1, inner: str = "") -> str:
        """One template with `inner` in the hole of that number, counted in reading order, and calls in the others."""
        numbers = count()

        def expression() -> str:
            if next(numbers) != filled:
                return self.call()
            return f"({self._expression(inner, self.call)})"

        def block() -> list[str]:
            if next(numbers) != filled:
                return [self.call()]
            return self._lines(inner, self.call, lambda: [self.call()])

        return "\n".join(self._lines(template, expression, block)) + "\n"

    def tree(self) -> str:
        """Up to four random statements."""
        lines = [line for _ in range(self.choose.randint(1, 4)) for line in self._statement(0)]
        end = self.choose.choices(["\n", "\r\n", "\r"], [18, 1, 1])[0]
        text = end.join(lines).replace("\n", end) + self.choose.choice(["", end])
        if self.choose.random() < 0.05:
            text = text.replace(" ", " \\" + end, 1)
        return text

    def call(self) -> str:
        """A call that is reported, most often on a line of its own."""
        forms = ["(\n{}())", "(\n{}(1))", "{}()", "(\n(\n{}\n)(2))", "(\n\n{}\n(a))", "{}(x, *y)"]
        return self.choose.choices(forms, [6, 3, 3, 1, 1, 1])[0].format(next(self.names))

    def _statement(self, depth: int) -> list[str]:
        template = self.choose.choice(STATEMENTS if self.choose.random() < 0.98 else DOUBTFUL_STATEMENTS)

        def expression() -> str:
            return self._random_expression(depth + 1)

        def block() -> list[str]:
            if depth >= _MAX_DEPTH:
                return [self.call()]
            return [line for _ in range(self.choose.randint(1, 2)) for line in self._statement(depth + 1)]

        return self._lines(template, expression, block)

    def _random_expression(self, depth: int) -> str:
        if depth >= _MAX_DEPTH or self.choose.random() < 0.5:
            return self.call()
        template = self.choose.choice(EXPRESSIONS if self.choose.random() < 0.99 else DOUBTFUL_EXPRESSIONS)
        text = self._expression(template, lambda: self._random_expression(depth + 1))
        return f"({text})" if self.choose.random() < 0.97 else text

    def _expression(self, template: str, hole: _Hole) -> str:
        if _SHORT_FORMATTED.search(template):  # before 3.12 its fields may hold neither a line end nor its own quote
            return "".join(_one_line(hole()) if part == "$" else part for part in template)
        return "".join(hole() if part == "$" else part for part in template)

    def _lines(self, template: str, expression: _Hole, block: _BlockHole) -> list[str]:
        lines = []
        for line in template.split("\n"):
            text = line.lstrip(" ")
            indent = self.unit * ((len(line) - len(text)) // 4) or " " * (len(line) - len(text))
            if text == "BLOCK":
                lines += [indent + inner for inner in block()]
            else:
                lines.append(indent + self._expression(text, expression))
        return lines


def _one_line(text: str) -> str:
    return text.replace("\n", " ").replace("'", '"')
