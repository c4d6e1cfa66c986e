"""An agent that works on a repository, made of the parts of this package: plan, review, execute, validate::

    from rev_accel.agent import Policy, Run, Settings
    from rev_accel.llm import OllamaClient

    with OllamaClient("http://localhost:11434") as client:
        policy = Policy(write="auto", command="auto")
        run = Run.start("fix the failing test", client, Settings(model="qwen3"), policy=policy)
        print(run.go().text)

Each part can be used alone: `make_plan`, `review_plan`, `execute_task`, `schedule`, `Checks`, and what they share, a
`Model` and a `Journal`. It needs the extra `rev-accel[agent]`.
"""

from .execute import Work, execute_task
from .journal import Journal, runs
from .model import LimitError, Model, Spent
from .plan import make_plan
from .policy import Approval, Policy
from .records import Outcome, Plan, RunResult, Task, Validation
from .review import review_plan
from .run import Run
from .scheduling import schedule
from .settings import Limits, Prices, Settings
from .validate import Checks

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
    "execute_task",
    "make_plan",
    "review_plan",
    "runs",
    "schedule",
]
