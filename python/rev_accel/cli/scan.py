"""`rev-accel scan`: findings as text for people, as JSON for programs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from rev_accel import _core, settings
from rev_accel.errors import InputError
from rev_accel.report import patterns_checked

from . import config, progress, source, streams, summary

if TYPE_CHECKING:
    from rev_accel._core import Stats

STANDARD_INPUT = "-"
UNITS = {"": 0, "K": 10, "M": 20, "G": 30}

HELP = f"""Report to-dos, debug output, dangerous calls, missing type hints, long parameter lists and
global statements in Python files.

PATH is a file or a folder, by default the working directory; `-` is standard input. Folders are searched
for *.py, without what .gitignore and .ignore files name, .git folders and virtual environments. A file
given by name is always analysed.

\b
Rules: {", ".join(settings.RULES[:4])},
       {", ".join(settings.RULES[4:])}
"""

EPILOG = """\b
Examples:
  rev-accel scan                                  everything below the working directory
  rev-accel scan src tests --patterns todos,prints
  rev-accel scan --fail-on dangerous --fail-on error --quiet
  rev-accel scan --format jsonl | jq .path
  git show HEAD:app.py | rev-accel scan - --stdin-filename app.py

\b
Exit codes:
  0    done, whatever was found
  1    done, and something that --fail-on names was found
  2    wrong usage, or a path that cannot be read
  130  interrupted
  141  the reader of the output has gone

\b
Settings of a project, in the pyproject.toml of the working directory:
  [tool.rev-accel]
  patterns = ["dangerous", "prints"]    unless --patterns is given
  exclude = ["/vendor/"]                besides --exclude, unless --all-files is given

\b
Environment: REV_ACCEL_THREADS (default of --threads), NO_COLOR, FORCE_COLOR
"""


class Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them."""

    name = "names"

    def __init__(self, kind: str, known: tuple[str, ...]) -> None:
        self.kind = kind
        self.known = known

    def convert(
        self, value: Any, param: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, ...]:
        """Split and check."""
        names = tuple(name.strip() for name in value.split(","))
        for name in names:
            if name not in self.known:
                self.fail(settings.unknown_name(self.kind, name, self.known), param, context)
        return names


class Size(click.ParamType[int]):
    """A number of bytes, perhaps with a unit."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> int:
        """Read the number and its unit."""
        if isinstance(value, int):
            return value
        digits = value.rstrip("KMGkmg")
        shift = UNITS.get(value[len(digits) :].upper())
        if shift is None or not (digits.isascii() and digits.isdecimal() and len(digits) <= 12):
            self.fail(f"{value!r} is not a size like 500000, 512K or 16M", param, context)
        try:
            return settings.max_bytes(int(digits) << shift)
        except InputError:
            self.fail(f"{value!r} is not from 1 byte to just under 4G", param, context)


class Options(NamedTuple):
    """The options as given."""

    format: Literal["text", "json", "jsonl"]
    patterns: tuple[tuple[str, ...], ...]
    all_files: bool
    exclude: tuple[str, ...]
    isolated: bool
    stdin_filename: str | None
    max_bytes: int
    threads: int | None
    fail_on: tuple[tuple[str, ...], ...]
    stats: bool
    quiet: bool
    color: Literal["auto", "always", "never"]
