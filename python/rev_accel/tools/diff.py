"""Unified diffs, read as models write them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rev_accel.errors import ToolError

__all__ = ["FilePatch", "Hunk", "has_returns", "parse", "without_returns"]

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_MODE = re.compile(r"(?:new|new file) mode (\d+)")
# Links, and what git knows of other repositories, have modes of their own.
_NO_TEXT = re.compile(r"(?:new file|new|old) mode 1[26]|copy from |GIT binary patch|Binary files ")
_USUAL_MODE = "100644"
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
    mode: str | None = None
    """The mode that it is to have, as git writes it, if that is said and is not the usual one of a new file."""


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
    file: FilePatch | None = None
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith("diff --git "):
            at, file = _git_header(lines, at)
            found += [] if file is None else [file]
        elif _is_header(lines, at):
            file = FilePatch(*_names(lines, at))
            found.append(file)
            at += 2
        elif line.startswith("@@"):
            if file is None or (head := _HUNK.match(line)) is None:
                raise ToolError(
                    f"{_told(lines, at)} is no head of a hunk as `@@ -1,3 +1,4 @@` behind `--- a/file` and `+++ b/file`"
                )
            at = _hunk(lines, at + 1, head, file)
        elif file is not None and line.startswith(("+", "-")):
            raise ToolError(
                f"{_told(lines, at)} is in no hunk: expected `@@ -1,3 +1,4 @@` before it, and in a hunk a space before "
                "each line that stays"
            )
        else:
            at += 1  # what stands between files is for people
    if not any(one.hunks or one.source != one.target for one in found):
        raise ToolError(
            "the patch changes nothing: expected a unified diff, with `--- a/file`, `+++ b/file` and `@@` lines"
        )
    return found


def has_returns(hunks: Sequence[Hunk]) -> bool:
    """Whether old lines, or new ones where there are no old, have the `\\r` of CRLF: then ends are as in the diff."""
    old = [line for hunk in hunks for line in (hunk.old[:-1] if hunk.old_ends else hunk.old)]
    looked_at = old or [line for hunk in hunks for line in hunk.new]
    return bool(looked_at) and all(line.endswith("\r") for line in looked_at)


def without_returns(hunks: Sequence[Hunk]) -> list[Hunk]:
    """Hunks for a text whose lines end with `\\n` here, and with CRLF in its file and so in its diff."""
    return [
        replace(
            hunk, old=[line.removesuffix("\r") for line in hunk.old], new=[line.removesuffix("\r") for line in hunk.new]
        )
        for hunk in hunks
    ]


def _git_header(lines: Sequence[str], at: int) -> tuple[int, FilePatch | None]:
    """Reads what git writes before hunks: the line after it, and the file, if it is said what becomes of it."""
    source: str | None = None
    target: str | None = None
    mode: str | None = None
    made = deleted = False
    first = lines[at]
    at += 1
    while at < len(lines) and not lines[at].startswith(("diff --git ", "@@")) and not _is_header(lines, at):
        line = lines[at]
        if line.startswith("rename from "):
            source = _unquoted(line.removeprefix("rename from "))
        elif line.startswith("rename to "):
            target = _unquoted(line.removeprefix("rename to "))
        elif _NO_TEXT.match(line):
            raise ToolError(f"the patch has `{line[:80]}`: expected changes of text only")
        elif found := _MODE.match(line):
            mode = found[1]
        made |= line.startswith("new file mode")
        deleted |= line.startswith("deleted file mode")
        at += 1
    if made and mode == _USUAL_MODE:
        mode = None
    if (source is None) != (target is None):
        raise ToolError(f"`{first[:80]}` is half of a renaming: expected `rename from` and `rename to`")
    names = _names(lines, at) if _is_header(lines, at) else None
    if source is not None:
        # The same names once more, if there are hunks, too.
        return at + 2 if names == (source, target) else at, FilePatch(source, target, mode=mode)
    if names is not None:
        return at + 2, FilePatch(*names, mode=mode)
    if made or deleted or mode is not None:
        # An empty file, and one that keeps its text, has no names but these.
        one = _ONE_NAME.fullmatch(first)
        if one is None:
            raise ToolError(f"`{first[:80]}` names two files: expected one, as `a/name b/name`")
        name = _unquoted(f'"{one[1]}"') if one[1] is not None else one[2]
        return at, FilePatch(None if made else name, None if deleted else name, mode=mode)
    return at, None


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


def _names(lines: Sequence[str], at: int) -> tuple[str | None, str | None]:
    """What a file is called before and after, from the two lines that say so."""
    source, target = _name(lines[at]), _name(lines[at + 1])
    if source == target == NOTHING:
        raise ToolError("a file of the patch is `/dev/null` before and after: expected a name")
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
        if not line.startswith((" ", "+", "-", "\\ ")):
            if not is_whole:
                raise ToolError(
                    f"{_told(lines, at)} stands in a hunk, whose head says that lines are missing: expected a space, "
                    "`+` or `-` before it"
                )
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


def _told(lines: Sequence[str], at: int) -> str:
    """A line, for errors."""
    return f"line {at + 1} of the patch, `{lines[at][:80]}`,"
