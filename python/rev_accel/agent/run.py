"""A whole run: plan, review, execute, validate; it can be stopped at any point, and gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rev_accel import metrics as measured
from rev_accel import repo
from rev_accel.errors import GitError, InputError, LogError, ModelError, ModelMalformedError, RevAccelError
from rev_accel.llm import CachingClient, Client, RecordingClient
from rev_accel.llm.advice import advice
from rev_accel.tools.documents import Documents
from rev_accel.workspace import Workspace, use_root

from . import recovery
from .execute import StoppedError, Work, execute_task
from .journal import Event as JournalEvent
from .journal import Journal
from .model import LimitError, Model
from .plan import make_plan, whole
from .policy import Ask, Policy
from .prompts import mend
from .records import ENDED, Outcome, Plan, RunResult, State, Task, Validation
from .review import review_plan
from .scheduling import Stop, schedule
from .settings import Settings
from .validate import Checks
from .validate import State as Checked

if TYPE_CHECKING:
    from rev_accel.replies import ResponseCache

__all__ = ["Run"]

STOPPED = "it was stopped, and can be resumed"
# What is told of the project when it is planned: characters.
MOST_CONTEXT = 8_000


class Run:
    """A run of an agent. Made by `start` or `resume`.

    Args:
        journal: Its account, which begins with an event of kind `run`.
        client: Who answers the model's requests.
        settings: How it is done.
        policy: What may be done without asking. By default all that writes or runs has somebody asked.
        ask: Asks somebody; without it, what would have to be asked for is refused.
        cache: Replies of the model that were given before, which are not asked for again.
        metrics: Where everything that is measured goes.
    """

    def __init__(
        self,
        journal: Journal,
        client: Client,
        settings: Settings,
        *,
        policy: Policy | None = None,
        ask: Ask | None = None,
        cache: ResponseCache | None = None,
        metrics: measured.Metrics = measured.METRICS,
    ) -> None:
        began = journal.last("run")
        assert began is not None
        self.journal, self.settings, self.metrics = journal, settings, metrics
        self.goal, self.root = str(began["goal"]), Path(began["root"])
        self._client, self._stop = client, Stop()
        journal.add("process")
        if cache is not None:
            metrics.watch(cache)
            client = CachingClient(client, cache)
        recorded = RecordingClient(client, journal.recording(), redact=journal.redact)
        self.model = Model(recorded, settings, journal=journal, metrics=metrics)
        # The model may look at what was cut of long outputs.
        workspace = Workspace(self.root, also={journal.outputs: "read"})
        self._work = Work(
            goal=self.goal,
            model=self.model,
            workspace=workspace,
            policy=Policy() if policy is None else policy,
            journal=journal,
            ask=ask,
            stop=self._stop,
        )
        self._checks = Checks(workspace, test=False, stopped=self._work.is_over, metrics=metrics)

    @classmethod
    def start(
        cls,
        goal: str,
        client: Client,
        settings: Settings,
        *,
        root: str | Path | None = None,
        home: Path | None = None,
        on_event: Callable[[JournalEvent], object] | None = None,
        **how: Any,
    ) -> Self:
        """A new run, for the workspace of a root: by default the current one.

        Args:
            goal: What shall be done, in the user's words.
            home: Where the runs are, by default in the user's state folder.
            on_event: Called with each event of the journal.
            how: As for the class.

        Raises:
            InputError: The goal is empty, there is no such workspace, or the runs would be in it.
            OSError: The account of the run cannot be written.
        """
        if not goal.strip():
            raise InputError("the goal is empty: expected what shall be done")
        where = Workspace(root).root
        journal = Journal.create(where, home=home, on_event=on_event)
        with _closed_on_failure(journal):
            journal.add("run", goal=goal, root=str(where), settings=asdict(settings))
            return cls(journal, client, settings, **how)

    @classmethod
    def resume(cls, journal: Journal, client: Client, settings: Settings | None = None, **how: Any) -> Self:
        """One that was stopped, or whose process was killed; by default with the settings that it had.

        Raises:
            InputError: It has ended.
        """
        began, ended = journal.last("run"), journal.last("end")
        if began is None or (ended is not None and ended["state"] in ENDED):
            state = "was never begun" if began is None else f"has ended: {ended['state'] if ended else ''}"
            journal.close(for_good=ended is not None)
            raise InputError(f"the run `{journal.name}` {state}: there is nothing to go on with")
        with _closed_on_failure(journal):
            return cls(journal, client, Settings.from_dict(began["settings"]) if settings is None else settings, **how)

    def stop(self) -> None:
        """Ends what is being done, so that it can be gone on with. May be called by the handler of a signal."""
        self._stop.set()
        if (interrupt := getattr(self._client, "interrupt", None)) is not None:
            interrupt()

    def go(self) -> RunResult:
        """Does what is left to do."""
        plan: Plan | None = None
        state: State
        try:
            with use_root(self.root):
                plan = self._planned()
                return self._done(plan)
        except LimitError as error:
            state, text = "stopped", f"{error}: a higher one lets it go on"
        except ModelError as error:
            why = f"{advice(error, endpoint=self.settings.endpoint, model=self.settings.model)}; then resume the run"
            state, text = "stopped", STOPPED if self._stop.is_set() else why
        except (OSError, InputError, LogError) as error:
            where = f"its account is in `{self.journal.folder}`"
            state, text = "stopped", f"{error} ({where}); resume the run when that is mended"
        except (KeyboardInterrupt, StoppedError):
            state, text = "stopped", STOPPED
        except BaseException:
            self.journal.close()
            raise
        return self._end(RunResult(state=state, text=text, plan=plan, outcomes=self.journal.outcomes(plan)))

    def _planned(self) -> Plan:
        if found := self.journal.last("plan"):
            return Plan.from_dict(found["plan"])
        plan = whole(self.goal)
        if self.settings.plan:
            with self._phase("planning"):
                context = self._context()
                try:
                    plan = make_plan(self.goal, self.model, context)
                    self._halt()
                    if self.settings.review:
                        plan = self._reviewed(plan, context)
                except ModelMalformedError as error:
                    self.journal.add("warning", task="plan", text=f"{error}; the goal is done as one task")
        self.journal.add("plan", plan=asdict(plan))
        return plan

    def _reviewed(self, plan: Plan, context: str) -> Plan:
        try:
            problems = review_plan(plan, self.model, context)
            self.journal.add("review", problems=list(problems))
            return make_plan(self.goal, self.model, context, earlier=plan, problems=problems) if problems else plan
        except ModelMalformedError as error:
            self.journal.add("warning", task="plan", text=f"{error}; the plan stays as it is")
            return plan

    def _context(self) -> str:
        """What there is to know of the project before anything is read."""
        try:
            text = repo.get_repo_context()
        except (GitError, OSError) as error:
            text = f"(no repository: {error})"
        return f"The repository:\n{text[:MOST_CONTEXT]}"

    def _done(self, plan: Plan) -> RunResult:
        before = self._checked_before()
        with self._phase("executing"):
            outcomes = self._execute(plan)
        validation = self._validated(before)
        changed = recovery.changed_files(self.journal, self._work.workspace)
        return self._end(RunResult.of(plan, outcomes, validation, changed))

    def _execute(self, plan: Plan) -> tuple[Outcome, ...]:
        def do(task: Task, results: Mapping[str, Outcome]) -> Outcome:
            self.journal.add("begun", task=task.id)
            with use_root(self.root):
                return execute_task(task, results, self._work)

        recovery.settle_all(self._work.workspace, self.journal)
        ended = {one.task: one for one in self.journal.outcomes(plan)}
        for outcome in schedule(plan, do, workers=self.settings.workers, done=ended, stop=self._stop):
            self.journal.add("outcome", **asdict(outcome))
        self._halt()
        return self.journal.outcomes(plan)

    def _halt(self) -> None:
        if self._stop.is_set():
            raise StoppedError
        self.model.check_time()

    def _validated(self, before: Checked) -> Validation:
        """The checks, and tasks that mend what got worse, as often as is allowed."""
        number = 0
        while True:
            with self._phase("validating"):
                validation = self._checks.compared(
                    before, self._checks.state(), recovery.changed_files(self.journal, self._work.workspace)
                )
            self._halt()
            self.journal.add("validation", **asdict(validation))
            number += 1
            if validation.ok or number > self.settings.repairs:
                return validation
            task = Task(id=f"repair{number}", title="mend what got worse", instructions=mend(validation.problems))
            with self._phase("executing"):
                self._execute(Plan(goal=self.goal, tasks=(task,)))

    def _checked_before(self) -> Checked:
        found = self.journal.last("checked")
        self._checks.test = (found or {}).get("tested", True) and self.settings.test and self._may_test()
        if found is not None:
            return Checked(**found["checks"])
        with self._phase("validating"):
            checked = self._checks.state()
        self._halt()
        self.journal.add("checked", checks=asdict(checked), tested=self._checks.test)
        return checked

    def _may_test(self) -> bool:
        """Whether the project's programs may be run to check it: it is asked for as a call of `run_tests` is."""
        tool = self._work.registry(Documents(self._work.workspace)).get("run_tests")
        refusal = self._work.refusal("checks", tool, {}) if tool is not None else None
        if refusal is not None:
            self.journal.add("warning", task="checks", text=f"the tests and the linter are not run: {refusal}")
        return refusal is None

    def _end(self, result: RunResult) -> RunResult:
        """Notes how it ended, as far as that can be written."""
        try:
            now = {path: recovery.state_of(path, self._work.workspace) for path in result.changed}
            self.journal.add("end", state=result.state, text=result.text, files=now)
            measured.save(self.journal.folder / "metrics.json", self.metrics)
        except (OSError, RevAccelError):
            return result
        finally:
            with suppress(OSError, RevAccelError):
                self.journal.close(for_good=result.state in ENDED)
        return result

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self.journal.add("phase", phase=name)
        with self.metrics.timed(measured.AGENT_PHASE, phase=name):
            yield


@contextmanager
def _closed_on_failure(journal: Journal) -> Iterator[None]:
    try:
        yield
    except BaseException:
        journal.close()
        raise
