"""An agent that works on a repository, made of the parts of this package: plan, review, execute, validate.

    from rev_accel.agent import Policy, Run, Settings
    from rev_accel.llm import OllamaClient

    with OllamaClient("http://localhost:11434") as client:
        policy = Policy(write="auto", command="auto")
        run = Run.start("fix the failing test", client, Settings(model="qwen3"), policy=policy)
        print(run.go().text)

Each part can be used alone: `make_plan`, `review_plan`, `execute_task`, `schedule`, `Checks`, and what they share, a
`Model` and a `Journal`. Every name is loaded when it is first used. It needs the extra `rev-accel[agent]`.
"""

from rev_accel.lazily import loader as _loader

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .execute import Work as Work
    from .execute import execute_task as execute_task
    from .journal import Journal as Journal
    from .journal import runs as runs
    from .model import LimitError as LimitError
    from .model import Model as Model
    from .model import Spent as Spent
    from .plan import make_plan as make_plan
    from .policy import Approval as Approval
    from .policy import Policy as Policy
    from .records import Outcome as Outcome
    from .records import Plan as Plan
    from .records import RunResult as RunResult
    from .records import Task as Task
    from .records import Validation as Validation
    from .review import danger as danger
    from .review import review_plan as review_plan
    from .run import Run as Run
    from .scheduling import schedule as schedule
    from .settings import Limits as Limits
    from .settings import Prices as Prices
    from .settings import Settings as Settings
    from .validate import Checks as Checks

__all__ = [
    "Approval",
    "Checks",
    "Journal",
    "LimitError",
    "Limits",
    "Model",
    "Outcome",
    "Plan",
    "Policy",
    "Prices",
    "Run",
    "RunResult",
    "Settings",
    "Spent",
    "Task",
    "Validation",
    "Work",
    "danger",
    "execute_task",
    "make_plan",
    "review_plan",
    "runs",
    "schedule",
]

_HOMES = {
    "Approval": "policy",
    "Checks": "validate",
    "Journal": "journal",
    "LimitError": "model",
    "Limits": "settings",
    "Model": "model",
    "Outcome": "records",
    "Plan": "records",
    "Policy": "policy",
    "Prices": "settings",
    "Run": "run",
    "RunResult": "records",
    "Settings": "settings",
    "Spent": "model",
    "Task": "records",
    "Validation": "records",
    "Work": "execute",
    "danger": "review",
    "execute_task": "execute",
    "make_plan": "plan",
    "review_plan": "review",
    "runs": "journal",
    "schedule": "scheduling",
}

if not TYPE_CHECKING:
    __getattr__ = _loader(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
