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
    warnings.simplefilter("ignore")
    texts = unsound = wrong = 0
    for export in arguments.exports:
        for text, facts in _read(export.read_bytes()):
            texts += 1
            expected = _deep(arguments.frames, text)
            if expected == facts:
                continue
            unsound += expected.startswith("!")
            wrong += not expected.startswith("!")
            if unsound + wrong <= _SHOWN:
                print(f"{export}: {text[:300]!r}\n  here: {facts[:300]!r}\n  CPython: {expected[:300]!r}")
                Path(f"cpython-difference-{unsound + wrong}.py").write_text(text, encoding="utf-8", newline="")
    version = ".".join(map(str, sys.version_info[:3]))
    depth = f"{arguments.frames} frames deep"
    print(f"CPython {version}, {depth}: {texts} texts, {unsound} unsound, {wrong} with other facts")
    return int(unsound + wrong > 0)


def _read(data: bytes) -> Iterator[tuple[str, str]]:
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


def _deep(frames: int, text: str) -> str:
    return _describe(text) if frames <= 0 else _deep(frames - 1, text)


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
