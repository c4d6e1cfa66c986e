"""Asks the model, within what may be spent, and keeps account of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from rev_accel import metrics as measured
from rev_accel.errors import ModelTimeoutError, RevAccelError
from rev_accel.llm import Client, Reply, Request, ToolSet, storable
from rev_accel.llm.estimate import tokens
from rev_accel.llm.structure import Answer, structured

from .settings import Settings

if TYPE_CHECKING:
    from .journal import Journal

__all__ = ["LimitError", "Model", "Spent", "phases", "spent_before"]

T = TypeVar("T")


class LimitError(RevAccelError):
    """What may be spent is spent; the text says what, and how much it was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spent:
    """What was spent so far."""

    calls: int = 0
    kept: int = 0
    """Replies that were there from earlier, and cost nothing."""
    prompt: int = 0
    completion: int = 0
    cached: int = 0
    """Tokens of `prompt` that the server had computed before, as far as it said so."""
    cost: float = 0.0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        return self.prompt + self.completion


class Model:
    """Asks a model by its settings. May be used by many threads.

    Args:
        client: Who answers.
        settings: What is asked for, and what may be spent.
        journal: Where each reply is noted; what a run has spent before is taken from it.
        metrics: Where durations and tokens go.
    """

    def __init__(
        self,
        client: Client,
        settings: Settings,
        *,
        journal: Journal | None = None,
        metrics: measured.Metrics = measured.METRICS,
    ) -> None:
        self.client, self.settings, self.metrics = client, settings, metrics
        self._journal = journal
        self._lock = threading.Condition()
        self._spent = Spent() if journal is None else spent_before(journal)
        self._started = time.monotonic()
        self._warned: set[str] = set()
        self._asking = 0
        """Calls that have no reply yet."""

    @property
    def spent(self) -> Spent:
        """What was spent so far, with what the run had spent before it was resumed."""
        return replace(self._spent, seconds=self._spent.seconds + time.monotonic() - self._started)

    @property
    def prompt_tokens(self) -> int:
        """What a request may have, so that there is room for the reply."""
        window = self.settings.window
        return window - min(window // 4, 4096)

    def request(
        self, messages: Iterable[Mapping[str, Any]], *, tools: ToolSet | None = None, response_format: Any = None
    ) -> Request:
        """A request to this model. To Ollama the window is named in each: its own is small, and it cuts silently."""
        settings = self.settings
        options = dict(settings.options)
        if settings.dialect == "ollama":
            options.setdefault("num_ctx", settings.window)
        return Request(
            endpoint=settings.endpoint,
            dialect=settings.dialect,
            model=settings.model,
            messages=messages,
            tools=tools,
            response_format=response_format,
            options=options,
        )

    def ask(self, request: Request, *, task: str = "") -> Reply:
        """The reply to a request.

        Raises:
            LimitError: Nothing may be spent any more; nothing was asked.
            ModelError: There is no reply.
        """
        most = self.settings.limits.calls
        with self._lock:
            # What is being asked counts once it is known not to be a kept reply.
            self._lock.wait_for(lambda: most is None or not 0 < most - self._spent.calls <= self._asking)
            left = self._check()
            self._asking += 1
        started = time.monotonic()
        try:
            reply = self.client.chat(request if left is None else replace(request, timeout=left))
            took = time.monotonic() - started
            prompt, completion, cached = (0, 0, 0) if reply.kept else (*tokens(request, reply), reply.usage.cached or 0)
            cost = self._cost(prompt, completion, cached)
            with self._lock:
                spent = self._spent
                self._spent = replace(
                    spent,
                    calls=spent.calls + (not reply.kept),
                    kept=spent.kept + reply.kept,
                    prompt=spent.prompt + prompt,
                    completion=spent.completion + completion,
                    cached=spent.cached + cached,
                    cost=spent.cost + cost,
                )
        except ModelTimeoutError:
            self.check_time()
            raise
        finally:
            with self._lock:
                self._asking -= 1
                self._lock.notify_all()
        self.metrics.histogram(measured.MODEL_CALL, model=self.settings.model).record(took)
        for kind, number in (("input", prompt), ("output", completion)):
            self.metrics.counter(measured.TOKENS, kind=kind).add(number)
        if self._journal is not None:
            data = {"prompt": prompt, "completion": completion, "cached": cached, "cost": cost, "kept": reply.kept}
            self._journal.add("reply", task=task, verdict=storable(reply).reason, seconds=took, **data)
            if reply.context_cut is not None:
                self._warn("cut", task, f"{reply.context_cut}: give a larger window, if the model has one")
            if reply.usage.prompt is None:
                self._warn("usage", task, "the server does not count tokens, so they are estimated from the texts")
        return reply

    def _warn(self, kind: str, task: str, text: str) -> None:
        """Says something of its kind once."""
        with self._lock:
            known = kind in self._warned
            self._warned.add(kind)
        if self._journal is not None and not known:
            self._journal.add("warning", task=task, text=text)

    def structured(
        self, messages: Sequence[Mapping[str, Any]], form: type[Answer], make: Callable[[Answer], T], *, task: str = ""
    ) -> T:
        """What is made of an answer in a form: see `rev_accel.llm.structured`."""

        def ask(asked: Sequence[Mapping[str, Any]], shape: Any) -> Reply:
            return self.ask(self.request(asked, response_format=shape), task=task)

        return structured(ask, messages, form, make, dialect=self.settings.dialect)

    def is_late(self) -> bool:
        """Whether there is no time left."""
        left = self._seconds_left()
        return left is not None and left <= 0

    def check_time(self) -> None:
        """Raises a `LimitError` if there is no time left."""
        if self.is_late():
            raise LimitError(f"the limit of {self.settings.limits.seconds:,g} seconds is reached")

    def _seconds_left(self) -> float | None:
        most = self.settings.limits.seconds
        return None if most is None else most - self.spent.seconds

    def _check(self) -> float | None:
        """Raises if nothing may be spent any more; the seconds that are left."""
        limits, spent = self.settings.limits, self._spent
        for what, most, has in (
            ("calls of the model", limits.calls, spent.calls),
            ("tokens", limits.tokens, spent.tokens),
            ("of cost", limits.cost, spent.cost),
        ):
            if most is not None and has >= most:
                raise LimitError(f"the limit of {most:,g} {what} is reached")
        self.check_time()
        return self._seconds_left()

    def _cost(self, prompt: int, completion: int, cached: int) -> float:
        prices = self.settings.prices
        if prices is None:
            return 0.0
        again = prices.prompt if prices.cached is None else prices.cached
        return ((prompt - cached) * prices.prompt + cached * again + completion * prices.completion) / 1e6


def spent_before(journal: Journal) -> Spent:
    """What the earlier processes of a run have spent."""
    replies = list(journal.events("reply"))
    names = ("kept", "prompt", "completion", "cached", "cost")
    sums = {name: sum(one.get(name, 0) for one in replies) for name in names}
    return Spent(calls=len(replies) - sums["kept"], seconds=sum(phases(journal).values()), **sums)


def phases(journal: Journal) -> dict[str, float]:
    """The seconds that each part of a run took, by all its processes."""
    found, phase, before = dict[str, float](), "beginning", None
    for event in journal.events():
        # Between a process and the next one nothing was done.
        if before is not None and event["kind"] != "process":
            found[phase] = found.get(phase, 0.0) + max(0.0, event["at"] - before)
        phase, before = event["phase"] if event["kind"] == "phase" else phase, event["at"]
    return found
