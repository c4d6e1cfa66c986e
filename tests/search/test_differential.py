"""A search finds what Python's `re` finds in the same lines, and what ripgrep finds in the same tree."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sysconfig
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from rev_accel import SearchLimits, SearchResult, search

from . import reference

LIBRARY = Path(sysconfig.get_path("stdlib"))
EVERYTHING = SearchLimits(matches=10_000_000, file_matches=10_000_000, characters=1_000_000)
RG = shutil.which("rg")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The standard library, with files that are no Python; a part of it, since `re` takes its time."""
    root = tmp_path_factory.mktemp("library").resolve()
    for folder in (
        "email",
        "encodings",
        "lib2to3",
        "test/cjkencodings",
        "test/test_json",
        "ctypes",
        "tkinter",
        "idlelib",
    ):
        if (LIBRARY / folder).is_dir():
            shutil.copytree(LIBRARY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    odd = root / "odd"
    odd.mkdir()
    (odd / "utf16.txt").write_bytes("\ufeffimport é\nself.x = 1\r\n".encode("utf-16-le"))
    (odd / "utf16be.txt").write_bytes("\ufeffimport é\nclass".encode("utf-16-be"))
    (odd / "utf8.txt").write_bytes(b"\xef\xbb\xbfimport os\n")
    (odd / "latin.txt").write_bytes("import é à\nself é\n".encode("latin-1"))
    (odd / "binary.txt").write_bytes(b"import os\nself = 1\nimport \0 re\nimport sys\n")
    (odd / "crlf.txt").write_bytes(b"import os\r\n\r\nself.x = 1\r\nreturn None\r\n")
    (odd / "no_end.txt").write_bytes(b"\n\nimport os")
    (odd / "long.txt").write_bytes(b"x" * 2_000 + b"import" + b"y" * 80_000 + b"\nself\n")
    (odd / "empty.txt").touch()
    return root


def of(result: SearchResult) -> dict[str, list[tuple[int, str, list[tuple[int, int]]]]]:
    found: dict[str, list[tuple[int, str, list[tuple[int, int]]]]] = {path: [] for path in result.counts}
    for match in result:
        assert match.offset == 0
        assert match.length == len(match.text)
        found[match.path].append((match.line, match.text, list(match.spans)))
    assert {path: len(lines) for path, lines in found.items()} == dict(result.counts)
    assert list(result.counts) == sorted(result.counts)
    return found


def test_the_lines_and_places_are_those_of_re(library: Path) -> None:
    files = {path.relative_to(library).as_posix(): path.read_bytes() for path in library.rglob("*") if path.is_file()}
    # What is not UTF-8 matches no `.`, which `re` has no word for.
    files = {path: data for path, data in files.items() if path.endswith("utf16.txt") or is_text(data)}
    for text in reference.PATTERNS:
        pattern = re.compile(text)
        expected = {}
        for path, data in sorted(files.items()):
            lines = list(reference.matches(pattern, data))
            if lines:
                expected[path] = [shown(*line) for line in lines]
        result = search(text, root=library, limits=EVERYTHING)
        found = {path: lines for path, lines in of(result).items() if path in files}
        assert found == expected, text


def is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def shown(number: int, line: str, spans: list[tuple[int, int]]) -> tuple[int, str, list[tuple[int, int]]]:
    """The carriage return of a line that ends in CR LF is not part of what is given, though it can match."""
    text = line.removesuffix("\r")
    return number, text, [(min(start, len(text)), min(end, len(text))) for start, end in spans]


def test_random_words_are_found_in_each_case_form(library: Path) -> None:
    seed = int(os.environ.get("REV_ACCEL_TEST_SEED", random.randrange(2**32)))
    print("seed:", seed)
    source = random.Random(seed)
    files = {path.relative_to(library).as_posix(): path.read_bytes() for path in (library / "email").rglob("*.py")}
    lines = {path: reference.lines(data) for path, data in files.items()}
    everything = [line for each in lines.values() for line in each if line.strip()]
    for _ in range(60):
        line = source.choice(everything)
        start = source.randrange(len(line))
        text = line[start : start + source.randrange(1, 9)]
        case = source.choice(["sensitive", "insensitive", "smart"])
        words = source.random() < 0.3
        ignores = case == "insensitive" or (case == "smart" and text == text.lower())
        form = re.escape(text)
        form = rf"(?:(?<!\w)(?=.)|(?<=\W)|^){form}(?!\w)" if words else form
        pattern = re.compile(form, re.IGNORECASE if ignores else 0)
        expected = {
            path: [number for number, line in enumerate(each, 1) if pattern.search(line)]
            for path, each in lines.items()
        }
        result = search(
            text, "email", root=library, literal=True, case=case, words=words, include=["*.py"], limits=EVERYTHING
        )
        found: dict[str, list[int]] = {path: [] for path in lines}
        for match in result:
            found[match.path].append(match.line)
        assert found == expected, (text, case, words)


@pytest.mark.skipif(
    RG is None and os.environ.get("REV_ACCEL_TEST_RG") != "1",
    reason="ripgrep is not installed; the comparison with re stands in for it",
)
@pytest.mark.parametrize("whole", [False, True], ids=["odd", "library"])
def test_the_lines_and_places_are_those_of_ripgrep(library: Path, whole: bool) -> None:
    assert RG is not None, "REV_ACCEL_TEST_RG=1 wants ripgrep on the search path"
    root = LIBRARY if whole else library
    left_out = ["__pycache__", "site-packages", "dist-packages"]
    options = ["--no-config", "--hidden", "--no-require-git", "--no-ignore-global", "--no-messages"]
    options += [f"--glob=!{name}" for name in [".git", *left_out]]
    # Each pattern on the small tree; on all of the library the counts of each, which is what is quick to compare.
    for text in reference.PATTERNS:
        form = ["--count"] if whole else ["--json"]
        command = [RG, *options, *form, "--regexp", text, "."]
        done = subprocess.run(command, cwd=root, capture_output=True, check=False, timeout=60)
        assert done.returncode in (0, 1), done.stderr
        limits = SearchLimits(matches=1, file_matches=1) if whole else EVERYTHING
        result = search(text, root=root, exclude=left_out, limits=limits)
        if whole:
            lines = [line.rpartition(":") for line in done.stdout.decode(errors="surrogateescape").splitlines()]
            assert {path.removeprefix("./"): int(count) for path, _, count in lines} == dict(result.counts), text
        else:
            assert of(result) == rg_lines(done.stdout), text


def rg_lines(output: bytes) -> dict[str, list[tuple[int, str, list[tuple[int, int]]]]]:
    found: dict[str, list[tuple[int, str, list[tuple[int, int]]]]] = {}
    for record in map(json.loads, output.splitlines()):
        if record["type"] != "match":
            continue
        data = record["data"]
        line = raw(data["lines"])
        shown = line.removesuffix(b"\n").removesuffix(b"\r")
        spans = [
            (characters(line[: each["start"]], len(shown)), characters(line[: each["end"]], len(shown)))
            for each in data["submatches"]
        ]
        match = (data["line_number"], shown.decode(errors="replace"), spans)
        found.setdefault(raw(data["path"]).decode(errors="surrogateescape").removeprefix("./"), []).append(match)
    return dict(sorted(found.items()))


def raw(value: dict[str, Any]) -> bytes:
    return value["text"].encode() if "text" in value else b64decode(value["bytes"])


def characters(data: bytes, most: int) -> int:
    return len(data[:most].decode(errors="replace"))
