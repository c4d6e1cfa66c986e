"""Which replies may be kept and given again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rev_accel.errors import ModelTruncatedError

from .reply import Reply

__all__ = ["Reason", "Verdict", "storable"]

Reason = Literal[
    "error", "broken_stream", "length", "content_filter", "context_cut", "unfinished", "tool_arguments", "empty"
]

# How a model ends an answer that is whole. `eos` is Together's word for `stop`.
COMPLETE = ("stop", "tool_calls", "eos")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a reply may be kept: true when it may, else with the reason why not."""

    reason: Reason | None = None

    def __bool__(self) -> bool:
        return self.reason is None


def storable(outcome: Reply | BaseException) -> Verdict:
    """Judges what a call of a model came to.

    Only a whole answer may be kept, one that ended by itself or with tool calls. Not an error; not a stream that
    broke off; not an answer cut by the limit of its length, held back by a filter or refused; not one to a prompt
    that the server seems to have cut; not one without a finish reason; not tool calls whose arguments are no JSON
    object; not an answer with neither text nor tool calls.
    """
    if isinstance(outcome, ModelTruncatedError):
        return Verdict("broken_stream")
    if isinstance(outcome, BaseException):
        return Verdict("error")
    if outcome.finish_reason == "length":
        return Verdict("length")
    if outcome.finish_reason == "content_filter" or outcome.refusal:
        return Verdict("content_filter")
    if outcome.context_cut is not None:
        return Verdict("context_cut")
    # Calls that are announced and not there, as in a form that is not read.
    if outcome.finish_reason not in COMPLETE or (outcome.finish_reason == "tool_calls" and not outcome.tool_calls):
        return Verdict("unfinished")
    if any(call.arguments is None for call in outcome.tool_calls):
        return Verdict("tool_arguments")
    if not outcome.content.strip() and not outcome.tool_calls:
        return Verdict("empty")
    return Verdict()
