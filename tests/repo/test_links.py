"""Git says where things are without symbolic links; that a link leads elsewhere later is seen all the same.

In each row there is a link in a path as git was given it, the answer is kept with it, and then the link is swapped.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .asker import Asker
from .builder import Repository
from .scenarios import with_submodule

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the clock is set by a library as Linux loads it")

Change = Callable[[Repository], object]

# Name of the row; what is there before the answer is kept; the change; whether git fails after it.
ROWS: dict[str, tuple[Change, Change]] = {}


def row(name: str, before: Change) -> Callable[[Change], Change]:
    def add(change: Change) -> Change:
        ROWS[name] = before, change
        return change

    return add


def swap(link: Path, there: str | Path) -> None:
    """Have the link lead there, in one step."""
    other = link.with_name(link.name + "-other")
    other.symlink_to(there)
    other.rename(link)


def without_a(r: Repository, index: Path) -> None:
    """A copy of the index in which one file is not."""
    shutil.copy2(r.dot / "index", index)
    r.environment["GIT_INDEX_FILE"] = str(index)
    r.git("rm", "-q", "--cached", "a")
    del r.environment["GIT_INDEX_FILE"]


def linked(path: Path) -> None:
    """Put a link where a file or folder is, which is called `one` from now on."""
    path.rename(path.with_name("one"))
    path.symlink_to("one")


def twin(r: Repository, name: str = "twin") -> Path:
    """A copy of the repository with one commit more."""
    copy = r.place / name
    shutil.copytree(r.top, copy, symlinks=True)
    r.git("commit", "-q", "--allow-empty", "-m", "In the twin", cwd=copy)
    return copy


@row("the index", lambda r: (without_a(r, r.dot / "two"), linked(r.dot / "index")))
def _(r: Repository) -> None:
    swap(r.dot / "index", "two")


@row("the objects", lambda r: linked(r.dot / "objects"))
def _(r: Repository) -> None:
    swap(r.dot / "objects", "/nowhere")


@row("the references", lambda r: linked(r.dot / "refs"))
def _(r: Repository) -> None:
    shutil.copytree(r.dot / "one", r.dot / "two")
    (r.dot / "two/heads/main").write_text(r.git("rev-parse", "HEAD~1"))
    swap(r.dot / "refs", "two")


@row("the folder .git", lambda r: (twin(r), linked(r.dot)))
def _(r: Repository) -> None:
    swap(r.dot, r.place / "twin/.git")


def behind_a_link(r: Repository) -> None:
    other = twin(r)
    for folder in (r.top, other):
        (folder / ".git").rename(folder.with_name(folder.name + "-git"))
    (r.place / "1").mkdir()
    (r.place / "2").mkdir()
    (r.place / "top-git").rename(r.place / "1/repository")
    (r.place / "twin-git").rename(r.place / "2/repository")
    (r.place / "link").symlink_to("1")
    r.dot.write_text(f"gitdir: {r.place}/link/repository\n")


@row("the path in the file .git", behind_a_link)
def _(r: Repository) -> None:
    swap(r.place / "link", "2")


@row("a link behind a link", lambda r: (
    behind_a_link(r), (r.place / "link").rename(r.place / "inner"), (r.place / "link").symlink_to("./1/../inner")
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "inner", "2")


@row("the path in commondir", lambda r: (
    r.git("worktree", "add", "-q", "-b", "x", str(r.place / "tree")), twin(r), (r.place / "link").symlink_to("top"),
    (r.dot / "worktrees/tree/commondir").write_text(f"{r.place}/link/.git\n"),
    r.git("commit", "-q", "--allow-empty", "-m", "x", cwd=r.place / "tree"), r.go_to(r.place / "tree"),
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "link", "twin")


def variables(r: Repository, **values: str) -> None:
    r.environment.update({name: value.replace("@", str(r.place)) for name, value in values.items()})


@row("GIT_INDEX_FILE", lambda r: (
    (r.place / "1").mkdir(), (r.place / "2").mkdir(), shutil.copy2(r.dot / "index", r.place / "1/index"),
    without_a(r, r.place / "2/index"), (r.place / "link").symlink_to("1"),
    variables(r, GIT_INDEX_FILE="@/link/index"),
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "link", "2")


@row("GIT_DIR", lambda r: (
    twin(r), (r.place / "link").symlink_to("top"), variables(r, GIT_DIR="@/link/.git", GIT_WORK_TREE="@/top")
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "link", "twin")


@row("a file that GIT_DIR names", lambda r: (
    twin(r), (r.place / "file").write_text("gitdir: top/.git\n"),
    variables(r, GIT_DIR="@/file", GIT_WORK_TREE="@/top"),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.place / "file").write_text("gitdir: twin/.git\n")


@row("GIT_OBJECT_DIRECTORY", lambda r: (
    (r.place / "link").symlink_to("top/.git/objects"), variables(r, GIT_OBJECT_DIRECTORY="@/link")
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "link", "/nowhere")


@row("GIT_WORK_TREE", lambda r: (
    (r.place / "link").symlink_to("top"), variables(r, GIT_DIR="@/top/.git", GIT_WORK_TREE="@/link"),
    (twin(r) / "a").write_text("x\n"),
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "link", "twin")


@row("core.worktree", lambda r: (
    (r.place / "link").symlink_to("top"), variables(r, GIT_DIR="@/top/.git"),
    r.config("core.worktree", str(r.place / "link")), (r.place / "empty").mkdir(),
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "link", "empty")


@row("GIT_CEILING_DIRECTORIES", lambda r: (
    (r.top / "folder/deep").mkdir(), r.write("folder/deep/new"), (r.place / "link").symlink_to("/usr"),
    variables(r, GIT_CEILING_DIRECTORIES="@/link"), r.go_to(r.top / "folder/deep"),
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "link", r.top / "folder")


@row("GIT_CEILING_DIRECTORIES that is not there", lambda r: (
    (r.top / "folder/deep").mkdir(), r.write("folder/deep/new"),
    variables(r, GIT_CEILING_DIRECTORIES="@/link"), r.go_to(r.top / "folder/deep"),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.place / "link").symlink_to(r.top / "folder")


@row("the home that the condition of an include names", lambda r: (
    (r.place / "config").write_text(f'[includeIf "gitdir:~/"]\npath = {r.place}/included\n'),
    (r.place / "included").write_text("[core]\nabbrev = 20\n"), (r.place / "link").symlink_to("/usr"),
    variables(r, GIT_CONFIG_GLOBAL="@/config", HOME="@/link"),
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.place / "link", r.place)


@row("the modules", lambda r: (
    with_submodule(r), linked(r.dot / "modules"), shutil.copytree(r.dot / "one", r.dot / "two", symlinks=True),
    r.git("--git-dir", str(r.dot / "two/sub"), "--work-tree", "sub", "commit", "-q", "--allow-empty", "-m", "x"),
))  # fmt: skip
def _(r: Repository) -> None:
    swap(r.dot / "modules", "two")


def two_indices_inside(r: Repository) -> None:
    sub, dot = with_submodule(r), r.dot / "modules/sub"
    shutil.copy2(dot / "index", dot / "two")
    r.environment["GIT_INDEX_FILE"] = str(dot / "two")
    r.git("rm", "-q", "--cached", "s", cwd=sub)
    del r.environment["GIT_INDEX_FILE"]
    linked(dot / "index")


@row("the index of a submodule", two_indices_inside)
def _(r: Repository) -> None:
    swap(r.dot / "modules/sub/index", "two")


@pytest.mark.parametrize("name", ROWS)
def test_a_link_that_leads_elsewhere_is_seen(name: str, repository: Repository, asker: Asker) -> None:
    before, change = ROWS[name]
    before(repository)
    first = asker.ask(repository.cwd, repository.environment)
    assert first.value == repository.text()
    kept = asker.ask(repository.cwd, repository.environment)
    assert kept.kept, kept
    assert kept.value == first.value
    change(repository)
    after = asker.ask(repository.cwd, repository.environment)
    assert after.value == repository.text()
    assert after.value != first.value, "the change changes nothing, so the test shows nothing"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a folder to another user")
def test_a_safe_directory_is_resolved_as_git_does(repository: Repository, asker: Asker) -> None:
    for path in (repository.top, repository.dot):
        os.chown(path, 12345, 12345)
    (repository.place / "link").symlink_to("top")
    repository.git("config", "--global", "safe.directory", str(repository.place / "link"), cwd=repository.place)
    for _ in range(2):
        answer = asker.ask(repository.cwd, repository.environment)
        assert answer.value == repository.text()
    assert answer.kept
    swap(repository.place / "link", "/usr")
    assert asker.ask(repository.cwd, repository.environment).value == repository.text()
    assert repository.plain() == (b"", b"")


@pytest.mark.parametrize("function", ["text", "log", "head"])
@pytest.mark.parametrize("how", ["HEAD", "branch"])
def test_a_reference_that_is_a_link_is_read_as_git_reads_it(
    how: str, function: str, repository: Repository, asker: Asker
) -> None:
    """Git takes the text of a link for the name of a reference; to the file system it leads nowhere."""
    if how == "HEAD":
        tree = repository.place / "tree"
        repository.git("worktree", "add", "-q", "-b", "x", str(tree))
        (repository.dot / "worktrees/tree/HEAD").unlink()
        (repository.dot / "worktrees/tree/HEAD").symlink_to("refs/heads/x")
        repository.go_to(tree)
    else:
        (repository.dot / "refs/heads/alias").symlink_to("refs/heads/main")
        repository.git("symbolic-ref", "HEAD", "refs/heads/alias")
    before = [asker.ask(repository.cwd, repository.environment, function=function).value for _ in range(3)]
    assert before[0] == before[2]
    repository.git("commit", "-q", "--allow-empty", "-m", "Third", cwd=repository.cwd)
    after = asker.ask(repository.cwd, repository.environment, function=function)
    assert after.value != before[0]
    if function == "text":
        assert after.value == repository.text()


def test_what_only_some_parts_of_git_follow_is_not_kept(repository: Repository, asker: Asker) -> None:
    """References are not looked up where GIT_COMMON_DIR says."""
    other = twin(repository)
    variables(repository, GIT_DIR="@/top/.git", GIT_COMMON_DIR=f"{other}/.git")
    for _ in range(3):
        answer = asker.ask(repository.cwd, repository.environment)
        assert answer.value == repository.text()
    repository.git("update-ref", "HEAD", "HEAD~1")
    assert asker.ask(repository.cwd, repository.environment).value == repository.text()


def marked(r: Repository) -> str:
    """A program that leaves a mark, for a filter of all files that have to be compared."""
    program = r.place / "program"
    program.write_text(f"#!/bin/sh\necho ran >> '{r.place}/mark'\ncat\n")
    program.chmod(0o755)
    r.write(".gitattributes", "* filter=x\n")
    r.commit()
    return str(program)


def condition(r: Repository) -> None:
    program = marked(r)
    for name in ("b", "c"):
        r.git("branch", name)
    r.git("symbolic-ref", "refs/heads/s", "refs/heads/b")
    r.git("symbolic-ref", "HEAD", "refs/heads/s")
    (r.dot / "more").write_text(f'[filter "x"]\nclean = {program}\n')
    r.config("includeIf.onbranch:c.path", "more")


def other_repository(r: Repository) -> None:
    program = marked(r)
    behind_a_link(r)
    r.git("--git-dir", str(r.place / "2/repository"), "config", "filter.x.clean", program)


@pytest.mark.parametrize(("before", "change"), [
    (condition, lambda r: r.git("symbolic-ref", "refs/heads/s", "refs/heads/c")),
    (other_repository, lambda r: swap(r.place / "link", "2")),
], ids=["references that a condition follows", "another repository"])  # fmt: skip
def test_a_filter_of_another_configuration_than_before_does_not_run(
    before: Change, change: Change, repository: Repository, asker: Asker
) -> None:
    before(repository)
    for _ in range(2):
        answer = asker.ask(repository.cwd, repository.environment)
    assert answer.kept, answer
    change(repository)
    os.utime(repository.top / "a", ns=(1, 1))
    for function in ("text", "status"):
        asker.ask(repository.cwd, repository.environment, function=function)
    mark = repository.place / "mark"
    assert not mark.exists()
    repository.plain()
    assert mark.exists(), "plain git does not run it either, so the test shows nothing"


def test_a_repository_that_begins_between_a_folder_and_one_further_up_is_seen(
    repository: Repository, asker: Asker
) -> None:
    """The working tree may lie below the folder with `.git`."""
    repository.config("core.worktree", str(repository.top / "folder/deep"))
    deep = repository.write("folder/deep/new").parent
    repository.go_to(deep)
    for _ in range(2):
        answer = asker.ask(deep, repository.environment)
        assert answer.value == repository.text()
    assert answer.kept, answer
    repository.git("init", "-q", str(deep.parent))
    assert asker.ask(deep, repository.environment).value == repository.text()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_an_answer_for_one_user_is_none_for_another(repository: Repository, asker: Asker) -> None:
    """Git refuses a repository that belongs to somebody else."""
    for path in (repository.place, *list(repository.place.parents)[:-2]):
        path.chmod(path.stat().st_mode | 0o055)
    for _ in range(2):
        answer = asker.ask(repository.cwd, repository.environment)
    assert answer.kept
    other = asker.ask(repository.cwd, repository.environment, user=65534)
    assert not other.kept
    assert '"status": "", "log": ""' in other.value
    assert "dubious ownership" in (other.problem or "")
    assert asker.ask(repository.cwd, repository.environment).kept
