"""The file of a message log.

Lines of JSON, so that people can read and compare them; the first one says what it is, each other one is a record:

    {"rev_accel":"message log","version":1}
    {"bytes":35,"digest":"5e1c...","message":{"role":"user","content":"hello"}}

`bytes` is the length of the message's text, `digest` that of the log up to and with this message. So a record that is
damaged, missing, moved or edited does not go unnoticed. A record is written in one piece at the end of the file.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rev_accel.errors import LogError

__all__ = ["LogFile", "Record", "encode"]

HEADER = b'{"rev_accel":"message log","version":1}\n'
RECORD = re.compile(rb'\{"bytes":([1-9][0-9]{0,11}),"digest":"([0-9a-f]{64})","message":')

# Not ASCII only: text stays readable, and two lone surrogates in a row stay two.
_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
_SURROGATES = "surrogatepass"

# A process that was killed holds its lock until the system has cleared it away: tries, and seconds between them.
LOCK_TRIES = 10
LOCK_PAUSE = 0.02


def encode(message: Any) -> bytes:
    """The text of a message."""
    return _encode(message).encode("utf-8", _SURROGATES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One message as it stands in the file."""

    line: int
    offset: int
    digest: bytes
    message: Any


class LogFile:
    """A file that this process alone appends to, or one that is only read, whoever else appends to it."""

    def __init__(self, path: str, *, sync: bool = False, read_only: bool = False) -> None:
        self.path = path
        self._sync = sync
        self._read_only = read_only
        self._process = os.getpid()
        # Not waiting for the other end of a pipe, and for the user alone.
        self._file = io.FileIO(path, "r" if read_only else "a+", opener=_open)
        try:
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                raise LogError(f"`{path}` is not a regular file, so there can be no message log in it")
            if not read_only:
                self._lock()
        except BaseException:
            self._file.close()
            raise
        self._end = 0  # everything before was read or written by this object
        self.torn_bytes = 0

    def records(self) -> Iterator[Record]:
        """What is in the file; a beginning of a record at its end, as a crash leaves it, is cut off."""
        self._file.seek(0)
        reader = io.BufferedReader(self._file)
        try:
            header = reader.readline()
            if header != HEADER:
                if not HEADER.startswith(header):
                    raise LogError(f"`{self.path}` is not a message log of this version: nothing was changed")
                self._cut(0)
                if not self._read_only:
                    self._write(HEADER)
                return
            self._end = len(HEADER)
            for number, line in enumerate(reader, 2):
                record = _parse(line, number, self._end)
                if record is None:
                    # No record has a zero byte in it; a block that a power cut kept from the disk reads as zeros.
                    is_torn = not line.endswith(b"\n") or b"\0" in line
                    if not is_torn or reader.peek(1):
                        raise self.damaged(number, self._end)
                    self._cut(len(line))
                    return
                yield record
                self._end += len(line)
        finally:
            reader.detach()

    def damaged(self, line: int, offset: int) -> LogError:
        """The error for a record that is not what was written."""
        error = LogError(
            f"`{self.path}`, line {line}: the record is damaged, or one before it is missing or was edited"
        )
        error.add_note(
            f"The {line - 2} messages before it are sound. To go on with these, keep a copy of the file and cut it"
            f" after {offset} bytes."
        )
        error.line = line
        return error

    def append(self, text: bytes, digest: bytes) -> None:
        """Writes a record for the text of a message; it is in the system's hands then, with `sync` on the disk."""
        if os.getpid() != self._process:
            raise LogError(
                f"`{self.path}` belongs to process {self._process}, from which this one was forked; it can be opened"
                " here once it is closed there"
            )
        if self._file.closed:
            raise LogError(f"`{self.path}` is closed")
        size = os.fstat(self._file.fileno()).st_size
        if size < self._end:
            raise LogError(f"`{self.path}` was cut by somebody else; open it again")
        if size > self._end:
            # What is left of an append that failed or was interrupted, of which the caller was told.
            os.ftruncate(self._file.fileno(), self._end)
        record = b'{"bytes":%d,"digest":"%s","message":%s}\n' % (len(text), digest.hex().encode(), text)
        self._write(record)

    def close(self) -> None:
        self._file.close()

    def leave(self) -> None:
        """Lets go of the file in a forked child. The lock is the parent's as long as that has the file open."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            written = self._file.write(left)
            if not written:
                raise LogError(f"`{self.path}` cannot be written to")
            left = left[written:]
        if self._sync:
            os.fsync(self._file.fileno())
        self._end += len(data)

    def _cut(self, torn: int) -> None:
        self.torn_bytes = torn
        if self._read_only:
            return
        os.ftruncate(self._file.fileno(), self._end)

    def _lock(self) -> None:
        for _ in range(LOCK_TRIES):
            try:
                return _lock(self._file.fileno())
            except (BlockingIOError, PermissionError):
                time.sleep(LOCK_PAUSE)
        raise LogError(
            f"`{self.path}` is open already, in this process or another one: only one can append to a message log"
        )


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)


def _parse(line: bytes, number: int, offset: int) -> Record | None:
    found = RECORD.match(line)
    if found is None:
        return None
    start = found.end()
    end = start + int(found[1])
    if line[end:] != b"}\n":
        return None
    try:
        message = json.loads(line[start:end].decode("utf-8", _SURROGATES))
    except (ValueError, RecursionError):
        return None
    return Record(line=number, offset=offset, digest=bytes.fromhex(found[2].decode()), message=message)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        # Far behind the end: what is locked there cannot be read by others.
        os.lseek(file, 1 << 62, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: int) -> None:
        # Of the opened file, not of the process: two logs on one file in one process exclude each other too.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
