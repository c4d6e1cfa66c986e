"""`rev-accel scan`: findings as text for people, as JSON and SARIF for programs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from rev_accel import _core, cache, settings
from rev_accel.errors import InputError
from rev_accel.report import rules_checked
from rev_accel.workspace.root import root_text_of

from . import config, source, streams, summary
from .options import color_option
from .progress import Progress, clearing, is_wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rev_accel._core import Stats

STANDARD_INPUT = "-"
FINDING, ERROR = "finding", "error"
CONDITIONS = (FINDING, ERROR, *settings.RULES)

HELP = f"""Find to-dos, prints, dangerous calls, missing return types, functions with many parameters and
global statements in Python files.

PATH is a file or a folder, by default the working directory; `-` is standard input. Folders are searched
for *.py, leaving out what .gitignore and .ignore files name, .git folders and virtual environments. A
file given by name is always analysed.

Rules: {", ".join(settings.RULES)}.
"""

EPILOG = f"""\b
Examples:
  rev-accel scan                                    everything below the working directory
  rev-accel scan src tests --patterns todos,prints  some paths, some rules
  rev-accel scan --fail-on dangerous,error -q       for a pipeline
  rev-accel scan --format jsonl | jq .path          one object for each file, in order
  rev-accel scan --format sarif > scan.sarif        for a code host
  git show HEAD:app.py | rev-accel scan - --stdin-filename app.py

\b
Exit codes:
  0    done, whatever was found
  1    done, and something was found that --fail-on names
  2    wrong usage, a path that cannot be read, or output that cannot be written
  130  interrupted
  141  nobody reads the output any more

\b
pyproject.toml in the working directory:
  [tool.rev-accel]
  patterns = ["dangerous", "prints"]  # unless --patterns is given
  exclude = ["/vendor/"]              # besides --exclude, but not with --all-files

Environment: {settings.THREADS_VARIABLE} is the default of --threads, {cache.VERIFY_VARIABLE} that of --verify;
{cache.OFF_VARIABLE}=1 is --no-cache; {cache.FOLDER_VARIABLE} and {cache.SIZE_VARIABLE} say where the cache is and how
much it may take. A non-empty NO_COLOR or FORCE_COLOR decides for `--color auto`.
"""


class Options(NamedTuple):
    """What was given on the command line."""

    paths: tuple[str, ...]
    format: Literal["text", "json", "jsonl", "sarif"]
    patterns: tuple[str, ...]
    all_files: bool
    exclude: tuple[str, ...]
    isolated: bool
    stdin_filename: str | None
    max_bytes: int
    threads: int | None
    fail_on: tuple[str, ...]
    no_cache: bool
    verify: str | None
    explain_cache: str | None
    stats: bool
    quiet: int
    color: Literal["auto", "always", "never"]


def _rules(_context: click.Context, _parameter: click.Parameter, values: Iterable[str]) -> tuple[str, ...]:
    return _names("rule", settings.RULES, values)


def _conditions(_context: click.Context, _parameter: click.Parameter, values: Iterable[str]) -> tuple[str, ...]:
    return _names("condition", CONDITIONS, values)


def _names(kind: str, known: tuple[str, ...], values: Iterable[str]) -> tuple[str, ...]:
    names = [name.strip() for value in values for name in value.split(",")]
    for name in names:
        if name not in known:
            raise click.BadParameter(settings.unknown_name(kind, name, known))
    return tuple(dict.fromkeys(names))


def _size(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    size = settings.size(value)
    if size is None:
        raise click.BadParameter(f"`{value}` is not a size like 500000, 512K or 16M")
    try:
        return settings.max_bytes(size)
    except InputError:
        raise click.BadParameter(f"`{value}` is not between 1 and {settings.LARGEST_MAX_BYTES} bytes") from None


@click.command(help=HELP, short_help="Find what a reviewer asks about in Python files.", epilog=EPILOG)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "-f",
    "--format",
    type=click.Choice(["text", "json", "jsonl", "sarif"]),
    default="text",
    show_default=True,
    help="text: a line for each finding; json: one object; jsonl: an object for each file, then a summary; "
    "sarif: a SARIF 2.1.0 log, for code hosts and editors.",
)
@click.option(
    "-p",
    "--patterns",
    metavar="RULE,...",
    multiple=True,
    callback=_rules,
    help="Rules to check; may be repeated.  [default: all]",
)
@click.option("--all-files", is_flag=True, help="Search folders for every *.py, also ignored ones.")
@click.option("--exclude", metavar="GLOB", multiple=True, help="Leave out, as .gitignore would; may be repeated.")
@click.option("--isolated", is_flag=True, help="Do not read pyproject.toml.")
@click.option("--stdin-filename", metavar="PATH", help="Name under which standard input is reported.")
@click.option(
    "--max-bytes",
    metavar="SIZE",
    default="16M",
    show_default=True,
    callback=_size,
    help="Report larger files as failed; units K, M, G.",
)
@click.option(
    "-j",
    "--threads",
    metavar="N",
    type=click.IntRange(1, settings.MAX_THREADS),
    help="Threads that analyse.  [default: as many as the machine grants]",
)
@click.option(
    "--fail-on",
    metavar="WHAT,...",
    multiple=True,
    callback=_conditions,
    help="Exit with 1 if there is any: finding, error (a file that failed), or a rule; may be repeated.",
)
@click.option("--no-cache", is_flag=True, help="Neither use nor keep results of earlier scans.")
@click.option(
    "--verify",
    type=click.Choice(cache.VERIFY),
    help="When a file is unchanged: as the file system says (stamp, the default), or when its bytes are the same.",
)
@click.option("--explain-cache", metavar="PATH", help="Tell how the answer for this file came about.")
@click.option("--stats", is_flag=True, help="Print counts and times to standard error.")
@click.option("-q", "--quiet", count=True, help="Print findings only; twice: not even these.")
@color_option
def scan(**given: Any) -> int:
    """Run the command and return its exit code."""
    options = Options(**given)
    if STANDARD_INPUT in options.paths and len(options.paths) > 1:
        raise click.UsageError("`-` (standard input) cannot be combined with other paths")
    if options.stdin_filename is not None and options.paths != (STANDARD_INPUT,):
        raise click.UsageError("`--stdin-filename` needs the path `-`")
    root = root_text_of(None)
    project = config.Config() if options.isolated else config.read(root)
    rules = options.patterns or settings.RULES
    if not options.patterns and project.patterns is not None:
        rules = project.patterns
    for condition in options.fail_on:
        if condition in settings.RULES and condition not in rules:
            raise click.UsageError(f"`--fail-on {condition}` needs the rule `{condition}` in `--patterns`")
    if options.paths == (STANDARD_INPUT,):
        stats = _scan_input(options, rules)
    else:
        stats = _scan_paths(options, rules, root, () if options.all_files else project.exclude)
    streams.flush_output()
    if stats["cache_problem"] and not options.quiet:
        streams.warn(f"done without the cache: {stats['cache_problem']}")
    if options.explain_cache is not None:
        path = _in_root(root, options.explain_cache)
        explanation = stats["explanation"] or f"{path}: the cache is not used: {_why_not(options)}"
        streams.write_error(f"{streams.one_line(explanation)}\n")
    if options.stats:
        streams.write_error(summary.table(stats))
    elif options.format == "text" and not options.quiet:
        streams.write_error(summary.line(stats))
    return int(any(_count(condition, stats) for condition in options.fail_on))


def _in_root(root: str, path: str) -> str:
    return os.path.normpath(os.path.join(root, path))


def _why_not(options: Options) -> str:
    if options.paths == (STANDARD_INPUT,):
        return "what comes from standard input is in no file"
    if options.no_cache:
        return "`--no-cache`"
    if settings.producer() == "auto":
        return f"`{cache.OFF_VARIABLE}=1`"
    return f"`{settings.AUDIT_VARIABLE}=1` or `{settings.RECOGNISER_VARIABLE}=0` has every file analysed"


def _scan_paths(options: Options, rules: tuple[str, ...], root: str, exclude: tuple[str, ...]) -> Stats:
    progress = Progress() if is_wanted() and not options.quiet else None
    paths = settings.path_texts(options.paths) or ["."]
    bits = settings.rule_bits(rules)
    excluded = settings.glob_texts([*exclude, *options.exclude])
    threads = settings.thread_count(options.threads)
    producer = settings.producer()
    explain = None if options.explain_cache is None else _in_root(root, options.explain_cache)
    cached = cache.arguments(cache=not options.no_cache, verify=options.verify, explain=explain)
    write = clearing(progress, _writer(options))
    try:
        if options.format != "json":
            return _core.stream(
                root,
                paths,
                rules=bits,
                all_files=options.all_files,
                exclude=excluded,
                max_bytes=options.max_bytes,
                threads=threads,
                format=options.format,
                color=streams.wants_color(options.color),
                write=write,
                progress=progress,
                producer=producer,
                cache=cached,
            )
        result = _core.scan(
            root,
            paths,
            rules=bits,
            all_files=options.all_files,
            exclude=excluded,
            max_bytes=options.max_bytes,
            threads=threads,
            progress=progress,
            producer=producer,
            cache=cached,
        )
    finally:
        if progress is not None:
            progress.clear()
    write(_object(result, rules))
    return result.stats


def _scan_input(options: Options, rules: tuple[str, ...]) -> Stats:
    result = source.scan_input(
        options.stdin_filename or "<stdin>", rules=settings.rule_bits(rules), max_bytes=options.max_bytes
    )
    if options.format == "json":
        data = _object(result, rules)
    else:
        data = result.lines(format=options.format, color=streams.wants_color(options.color))
    _writer(options)(data)
    return result.stats


def _object(result: _core.ScanResult, rules: tuple[str, ...]) -> bytes:
    return (result.json() + rules_checked(rules) + "\n").encode()


def _writer(options: Options) -> Callable[[bytes], None]:
    return _discard if options.quiet > 1 else streams.write_output


def _discard(_data: bytes) -> None:
    pass


def _count(condition: str, stats: Stats) -> int:
    if condition == FINDING:
        return stats["findings"]
    if condition == ERROR:
        return stats["errors"]
    return stats["by_rule"][condition]
