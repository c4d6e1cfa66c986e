"""The command's table of contents, and what becomes of an error."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING

import click

from rev_accel.errors import InternalError, RevAccelError

from . import EXIT_USAGE, streams
from .agent import agent
from .cache import cache
from .context import context
from .doctor import doctor
from .exec_command import exec_command
from .replay import replay
from .scan import scan
from .search import search
from .stats import stats

if TYPE_CHECKING:
    from collections.abc import Callable

COMPLETION_VARIABLE = "_REV_ACCEL_COMPLETE"


def run(arguments: list[str]) -> int | Callable[[], None]:
    """Run the command and return its exit code, or the program that it is to start.

    In place of click's own `main`, which prints errors on several lines and has exit codes of its own
    for Ctrl-C and a closed pipe.
    """
    if COMPLETION_VARIABLE in os.environ:
        group.main(arguments, prog_name=streams.PROGRAM, complete_var=COMPLETION_VARIABLE)
    try:
        with group.make_context(streams.PROGRAM, list(arguments)) as context:
            result: int | Callable[[], None] = group.invoke(context)
            return result
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        streams.write_error(f"{error.format_message()}\n")
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else streams.PROGRAM
        streams.complain(f"{error.format_message().rstrip('.')} (see `{command} --help`)")
    except click.ClickException as error:
        streams.complain(error.format_message())
    except InternalError as error:
        _complain_of_defect(error)
    except RevAccelError as error:
        streams.complain(str(error))
    except ImportError as error:
        if (error.name or __package__).startswith("rev_accel"):
            _complain_of_defect(error)
        else:
            streams.complain(f"this needs `{error.name}`: install the extra, `pip install 'rev-accel[agent]'`")
    except BrokenPipeError as error:
        raise streams.OutputError(str(error), closed_by_reader=True) from error
    except OSError as error:
        streams.discard_output()
        streams.complain(str(error))
    return EXIT_USAGE


def _complain_of_defect(error: Exception) -> None:
    streams.complain(f"a defect of rev-accel, please report it: {error}")


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from rev_accel._core import __version__

        click.echo(f"rev-accel {__version__}")
        context.exit()


SECTIONS = {
    "Code": (scan, search),
    "Repository": (context,),
    "Agent": (agent, replay),
    "rev": (doctor, exec_command),
    "Upkeep": (cache, stats),
}


class Group(click.Group):
    """Lists its commands by what they are about."""

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self.commands))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{one.name:<{width}}", one.get_short_help_str(100)) for one in commands])


@click.group(
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Run `rev-accel COMMAND --help` for a command's options, examples and exit codes.",
)
@click.option(
    "-V",
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def group() -> None:
    """Static analysis of whole trees of Python files, in native code, an agent, and a drop-in for rev."""


for command in chain.from_iterable(SECTIONS.values()):
    group.add_command(command)
