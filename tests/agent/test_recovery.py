"""A call that was begun when the process was killed: whether it was done is known, and it is done once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from rev_accel.agent import Journal, recovery
from rev_accel.history import INTERRUPTED
from rev_accel.tools import Failure, builtin_tools
from rev_accel.tools.documents import Documents
from rev_accel.workspace import Workspace

from .child import Points
from .projects import build, contents, git, write
from .scenarios import text

FILES = {
    "a.txt": "one\ntwo\n",
    "b.txt": "three\n",
    "run.sh": "#!/bin/sh\necho 1\n",
    "old.sh": "#!/bin/sh\necho old\n",
    "folder/c.txt": "four\n",
    "folder/deep/d.txt": "five\n",
}
PATCH = text("""
    --- a/a.txt
    +++ b/a.txt
    @@ -1,2 +1,3 @@
     one
    +one and a half
     two
    --- /dev/null
    +++ b/new/e.txt
    @@ -0,0 +1 @@
    +six
    diff --git a/run.sh b/bin/start.sh
    rename from run.sh
    rename to bin/start.sh
    --- a/run.sh
    +++ b/bin/start.sh
    @@ -1,2 +1,2 @@
     #!/bin/sh
    -echo 1
    +echo 2
    --- a/old.sh
    +++ /dev/null
    @@ -1,2 +0,0 @@
    -#!/bin/sh
    -echo old
    --- a/b.txt
    +++ b/b.txt
    @@ -1 +1 @@
    -three
    +3
    """)
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "new file": ("write_file", {"path": "new/deep/f.txt", "content": "x\n"}),
    "file that is there": ("write_file", {"path": "run.sh", "content": "#!/bin/sh\n"}),
    "replacement": ("replace_in_file", {"path": "a.txt", "old": "one", "new": "one\none"}),
    "patch": ("apply_patch", {"patch": PATCH}),
    "move": ("move", {"source": "run.sh", "target": "go.sh"}),
    "move over": ("move", {"source": "run.sh", "target": "a.txt", "overwrite": True}),
    "move of a folder": ("move", {"source": "folder", "target": "other"}),
    "copy": ("copy", {"source": "run.sh", "target": "go.sh"}),
    "copy of a folder": ("copy", {"source": "folder", "target": "other"}),
    "deletion": ("delete", {"path": "run.sh"}),
    "deletion of a folder": ("delete", {"path": "folder", "recursive": True}),
    "folder": ("create_directory", {"path": "some/where"}),
}
FOLDERS = {"move of a folder", "copy of a folder", "deletion of a folder", "folder"}


def begun(name: str, arguments: dict[str, Any], noted: dict[str, Any]) -> dict[str, Any]:
    """What of the event of a call matters."""
    return {"name": name, "arguments": arguments, "noted": noted, "at": 5.0}


class Case:
    """A project, and a call of a tool."""

    def __init__(self, place: Path, name: str) -> None:
        self.tool, self.arguments = CALLS[name]
        self.place = place
        (place / "run").mkdir(parents=True)
        self.root = (place / "root").resolve()
        write(self.root, FILES)
        for script in ("run.sh", "old.sh"):
            (self.root / script).chmod(0o755)
        self.journal = Journal(place / "run")
        self.workspace = Workspace(self.root)
        self.noted = recovery.before(self.tool, self.arguments, self.workspace, self.journal)

    def execute(self) -> str:
        documents = Documents(self.workspace)
        for name in FILES:
            if (self.root / name).exists():
                document = documents.read(name)
                documents.know(document.path, document.version)
        found = builtin_tools(self.workspace, documents=documents).execute(self.tool, dict(self.arguments))
        assert not isinstance(found, Failure), found
        return found

    def settle(self) -> str | None:
        return recovery.settle(begun(self.tool, self.arguments, self.noted), self.workspace, self.journal)

    def finish(self) -> None:
        """What a run does that goes on."""
        if (result := self.settle()) is None:
            self.execute()
        else:
            assert not isinstance(result, Failure), result

    def killed(self, at: int, do: str) -> bool:
        """Does something in a process that is killed at a point; whether there is such a point."""
        number = os.fork()
        if not number:
            try:
                points = Points(at)
                for name in ("write", "move", "copy", "delete", "make_folder"):
                    points.around(Workspace, name)
                getattr(self, do)()
            finally:
                os._exit(0)
        return os.WIFSIGNALED(os.waitpid(number, 0)[1])

    def contents(self) -> dict[str, Any]:
        return contents(self.root)


@pytest.fixture(params=CALLS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


Make = Callable[[str, str], Case]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a case, by a name of its own and that of the call."""
    with ExitStack() as stack:

        def made(own: str, name: str) -> Case:
            case = Case(tmp_path / own, name)
            stack.callback(case.journal.close)
            return case

        yield made


@pytest.fixture
def case(make: Make, name: str) -> Case:
    return make("case", name)


def test_what_was_not_done_is_to_be_done(case: Case) -> None:
    before = case.contents()
    assert case.settle() is None
    assert case.contents() == before


def test_what_was_done_has_its_result_and_is_not_done_again(case: Case, name: str) -> None:
    said = case.execute()
    after = case.contents()
    found = case.settle()
    if name == "folder":
        assert found is None  # made once more it is the same
        case.execute()
    else:
        assert found == said
    assert case.contents() == after


def test_what_was_done_in_part_is_there_as_a_whole_in_the_end(make: Make, name: str) -> None:
    whole = make("whole", name)
    whole.execute()
    expected, at = whole.contents(), 0
    while True:
        at += 1
        case = make(f"case{at}", name)
        if not case.killed(at, "execute"):
            break
        case.finish()
        assert case.contents() == expected, f"killed at point {at}"
    assert at > 2


def test_a_recovery_that_is_killed_is_gone_on_with(make: Make) -> None:
    whole = make("whole", "patch")
    whole.execute()
    expected = whole.contents()
    # In each the patch is applied in another part, and other points of the recovery are tried.
    for number, first in enumerate((9, 13, 15)):
        at = 3 * number
        while True:
            at += 9
            case = make(f"case{first}-{at}", "patch")
            assert case.killed(first, "execute")
            was_killed = case.killed(at, "finish")
            case.finish()
            assert case.contents() == expected, f"killed at {first}, then at {at}"
            if not was_killed:
                break


@pytest.mark.parametrize("name", sorted(CALLS.keys() - FOLDERS))  # what is in folders is not noted
def test_what_somebody_else_has_changed_is_left_alone_and_told(case: Case) -> None:
    case.execute()
    (changed,) = [path for path in case.noted["files"] if (case.root / path).exists()][:1] or [None]
    if changed is None:
        (changed,) = case.noted["files"]
    (case.root / changed).write_text("by somebody else\n")
    before = case.contents()
    found = case.settle()
    assert isinstance(found, Failure)
    assert f"`{changed}` changed meanwhile" in found and INTERRUPTED in found
    assert case.contents() == before


@pytest.mark.parametrize("tool", ["run_command", "run_tests"])
def test_what_runs_programs_is_never_run_again(tmp_path: Path, tool: str) -> None:
    workspace = Workspace(tmp_path)
    with closing(Journal(tmp_path)) as journal:
        noted = recovery.before(tool, {"command": "make"}, workspace, journal)
        found = recovery.settle(begun(tool, {"command": "make"}, noted), workspace, journal)
    assert found == INTERRUPTED and isinstance(found, Failure)


@pytest.fixture(params=["a repository", "one without commits"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, Workspace, Journal]]:
    root = tmp_path / "root"
    build(root, FILES if request.param == "a repository" else {}, commit=request.param == "a repository")
    (root / "a.txt").write_text("new\n")
    (tmp_path / "run").mkdir()
    with closing(Journal(tmp_path / "run")) as journal:
        yield root, Workspace(root), journal


COMMIT = {"message": "Change a\n\nMuch.", "paths": ["a.txt"]}


def test_a_commit_that_was_made_is_recognised(repository: tuple[Path, Workspace, Journal]) -> None:
    root, workspace, journal = repository
    noted = recovery.before("git_commit", COMMIT, workspace, journal)
    assert recovery.settle(begun("git_commit", COMMIT, noted), workspace, journal) is None
    builtin_tools(workspace).execute("git_commit", COMMIT)
    found = recovery.settle(begun("git_commit", COMMIT, noted), workspace, journal)
    assert found is not None and found.startswith("Committed as ")
    assert git(root, "log", "--format=%s").splitlines()[0] == "Change a"


def test_a_commit_of_somebody_else_is_not_taken_for_ours(repository: tuple[Path, Workspace, Journal]) -> None:
    root, workspace, journal = repository
    noted = recovery.before("git_commit", COMMIT, workspace, journal)
    (root / "b.txt").write_text("theirs\n")
    git(root, "add", "b.txt")
    git(root, "commit", "-qm", "Change b", "b.txt")
    assert recovery.settle(begun("git_commit", COMMIT, noted), workspace, journal) is None
    builtin_tools(workspace).execute("git_commit", COMMIT)
    (root / "b.txt").write_text("theirs again\n")
    git(root, "commit", "-qm", "Change b again", "b.txt")
    found = recovery.settle(begun("git_commit", COMMIT, noted), workspace, journal)
    assert found is not None and found.startswith("Committed as ")


def test_a_commit_with_that_message_before_the_call_is_not_taken_for_it(
    repository: tuple[Path, Workspace, Journal],
) -> None:
    root, workspace, journal = repository
    git(root, "add", "a.txt")
    git(root, "commit", "-qm", "Change a", "a.txt")
    (root / "a.txt").write_text("newer\n")
    noted = recovery.before("git_commit", COMMIT, workspace, journal)
    assert recovery.settle(begun("git_commit", COMMIT, noted), workspace, journal) is None


def test_each_call_that_was_begun_is_settled_once(make: Make) -> None:
    case = make("case", "replacement")
    where = {"task": "1", "reply": 2, "number": 0}

    def begin() -> None:
        case.journal.add("call", **where, name=case.tool, arguments=case.arguments, noted=case.noted)

    begin()
    recovery.settle_all(case.workspace, case.journal)
    recovery.settle_all(case.workspace, case.journal)
    assert [event["kind"] for event in case.journal.events()] == ["call", "withdrawn"]
    begin()
    said = case.execute()
    recovery.settle_all(case.workspace, case.journal)
    recovery.settle_all(case.workspace, case.journal)
    assert [event["kind"] for event in case.journal.events()] == ["call", "withdrawn", "call", "result"]
    last = case.journal.last("result", **where)
    assert last is not None and (last["text"], last["failed"]) == (said, False)
    # The model knows the file as its own change left it.
    assert list(last["known"]) == [str(case.root / "a.txt")]


def test_a_commit_of_a_deletion_that_was_staged_only_is_made(tmp_path: Path) -> None:
    """The process was killed between the two."""
    root = build(tmp_path / "root", FILES)
    (root / "a.txt").unlink()
    git(root, "add", "--all", "a.txt")
    (tmp_path / "run").mkdir()
    with closing(Journal(tmp_path / "run")) as journal:
        workspace = Workspace(root)
        noted = recovery.before("git_commit", COMMIT, workspace, journal)
        assert recovery.settle(begun("git_commit", COMMIT, noted), workspace, journal) is None
    assert "D a.txt" in builtin_tools(workspace).execute("git_commit", COMMIT)
