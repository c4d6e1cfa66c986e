"""The tools that read Python code: `outline`, `find_definitions` and `analyze_ast_patterns`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from rev_accel import settings
from rev_accel.analysis import scan
from rev_accel.definitions import Symbol
from rev_accel.definitions import find_definitions as find
from rev_accel.definitions import outline as outline_file
from rev_accel.errors import InputError, PathOutsideRootError
from rev_accel.records import FileError

from .definition import tool
from .search import counted, path_shown

if TYPE_CHECKING:
    from rev_accel.workspace import Workspace

__all__ = ["CodeTools"]

MOST_SYMBOLS = 1_000
MOST_DEFINITIONS = 200
MOST_FINDINGS = 500
SIGNATURE = 200  # characters
DOC = 100
ERRORS = 5
FILES = 10


class CodeTools:
    """Questions about the Python code in a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @tool(description="Outlining {path}", reads=True)
    def outline(self, path: str, max_symbols: int = 200) -> str:
        """Lists what a Python file defines: classes, functions, methods and variables, with lines and signatures.

        Works on files with syntax errors, too, as far as they can be read.

        Args:
            path: The file, relative to the workspace.
            max_symbols: How many entries to show, up to 1000; the outer ones come first.
        """
        settings.count("max_symbols", max_symbols, MOST_SYMBOLS)
        found = outline_file(self._workspace.resolve(path), root=self._workspace.root)
        symbols = list(_deep(found.symbols, 0))
        kinds: Counter[str] = Counter(symbol.kind for _, symbol in symbols)
        names = {"class": "class(es)", "function": "function(s)", "method": "method(s)", "variable": "variable(s)"}
        counts = ", ".join(f"{kinds[kind]:,} {text}" for kind, text in names.items() if kinds[kind])
        lines = [f"{path_shown(found.path)}: {counts or 'nothing is defined'}"]
        if found.error is not None:
            place = "" if found.error.line is None else f" at line {found.error.line}"
            lines.append(f"{found.error.exception}{place}: {found.error.message}; this is what could be read")
        # As deep as there is room for whole levels, then the first of the next one.
        kept = sorted(range(len(symbols)), key=lambda index: symbols[index][0])[:max_symbols]
        lines += [_symbol(*symbols[index]) for index in sorted(kept)]
        if len(kept) < len(symbols):
            left = len(symbols) - len(kept)
            lines.append(f"{left:,} more are not shown; `max_symbols` up to {MOST_SYMBOLS:,} shows more")
        return "\n".join(lines)

    @tool(description="Looking for the definition of {name}", reads=True)
    def find_definitions(self, name: str, path: str = ".", max_results: int = 50) -> str:
        """Finds where a class, function, method or variable is defined in Python files.

        Args:
            name: The name, as `run`, or the end of a qualified one, as `Runner.run`.
            path: The file or folder to look in, relative to the workspace.
            max_results: How many definitions to show, up to 200.
        """
        settings.count("max_results", max_results, MOST_DEFINITIONS)
        found = find(name, self._workspace.resolve(path), root=self._workspace.root, max_definitions=max_results)
        if not found.total:
            lines = [f"`{name}` is not defined in {counted(found.files, 'Python file')}."]
        else:
            cut = f"; the first {len(found)} are shown, a longer name or a path narrows it down"
            lines = [f"{counted(found.total, 'definition')} of `{name}`{cut if len(found) < found.total else ''}:"]
        for each in found:
            until = f"-{each.last_line}" if each.last_line > each.first_line else ""
            doc = f"  # {_cut(each.doc, DOC)}" if each.doc else ""
            place = f"{path_shown(each.path)}:{each.first_line}{until}"
            lines.append(f"{place}: {each.kind} {each.name}: {_cut(each.signature, SIGNATURE)}{doc}")
        return "\n".join([*lines, *_errors(found.errors)])

    @tool(description="Analysing {path}", reads=True)
    def analyze_ast_patterns(self, path: str = ".", patterns: list[str] | None = None, max_results: int = 50) -> str:
        """Finds to-dos, prints, dangerous calls, missing return types, long parameter lists and global statements.

        Tells first how many there are of each and in which files most, then the findings as path:line: rule message.

        Args:
            path: The Python file or the folder to look in, relative to the workspace.
            patterns: Any of todos, prints, dangerous, type_hints, complex_functions, globals; all if left out.
            max_results: How many findings to show, up to 500.
        """
        settings.count("max_results", max_results, MOST_FINDINGS)
        report = scan(self._workspace.resolve(path), root=self._workspace.root, patterns=patterns or None)
        is_inside = cache(self._is_inside)
        findings = [finding for finding in report if is_inside(finding.path)]
        counts = Counter(finding.rule for finding in findings)
        by_rule = ", ".join(f"{rule} {counts[rule]:,}" for rule in report.by_rule() if counts[rule])
        files = counted(report.stats.files, "Python file")
        lines = [f"{counted(len(findings), 'finding')} in {files}{f': {by_rule}' if by_rule else ''}."]
        shown: list[str] = []
        by_file: Counter[str] = Counter()
        for finding in findings:
            by_file[finding.path] += 1
            if len(shown) < max_results:
                text = _cut(finding.message, SIGNATURE)
                shown.append(f"{path_shown(finding.path)}:{finding.line}: {finding.rule} {text}")
        if len(shown) < len(findings):
            lines.append("Most are in:")
            most = sorted(by_file.items(), key=lambda item: (-item[1], item[0]))[:FILES]
            lines += [f"{path_shown(name)}: {count:,}" for name, count in most]
            lines.append(f"The first {len(shown)} (a path or `patterns` narrows it down, `max_results` shows more):")
        errors = tuple(error for error in report.errors if is_inside(error.path))
        return "\n".join([*lines, *shown, *_errors(errors)])

    def _is_inside(self, path: str) -> bool:
        """Whether a file of the tree is in the workspace, and no link that leads out of it."""
        try:
            self._workspace.resolve(path)
        except PathOutsideRootError:
            return False
        except (OSError, InputError):  # gone meanwhile, or no name that can be given
            pass
        return True


def _deep(symbols: Iterable[Symbol], depth: int) -> Iterable[tuple[int, Symbol]]:
    for symbol in symbols:
        yield depth, symbol
        yield from _deep(symbol.children, depth + 1)


def _symbol(depth: int, symbol: Symbol) -> str:
    lines = f"{symbol.first_line}-{symbol.last_line}" if symbol.last_line > symbol.first_line else f"{symbol.line}"
    doc = f"  # {_cut(symbol.doc, DOC)}" if symbol.doc else ""
    return f"{'  ' * depth}{lines}: {_cut(symbol.signature, SIGNATURE)}{doc}"


def _cut(text: str, most: int) -> str:
    text = " ".join(text.splitlines())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _errors(errors: tuple[FileError, ...]) -> list[str]:
    lines = [
        f"`{path_shown(error.path)}`: {error.exception}: {_cut(error.message, SIGNATURE)}" for error in errors[:ERRORS]
    ]
    if len(errors) > ERRORS:
        lines.append(f"{len(errors) - ERRORS:,} more files or folders could not be read whole")
    return lines
