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
            value = (messages, tools, model or None)
        return _as_json(value, MESSAGES)  # here, so that what JSON raises stands alone

    return _hash_messages


def hash_tools(_original: FunctionType) -> Callable[..., str]:
    """For `LLMResponseCache._hash_tools`."""

    def _hash_tools(_self: object, tools: Any) -> str:
        if tools is None:
            return NO_TOOLS
        try:
            return _core.digest(tools, domain=TOOLS)
        except (TypeError, ValueError):
            value = tools
        return _as_json(value, TOOLS)

    return _hash_tools


def _as_json(value: Any, domain: str) -> str:
    """The digest of what JSON makes of a value, with keys that are no texts; raises what `json.dumps` does."""
    import json

    # Not in ASCII, from which two lone surrogates come back as the one character that they would make.
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    try:
        return _core.digest(json.loads(text, object_pairs_hook=_as_dict), domain=domain)
    except (ValueError, RecursionError):  # nested too deeply for one of them, or no dict has all that the text has
        import hashlib

        return hashlib.sha256(f"{domain}:{text}".encode(errors="surrogatepass")).hexdigest()


def _as_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """`ValueError` if a name is there twice, as that of two NaN is."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name is there twice")
    return made
