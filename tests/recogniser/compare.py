"""Compare the texts that are accepted without asking CPython, and their facts, with `ast.parse` of the Python that runs this.

usage: compare.py [--frames N] EXPORT...

An EXPORT is what `rev-accel-harness` writes: for each text its length as four little-endian bytes and its bytes,
then the same for one line per fact. With `--frames` the question is asked that many frames deep. The exit code is 1
if there is any difference.
"""

import argparse
import importlib.util
import struct
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

_INTERPRETER = Path(__file__).parents[2] / "python" / "rev_accel" / "_interpreter.py"
_SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=0)
    parser.add_argument("exports", nargs="+", type=Path)
    arguments = parser.parse_args()
    version = ".".join(map(str, sys.version_info[:3]))
    found = Differences(f"CPython {version}, {arguments.frames} frames deep")
    for export in arguments.exports:
        for text, facts in read(export.read_bytes()):
            found.see(export, text, facts, answer(text, frames=arguments.frames))
    return found.told()


class Differences:
    """Counts texts and differences, shows the first ones and keeps their texts in the current folder."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._texts = self._unsound = self._wrong = 0

    def see(self, export: Path, text: str, facts: str, expected: str) -> None:
        self._texts += 1
        if expected == facts:
            return
        self._unsound += expected.startswith("!")
        self._wrong += not expected.startswith("!")
        number = self._unsound + self._wrong
        if number <= _SHOWN:
            print(f"{export}: {text[:300]!r}\n  here: {facts[:300]!r}\n  CPython: {expected[:300]!r}")
            Path(f"cpython-difference-{number}.py").write_text(text, encoding="utf-8", newline="")

    def told(self) -> int:
        """Prints the counts; the exit code."""
        print(f"{self._who}: {self._texts} texts, {self._unsound} unsound, {self._wrong} with other facts")
        return int(self._unsound + self._wrong > 0)


def read(data: bytes) -> Iterator[tuple[str, str]]:
    """The texts of an export, each with its facts."""
    offset = 0
    while offset < len(data):
        parts = []
        for _ in range(2):
            (length,) = struct.unpack_from("<I", data, offset)
            parts.append(data[offset + 4 : offset + 4 + length].decode())
            offset += 4 + length
        yield parts[0], parts[1]


def _load_inspect() -> object:
    spec = importlib.util.spec_from_file_location("_interpreter", _INTERPRETER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.inspect


_inspect = _load_inspect()


def answer(text: str, *, frames: int) -> str:
    """What the Python that runs this says of a text, asked so many frames deep."""
    if frames > 0:
        return answer(text, frames=frames - 1)
    with warnings.catch_warnings(action="ignore"):
        return _describe(text)


def _describe(text: str) -> str:
    """The facts as the harness writes them, or `!` and the exception's name."""
    answer = _inspect(text.replace("\r\n", "\n").replace("\r", "\n"))
    if isinstance(answer, tuple):
        return f"!{answer[0]}: {answer[1]}"
    return "".join(f"{line}:{column} {_kind(name, count, returns)}\n" for line, column, name, count, returns in answer)


def _kind(name: str | list[str], count: int | None, returns: bool) -> str:
    if isinstance(name, list):
        return f"global {','.join(name)}"
    return f"{name}()" if count is None else f"def {name} {count} {int(returns)}"


if __name__ == "__main__":
    sys.exit(main())
