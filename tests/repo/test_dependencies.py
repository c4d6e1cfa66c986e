"""Each thing that an answer depends on is looked at: a change of it alone, under a kept answer, is seen at once.

Every test here fails when the stamp of its row is left out of the proof.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest

from .asker import Asker
from .builder import Repository
from .scenarios import with_submodule

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the clock is set by a library as Linux loads it")

Change = Callable[[Repository], None]


def restoring(path: Path, write: Callable[[], object]) -> None:
    """Write to a file and put its modification time back."""
    before = path.stat()
    write()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


# Name of the row; what is there before the answer is kept; the change.
ROWS: dict[str, tuple[Change | None, Change]] = {}


def row(name: str, before: Change | None = None) -> Callable[[Change], Change]:
    def add(change: Change) -> Change:
        ROWS[name] = before, change
        return change

    return add


@row("content of a tracked file, same size and time")
def _(r: Repository) -> None:
    restoring(r.top / "a", lambda: (r.top / "a").write_text("x\n"))


@row("a tracked file that is gone")
def _(r: Repository) -> None:
    (r.top / "folder" / "b").unlink()


@row("a tracked file that comes back", lambda r: (r.top / "a").rename(r.place / "away"))
def _(r: Repository) -> None:
    (r.place / "away").rename(r.top / "a")


@row("mode of a tracked file")
def _(r: Repository) -> None:
    (r.top / "a").chmod(0o755)


@row("a file that is skipped as outside of a sparse tree comes back", lambda r: r.skip("folder/b"))
def _(r: Repository) -> None:
    r.write("folder/b", "changed\n")


@row("a new file in the top")
def _(r: Repository) -> None:
    r.write("new")


@row("a new file in a folder")
def _(r: Repository) -> None:
    r.write("folder/new")


@row("a new file in an empty folder", lambda r: (r.top / "empty").mkdir())
def _(r: Repository) -> None:
    r.write("empty/new")


@row("a new file in a folder of ignored files only", lambda r: r.write("only/x.o"))
def _(r: Repository) -> None:
    r.write("only/new")


@row("the last file of an untracked folder", lambda r: r.write("untracked/deep/x"))
def _(r: Repository) -> None:
    (r.top / "untracked" / "deep" / "x").unlink()


@row(
    "an untracked ignore file, edited in place",
    lambda r: (r.write("folder/.gitignore", "#xx\n"), r.write("folder/new")),
)
def _(r: Repository) -> None:
    path = r.top / "folder" / ".gitignore"
    restoring(path, lambda: path.write_text("new\n"))


@row("an untracked ignore file that an ignore file names", lambda r: (
    r.write("folder/.gitignore", ".gitignore\n#\n"), r.write("folder/new")
))  # fmt: skip
def _(r: Repository) -> None:
    r.write("folder/.gitignore", ".gitignore\nnew\n")


@row("an untracked file of attributes, edited in place", lambda r: (
    r.write("crlf", "x\r\ny\r\n"), r.commit(), r.write(".gitattributes", "#crlf text\n"),
    os.utime(r.top / "crlf", ns=(1, 1))
))  # fmt: skip
def _(r: Repository) -> None:
    r.write(".gitattributes", "crlf text \n")


@row("the index", lambda r: r.write("new"))
def _(r: Repository) -> None:
    r.git("add", "new")


@row("HEAD", lambda r: r.git("branch", "other", "HEAD~1"))
def _(r: Repository) -> None:
    (r.dot / "HEAD").write_text("ref: refs/heads/other\n")


@row("the branch")
def _(r: Repository) -> None:
    name = r.git("rev-parse", "HEAD~1")
    (r.dot / "refs/heads/main").write_text(name)


@row("a branch that leads to another", lambda r: (
    r.git("branch", "other"), (r.dot / "refs/heads/main").write_text("ref: refs/heads/other\n")
))  # fmt: skip
def _(r: Repository) -> None:
    (r.dot / "refs/heads/other").write_text(r.git("rev-parse", "HEAD~1"))


@row("packed references", lambda r: r.git("pack-refs", "--all"))
def _(r: Repository) -> None:
    packed = r.dot / "packed-refs"
    first, second = r.git("rev-parse", "HEAD", "HEAD~1").split()
    restoring(packed, lambda: packed.write_text(packed.read_text().replace(first, second)))


@row("a reference that appears over a packed one", lambda r: r.git("pack-refs", "--all"))
def _(r: Repository) -> None:
    (r.dot / "refs/heads/main").write_text(r.git("rev-parse", "HEAD~1"))


@row("the repository's configuration")
def _(r: Repository) -> None:
    r.write("dé")
    r.config("core.quotePath", "false")


@row("the repository's configuration, of the log alone")
def _(r: Repository) -> None:
    r.config("core.abbrev", "12")


@row("the configuration of the working tree", lambda r: r.config("extensions.worktreeConfig", "true"))
def _(r: Repository) -> None:
    (r.dot / "config.worktree").write_text("[core]\nabbrev = 13\n")


@row("the user's configuration, absent before")
def _(r: Repository) -> None:
    (r.home / ".gitconfig").write_text("[core]\nabbrev = 14\n")


@row(
    "the user's configuration in the XDG folder",
    lambda r: (r.home / ".config/git/config").write_text("[core]\nabbrev = 9\n"),
)
def _(r: Repository) -> None:
    (r.home / ".config/git/config").write_text("[core]\nabbrev = 8\n")


@row("the machine's configuration")
def _(r: Repository) -> None:
    r.system.write_text("[core]\nabbrev = 15\n")


@row("a file that is included", lambda r: (
    (r.place / "more").write_text("[core]\nabbrev = 9\n"), r.config("include.path", str(r.place / "more"))
))  # fmt: skip
def _(r: Repository) -> None:
    (r.place / "more").write_text("[core]\nabbrev = 8\n")


@row("a file that would be included, absent before", lambda r: r.config("include.path", str(r.place / "more")))
def _(r: Repository) -> None:
    (r.place / "more").write_text("[core]\nabbrev = 8\n")


@row("an inclusion that depends on the branch", lambda r: (
    (r.place / "more").write_text("[core]\nabbrev = 9\n"), r.git("branch", "topic"),
    r.config("includeIf.onbranch:topic.path", str(r.place / "more")),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.dot / "HEAD").write_text("ref: refs/heads/topic\n")


@row("a file that is included for another branch, after a switch to it", lambda r: (
    r.git("branch", "topic"), r.config("includeIf.onbranch:topic.path", str(r.place / "more")),
    r.git("checkout", "-q", "topic"),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.place / "more").write_text("[core]\nabbrev = 9\n")


@row("the repository's excludes", lambda r: r.write("new"))
def _(r: Repository) -> None:
    (r.dot / "info/exclude").write_text("new\n")


@row("the user's excludes, absent before", lambda r: r.write("new"))
def _(r: Repository) -> None:
    (r.home / ".config/git/ignore").write_text("new\n")


@row("excludes that are configured", lambda r: (r.write("new"), r.config("core.excludesFile", "~/excludes")))
def _(r: Repository) -> None:
    (r.home / "excludes").write_text("new\n")


@row("excludes behind a link", lambda r: (
    r.write("new"), (r.place / "excludes").write_text("#\n"), (r.home / ".config/git/ignore").symlink_to(r.place / "excludes")
))  # fmt: skip
def _(r: Repository) -> None:
    (r.place / "excludes").write_text("new\n")


def touched_crlf(r: Repository) -> None:
    r.write("crlf", "x\r\ny\r\n")
    r.commit()
    os.utime(r.top / "crlf", ns=(1, 1))


@row("the repository's attributes", touched_crlf)
def _(r: Repository) -> None:
    (r.dot / "info").mkdir(exist_ok=True)
    (r.dot / "info/attributes").write_text("crlf text\n")


@row("the user's attributes", touched_crlf)
def _(r: Repository) -> None:
    (r.home / ".config/git/attributes").write_text("crlf text\n")


@row(
    "attributes that are configured",
    lambda r: (touched_crlf(r), r.config("core.attributesFile", str(r.place / "attributes"))),
)
def _(r: Repository) -> None:
    (r.place / "attributes").write_text("crlf text\n")


@row("grafts")
def _(r: Repository) -> None:
    (r.dot / "info").mkdir(exist_ok=True)
    (r.dot / "info/grafts").write_text(r.git("rev-parse", "HEAD"))


@row("where a shallow history ends")
def _(r: Repository) -> None:
    (r.dot / "shallow").write_text(r.git("rev-parse", "HEAD"))


@row("objects that are replaced, the first of them")
def _(r: Repository) -> None:
    r.git("replace", "--graft", "HEAD")


def like(r: Repository) -> str:
    """The name of an object that begins as HEAD is abbreviated."""
    short, name = r.git("log", "-1", "--format=%h %H").split()
    digit = "0" if name[len(short)] != "0" else "1"
    return short + digit + "f" * (len(name) - len(short) - 1)


@row("an object that begins as a commit is abbreviated")
def _(r: Repository) -> None:
    name = like(r)
    path = r.dot / "objects" / name[:2] / name[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")


@row("the same, in the folder of another store", lambda r: (
    (r.place / "store/pack").mkdir(parents=True), (r.dot / "objects/info/alternates").write_text(f"{r.place}/store\n")
))  # fmt: skip
def _(r: Repository) -> None:
    name = like(r)
    path = r.place / "store" / name[:2] / name[2:]
    path.parent.mkdir()
    path.write_text("x")


@row("another store of objects", lambda r: (
    (r.place / "store/pack").mkdir(parents=True), (r.place / "store" / like(r)[:2]).mkdir(),
    (r.place / "store" / like(r)[:2] / like(r)[2:]).write_text("x"),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.dot / "objects/info/alternates").write_text(f"{r.place}/store\n")


@row("a pack with an object that begins as a commit is abbreviated", lambda r: r.config("core.abbrev", "4"))
def _(r: Repository) -> None:
    wanted = r.git("log", "-1", "--format=%h").strip()
    texts = (b"%d" % number for number in range(10_000_000))
    text = next(text for text in texts if sha1(b"blob %d\0%s" % (len(text), text)).hexdigest().startswith(wanted))
    # Made elsewhere, so that no other folder of this repository is touched.
    other = r.place / "other"
    r.git("init", "-q", str(other))
    name = r.git("hash-object", "-w", "--stdin", text=text, cwd=other)
    r.git("pack-objects", "-q", str(other / "pack"), text=name.encode(), cwd=other)
    for path in other.glob("pack-*"):
        shutil.copy(path, r.dot / "objects/pack" / path.name)


@row("the folder .git is another one", lambda r: shutil.copytree(r.dot, r.place / "other.git"))
def _(r: Repository) -> None:
    (r.place / "other.git/HEAD").write_text(r.git("rev-parse", "HEAD~1"))
    r.dot.rename(r.place / "old.git")
    (r.place / "other.git").rename(r.dot)


@row("the file .git of a linked working tree", lambda r: (
    r.git("worktree", "add", "-q", str(r.place / "one"), "-b", "one"),
    r.git("worktree", "add", "-q", str(r.place / "two"), "-b", "two", "HEAD~1"), r.go_to(r.place / "one"),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.cwd / ".git").write_text((r.place / "two/.git").read_text())


@row("where the folder of a linked working tree has the rest", lambda r: (
    r.git("worktree", "add", "-q", str(r.place / "one"), "-b", "one"), shutil.copytree(r.dot, r.place / "other.git"),
    (r.place / "other.git/refs/heads/one").write_text(r.git("rev-parse", "HEAD~1")), r.go_to(r.place / "one"),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.dot / "worktrees/one/commondir").write_text(str(r.place / "other.git"))


@row("a repository between the folder and the top", lambda r: r.go_to(r.top / "folder"))
def _(r: Repository) -> None:
    r.git("init", "-q", str(r.top / "folder"))


@row("a repository in a folder that is ignored, where one stands", lambda r: (
    r.write("ignored/deep/x"), r.go_to(r.top / "ignored/deep")
))  # fmt: skip
def _(r: Repository) -> None:
    r.git("init", "-q", str(r.top / "ignored"))


@row("an entry of the folder, where one stands in an ignored one", lambda r: (
    r.write("ignored/deep/x"), r.go_to(r.top / "ignored/deep")
))  # fmt: skip
def _(r: Repository) -> None:
    r.write("ignored/deep/y")


@row("what a link in the folder leads to", lambda r: (
    r.write("link-target"), (r.top / "link").symlink_to(r.place / "there"), (r.place / "there").mkdir()
))  # fmt: skip
def _(r: Repository) -> None:
    (r.place / "there").rmdir()


def own_git(r: Repository, says: str) -> None:
    """Another git, the first in PATH."""
    real = shutil.which("git", path=os.environ["PATH"])
    path = r.place / "bin/git"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\n{says}exec {real} "$@"\n')
    path.chmod(0o755)
    r.environment["PATH"] = f"{path.parent}:{os.environ['PATH']}"


@row("the program", lambda r: own_git(r, ""))
def _(r: Repository) -> None:
    own_git(r, 'case "$*" in *log*) exit 1;; esac\n')


@row("who owns the repository")
def _(r: Repository) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(r.top, 1234, 1234)


@row("the environment", lambda r: r.write("new"))
def _(r: Repository) -> None:
    r.environment["GIT_INDEX_FILE"] = str(r.place / "no-index")


@row("a file in the shared part of a split index", lambda r: r.git("update-index", "--split-index"))
def _(r: Repository) -> None:
    restoring(r.top / "a", lambda: (r.top / "a").write_text("x\n"))


@row("a file of an index of the fourth version", lambda r: r.git("update-index", "--index-version", "4"))
def _(r: Repository) -> None:
    restoring(r.top / "folder/b", lambda: (r.top / "folder/b").write_text("x\n"))


def inside(r: Repository, *arguments: str) -> str:
    return r.git(*arguments, cwd=r.top / "sub")


def inner_dot(r: Repository) -> Path:
    return r.dot / "modules/sub"


@row("content of a file of a submodule, same size and time", with_submodule)
def _(r: Repository) -> None:
    restoring(r.top / "sub/s", lambda: (r.top / "sub/s").write_text("x\n"))


@row("a new file in a folder of a submodule", lambda r: (with_submodule(r), (r.top / "sub/empty").mkdir()))
def _(r: Repository) -> None:
    r.write("sub/empty/new")


@row("the index of a submodule", lambda r: (with_submodule(r), (r.top / "sub/s").write_text("x\n")))
def _(r: Repository) -> None:
    inside(r, "update-index", "--assume-unchanged", "s")


@row("the branch of a submodule", lambda r: (
    with_submodule(r), inside(r, "checkout", "-q", "-b", "topic"), inside(r, "commit", "-q", "--allow-empty", "-m", "x"),
    inside(r, "reset", "-q", "--soft", "HEAD~1"),
))  # fmt: skip
def _(r: Repository) -> None:
    (inner_dot(r) / "refs/heads/topic").write_text(inside(r, "rev-parse", "HEAD@{1}"))


@row("HEAD of a submodule", lambda r: (with_submodule(r), inside(r, "commit", "-q", "--allow-empty", "-m", "x")))
def _(r: Repository) -> None:
    (inner_dot(r) / "HEAD").write_text(inside(r, "rev-parse", "HEAD~1"))


@row("the packed references of a submodule", lambda r: (
    with_submodule(r), inside(r, "commit", "-q", "--allow-empty", "-m", "x"), inside(r, "pack-refs", "--all")
))  # fmt: skip
def _(r: Repository) -> None:
    packed = inner_dot(r) / "packed-refs"
    now, before = inside(r, "rev-parse", "HEAD", "HEAD~1").split()
    restoring(packed, lambda: packed.write_text(packed.read_text().replace(now, before)))


@row("the configuration of a submodule", with_submodule)
def _(r: Repository) -> None:
    (r.top / "sub/s").chmod(0o755)
    inside(r, "config", "core.fileMode", "true")


@row("the configuration of a submodule alone", lambda r: (
    with_submodule(r), inside(r, "config", "core.fileMode", "false"), (r.top / "sub/s").chmod(0o755)
))  # fmt: skip
def _(r: Repository) -> None:
    inside(r, "config", "core.fileMode", "true")


@row("the excludes of a submodule", lambda r: (with_submodule(r), r.write("sub/new")))
def _(r: Repository) -> None:
    (inner_dot(r) / "info/exclude").write_text("new\n")


@row("the attributes of a submodule", lambda r: (
    with_submodule(r), r.write("sub/s", "x\r\n"), inside(r, "commit", "-qam", "x"), r.commit(),
    os.utime(r.top / "sub/s", ns=(1, 1)),
))  # fmt: skip
def _(r: Repository) -> None:
    (inner_dot(r) / "info").mkdir(exist_ok=True)
    (inner_dot(r) / "info/attributes").write_text("s text\n")


@row("the file .git of a submodule", lambda r: (
    with_submodule(r), shutil.copytree(inner_dot(r), r.dot / "modules/other"),
    (r.dot / "modules/other/HEAD").write_text(inside(r, "commit-tree", "-m", "x", "HEAD^{tree}")),
    shutil.copytree(inner_dot(r) / "objects", r.dot / "modules/other/objects", dirs_exist_ok=True),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.top / "sub/.git").write_text("gitdir: ../.git/modules/other\n")


@row("a submodule that was not checked out", lambda r: (
    with_submodule(r), inside(r, "commit", "-q", "--allow-empty", "-m", "x"), (r.top / "sub/.git").rename(r.place / "link")
))  # fmt: skip
def _(r: Repository) -> None:
    (r.place / "link").rename(r.top / "sub/.git")


@row("what the file .gitmodules says of a submodule", lambda r: (with_submodule(r), r.write("sub/new")))
def _(r: Repository) -> None:
    r.git("config", "--file", ".gitmodules", "submodule.sub.ignore", "all")


@row("an untracked file .gitmodules, edited in place", lambda r: (
    with_submodule(r), r.write("sub/new"), (r.top / ".gitmodules").write_text("#" * 500 + "\n"),
    r.git("rm", "-q", "--cached", "-f", ".gitmodules"), r.git("commit", "-qm", "x"),
    (r.dot / "info/exclude").write_text(".gitmodules\n"),
))  # fmt: skip
def _(r: Repository) -> None:
    (r.top / ".gitmodules").write_text('[submodule "sub"]\npath = sub\nurl = x\nignore = all\n')


@row("a submodule of a submodule", lambda r: (
    with_submodule(r),
    inside(r, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(r.place / "source"), "deep"),
    inside(r, "commit", "-qm", "Deeper"), r.commit(),
))  # fmt: skip
def _(r: Repository) -> None:
    restoring(r.top / "sub/deep/s", lambda: (r.top / "sub/deep/s").write_text("x\n"))


@row("a folder that a sparse index leaves out", lambda r: (
    r.write("other/deep/x"), r.commit(), r.git("sparse-checkout", "set", "--sparse-index", "folder")
))  # fmt: skip
def _(r: Repository) -> None:
    r.write("other/deep/x", "changed\n")


@row("a repository above, where there was none", lambda r: (shutil.rmtree(r.dot), r.go_to(r.top / "folder")))
def _(r: Repository) -> None:
    r.git("init", "-q", str(r.top))


@row("a bare repository around, where there was none", lambda r: (shutil.rmtree(r.dot), r.go_to(r.top / "folder")))
def _(r: Repository) -> None:
    r.git("init", "-q", "--bare", str(r.top))
    r.git(
        "--git-dir", str(r.top), "commit-tree", "-m", "x", r.git("hash-object", "-t", "tree", "-w", "/dev/null").strip()
    )
    name = r.git("commit-tree", "-m", "x", r.git("hash-object", "-t", "tree", "/dev/null").strip()).strip()
    r.git("update-ref", "HEAD", name)


@row("a folder outside of a repository that is moved into one", lambda r: (
    (r.place / "elsewhere/inner").mkdir(parents=True), r.go_to(r.place / "elsewhere/inner")
))  # fmt: skip
def _(r: Repository) -> None:
    (r.place / "elsewhere").rename(r.top / "elsewhere")
    (r.place / "elsewhere").symlink_to(r.top / "elsewhere")
    r.write("elsewhere/inner/new")


def without_commits(r: Repository) -> None:
    shutil.rmtree(r.dot)
    r.init()


@row("the first commit", without_commits)
def _(r: Repository) -> None:
    r.commit()


@row("a branch that appears where HEAD leads", lambda r: r.git("symbolic-ref", "HEAD", "refs/heads/other"))
def _(r: Repository) -> None:
    (r.dot / "refs/heads/other").write_text(r.git("rev-parse", "main"))


@row("a branch that appears in the packed references", lambda r: r.git("symbolic-ref", "HEAD", "refs/heads/other"))
def _(r: Repository) -> None:
    name = r.git("rev-parse", "main").strip()
    (r.dot / "packed-refs").write_text(f"{name} refs/heads/other\n")


@pytest.mark.parametrize("name", ROWS)
def test_a_change_of_what_an_answer_depends_on_is_seen(name: str, repository: Repository, asker: Asker) -> None:
    before, change = ROWS[name]
    if before is not None:
        before(repository)
    first = asker.ask(repository.cwd, repository.environment)
    assert first.value == repository.text()
    kept = asker.ask(repository.cwd, repository.environment)
    assert kept.kept, kept
    assert kept.processes == 0
    assert kept.value == first.value
    change(repository)
    after = asker.ask(repository.cwd, repository.environment)
    assert after.value == repository.text()
    assert after.value != first.value, "the change changes nothing, so the test shows nothing"


@pytest.mark.parametrize("function", ["status", "log", "head"])
def test_typed_answers_are_kept_and_see_changes(function: str, repository: Repository, asker: Asker) -> None:
    first = asker.ask(repository.cwd, repository.environment, function=function)
    kept = asker.ask(repository.cwd, repository.environment, function=function)
    assert kept.kept, kept
    assert kept.value == first.value
    repository.write("new")
    if function != "status":
        repository.commit("Third")
    after = asker.ask(repository.cwd, repository.environment, function=function)
    assert not after.kept
    assert after.value != first.value


def test_what_no_answer_depends_on_lets_it_be_kept(repository: Repository, asker: Asker) -> None:
    asker.ask(repository.cwd, repository.environment)
    (repository.dot / "MERGE_MSG").write_text("text")
    repository.git("branch", "other")
    repository.git("tag", "tag")
    repository.write("ignored/x") if (repository.top / "ignored").exists() else None
    assert asker.ask(repository.cwd, repository.environment).kept
