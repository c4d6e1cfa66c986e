"""What to do about a model that gives no reply."""

from __future__ import annotations

from rev_accel.errors import ModelError, ModelRefusedError

__all__ = ["advice"]


def advice(error: ModelError, *, endpoint: str, model: str) -> str:
    """What went wrong when a model was asked at a server, and what somebody can do about it."""
    if isinstance(error, ModelRefusedError):
        if error.status is None:
            return f"no server answers at `{endpoint}` ({error}): start it, or name another one"
        if error.status == 404:
            return f"`{endpoint}` knows no model `{model}` ({error}): name another one, or load it"
        if error.status in (401, 403):
            return f"`{endpoint}` wants another key ({error})"
    return f"`{endpoint}` gave no reply ({error})"
