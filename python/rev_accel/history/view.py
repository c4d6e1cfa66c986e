"""`History`: what of a conversation is sent to a model, under a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any

from rev_accel.errors import InputError
from rev_accel.frozen import FrozenDict
from rev_accel.llm.parts import Messages, ToolSet

from .atoms import Atom, Grouping
from .facts import Facts, is_error
from .log import MessageLog, prefix
from .outputs import ToolOutputs
from .prefix import Prefix, PrefixMeter, PrefixTotals, Sent
from .tokens import Calibration, message_tokens, tools_tokens
from .validity import Problem
from .window import Cut, Pins, Window, add_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rev_accel.llm.request import Dialect
    from rev_accel.metrics import Metrics

__all__ = ["Budget", "History", "Summariser", "View"]

Summariser = Callable[[Messages], "str | None"]
"""Makes a summary of messages that are about to be cut, by asking a model; `None` when there is none to be used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How many tokens requests may have, and what is done about it. Shares are of `tokens`.

    At `high` as much is cut as brings a request down to `low`, in one step: a cut makes the server compute anew what
    stands behind it, so it pays to cut seldom and much.
    """

    tokens: int
    """What a request may have in all: the model's window without room for its answer."""
    high: float = 0.9
    low: float = 0.3
    summary: float = 0.1
    """How long a summary may be."""
    least_gain: float = 0.1
    """Cuts that save less are left for later, as long as the request is within `tokens`."""

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise InputError(f"`budget.tokens` is {self.tokens}: expected a number above 0")
        if not 0 < self.summary < self.low < self.high <= 1 or not 0 <= self.least_gain < 1:
            raise InputError(
                f"`budget` has summary {self.summary}, low {self.low}, high {self.high}, least_gain {self.least_gain}:"
                " expected 0 < summary < low < high <= 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is to be sent. `messages` is taken by a `Request` as it is."""

    messages: Messages
    tokens: int
    """About how many tokens messages and tools are, by all that servers reported."""
    fits: bool
    """Whether that is within the budget. What must not be cut alone can be more."""
    cut: Cut | None
    """The last cut, if there was one."""
    prefix: Prefix
    """What it shares with the view before."""
    problems: tuple[Problem, ...]
    """What a server would refuse in it: see `check`. Empty unless the log has no message of a user."""
    omitted: int
    """Messages of the log that no server takes and that are left out: results without a call, unknown roles."""
    position: int
    """How many messages of the log it covers."""
    estimated: int = field(repr=False)
    """Tokens before correction."""


class History:
    """A view of a log under a budget: always one that a server takes, with what matters in it, cut seldom::

        log = MessageLog.open("run.jsonl")
        history = History(log, budget=32_000)
        history.append({"role": "user", "content": "..."})
        view = history.view()
        reply = client.chat(client.request(model="qwen3", messages=view.messages))
        history.observe(view, reply.usage.prompt)
        history.append(reply.message)

    The log stays complete; what is sent of it is computed. A message with tool calls and the results of these are kept
    or cut whole. Never cut are system messages, the first task, the latest message of the user, calls that still wait
    for results or for the model, and the last error. What is cut is replaced by a summary, behind the first task.

    A view follows from the log, the budget, the tools and the notes, and from nothing else: the same of these give the
    same bytes, whenever the log was opened and however often it was asked. A view costs what is new in the log.
    May be used by several threads.

    Args:
        log: The messages. They may also be added to it directly.
        budget: A number of tokens, or a `Budget`.
        tools: What is sent with the messages: it counts for the budget. `view` may be given others.
        notes: A log of its own in which it is noted what servers reported and models summarised; with one in a file, a
            run that is resumed goes on with the same views. Only in memory by default.
        outputs: Cuts long results of tools when they are appended: a `ToolOutputs`.
        summariser: Asks a model for the summary, as `ModelSummary`. When there is none, or what it says is of no
            use, the summary is made from the text of the messages.
        is_error: Which results of tools tell of a failure.
        dialect: Also check what only this one asks for.
        metrics: Takes how much of each view the server knows already: a `rev_accel.metrics.Metrics`.
    """

    def __init__(
        self,
        log: MessageLog,
        *,
        budget: int | Budget,
        tools: Iterable[Mapping[str, Any]] | None = None,
        notes: MessageLog | None = None,
        outputs: ToolOutputs | None = None,
        summariser: Summariser | None = None,
        is_error: Callable[[Mapping[str, Any]], bool] = is_error,
        dialect: Dialect | None = None,
        metrics: Metrics | None = None,
    ) -> None:
        self.log = log
        self.budget = budget if isinstance(budget, Budget) else Budget(tokens=budget)
        self.notes = MessageLog() if notes is None else notes
        self.outputs = outputs
        self.summariser = summariser
        self._is_error = is_error
        self._lock = RLock()
        self._tools = None if tools is None else ToolSet(tools)
        self._tools_tokens = tools_tokens(self._tools)
        self._calibration = Calibration()
        self._base: tuple[int, int, int] | None = None  # cuts, estimated and reported tokens of the last report
        self._position = 0
        self._noted = 0
        self._grouping = Grouping()
        self._pins = Pins()
        self._window = Window(Facts(is_error), dialect=dialect)
        self._told: dict[int, str] = {}
        # What was decided for the end of the log, for when a reply shows that it was sent.
        self._ahead: tuple[tuple[int, int], Window] | None = None
        self._meter = PrefixMeter()
        self._cuts_sent = 0
        self._metrics = metrics

    @property
    def prefix(self) -> PrefixTotals:
        """How stable the beginning of all views was so far."""
        return self._meter.totals

    def append(self, message: dict[str, Any]) -> None:
        """Adds a message to the log, the long result of a tool cut by `outputs`. Raises as `MessageLog.append`."""
        self.log.append(message if self.outputs is None else self.outputs.record(message))

    def observe(self, view: View, prompt_tokens: int | None, *, model: str = "") -> None:
        """Takes how many tokens the server counted in the request of a view (`reply.usage.prompt`), if it said so.

        Later views are measured by it. It is not believed where it cannot be of the whole request.
        """
        if prompt_tokens is None:
            return
        with self._lock:
            # From the reply on: the view of this request stays what it was.
            self.notes.append(
                {
                    "kind": "usage",
                    "at": max(len(self.log), view.position + 1),
                    "cuts": 0 if view.cut is None else view.cut.number,
                    "estimated": view.estimated,
                    "reported": prompt_tokens,
                    "model": model,
                }
            )

    def view(self, *, tools: Iterable[Mapping[str, Any]] | None = None) -> View:
        """What is to be sent now. It is taken as sent for what later ones are compared with.

        Args:
            tools: Those of this request, if they differ from those that the history was made with, by which is cut.
        """
        with self._lock:
            own, own_tokens = self._tools, self._tools_tokens
            if tools is not None:
                own = ToolSet(tools)
                own_tokens = tools_tokens(own)
            messages, length, _ = prefix(self.log)
            self._catch_up(messages, length)
            atom = self._grouping.open()
            window = self._decide(length, atom, ask=True)
            sent = window.sent
            items = Messages(sent.log)
            sizes, tokens, stem = sent.bytes, sent.tokens, len(items)
            checker = sent.checker
            if atom is not None:
                items = items.followed_by(atom.messages)
                sizes, tokens, checker = list(sizes), list(tokens), checker.copy()
                for message, size in zip(atom.messages, atom.sizes, strict=True):
                    add_size(sizes, tokens, size)
                    checker.feed(message)
            cuts = 0 if window.cut is None else window.cut.number
            measured = self._meter.measure(
                Sent(items, sizes, tokens, None if own is None else own.digest, sent, stem),
                was_cut=cuts != self._cuts_sent,
            )
            self._cuts_sent = cuts
            if self._metrics is not None:
                self._metrics.sent(measured)
            estimated = (tokens[-1] if tokens else 0) + own_tokens
            total = self._corrected(window, estimated)
            return View(
                messages=items,
                tokens=total,
                fits=total <= self.budget.tokens,
                cut=window.cut,
                prefix=measured,
                problems=checker.problems(),
                omitted=self._grouping.omitted,
                position=length,
                estimated=estimated,
            )

    def _catch_up(self, messages: Sequence[FrozenDict], length: int) -> None:
        """Does for all that is new in the log what would have been done had each request been seen."""
        for index in range(self._position, length):
            message = messages[index]
            self._read_notes(index)
            if message.get("role") == "assistant":
                # Here a request was made, which this message answers.
                self._window = self._decide(index, self._grouping.open(), ask=False)
            for atom in self._grouping.feed(message):
                self._window.add(atom)
                self._pins.see(atom, self._is_error)
            self._position = index + 1
        self._read_notes(length)

    def _read_notes(self, position: int) -> None:
        """Takes the notes that were made before the log had more messages."""
        while self._noted < len(self.notes):
            match self.notes[self._noted]:
                case {"at": int(at)} if at > position:
                    return
                case {
                    "kind": "usage",
                    "cuts": int(cuts),
                    "estimated": int(estimated),
                    "reported": int(reported),
                } as note:
                    if self._calibration.learn(str(note.get("model")), estimated=estimated, reported=reported):
                        self._base = (cuts, estimated, reported)
                case {"kind": "summary", "at": int(at), "text": str(text)}:
                    self._told[at] = text
            self._noted += 1

    def _corrected(self, window: Window, estimated: int) -> int:
        """Tokens of a view: those that the server reported, and an estimate of what came after."""
        factor = self._calibration.factor()
        cuts = 0 if window.cut is None else window.cut.number
        if self._base is not None and self._base[0] == cuts:
            return max(0, round(self._base[2] + factor * (estimated - self._base[1])))
        return round(factor * estimated)

    def _decide(self, position: int, atom: Atom | None, *, ask: bool) -> Window:
        """What a request at this position of the log is made of: the window as it is, or one that is cut."""
        window = self._window
        key = (position, self._noted)
        if self._ahead is not None and self._ahead[0] == key:
            return self._ahead[1]
        estimated = window.sent.total + self._tools_tokens + _tokens(atom)
        total = self._corrected(window, estimated)
        budget = self.budget
        if total <= budget.high * budget.tokens:
            return window
        scale = total / max(estimated, 1)
        made = window.shortened(
            position=position,
            pins=self._pins.of(atom),
            fixed=self._tools_tokens + _tokens(atom),
            low=int(budget.low * budget.tokens / scale),
            summary=int(budget.summary * budget.tokens / scale),
            told=self._told.get(position),
        )
        if made is None:
            return window
        if made.gain <= budget.least_gain * budget.tokens / scale:
            # Too little, unless it is just what is needed. Where even that would not do, each call would cut again.
            after = self._corrected(made, made.sent.total + self._tools_tokens + _tokens(atom))
            if not after <= budget.tokens < total:
                return window
        if ask and position not in self._told and self.summariser is not None:
            text = self._ask(window, atom, made)
            if text is not None:
                self.notes.append({"kind": "summary", "at": position, "text": text})
                self._read_notes(position)
                return self._decide(position, atom, ask=False)
        self._ahead = (key, made)
        return made

    def _ask(self, window: Window, atom: Atom | None, made: Window) -> str | None:
        """A model's summary, if it is one: not empty, and shorter than what it stands for."""
        assert self.summariser is not None
        messages = Messages(window.sent.log)
        if atom is not None:
            messages = messages.followed_by(atom.messages)
        text = self.summariser(messages)
        if text is None or not text.strip():
            return None
        return text.strip() if message_tokens({"content": text}) < made.replaced else None


def _tokens(atom: Atom | None) -> int:
    return 0 if atom is None else atom.tokens
