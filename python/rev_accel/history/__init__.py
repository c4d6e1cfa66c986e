"""The messages of a conversation: see `MessageLog`."""

from .log import INTERRUPTED, MessageLog, Recovery, messages_digest

__all__ = ["INTERRUPTED", "MessageLog", "Recovery", "messages_digest"]
