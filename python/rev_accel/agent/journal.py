"""The account of a run: a folder in the user's state folder, to which is only ever added.

    events.jsonl     what was decided, begun and done: a `MessageLog` of events
    tasks/1.jsonl    the conversation of task 1, and what servers reported of it in tasks/1.notes.jsonl
    objects/         contents of files before they were changed, named by their digests
    outputs/         long outputs of tools, whole
    replies-1.jsonl  what the model was asked and answered, by the first process of the run

All of it is for the user alone. Once a run has ended for good, what looks like a secret is taken out of it, and outputs
and contents with one are not kept any more; until then all is as it was, since a run goes on from it.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from rev_accel import user_folders
from rev_accel._core import content_digest
from rev_accel.errors import InputError, LogError
from rev_accel.history import MessageLog
from rev_accel.history.file import HEADER
from rev_accel.llm import redact
from rev_accel.llm.redaction import redact_text

from .records import ENDED, Outcome, Plan

__all__ = ["LAST", "Event", "Journal", "runs"]

Event = dict[str, Any]
"""What happened: a `kind`, the time `at` which it did, in seconds since 1970, and what else there is to say of it."""

LAST = "last"
EVENTS = "events.jsonl"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Journal:
    """The folder of a run, which only one process has open. May be used by many threads.

    Args:
        folder: Where it is; it has to be there.
        on_event: Called with each event when it was written, one at a time.
        read_only: Whether it is only looked at, also while another process has it open.

    Raises:
        LogError: Another process has it open, or it is damaged.
    """

    def __init__(
        self, folder: Path, *, on_event: Callable[[Event], object] | None = None, read_only: bool = False
    ) -> None:
        self.folder = folder
        self._on_event = on_event
        self._lock = threading.Lock()
        file = folder / EVENTS
        self._log = MessageLog.read(file) if read_only else MessageLog.open(file, repair=False)

    @classmethod
    def create(cls, root: Path, *, home: Path | None = None, on_event: Callable[[Event], object] | None = None) -> Self:
        """One for a new run, in the state folder or another `home`, neither of which may be in the workspace."""
        home = user_folders.runs() if home is None else home
        if home.resolve().is_relative_to(root):
            raise InputError(f"`{home}` is in the workspace: set {user_folders.STATE_VARIABLE} to a folder outside")
        # The order of the names is that in which the runs began.
        name = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
        folder = home / name
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
        (folder / "outputs").mkdir(mode=0o700)
        return cls(folder, on_event=on_event)

    @classmethod
    def open(cls, run: str, *, home: Path | None = None, **how: Any) -> Self:
        """That of a run by its name, or of the last one by `last`; `how` as for the class."""
        home = user_folders.runs() if home is None else home
        known = runs(home=home)
        name = known[-1] if run == LAST and known else run
        if name not in known:
            some = f"the last ones are {', '.join(known[-3:])}" if known else "there are none"
            raise InputError(f"there is no run `{run}` in `{home}`: {some}")
        try:
            return cls(home / name, **how)
        except LogError as error:
            raise InputError(f"the run `{name}` cannot be opened: {error}") from error

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def outputs(self) -> Path:
        """Where long outputs of tools are."""
        return self.folder / "outputs"

    def redact(self, value: Any) -> Any:
        """JSON data without secrets, and without the name of this folder: the same for the same in another run."""
        return redact(_replaced(value, str(self.folder), "<run>"))

    def add(self, kind: str, **data: Any) -> None:
        """Writes an event; it survives the end of the process, however it ends."""
        event = {"kind": kind, "at": time.time(), **data}
        with self._lock:
            self._log.append(event)
            if self._on_event is not None:
                self._on_event(event)

    def events(self, kind: str | None = None, **same: object) -> Iterator[Event]:
        """Those of a kind in which these members are the same."""
        for event in list(self._log):
            if kind in (None, event["kind"]) and all(event.get(name) == value for name, value in same.items()):
                yield event

    def last(self, kind: str, **same: object) -> Event | None:
        """The latest of them."""
        return next(reversed(list(self.events(kind, **same))), None)

    def outcomes(self, plan: Plan | None) -> tuple[Outcome, ...]:
        """What became of tasks of a plan, as far as it is known, in its order."""
        found = {
            event["task"]: Outcome(task=event["task"], state=event["state"], text=event["text"])
            for event in self.events("outcome")
            if event["state"] in ENDED
        }
        return tuple(found[task.id] for task in (plan.tasks if plan is not None else ()) if task.id in found)

    def conversation(self, task: str) -> tuple[MessageLog, MessageLog]:
        """The messages of a task, and the notes of its `History`. A call without a result stays one."""
        if not _NAME.fullmatch(task):
            raise InputError(f"`{task}` cannot be the id of a task: expected 1 to 64 of A-Z a-z 0-9 _ -")
        folder = self.folder / "tasks"
        folder.mkdir(mode=0o700, exist_ok=True)
        log = MessageLog.open(folder / f"{task}.jsonl", repair=False)
        try:
            return log, MessageLog.open(folder / f"{task}.notes.jsonl", repair=False)
        except BaseException:
            log.close()
            raise

    def keep(self, data: bytes) -> str:
        """Keeps a content, and gives the name of it."""
        digest: str = content_digest(data)
        path = self.folder / "objects" / digest
        if not path.exists():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            draft = path.with_name(f"{digest}.{threading.get_ident()}")
            draft.write_bytes(data)
            draft.replace(path)
        return digest

    def kept(self, name: str) -> bytes:
        """A content by its name."""
        data = (self.folder / "objects" / name).read_bytes()
        if content_digest(data) != name:
            raise LogError(f"`{self.folder / 'objects' / name}` is damaged")
        return data

    def recordings(self) -> list[Path]:
        """What the model was asked and answered, by each process of the run."""
        return sorted(self.folder.glob("replies-*.jsonl"), key=lambda path: int(path.stem.rpartition("-")[2]))

    def recording(self) -> Path:
        """The file for what it is asked by this process."""
        return self.folder / f"replies-{len(self.recordings()) + 1}.jsonl"

    def close(self, *, for_good: bool = False) -> None:
        """Lets go of it; `for_good` once there is nothing to be gone on with."""
        self._log.close()
        if for_good:
            for path in (self.folder / EVENTS, *(self.folder / "tasks").glob("*.jsonl")):
                MessageLog.rewrite(path, redact)
            for path in (*self.outputs.glob("*"), *(self.folder / "objects").glob("*")):
                if redact_text(text := path.read_text("utf-8", "replace")) != text:
                    path.unlink()


def runs(*, home: Path | None = None) -> list[str]:
    """The names of all runs, the latest last."""
    home = user_folders.runs() if home is None else home
    try:
        # A folder without an event is what a run left that was killed before it began.
        return sorted(path.parent.name for path in home.glob(f"*/{EVENTS}") if path.stat().st_size != len(HEADER))
    except FileNotFoundError:
        return []


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, Mapping):
        return {name: _replaced(item, old, new) for name, item in value.items()}
    return [_replaced(item, old, new) for item in value] if isinstance(value, (list, tuple)) else value
