"""`_manage_message_history` for rev."""

from __future__ import annotations

from types import FunctionType

__all__ = ["manage_message_history"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def manage_message_history(original: FunctionType) -> Callable[..., object]:
    return lambda messages, max_recent=20, tracker=None: original(messages, max_recent, tracker)
