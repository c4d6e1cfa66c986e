"""The file that recordings are: one JSON object a line, for each call of a model.

    {"digest": "b81e…", "key": "5f0c…", "reply": {"body": {…}, "context_cut": null, "streamed": false},
     "request": {…}, "schema_version": 2}

Keys are sorted, so that a diff shows what changed. `reply.body` is what the server sent, as data; for a streamed
reply, what it would have been in one piece. A call that failed has `error` in the place of `reply`. `digest` is that of
all the rest of the line, so that nothing which was damaged is given for an answer. In a line that is written or edited
by hand, `digest` and `key` are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rev_accel import digest, errors
from rev_accel.errors import InputError, ModelError, RevAccelError

from .reply import Reply
from .request import Request
from .text import parse, write

if TYPE_CHECKING:
    from .redactor import Redactor

__all__ = ["Record", "dump", "load"]

SCHEMA_VERSION = 2
MEMBERS = ("digest", "error", "key", "reply", "request", "schema_version")

# The errors that a model's call may end with, and what they hold besides their text.
KINDS: dict[str, tuple[str, ...]] = {
    "ModelError": (),
    "ModelMalformedError": (),
    "ModelRefusedError": ("status", "retry_after"),
    "ModelTimeoutError": ("phase",),
    "ModelTruncatedError": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A line of a recording."""

    line: int
    request: Request
    outcome: Reply | ModelError


def dump(request: Request, outcome: Reply | ModelError, redactor: Redactor) -> bytes:
    """The line for a call; the request is one that `redactor` gave."""
    record: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "key": str(request.key()), "request": request.to_dict()}
    if isinstance(outcome, Reply):
        body = redactor.data(outcome.body)
        record["reply"] = {"body": body, "streamed": outcome.streamed, "context_cut": outcome.context_cut}
    else:
        kind = type(outcome).__name__
        text = redactor.data(str(outcome))
        record["error"] = {"kind": kind, "text": text} | {name: getattr(outcome, name) for name in KINDS.get(kind, ())}
    try:
        record["digest"] = checksum(record)
        line = write(record, sort_keys=True, allow_nan=True, separators=(", ", ": "))
        if checksum(parse(line)) != record["digest"]:
            raise ValueError("JSON makes one character of the two halves of one that stand in a row in it")
    except ValueError as error:
        raise InputError(f"the call cannot be recorded: {error}") from error
    return line + b"\n"


def checksum(record: Mapping[str, Any]) -> str:
    """The digest of a record, of all but that digest itself."""
    return digest({name: value for name, value in record.items() if name != "digest"}, domain="record")


def load(path: Path) -> list[Record]:
    """The records of a file.

    Raises:
        OSError: It cannot be read.
        rev_accel.errors.InputError: A line is damaged; the text names it.
    """
    records = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
        if line.strip():
            try:
                records.append(read(number, line))
            except (RevAccelError, TypeError, ValueError) as error:
                raise InputError(f"`{path}`, line {number}: {error}") from error
    return records


def read(number: int, line: bytes) -> Record:
    """The record on a line."""
    try:
        record = parse(line)
    except ValueError as error:
        raise InputError(f"not JSON: {error}") from None
    if not isinstance(record, dict):
        raise InputError("expected a JSON object")
    version = record.get("schema_version")
    if version != SCHEMA_VERSION:
        hint = "; lines of version 1 have no digest: record anew" if version == 1 else ""
        raise InputError(f"`schema_version` is {version!r}: expected {SCHEMA_VERSION}{hint}")
    # Else a line whose `digest` is damaged in its name would be taken for one that is written by hand.
    unknown = next((name for name in record if name not in MEMBERS), None)
    if unknown is not None:
        raise InputError(f"a record has no member `{unknown}`: expected {', '.join(MEMBERS)}")
    if "digest" in record and record["digest"] != checksum(record):
        raise InputError(
            "`digest` is not that of the record: the line is damaged, or was edited without leaving it out"
        )
    request = Request.from_dict(member(record, "request"))
    if record.get("key", str(request.key())) != str(request.key()):
        raise InputError("`key` is not that of `request`: the line is damaged, or was edited without leaving `key` out")
    if ("reply" in record) == ("error" in record):
        raise InputError("expected either `reply` or `error`")
    outcome = reply(request, member(record, "reply")) if "reply" in record else failure(member(record, "error"))
    return Record(line=number, request=request, outcome=outcome)


def member(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = record.get(name)
    if not isinstance(found, dict):
        raise InputError(f"`{name}` is missing or not an object")
    return found


def reply(request: Request, recorded: dict[str, Any]) -> Reply:
    raw = write(member(recorded, "body"), allow_nan=True)
    cut = recorded.get("context_cut")
    return Reply.parse(raw, dialect=request.dialect, context_cut=cut if isinstance(cut, str) else None)


def failure(recorded: dict[str, Any]) -> ModelError:
    kind = str(recorded.get("kind"))
    if kind not in KINDS:
        raise InputError(f"`error.kind` is {kind!r}: expected one of {', '.join(KINDS)}")
    made: ModelError = getattr(errors, kind)(
        str(recorded.get("text")), **{name: recorded.get(name) for name in KINDS[kind]}
    )
    return made
