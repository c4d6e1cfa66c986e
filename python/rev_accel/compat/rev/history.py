"""`_manage_message_history` for rev: the same shape, without what rev loses or gets wrong."""

from __future__ import annotations

from types import FunctionType

__all__ = ["manage_message_history"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def manage_message_history(_original: FunctionType) -> Callable[..., list[Any]]:
    """For the function of that name, which is looked up at each call."""

    def _manage_message_history(messages: list[Any], max_recent: int = 20, tracker: Any = None) -> list[Any]:
        if len(messages) <= max_recent + 1 or max_recent <= 0:
            return messages
        return _trimmed(messages, max_recent, tracker)

    return _manage_message_history


def _trimmed(messages: list[Any], max_recent: int, tracker: Any) -> list[Any]:
    """The system message, one for what is left out, and the recent ones."""
    from .summary import HEADER, Summary

    first = 1 if _role(messages[0]) == "system" else 0
    start = _start(messages, first, len(messages) - max_recent)
    old = messages[first:start]
    if not old:
        return messages
    if tracker:
        _count(tracker, old)
    text = Summary.of(old, messages[start:], tracker).text()
    summary = {"role": "user", "content": f"{HEADER}\n{text}\n\n[Continuing with recent context...]"}
    return [*messages[:first], summary, *messages[start:]]


def _start(messages: list[Any], first: int, start: int) -> int:
    """Where the recent messages begin: results are not parted from the message with their calls."""
    if _role(messages[start]) != "tool" and not _waits(messages, start):
        return start
    at = start - 1
    # Users may have said something between calls and their results.
    while at >= first and _role(messages[at]) in ("tool", "user"):
        at -= 1
    return at if at >= first and _calls(messages[at]) else start


def _waits(messages: list[Any], start: int) -> bool:
    """Whether results come behind what the user says here."""
    at = start
    while at < len(messages) and _role(messages[at]) == "user":
        at += 1
    return at > start and at < len(messages) and _role(messages[at]) == "tool"


def _role(message: Any) -> object:
    return message.get("role") if isinstance(message, dict) else None


def _calls(message: Any) -> bool:
    return _role(message) == "assistant" and bool(message.get("tool_calls"))


def _count(tracker: Any, old: list[Any]) -> None:
    """Tells rev's tracker what it counts at this place."""
    try:
        tracker.track_messages(len(old), tracker.estimate_tokens(old))
    except Exception:  # what cannot be counted is not
        return
