"""How two answers are compared: as text, after the two intended changes; and how a difference is told."""

import hashlib
import json
from typing import Any


def expected_text(rev_text: str) -> str:
    """rev's text as rev-accel promises it: `files` sorted as Python sorts strings, and no `cache_stats`."""
    answer = json.loads(rev_text)
    if "files" not in answer:
        return rev_text
    if json.dumps(answer, indent=2) != rev_text:
        raise AssertionError(
            "rev's text is not what json.dumps prints: comparing after a round trip would hide something"
        )
    del answer["cache_stats"]
    answer["files"] = {key: answer["files"][key] for key in sorted(answer["files"])}
    return json.dumps(answer, indent=2)


def canonical_digest(text: str) -> str:
    """First 16 hex digits of the SHA-256 of the answer with sorted keys: the form of the known answers."""
    return hashlib.sha256(json.dumps(json.loads(text), sort_keys=True).encode()).hexdigest()[:16]


def show_difference(ours: str, expected: str, *, limit: int = 5) -> str:
    """A few lines that name what differs between two answers; empty when the texts are equal."""
    if ours == expected:
        return ""
    left, right = json.loads(ours), json.loads(expected)
    if left == right:
        return "equal objects, but the texts differ:" + _first_difference(ours, expected)
    notes = [
        f"{key}: ours {_cut(left.get(key))}, expected {_cut(right.get(key))}"
        for key in dict.fromkeys([*left, *right])
        if key != "files" and left.get(key) != right.get(key)
    ]
    left_files, right_files = left.get("files", {}), right.get("files", {})
    different = [path for path in sorted({*left_files, *right_files}) if left_files.get(path) != right_files.get(path)]
    notes += [
        f"{path!r}:\n    ours     {_cut(left_files.get(path))}\n    expected {_cut(right_files.get(path))}"
        for path in different[:limit]
    ]
    if len(different) > limit:
        notes.append(f"and {len(different) - limit} more files")
    return "\n".join(notes)


def _first_difference(ours: str, expected: str) -> str:
    at = next(
        (i for i, (a, b) in enumerate(zip(ours, expected, strict=False)) if a != b), min(len(ours), len(expected))
    )
    return f"\n    ours     …{ours[max(0, at - 60) : at + 60]!r}\n    expected …{expected[max(0, at - 60) : at + 60]!r}"


def _cut(value: Any, limit: int = 600) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
