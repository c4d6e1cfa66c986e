"""Draws what `figures.py` measured: four pictures, each for light and dark pages, wide and narrow."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import scale
from svg import DARK, LIGHT, Canvas, width_of

Figures = dict[str, Any]
WIDE, NARROW = 760, 380
"""Pixels: a README on a screen, and on a phone."""
SPACE = "\N{NO-BREAK SPACE}"
LOG_SCALE = "Logarithmic scale: each line is ten times the one before."


def draw_all(figures: Figures) -> dict[str, str]:
    """The text of each picture, by the name of its file."""
    pictures: dict[str, Callable[[Figures, Canvas], None]] = {
        "speed": draw_speed,
        "scale": draw_scale,
        "memory": draw_memory,
        "events": draw_events,
    }
    drawn = {}
    for name, draw in pictures.items():
        for theme in (LIGHT, DARK):
            for suffix, width in (("", WIDE), ("-narrow", NARROW)):
                canvas = Canvas(width=width, theme=theme, title="")
                draw(figures, canvas)
                canvas.gap(10)
                canvas.paragraph(provenance(figures), size=11, color=theme.muted)
                drawn[f"{name}{suffix}-{theme.name}.svg"] = canvas.render()
    return drawn


def provenance(figures: Figures) -> str:
    """Where, when and with what it was measured."""
    machine, versions = figures["machine"], figures["versions"]
    day = date.fromisoformat(figures["date"])
    peers = [versions[name].replace("==", " ") for name in ("ruff", "rev")]
    names = [f"rev-accel {versions['rev-accel']}", f"CPython {versions['python']}", *peers]
    where = f"{machine['cores']} cores of {machine['processor']}, {machine['system']}; {day.day} {day:%B %Y}"
    quick = "A trial run, not to be quoted. " if figures["quick"] else ""
    threads = f"rev-accel, ruff and floors on {figures['threads']} threads"
    return f"{quick}{where}; {', '.join(names)}; {threads}. Medians; rounds: {rounds(figures)}."


def rounds(figures: Figures) -> str:
    """How many: fewer of rev's second answer, which takes as long as its first, and of ruff's memory by size."""
    again = len(figures["speed"]["in_process"]["rev_repeat"])
    memory = min(len(one["peak_mib"]["ruff"]) for one in figures["scale"])
    return f"{fewest(figures)} or more, but {again} of rev in the same process and {memory} of ruff's memory by size"


def fewest(figures: Figures) -> int:
    """Rounds of all else that is drawn."""
    speed = figures["speed"]
    rounds: list[int] = [one["rounds"] for one in [*speed["cold"].values(), *speed["warm"].values()]]
    rounds += [one["rounds"] for one in figures["scale"]]
    return min(*rounds, *(len(one["ms"]) for one in figures["events"]))


# Speed


def draw_speed(figures: Figures, canvas: Canvas) -> None:
    speed, theme = figures["speed"], canvas.theme
    cold, warm, inside = speed["cold"], speed["warm"], speed["in_process"]
    bare = speed["bare_python"]["median_ms"]

    def median(name: str) -> float:
        values: list[float] = inside[name]
        return statistics.median(values)

    noise = " What takes less than its floor does so by the noise of the machine."
    head(
        canvas,
        "Time to analyse a tree",
        f"{tree_name(figures)}. Whole processes, of which the start of Python takes {milliseconds(bare)}, "
        f"unless said otherwise. {LOG_SCALE}{noise if median('repeat') < median('stat') else ''}",
    )
    groups = [
        (
            "Without a cache",
            [
                Bar("rev", cold["rev"]["median_ms"], theme.grey),
                Bar("ruff check", cold["ruff"]["median_ms"], theme.grey),
                Bar("rev-accel, in rev's place", cold["drop_in"]["median_ms"], theme.blue),
                Bar("rev-accel scan()", cold["scan"]["median_ms"], theme.blue),
                Bar("floor: list, read all files", median("read"), theme.grid),
            ],
        ),
        (
            "Asked again, nothing changed",
            [
                Bar("rev, same process", median("rev_repeat"), theme.grey),
                Bar("ruff check, its cache warm", warm["ruff"]["median_ms"], theme.grey),
                Bar("rev-accel, in rev's place", warm["drop_in"]["median_ms"], theme.blue),
                Bar("rev-accel scan()", warm["scan"]["median_ms"], theme.blue),
                Bar("rev-accel scan(), same process", median("repeat"), theme.blue),
                Bar("floor: stat of all files", median("stat"), theme.grid),
            ],
        ),
    ]
    draw_bars(canvas, groups, milliseconds, Decades.of([bar.value for _, bars in groups for bar in bars]))


def speed_table(figures: Figures) -> str:
    """Some of it in Markdown, as the README has it."""
    cold = figures["speed"]["cold"]
    names = {
        "scan": "rev-accel `scan()`",
        "drop_in": "rev-accel `analyze_ast_patterns`",
        "ruff": "`ruff check`",
        "rev": "rev `analyze_ast_patterns`",
    }
    lines = ["| | time | faster than ruff | faster than rev | peak memory |", "|---|---:|---:|---:|---:|"]
    for key, name in names.items():
        one = cold[key]
        ruff, rev = (cold[peer]["median_ms"] / one["median_ms"] for peer in ("ruff", "rev"))
        faster = (f"{ruff:.1f} ×" if ruff > 1 else "", f"{rev:.0f} ×" if rev > 1 else "")
        cells = (name, f"{one['median_ms']:,.0f} ms", *faster, f"{one['peak_mib']:.0f} MiB")
        lines.append(f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in cells)}|")
    return "".join(f"{line}\n" for line in lines)


# Scale


def scale_table(figures: Figures) -> str:
    """Its medians in Markdown, each with how many times its floors it takes, as the page on figures has it."""
    columns = {"cold": ["read_floor"], "first": ["walk_floor"], "repeat": ["walk_floor", "stat_floor"]}
    heads = [
        "files",
        "without a cache",
        "÷ list, read",
        "first call",
        "÷ list, `stat`",
        "repeat",
        "÷ list, `stat`",
        "÷ `stat`",
    ]
    lines = [f"| {' | '.join(heads)} |", f"|{'---:|' * len(heads)}"]
    for one in figures["scale"]:
        ms = {key: statistics.median(values) for key, values in one["ms"].items()}
        cells = [f"{one['files']:,}"]
        for key, floors in columns.items():
            cells += [milliseconds(ms[key]).replace(SPACE, " "), *(f"{ms[key] / ms[floor]:.2f}" for floor in floors)]
        lines.append(f"| {' | '.join(cells)} |")
    return "".join(f"{line}\n" for line in lines)


def draw_scale(figures: Figures, canvas: Canvas) -> None:
    sizes, theme = figures["scale"], canvas.theme
    mean = sum(one["bytes"] for one in sizes) / sum(one["files"] for one in sizes)
    head(
        canvas,
        "Time by number of files",
        f"Copies of modules of the standard library, {mean / 1000:.1f}{SPACE}kB in the mean. Calls of scan() "
        "without a cache, the first of a new process with one, and repeats. Dotted: the floors, which list all folders "
        "and read, or look at, each file. A slope of 1 is linear.",
    )
    lines = [
        Line("no cache", scale.medians(sizes, "ms", "cold"), theme.orange),
        Line("list, read all", scale.medians(sizes, "ms", "read_floor"), theme.orange, dashed=True),
        Line("first call", scale.medians(sizes, "ms", "first"), theme.green),
        Line("repeat", scale.medians(sizes, "ms", "repeat"), theme.blue),
        Line("list, stat all", scale.medians(sizes, "ms", "walk_floor"), theme.blue, dashed=True),
    ]
    draw_lines(canvas, lines, milliseconds, height=360)


# Memory


def draw_memory(figures: Figures, canvas: Canvas) -> None:
    speed, sizes, theme = figures["speed"], figures["scale"], canvas.theme
    cold = speed["cold"]
    head(
        canvas,
        "Peak memory of whole processes",
        f"Above: {tree_name(figures)}, without a cache. Below: by number of files; scales are logarithmic.",
    )
    bars = [
        Bar("rev", cold["rev"]["peak_mib"], theme.grey),
        Bar("ruff check", cold["ruff"]["peak_mib"], theme.grey),
        Bar("rev-accel, in rev's place", cold["drop_in"]["peak_mib"], theme.blue),
        Bar("rev-accel scan()", cold["scan"]["peak_mib"], theme.blue),
        Bar("Python alone", speed["bare_python"]["peak_mib"], theme.grid),
    ]
    draw_bars(canvas, [("", bars)], mebibytes, Linear(max(bar.value for bar in bars)))
    canvas.gap(14)
    lines = [
        Line("ruff", scale.medians(sizes, "peak_mib", "ruff"), theme.grey),
        Line("scan(), no cache", scale.medians(sizes, "peak_mib", "cold"), theme.orange),
        Line("scan(), known", scale.medians(sizes, "peak_mib", "first"), theme.blue),
    ]
    draw_lines(canvas, lines, mebibytes, height=220)


# Events


def draw_events(figures: Figures, canvas: Canvas) -> None:
    found, theme = figures["events"], canvas.theme
    levels = {
        "known by stamp": (("memory", "manifest"), theme.blue),
        "read again, the same": (("recent",), theme.sky),
        "content seen before": (("store",), theme.green),
        "analysed": (("analysed",), theme.orange),
    }
    head(
        canvas,
        "How the files of a tree are answered for",
        f"CPython's standard library as a git repository, {found[0]['files']:,} files; one event after the other, each "
        "followed by rev_accel.scan() in a new process, whose call is timed. Bars are the shares of files.",
    )
    for one in found:
        canvas.gap(12)
        foot = canvas.height + 14
        canvas.text(0, foot, one["event"], size=13, bold=True)
        canvas.text(canvas.width, foot, milliseconds(statistics.median(one["ms"])), size=13, anchor="end", bold=True)
        shares = [(name, sum(one[key] for key in keys), color) for name, (keys, color) in levels.items()]
        x, y = 0.0, canvas.height + 4
        for _, files, color in shares:
            if files:
                # What is there is seen, however few files it is.
                width = max(3.0, files / one["files"] * canvas.width)
                width = min(width, canvas.width - x)
                canvas.bar(x, y, width - 1, 10, color)
                x += width
        x, foot = 0.0, canvas.height + 15
        for name, files, color in shares:
            if files:
                told = f"{files:,} {name}"
                if x and x + 13 + width_of(told, 12) > canvas.width:
                    x, foot = 0.0, foot + 16
                canvas.dot(x + 4, foot - 4, 4, color)
                canvas.text(x + 13, foot, told, size=12, color=theme.muted)
                x += 28 + width_of(told, 12)


# Parts of pictures


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    value: float
    color: str


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    points: Sequence[tuple[int, float]]
    color: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Decades:
    """A logarithmic scale from one power of ten to another."""

    low: int
    high: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Decades:
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(low, max(high, low + 1))

    def share(self, value: float) -> float:
        return (math.log10(value) - self.low) / (self.high - self.low)

    def marks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


@dataclass(frozen=True, slots=True)
class Linear:
    """From nothing to `high`; values stand at the bars, so there are no marks."""

    high: float

    def share(self, value: float) -> float:
        return value / self.high

    def marks(self) -> list[float]:
        return []


def head(canvas: Canvas, title: str, text: str) -> None:
    canvas.title = title
    canvas.paragraph(title, size=17, bold=True)
    canvas.gap(3)
    canvas.paragraph(text, size=12, color=canvas.theme.muted)
    canvas.gap(6)


def draw_bars(
    canvas: Canvas,
    groups: Sequence[tuple[str, Sequence[Bar]]],
    unit: Callable[[float], str],
    axis: Decades | Linear,
) -> None:
    """Names beside the bars, or above them where it is narrow; values at their ends."""
    theme, wide = canvas.theme, canvas.width >= WIDE
    values = max(width_of(unit(bar.value), 13, bold=True) for _, bars in groups for bar in bars)
    left, right = (230 if wide else 0), canvas.width - 6 - values
    row, thick = (26, 14) if wide else (36, 10)
    rows = sum(len(bars) for _, bars in groups) * row + sum(34 for name, _ in groups if name)
    top = canvas.height + (20 if axis.marks() else 4)
    for mark in axis.marks():
        x = left + axis.share(mark) * (right - left)
        canvas.text(x, top - 5, unit(mark), size=11, color=theme.muted, anchor="middle" if x else "start")
        canvas.line([(x, top), (x, top + rows)], theme.grid)
    y = top
    for name, bars in groups:
        if name:
            canvas.text(0, y + 24, name, size=13, bold=True)
            y += 34
        for bar in bars:
            length = max(2.0, axis.share(bar.value) * (right - left))
            start = y + (0 if wide else 18)
            canvas.text(0, y + (11 if wide else 13), bar.name, size=13)
            color = theme.grey if bar.color == theme.grid else bar.color
            canvas.bar(left, start, length, thick, bar.color)
            if bar.color == theme.grid:
                canvas.bar(left + length - 2, start, 2, thick, color)
            canvas.text(left + length + 6, start + thick - (2.5 if wide else 0.5), unit(bar.value), size=13, bold=True)
            y += row


def draw_lines(canvas: Canvas, lines: Sequence[Line], unit: Callable[[float], str], *, height: int) -> None:
    """Both axes logarithmic; beside each line its name and the slope of the straight line through it."""
    theme, wide = canvas.theme, canvas.width >= WIDE
    size = 12 if wide else 11
    names = max(width_of(line.name, size, bold=True) for line in lines)
    across = Decades.of([files for line in lines for files, _ in line.points])
    up = Decades.of([value for line in lines for _, value in line.points])
    left = 8 + max(width_of(unit(mark), 11) for mark in up.marks())
    right = canvas.width - 19 - max(names, width_of("slope 0.00", 11))
    top, bottom = canvas.height + 10, canvas.height + height

    def place(files: float, value: float) -> tuple[float, float]:
        return left + across.share(files) * (right - left), bottom - up.share(value) * (bottom - top)

    for mark in up.marks():
        _, y = place(10**across.low, mark)
        canvas.text(left - 8, y + 4, unit(mark), size=11, color=theme.muted, anchor="end")
        canvas.line([(left, y), (right, y)], theme.grid)
    for mark in across.marks():
        x, _ = place(mark, 10**up.low)
        canvas.line([(x, top), (x, bottom)], theme.grid)
        canvas.text(x, bottom + 16, f"{mark:,.0f}", size=11, color=theme.muted, anchor="middle")
    canvas.text(right + 19, bottom + 30, "files", size=11, color=theme.muted, anchor="end")
    ends = [place(*line.points[-1]) for line in lines]
    for line, end, foot in zip(lines, ends, spread([y for _, y in ends], 32), strict=True):
        points = [place(*point) for point in line.points]
        canvas.line([end, (right + 15, foot)], line.color, dashed=line.dashed)
        canvas.line(points, line.color, width=2, dashed=line.dashed)
        if not line.dashed:
            for x, y in points:
                canvas.dot(x, y, 3.5, line.color)
        color = theme.muted if line.color == theme.grey else line.color
        canvas.text(right + 19, foot + 1, line.name, size=size, color=color, bold=True)
        canvas.text(right + 19, foot + 14, f"slope {scale.slope(line.points):.2f}", size=11, color=theme.muted)


def spread(wanted: Sequence[float], gap: float) -> list[float]:
    """Places for labels, at least `gap` apart, as near as can be to where they belong (least squares)."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    # Without the gaps the places must only not fall: neighbours that would are put at their mean.
    groups: list[list[float]] = []
    for rank, index in enumerate(order):
        groups.append([wanted[index] - rank * gap])
        while len(groups) > 1 and statistics.mean(groups[-2]) > statistics.mean(groups[-1]):
            last = groups.pop()
            groups[-1] += last
    level = [statistics.mean(group) for group in groups for _ in group]
    found = dict(zip(order, (place + rank * gap for rank, place in enumerate(level)), strict=True))
    return [found[index] for index in range(len(wanted))]


def tree_name(figures: Figures) -> str:
    tree = figures["speed"]["tree"]
    name = "A part of CPython's standard library" if figures["quick"] else "CPython's standard library"
    return f"{name}, {tree['files']:,}{SPACE}files, {tree['bytes'] / 1e6:.1f}{SPACE}MB"


def milliseconds(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:.3g}{SPACE}s"
    return f"{value:.0f}{SPACE}ms" if value >= 10 else f"{value:.2g}{SPACE}ms"


def mebibytes(value: float) -> str:
    return f"{value:,.0f}{SPACE}MiB"
