"""`rev-accel agent`, `replay` and `stats` as commands, with and without a terminal."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.llm.server import Plan, Server

from rev_accel.agent import Journal, Policy, Run, Settings
from rev_accel.cli.terminal import View
from rev_accel.llm import Answer, ScriptedClient

from .projects import GIT, Projects, contents, git
from .scenarios import SCENARIOS, Scenario, answer

pytestmark = pytest.mark.skipif(os.name == "nt", reason="terminals and signals of POSIX systems")

SCENARIO: Scenario = SCENARIOS["fix"]


class Command:
    def __init__(self, server: Server, root: Path, home: Path) -> None:
        self.server, self.root = server, root
        self.environment = {
            **GIT,
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "REV_ACCEL_STATE_DIR": str(home / "state"),
            "REV_ACCEL_CACHE_DIR": str(home / "cache"),
            "NO_PROXY": "127.0.0.1",
            "TERM": "xterm",
        }
        self.environment.pop("VIRTUAL_ENV", None)
        self.server.default = lambda body: answer(SCENARIO, body)

    def words(self, *words: str) -> list[str]:
        return [sys.executable, "-W", "error", "-m", "rev_accel", *words]

    def agent(self, *words: str) -> tuple[str, ...]:
        return ("agent", "--endpoint", self.server.endpoint("ollama"), "--model", "m", *words)

    def run(self, *words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            self.words(*words),
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def on_terminal(self, *words: str, when: Callable[[str], str | None]) -> tuple[int, str]:
        """Runs it on a terminal, at which somebody types what `when` says of all that is seen since it was typed last."""
        import pty

        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            self.words(*words),
            cwd=self.root,
            env=self.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(theirs)
        seen, since, deadline = "", 0, time.monotonic() + 100
        try:
            while time.monotonic() < deadline:
                if select.select([ours], [], [], 0.05)[0]:
                    try:
                        data = os.read(ours, 1 << 16)
                    except OSError:  # as Linux says that nobody is at the other end
                        break
                    if not data:
                        break
                    seen += data.decode("utf-8", "replace")
                    if (typed := when(seen[since:])) is not None:
                        since = len(seen)
                        os.write(ours, typed.encode())
            return process.wait(20), seen
        finally:
            process.kill()
            process.wait()
            os.close(ours)

    @property
    def text(self) -> str:
        return json.dumps(contents(self.root))


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def command(server: Server, projects: Projects, tmp_path: Path) -> Iterator[Command]:
    home = tmp_path / "home"
    home.mkdir()
    yield Command(server, projects.of(SCENARIO), home)


def test_a_run_is_told_of_and_can_be_shown_done_again_and_measured(command: Command) -> None:
    code, out, err = command.run(*command.agent("--yes", SCENARIO.goal))
    assert code == 0, err
    assert out.startswith(f"{SCENARIO.answer}\n")
    assert "changed: " in out
    assert "planning\n" in err
    assert "\ndone: " in err
    name = err.rpartition("run ")[2].strip()

    code, listed, _ = command.run("replay")
    assert code == 0
    assert listed.startswith(f"{name}  done ")
    code, shown, _ = command.run("replay", name)
    assert code == 0
    assert "calls replace_in_file" in shown
    assert shown.rstrip().endswith(f"done: {SCENARIO.answer}")
    before = command.text
    assert command.run("replay", "last", "--again")[:2] == (0, f"done: {SCENARIO.answer}\n")
    assert command.text == before

    code, table, _ = command.run("stats")
    assert code == 0
    assert "planning" in table
    assert "prefix share" in table
    code, _, err = command.run(*command.agent("--resume", name))
    assert code == 2
    assert "has ended: done" in err


def test_a_run_of_which_something_is_missing_is_not_done_again(command: Command) -> None:
    assert command.run(*command.agent("-y", SCENARIO.goal))[0] == 0
    state = Path(command.environment["REV_ACCEL_STATE_DIR"])
    (objects,) = state.glob("runs/*/objects")
    for path in objects.iterdir():
        path.unlink()
    assert command.run("replay", "last", "--again")[0] == 2


def test_a_trial_shows_the_differences_and_changes_nothing(command: Command) -> None:
    before = command.text
    code, out, err = command.run(*command.agent("--dry-run", SCENARIO.goal))
    assert command.text == before
    assert code in (0, 1), err
    assert "\n+" in out
    assert out.startswith("--- a/")
    applied = subprocess.run(
        ["git", "apply", "-"], input=out.partition(SCENARIO.answer)[0], cwd=command.root, text=True
    )
    assert applied.returncode == 0


def test_a_trial_of_a_linked_worktree_leaves_its_repository_alone(command: Command) -> None:
    git(command.root, "worktree", "add", "-q", "-b", "side", str(command.root.parent / "linked"))
    steps = (("write_file", {"path": "n", "content": "x\n"}), ("git_diff", {}), ("git_commit", {"message": "m"}))
    command.server.default = lambda body: (
        Plan(content="", tool_calls=steps) if len(body["messages"]) < 3 else Plan(content="Done.")
    )
    command.root = command.root.parent / "linked"
    os.mkfifo(command.root / "pipe")
    before = git(command.root, "log", "--oneline"), git(command.root, "status", "--short")
    code, out, err = command.run(*command.agent("--dry-run", "--no-plan", SCENARIO.goal))
    assert (code, "+++ b/n" in out) == (0, True), err
    assert (git(command.root, "log", "--oneline"), git(command.root, "status", "--short")) == before
    assert "nothing was changed" in err and command.run("replay")[1] == ""


def test_a_trial_that_stops_says_that_it_cannot_be_gone_on_with(command: Command) -> None:
    code, _, err = command.run(*command.agent("--dry-run", "--max-calls", "1", SCENARIO.goal))
    assert (code, "--resume" in err) == (1, False)
    assert "a dry run cannot be resumed" in err


def test_runs_are_listed_and_shown_while_they_go_on_and_when_one_is_damaged(command: Command) -> None:
    state = Path(command.environment["REV_ACCEL_STATE_DIR"], "runs")
    assert command.run(*command.agent("-y", SCENARIO.goal))[0] == 0
    bad = state / "20200101-000000-abcd"
    bad.mkdir()
    (bad / "events.jsonl").write_text("x\n")
    # One that was killed before it began is none, and not the last.
    Journal.create(command.root, home=state).close()
    with closing(Journal.open("last", home=state)) as journal:
        code, out, err = command.run("replay")
        assert (code, err) == (0, "")
        assert out.splitlines()[0].startswith(f"{bad.name}  the run `{bad.name}` cannot be opened: ")
        assert out.splitlines()[1].startswith(f"{journal.name}  done ")
        assert command.run("replay", "last")[0] == command.run("stats", "last")[0] == 0


def test_a_run_of_several_processes_is_measured_as_a_whole(command: Command) -> None:
    code, _, err = command.run(*command.agent("-y", "--max-calls", "3", SCENARIO.goal))
    assert code == 3
    code, _, err = command.run(*command.agent("-y", "--max-calls", "99", "--resume", "last"))
    assert code == 0
    plan = err.index("task ")
    assert "mend what got worse" not in err[plan:]
    code, out, _ = command.run("stats")
    assert code == 0
    first, second, third, *_ = out.splitlines()
    calls = len(command.server.asked)
    assert first.split("; ")[:2] == [f"run {first.split()[1][:-1]}: done", "processes: 2"]
    assert second.startswith(f"{calls} calls, 0 replies kept from earlier; tokens: ")
    assert third.startswith("beginning ") and ", planning " in third and ", executing " in third


def test_replies_that_are_kept_cost_nothing_and_are_no_limit(command: Command) -> None:
    copy = shutil.copytree(command.root, command.root.parent / "copy", symlinks=True)
    assert command.run(*command.agent("-y", SCENARIO.goal))[0] == 0
    asked = len(command.server.asked)
    shutil.rmtree(command.root)
    copy.rename(command.root)
    code, _, err = command.run(*command.agent("-y", "--max-calls", "1", "--max-tokens", "1", SCENARIO.goal))
    assert (code, len(command.server.asked)) == (0, asked), err
    assert f"0 calls and {asked} replies kept from earlier, 0 tokens" in err


def test_a_run_that_was_stopped_and_gone_on_with_can_be_done_again(command: Command) -> None:
    assert command.run(*command.agent("-y", "--max-calls", "3", SCENARIO.goal))[0] == 3
    code, out, _ = command.run("replay", "last", "--again")
    assert (code, out) == (0, "stopped: this is as far as it went\n")
    assert command.run(*command.agent("-y", "--max-calls", "99", "--resume", "last"))[0] == 0
    code, out, _ = command.run("replay", "last", "--again")
    assert (code, out) == (0, f"done: {SCENARIO.answer}\n")


def test_a_run_in_which_a_look_was_denied_can_be_done_again(command: Command) -> None:
    words = command.agent("-y", "--deny", "read_file", "--no-plan", "--no-tests", SCENARIO.goal)
    command.server.default = lambda body: (
        Plan(content="", tool_calls=(("read_file", {"path": "calc.py"}), ("list_dir", {})))
        if len(body["messages"]) < 3
        else Plan(content="Done.")
    )
    assert command.run(*words)[0] == 0
    assert "the rule `read_file` denies it" in command.run("replay", "last")[1]
    assert command.run("replay", "last", "--again")[:2] == (0, "done: Done.\n")


def test_a_run_that_changed_a_file_with_a_secret_is_not_done_again_and_says_why(command: Command) -> None:
    with open(command.root / "calc.py", "a") as file:
        file.write(f"KEY = 'sk-proj-{'a1B2c3D4e5F6g7H8i9J0' * 2}'\n")
    assert command.run(*command.agent("-y", SCENARIO.goal))[0] == 0
    code, _, err = command.run("replay", "last", "--again")
    assert (code, err.count("\n")) == (2, 1)
    assert "`calc.py` as it was before is not kept, as when it holds what looks like a secret" in err


def test_without_a_terminal_nothing_is_done_that_would_be_asked_for(command: Command) -> None:
    before = command.text
    _, out, err = command.run(*command.agent(SCENARIO.goal))
    assert command.text == before, (out, err)
    assert "changed: " not in out


def test_programs_get_an_object_for_each_event(command: Command) -> None:
    code, out, err = command.run(*command.agent("--json", "-y", SCENARIO.goal))
    assert (code, err) == (0, "")
    events = [json.loads(line) for line in out.splitlines()]
    assert [events[0]["kind"], events[-1]["kind"]] == ["run", "outcome_of_run"]
    assert events[-1]["state"] == "done"


def test_somebody_at_a_terminal_is_asked(command: Command) -> None:
    asked = 0

    def answers(seen: str) -> str | None:
        nonlocal asked
        if not seen.endswith("tool? "):
            return None
        asked += 1
        return "a\r"

    code, seen = command.on_terminal(*command.agent(SCENARIO.goal), when=answers)
    assert code == 0, seen
    assert asked >= 1
    assert SCENARIO.answer in seen


def test_what_is_asked_for_is_shown_whole_and_only_a_clear_yes_is_one(command: Command) -> None:
    text = "".join(f"line {number}\n" for number in range(100))
    shell = ["sh", "-c", f"true{' ' * 300}; touch made"]
    tools = (("write_file", {"path": "n.txt", "content": text}), ("run_command", {"command": shell}))
    command.server.default = lambda body: (
        Plan(content="", tool_calls=tools) if len(body["messages"]) < 3 else Plan(content="Done.")
    )
    answers, shown = iter(["abort\r", "show\r", "yes\r", "yikes\r", "n\r"]), []

    def typed(seen: str) -> str | None:
        if not (seen.endswith(("tool? ", "all? "))):
            return None
        shown.append(seen)
        return next(answers)

    code, _ = command.on_terminal(*command.agent("--no-plan", "--no-tests", SCENARIO.goal), when=typed)
    assert (code, (command.root / "n.txt").read_text(), (command.root / "made").exists()) == (0, text, False)
    first, again, whole, second, last = shown
    assert "line 19" in first and "line 50" not in first and "[... 61 lines more]" in first and "how all" in first
    assert "line 50" not in again and "line 50" in whole
    assert "; touch made" in second and "how all" not in second and "touch" not in last


def test_a_no_at_a_terminal_holds(command: Command) -> None:
    before = command.text
    _, seen = command.on_terminal(
        *command.agent(SCENARIO.goal), when=lambda seen: "n\r" if seen.endswith("tool? ") else None
    )
    assert command.text == before, seen


def test_ctrl_c_once_ends_cleanly_twice_at_once_and_both_can_be_resumed(command: Command) -> None:
    def slow(body: dict[str, object]) -> Plan:
        time.sleep(0.3)
        return answer(SCENARIO, body)

    command.server.default = slow
    code, seen = command.on_terminal(
        *command.agent("--no-cache", "-y", SCENARIO.goal),
        when=lambda seen: "\x03" if "planning: 1 calls" in seen else None,
    )
    assert code in (3, 130), seen
    assert "ending what is being done" in seen
    typed = 0

    def twice(seen: str) -> str | None:
        nonlocal typed
        if typed < 2 and ("executing" in seen or (typed and "ending" in seen)):
            typed += 1
            return "\x03"
        return None

    code, seen = command.on_terminal(*command.agent("--no-cache", "-y", "--resume", "last"), when=twice)
    assert code in (3, 130), seen
    code, _, err = command.run(*command.agent("-y", "--resume", "last"))
    assert code == 0, err
    assert err.rstrip().splitlines()[-1].startswith("done: ")


def test_a_ctrl_c_at_the_very_end_is_no_exit_code_of_its_own(command: Command) -> None:
    for _ in range(3):
        code, seen = command.on_terminal(
            *command.agent("--no-cache", "-y", "--no-plan", "--no-tests", "--max-calls", "1", SCENARIO.goal),
            when=lambda seen: "\x03" if "to go on: " in seen else None,
        )
        assert code in (3, 130), seen


def test_a_ctrl_c_in_the_middle_of_a_write_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    def reentrant(_: str) -> None:
        raise RuntimeError("reentrant call inside <_io.BufferedWriter name='<stderr>'>")

    view = View()
    monkeypatch.setattr(view, "line", reentrant)
    assert [view.stopping() for _ in range(3)] == [False, True, True]


def test_a_trial_of_what_holds_the_temporary_folder_is_refused(command: Command) -> None:
    command.environment["TMPDIR"] = str(command.root)
    code, _, err = command.run(*command.agent("--dry-run", SCENARIO.goal))
    assert (code, "set TMPDIR" in err) == (2, True)
    assert not list(command.root.glob("rev-accel-*"))


def test_what_is_run_does_not_get_the_key_of_the_server(command: Command) -> None:
    tools = (("run_command", {"command": "env > seen", "shell": True}),)
    command.server.default = lambda body: (
        Plan(content="", tool_calls=tools) if len(body["messages"]) < 3 else Plan(content="Done.")
    )
    command.environment |= {"REV_ACCEL_API_KEY": "of the server", "OPENAI_API_KEY": "of another one"}
    assert command.run(*command.agent("-y", "--no-plan", "--no-tests", SCENARIO.goal))[0] == 0
    assert "Bearer of the server" in str(command.server.asked[0][1])
    seen = (command.root / "seen").read_text()
    assert "of the server" not in seen and "of another one" not in seen


def test_what_runs_is_killed_when_the_process_is_left_at_once(command: Command) -> None:
    tools = (("run_command", {"command": "trap '' TERM; touch begun; sleep 60; touch ended", "shell": True}),)
    command.server.default = lambda body: (
        Plan(content="", tool_calls=tools) if len(body["messages"]) < 3 else Plan(content="Done.")
    )
    typed = 0

    def twice(seen: str) -> str | None:
        nonlocal typed
        if typed < 2 and (command.root / "begun").exists() and (typed == 0 or "ending" in seen):
            typed += 1
            return "\x03"
        return None

    code, _ = command.on_terminal(*command.agent("-y", "--no-plan", "--no-tests", SCENARIO.goal), when=twice)
    assert (code, typed) == (130, 2)
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "touch begun; sleep 60" not in running


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give either a GOAL or --resume"),
        (("x", "--resume", "last"), "give either a GOAL or --resume"),
        (("--resume", "nope"), "there is no run `nope`"),
        (("",), "the goal is empty"),
        (("--resume", "last", "--dry-run"), "goes on for real"),
        (("--resume", "last", "-C", "."), "goes on where it was"),
    ],
)
def test_wrong_usage_is_told_in_a_line(command: Command, words: tuple[str, ...], said: str) -> None:
    code, _, err = command.run(*command.agent(*words))
    assert code == 2
    assert said in err
    assert err.count("\n") == 1


def test_without_a_server_the_run_can_be_resumed(command: Command) -> None:
    code, out, err = command.run("agent", "--endpoint", "http://127.0.0.1:1", "-m", "m", "-y", SCENARIO.goal)
    assert code == 3
    assert "no server answers at `http://127.0.0.1:1`" in out
    assert "rev-accel agent --resume" in err
    assert command.run(*command.agent("-y", "--resume", "last"))[0] == 0


def test_the_configuration_is_the_users_alone(command: Command) -> None:
    config = Path(command.environment["XDG_CONFIG_HOME"], "rev-accel", "config.toml")
    config.parent.mkdir(parents=True)
    endpoint = command.server.endpoint("ollama")
    config.write_text(f'[agent]\nmodel = "m"\nendpoint = "{endpoint}"\nwrite = "auto"\ncommand = "auto"\n')
    (command.root / "rev-accel").mkdir()
    assert command.run("agent", SCENARIO.goal)[0] == 0
    for text, said in (
        ("[agent]\nmodell = 1\n", "unknown key `modell`"),
        ("[agent\n", "is not valid TOML"),
        ('agent = "x"\n', "is no table"),
        ("[agent]\nallow = 'x'\n", "is no list of texts"),
        ("[agent]\nmodel = 5\nreview = 'maybe'\n", "`review` in the configuration: "),
        ("[agent]\nlimits = 5\n", "`limits` in the configuration is no table"),
        ("[agent.limits]\nbogus = 1\n", "unknown key `bogus`"),
        ("[agent.prices]\nprompt = 'a'\n", "`prices.prompt` in the configuration: "),
        ("[agent.options]\nmessages = 1\n", "`options.messages` is not a sampling option"),
        ("[agent.options]\nx = 2026-01-01\n", "`options.x` is of type `datetime.date`"),
    ):
        config.write_text(text)
        code, _, err = command.run(*command.agent(SCENARIO.goal))
        assert (code, said in err) == (2, True), err
    command.environment["XDG_CONFIG_HOME"] = str(command.root)
    # Where there is none, nothing is wrong with its place.
    assert command.run(*command.agent("-y", "--max-calls", "1", SCENARIO.goal))[0] == 3
    (command.root / "rev-accel" / "config.toml").write_text("[agent]\n")
    root, command.root = command.root, command.root.parent
    for words in ((SCENARIO.goal, "-C", str(root)), ("--resume", "last")):
        code, _, err = command.run(*command.agent(*words))
        assert (code, "is in the repository" in err) == (2, True), err


def test_nothing_is_left_in_the_repository(command: Command) -> None:
    assert command.run(*command.agent("-y", SCENARIO.goal))[0] == 0
    changed = {line[3:] for line in git(command.root, "status", "-s").splitlines()}
    assert changed == set(SCENARIO.after)


def test_what_somebody_has_allowed_is_allowed_when_it_is_done_again(command: Command) -> None:
    written = ("write_file", {"path": "new/a.py", "content": "a\n"})
    # Whoever may write is asked for this all the same.
    deleted = ("delete", {"path": "new", "recursive": True})
    steps = [Answer(tool_calls=(written, deleted)), "Done."]
    home = Path(command.environment["REV_ACCEL_STATE_DIR"], "runs")
    settings = Settings(model="m", plan=False, test=False)
    run = Run.start(
        "Make `new`, and delete it.",
        ScriptedClient(steps),
        settings,
        root=command.root,
        home=home,
        policy=Policy(write="auto"),
        ask=lambda _: True,
    )
    assert run.go().state == "done"
    assert not (command.root / "new").exists()
    assert command.run("replay", "last", "--again")[:2] == (0, "done: Done.\n")
