"""The options of `rev-accel exec`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .execute import prepare

if TYPE_CHECKING:
    from collections.abc import Callable

HELP = """Start a Python program, as rev, with the drop-in for rev in it.

COMMAND is a console script of this environment, a Python file, or `python -m MODULE`. It runs in this process, so it
must belong to the interpreter that rev-accel is installed for; that is always meant by `python`. rev's parts are
replaced when the program imports them; a program that never does is left as it is. Arguments, streams, signals and the
exit code are the program's own. Processes that it starts are not changed.
"""

EPILOG = """\b
Examples:
  rev-accel exec -- rev "make the tests pass"
  rev-accel exec -- python -m rev --repl
  rev-accel exec --only disk_caches --only analysis -- rev --repl
  rev-accel exec --report -- rev --version

\b
Groups: analysis, llm_key, repo_context, descriptions, paths, history, disk_caches
Without disk_caches rev unpickles what lies in .rev_cache, which may run anything.

\b
Exit codes:
  2      wrong usage, or no such program: nothing was started
  other  the program's own, as also its death by a signal
"""


@click.command(
    "exec",
    help=HELP,
    short_help="Start rev, or what uses it, with its parts replaced.",
    epilog=EPILOG,
    context_settings={"allow_interspersed_args": False},
    no_args_is_help=True,
)
@click.argument("command", metavar="COMMAND [ARG]...", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option("--only", metavar="GROUP", multiple=True, help="Replace this group of functions alone; may be repeated.")
@click.option("--report", is_flag=True, help="At the end say on standard error what was replaced and what was not.")
def exec_command(command: tuple[str, ...], only: tuple[str, ...], report: bool) -> Callable[[], None]:
    return prepare(command, only=only, report=report)
