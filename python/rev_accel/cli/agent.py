"""`rev-accel agent`: works on a repository until a goal is reached."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import tempfile
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from rev_accel.errors import InputError

from . import EXIT_INTERRUPTED
from .options import color_option

if TYPE_CHECKING:
    from rev_accel.agent import Policy, Run, RunResult, Settings
    from rev_accel.llm import Client

    from .terminal import View

EXIT_FAILED = 1
EXIT_STOPPED = 3

EPILOG = """\b
Examples:
  rev-accel agent --model qwen3 "fix the failing test"
  rev-accel agent --model qwen3 --dry-run "rename Foo to Bar"    the plan and the differences, nothing else
  rev-accel agent --endpoint https://api.openai.com/v1 --dialect openai --model gpt-5 -y "..."
  rev-accel agent --resume last                                  go on with what was stopped

\b
The table [agent] of the user's own configuration (~/.config/rev-accel/config.toml) has defaults: endpoint, dialect,
model, window, workers, write, command, allow, deny, limits, prices. The key of a server is in REV_ACCEL_API_KEY; for
api.openai.com also in OPENAI_API_KEY. Runs are in ~/.local/state/rev-accel/runs, or in REV_ACCEL_STATE_DIR.

\b
Exit codes:
  0    the goal was reached, and nothing is worse than before
  1    it was not, or something is
  2    wrong usage, or nothing could be begun
  3    stopped: `--resume` goes on with it
  130  left at once, by Ctrl-C twice; `--resume` goes on with it
"""

DECISIONS = click.Choice(["ask", "auto", "never"])
NUMBER = click.FloatRange(0, min_open=True)


@click.command(short_help="Work on a repository until a goal is reached.", epilog=EPILOG)
@click.argument("goal", required=False)
@click.option("-C", "--path", type=click.Path(file_okay=False), help="The repository.  [default: here]")
@click.option("-m", "--model", metavar="NAME", help="The model that is asked.")
@click.option("--endpoint", metavar="URL", help="Where the server is.  [default: http://localhost:11434]")
@click.option("--dialect", type=click.Choice(["ollama", "openai"]), help="How it is spoken to.  [default: ollama]")
@click.option("--window", metavar="N", type=click.IntRange(1024), help="Tokens of a request.  [default: 32768]")
@click.option("-j", "--workers", metavar="N", type=click.IntRange(1, 64), help="Tasks at a time.  [default: 2]")
@click.option("--no-plan", is_flag=True, help="Do the goal as one task.")
@click.option("--no-review", is_flag=True, help="Do the plan as it is.")
@click.option("--no-tests", is_flag=True, help="Run no tests before and after.")
@click.option("--no-cache", is_flag=True, help="Ask the model also what it was asked before.")
@click.option("--write", type=DECISIONS, help="Whether files may be changed.  [default: ask]")
@click.option("--command", type=DECISIONS, help="Whether programs may be run.  [default: ask]")
@click.option("-y", "--yes", is_flag=True, help="The same as --write auto --command auto.")
@click.option("--allow", metavar="RULE", multiple=True, help="Calls that may be made, as `run_command pytest*`.")
@click.option("--deny", metavar="RULE", multiple=True, help="Calls that may not, as `* .env`; more than all others.")
@click.option("--max-iterations", metavar="N", type=click.IntRange(1), help="Replies for a task.  [default: 50]")
@click.option("--max-calls", metavar="N", type=click.IntRange(1), help="Replies in all.  [default: 500]")
@click.option("--max-tokens", metavar="N", type=click.IntRange(1), help="Tokens in all.")
@click.option("--max-seconds", metavar="N", type=NUMBER, help="Seconds in all.  [default: 3600]")
@click.option("--max-cost", metavar="X", type=NUMBER, help="Cost in all, by the prices of the configuration.")
@click.option("--dry-run", is_flag=True, help="Try it in a copy; show the plan and the differences.")
@click.option("--resume", metavar="RUN", help="Go on with a run: its name, or `last`.")
@click.option("--json", "as_json", is_flag=True, help="An object for each event, for programs.")
@color_option
def agent(**given: Any) -> int:
    """Have a model work on a repository until GOAL is reached: it plans, does the tasks, and checks the outcome.

    What only reads is done at once; what writes or runs something is asked for, unless the options or the configuration
    say otherwise. A first Ctrl-C ends what is being done, a second one leaves at once.
    """
    from rev_accel.agent import Journal, Run, Settings

    from .agent_config import configured, policy_of, settings_of
    from .terminal import make_view

    if (given["goal"] is None) == (given["resume"] is None):
        raise click.UsageError("give either a GOAL or --resume")
    if given["dry_run"] and given["resume"] is not None:
        raise click.UsageError("--dry-run tries a GOAL; a run that is resumed goes on for real")
    if given["path"] is not None and given["resume"] is not None:
        raise click.UsageError("--path is for a GOAL; a run that is resumed goes on where it was")
    # What the library would say there is said by the run.
    logging.getLogger("rev_accel").addHandler(logging.NullHandler())
    view = make_view(as_json=given["as_json"], color=given["color"])
    with ExitStack() as stack:
        if given["resume"] is not None:
            journal = stack.enter_context(closing(Journal.open(given["resume"], on_event=view.event)))
            began = journal.last("run")
            if began is None:
                raise InputError(f"the run `{journal.name}` was never begun")
            config = configured(Path(began["root"]))
            settings = settings_of(given, config, Settings.from_dict(began["settings"]))
            client = stack.enter_context(_client(settings))
            run = Run.resume(journal, client, settings, **_how(given, policy_of(given, config), view))
            stack.enter_context(view)
            view.begin(str(began["goal"]), journal)
            return _finished(run, view)
        root = Path(given["path"] or ".").resolve()
        config = configured(root)
        policy = policy_of(given, config)
        settings = settings_of(given, config, None)
        stack.enter_context(view)
        client = stack.enter_context(_client(settings))
        if given["dry_run"]:
            return _tried(given, root, settings, policy, client, view)
        run = Run.start(given["goal"], client, settings, root=root, on_event=view.event, **_how(given, policy, view))
        return _finished(run, view)


def _how(given: dict[str, Any], policy: Policy, view: View) -> dict[str, Any]:
    from rev_accel import ResponseCache

    return {
        "policy": policy,
        "ask": view.ask if view.can_ask else None,
        "cache": None if given["no_cache"] else ResponseCache(),
    }


def _finished(run: Run, view: View) -> int:
    """Has a run done."""
    return _told(run, view, _go(run, view), run.journal.name, stopped=EXIT_STOPPED)


def _told(
    run: Run, view: View, result: RunResult, name: str | None, *, stopped: int = EXIT_FAILED, differences: str = ""
) -> int:
    """Shows how it ended; the exit code, with `stopped` for what can be gone on with."""
    view.end(result, run.model.spent, name, differences=differences)
    # Nothing is left to be ended, and a Ctrl-C while Python takes itself down would be an exit code of its own.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return {"done": 0, "failed": EXIT_FAILED}.get(result.state, stopped)


def _go(run: Run, view: View, *folders: str | Path) -> RunResult:
    """Does a run with Ctrl-C in hand, which stays so until its outcome is told.

    Args:
        folders: What is removed when the process is left at once.
    """
    from rev_accel.tools.process import kill_all

    def interrupted(_number: int, _frame: object) -> None:
        if view.stopping():
            kill_all()
            # The signal may have come in the middle of a write, where nothing else can be written.
            with suppress(RuntimeError):
                view.close()
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
            # Threads that are in the middle of something are not waited for.
            os._exit(EXIT_INTERRUPTED)
        run.stop()

    signal.signal(signal.SIGINT, interrupted)
    return run.go()


def _tried(given: dict[str, Any], root: Path, settings: Settings, policy: Policy, client: Client, view: View) -> int:
    """Does it in a copy, in which no program is run and nothing committed: its repository may be that of the root."""
    from rev_accel.agent import Run

    from .trial import copied, differences

    policy = replace(policy, write="auto", command="never", allow=(), deny=(*policy.deny, "git_commit"))
    settings = replace(settings, test=False)
    with copied(root) as copy, tempfile.TemporaryDirectory(prefix="rev-accel-") as home:
        how = _how(given, policy, view) | {"home": Path(home)}
        run = Run.start(given["goal"], client, settings, root=copy, on_event=view.event, **how)
        result = _go(run, view, copy.parent, home)
        shown = differences(root, copy, result.changed)
    return _told(run, view, result, None, differences=shown)


def _client(settings: Settings) -> Any:
    from rev_accel.llm import OllamaClient, OpenAIClient

    # What is run for the model, or with the tests, has no need for them.
    key, its = os.environ.pop("REV_ACCEL_API_KEY", None), os.environ.pop("OPENAI_API_KEY", None)
    if not key and urlsplit(settings.endpoint).hostname == "api.openai.com":
        # A key is for whom it was made: it is not sent anywhere else.
        key = its
    made = OpenAIClient if settings.dialect == "openai" else OllamaClient
    return made(settings.endpoint, api_key=key or None)
