"""Random histories: whether each view is one that a server takes, with all that is pinned, from the log alone.

    cd tests && python -m history.campaign 50000 [seed]

runs the long form.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from rev_accel import History, MessageLog
from rev_accel.history import Budget, View
from rev_accel.history.facts import Facts
from rev_accel.history.summary import HEADER
from rev_accel.history.tokens import message_tokens

from .conversations import Conversation, conversation
from .judge import refusal

MARK = re.compile(r"\b[a-z]\d+\.")
WORDS = re.compile(r"\nWhat the user said[^\n]*:((?:\n- .*)*)")
KINDS = ("refused", "problems", "unpinned", "different", "too_long", "forgotten", "words", "moved")
# What a summary that leaves something out may have free: less than a line that is not cut further, and a mark.
FREE = 170


@dataclass
class Outcome:
    histories: int = 0
    views: int = 0
    cuts: int = 0
    by_model: int = 0
    summaries_compared: int = 0
    full: int = 0
    """Of these, so many did not keep all, since they had no room."""
    too_long: int = 0
    found: dict[str, list[Any]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    def __str__(self) -> str:
        wrong = ", ".join(f"{kind} {len(found)}" for kind, found in self.found.items())
        return (
            f"{self.histories:,} histories, {self.views:,} views, {self.cuts:,} cuts ({self.by_model:,} by a model),"
            f" {self.summaries_compared:,} summaries beside the one before ({self.full:,} without room for all of it),"
            f" {self.too_long:,} views of pins alone beyond the budget; wrong: {wrong}"
        )


def play(seed: int, outcome: Outcome) -> None:
    """Plays one conversation, with a view wherever the model is asked and elsewhere now and then."""
    with rooms_watched(seed, outcome) as rooms:
        _play(seed, outcome, rooms)


def _play(seed: int, outcome: Outcome, rooms: dict[str, int]) -> None:
    source = random.Random(seed)
    told = conversation(source)
    budget = Budget(
        tokens=source.choice((300, 600, 1_000, 1_500, 2_500)),
        high=source.choice((0.6, 0.9, 1.0)),
        low=source.choice((0.2, 0.3, 0.5)),
        summary=source.choice((0.05, 0.15)),
        least_gain=source.choice((0.0, 0.1, 0.3)),
    )
    log, notes = MessageLog(), MessageLog()
    summaries = 0

    def summary(messages: Any) -> str | None:
        nonlocal summaries
        summaries += 1
        assert refusal(list(messages), told.dialect) is None
        return source.choice(
            ("", " ", None, "x" * 100_000, f"What matters, {summaries}.\nConstraint: keep k{summaries}.")
        )

    def make(log: MessageLog, summariser: Any = None) -> History:
        return History(log, budget=budget, notes=notes, summariser=summariser, dialect=told.dialect)

    history = make(log, summary if source.random() < 0.3 else None)
    reports = source.random() < 0.5
    before: View | None = None
    compared = {source.randrange(len(told.messages) + 1), len(told.messages)}
    outcome.histories += 1
    for length in range(1, len(told.messages) + 1):
        log.append(told.messages[length - 1])
        is_asked = length == len(told.messages) or told.messages[length].get("role") == "assistant"
        if not is_asked and source.random() < 0.8:
            continue
        view = history.view()
        outcome.views += 1
        judge(outcome, seed, told, length, view, budget)
        if before is not None:
            compare(outcome, seed, before, view, rooms)
        if length in compared:
            # From the beginning, with nobody to ask: the notes say what was said.
            again = make(MessageLog(told.messages[:length])).view()
            if json.dumps(list(again.messages)) != json.dumps(list(view.messages)) or again.tokens != view.tokens:
                outcome.found["different"].append((seed, length))
        if reports and is_asked and source.random() < 0.5:
            history.observe(view, int(view.estimated * source.choice((0.1, 0.8, 1.5))), model="m")
        before = view
    if before is not None and before.cut is not None:
        outcome.cuts += before.cut.number
        outcome.by_model += before.cut.by == "model"


def judge(outcome: Outcome, seed: int, told: Conversation, length: int, view: View, budget: Budget) -> None:
    messages = list(view.messages)
    if why := refusal(messages, told.dialect):
        outcome.found["refused"].append((seed, length, why))
    # A summary is a message of the user, too.
    has_user = any(at < length for at, _ in told.users) or any(map(is_summary, messages))
    if [problem.rule for problem in view.problems] != ([] if has_user else ["no_user"]):
        outcome.found["problems"].append((seed, length, view.problems))
    text = json.dumps([one for one in messages if not is_summary(one)], ensure_ascii=False)
    if missing := [mark for mark in told.pins(length) if mark not in text]:
        outcome.found["unpinned"].append((seed, length, missing))
    if not view.fits:
        outcome.too_long += 1
        # Then hardly more is in it than what must be: nothing that could be cut was left.
        pinned = told.pins(length)
        needed = sum(
            message_tokens(one) for one in messages if is_summary(one) or any(mark in repr(one) for mark in pinned)
        )
        factor = view.tokens / max(view.estimated, 1)
        largest = max(map(message_tokens, messages))
        if (needed + largest) * factor < budget.low * budget.tokens * 0.5:
            outcome.found["too_long"].append((seed, length, needed, view.tokens, budget))


def compare(outcome: Outcome, seed: int, before: View, now: View, rooms: dict[str, int]) -> None:
    """A view and the one before: what was sent stays as it was unless it was cut; a summary keeps what one said."""
    first = next((str(one["content"]) for one in before.messages if is_summary(one)), None)
    second = next((str(one["content"]) for one in now.messages if is_summary(one)), None)
    if first is not None and second is not None and first != second and (now.cut and now.cut.by == "text"):
        outcome.summaries_compared += 1
        # What was said last is so no longer.
        lost = set(MARK.findall(first.partition("\nSaid last:")[0])) - set(
            MARK.findall(json.dumps(list(now.messages), ensure_ascii=False))
        )
        assert before.cut is not None
        by_model = before.cut.by == "model"
        # No reply stands where the model was asked for a summary: what it said then is of no cut that was made.
        is_unused = by_model and before.cut.number >= now.cut.number
        if lost and not is_unused:
            outcome.full += 1
            # Only a summary that is full may say less.
            if rooms[second] - len(second) >= FREE:
                outcome.found["forgotten"].append((seed, now.position, sorted(lost)))
    if before.cut == now.cut:
        # Only results that came meanwhile may stand for `interrupted` ones.
        for one, other in zip(before.messages, now.messages, strict=False):
            if one != other and one["role"] != "tool":
                outcome.found["moved"].append((seed, now.position, one, other))


@contextmanager
def rooms_watched(seed: int, outcome: Outcome) -> Iterator[dict[str, int]]:
    """Notes how many characters each summary might have had, and whether in each the user's words were cut last."""
    rooms: dict[str, int] = {}
    write = Facts.text

    def text(facts: Facts, characters: int) -> str:
        written = write(facts, characters)
        rooms[written] = characters
        if (words := WORDS.search(written)) and " more)" in words[1]:
            least = write(replace(facts, asked=[], earlier=""), 0).partition("]")[2]
            if len(written) - words.end() - len(least) >= FREE:
                outcome.found["words"].append((seed, characters, written))
        return written

    with patch.object(Facts, "text", text):
        yield rooms


def is_summary(message: Any) -> bool:
    return isinstance(message["content"], str) and message["content"].startswith(HEADER)


def run(seed: int, count: int) -> Outcome:
    outcome = Outcome()
    for number in range(count):
        play(seed + number, outcome)
        if (number + 1) % 5_000 == 0 and number + 1 < count:
            print(outcome, flush=True)
    return outcome


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    start = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    print("seed:", start, flush=True)
    result = run(start, number)
    print(result)
    for kind, examples in result.found.items():
        for example in examples[:3]:
            print(kind, example)
    sys.exit(any(result.found.values()))
