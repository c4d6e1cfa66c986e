"""`rev-accel doctor`: whether the drop-in fits the rev that is installed, and what it brings on a tree."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

from . import streams
from .progress import CLEAR, is_wanted

if TYPE_CHECKING:
    from pathlib import Path

    from rev_accel.doctor.findings import Check, Examined

HELP = """Look whether the drop-in for rev fits the rev that is installed.

rev is looked for in this environment, by `rev` on the search path, and among the tools of pipx and uv. For each, in
a process of its own and in the folder PATH (by default the working directory), rev's functions and those of the
drop-in are asked the same about your files, and both are timed. Nothing is written there, rev itself is not started,
and no network is used. In a tree that rev needs too long for, files are chosen at random; the check says how many.
"""

EPILOG = """\b
Examples:
  rev-accel doctor                       the tree that you are in
  rev-accel doctor --seconds 300 ~/src   more time, so that more is compared
  rev-accel doctor --json | jq .exit_code

\b
Exit codes:
  0  all parts fit, and the answers are the same but for what is fixed; docs/rev.md explains each fix by its name
  1  a part does not fit, or an answer differs
  2  wrong usage, or there is no rev that could be checked
"""


@click.command(help=HELP, short_help="Check the drop-in against your rev, on your files.", epilog=EPILOG)
@click.argument("path", type=click.Path(exists=True, file_okay=False), default=".")
@click.option("--json", "as_json", is_flag=True, help="One object, with all that was found.")
@click.option(
    "--seconds",
    type=click.FloatRange(1, 86_400),
    default=30,
    show_default=True,
    help="About how long to compare, for each rev.",
)
def doctor(path: str, as_json: bool, seconds: float) -> int:
    """Run the command and return its exit code."""
    from pathlib import Path

    from rev_accel.doctor.examination import examine
    from rev_accel.doctor.installations import PLACES, find
    from rev_accel.workspace.root import root_text_of

    tree = Path(root_text_of(path))
    wanted = is_wanted()

    def progress(text: str) -> None:
        if wanted:
            streams.write_error(f"{CLEAR}{streams.one_line(text)}")

    examined = []
    try:
        for interpreter, how in find():
            one = examine(interpreter, how, tree, seconds, progress)
            if one.rev is not None or how == "this environment":  # else a program that is merely called so
                examined.append(one)
    finally:
        progress("")
    codes = [one.exit_code for one in examined]
    code = 2 if not codes else 1 if 1 in codes else min(codes)
    if as_json:
        found = {
            "schema_version": 1,
            "tree": os.fspath(tree),
            "exit_code": code,
            "found": [o.as_json() for o in examined],
        }
        streams.write_output(f"{json.dumps(found)}\n".encode())
        return code
    if not examined:
        streams.complain(
            f"there is no rev to check: looked for in {PLACES}; `pip install rev-agentic` beside rev-accel"
        )
        return code
    lines = [line for one in examined for line in described(one, tree)]
    streams.write_output("".join(f"{streams.one_line(line)}\n" for line in lines).encode(errors="backslashreplace"))
    return code


def described(one: Examined, tree: Path) -> list[str]:
    lines = [f"rev {one.rev or '(unknown)'}, Python {one.python}: {one.interpreter} ({one.how})"]
    if one.points:
        lines.append(f"  {one.fits} of {len(one.points)} parts are replaced")
        lines += [f"    {p['name']}: {p['state']}, {p['reason']}" for p in one.points if p["state"] != "replaced"]
    if one.checks:
        lines += [f"  compared on {tree}:", *(line for check in one.checks for line in rows(check))]
    if one.problem is not None:
        lines.append(f"  not checked to the end: {one.problem}")
    if one.rev_accel is None and one.interpreter != sys.executable:
        lines.append("  rev-accel is not installed there")
    return lines


def rows(check: Check) -> list[str]:
    times = [f"{what}: {duration(rev)} → {duration(ours)}, {ratio(rev / ours)}" for what, rev, ours in check.times]
    lines = [f"    {check.name:<19} {check.outcome:<10} {check.compared}"]
    lines += [f"{'':<36}{text}" for text in times]
    lines += [f"{'':<36}fixed: {what} ({count:,} times)" for what, count in check.fixed.items()]
    lines += [f"{'':<36}{text}" for text in check.differences]
    return lines


def ratio(times: float) -> str:
    return (
        f"{times:,.0f} × faster"
        if times >= 10
        else f"{times:.1f} × faster"
        if times >= 1
        else f"{1 / times:.1f} × slower"
    )


def duration(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:,.3g} {unit}"
    return f"{seconds / 1e-6:,.3g} µs"
