"""`rev-accel search`: lines that match a pattern, as text for people or JSON lines for programs."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from rev_accel import settings
from rev_accel.errors import InputError

from . import EXIT_USAGE, streams
from .options import color_option
from .summary import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rev_accel.text_search import Match, SearchResult

EXIT_NONE = 1

LINES_AT_ONCE = 1_000  # that are made before they are written

HELP = """Find the lines of text files that match PATTERN, a regular expression, as ripgrep finds them.

PATH is a file or a folder, by default the working directory. Of folders all files are searched but what .gitignore and
.ignore files name, .git folders, virtual environments and links. A file given by name is always searched.
"""

EPILOG = """\b
Examples:
  rev-accel search 'def \\w+_test' src           lines with places, in the order of paths
  rev-accel search -F 'a[0]' -g '*.py' -C 2     a text as it stands, in Python files, with context
  rev-accel search --json TODO | jq .path       an object for each matching line, then a summary

\b
Exit codes, as those of grep:
  0    something was found
  1    nothing was found
  2    wrong usage, a pattern or a path that cannot be used, or a file that could not be searched
  130  interrupted
  141  nobody reads the output any more
"""


class Options(NamedTuple):
    """What was given on the command line."""

    pattern: str
    paths: tuple[str, ...]
    fixed_strings: bool
    ignore_case: bool
    smart_case: bool
    word_regexp: bool
    before_context: int
    after_context: int
    context: int | None
    glob: tuple[str, ...]
    exclude: tuple[str, ...]
    all_files: bool
    max_matches: int
    max_count: int | None
    max_columns: int
    threads: int | None
    as_json: bool
    quiet: int
    color: Literal["auto", "always", "never"]


COUNT = click.IntRange(1, settings.MAX_COUNT)
LINES = click.IntRange(0, settings.MAX_CONTEXT)


@click.command(help=HELP, short_help="Find lines that match a pattern in text files.", epilog=EPILOG)
@click.argument("pattern")
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("-F", "--fixed-strings", is_flag=True, help="PATTERN is a text, not a regular expression.")
@click.option("-i", "--ignore-case", is_flag=True, help="Capital and small letters are equal.")
@click.option("-S", "--smart-case", is_flag=True, help="They are equal if PATTERN has no capital one.")
@click.option("-w", "--word-regexp", is_flag=True, help="Whole words only.")
@click.option("-B", "--before-context", type=LINES, default=0, help="Lines before each match.")
@click.option("-A", "--after-context", type=LINES, default=0, help="Lines behind it.")
@click.option("-C", "--context", type=LINES, help="Lines before and behind.")
@click.option("-g", "--glob", metavar="GLOB", multiple=True, help="Only files that GLOB matches; may be repeated.")
@click.option("--exclude", metavar="GLOB", multiple=True, help="Leave out, as .gitignore would; may be repeated.")
@click.option("--all-files", is_flag=True, help="Search all files, also ignored ones.")
@click.option(
    "--max-matches",
    metavar="N",
    type=COUNT,
    default=10_000,
    show_default=True,
    help="Print so many matching lines; all are counted.",
)
@click.option("-m", "--max-count", metavar="N", type=COUNT, help="Print so many of each file.")
@click.option(
    "--max-columns",
    metavar="N",
    type=click.IntRange(1, settings.MAX_CHARACTERS),
    default=1_000,
    show_default=True,
    help="Print so many characters of each line.",
)
@click.option(
    "-j",
    "--threads",
    metavar="N",
    type=click.IntRange(1, settings.MAX_THREADS),
    help="Threads that search.  [default: as many as the machine grants]",
)
@click.option("--json", "as_json", is_flag=True, help="An object for each matching line, then a summary.")
@click.option("-q", "--quiet", count=True, help="Print lines only; twice: not even these.")
@color_option
def search(**given: Any) -> int:
    """Run the command and return its exit code."""
    # Loaded here: the other commands do without.
    from rev_accel.text_search import SearchLimits
    from rev_accel.text_search import search as search_files

    options = Options(**given)
    before = options.before_context if options.context is None else options.context
    after = options.after_context if options.context is None else options.context
    result = search_files(
        options.pattern,
        *options.paths,
        literal=options.fixed_strings,
        case=_case(options),
        words=options.word_regexp,
        before=before,
        after=after,
        selection="all" if options.all_files else "ignore",
        include=options.glob,
        exclude=options.exclude,
        limits=SearchLimits(
            matches=options.max_matches,
            file_matches=options.max_count or options.max_matches,
            characters=options.max_columns,
        ),
        threads=options.threads,
    )
    if options.quiet < 2:
        if options.as_json:
            _write(_json(result))
        else:
            _write(_text(result, color=streams.wants_color(options.color), may_have_context=before + after > 0))
    for error in result.errors:
        streams.complain(f"{error.path}: {error.message}")
    if not options.quiet and not options.as_json:
        streams.write_error(_summary(result))
    if result.errors:
        return EXIT_USAGE
    return 0 if result.total else EXIT_NONE


def _case(options: Options) -> Literal["sensitive", "insensitive", "smart"]:
    if options.ignore_case and options.smart_case:
        raise InputError("`--ignore-case` and `--smart-case` cannot be combined")
    if options.smart_case:
        return "smart"
    return "insensitive" if options.ignore_case else "sensitive"


def _write(lines: Iterator[str]) -> None:
    while piece := "".join(f"{line}\n" for line in islice(lines, LINES_AT_ONCE)):
        streams.write_output(piece.encode(errors="surrogateescape"))
    streams.flush_output()


def _json(result: SearchResult) -> Iterator[str]:
    import json
    from dataclasses import asdict

    for match in result:
        yield json.dumps({"type": "match", **asdict(match)})
    summary = {
        "type": "summary",
        "schema_version": 1,
        "total": result.total,
        "counts": dict(result.counts),
        "binary": result.binary,
        "errors": [asdict(error) for error in result.errors],
        "files": result.files,
        "bytes": result.bytes,
    }
    yield json.dumps(summary)


def _text(result: SearchResult, *, color: bool, may_have_context: bool) -> Iterator[str]:
    last: tuple[str, int] | None = None
    has_context = may_have_context and any(match.before or match.after for match in result)
    for match in result:
        path = streams.one_line(match.path)
        first = match.line - len(match.before)
        if has_context and last is not None and last != (match.path, first - 1):
            yield "--"
        for index, text in enumerate(match.before):
            yield f"{path}-{first + index}-{_line(text)}"
        yield f"{path}:{match.line}:{match.column}:{_matching(match, color=color)}"
        for index, text in enumerate(match.after):
            yield f"{path}-{match.line + 1 + index}-{_line(text)}"
        last = (match.path, match.line + len(match.after))


def _matching(match: Match, *, color: bool) -> str:
    before, behind = "…" if match.offset else "", "…" if match.offset + len(match.text) < match.length else ""
    if not color:
        return before + _line(match.text) + behind
    pieces, end = [], 0
    for start, stop in match.spans:
        pieces += [_line(match.text[end:start]), f"\x1b[1;31m{_line(match.text[start:stop])}\x1b[0m"]
        end = stop
    return "".join([before, *pieces, _line(match.text[end:]), behind])


def _line(text: str) -> str:
    """A line that cannot steer a terminal; tabs stay."""
    return "\t".join(streams.one_line(piece) for piece in text.split("\t"))


def _summary(result: SearchResult) -> str:
    if not result.total:
        return f"No match in {counted(result.files, 'file')}\n"
    shown = f", {len(result):,} printed" if len(result) < result.total else ""
    text = (
        f"{counted(result.total, 'matching line')}{shown} in {len(result.counts):,} of {counted(result.files, 'file')}"
    )
    binary = "".join(f"{streams.one_line(path)}: a binary file matches\n" for path in result.binary)
    return f"{binary}{text}\n"
