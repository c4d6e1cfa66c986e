"""`MessageLog`: the messages of a conversation, in the order in which they came."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self, cast, overload

from rev_accel import _core
from rev_accel.errors import InputError
from rev_accel.forks import InChildren
from rev_accel.frozen import FrozenDict, copy

from .calls import Call, pair
from .file import LogFile, encode

__all__ = ["INTERRUPTED", "MessageLog", "Recovery", "adopt", "messages_digest", "prefix"]

INTERRUPTED = "interrupted, outcome unknown"
"""What stands as the result of a tool call that had none when its log was opened again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovery:
    """What was done to a log when it was opened."""

    torn_bytes: int = 0
    """How many bytes of a record that was not written whole were cut off."""

    interrupted: int = 0
    """How many tool calls had no result and got `INTERRUPTED`."""


class MessageLog(Sequence[FrozenDict]):
    """Messages that are only ever added to, and a digest of all of them that costs what is new.

    A message is a dict of data (see `digest`). It is copied when it is added; what comes out is read-only, a
    `FrozenDict` that `json` and `digest` take for the dict it is. `digest` is a name for the messages so far and their
    order; a list of equal messages has the same one (`messages_digest`). May be used by many threads::

        log = MessageLog([{"role": "system", "content": "..."}])         # in memory
        with MessageLog.open("run.jsonl") as log:                       # in a file
            log.append({"role": "user", "content": "hello"})

    Each record is handed to the operating system before `append` returns, and survives the end of the process however
    it ends; with `sync=True` it is on the disk, and survives a power cut.
    """

    def __init__(self, messages: Iterable[dict[str, Any]] = ()) -> None:
        self._messages: list[FrozenDict] = []
        self._digest: bytes | None = None
        self._file: LogFile | None = None
        self._lock = threading.Lock()
        self.recovery = Recovery()
        _in_children.add(self)
        self.extend(messages)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, sync: bool = False, repair: bool = True) -> Self:
        """The log in a file, which is created if it is not there; only one process at a time can have it open.

        A record that was not written whole at the end is cut off. Tool calls of the last assistant message that have no
        result get one, `INTERRUPTED`, in the order of the calls. `recovery` tells about both, and so does the logger
        `rev_accel`.

        Args:
            sync: Wait for the disk at each record.
            repair: Whether to add results for calls that have none.

        Raises:
            rev_accel.errors.LogError: It is open already, it is no message log, or a record before the end is damaged:
                the text names the line.
            OSError: It cannot be opened, read or written.
        """
        log = cls()
        log._file = file = LogFile(os.fspath(path), sync=sync)
        try:
            log._take(file)
            missing = list(_missing_results(log._messages)) if repair else []
            log.recovery = Recovery(torn_bytes=file.torn_bytes, interrupted=len(missing))
            log.extend(missing)
        except BaseException:
            file.close()
            raise
        if log.recovery != Recovery():
            _tell(file.path, log.recovery)
        return log

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """A log in memory of the messages that are in a file now, also while another process appends to it.

        Raises:
            rev_accel.errors.LogError: It is no message log, or a record before the end is damaged.
            OSError: It cannot be read.
        """
        log, file = cls(), LogFile(os.fspath(path), read_only=True)
        try:
            log._take(file)
        finally:
            file.close()
        return log

    @classmethod
    def rewrite(cls, path: str | os.PathLike[str], change: Callable[[FrozenDict], dict[str, Any]]) -> None:
        """Changes each message of a file that nobody has open; it is the old file, or the new one.

        Raises:
            rev_accel.errors.LogError, OSError: As for `open`.
        """
        draft = f"{os.fspath(path)}.new"
        with cls.open(path, repair=False) as log:
            if os.path.lexists(draft):
                os.unlink(draft)
            with cls.open(draft, repair=False) as changed:
                changed.extend(map(change, log))
            os.replace(draft, path)

    def _take(self, file: LogFile) -> None:
        for record in file.records():
            # What JSON can say has a digest.
            message = copy(record.message)
            if self._digest_with(message) != record.digest:
                raise file.damaged(record.line, record.offset)
            self._messages.append(message)
            self._digest = record.digest

    @property
    def digest(self) -> str | None:
        """A name for all messages so far: 64 hexadecimal digits, `None` when there are none."""
        return None if self._digest is None else self._digest.hex()

    @property
    def path(self) -> str | None:
        """The file, or `None` for a log in memory."""
        return None if self._file is None else self._file.path

    def append(self, message: dict[str, Any]) -> None:
        """Adds a message. If that fails nothing was added.

        Raises:
            TypeError: It is not a dict of data; the text says where.
            rev_accel.errors.InputError: It is nested too deeply, contains itself, or is too large.
            rev_accel.errors.LogError: The file is closed, was cut by somebody else, or belongs to the process from
                which this one was forked.
            OSError: It cannot be written.
        """
        if not isinstance(message, dict):
            raise TypeError(f"a message must be a dict, not {type(message).__name__}")
        adopt(self, copy(message, f"messages[{len(self._messages)}]"))

    def extend(self, messages: Iterable[dict[str, Any]]) -> None:
        """Adds messages, one after the other."""
        for message in messages:
            self.append(message)

    def close(self) -> None:
        """Closes the file, for others to open. What was read stays."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[FrozenDict]:
        return iter(self._messages)

    @overload
    def __getitem__(self, index: int) -> FrozenDict: ...
    @overload
    def __getitem__(self, index: slice) -> list[FrozenDict]: ...
    def __getitem__(self, index: int | slice) -> FrozenDict | list[FrozenDict]:
        return self._messages[index]

    def __repr__(self) -> str:
        where = "" if self.path is None else f" in {self.path!r}"
        return f"<MessageLog of {len(self)} messages{where}, {(self.digest or 'empty')[:12]}>"

    def _digest_with(self, message: FrozenDict) -> bytes:
        digest = _core.chain_digest([message], previous=self._digest, first=len(self._messages))
        return cast(bytes, digest)  # there is a message


def messages_digest(messages: Iterable[dict[str, Any]]) -> str | None:
    """The digest of a log of these messages, without making one; the same stands in the key of a request."""
    if isinstance(messages, MessageLog):
        return messages.digest
    digest = _core.chain_digest(list(messages))
    return None if digest is None else digest.hex()


def prefix(log: MessageLog) -> tuple[Sequence[FrozenDict], int, str | None]:
    """What a log holds at this moment: a list that is only ever added to, how much of it, and the digest of that."""
    with log._lock:
        return log._messages, len(log._messages), log.digest


def adopt(log: MessageLog, message: FrozenDict) -> None:
    """Adds a message that is frozen all through already, as those of another log are, without copying it."""
    with log._lock:
        # Refuses what is not data.
        digest = log._digest_with(message)
        if log._file is not None:
            log._file.append(_text(message), digest)
        log._messages.append(message)
        log._digest = digest


def _text(message: FrozenDict) -> bytes:
    try:
        return encode(message)
    except RecursionError:
        raise InputError("a message cannot be written as JSON: it nests too deep") from None
    except ValueError as error:  # more digits than Python writes
        raise InputError(f"a message cannot be written as JSON: {error}") from None


def _missing_results(messages: list[FrozenDict]) -> Iterator[dict[str, str]]:
    """Results for the calls of the last assistant message that have none, if only results came after it."""
    position = len(messages)
    while position and messages[position - 1].get("role") == "tool":
        position -= 1
    if not position or messages[position - 1].get("role") != "assistant":
        return
    given = messages[position - 1].get("tool_calls")
    waiting = [_called(call) for call in given] if isinstance(given, list) else []
    for call, own in zip(waiting, pair(waiting, messages[position:]), strict=True):
        if own is None:
            named = {"tool_call_id": call.id} if call.id is not None else {"tool_name": call.tool} if call.tool else {}
            yield {"role": "tool", **named, "content": INTERRUPTED}


def _called(call: object) -> Call:
    """A call, as far as it says which; here also one of no named tool."""
    if not isinstance(call, dict):
        return Call(None, "", None)
    function = call.get("function")
    identity, tool = call.get("id"), function.get("name") if isinstance(function, dict) else None
    return Call(
        identity if identity and isinstance(identity, str) else None, tool if isinstance(tool, str) else "", None
    )


def _tell(path: str, recovery: Recovery) -> None:
    import logging

    done = [
        f"{recovery.torn_bytes} bytes of a record that was not written whole were cut off"
        if recovery.torn_bytes
        else "",
        f"{recovery.interrupted} tool calls without a result got `{INTERRUPTED}`" if recovery.interrupted else "",
    ]
    logging.getLogger("rev_accel").warning("message log `%s`: %s", path, "; ".join(filter(None, done)))


def _leave_file(log: MessageLog) -> None:
    # With the child's copy of the file open, the lock would outlive the parent. And another thread may have held ours.
    log._lock = threading.Lock()
    if log._file is not None:
        log._file.leave()


_in_children = InChildren(_leave_file)
