"""Tools that read and change single text files."""

from __future__ import annotations

from rev_accel.errors import ToolError

from .definition import tool
from .documents import Documents
from .nearest import nearest

__all__ = ["FileTools"]

# Of one answer to a model, and of one line in it.
MOST_CHARACTERS = 50_000
LONGEST_LINE = 2_000
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
        all_lines = _lines(document.text)
        if start < 1 or (lines is not None and lines < 1):
            raise ToolError(f"`start` is {start}, `lines` is {lines}: expected numbers from 1")
        if start > max(len(all_lines), 1):
            raise ToolError(f"`start` is {start}, but `{document.label}` has {len(all_lines):,} lines")
        asked = all_lines[start - 1 :] if lines is None else all_lines[start - 1 : start - 1 + lines]
        given, cut = _that_fit(asked)
        end = start - 1 + len(given)
        notes = [*document.form.notes()]
        if cut:
            notes.append(f"lines of more than {LONGEST_LINE:,} characters are cut")
        if end == len(all_lines) and document.text and not document.text.endswith("\n"):
            notes.append("no newline at the end")
        where = f"lines {start}-{end} of {len(all_lines):,}" if all_lines else "empty"
        head = ", ".join([document.label, where, *notes])
        if self._documents.know(document.path, document.version, (start, end)) and not again and all_lines:
            return f"[{head}: unchanged since you read these lines]"
        more = (
            f"\n[{len(asked) - len(given):,} more lines: go on with start={end + 1}]" if len(given) < len(asked) else ""
        )
        return "\n".join([f"[{head}]", *given]) + more

    @tool(description="Writing {path}", reads=False)
    def write_file(self, path: str, content: str) -> str:
        """Writes a whole text file: a new one, or in the place of one that you have read.

        Line ends, encoding, and a newline at the end stay as they were in the file. To change some lines only, use
        `replace_in_file`.

        Args:
            path: The file, relative to the root of the workspace. Missing folders are made.
            content: Its text.
        """
        document = self._documents.read_to_change(path, must_be_known=True)
        if document is None:
            return f"Created `{self._documents.create(path, content).label}`, {_count(content)}."
        kept = document.form.notes()
        if document.text.endswith("\n") and content and not content.endswith("\n"):
            content += "\n"
        if content == document.text:
            return f"`{document.label}` has this text already."
        self._documents.change(document, content)
        note = f" ({', '.join(kept)} kept)" if kept else ""
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
        if document.form.line_end is not None:
            old, new = old.replace("\r\n", "\n"), new.replace("\r\n", "\n")
        count = text.count(old)
        if count == 0:
            raise ToolError(_missing(document.label, text, old))
        places = _places(text, old, count)
        if count > 1 and not every:
            raise ToolError(
                f"`old` is in `{document.label}` {count} times, at {places}: expected once; "
                "take in more lines around the one that is meant, or set `every`"
            )
        self._documents.change(document, text.replace(old, new))
        return f"Replaced it in `{document.label}` {'once' if count == 1 else f'{count} times'}, at {places}."


def _lines(text: str) -> list[str]:
    """The lines as editors count them: only `\\n` ends one."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _that_fit(lines: list[str]) -> tuple[list[str], bool]:
    """As many lines as fit into an answer, at least one, and whether one of them was cut."""
    found: list[str] = []
    left, any_cut = MOST_CHARACTERS, False
    for line in lines:
        shown = line
        if len(line) > LONGEST_LINE:
            shown = f"{line[:LONGEST_LINE]}[... {len(line) - LONGEST_LINE:,} characters left out]"
        left -= len(shown) + 1
        if left < 0 and found:
            break
        any_cut |= shown is not line
        found.append(shown)
    return found, any_cut


def _places(text: str, old: str, count: int) -> str:
    """The lines at which a text begins."""
    numbers, at, line = [], 0, 1
    for _ in range(min(count, NAMED_PLACES)):
        found = text.index(old, at)
        line += text.count("\n", at, found)
        line_after = line + old.count("\n")
        numbers.append(line)
        at, line = found + len(old), line_after
    more = " and on" if count > NAMED_PLACES else ""
    return f"line{'s' if count > 1 else ''} {', '.join(map(str, numbers))}{more}"


def _missing(label: str, text: str, old: str) -> str:
    said = f"`old` is not in `{label}`"
    found = nearest(text, old)
    if found is None:
        return f"{said}, and nothing is like it: read the file again"
    line, difference = found
    return f"{said}. The nearest text begins at line {line}; the difference from `old`:\n{difference}"


def _count(text: str) -> str:
    lines = len(_lines(text))
    return f"{lines:,} line{'' if lines == 1 else 's'}"
