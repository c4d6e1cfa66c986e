"""Runs rev-accel once over many snippets, each a file of one tree, and compares with the slow reference."""

import json
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import rev_accel
from oracle.reference import RULES, Entry, entry_for
from rev_accel import workspace

NOT_COMPARED = {f"Failed to parse: {name}" for name in ("RecursionError", "MemoryError")}
"""How deep a parser can go depends on the caller's stack; only the interpreter's own such errors excuse a difference."""

_FILES_PER_FOLDER = 500


@dataclass(frozen=True)
class Difference:
    content: bytes
    ours: Entry
    expected: Entry

    def __str__(self) -> str:
        return f"{self.content!r}\n    ours     {self.ours}\n    expected {self.expected}"


@dataclass(frozen=True)
class Comparison:
    expected: list[Entry]
    differences: list[Difference]

    @property
    def valid(self) -> int:
        """How many snippets the interpreter parses."""
        return sum("error" not in entry for entry in self.expected)

    @property
    def invalid(self) -> int:
        return len(self.expected) - self.valid

    @property
    def uncompared(self) -> int:
        return sum(entry.get("error") in NOT_COMPARED for entry in self.expected)

    def report(self, seed: int | None = None, limit: int = 8) -> str:
        """The shortest differences, and the seed that makes them again."""
        shown = sorted(self.differences, key=lambda difference: len(difference.content))[:limit]
        lines = [
            f"{len(self.differences)} of {len(self.expected)} differ (seed {seed}); the shortest:",
            *map(str, shown),
        ]
        return "\n".join(lines)


def compare(snippets: Iterable[bytes]) -> Comparison:
    """Each snippet through the drop-in and through the reference; the answer's frame is checked on the way."""
    contents = list(dict.fromkeys(snippets))
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        keys = [write(root, number, content) for number, content in enumerate(contents)]
        with workspace.use_root(root):
            answer = json.loads(rev_accel.analyze_ast_patterns("."))
            typed = json.loads(rev_accel.scan(".", selection="all").to_json())
    files: dict[str, Entry] = answer["files"]
    assert list(answer) == ["scanned_files", "files", "total_issues", "patterns_checked"]
    assert answer["scanned_files"] == len(contents)
    assert answer["patterns_checked"] == list(RULES)
    assert answer["total_issues"] == sum(
        len(entries) for entry in files.values() for key, entries in entry.items() if key != "error"
    )
    assert list(files) == [key for key in keys if key in files]  # sorted, and no file that was not asked for
    assert all(files.values())
    assert typed == answer
    expected = [entry_for(content) for content in contents]
    differences = [
        Difference(content, files.get(key, {}), entry)
        for key, content, entry in zip(keys, contents, expected, strict=True)
        if json.dumps(files.get(key, {})) != json.dumps(entry) and entry.get("error") not in NOT_COMPARED
    ]
    return Comparison(expected, differences)


def write(root: Path, number: int, content: bytes) -> str:
    """Writes one snippet and returns its key; keys sort as the numbers do."""
    folder = root / f"{number // _FILES_PER_FOLDER:04}"
    if number % _FILES_PER_FOLDER == 0:
        folder.mkdir()
    path = folder / f"{number:06}.py"
    path.write_bytes(content)
    return path.relative_to(root).as_posix()
