"""A pytest plug-in: tests of an agent that run against recorded replies of a model::

    def test_agent_fixes_the_bug(llm_replay):
        client = llm_replay(lambda: OllamaClient("http://localhost:11434"))
        ...

Without an option, replies come from `recordings/<test module>/<test>.jsonl` beside the test's file, strictly in order,
and nobody is asked. `pytest --llm-record=missing` asks the client for tests that have no recording yet and keeps what
it says; `--llm-record=all` records anew. What was recorded is kept when the test has passed, also when it asked for
nothing, or when it skips itself; the recording of one that fails stays as it was.

A test that passes although recorded replies were left over in strict order asks less than it did: it fails, unless the
setting `llm_replay_unused` is `warn` or `ignore`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import pytest

if TYPE_CHECKING:
    from .client import Client
    from .replay import ReplayClient

__all__ = ["LLMReplay", "llm_replay", "pytest_addoption", "pytest_runtest_call"]

UNUSED = "llm_replay_unused"

# The clients of a test that give what was recorded in strict order.
_STRICT: pytest.StashKey[list[tuple[Path, ReplayClient]]] = pytest.StashKey()

# Whether a test has passed, or skipped itself.
_PASSED: pytest.StashKey[bool] = pytest.StashKey()

# Of a test's name in the name of a file, which may have 255 bytes.
MOST_CHARACTERS = 60


class LLMReplay(Protocol):
    """The fixture `llm_replay`."""

    def __call__(self, inner: Callable[[], Client], *, mode: Literal["strict", "key"] = "strict") -> Client:
        """A client that answers from this test's recording, or makes it.

        Args:
            inner: Makes the client that is asked when recording.
            mode: As for `ReplayClient`.
        """


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("rev-accel").addoption(
        "--llm-record",
        choices=("none", "missing", "all"),
        default="none",
        help="record the replies of a model for the fixture llm_replay: of tests that have none yet, or of all",
    )
    parser.addini(UNUSED, "what becomes of a test that leaves recorded replies: fail, warn or ignore", default="fail")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Notes that a test has passed, unless recorded replies are left, or that it skipped itself."""
    try:
        result = yield
    except pytest.skip.Exception:
        item.stash[_PASSED] = True
        raise
    for path, client in item.stash.get(_STRICT, ()):
        if client.unused and (how := item.config.getini(UNUSED)) != "ignore":
            text = (
                f"{client.unused} recorded replies in `{path}` were not asked for: run pytest with --llm-record=all to"
                f" record anew, or set `{UNUSED}` to warn or ignore"
            )
            if how != "warn":
                pytest.fail(text, pytrace=False)
            item.warn(pytest.PytestWarning(text))
    item.stash[_PASSED] = True
    return result


@pytest.fixture
def llm_replay(request: pytest.FixtureRequest) -> Generator[LLMReplay, None, None]:
    """Makes clients that answer from the recording of this test: see `rev_accel.llm.pytest_plugin`."""
    what: str = request.config.getoption("--llm-record")
    stem = recording(request.path, request.node.nodeid.partition("::")[2])
    stash = request.node.stash
    # One that is run again begins anew.
    stash[_STRICT], stash[_PASSED] = [], False
    made = 0
    recorded: list[Path] = []

    def client(inner: Callable[[], Client], *, mode: Literal["strict", "key"] = "strict") -> Client:
        # Imported when used: this module is loaded by every run of pytest.
        from .recording import RecordingClient
        from .replay import ReplayClient

        nonlocal made
        made += 1
        path = stem if made == 1 else stem.with_name(f"{stem.name.removesuffix('.jsonl')}-{made}.jsonl")
        if what == "all" or (what == "missing" and not path.exists()):
            recorded.append(path)
            # What a run that was killed has left.
            unfinished(path).unlink(missing_ok=True)
            return RecordingClient(inner(), unfinished(path), overwrite=True)
        if not path.exists():
            pytest.fail(
                f"there is no recording `{path}`: run pytest with --llm-record=missing to make it", pytrace=False
            )
        replay = ReplayClient(path, mode, advice="run pytest with --llm-record=all to record anew")
        if mode == "strict":
            stash[_STRICT].append((path, replay))
        return replay

    yield client
    for path in recorded:
        if stash[_PASSED]:
            keep(path)
        else:
            unfinished(path).unlink(missing_ok=True)


def unfinished(path: Path) -> Path:
    """Where a recording is while the test runs."""
    return path.with_name(f"{path.name}.part")


def keep(path: Path) -> None:
    """Puts a recording in its place, an empty one if nothing was asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished(path).touch(mode=0o600)
    os.replace(unfinished(path), path)


def recording(module: Path, test: str) -> Path:
    """Where the recording of a test is.

    What a file name may not hold is replaced, and a digest then keeps apart what became alike.
    """
    name = re.sub(r"[^\w\[\]=+,. -]+", "_", test.replace("::", "."))[:MOST_CHARACTERS]
    if name != test.replace("::", "."):
        name += "-" + hashlib.sha256(test.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return module.parent / "recordings" / module.stem / f"{name}.jsonl"
