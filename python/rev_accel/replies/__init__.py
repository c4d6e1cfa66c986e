"""Replies of models, kept by request: see `ResponseCache`."""

from .cache import ResponseCache
from .stats import ReplyStats

__all__ = ["ReplyStats", "ResponseCache"]
