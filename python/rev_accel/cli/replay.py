"""`rev-accel replay`: shows a run of the agent, or does it once more with the replies that it had."""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rev_accel.errors import InputError, ReplayMissError, RevAccelError

from . import streams

if TYPE_CHECKING:
    from rev_accel.agent import Journal
    from rev_accel.workspace import Workspace

EXIT_DIFFERS = 1

EPILOG = """\b
Examples:
  rev-accel replay            the runs that there are
  rev-accel replay last       the last one, step by step
  rev-accel replay last --again

\b
Exit codes:
  0    shown; or the same came of it again
  1    something else came of it
  2    wrong usage, or there is no such run
"""


@click.command(short_help="Show a run of the agent, or do it again.", epilog=EPILOG)
@click.argument("run", required=False)
@click.option("--again", is_flag=True, help="Do it again in a copy, with the replies that were recorded.")
def replay(run: str | None, again: bool) -> int:
    """Show RUN step by step: its name, or `last`. Without RUN, list the runs.

    With --again the run is done once more, in a copy of the repository in which the files that it changed are as they
    were: nobody is asked, the model answers what it answered, and the results of commands are those that they had. Then
    the files are compared.
    """
    from rev_accel.agent import Journal, runs

    if run is None:
        if again:
            raise click.UsageError("--again needs a RUN")
        for name in runs():
            try:
                journal = Journal.open(name, read_only=True)
            except (InputError, OSError) as error:
                _line(f"{name}  {error}")
                continue
            began, ended = journal.last("run") or {}, journal.last("end") or {}
            _line(f"{name}  {ended.get('state', 'not ended'):<9}  {began.get('goal', '')}")
        return 0
    journal = Journal.open(run, read_only=True)
    if again:
        return _again(journal)
    _show(journal)
    return 0


def _line(text: str) -> None:
    streams.write_output(f"{streams.one_line(text)}\n".encode("utf-8", "replace"))


def _show(journal: Journal) -> None:
    began, tasks = None, dict[str, str]()
    for event in journal.events():
        began = event["at"] if began is None else began
        shown = _step(journal.redact(dict(event)), tasks)
        if shown is not None:
            first, *rest = shown.splitlines() or [""]
            _line(f"{event['at'] - began:9.3f} s  {first}")
            for line in rest:
                _line(f"             {line}")


def _step(event: dict[str, Any], tasks: dict[str, str]) -> str | None:
    from .terminal import said

    match event["kind"]:
        case "run":
            return f"{event['goal']}\nin {event['root']}, by {event['settings']['model']}"
        case "process":
            return f"a process begins, on {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(event['at']))}"
        case "reply":
            verdict = f", {event['verdict']}" if event["verdict"] else ""
            tokens = f"{event['prompt']:,} + {event['completion']:,} tokens"
            kept = ", kept from earlier" if event.get("kept") else ""
            return f"task {event['task']}: a reply after {event['seconds']:.3g} s, {tokens}{kept}{verdict}"
        case "call":
            given = "".join(f"\n  {name}: {value}" for name, value in event["arguments"].items())
            return f"task {event['task']}: calls {event['name']}{given}"
        case "result":
            return f"task {event['task']}: {'refused or failed' if event['failed'] else 'result'}: {event['text']}"
        case "end":
            return f"{event['state']}: {event['text']}"
        case _:
            return said(event, tasks)


def _again(journal: Journal) -> int:
    from rev_accel.agent import Journal as NewJournal
    from rev_accel.agent import Policy, Run, Settings
    from rev_accel.agent.recovery import state_of
    from rev_accel.llm import ReplayClient
    from rev_accel.llm.redaction import REDACTED
    from rev_accel.tools.effects import COMMANDS
    from rev_accel.workspace import Workspace

    from .trial import copied

    began, ended = journal.last("run"), journal.last("end")
    if began is None or ended is None:
        raise InputError(f"the run `{journal.name}` has not ended: resume it first")
    root = Path(began["root"])
    if not root.is_dir():
        raise InputError(f"`{root}`, in which it ran, is not there any more")
    with copied(root) as copy, tempfile.TemporaryDirectory(prefix="rev-accel-") as folder:
        _restore(journal, Workspace(copy))
        recording = Path(folder, "replies.jsonl")
        recording.write_bytes(b"".join(map(_whole, journal.recordings())))
        made = NewJournal.create(copy, home=Path(folder, "runs"))
        settings = Settings.from_dict(began["settings"])
        # It went as far as it did, under whichever limits.
        most = replace(settings.limits, calls=None, tokens=None, seconds=None, cost=None)
        settings = replace(settings, test=False, limits=most)
        made.add("run", goal=began["goal"], root=str(copy), settings=asdict(settings))
        called = {(one["task"], one["reply"], one["number"]): one["name"] for one in journal.events("call")}
        for event in journal.events():
            key = (event.get("task"), event.get("reply"), event.get("number"))
            # What was refused, or ran a program, has the result that it had.
            if event["kind"] in ("plan", "checked") or (
                event["kind"] == "result" and called.get(key) in (None, "git_commit", *COMMANDS)
            ):
                made.add(event["kind"], **{name: event[name] for name in event if name not in ("kind", "at")})
        client = ReplayClient(recording, "key", redact=made.redact)
        try:
            # What was allowed is allowed again; a program whose result was not recorded is not run.
            policy = Policy(write="auto", command="never", deny=("git_commit",))
            result = Run(made, client, settings, policy=policy, ask=lambda _: True).go()
            state, text = result.state, result.text
        except ReplayMissError as error:
            if ended["state"] != "stopped":
                _line(f"it came to something else: {error}")
                return EXIT_DIFFERS
            state, text = "stopped", "this is as far as it went"
        files = Workspace(copy)
        different = [path for path, was in ended["files"].items() if state_of(path, files) != was]
        redacted = [path for path in different if REDACTED.encode() in _data(path, files)]
    for path in different:
        why = ": what looks like a secret was not recorded" if path in redacted else ""
        _line(f"`{path}` is not as it was after the run{why}")
    _line(f"{state}: {text}")
    return EXIT_DIFFERS if different or state != ended["state"] else 0


def _data(path: str, workspace: Workspace) -> bytes:
    try:
        return workspace.read(path)
    except (OSError, RevAccelError):
        return b""


def _whole(path: Path) -> bytes:
    """A recording without what a process that was killed had not written to the end."""
    data = path.read_bytes()
    return data[: data.rfind(b"\n") + 1]


def _restore(journal: Journal, workspace: Workspace) -> None:
    """Gives files of a copy the content that they had before the run."""
    from rev_accel.agent.recovery import first_states, is_kept, state_of

    for path, state in first_states(journal).items():
        if is_kept(state):
            try:
                content = journal.kept(state)
            except FileNotFoundError:
                why = "as it was before is not kept, as when it holds what looks like a secret"
                raise InputError(f"`{path}` {why}: the run cannot be done again") from None
            workspace.write(path, content, make_folders=True)
        elif state is None and state_of(path, workspace) is not None:
            workspace.delete(path, recursive=True)
