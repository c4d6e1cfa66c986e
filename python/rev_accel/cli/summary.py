"""What standard error says at the end: one line, or a few with `--stats`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rev_accel._core import Stats


def line(stats: Stats) -> str:
    """What was found, in one line."""
    if not stats["files"] and not stats["errors"]:
        return "No Python files found\n"
    found = counted(stats["findings"], "finding") if stats["findings"] else "No findings"
    return f"{found} in {counted(stats['files'], 'file')}{_failed(stats)}\n"


def table(stats: Stats) -> str:
    """What was done, and how long it took."""
    by_rule = ", ".join(f"{rule} {count:,}" for rule, count in stats["by_rule"].items() if count)
    select, analyse, keep = (stats[name] / 1e9 for name in ("select_ns", "analyse_ns", "keep_ns"))
    megabytes = stats["bytes"] / 1e6
    speed = f", {megabytes / analyse:,.0f} MB/s" if analyse and megabytes >= 1 and stats["parsed"] else ""
    rows = {
        "files": f"{stats['files']:,} ({megabytes:,.1f} MB){_failed(stats)}",
        "parsed": f"{stats['parsed']:,}, of which {stats['asked']:,} put to Python's own parser"
        + (f"; {stats['unparsed']:,} could not be" if stats["unparsed"] else ""),
        "known": f"{stats['manifest']:,} unchanged, {stats['recent']:,} read again, {stats['store']:,} seen before",
        "findings": f"{stats['findings']:,}" + (f" ({by_rule})" if by_rule else ""),
        "threads": f"{stats['threads']:,}",
        "time": f"{select + analyse + keep:.3f} s"
        f" ({select:.3f} finding files, {analyse:.3f} reading and analysing{speed}, {keep:.3f} keeping)",
    }
    return "".join(f"{name:<9} {text}\n" for name, text in rows.items())


def _failed(stats: Stats) -> str:
    return f", {stats['errors']:,} failed" if stats["errors"] else ""


def counted(number: int, what: str) -> str:
    """A number and what it counts."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
