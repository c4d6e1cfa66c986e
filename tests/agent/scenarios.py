"""Tasks on small projects, and how a model does them: by the state of the conversation alone.

So the same request has the same answer, however often it is asked and whatever was asked before, as after a kill.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from textwrap import dedent
from typing import Any

from tests.llm.server import Plan

from rev_accel.agent import prompts
from rev_accel.history import INTERRUPTED

LOG = "runs.log"
"""What commands append lines to."""


def calls(*given: tuple[str, Any], **more: Any) -> Plan:
    return Plan(content="", tool_calls=given, **more)


def says(text: str, **more: Any) -> Plan:
    return Plan(content=text, **more)


@dataclass(frozen=True, kw_only=True)
class Work:
    """A task of a plan, with what the model does for it, reply by reply."""

    title: str
    steps: Sequence[Plan]
    needs: tuple[int, ...] = ()
    """Numbers of other tasks, from 1."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    name: str
    goal: str
    files: Mapping[str, str]
    works: tuple[Work, ...]
    after: Mapping[str, str | None]
    """Files that are different at the end, with what they are then."""
    answer: str
    """What is said at the end."""
    commits: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    """What the model answers when it is asked for a plan; by default one of `works`."""
    reviews: tuple[str, ...] = ('{"approved": true, "problems": []}',)
    executable: frozenset[str] = frozenset()
    commands: int = 0
    """How many lines commands append to `LOG`."""
    repairs: Mapping[str, Sequence[Plan]] = field(default_factory=dict)
    """What the model does for tasks that are no part of the plan, by their titles."""

    def plan(self) -> str:
        tasks = [
            {
                "id": f"t{number}",
                "title": work.title,
                "instructions": f"Do: {work.title}",
                "needs": [f"t{need}" for need in work.needs],
                "checks": ["it is done"],
            }
            for number, work in enumerate(self.works, 1)
        ]
        return json.dumps({"tasks": tasks})


def answer(scenario: Scenario, body: Mapping[str, Any]) -> Plan:
    """How the model answers a request in either dialect."""
    return replace(_answer(scenario, body), usage=(len(json.dumps([body["messages"], body.get("tools")])) // 4, 20))


def _answer(scenario: Scenario, body: Mapping[str, Any]) -> Plan:
    messages = body["messages"]
    system, number = messages[0]["content"], sum(one["role"] == "assistant" for one in messages)
    assert scenario.goal in messages[1]["content"]
    if system == prompts.PLAN:
        # The second time with the problems that a review has found: the answer before stands in it then.
        return says((scenario.plans or (scenario.plan(),) * 4)[number])
    if system == prompts.REVIEW:
        return says(scenario.reviews[number])
    assert system == prompts.WORK
    steps = steps_of(scenario, messages[1]["content"])
    rounds = rounds_of(messages)
    interrupted = [is_interrupted(one) for one in rounds]
    if interrupted and interrupted[-1]:
        return calls(("run_tests", {}))
    return steps[number - sum(interrupted)]


def rounds_of(messages: Sequence[Mapping[str, Any]]) -> list[list[tuple[str, str]]]:
    """The calls of each reply by their names, with their results."""
    found: list[list[tuple[str, str]]] = []
    for at, message in enumerate(messages):
        if message["role"] == "assistant":
            names = [call["function"]["name"] for call in message.get("tool_calls") or ()]
            texts = [one["content"] for one in messages[at + 1 : at + 1 + len(names)]]
            found.append(list(zip(names, texts, strict=True)))
    return found


def is_interrupted(round_: Sequence[tuple[str, str]]) -> bool:
    """Whether a run of tests has no result, so that the model makes it once more."""
    return any(name == "run_tests" and INTERRUPTED in text for name, text in round_)


def steps_of(scenario: Scenario, first: str) -> Sequence[Plan]:
    for work in scenario.works:
        if f"part of it: {work.title}\n" in first:
            return work.steps
    for title, steps in scenario.repairs.items():
        if f"part of it: {title}\n" in first:
            return steps
    assert len(scenario.works) == 1
    return scenario.works[0].steps


def text(given: str) -> str:
    return dedent(given).lstrip("\n")


CALC_TEST = text("""
    import unittest

    from calc import add


    class TestAdd(unittest.TestCase):
        def test_add(self):
            self.assertEqual(add(1, 2), 3)
    """)

FIX = Scenario(
    name="fix",
    goal="Fix the failing test.",
    files={"calc.py": "def add(a, b):\n    return a - b\n", "test_calc.py": CALC_TEST},
    works=(
        Work(
            title="mend add",
            steps=(
                calls(("read_file", {"path": "calc.py"}), ("read_file", {"path": "test_calc.py"}), ("run_tests", {})),
                # Without `new`: it is told which argument is missing.
                calls(("replace_in_file", {"path": "calc.py", "old": "a - b"})),
                calls(("replace_in_file", {"path": "calc.py", "old": "return a - b", "new": "return a + b"})),
                calls(("run_tests", {})),
                says("I mended `add`: it subtracted."),
            ),
        ),
    ),
    after={"calc.py": "def add(a, b):\n    return a + b\n"},
    answer="I mended `add`: it subtracted.",
)

RENAME = Scenario(
    name="rename",
    goal="Rename the function total to grand_total everywhere, and commit it.",
    files={
        "shop/__init__.py": "from .sums import total\n\n__all__ = ['total']\n",
        "shop/sums.py": "def total(prices):\n    return sum(prices)\n",
        "shop/bill.py": "from .sums import total\n\n\ndef bill(prices):\n    return f'{total(prices)} EUR'\n",
        "tools/total.sh": "#!/bin/sh\nexec python -c 'import shop; print(shop.total([1, 2]))'\n",
        "README.md": "`shop.total(prices)` adds prices.\n",
        "old_notes.txt": "total was called sum_up\n",
    },
    executable=frozenset({"tools/total.sh"}),
    works=(
        Work(
            title="rename it in the code",
            steps=(
                calls(
                    ("search_code", {"pattern": "total"}),
                    ("read_file", {"path": "shop/sums.py"}),
                    ("read_file", {"path": "shop/bill.py"}),
                ),
                calls(
                    (
                        "apply_patch",
                        {
                            "patch": text("""
                                --- a/shop/__init__.py
                                +++ b/shop/__init__.py
                                @@ -1,3 +1,3 @@
                                -from .sums import total
                                +from .sums import grand_total

                                -__all__ = ['total']
                                +__all__ = ['grand_total']
                                --- a/shop/sums.py
                                +++ b/shop/sums.py
                                @@ -1,2 +1,2 @@
                                -def total(prices):
                                +def grand_total(prices):
                                     return sum(prices)
                                --- a/shop/bill.py
                                +++ b/shop/bill.py
                                @@ -1,5 +1,5 @@
                                -from .sums import total
                                +from .sums import grand_total


                                 def bill(prices):
                                -    return f'{total(prices)} EUR'
                                +    return f'{grand_total(prices)} EUR'
                                diff --git a/tools/total.sh b/tools/grand_total.sh
                                rename from tools/total.sh
                                rename to tools/grand_total.sh
                                --- a/tools/total.sh
                                +++ b/tools/grand_total.sh
                                @@ -1,2 +1,2 @@
                                 #!/bin/sh
                                -exec python -c 'import shop; print(shop.total([1, 2]))'
                                +exec python -c 'import shop; print(shop.grand_total([1, 2]))'
                                --- a/old_notes.txt
                                +++ /dev/null
                                @@ -1 +0,0 @@
                                -total was called sum_up
                                """)
                        },
                    )
                ),
                says("It is called grand_total in the package now."),
            ),
        ),
        Work(
            title="rename it in the README",
            steps=(
                calls(("read_file", {"path": "README.md"})),
                calls(("replace_in_file", {"path": "README.md", "old": "shop.total(", "new": "shop.grand_total("})),
                says("The README says grand_total."),
            ),
        ),
        Work(
            title="commit",
            needs=(1, 2),
            steps=(
                calls(("git_diff", {})),
                calls(("git_commit", {"message": "Rename total to grand_total", "paths": ["."]})),
                says("Renamed everywhere, and committed."),
            ),
        ),
    ),
    after={
        "shop/__init__.py": "from .sums import grand_total\n\n__all__ = ['grand_total']\n",
        "shop/sums.py": "def grand_total(prices):\n    return sum(prices)\n",
        "shop/bill.py": (
            "from .sums import grand_total\n\n\ndef bill(prices):\n    return f'{grand_total(prices)} EUR'\n"
        ),
        "tools/total.sh": None,
        "tools/grand_total.sh": "#!/bin/sh\nexec python -c 'import shop; print(shop.grand_total([1, 2]))'\n",
        "README.md": "`shop.grand_total(prices)` adds prices.\n",
        "old_notes.txt": None,
    },
    commits=("Rename total to grand_total",),
    answer="Renamed everywhere, and committed.",
)

SLUG = "def slug(title):\n    return '-'.join(title.lower().split())\n"
SLUG_TEST = text("""
    import unittest

    from texts.slug import slug


    class TestSlug(unittest.TestCase):
        def test_words_are_joined(self):
            self.assertEqual(slug("Hello there World"), "hello-there-world")
    """)

ADD = Scenario(
    name="add",
    goal="Add a function slug(title) to the package texts, with a test and a line in the change log.",
    files={"texts/__init__.py": "", "CHANGES.md": "# Changes\n\n- first version\n"},
    works=(
        Work(
            title="write the function",
            steps=(
                calls(("list_dir", {}), ("tree_view", {"path": "texts"})),
                calls(("write_file", {"path": "texts/slug.py", "content": SLUG})),
                says("texts/slug.py has it."),
            ),
        ),
        Work(
            title="write the change log",
            steps=(
                # It has not read it, which is told; two edits that would show if one was made twice.
                calls(("write_file", {"path": "CHANGES.md", "content": "nothing\n"})),
                calls(("read_file", {"path": "CHANGES.md"})),
                calls(("replace_in_file", {"path": "CHANGES.md", "old": "- first", "new": "- slug\n- first"})),
                says("The change log has it."),
            ),
        ),
        Work(
            title="write the test",
            needs=(1,),
            steps=(
                calls(
                    ("create_directory", {"path": "tests/texts"}),
                    ("write_file", {"path": "tests/__init__.py", "content": ""}),
                    ("write_file", {"path": "tests/texts/test_slug.py", "content": SLUG_TEST}),
                    ("write_file", {"path": "tests/texts/__init__.py", "content": ""}),
                ),
                calls(("move", {"source": "tests/texts/test_slug.py", "target": "tests/test_slug.py"})),
                calls(("delete", {"path": "tests/texts", "recursive": True})),
                calls(("run_tests", {})),
                says("There is `slug`, and a test of it that passes."),
            ),
        ),
    ),
    after={
        "texts/slug.py": SLUG,
        "CHANGES.md": "# Changes\n\n- slug\n- first version\n",
        "tests/__init__.py": "",
        "tests/test_slug.py": SLUG_TEST,
    },
    answer="There is `slug`, and a test of it that passes.",
)

DEAD = Scenario(
    name="dead",
    goal="Remove the code that nothing uses, and commit that.",
    files={
        "app.py": "import shapes\n\nprint(shapes.area(2))\n",
        "shapes.py": "def area(side):\n    return side * side\n\n\ndef old_area(side):\n    return side ** 2\n",
        "legacy.py": "def nobody():\n    pass\n",
    },
    works=(
        Work(
            title="remove dead code",
            steps=(
                calls(
                    ("search_code", {"pattern": "old_area|legacy|nobody"}),
                    ("outline", {"path": "shapes.py"}),
                    ("read_file", {"path": "shapes.py"}),
                    ("no_such_tool", {"path": "shapes.py"}),
                ),
                calls(
                    ("delete", {"path": "legacy.py"}),
                    (
                        "replace_in_file",
                        {
                            "path": "shapes.py",
                            "old": "\n\n\ndef old_area(side):\n    return side ** 2\n",
                            "new": "\n",
                        },
                    ),
                ),
                calls(("run_command", {"command": f"sleep 0.02; echo removed >> {LOG}", "shell": True})),
                calls(("git_commit", {"message": "Remove dead code", "paths": ["legacy.py", "shapes.py"]})),
                calls(("run_command", {"command": f"sleep 0.02; echo committed >> {LOG}", "shell": True})),
                says("`legacy.py` and `old_area` are gone."),
            ),
        ),
    ),
    after={"legacy.py": None, "shapes.py": "def area(side):\n    return side * side\n"},
    commits=("Remove dead code",),
    commands=2,
    answer="`legacy.py` and `old_area` are gone.",
)


def dated(name: str, call: str, head: str) -> str:
    return f"from datetime import {head}\n\n\ndef {name}():\n    return {call}\n"


UPGRADE = Scenario(
    name="upgrade",
    goal="Nothing shall call datetime.utcnow any more.",
    files={
        "clock/__init__.py": "",
        "clock/now.py": dated("now", "datetime.utcnow()", "datetime"),
        "clock/today.py": dated("today", "datetime.utcnow().date()", "datetime"),
    },
    # The first plan has tasks that need each other, and what is said about that does not help; the second one does.
    plans=(
        json.dumps(
            {
                "tasks": [
                    {"id": "t1", "title": "x", "instructions": "x", "needs": ["t2"]},
                    {"id": "t2", "title": "y", "instructions": "y", "needs": ["t1"]},
                ]
            }
        ),
        "",
        "",
    ),
    works=tuple(
        Work(
            title=f"upgrade {name}",
            steps=(
                calls(("read_file", {"path": f"clock/{name}.py"}), ("search_code", {"pattern": "utcnow"})),
                calls(
                    (
                        "replace_in_file",
                        {"path": f"clock/{name}.py", "old": "utcnow()", "new": "now(timezone.utc)"},
                    ),
                    (
                        "replace_in_file",
                        {"path": f"clock/{name}.py", "old": "import datetime", "new": "import datetime, timezone"},
                    ),
                ),
                calls(("run_command", {"command": ["python3", "-c", f"import clock.{name}"]})),
                says(f"clock/{name}.py calls now."),
            ),
        )
        for name in ("now", "today")
    ),
    after={
        "clock/now.py": dated("now", "datetime.now(timezone.utc)", "datetime, timezone"),
        "clock/today.py": dated("today", "datetime.now(timezone.utc).date()", "datetime, timezone"),
    },
    answer="clock/today.py calls now.",
)
UPGRADE = Scenario(**{**UPGRADE.__dict__, "plans": (UPGRADE.plans[0], UPGRADE.plan())})

ASK = Scenario(
    name="ask",
    goal="How many functions has the package shapes?",
    files={"shapes/__init__.py": "def one():\n    pass\n", "shapes/two.py": "def two():\n    pass\n"},
    works=(
        Work(
            title="count them",
            steps=(
                calls(
                    ("outline", {"path": "shapes/__init__.py"}),
                    ("outline", {"path": "shapes/two.py"}),
                    ("search_code", {"pattern": "def "}),
                ),
                says("It has two: `one` and `two`."),
            ),
        ),
    ),
    after={},
    answer="It has two: `one` and `two`.",
)

SCENARIOS = {one.name: one for one in (FIX, RENAME, ADD, DEAD, UPGRADE, ASK)}
