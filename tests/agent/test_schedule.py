"""Tasks side by side: in the order of their needs, with no barrier and no deadlock."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Mapping

import pytest

from rev_accel.agent import Outcome, Plan, Task, schedule
from rev_accel.agent.scheduling import Stop
from rev_accel.errors import InputError


def plan(*needs: tuple[str, ...]) -> Plan:
    """A plan of the tasks 1, 2, 3..., with what each needs."""
    tasks = [Task(id=str(at), title=str(at), instructions="-", needs=need) for at, need in enumerate(needs, 1)]
    return Plan(goal="-", tasks=tuple(tasks))


def done(task: Task, _: Mapping[str, Outcome]) -> Outcome:
    return Outcome(task=task.id, state="done", text=f"{task.id} is done")


def states(outcomes: list[Outcome]) -> dict[str, str]:
    return {one.task: one.state for one in outcomes}


def test_a_long_task_holds_nothing_up() -> None:
    long_ended = threading.Event()

    def do(task: Task, _: Mapping[str, Outcome]) -> Outcome:
        if task.id == "1":
            # All short ones have to end before it does.
            assert long_ended.wait(60)
        return done(task, {})

    ended = []
    for outcome in schedule(plan((), (), (), (), ()), do, workers=2):
        ended.append(outcome.task)
        if len(ended) == 4:
            long_ended.set()
    assert ended == ["2", "3", "4", "5", "1"]


def test_a_task_begins_as_soon_as_those_are_done_that_it_needs() -> None:
    third_done = threading.Event()

    def do(task: Task, results: Mapping[str, Outcome]) -> Outcome:
        assert all(results[need].text == f"{need} is done" for need in task.needs)
        if task.id == "2":
            # It goes on until what does not need it is done.
            assert third_done.wait(60)
        if task.id == "3":
            third_done.set()
        return done(task, {})

    ended = [one.task for one in schedule(plan((), (), ("1",), ("2", "3")), do, workers=2)]
    assert ended in (["1", "3", "2", "4"], ["1", "2", "3", "4"])


def test_with_one_worker_tasks_are_done_in_the_order_of_the_plan() -> None:
    ended = [one.task for one in schedule(plan(("3",), (), (), ("1",)), done, workers=1)]
    assert ended == ["2", "3", "1", "4"]


def test_no_more_tasks_run_at_once_than_there_are_workers() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def do(task: Task, _: Mapping[str, Outcome]) -> Outcome:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.001)
        with lock:
            running -= 1
        return done(task, {})

    list(schedule(plan(*[()] * 30), do, workers=3))
    assert most == 3


def test_what_needs_a_failed_task_is_skipped_and_the_rest_goes_on() -> None:
    def do(task: Task, _: Mapping[str, Outcome]) -> Outcome:
        return Outcome(task=task.id, state="failed" if task.id == "1" else "done", text="-")

    found = list(schedule(plan((), ("1",), ("2",), (), ("4",)), do, workers=2))
    assert states(found) == {"1": "failed", "2": "skipped", "3": "skipped", "4": "done", "5": "done"}
    assert {one.task: one.text for one in found}["3"] == "it needs task `2`, which was not done"


def test_what_was_done_before_is_not_done_again() -> None:
    before = {"1": Outcome(task="1", state="done", text="1 is done"), "2": Outcome(task="2", state="failed", text="-")}
    found = list(schedule(plan((), (), ("1",), ("2",)), done, done=before))
    assert states(found) == {"3": "done", "4": "skipped"}


def test_an_exception_is_raised_once_those_that_run_have_ended() -> None:
    second = threading.Event()
    began: list[str] = []

    def do(task: Task, _: Mapping[str, Outcome]) -> Outcome:
        began.append(task.id)
        if task.id == "1":
            raise InputError("no")
        assert second.wait(60)
        return done(task, {})

    found = []
    with pytest.raises(InputError, match="no"):
        threading.Timer(0.05, second.set).start()
        for outcome in schedule(plan((), (), ()), do, workers=2):
            found.append(outcome.task)
    assert (found, sorted(began)) == (["2"], ["1", "2"])


def test_a_stop_begins_nothing_more() -> None:
    stop = Stop()

    def do(task: Task, _: Mapping[str, Outcome]) -> Outcome:
        stop.set()
        return Outcome(task=task.id, state="stopped", text="-")

    found = list(schedule(plan((), ("1",), ()), do, workers=1, stop=stop))
    assert states(found) == {"1": "stopped"}


def test_the_first_interruption_waits_for_what_runs_and_the_second_does_not() -> None:
    stop, begun, ended = Stop(), threading.Event(), threading.Event()
    main = threading.main_thread().ident
    assert main is not None

    def do(task: Task, _: Mapping[str, Outcome]) -> Outcome:
        begun.set()
        while not ended.is_set():
            time.sleep(0.001)
            if stop.is_set() and task.id == "1":
                break
        return Outcome(task=task.id, state="stopped", text="-")

    def interrupt() -> None:
        begun.wait(60)
        time.sleep(0.02)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    found = list(schedule(plan((), ()), do, workers=1, stop=stop))
    assert states(found) == {"1": "stopped"} and stop.is_set()

    # The task does not end, and still is left.
    begun.clear()
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        list(schedule(Plan(goal="-", tasks=(Task(id="2", title="-", instructions="-"),)), do, workers=1))
    ended.set()


def test_random_plans_end_without_a_deadlock() -> None:
    seed = random.randrange(1 << 32)
    print("seed", seed)
    for round_ in range(1000):
        run_randomly(random.Random(seed + round_))


def run_randomly(choice: random.Random, workers: int = 8) -> None:
    """A plan of which tasks fail, raise or stop at random; what became of each has to fit what it needs."""
    count = choice.randint(1, 20)
    needs = [tuple(str(one) for one in range(1, at) if choice.random() < 0.2) for at in range(1, count + 1)]
    fate = {
        str(at): choice.choices(["done", "failed", "raises", "stops"], [90, 6, 2, 2])[0] for at in range(1, count + 1)
    }
    stop, began, lock = Stop(), [], threading.Lock()

    def do(task: Task, results: Mapping[str, Outcome]) -> Outcome:
        with lock:
            began.append(task.id)
        assert all(results[need].state == "done" for need in task.needs)
        match fate[task.id]:
            case "raises":
                raise ValueError(task.id)
            case "stops":
                stop.set()
                return Outcome(task=task.id, state="stopped", text="-")
            case state:
                return Outcome(task=task.id, state=state, text="-")  # type: ignore[arg-type]

    found, raised = [], None
    try:
        for outcome in schedule(plan(*needs), do, workers=workers, stop=stop):
            found.append(outcome)
    except ValueError as error:
        raised = str(error)
    known = states(found)
    assert len(known) == len(found) and len(set(began)) == len(began)
    assert (raised is not None) == any(fate[one] == "raises" for one in began)
    for task, state in known.items():
        own = needs[int(task) - 1]
        is_skipped = any(known.get(need) in ("failed", "skipped") for need in own)
        assert state == ("skipped" if is_skipped else {"stops": "stopped"}.get(fate[task], fate[task]))
    if raised is None and not stop.is_set():
        assert len(known) == count


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ([("2",), ("1",)], "tasks need each other: 1, 2"),
        ([("1",)], "tasks need each other: 1"),
        ([("9",), ()], "task `1` needs `9`, which is not in the plan"),
        ([], "a plan has no tasks: expected at least one"),
    ],
)
def test_a_plan_that_cannot_be_done_is_refused(needs: list[tuple[str, ...]], expected: str) -> None:
    with pytest.raises(InputError) as raised:
        plan(*needs)
    assert str(raised.value) == expected
