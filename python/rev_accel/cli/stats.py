"""`rev-accel stats`: the figures of a run."""

from __future__ import annotations

import os

import click

from rev_accel.errors import InputError
from rev_accel.metrics.figures import table

from . import streams

# More is no account of a run.
MOST_BYTES = 64 << 20


@click.command(
    short_help="The figures of a run, and what it measured.",
    epilog="Exit codes: 0; 2 for a file that cannot be read or is something else.",
)
@click.argument("file", metavar="RUN|FILE", default="last")
def stats(file: str) -> int:
    """Print what a run of the agent measured, by default the last one; or what `rev_accel.metrics.save(FILE)` wrote.

    The figures, as far as the run fed them: what a registry adds to a tool (the histogram TOOL_OVERHEAD), analysis cold
    and warm (METRICS.scanned(report.stats)), how replies were answered (METRICS.watch(cache)), time for planning
    (timed(AGENT_PHASE, phase="planning")), memory, and how much of what was sent to models stood at the beginning of
    the request before (History(..., metrics=METRICS)). Then everything that was counted and measured.
    """
    if not os.path.exists(file):
        file = _of_run(file)
    with open(file, "rb") as opened:
        data = opened.read(MOST_BYTES + 1)
    try:
        if len(data) > MOST_BYTES:
            raise ValueError("it is too large")
        shown = table(data.decode("utf-8"))
    except ValueError as error:
        raise InputError(f"`{file}` does not hold the metrics of a run: {error}") from None
    streams.write_output("".join(f"{streams.one_line(line)}\n" for line in shown.splitlines()).encode())
    return 0


def _of_run(name: str) -> str:
    """The file of a run."""
    from rev_accel.agent.journal import LAST, runs, state_folder

    known = runs()
    found = known[-1] if name == LAST and known else name
    path = state_folder() / found / "metrics.json"
    if found not in known or not path.is_file():
        what = f"no file `{name}`, and no run of that name that has ended"
        raise InputError(f"there is {what}: `rev-accel replay` lists the runs")
    return str(path)
