"""Unified diffs: read as models write them, and applied to texts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rev_accel.errors import ToolError

from .nearest import nearest

__all__ = ["FilePatch", "Hunk", "apply", "parse", "without_returns"]

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ONE_NAME = re.compile(r'diff --git (?:"a/(.*)" "b/\1"|a/(.*) b/\2)')
_ESCAPE = re.compile(r'\\([abtnvfr"\\]|[0-7]{3})')
_NAMED_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
NOTHING = "/dev/null"


@dataclass(slots=True)
class Hunk:
    """Lines that take the place of others."""

    start: int
    """The line of the old text at which it is said to begin, from 1."""
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    old_ends: bool = False
    """Whether the old text ends with these lines and has no newline there."""
    new_ends: bool = False
    """The same of the new text."""


@dataclass(slots=True)
class FilePatch:
    """What happens to a file."""

    source: str | None
    """`None` for a file that is made."""
    target: str | None
    """`None` for a file that is deleted."""
    hunks: list[Hunk] = field(default_factory=list)


def parse(patch: str) -> list[FilePatch]:
    """The files of a unified diff, with or without git's headers.

    The counts of lines in the heads of hunks may be wrong, as models count badly; empty lines may lack their space.

    Raises:
        ToolError: It is no unified diff, or has what text cannot: binary files, links.
    """
    if patch.count("\r\n") == patch.count("\n"):
        patch = patch.replace("\r\n", "\n")
    lines = patch.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    found: list[FilePatch] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("diff --git "):
            at = _git_header(lines, at, found)
        elif _is_header(lines, at):
            source, target = _name(line), _name(lines[at + 1])
            _add(found, *_without_prefixes(source, target))
            at += 2
        elif line.startswith("@@"):
            if not found or (head := _HUNK.match(line)) is None:
                raise ToolError(f"line {at + 1} of the patch, `{line[:80]}`, is no head of a hunk as `@@ -1,3 +1,4 @@`")
            at = _hunk(lines, at + 1, head, found[-1])
        else:
            at += 1  # what stands between files is for people
    if not any(one.hunks or one.source != one.target for one in found):
        raise ToolError(
            "the patch changes nothing: expected a unified diff, with `--- a/file`, `+++ b/file` and `@@` lines"
        )
    return found


def without_returns(hunks: Sequence[Hunk]) -> list[Hunk]:
    """Hunks for a text whose lines end with `\\n` here, and with CRLF in its file and so in its diff."""
    return [
        replace(
            hunk, old=[line.removesuffix("\r") for line in hunk.old], new=[line.removesuffix("\r") for line in hunk.new]
        )
        for hunk in hunks
    ]


def apply(hunks: Sequence[Hunk], text: str, label: str) -> str:
    """The text after its hunks.

    Each one's old lines must be in the text as they are; where its head says another line, the nearest place counts.

    Raises:
        ToolError: They are not; says what is there instead.
    """
    lines = text.split("\n")
    if is_ended := not lines[-1]:
        lines.pop()
    offset = done = 0
    for number, hunk in enumerate(hunks, 1):
        expected = max(hunk.start - 1, 0) + offset + (0 if hunk.old or hunk.start == 0 else 1)
        at = _place(lines, hunk, expected, done)
        if at is None:
            raise ToolError(_no_place(number, hunk, lines, label))
        lines[at : at + len(hunk.old)] = hunk.new
        offset = at - expected + offset + len(hunk.new) - len(hunk.old)
        done = at + len(hunk.new)
        if done == len(lines) and (hunk.old_ends or hunk.new_ends):
            is_ended = not hunk.new_ends
    return "\n".join(lines) + ("\n" if lines and is_ended else "")


def _git_header(lines: Sequence[str], at: int, found: list[FilePatch]) -> int:
    """Reads what git writes before the names; the line after it."""
    source: str | None = None
    target: str | None = None
    made = deleted = False
    first = lines[at]
    at += 1
    while at < len(lines) and not lines[at].startswith(("diff --git ", "@@")) and not _is_header(lines, at):
        line = lines[at]
        if line.startswith("rename from "):
            source = _unquoted(line.removeprefix("rename from "))
        elif line.startswith("rename to "):
            target = _unquoted(line.removeprefix("rename to "))
        elif line.startswith(
            ("new file mode 12", "old mode 12", "new mode 12", "copy from ", "GIT binary patch", "Binary files ")
        ):
            raise ToolError(f"the patch has `{line[:80]}`: expected changes of text only")
        made |= line.startswith("new file mode")
        deleted |= line.startswith("deleted file mode")
        at += 1
    if at < len(lines) and _is_header(lines, at) and source is None:
        return at  # the names follow
    if source is not None and target is not None:
        _add(found, source, target)
    elif made or deleted:
        # An empty file has no names but these.
        names = _ONE_NAME.fullmatch(first)
        if names is None:
            raise ToolError(f"`{first[:80]}` names two files: expected one, as `a/name b/name`")
        name = _unquoted(f'"{names[1]}"') if names[1] is not None else names[2]
        _add(found, None if made else name, None if deleted else name)
    # The same names once more, if there are hunks, too.
    again = at < len(lines) and _is_header(lines, at) and _without_prefixes(_name(lines[at]), _name(lines[at + 1]))
    return at + 2 if again == (source, target) else at


def _add(found: list[FilePatch], source: str | None, target: str | None) -> None:
    if source is None and target is None:
        raise ToolError("a file of the patch is `/dev/null` before and after: expected a name")
    found.append(FilePatch(source, target))


def _is_header(lines: Sequence[str], at: int) -> bool:
    return at + 1 < len(lines) and lines[at].startswith("--- ") and lines[at + 1].startswith("+++ ")


def _name(line: str) -> str:
    # Behind a tab there may be a time.
    return _unquoted(line[4:].split("\t")[0].rstrip())


def _unquoted(name: str) -> str:
    """A name as git writes it: in quotes, with its bytes escaped, if there is anything odd in it."""
    if not (len(name) > 1 and name[0] == name[-1] == '"'):
        return name
    text = _ESCAPE.sub(
        lambda match: chr(_NAMED_ESCAPES[match[1]] if match[1] in _NAMED_ESCAPES else int(match[1], 8) & 255),
        name[1:-1],
    )
    try:
        return text.encode("latin-1").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # it has characters that git would have escaped
        return text


def _without_prefixes(source: str, target: str) -> tuple[str | None, str | None]:
    is_prefixed = (source == NOTHING or source.startswith("a/")) and (target == NOTHING or target.startswith("b/"))
    cut = 2 if is_prefixed else 0
    return None if source == NOTHING else source[cut:], None if target == NOTHING else target[cut:]


def _hunk(lines: Sequence[str], at: int, head: re.Match[str], patch: FilePatch) -> int:
    """Reads a hunk; the line after it."""
    hunk = Hunk(int(head[1]))
    olds, news = int(head[2] or 1), int(head[4] or 1)
    blanks = 0
    last = ""
    while at < len(lines):
        line = lines[at]
        is_whole = len(hunk.old) >= olds and len(hunk.new) >= news
        if line.startswith(("@@ ", "diff --git ")) or (_is_header(lines, at) and (is_whole or _is_hunk(lines, at + 2))):
            break
        if not line:
            # A context line whose space was lost, unless nothing of the hunk follows.
            blanks += 1
            at += 1
            continue
        if line[0] not in " +-\\":
            break
        hunk.old += [""] * blanks
        hunk.new += [""] * blanks
        blanks = 0
        if line[0] == "\\":
            hunk.old_ends |= last in ("-", " ")
            hunk.new_ends |= last in ("+", " ")
        else:
            last = line[0]
            if last != "+":
                hunk.old.append(line[1:])
            if last != "-":
                hunk.new.append(line[1:])
        at += 1
    missing = min(olds - len(hunk.old), news - len(hunk.new), blanks)
    if missing > 0:
        hunk.old += [""] * missing
        hunk.new += [""] * missing
    patch.hunks.append(hunk)
    return at


def _is_hunk(lines: Sequence[str], at: int) -> bool:
    return at < len(lines) and _HUNK.match(lines[at]) is not None


def _place(lines: list[str], hunk: Hunk, expected: int, done: int) -> int | None:
    """Where the old lines of a hunk are, behind those that are done, nearest to where they are said to be."""
    height = len(hunk.old)
    if not height:
        return min(max(expected, done), len(lines))
    last = len(lines) - height
    first = hunk.old[0]
    places = [at for at in range(done, last + 1) if lines[at] == first and lines[at : at + height] == hunk.old]
    return min(places, key=lambda at: (abs(at - expected), at), default=None)


def _no_place(number: int, hunk: Hunk, lines: list[str], label: str) -> str:
    said = f"hunk {number} of `{label}` does not fit: its old lines are not in the file"
    found = nearest("\n".join(lines), "\n".join(hunk.old))
    if found is None:
        return f"{said}, and nothing is like them. Nothing was changed; read the file again"
    line, difference = found
    where = f"The nearest lines begin at line {line}; the difference from the old lines"
    return f"{said}. Nothing was changed. {where}:\n{difference}"
