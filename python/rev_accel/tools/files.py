"""Tools that read and change single text files."""

from __future__ import annotations

from rev_accel.errors import ToolError

from .definition import tool
from .documents import Documents
from .nearest import nearest
from .search import counted

__all__ = ["FileTools"]

# Of one answer to a model, and of one line in it.
MOST_CHARACTERS = 50_000
LONGEST_LINE = 2_000
# Characters in which lines are counted at once, on the way to the first that is asked for.
STEP = 1 << 16
# Places that are named where a text is found several times.
NAMED_PLACES = 10


class FileTools:
    """Reading and changing single text files of a workspace."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    @tool(description="Reading {path}", reads=True)
    def read_file(self, path: str, start: int = 1, lines: int | None = None, again: bool = False) -> str:
        """Reads a text file, or some of its lines.

        The first line of the answer, in brackets, tells which lines these are, and of how many; the text follows as it
        is in the file. Long files are given in parts, and very long lines are cut.

        Args:
            path: The file, relative to the root of the workspace.
            start: The first line, counted from 1.
            lines: How many lines; by default as many as fit.
            again: Give the text also if you have read these lines before and they are unchanged.
        """
        document = self._documents.read(path)
        text = document.text
        total = _count_lines(text)
        if start < 1 or (lines is not None and lines < 1):
            raise ToolError(f"`start` is {start}, `lines` is {lines}: expected numbers from 1")
        if start > max(total, 1):
            raise ToolError(f"`start` is {start}, but `{document.label}` has {total:,} lines")
        asked = total - start + 1 if lines is None else min(lines, total - start + 1)
        given, cut = _that_fit(text, start, asked)
        end = start - 1 + len(given)
        notes = [*document.form.notes()]
        if cut:
            notes.append(f"lines of more than {LONGEST_LINE:,} characters are cut")
        if end == total and text and not text.endswith("\n"):
            notes.append("no newline at the end")
        where = f"lines {start}-{end} of {total:,}" if total else "empty"
        head = ", ".join([document.label, where, *notes])
        if self._documents.know(document.path, document.version, (start, end)) and not again and total:
            return f"[{head}: unchanged since you read these lines]"
        more = f"\n[{asked - len(given):,} more lines: go on with start={end + 1}]" if len(given) < asked else ""
        return "\n".join([f"[{head}]", *given]) + more

    @tool(description="Writing {path}", reads=False)
    def write_file(self, path: str, content: str) -> str:
        """Writes a whole text file: a new one, or in the place of one that you have read.

        The file's encoding, its line ends if they are all alike, and a newline at its end are kept. To change some
        lines only, use `replace_in_file`.

        Args:
            path: The file, relative to the root of the workspace. Missing folders are made.
            content: Its text.
        """
        document = self._documents.read_to_change(path, must_be_known=True)
        if document is None:
            return f"Created `{self._documents.create(path, content).label}`, {_count(content)}."
        content = document.form.formed(content)
        is_mixed = document.form.line_end is None
        notes = ["the mixed line ends are now those of the content"] if is_mixed else []
        notes += [f"{note} kept" for note in document.form.notes() if not (is_mixed and "line ends" in note)]
        if document.text.endswith("\n") and content and not content.endswith("\n"):
            content += "\n"
        if content == document.text:
            return f"`{document.label}` has this text already."
        self._documents.change(document, content)
        note = f" ({', '.join(notes)})" if notes else ""
        return f"Wrote `{document.label}`, {_count(content)}{note}."

    @tool(description="Editing {path}", reads=False)
    def replace_in_file(self, path: str, old: str, new: str, every: bool = False) -> str:
        """Replaces a text in a file by another one. It must be there exactly once.

        Args:
            path: The file, relative to the root of the workspace.
            old: The text as it is in the file, with all of its spaces; some lines around it make it unique.
            new: What takes its place.
            every: Replace it wherever it is, however often.
        """
        if not old:
            raise ToolError("`old` is empty: expected text of the file")
        if old == new:
            raise ToolError("`old` and `new` are the same text")
        document = self._documents.read_to_change(path, must_be_known=False)
        if document is None:
            raise ToolError(f"there is no file `{path}`: `write_file` makes one")
        text = document.text
        old, new = document.form.formed(old), document.form.formed(new)
        # Where one is to be meant, two that overlap are two.
        found = _found(text, old, len(old) if every else 1)
        if not found:
            raise ToolError(_missing(document.label, text, old))
        if len(found) > 1 and not every:
            times = f"{len(found)} times" if len(found) <= NAMED_PLACES else f"more than {NAMED_PLACES} times"
            raise ToolError(
                f"`old` is in `{document.label}` {times}, at {_places(text, found)}: expected once; "
                "take in more lines around the one that is meant, or set `every`"
            )
        self._documents.change(document, text.replace(old, new))
        times = "once" if len(found) == 1 else f"{text.count(old)} times"
        return f"Replaced it in `{document.label}` {times}, at {_places(text, found)}."


def _count_lines(text: str) -> int:
    """The lines as editors count them: only `\n` ends one."""
    return text.count("\n") + (1 if text and not text.endswith("\n") else 0)


def _start_of(text: str, line: int) -> int:
    """Where a line of the text begins, which has to be there."""
    at, left = 0, line - 1
    while (count := text.count("\n", at, at + STEP)) < left:
        at, left = at + STEP, left - count
    for _ in range(left):
        at = text.index("\n", at) + 1
    return at


def _that_fit(text: str, start: int, asked: int) -> tuple[list[str], bool]:
    """As many lines as fit into an answer, at least one, and whether one of them was cut."""
    found: list[str] = []
    left, any_cut = MOST_CHARACTERS, False
    at = _start_of(text, start)
    while len(found) < asked:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        shown, length = text[at : min(end, at + LONGEST_LINE)], end - at
        if length > LONGEST_LINE:
            shown += f"[... {length - LONGEST_LINE:,} characters left out]"
        left -= len(shown) + 1
        if left < 0 and found:
            break
        any_cut |= length > LONGEST_LINE
        found.append(shown)
        at = end + 1
    return found, any_cut


def _found(text: str, old: str, step: int) -> list[int]:
    """Where a text is: one place more than are named at most, each at least a step behind the one before."""
    found: list[int] = []
    at = text.find(old)
    while at >= 0 and len(found) <= NAMED_PLACES:
        found.append(at)
        at = text.find(old, at + step)
    return found


def _places(text: str, found: list[int]) -> str:
    """The lines of places in a text."""
    lines, at, line = [], 0, 1
    for place in found[:NAMED_PLACES]:
        line += text.count("\n", at, place)
        at = place
        lines.append(line)
    more = " and on" if len(found) > NAMED_PLACES else ""
    return f"line{'s' if len(found) > 1 else ''} {', '.join(map(str, lines))}{more}"


def _missing(label: str, text: str, old: str) -> str:
    said = f"`old` is not in `{label}`"
    found = nearest(text, old)
    if found is None:
        return f"{said}, and nothing is like it: read the file again"
    line, difference = found
    return f"{said}. The nearest text begins at line {line}; the difference from `old`:\n{difference}"


def _count(text: str) -> str:
    return counted(_count_lines(text), "line")
