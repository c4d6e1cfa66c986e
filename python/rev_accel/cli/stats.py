"""`rev-accel stats`: the figures of a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from rev_accel.errors import InputError
from rev_accel.metrics.figures import seconds, table

from . import streams

if TYPE_CHECKING:
    from rev_accel.agent import Journal

# More is no account of a run.
MOST_BYTES = 64 << 20


@click.command(
    short_help="The figures of a run, and what it measured.",
    epilog="Exit codes: 0; 2 for a file that cannot be read or is something else.",
)
@click.argument("file", metavar="[RUN|FILE]", default="last")
def stats(file: str) -> int:
    """Print what a run of the agent measured, by default the last one; or what `rev_accel.metrics.save(FILE)` wrote.

    Of a run, first what it took in all, with every process that went on with it; then what its last process measured.

    The figures, as far as the run fed them: what a registry adds to a tool (the histogram TOOL_OVERHEAD), analysis cold
    and warm (METRICS.scanned(report.stats)), how replies were answered (METRICS.watch(cache)), time for planning
    (timed(AGENT_PHASE, phase="planning")), memory, and how much of what was sent to models stood at the beginning of
    the request before (History(..., metrics=METRICS)). Then everything that was counted and measured.
    """
    if not os.path.exists(file):
        if os.path.basename(file) != file or os.path.splitext(file)[1]:
            raise InputError(f"there is no file `{file}`")
        from rev_accel.agent import Journal

        journal = Journal.open(file, read_only=True)
        _print(_account(journal))
        file = str(journal.folder / "metrics.json")
        if not os.path.exists(file):
            _print("its last process has not ended, or was killed: there is nothing that it measured")
            return 0
    with open(file, "rb") as opened:
        data = opened.read(MOST_BYTES + 1)
    try:
        if len(data) > MOST_BYTES:
            raise ValueError("it is too large")
        shown = table(data.decode("utf-8"))
    except ValueError as error:
        raise InputError(f"`{file}` does not hold the metrics of a run: {error}") from None
    _print(shown)
    return 0


def _print(text: str) -> None:
    streams.write_output("".join(f"{streams.one_line(line)}\n" for line in text.splitlines()).encode())


def _account(journal: Journal) -> str:
    """What a run took in all, as its account tells it."""
    from rev_accel.agent.model import phases, spent_before

    spent, ended = spent_before(journal), journal.last("end") or {}
    processes = sum(1 for _ in journal.events("process"))
    cost = f", cost {spent.cost:.4g}" if spent.cost else ""
    calls = f"{spent.calls:,} calls, {spent.kept:,} replies kept from earlier"
    sent = f"{spent.prompt:,} sent, {spent.cached:,} of them known to the server"
    lines = (
        f"run {journal.name}: {ended.get('state', 'not ended')}; processes: {processes}; {seconds(spent.seconds)}",
        f"{calls}; tokens: {sent}, {spent.completion:,} received{cost}",
        ", ".join(f"{name} {seconds(took)}" for name, took in phases(journal).items()),
    )
    return "\n".join(lines)
