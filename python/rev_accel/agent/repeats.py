"""Notices a model that goes round in a circle: the same call with the same result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rev_accel._core import digest
from rev_accel.tools import Registry
from rev_accel.tools.effects import COMMANDS

from .prompts import REPEATED, REPEATS

__all__ = ["Repeats"]


class Repeats:
    """Counts the calls of one task, each of them once for each reply.

    Args:
        registry: Which tools there are.
        log: The messages so far.
        most: How often a call may have the same result until the model is told; at twice as many the task has failed.
    """

    def __init__(self, registry: Registry, log: Sequence[Mapping[str, Any]], *, most: int) -> None:
        self._registry, self._most = registry, most
        self._seen: Counter[str] = Counter()
        self._writes = 0
        for calls, texts in _rounds(log):
            self.see(calls, texts)

    def see(self, calls: Sequence[Any], texts: Sequence[str]) -> tuple[str | None, str | None]:
        """Counts the calls of a reply with their results: what the model is to be told, or why the task has failed."""
        names: dict[str, str] = {}
        for call, text in zip(calls, texts, strict=False):
            function = call.get("function") if isinstance(call, Mapping) else None
            called = str(function.get("name")) if isinstance(function, Mapping) else ""
            tool = self._registry.get(called)
            writes = tool is not None and not tool.reads and called not in COMMANDS
            # A look, or a program, may be of use once more when something was changed.
            names[digest([repr(function), text, 0 if writes else self._writes])] = called
            self._writes += writes
        self._seen.update(list(names))
        count, name = max(((self._seen[key], name) for key, name in names.items()), default=(0, ""))
        if count >= 2 * self._most:
            return None, REPEATED.format(name=name, count=count)
        return (REPEATS.format(count=count), None) if count >= self._most else (None, None)


def _rounds(log: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Sequence[Any], list[str]]]:
    """The calls of each reply, with their results."""
    calls: Sequence[Any] = ()
    texts: list[str] = []
    for message in [*log, {"role": "user"}]:
        if message["role"] == "tool":
            texts.append(str(message["content"]))
            continue
        if texts:
            yield calls, texts
        calls, texts = (message.get("tool_calls") or (), []) if message["role"] == "assistant" else ((), [])
