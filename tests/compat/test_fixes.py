"""Each fix by its name: rev does it wrong, and with the drop-in it is right. And each other difference by its name."""

import json
import os
import pathlib
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.conversations import Conversation
from compat.fixes import DIFFERENCES, FIXES
from compat.process import in_every_rev, in_rev


def before_and_after(show: Callable[[], Any]) -> tuple[Any, Any]:
    """What a function says of rev alone, and with the drop-in."""
    points.load()
    alone = show()
    accel.install()
    try:
        return alone, show()
    finally:
        accel.uninstall()


def caches() -> None:
    import rev.cache

    rev.cache.initialize_caches(pathlib.Path.cwd(), pathlib.Path.cwd() / ".rev_cache")


def analyze(*arguments: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(points.get("rev.tools.registry.analyze_ast_patterns")(*arguments))
    return answer


@in_every_rev
def test_analysis_order() -> None:
    names = [f"{name}.py" for name in "zxcvbnmasdfghjklqwertyuiop"]
    for name in names:
        pathlib.Path(name).write_text("print(1)\n")
    # The file system may happen to sort: then it is told to have them in another order.
    original = pathlib.Path.rglob
    pathlib.Path.rglob = lambda self, pattern: iter([self / name for name in names])  # type: ignore[method-assign]
    alone, ours = before_and_after(lambda: list(analyze(".")["files"]))
    pathlib.Path.rglob = original  # type: ignore[method-assign]
    assert alone == names and ours == sorted(names)


@in_every_rev
def test_analysis_statistics() -> None:
    pathlib.Path("x.py").write_text("print(1)\n")

    def texts() -> list[str]:
        caches()
        return [points.get("rev.tools.analysis.analyze_ast_patterns")(".") for _ in range(2)]

    alone, ours = before_and_after(texts)
    assert alone[0] != alone[1] and ours[0] == ours[1] and "cache_stats" not in ours[0]


@in_every_rev
def test_analysis_stale() -> None:
    file = pathlib.Path("x.py")

    def prints() -> list[int]:
        caches()
        counts = []
        for number in (1, 2):
            file.write_text("print(1)\n" * number)
            os.utime(file, (1_000_000_000, 1_000_000_000))
            counts.append(analyze(".")["total_issues"])
        return counts

    assert before_and_after(prints) == ([1, 1], [1, 2])


@in_every_rev
def test_analysis_patterns() -> None:
    pathlib.Path("x.py").write_text("print(1)\n")

    def answers() -> list[Any]:
        caches()
        return [
            analyze("x.py", "prints").get("total_issues"),
            analyze("x.py", "sprint").get("total_issues"),
            analyze("x.py", [1, 2]).get("error"),
        ]

    alone, ours = before_and_after(answers)
    assert alone[:2] == [1, 1] and "TypeError" in alone[2] and ours == [1, 0, None]


@in_every_rev
def test_analysis_unread() -> None:
    pathlib.Path("clean.py").write_text("x = 1\n")
    pathlib.Path("broken.py").write_text("(\n")
    parsed: list[Any] = []

    def parses() -> int:
        import ast

        caches()
        original = ast.parse
        for _ in range(2):
            parsed.clear()
            ast.parse = lambda *arguments, **named: parsed.append(arguments) or original(*arguments, **named)  # type: ignore[assignment]
            try:
                analyze(".")
            finally:
                ast.parse = original
        return len(parsed)

    assert before_and_after(parses) == (2, 0)


@in_rev
def test_analysis_special() -> None:
    import threading

    os.mkfifo("f.py")

    def waits() -> bool:
        caches()
        thread = threading.Thread(target=analyze, args=(".",), daemon=True)
        thread.start()
        waited = False
        while thread.is_alive():
            try:
                os.close(os.open("f.py", os.O_WRONLY | os.O_NONBLOCK))  # that somebody has opened it to read
                waited = True
            except OSError:
                thread.join(0.01)
        return waited

    assert before_and_after(waits) == (True, False)


@in_rev
def test_analysis_depth() -> None:
    pathlib.Path("deep.py").write_text(f"x = {'1 + ' * 2_000}1\nprint(1)\n")

    def errors(calls: int = 0) -> list[Any]:
        if calls:
            return errors(calls - 1)
        caches()
        return [analyze("deep.py")["files"]["deep.py"].get("error")]

    alone, ours = before_and_after(lambda: errors() + errors(700))
    # Before Python 3.12 the frames of Python counted.
    failed = "Failed to parse: RecursionError" if sys.version_info < (3, 12) else None
    assert alone == [None, failed] and ours[0] == ours[1]


@in_rev
def test_analysis_size() -> None:
    with open("large.py", "w") as file:
        file.write(f"#{'x' * (16 << 20)}\nprint(1)\n")

    def errors() -> Any:
        caches()
        return analyze(".")["files"]["large.py"].get("error")

    assert before_and_after(errors) == (None, "Failed to parse: MemoryError")


def hashed(*arguments: Any) -> str:
    import rev.cache

    key: str = rev.cache.get_llm_cache()._hash_messages(*arguments)
    return key


@in_every_rev
def test_key_of_tools() -> None:
    def shared() -> int:
        caches()
        return sum(
            hashed([], [{"name": f"one{number}"}]) == hashed([], [{"name": f"other{number}"}]) for number in range(200)
        )

    alone, ours = before_and_after(shared)
    assert alone > 0 and ours == 0


@in_every_rev
def test_key_after_change() -> None:
    def is_same() -> bool:
        caches()
        tools = [{"name": "a"}]
        before = hashed([], tools)
        tools.append({"name": "b"})
        return before == hashed([], tools)

    assert before_and_after(is_same) == (True, False)


@in_every_rev
def test_key_of_model() -> None:
    def is_same() -> bool:
        caches()
        return hashed([], None, None) == hashed([], None, "default")

    assert before_and_after(is_same) == (True, False)


@in_every_rev
def test_key_of_numbers() -> None:
    def is_same() -> bool:
        caches()
        return hashed([{2: "a", 10: "b"}]) == hashed([{"2": "a", "10": "b"}])

    assert before_and_after(is_same) == (False, True)


@in_rev
def test_key_of_surrogates() -> None:
    def is_same() -> bool:
        caches()
        return hashed(["\ud83d\ude00"]) == hashed(["\U0001f600"])

    assert before_and_after(is_same) == (True, False)


def repository() -> None:
    identity = {f"GIT_{who}_{what}": "x@y" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    os.environ |= {**identity, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q"], check=True)
    for number in range(3):
        subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", str(number)], check=True)


@in_every_rev
def test_context_stale() -> None:
    repository()
    number = iter(range(9))

    def is_seen() -> bool:
        caches()
        context = points.get("rev.tools.git_ops.get_repo_context")
        context()
        name = f"new{next(number)}"
        pathlib.Path(name).write_text("")
        return f"?? {name}" in context()

    assert before_and_after(is_seen) == (False, True)


@in_every_rev
def test_context_commits() -> None:
    repository()

    def lines() -> list[int]:
        caches()
        return [json.loads(points.get("rev.get_repo_context")(number))["log"].count("\n") for number in (1, 3)]

    assert before_and_after(lines) == ([1, 1], [1, 3])


@in_rev
def test_context_programs() -> None:
    repository()
    pathlib.Path("a.py").write_text("text\n")
    pathlib.Path(".git/info/attributes").write_text("*.py filter=own\n")
    for command in (
        ("config", "filter.own.clean", "touch .git/ran; tr a-z A-Z"),
        ("config", "core.fsmonitor", "touch .git/asked; false"),
        ("add", "a.py"),
        ("commit", "-q", "-m", "A"),
    ):
        subprocess.run(["git", *command], check=True)
    marks = pathlib.Path(".git/ran"), pathlib.Path(".git/asked")
    number = iter(range(9))

    def said() -> tuple[str, list[bool]]:
        caches()
        for mark in marks:
            mark.unlink(missing_ok=True)
        os.utime("a.py", (1_000_000_000 + next(number),) * 2)
        text = json.loads(points.get("rev.get_repo_context")())["status"]
        return text, [mark.exists() for mark in marks]

    assert before_and_after(said) == (("", [True, True]), (" M a.py\n", [False, False]))


@in_rev
def test_context_promised() -> None:
    repository()
    here = pathlib.Path.cwd()
    lines = [f"{number}\n" for number in range(90)]

    def git(*command: str, text: str | None = None) -> str:
        return subprocess.run(["git", *command], check=True, input=text, capture_output=True, text=True).stdout.strip()

    try:
        git("config", "uploadpack.allowFilter", "true")
        pathlib.Path("long").write_text("".join(lines))
        git("add", "long")
        git("commit", "-q", "-m", "Long")
        git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{here}", "clone")
        os.chdir("clone")
        # Whether the new file is the old one, moved, only their contents tell.
        name = git("hash-object", "-w", "--stdin", text="".join([*lines, "more\n"]))
        git("update-index", "--add", "--cacheinfo", f"100644,{name},longer")
        points.load()
        sys.modules["rev.tools.git_ops"].ROOT = pathlib.Path.cwd()

        def said() -> str:
            text: str = json.loads(points.get("rev.get_repo_context")())["status"]
            return text

        # First ours: rev keeps what it has fetched.
        accel.install()
        ours = said()
        accel.uninstall()
        assert (ours, said()) == ("", "RD long -> longer\n")
    finally:
        os.chdir(here)
        sys.modules["rev.tools.git_ops"].ROOT = here


@in_every_rev
def test_description_of_others() -> None:
    pathlib.Path("a.txt").write_text("text")

    def result() -> str:
        try:
            return str(points.get("rev.tools.registry.execute_tool")("read_file", {"path": "a.txt", "message": None}))
        except TypeError as error:
            return type(error).__name__

    assert before_and_after(result) == ("TypeError", "text")


@in_every_rev
def test_path_beside_the_root() -> None:
    beside = pathlib.Path.cwd().parent / f"{pathlib.Path.cwd().name}-other"
    beside.mkdir()
    (beside / "secret").write_text("secret")

    def result() -> str:
        return str(points.get("rev.tools.registry.execute_tool")("read_file", {"path": f"../{beside.name}/secret"}))

    alone, ours = before_and_after(result)
    assert alone == "secret" and ours == json.dumps(
        {"error": f"ValueError: Path escapes repo: ../{beside.name}/secret"}
    )


def trimmed(messages: list[dict[str, Any]], most: int = 6, tracker: Any = None) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = points.get("rev.execution.executor._manage_message_history")(messages, most, tracker)
    return made


def conversation(tasks: int, steps: int = 3, seed: int = 1) -> Conversation:
    import random

    made = Conversation(random.Random(seed))
    for _ in range(tasks):
        made.task(steps)
    return made


def summary(messages: list[dict[str, Any]]) -> str:
    return next(str(one["content"]) for one in messages if str(one["content"]).startswith("[Summary of previous work]"))


@in_every_rev
def test_history_pairs() -> None:
    def orphans() -> int:
        from rev_accel.history import check

        histories = [trimmed(conversation(4, seed=seed).messages) for seed in range(40)]
        return sum(problem.rule == "orphan_result" for history in histories for problem in check(history))

    alone, ours = before_and_after(orphans)
    assert alone > 5 and ours == 0


@in_every_rev
def test_history_first_task() -> None:
    run = conversation(6)
    alone, ours = before_and_after(lambda: summary(trimmed(run.messages)))
    assert "Action type: edit" not in alone
    assert "\n".join(f"    {line}" for line in run.first.split("\n")) in ours


@in_every_rev
def test_history_earlier() -> None:
    def knows_the_second_task() -> bool:
        run = conversation(6)
        for _ in range(4):
            run.messages = trimmed(run.messages)
            run.task(3)
        return run.name(1) in summary(trimmed(run.messages))

    assert before_and_after(knows_the_second_task) == (False, True)


@in_every_rev
def test_history_failed() -> None:
    def is_listed_as_completed() -> list[bool]:
        run = conversation(9)
        assert run.failed and run.completed
        text = summary(trimmed(run.messages)).split("Tasks that failed")[0]
        lists = text[text.lower().index("completed") :]
        return [run.failed[0] in lists, run.completed[0] in lists]

    assert before_and_after(is_listed_as_completed) == ([True, True], [False, True])


@in_every_rev
def test_history_running() -> None:
    def summary_of_one_that_runs() -> str:
        run = conversation(1)
        run.messages.append({"role": "user", "content": run.text(7)})
        for _ in range(9):
            run.calls()
        return summary(trimmed(run.messages))

    alone, ours = before_and_after(summary_of_one_that_runs)
    assert "do thing number 7" in alone[alone.index("Completed ") :] and "respond with TASK_COMPLETE" not in alone
    lists = ours[ours.index("Tasks ") : ours.index("Latest task, not completed so far")]
    assert "do thing number 7" not in lists and "respond with TASK_COMPLETE" in ours[ours.index("Latest task") :]


@in_every_rev
def test_history_none() -> None:
    def is_trimmed() -> bool:
        try:
            return bool(trimmed([{"role": "user", "content": None} for _ in range(9)]))
        except TypeError:
            return False

    assert before_and_after(is_trimmed) == (False, True)


@in_every_rev
def test_history_clock() -> None:
    from rev.execution.session import SessionTracker

    run = conversation(5)

    def is_same() -> bool:
        texts = []
        for began in (0.0, 1_000.0):
            tracker = SessionTracker("s")
            tracker.summary.start_time -= began
            texts.append(summary(trimmed(run.messages, 6, tracker)))
        return texts[0] == texts[1]

    assert before_and_after(is_same) == (False, True)


@in_rev
def test_history_below_none() -> None:
    messages = [{"role": "user", "content": str(number)} for number in range(6)]
    alone, ours = before_and_after(lambda: trimmed(messages, -2))
    assert messages[0] not in alone and ours == messages


@in_every_rev
def test_caches_on_disk() -> None:
    pathlib.Path(".rev_cache").mkdir()
    mark = pathlib.Path.cwd() / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return pathlib.Path.touch, (mark,)

    pathlib.Path(".rev_cache/llm_cache.pkl").write_bytes(pickle.dumps(Hostile()))

    def ran() -> bool:
        mark.unlink(missing_ok=True)
        caches()
        return mark.exists()

    assert before_and_after(ran) == (True, False)


def test_each_fix_and_difference_has_a_test() -> None:
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert tests - {"each_fix_and_difference_has_a_test"} == FIXES.keys() | DIFFERENCES.keys()
