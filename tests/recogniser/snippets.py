"""Collect the pieces of code in the string literals and doctests of Python files, for the harness to start from.

usage: snippets.py FOLDER OUTPUT

Each piece is written as its length in four little-endian bytes and its bytes. Pieces that are not valid Python are
kept, too.
"""

import ast
import doctest
import struct
import sys
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path

_LONGEST = 4_000


def main(folder: str, output: str) -> None:
    warnings.simplefilter("ignore")
    pieces: dict[str, None] = {}
    for path in sorted(Path(folder).rglob("*.py")):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for piece in _pieces(node.value):
                    if 3 <= len(piece) <= _LONGEST:
                        pieces.setdefault(piece)
    with Path(output).open("wb") as file:
        for piece in pieces:
            data = piece.encode("utf-8", "ignore")
            file.write(struct.pack("<I", len(data)) + data)
    print(f"{len(pieces)} pieces")


def _pieces(text: str) -> Iterator[str]:
    yield text
    yield textwrap.dedent(text)
    if ">>>" in text:
        try:
            yield from (example.source for example in doctest.DocTestParser().get_examples(text))
        except ValueError:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
