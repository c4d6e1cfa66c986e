"""The tool `search_code`: lines that match, counted first, no more of them than a model can use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from rev_accel import settings
from rev_accel.text_search import Match, SearchLimits, SearchResult, search

from .definition import tool

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

__all__ = ["SearchTools", "counted", "path_shown"]

MOST_RESULTS = 500
MOST_CONTEXT = 10
CHARACTERS = 300  # of a line
FILES = 20  # in the list of files whose lines are not shown
ERRORS = 5


class SearchTools:
    """Text search in a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @tool(description="Searching for {pattern} in {path}", reads=True)
    def search_code(
        self,
        pattern: str,
        path: str = ".",
        glob: str = "",
        case: Literal["sensitive", "insensitive", "smart"] = "sensitive",
        literal: bool = False,
        context: int = 0,
        max_results: int = 50,
    ) -> str:
        """Finds the lines of text files that match a regular expression.

        Tells first how many lines match in how many files, then the lines as path:line: text. Files that .gitignore
        names are left out. No look-around and no backreferences; a pattern matches within one line.

        Args:
            pattern: The regular expression, or the text if `literal` is set.
            path: The file or folder to search, relative to the workspace.
            glob: Search only files that this glob matches, as `*.py` or `src/**`.
            case: Whether capital and small letters differ; "smart" ignores case unless the pattern has a capital.
            literal: Look for the pattern as it stands.
            context: How many lines to show before and after each match, up to 10.
            max_results: How many matching lines to show, up to 500.
        """
        settings.count("context", context, MOST_CONTEXT, least=0)
        settings.count("max_results", max_results, MOST_RESULTS)
        result = search(
            pattern,
            self._workspace.resolve(path),
            root=self._workspace.root,
            literal=literal,
            case=case,
            before=context,
            after=context,
            include=[glob] if glob else [],
            limits=SearchLimits(matches=max_results, file_matches=max_results, characters=CHARACTERS),
        )
        matches = tuple(result)
        lines = [_counts(result, max_results), *_lines(matches), *_rest(result, matches), *_errors(result)]
        return "\n".join(lines)


def _counts(result: SearchResult, most: int) -> str:
    if not result.total:
        return f"No match in {counted(result.files, 'file')}."
    where = f"in {len(result.counts):,} of {counted(result.files, 'file')}"
    text = f"{counted(result.total, 'matching line')} {where}"
    if len(result) == result.total:
        return f"{text}."
    more = f", `max_results` up to {MOST_RESULTS} for more" if most < MOST_RESULTS else ""
    return f"{text}; the first {len(result):,} are shown. Use a narrower pattern, path or glob{more}."


def _lines(matches: tuple[Match, ...]) -> list[str]:
    lines: list[str] = []
    last: tuple[str, int] | None = None
    has_context = any(match.before or match.after for match in matches)
    for match in matches:
        path, first = path_shown(match.path), match.line - len(match.before)
        if has_context and last is not None and last != (match.path, first - 1):
            lines.append("--")
        lines += [f"{path}-{first + index}- {text}" for index, text in enumerate(match.before)]
        lines.append(f"{path}:{match.line}: {_shown(match)}")
        lines += [f"{path}-{match.line + 1 + index}- {text}" for index, text in enumerate(match.after)]
        last = (match.path, match.line + len(match.after))
    return lines


def _shown(match: Match) -> str:
    before = "…" if match.offset else ""
    behind = "…" if match.offset + len(match.text) < match.length else ""
    return f"{before}{match.text}{behind}"


def _rest(result: SearchResult, matches: tuple[Match, ...]) -> list[str]:
    """The files of which not all lines are shown."""
    shown: dict[str, int] = {}
    for match in matches:
        shown[match.path] = shown.get(match.path, 0) + 1
    left = [(path, lines - shown.get(path, 0)) for path, lines in result.counts.items() if lines > shown.get(path, 0)]
    binary = [f"{path_shown(path)}: a binary file matches." for path in result.binary[:FILES]]
    left = [(path, lines) for path, lines in left if path not in result.binary]
    if not left:
        return binary
    lines = ["Not shown:", *(f"{path_shown(path)}: {counted(lines, 'line')}" for path, lines in left[:FILES])]
    if len(left) > FILES:
        lines.append(
            f"and {counted(sum(lines for _, lines in left[FILES:]), 'line')} in {len(left) - FILES:,} more files"
        )
    return [*binary, *lines]


def _errors(result: SearchResult) -> list[str]:
    lines = [f"`{path_shown(error.path)}` was not searched: {error.message}" for error in result.errors[:ERRORS]]
    if len(result.errors) > ERRORS:
        lines.append(f"{len(result.errors) - ERRORS:,} more files and folders were not searched")
    return lines


def path_shown(path: str) -> str:
    """A path in one line: what cannot be printed is escaped, as by `list_dir`."""
    return path if path.isprintable() else repr(path)[1:-1]


def counted(number: int, what: str) -> str:
    """A number and what it counts."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
