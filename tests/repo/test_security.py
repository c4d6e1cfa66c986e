"""No program runs that a repository names, whatever is asked; and git is not one that the repository brings along."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rev_accel import repo, workspace

from .builder import Repository
from .scenarios import with_submodule

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")


class Marked:
    """A repository, and a program that leaves a mark when it runs."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.mark = repository.place / "mark"
        self.program = repository.place / "program"
        self.program.write_text(f"#!/bin/sh\necho ran >> '{self.mark}'\ncat\n")
        self.program.chmod(0o755)

    def touch(self, folder: Path | None = None) -> None:
        """Make git look into files: their size says nothing, their times say that they may have changed."""
        for path in (folder or self.repository.top).rglob("*"):
            if path.is_file() and ".git" not in path.parts:
                os.utime(path, ns=(1_000_000_000, 1_000_000_000))

    def ask_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name, value in self.repository.environment.items():
            monkeypatch.setenv(name, value)
        with workspace.use_root(self.repository.cwd):
            repo.get_repo_context()
            for function in (repo.status, repo.log, repo.head, repo.is_dirty, repo.root):
                try:
                    function()
                except repo.GitError:
                    pass


@pytest.fixture
def marked(repository: Repository) -> Marked:
    return Marked(repository)


ATTACKS: dict[str, Callable[[Marked], object]] = {}

# Attacks that succeed against plain git, so that these tests are known to be able to fail.
AGAINST_PLAIN_GIT = {
    "file system monitor",
    "hook after changes of the index",
    "clean filter",
    "process filter",
    "clean filter with dots and equals signs in its name",
    "clean filter in an included file",
    "clean filter in the configuration of the working tree",
    "signature check",
    "file system monitor of a submodule",
    "clean filter of a submodule",
    "clean filter of a submodule in a submodule",
    "missing object of a partial clone",
    "submodule where a split index has a file",
    "submodule in the shared part of a split index that is a link",
    "submodule whose name in the index is longer than it is said to be",
    "submodule in a folder that a sparse index leaves out",
    "submodule in a block of the index for another thread",
}


def attack(name: str) -> Callable[[Callable[[Marked], object]], Callable[[Marked], object]]:
    def add(make: Callable[[Marked], object]) -> Callable[[Marked], object]:
        ATTACKS[name] = make
        return make

    return add


@attack("file system monitor")
def _(m: Marked) -> None:
    m.repository.config("core.fsmonitor", str(m.program))


@attack("hook after changes of the index")
def _(m: Marked) -> None:
    (m.repository.dot / "hooks").mkdir(exist_ok=True)
    hook = m.repository.dot / "hooks/post-index-change"
    hook.write_bytes(m.program.read_bytes())
    hook.chmod(0o755)
    m.touch()


@attack("hooks in a configured folder")
def _(m: Marked) -> None:
    hooks = m.repository.place / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout", "query-watchman"):
        (hooks / name).write_bytes(m.program.read_bytes())
        (hooks / name).chmod(0o755)
    m.repository.config("core.hooksPath", str(hooks))
    m.touch()


def filtered(m: Marked, name: str = "own") -> None:
    m.repository.write(".gitattributes", f"* filter={name}\n")
    m.touch()


@attack("clean filter")
def _(m: Marked) -> None:
    m.repository.config("filter.own.clean", str(m.program))
    m.repository.config("filter.own.required", "true")
    filtered(m)


@attack("process filter")
def _(m: Marked) -> None:
    m.repository.config("filter.own.process", str(m.program))
    filtered(m)


@attack("clean filter with dots and equals signs in its name")
def _(m: Marked) -> None:
    m.repository.config("filter.a=b.c=d.clean", str(m.program))
    m.repository.config("filter.a=b.c=d.required", "true")
    filtered(m, "a=b.c=d")


@attack("clean filter in an included file")
def _(m: Marked) -> None:
    m.repository.config("include.path", "more")
    (m.repository.dot / "more").write_text(f'[filter "own"]\nclean = {m.program}\n')
    filtered(m)


@attack("clean filter in the configuration of the working tree")
def _(m: Marked) -> None:
    m.repository.config("extensions.worktreeConfig", "true")
    m.repository.git("config", "--worktree", "filter.own.clean", str(m.program))
    filtered(m)


@attack("signature check")
def _(m: Marked) -> None:
    m.repository.config("gpg.program", str(m.program))
    m.repository.config("log.showSignature", "true")
    tree = m.repository.git("write-tree").strip()
    who = "Ada <ada@example.org> 1700000000 +0000"
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    text = f"tree {tree}\nauthor {who}\ncommitter {who}\n{signature}\n\nSigned\n"
    name = m.repository.git("hash-object", "-t", "commit", "-w", "--stdin", text=text.encode()).strip()
    m.repository.git("update-ref", "HEAD", name)


@attack("pager")
def _(m: Marked) -> None:
    for key in ("core.pager", "pager.status", "pager.log"):
        m.repository.config(key, str(m.program))


@attack("aliases")
def _(m: Marked) -> None:
    for name in ("status", "log", "config", "rev-parse", "var", "symbolic-ref"):
        m.repository.config(f"alias.{name}", f"!{m.program}")


@attack("drivers of differences")
def _(m: Marked) -> None:
    for key in ("diff.external", "diff.own.command", "diff.own.textconv", "merge.own.driver"):
        m.repository.config(key, str(m.program))
    m.repository.write(".gitattributes", "* diff=own merge=own\n")
    m.touch()


@attack("editors, helpers and transports")
def _(m: Marked) -> None:
    for key in (
        "core.editor", "sequence.editor", "core.askPass", "core.sshCommand", "core.gitProxy", "credential.helper",
        "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "gpg.x509.program", "core.alternateRefsCommand",
        "trailer.x.command", "interactive.diffFilter", "uploadpack.packObjectsHook", "remote.origin.uploadpack",
        "remote.origin.vcs", "trace2.normalTarget",
    ):  # fmt: skip
        m.repository.config(key, str(m.program))
    m.repository.config("remote.origin.url", f"ext::{m.program}")
    m.repository.config("status.branch", "true")


@attack("file system monitor of a submodule")
def _(m: Marked) -> None:
    sub = with_submodule(m.repository)
    m.repository.git("config", "core.fsmonitor", str(m.program), cwd=sub)


@attack("clean filter of a submodule")
def _(m: Marked) -> None:
    sub = with_submodule(m.repository)
    m.repository.git("config", "filter.inner.clean", str(m.program), cwd=sub)
    (sub / ".gitattributes").write_text("* filter=inner\n")
    m.touch(sub)


@attack("clean filter of a submodule in a submodule")
def _(m: Marked) -> None:
    r = m.repository
    sub = with_submodule(r)
    source = str(r.place / "source")
    r.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", source, "deep", cwd=sub)
    r.git("commit", "-qam", "Deep", cwd=sub)
    r.git("config", "filter.deepest.process", str(m.program), cwd=sub / "deep")
    (sub / "deep/.gitattributes").write_text("* filter=deepest\n")
    m.touch(sub)


@attack("missing object of a partial clone")
def _(m: Marked) -> None:
    r = m.repository
    r.git("config", "uploadpack.allowFilter", "true")
    r.write("long", "".join(f"{number}\n" for number in range(90)))
    r.commit()
    r.git("rm", "-q", "long")
    r.commit("Gone")
    r.git("clone", "-q", "--filter=blob:none", "--no-checkout", f"file://{r.top}", str(r.place / "clone"))
    clone = r.place / "clone"
    m.program.write_text(f"#!/bin/sh\necho ran >> '{m.mark}'\n")
    r.git("config", "core.sshCommand", str(m.program), cwd=clone)
    r.git("config", "remote.origin.url", "ssh://nowhere/x", cwd=clone)
    r.git("reset", "-q", "HEAD~1", cwd=clone)
    r.git("read-tree", "HEAD", cwd=clone)
    r.git("update-index", "--force-remove", "long", cwd=clone)
    # Whether the new file is the old one, moved, only their contents tell.
    name = r.git("hash-object", "-w", "--stdin", text=b"".join(b"%d\n" % number for number in range(91)), cwd=clone)
    r.git("update-index", "--add", "--cacheinfo", f"100644,{name.strip()},longer", cwd=clone)
    r.go_to(clone)


def armed(m: Marked, name: str, *, is_tracked: bool = True) -> Path:
    """A repository in the top whose filter would run, if git looked into it."""
    r = m.repository
    inner = r.top / name
    inner.mkdir(parents=True)
    r.git("init", "-q", cwd=inner)
    r.write(f"{name}/f")
    r.git("add", "f", cwd=inner)
    r.git("commit", "-qm", "Inner", cwd=inner)
    r.git("config", "filter.inner.clean", str(m.program), cwd=inner)
    (inner / ".git/info").mkdir(exist_ok=True)
    (inner / ".git/info/attributes").write_text("* filter=inner\n")
    if is_tracked:
        r.git("add", name)
        r.git("commit", "-qm", "Outer")
    m.touch(inner)
    return inner


def rewritten(r: Repository, change: Callable[[bytes], bytes]) -> None:
    """Write the index anew, changed, and with its sum."""
    path = r.dot / "index"
    content = change(path.read_bytes()[:-20])
    path.write_bytes(content + hashlib.sha1(content).digest())


@attack("submodule where a split index has a file")
def _(m: Marked) -> None:
    r = m.repository
    for number in range(9):
        r.write(f"{number}")
    r.write("inner")
    r.commit()
    r.config("splitIndex.maxPercentChange", "100")
    r.git("update-index", "--split-index")
    (r.top / "inner").unlink()
    inner = armed(m, "inner", is_tracked=False)
    name = r.git("rev-parse", "HEAD", cwd=inner).strip()
    r.git("update-index", "--cacheinfo", f"160000,{name},inner")


@attack("submodule in the shared part of a split index that is a link")
def _(m: Marked) -> None:
    r = m.repository
    armed(m, "sub")
    r.git("update-index", "--split-index")
    elsewhere = r.place / "elsewhere"
    elsewhere.mkdir()
    (shared,) = r.dot.glob("sharedindex.*")
    start = (content := shared.read_bytes()).index(b"sub\0") - 62
    # The same beside the index itself, with a file in the place of the submodule.
    (elsewhere / shared.name).write_bytes(content[: start + 24] + b"\0\0\x81\xa4" + content[start + 28 :])
    (r.dot / "index").rename(elsewhere / "index")
    (r.dot / "index").symlink_to(elsewhere / "index")


@attack("submodule whose name in the index is longer than it is said to be")
def _(m: Marked) -> None:
    armed(m, "sub")
    # Both names take the same room, and git goes by the length that stands before it.
    rewritten(m.repository, lambda content: content.replace(b"\0\3sub\0\0\0\0\0\0\0", b"\0\3sub/xyz\0\0\0"))
    assert b"sub/xyz" in (m.repository.dot / "index").read_bytes()


@attack("submodule after flags that the version of the index does not have")
def _(m: Marked) -> None:
    armed(m, "sub")

    def flagged(content: bytes) -> bytes:
        start = content.index(b"sub\0") - 62
        entry = bytearray(content[start : start + 72])
        entry[60] |= 0x40
        entry[62:64] = b"\x20\0"
        entry[64:72] = b"sub\0\0\0\0\0"
        return content[:start] + entry + content[start + 72 :]

    rewritten(m.repository, flagged)


@attack("submodule in a folder that a sparse index leaves out")
def _(m: Marked) -> None:
    r = m.repository
    r.write("other/f")
    r.commit()
    r.git("sparse-checkout", "set", "--cone", "--sparse-index", "folder")
    inner = armed(m, "other/sub", is_tracked=False)
    r.write("other/f")
    file = r.git("hash-object", "-w", "other/f").strip()
    name = r.git("rev-parse", "HEAD", cwd=inner).strip()
    tree = f"100644 blob {file}\tf\n160000 commit {name}\tsub\n"
    new = r.git("mktree", "--missing", text=tree.encode()).strip()
    old = r.git("rev-parse", "HEAD:other").strip()
    rewritten(r, lambda content: content.replace(bytes.fromhex(old), bytes.fromhex(new)).replace(b"TREE", b"TRxx"))


@attack("submodule in a block of the index for another thread")
def _(m: Marked) -> None:
    armed(m, "sub")
    m.repository.config("index.threads", "3")

    def number(value: int) -> bytes:
        return value.to_bytes(4, "big")

    def block(name: bytes, content: bytes) -> bytes:
        return name + number(len(content)) + content

    def doubled(content: bytes) -> bytes:
        """The entries stand twice; those that git reads with one thread have a file where the others have a submodule."""
        count = int.from_bytes(content[8:12], "big")
        start = content.index(b"sub\0") - 62
        entries = content[12 : start + 72]
        seen = bytearray(entries)
        seen[len(entries) - 72 + 24 : len(entries) - 72 + 28] = number(0o100644)
        body = content[:12] + seen
        other = block(b"ZZZZ", entries)
        places = block(b"IEOT", number(1) + number(len(body) + 8) + number(count))
        headers = hashlib.sha1(other[:8] + places[:8]).digest()
        return body + other + places + block(b"EOIE", number(len(body)) + headers)

    rewritten(m.repository, doubled)


@pytest.mark.parametrize("name", ATTACKS)
def test_no_program_runs_that_the_repository_names(name: str, marked: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    ATTACKS[name](marked)
    marked.ask_all(monkeypatch)
    marked.ask_all(monkeypatch)
    assert not marked.mark.exists()
    if name in AGAINST_PLAIN_GIT:
        for command in (["git", "status", "-s"], ["git", "log", "-n", "2", "--oneline"]):
            subprocess.run(
                command,
                cwd=marked.repository.cwd,
                env=marked.repository.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
            )
        assert marked.mark.exists(), "plain git does not run it either, so the test shows nothing"


def test_more_filters_than_can_be_blanked_are_refused(marked: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    config = marked.repository.dot / "config"
    drivers = "".join(f'[filter "{"x" * 200}{number}"]\nclean = {marked.program}\n' for number in range(500))
    config.write_text(config.read_text() + drivers)
    filtered(marked, "x" * 200 + "7")
    marked.ask_all(monkeypatch)
    assert not marked.mark.exists()
    with workspace.use_root(marked.repository.top):
        with pytest.raises(repo.GitError, match="filter") as caught:
            repo.status()
        assert caught.value.reason == "refused"
        assert '"status": ""' in repo.get_repo_context()


@pytest.mark.parametrize("where", ["relative", "absolute", "linked", "from a folder"])
def test_a_git_in_the_working_tree_does_not_run(where: str, marked: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    r = marked.repository
    (r.top / "bin").mkdir()
    (r.top / "bin/git").write_bytes(marked.program.read_bytes())
    (r.top / "bin/git").chmod(0o755)
    entry = str(r.top / "bin")
    if where == "relative":
        entry = f"bin{os.pathsep}.{os.pathsep}"
    elif where == "linked":
        (r.place / "link").symlink_to(r.top / "bin")
        entry = str(r.place / "link")
    elif where == "from a folder":
        r.go_to(r.top / "folder")
    r.environment["PATH"] = f"{entry}{os.pathsep}{r.environment['PATH']}"
    marked.ask_all(monkeypatch)
    assert not marked.mark.exists()
    with workspace.use_root(r.cwd):
        git = repo.explain().git
    assert os.path.isabs(git)
    assert not git.startswith(str(r.place))


def test_filters_that_are_blanked_change_only_what_is_compared(marked: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    """What SECURITY.md says: with the filter git calls the file unchanged, without it the bytes differ."""
    r = marked.repository
    r.config("filter.upper.clean", "tr a-z A-Z")
    r.write(".gitattributes", "f filter=upper\n")
    r.write("f", "text\n")
    r.commit()
    os.utime(r.top / "f", ns=(1, 1))
    assert r.plain()[0] == b""
    marked.ask_all(monkeypatch)
    with workspace.use_root(r.top):
        assert [entry.path for entry in repo.status()] == [b"f"]


def test_nothing_in_the_repository_is_written(marked: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    marked.repository.write("new")
    marked.touch()
    before = {path: path.lstat().st_ctime_ns for path in marked.repository.top.rglob("*")}
    marked.ask_all(monkeypatch)
    assert before == {path: path.lstat().st_ctime_ns for path in marked.repository.top.rglob("*")}


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs to give a folder to another user")
def test_the_owner_that_git_refuses_is_refused(marked: Marked, monkeypatch: pytest.MonkeyPatch) -> None:
    r = marked.repository
    for path in (r.top, r.dot):
        os.chown(path, 12345, 12345)
    marked.ask_all(monkeypatch)
    with workspace.use_root(r.top):
        with pytest.raises(repo.GitError, match=r"safe\.directory") as caught:
            repo.status()
        assert caught.value.reason == "refused"
        assert repo.get_repo_context().startswith('{"status": "", "log": ""')
        r.git("config", "--global", "safe.directory", str(r.top))
        assert repo.status() == ()
