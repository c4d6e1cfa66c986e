"""Has tasks done side by side, each as soon as those that it needs are done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from queue import SimpleQueue
from threading import Thread

from .records import ENDED, Outcome, Plan, Task

__all__ = ["Stop", "schedule"]

Do = Callable[[Task, Mapping[str, Outcome]], Outcome]


class Stop:
    """Says that what is being done shall end. Without a lock, so that it may be set by the handler of a signal."""

    _is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set


def schedule(
    plan: Plan, do: Do, *, workers: int = 2, done: Mapping[str, Outcome] | None = None, stop: Stop | None = None
) -> Iterator[Outcome]:
    """Does the tasks of a plan, and gives what became of them, as each ends.

    No task waits for one that it does not need. Those that need one that was not done are skipped; the others go on.
    What is known of all tasks is known to this thread alone, so there is nothing that could wait for each other.

    Args:
        do: Does one task, given what became of others; called in threads.
        done: What became of tasks before; these are not done again.
        stop: Once it is set, no task is begun, and those that run are waited for. A first Ctrl-C sets it.

    Raises:
        BaseException: What `do` raised; no task is begun after it, and those that run are waited for.
        KeyboardInterrupt: Ctrl-C once more, or where there is no `stop`. What runs goes on to its end.
    """
    ended: dict[str, Outcome] = dict(done or {})
    left = [task for task in plan.tasks if task.id not in ended]
    tasks, results = SimpleQueue[Task | None](), SimpleQueue[Outcome | BaseException]()
    running, threads = 0, 0

    def work() -> None:
        while (task := tasks.get()) is not None:
            try:
                results.put(do(task, ended))
            except BaseException as error:
                results.put(error)

    failure: BaseException | None = None
    try:
        while True:
            if failure is None and not (stop is not None and stop.is_set()):
                while skipped := _skipped(left, ended):
                    left.remove(skipped[0])
                    ended[skipped[1].task] = skipped[1]
                    yield skipped[1]
                ready = [task for task in left if all(need in ended for need in task.needs)]
                for task in ready[: workers - running]:
                    left.remove(task)
                    tasks.put(task)
                    running += 1
                    if threads < running:
                        Thread(target=work, name="rev_accel.agent").start()
                        threads += 1
            if not running:
                break
            try:
                result = results.get()
            except KeyboardInterrupt:
                if stop is None or stop.is_set():
                    raise
                stop.set()
                continue
            running -= 1
            if isinstance(result, BaseException):
                failure = failure or result
            else:
                if result.state in ENDED:
                    ended[result.task] = result
                yield result
    finally:
        for _ in range(threads):
            tasks.put(None)
    if failure is not None:
        raise failure


def _skipped(left: list[Task], ended: Mapping[str, Outcome]) -> tuple[Task, Outcome] | None:
    """A task that cannot be done any more."""
    for task in left:
        for need in task.needs:
            if need in ended and ended[need].state != "done":
                return task, Outcome(task=task.id, state="skipped", text=f"it needs task `{need}`, which was not done")
    return None
