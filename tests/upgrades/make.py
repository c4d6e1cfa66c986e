"""Makes what the installed version leaves on disk into a fixture for later ones: `python -m tests.upgrades.make`.

To be run once for each version that is published, on Linux; fixtures of earlier versions stay as they are.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import rev_accel
from rev_accel import MessageLog, ResponseCache, digest
from rev_accel.agent import Policy, Run, Settings
from rev_accel.llm import Answer, RecordingClient, Request, ScriptedClient

FIXTURES = Path(__file__).parents[1] / "fixtures"
FOLDER = FIXTURES / "upgrades"

MESSAGES: list[dict[str, Any]] = [
    {"role": "user", "content": "é \ud800 🙂"},
    {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "1", "content": "x" * 300},
]

# One file for each, which has to be numerous enough for the content store to be asked.
SOURCES = [
    "# TODO: {n}\n",
    "s = 'FIXME' + f'{{s!r:>{n}}}'\n",
    "print({n})\n",
    "eval('{n}'); exec('{n}'); compile('', '', 'exec'); __import__('os')\n",
    "def f{n}(a, b, c, d, e, g): pass\n",
    "class C:\n    def m(self):\n        def inner(): ...\n    async def n(self): print()\n",
    "def f{n}():\n    global a{n}, b\n",
    "x = ({n}\n",
    "match x:\n    case {n} if print(): pass\n",
    "def f[T](x: T) -> T: return x  # {n}\n",
    "type X = {n}\n",
    "try: pass\nexcept* ValueError: print({n})\n",
]


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        answers = fill(folder)
        (folder / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"{rev_accel.__version__}.tar.gz"
        path.write_bytes(packed(folder))
        print(f"{path}: {path.stat().st_size:,} bytes")


def fill(folder: Path) -> dict[str, Any]:
    """Leave everything in a folder that is ever left, and return what is in it."""
    return {
        "version": rev_accel.__version__,
        "python": [platform.python_implementation(), list(sys.version_info[:3])],
        "scan": scanned(folder),
        "replies": replies(folder / "cache"),
        "calls": recorded(folder / "calls.jsonl"),
        "log": logged(folder / "log.jsonl"),
        "run": ran(folder),
    }


def scanned(folder: Path) -> str:
    tree = folder / "tree"
    tree.mkdir()
    for path in sorted((FIXTURES / "project").rglob("*.py")):
        (tree / f"of_{path.stem}.py").write_bytes(path.read_bytes())
    for number, source in enumerate(SOURCES * 3):
        (tree / f"file{number}.py").write_text(source.format(n=number))
    for form in ("json", "jsonl"):
        output = scan(tree, folder / "cache", form)
    return output


def scan(tree: Path, cache: Path | None, form: str = "jsonl", *more: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "rev_accel", "scan", "--format", form, *more]
    where = {"REV_ACCEL_NO_CACHE": "1"} if cache is None else {"REV_ACCEL_CACHE_DIR": str(cache)}
    done = subprocess.run(command, cwd=tree, env={**os.environ, **where}, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode("ascii")


def replies(folder: Path) -> dict[str, str]:
    kept = {digest(number, domain="request"): f"reply {number} " * (number % 7 * 100 + 1) for number in range(20)}
    cache = ResponseCache(folder=folder)
    assert all(cache.put(key, reply.encode()) for key, reply in kept.items())
    return kept


def request(number: int) -> Request:
    """What was asked when the recording was made."""
    return Request(
        endpoint="http://localhost:11434",
        dialect="ollama",
        model="m",
        messages=[*MESSAGES[1:], {"role": "user", "content": f"question {number}"}],
        options={"temperature": 0},
    )


def recorded(path: Path) -> list[str]:
    client = RecordingClient(ScriptedClient([f"answer {number}" for number in range(3)]), path)
    return [client.chat(request(number)).content for number in range(3)]


def logged(path: Path) -> dict[str, Any]:
    with MessageLog.open(path) as log:
        for message in MESSAGES:
            log.append(message)
        return {"digest": log.digest, "messages": MESSAGES}


def ran(folder: Path) -> dict[str, Any]:
    """A run of an agent that has ended, and one that was stopped after its plan."""
    root = folder / "project"
    root.mkdir()
    task = {"id": "t1", "title": "write it", "instructions": "Write note.txt.", "needs": [], "checks": []}
    plan, review = json.dumps({"tasks": [task]}), '{"approved": true, "problems": []}'
    work = Answer(tool_calls=(("write_file", {"path": "note.txt", "content": "new\n"}),))
    script = [plan, review, work, "It is written."]
    found = {}
    for name, steps in (("ended", script), ("stopped", [plan, review, KeyboardInterrupt()])):
        settings = Settings(model="m", endpoint="http://localhost:11434", dialect="ollama", test=False)
        client = ScriptedClient(steps)
        run = Run.start(
            "Write a note.", client, settings, root=root, home=folder / "state", policy=Policy(write="auto")
        )
        try:
            state = run.go().state
        except KeyboardInterrupt:
            state = "stopped"
        found[name] = {"run": run.journal.name, "state": state}
    assert (root / "note.txt").read_text() == "new\n"
    return found


def packed(folder: Path) -> bytes:
    """The files with the times and owners taken out, and nothing of this machine but the paths in the run."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.endswith("-shm") and "__pycache__" not in path.parts:
                entry = archive.gettarinfo(path, str(path.relative_to(folder)))
                entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, 0, "", ""
                archive.addfile(entry, io.BytesIO(path.read_bytes()))
    return buffer.getvalue()


if __name__ == "__main__":
    main()
