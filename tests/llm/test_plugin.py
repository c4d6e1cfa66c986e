"""The pytest plug-in: a test's replies come from its recording, or are recorded when asked for."""

from __future__ import annotations

import fnmatch
import os
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from rev_accel.llm import pytest_plugin

pytest_plugins = ["pytester"]

MODULE = """
import pytest
from rev_accel.llm import Request, ScriptedClient

asked = []

def make_client():
    asked.append(1)
    return ScriptedClient([lambda request: request.messages[0]["content"].upper()] * 5)

def ask(client, text="hello", **options):
    message = {"role": "user", "content": text}
    request = Request(endpoint="http://x", dialect="openai", model="m", messages=[message], options=options)
    return client.chat(request).content

@pytest.mark.parametrize("name", ["a/b", "c d"])
def test_agent(llm_replay, name):
    assert ask(llm_replay(make_client), name) == name.upper()

def test_two(llm_replay):
    first, second = llm_replay(make_client), llm_replay(make_client, mode="key")
    assert ask(first, "one") == "ONE" and ask(second, "two") == "TWO"
"""


@pytest.fixture
def run(pytester: pytest.Pytester):
    path = pytester.makepyfile(test_agents=MODULE)

    def run(*options: str, code: str = MODULE) -> pytest.RunResult:
        path.write_text(code)
        shutil.rmtree(path.with_name("__pycache__"), ignore_errors=True)
        return pytester.runpytest_subprocess("-p", "rev_accel.llm.pytest_plugin", "-W", "error", *options)

    return run


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("test_a[a/b]", "test_a[a_b]"),
        ("test_a[a/b]", "test_a[a:b]"),
        ("TestA::test_a", "TestB::test_a"),
        ("test_" + "a" * 300, "test_" + "a" * 301),
        ("test_a[\ud800]", "test_a[\udfff]"),
    ],
)
def test_every_test_has_a_file_of_its_own(one: str, other: str) -> None:
    module = Path("tests/test_x.py")
    names = {pytest_plugin.recording(module, name).name for name in (one, other)}
    assert len(names) == 2 and max(map(len, names)) < 100


ASKS_NOBODY = MODULE.replace("asked.append(1)", "raise AssertionError('somebody was asked')")


def test_replies_are_recorded_once_and_then_nobody_is_asked(run, pytester: pytest.Pytester) -> None:
    run().assert_outcomes(failed=3)
    run().stdout.fnmatch_lines(["*there is no recording*run pytest with --llm-record=missing*"])
    run("--llm-record=missing").assert_outcomes(passed=3)
    files = sorted(str(path.relative_to(pytester.path)) for path in pytester.path.rglob("*.jsonl"))
    folder = os.path.join("recordings", "test_agents")
    patterns = ["test_agent[[]a_b]-????????", "test_agent[[]c d]", "test_two-2", "test_two"]
    for file, pattern in zip(files, patterns, strict=True):
        assert fnmatch.fnmatch(file, os.path.join(folder, f"{pattern}.jsonl"))
    run(code=ASKS_NOBODY).assert_outcomes(passed=3)
    run("--llm-record=missing", code=ASKS_NOBODY).assert_outcomes(passed=3)


def test_a_changed_request_fails_and_says_where(run) -> None:
    run("--llm-record=all").assert_outcomes(passed=3)
    changed = ASKS_NOBODY.replace('"one")', '"one", seed=1)').replace('"two")', '"deux")')
    result = run("-k", "two", code=changed)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ReplayMissError*`options.seed`: recorded is nothing, asked for 1*--llm-record=all*"])


def test_recording_anew_replaces_what_was_recorded(run, pytester: pytest.Pytester) -> None:
    run("--llm-record=all").assert_outcomes(passed=3)
    louder = MODULE.replace(".upper()] * 5", '.upper() + "!"] * 5').replace(".upper()\n", '.upper() + "!"\n')
    louder = louder.replace('"ONE"', '"ONE!"').replace('"TWO"', '"TWO!"')
    run("--llm-record=all", code=louder).assert_outcomes(passed=3)
    run(code=louder).assert_outcomes(passed=3)
    assert all(path.read_bytes().count(b"\n") == 1 for path in pytester.path.rglob("*.jsonl"))


def test_replies_that_are_left_over_fail_a_test_that_passes(run) -> None:
    run("--llm-record=all").assert_outcomes(passed=3)
    less = ASKS_NOBODY.replace('assert ask(first, "one") == "ONE" and ', "assert ")
    options = "-k", "two"
    result = run(*options, code=less)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*1 recorded replies in `*test_two.jsonl` were not asked for*--llm-record=all*"])
    run(*options, "-o", "llm_replay_unused=ignore", code=less).assert_outcomes(passed=1)
    result = run(*options, "-o", "llm_replay_unused=warn", "-W", "default", code=less)
    result.assert_outcomes(passed=1, warnings=1)
    # By key, any may be left; and a test that fails has another reason.
    run(*options, code=ASKS_NOBODY.replace(' and ask(second, "two") == "TWO"', "")).assert_outcomes(passed=1)
    result = run(
        *options,
        code=less.replace(
            "def test_two(llm_replay):", "def test_two(llm_replay):\n    llm_replay(make_client)\n    assert 0\n"
        ),
    )
    result.assert_outcomes(failed=1)
    assert "were not asked for" not in result.stdout.str()


HALF = """

def test_half(llm_replay):
    client = llm_replay(make_client)
    ask(client, "one")
    assert WORKS
    ask(client, "two")

def test_nothing(llm_replay):
    llm_replay(make_client)

@pytest.fixture
def client(llm_replay):
    client = llm_replay(make_client)
    ask(client, "before")
    return client

def test_fixture(client):
    ask(client)
"""


def test_what_a_test_recorded_is_kept_only_if_it_passes(run, pytester: pytest.Pytester) -> None:
    works, fails = MODULE + HALF.replace("WORKS", "True"), MODULE + HALF.replace("WORKS", "False")
    options = "-k", "half"
    run(*options, "--llm-record=missing", code=fails).assert_outcomes(failed=1)
    assert not [path for path in pytester.path.rglob("*") if "half" in path.name]
    run(*options, "--llm-record=missing", code=works).assert_outcomes(passed=1)
    run(*options, "--llm-record=all", code=fails).assert_outcomes(failed=1)
    # What was recorded before is still there.
    run(*options, code=works.replace("asked.append(1)", "1 / 0")).assert_outcomes(passed=1)


SKIPS = """

def test_skips(llm_replay):
    ask(llm_replay(make_client), "one")
    pytest.skip("half of it")
"""


def test_what_a_test_recorded_before_it_skips_itself_is_kept(run, pytester: pytest.Pytester) -> None:
    options, code = ("-k", "skips"), MODULE + SKIPS
    run(*options, "--llm-record=missing", code=code).assert_outcomes(skipped=1)
    assert [path.name for path in pytester.path.rglob("*.jsonl*")] == ["test_skips.jsonl"]
    result = run(*options, "-rs", code=code.replace("asked.append(1)", "1 / 0"))
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*half of it*"])


def test_a_test_that_asks_for_nothing_has_a_recording_too(run, pytester: pytest.Pytester) -> None:
    code = MODULE + HALF.replace("WORKS", "True")
    options = "-k", "nothing or fixture"
    run(*options, "--llm-record=missing", code=code).assert_outcomes(passed=2)
    run(*options, code=code.replace("asked.append(1)", "1 / 0")).assert_outcomes(passed=2)
    sizes = {path.stem: path.read_bytes().count(b"\n") for path in pytester.path.rglob("*.jsonl*")}
    assert sizes == {"test_nothing": 0, "test_fixture": 2}
    # And one that asks for more than it did is told what to do.
    result = run(
        "-k", "nothing", code=code.replace("    llm_replay(make_client)\n", "    ask(llm_replay(make_client))\n")
    )
    result.stdout.fnmatch_lines(["*ReplayMissError*all 0 recorded replies were given*--llm-record=all*"])


def test_a_run_that_does_not_use_it_loads_next_to_nothing(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert not {"rev_accel._core", "rev_accel.llm.reply", "httpx2"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess("-p", "rev_accel.llm.pytest_plugin").assert_outcomes(passed=1)


def test_an_installed_plug_in_needs_no_option_and_takes_none_twice(pytester: pytest.Pytester, tmp_path: Path) -> None:
    try:
        entries = [entry for entry in distribution("rev-accel").entry_points if entry.group == "pytest11"]
        assert [(entry.name, entry.value) for entry in entries] == [("rev_accel.llm.pytest_plugin",) * 2]
    except PackageNotFoundError:
        # It is not installed but found on a path: what an installation would have said is put there.
        info = tmp_path / "site" / "rev_accel-0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rev-accel\nVersion: 0\n")
        (info / "entry_points.txt").write_text(
            "[pytest11]\n" + "rev_accel.llm.pytest_plugin = rev_accel.llm.pytest_plugin\n"
        )
        (info / "RECORD").write_text("rev_accel/__init__.py,,\nrev_accel/llm/pytest_plugin.py,,\n")
        pytester.syspathinsert(info.parent)
        pytester._monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(info.parent), *sys.path]))
    pytester.makepyfile("def test_it(llm_replay): assert callable(llm_replay)")
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)
    pytester.runpytest_subprocess("-W", "error", "-p", "rev_accel.llm.pytest_plugin").assert_outcomes(passed=1)
