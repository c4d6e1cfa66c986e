"""What was found out about one rev. Plain data, since it comes from another process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Check", "Examined"]


@dataclass(kw_only=True, slots=True)
class Check:
    """One function of rev beside that of the drop-in."""

    name: str
    outcome: Literal["same", "differs", "unchecked"]
    compared: str
    """How much of what, or why nothing was."""
    differences: list[str] = field(default_factory=list)
    fixed: dict[str, int] = field(default_factory=dict)
    """What the drop-in does otherwise on purpose, and how often it was seen."""
    times: list[tuple[str, float, float]] = field(default_factory=list)
    """What was timed, and the seconds that rev and the drop-in took for it."""


@dataclass(kw_only=True, slots=True)
class Examined:
    """One interpreter with rev."""

    interpreter: str
    how: str
    """How it was found."""
    rev: str | None = None
    """The version."""
    python: str | None = None
    rev_accel: str | None = None
    """The version of this package that is installed there, if any."""
    points: list[dict[str, str]] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    problem: str | None = None
    """Why it could not be examined, or not to the end."""

    @property
    def fits(self) -> int:
        return sum(point["state"] == "replaced" for point in self.points)

    @property
    def exit_code(self) -> int:
        """0: all is well; 1: something differs or does not fit; 2: it could not be looked at."""
        if any(check.outcome == "differs" for check in self.checks) or (self.points and self.fits < len(self.points)):
            return 1
        return 2 if self.problem is not None or not self.checks else 0

    def as_json(self) -> dict[str, Any]:
        return {
            "interpreter": self.interpreter,
            "found": self.how,
            "rev": self.rev,
            "python": self.python,
            "rev_accel": self.rev_accel,
            "problem": self.problem,
            "points": self.points,
            "checks": [
                {
                    "name": check.name,
                    "outcome": check.outcome,
                    "compared": check.compared,
                    "differences": check.differences,
                    "fixed": check.fixed,
                    "times": [
                        {"what": what, "rev_seconds": rev, "rev_accel_seconds": ours, "times_faster": rev / ours}
                        for what, rev, ours in check.times
                    ],
                }
                for check in self.checks
            ],
        }
