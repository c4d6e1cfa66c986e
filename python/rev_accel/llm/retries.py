"""Asks again after failures that may pass."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import tenacity

from rev_accel.errors import ModelError, ModelRefusedError, ModelTimeoutError, ModelTruncatedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .limits import Retries

__all__ = ["may_pass", "pause", "policy", "retry_after"]

# Too busy or broken for the moment; everything else would be refused again.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504, 529})

# How often it is looked, while waiting, whether it is over: seconds.
PAUSE = 0.1


def policy(retries: Retries, timeout: float | None, is_over: Callable[[], bool]) -> dict[str, Any]:
    """What tenacity takes; no attempt begins later than after the time-out, or once it is over."""
    stop: tenacity.stop.stop_base = tenacity.stop_after_attempt(retries.number + 1)
    if timeout is not None:
        stop |= tenacity.stop_before_delay(timeout)
    return {
        "stop": stop,
        "retry": tenacity.retry_if_exception(lambda error: not is_over() and may_pass(error, retries)),
        "wait": lambda state: wait(state, retries),
        "before_sleep": _log,
        "reraise": True,
    }


def pause(seconds: float, is_over: Callable[[], bool]) -> None:
    """Waits.

    Raises:
        ModelTruncatedError: It is over.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not is_over():
        time.sleep(min(left, PAUSE))
    if is_over():
        raise ModelTruncatedError("the call was interrupted while it waited to ask again")


def may_pass(error: BaseException, retries: Retries) -> bool:
    """Whether it makes sense to ask again."""
    if isinstance(error, ModelRefusedError):
        if error.retry_after is not None and error.retry_after > retries.longest:
            return False
        return error.status is None or error.status in PASSING
    if isinstance(error, ModelTimeoutError):
        return error.phase == "connect"
    return isinstance(error, ModelTruncatedError)


def wait(state: tenacity.RetryCallState, retries: Retries) -> float:
    """Seconds until the next attempt."""
    error = state.outcome.exception() if state.outcome is not None else None
    if isinstance(error, ModelRefusedError) and error.retry_after is not None:
        return error.retry_after
    longest = min(retries.first * 2.0 ** min(state.attempt_number - 1, 30), retries.longest)
    return longest * random.uniform(0.5, 1.0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """When the server wants to be asked again, in seconds from now: from a number, or a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) * unit
        except ValueError:
            try:
                seconds = parsedate_to_datetime(value).timestamp() - time.time()
            except (TypeError, ValueError, OverflowError):
                continue
        if seconds == seconds:
            return max(0.0, seconds)
    return None


def _log(state: tenacity.RetryCallState) -> None:
    import logging

    error = state.outcome.exception() if state.outcome is not None else None
    pause = state.next_action.sleep if state.next_action is not None else 0.0
    kind = "a model" if not isinstance(error, ModelError) else str(error)
    logging.getLogger("rev_accel").info("asking again in %.1f s, after: %s", pause, kind)
