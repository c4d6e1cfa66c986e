"""Broken and nearly broken sources: small edits of good ones."""

import random
import re
from collections.abc import Iterator, Sequence

_TOKEN = re.compile(r"[ \t]+|\w+|\n[ \t]*|[^\w\s]|\s", re.ASCII)

_NASTY = (
    *("(", ")", "[", "]", "{", "}", ":", ";", ",", ".", "=", ":=", "*", "**", "->", "@", "\\", "\\\n", "\n", "\t", "\f", "\r"),
    *("'", '"', "'''", '"""', "f'", 'f"{', "f'{x!r}'", "b'", "#", "# TODO", "...", "$", "?", "!", "`", "\0", "\x1c", "\x85"),
    *(" if ", " else ", " for x in y", "lambda: ", "lambda a=1: ", "await ", "yield ", "yield from x", "not ", " in ", " is "),
    *("async ", "def f():", "class A:", "with (", "match x:\n", "case _:", "try:", "except* E:", "global a", "nonlocal b"),
    *("print(1)", "eval(2)", "exec", "1_", "0x", "0777", "1e", "1.", "\u2028", "é", "\ufeff", "\u00a0", "\U00014000", "type X = 1"),
    *("raise ;", "raise", "return ", "import a", "from . import ", " as ", "*a, b = c", "(yield)", "(*a)", "**k", "/, ", "*, "),
    *(" \t", "\t ", "        ", "\n    ", "\n\t", "\n ", "pass", "del ", "assert ", "-> int", ": int = 3", "None = 1", "True"),
)


def mutants(sources: Sequence[str], seed: int, count: int) -> Iterator[str]:
    """`count` sources, each with one to three tokens deleted, doubled, swapped, replaced, or a nasty piece put in."""
    for number in range(count):
        choose = random.Random(f"{seed}:{number}")
        tokens = _TOKEN.findall(choose.choice(sources))
        for _ in range(choose.choices([1, 2, 3], [6, 2, 1])[0]):
            if len(tokens) > 2:
                _change(tokens, choose)
        yield "".join(tokens)


def _change(tokens: list[str], choose: random.Random) -> None:
    at, other = choose.randrange(len(tokens)), choose.randrange(len(tokens))
    match choose.randrange(6):
        case 0:
            del tokens[at]
        case 1:
            tokens.insert(at, tokens[at])
        case 2:
            tokens[at], tokens[other] = tokens[other], tokens[at]
        case 3:
            tokens[at : at + 2] = tokens[at : at + 2][::-1]
        case 4:
            tokens.insert(at, choose.choice(_NASTY))
        case _:
            tokens[at] = choose.choice(_NASTY)
