"""Long output of tools: cut once, when it is recorded, with the whole text in a file that is named by its content."""

from __future__ import annotations

import os
from typing import Any

from rev_accel import _core
from rev_accel.errors import InputError

__all__ = ["ToolOutputs"]

# Below it the line that tells of the cut would be longer than what was cut.
LEAST_CHARACTERS = 500
# The share of what is left that comes from the start: errors and summaries tend to stand at the end.
HEAD = 0.5


class ToolOutputs:
    """Cuts texts that are too long for a conversation.

    What is left is the beginning and the end, and between them a line that tells how much is missing and in which file
    the whole text is. Equal texts give equal bytes, at any time and in any process: the file is named by the digest of
    its content. A text is cut when it is recorded and never again, so what was sent once stays as it was sent::

        outputs = ToolOutputs(".agent/outputs")
        log.append({"role": "tool", "tool_call_id": "call_1", "content": outputs.cut(text)})

    Args:
        folder: Where whole texts are kept, as the model shall read it: relative to the workspace. It is created, for
            the user alone, when the first text is. `None` keeps none.
        limit: Texts of more characters than this are cut to about as many.
    """

    def __init__(self, folder: str | os.PathLike[str] | None, *, limit: int = 10_000) -> None:
        if limit < LEAST_CHARACTERS:
            raise InputError(f"`limit` is {limit}: expected at least {LEAST_CHARACTERS} characters")
        self.folder = None if folder is None else os.fspath(folder)
        self.limit = limit
        self.failed: OSError | None = None
        """Why the last text that could not be kept was not; it was cut all the same."""

    def cut(self, text: str) -> str:
        """The text as it is to be recorded."""
        if len(text) <= self.limit:
            return text
        head = text[: int(self.limit * HEAD)]
        tail = text[len(head) - self.limit :]
        # At the ends of lines, unless these are far away.
        if (end := head.rfind("\n")) > len(head) // 2:
            head = head[: end + 1]
        if 0 <= (start := tail.find("\n")) < len(tail) // 2:
            tail = tail[start + 1 :]
        missing = text[len(head) : len(text) - len(tail)]
        name = self._keep(text)
        where = "" if name is None else f"; all {len(text):,} are in {name}"
        lines = missing.count("\n")
        counts = f"{len(missing):,} characters" + (f", {lines:,} lines" if lines else "")
        before = "" if head.endswith("\n") else "\n"
        return f"{head}{before}[... {counts} left out{where} ...]\n{tail}"

    def record(self, message: dict[str, Any]) -> dict[str, Any]:
        """A message as it is to be recorded: the same one, unless it is the long result of a tool."""
        if message.get("role") != "tool":
            return message
        content = message.get("content")
        if isinstance(content, str):
            return message if len(content) <= self.limit else {**message, "content": self.cut(content)}
        if isinstance(content, (list, tuple)) and any(map(self._is_long, content)):
            return {
                **message,
                "content": [{**p, "text": self.cut(p["text"])} if self._is_long(p) else p for p in content],
            }
        return message

    def _is_long(self, part: object) -> bool:
        text = part.get("text") if isinstance(part, dict) else None
        return isinstance(text, str) and len(text) > self.limit

    def _keep(self, text: str) -> str | None:
        """Writes the text unless it is there; the name of its file, `None` if it cannot be written."""
        if self.folder is None:
            return None
        # 128 bits: nobody can make two texts with the same name.
        name = f"{self.folder.rstrip('/')}/{_core.digest(text, domain='tool_output')[:32]}.txt"
        data = text.encode("utf-8", "surrogatepass")
        try:
            if not os.path.exists(name) or os.path.getsize(name) != len(data):
                _write(self.folder, name, data)
        except OSError as error:
            self.failed = error
            return None
        return name


def _write(folder: str, name: str, data: bytes) -> None:
    """Either the whole file or none, also when the process is killed meanwhile."""
    import tempfile

    os.makedirs(folder, mode=0o700, exist_ok=True)
    file, path = tempfile.mkstemp(dir=folder)  # for the user alone
    try:
        with os.fdopen(file, "wb") as out:
            out.write(data)
        os.replace(path, name)
    except BaseException:
        os.unlink(path)
        raise
