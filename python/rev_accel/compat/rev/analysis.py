"""`analyze_ast_patterns` for rev."""

from __future__ import annotations

from types import FunctionType

from rev_accel import settings
from rev_accel.analysis import answer

__all__ = ["analyze_ast_patterns"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def analyze_ast_patterns(original: FunctionType) -> Callable[..., str]:
    """The function of this package, with the root of rev's module."""
    own = original.__globals__

    def analyze_ast_patterns(path: str, patterns: list[str] | None = None) -> str:
        with settings.Quiet():
            return answer(lambda: own["ROOT"], path, patterns)

    return analyze_ast_patterns
