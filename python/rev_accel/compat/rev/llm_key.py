"""The key under which rev keeps the reply of a model: the digest of all that the request says."""

from __future__ import annotations

from types import FunctionType

from rev_accel import _core

__all__ = ["hash_messages", "hash_tools"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MESSAGES = "rev.messages"
TOOLS = "rev.tools"

# What rev says where there are none.
NO_TOOLS = "no-tools"


def hash_messages(_original: FunctionType) -> Callable[..., str]:
    """For `LLMResponseCache._hash_messages`."""
    digest = _core.digest

    def _hash_messages(_self: object, messages: Any, tools: Any = None, model: Any = None) -> str:
        if model is not None and type(model) is not str:
            model = f"{model}" if model else None  # as rev writes it
        try:
            return digest((messages, tools, model or None), domain=MESSAGES)
        except (TypeError, ValueError):
            return _as_json((messages, tools, model or None), MESSAGES)

    return _hash_messages


def hash_tools(_original: FunctionType) -> Callable[..., str]:
    """For `LLMResponseCache._hash_tools`."""

    def _hash_tools(_self: object, tools: Any) -> str:
        if tools is None:
            return NO_TOOLS
        try:
            return _core.digest(tools, domain=TOOLS)
        except (TypeError, ValueError):
            return _as_json(tools, TOOLS)

    return _hash_tools


def _as_json(value: Any, domain: str) -> str:
    """The digest of what JSON makes of a value, with keys that are no texts; raises what `json.dumps` does."""
    import json

    text = json.dumps(value, sort_keys=True)
    try:
        return _core.digest(json.loads(text), domain=domain)
    except (ValueError, RecursionError):  # nested too deeply for one of them
        import hashlib

        return hashlib.sha256(f"{domain}:{text}".encode()).hexdigest()
