"""What was done at each point, as data and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .table import KNOWN_VERSIONS

__all__ = ["InstallReport", "PointReport", "State"]

State = Literal["replaced", "waiting", "skipped", "original"]


@dataclass(frozen=True, slots=True)
class PointReport:
    """One point.

    `state` is `"replaced"`; `"waiting"`, when its module is not imported yet and it will be replaced when it is;
    `"skipped"`, with the reason; or `"original"`, when nothing is installed there.
    """

    name: str
    """Where it is, as `rev.tools.analysis.analyze_ast_patterns`."""
    group: str
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class InstallReport:
    """All points, in the order of the groups. Its text is a table."""

    version: str | None
    """The version of rev that was found; `None` if there is none."""
    points: tuple[PointReport, ...]

    def __str__(self) -> str:
        if self.version is None:
            title = "rev was not found"
        elif self.version in KNOWN_VERSIONS:
            title = f"rev {self.version}"
        else:
            known = ", ".join(KNOWN_VERSIONS)
            title = f"rev {self.version}, which is not one of the versions that are known ({known})"
        rows = [("point", "group", "state", "reason")]
        rows += [(point.name, point.group, point.state, point.reason) for point in self.points]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        lines = ["  ".join((*map(str.ljust, row, widths), row[3])).rstrip() for row in rows]
        return "\n".join([title, *lines])
