"""A summary of a conversation by the model that has it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rev_accel.errors import ModelError
from rev_accel.frozen import FrozenDict
from rev_accel.llm.estimate import without_thoughts
from rev_accel.llm.verdict import storable

from .facts import is_error

if TYPE_CHECKING:
    from rev_accel.llm.client import Client
    from rev_accel.llm.parts import Messages
    from rev_accel.llm.request import Request

__all__ = ["INSTRUCTION", "ModelSummary"]

INSTRUCTION = """\
The conversation gets too long, and its older part will be replaced by what you write now. Write a summary of all of \
it so far, for yourself, in these sections, leaving out empty ones. Keep everything that an earlier summary in it says \
and that still holds.
Intent: what the user wants, with every constraint, in the user's own words.
Done: what was finished.
Failed: what was tried and did not work, and why.
Pending: what is left to do.
Files: those that were read or changed, and how.
Decisions: what was decided, and why.
Last error: its text, if it still matters.
Next step: the one that was about to be taken.
Write nothing else, and call no tool."""


class ModelSummary:
    """Asks the model for the summary, by a request that begins as the last one did.

    So the server, or the provider, has its beginning computed already: same tools, same messages, and one more message
    with the instruction at the end. Whatever is no whole answer gives no summary: an error, an empty or refused
    reply, one that was cut, one that calls tools::

        def request(messages):
            return client.request(model="qwen3", messages=messages, tools=tools)

        history = History(log, budget=32_000, tools=tools, summariser=ModelSummary(client, request))

    Args:
        client: Who is asked.
        request: Makes a request of messages, the way all others of the conversation are made.
    """

    def __init__(
        self, client: Client, request: Callable[[Messages], Request], *, instruction: str = INSTRUCTION
    ) -> None:
        self._client = client
        self._request = request
        self._instruction = instruction
        self.failed: str | None = None
        """Why there was no summary when one was asked for last."""

    def __call__(self, messages: Messages) -> str | None:
        """The summary, `None` if there is none to be used."""
        self.failed = None
        text = ""
        try:
            reply = self._client.chat(self._asked(messages))
            verdict = storable(reply)
            text = without_thoughts(reply.content).strip()
            if not verdict:
                self.failed = verdict.reason
            elif reply.tool_calls:
                self.failed = "tool_calls"
            elif not text:
                self.failed = "empty"
            elif is_error({"content": text}):
                self.failed = "error"
        except ModelError as error:
            self.failed = str(error)
        if self.failed is not None:
            logging.getLogger("rev_accel").warning("no summary by the model: %s", self.failed)
            return None
        return text

    def _asked(self, messages: Messages) -> Request:
        request = self._request(messages.followed_by([FrozenDict({"role": "user", "content": self._instruction})]))
        if request.dialect == "openai" and request.tools:
            # Ollama's own dialect knows no such choice.
            return replace(request, tool_choice="none")
        return request
