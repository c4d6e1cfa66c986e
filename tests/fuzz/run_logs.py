"""Files that runs leave: any bytes are a log, a recording, or refused; and what is damaged is never taken for sound."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from tests.digests.values import same

from rev_accel import MessageLog
from rev_accel.agent import Journal
from rev_accel.errors import InputError, LogError
from rev_accel.history.file import HEADER
from rev_accel.llm import Reply, Request
from rev_accel.llm.record import dump, load
from rev_accel.llm.redactor import Redactor

from .choices import Choices, data
from .places import folder

FOLDER = folder()
LOG = FOLDER / "events.jsonl"
RECORDING = FOLDER / "replies-1.jsonl"
ANSWER = b'{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}'

logging.getLogger("rev_accel").setLevel(logging.CRITICAL)


def run(data: bytes) -> None:
    source = Choices(data)
    match source.randrange(5):
        case 0:
            recording(source.rest())
        case 1:
            harmed(source)
        case 2:
            appended(source)
        case 3:
            journal(source)
        case _:
            log(source.rest())


def log(content: bytes) -> None:
    """What opens is the same when it is opened again, and can be gone on with."""
    LOG.write_bytes(content)
    try:
        with MessageLog.open(LOG, repair=False) as opened:
            messages, digest = list(opened), opened.digest
    except LogError as error:
        assert str(error) and LOG.read_bytes() == content
        return
    assert content.startswith(LOG.read_bytes()) or (LOG.read_bytes() == HEADER and HEADER.startswith(content))
    with MessageLog.open(LOG) as opened:
        assert same(list(opened)[: len(messages)], messages)
        opened.append({"role": "user", "content": "more"})
        length = len(opened)
    with MessageLog.open(LOG, repair=False) as opened:
        assert len(opened) == length
        assert MessageLog(messages).digest == digest


def harmed(source: Choices) -> None:
    """Of a log with damage in it a beginning is read, or none of it."""
    messages = [made(source) for _ in range(source.randrange(4))]
    LOG.unlink(missing_ok=True)
    with MessageLog.open(LOG) as opened:
        opened.extend(messages)
        expected = list(opened)
    content = bytearray(LOG.read_bytes())
    at = source.randrange(len(content))
    content[at : at + source.randrange(20)] = source.rest()[:20]
    LOG.write_bytes(content)
    try:
        with MessageLog.open(LOG, repair=False) as opened:
            found = list(opened)
    except LogError:
        return
    assert same(found, expected[: len(found)])


def appended(source: Choices) -> None:
    """What was written is what is read."""
    messages = [made(source) for _ in range(source.randrange(5))]
    LOG.unlink(missing_ok=True)
    with MessageLog.open(LOG) as opened:
        opened.extend(messages)
        expected = list(opened), opened.digest
    with MessageLog.open(LOG, repair=False) as opened:
        assert same(list(opened), expected[0]) and opened.digest == expected[1]


def journal(source: Choices) -> None:
    """The events of a run are read as they were noted, by kind."""
    LOG.unlink(missing_ok=True)
    noted = [(source.choice(("run", "call", "outcome")), data(source)) for _ in range(source.randrange(5))]
    with closing(Journal(FOLDER)) as opened:
        for kind, value in noted:
            opened.add(kind, value=value, task=source.choice(("1", "2")))
    with closing(Journal(FOLDER)) as opened:
        for kind in ("run", "call", "outcome", "nothing"):
            found = [event["value"] for event in opened.events(kind)]
            assert len(found) == sum(one == kind for one, _ in noted)
            assert same(opened.last(kind), (list(opened.events(kind)) or [None])[-1])
        assert len([opened.redact(dict(event)) for event in opened.events()]) == len(noted)


def made(source: random.Random) -> dict[str, Any]:
    return {"role": "user", "content": data(source)}


def recording(content: bytes) -> None:
    RECORDING.write_bytes(content)
    try:
        records = load(RECORDING)
    except InputError as error:
        assert str(error)
        return
    for one in records:
        dump(one.request, one.outcome, Redactor(None))


def seeds() -> Sequence[bytes]:
    LOG.unlink(missing_ok=True)
    with MessageLog.open(LOG) as opened:
        call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        opened.append({"role": "user", "content": "hello"})
        opened.append({"role": "assistant", "content": None, "tool_calls": [call]})
    sound = LOG.read_bytes()
    request = Request(
        endpoint="http://127.0.0.1:1", dialect="openai", model="m", messages=[{"role": "user", "content": "x"}]
    )
    line = dump(request, Reply.parse(ANSWER, dialect="openai"), Redactor(None))
    noise = [random.Random(number).randbytes(30 + 10 * (number % 20)) for number in range(40)]
    return [b"\4" + sound, b"\4" + sound[:-30], b"\0" + line, b"\0" + line + line.replace(b"hi", b"ho"), *noise]
