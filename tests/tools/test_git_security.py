"""No program runs that a repository names when changes in it are shown or committed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from repo.builder import Repository
from rev_accel import GitError
from rev_accel.errors import ToolError
from rev_accel.tools.git import GitTools


class Marked:
    """A repository, and a program that leaves a mark when it runs."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.mark = repository.place / "mark"
        self.program = repository.place / "program"
        self.program.write_text(f"#!/bin/sh\necho ran >> '{self.mark}'\ncat\n")
        self.program.chmod(0o755)

    def change(self) -> None:
        self.repository.write("a", "changed\n")
        self.repository.write("staged", "staged\n")
        without = ("core.hooksPath=/dev/null", "core.fsmonitor=false", "filter.own.clean=", "filter.own.process=")
        settings = [word for one in (*without, "filter.own.required=false") for word in ("-c", one)]
        self.repository.git(*settings, "add", "staged")
        self.mark.unlink(missing_ok=True)

    def attributes(self, text: str) -> None:
        self.repository.write(".gitattributes", text)


def monitor(m: Marked) -> None:
    m.repository.config("core.fsmonitor", str(m.program))


def hooks(m: Marked, folder: Path | None = None) -> None:
    there = folder or m.repository.dot / "hooks"
    there.mkdir(exist_ok=True)
    for name in (
        "pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "pre-auto-gc", "post-rewrite", "post-index-change",
        "reference-transaction", "fsmonitor-watchman", "pre-merge-commit",
    ):  # fmt: skip
        (there / name).write_bytes(m.program.read_bytes())
        (there / name).chmod(0o755)


def hooks_elsewhere(m: Marked) -> None:
    hooks(m, m.repository.place / "hooks")
    m.repository.config("core.hooksPath", str(m.repository.place / "hooks"))


def filters(m: Marked, *keys: str) -> None:
    for key in keys or ("clean", "smudge"):
        m.repository.config(f"filter.own.{key}", str(m.program))
    m.repository.config("filter.own.required", "true")
    m.attributes("* filter=own\n")


def process_filter(m: Marked) -> None:
    filters(m, "process")


def text_conversion(m: Marked) -> None:
    m.repository.config("diff.own.textconv", str(m.program))
    m.repository.config("diff.own.cachetextconv", "true")
    m.attributes("* diff=own\n")


def external_diff(m: Marked) -> None:
    m.repository.config("diff.external", str(m.program))
    m.repository.config("diff.own.command", str(m.program))
    m.attributes("a diff=own\n")


def signature(m: Marked) -> None:
    for key in ("gpg.program", "gpg.ssh.program", "gpg.x509.program", "gpg.ssh.defaultKeyCommand"):
        m.repository.config(key, str(m.program))
    for key in ("commit.gpgSign", "log.showSignature"):
        m.repository.config(key, "true")


def pager(m: Marked) -> None:
    for key in ("core.pager", "pager.diff", "pager.commit", "interactive.diffFilter"):
        m.repository.config(key, str(m.program))


def aliases(m: Marked) -> None:
    for name in ("diff", "commit", "add", "rev-parse", "ls-files", "var", "check-attr"):
        m.repository.config(f"alias.{name}", f"!{m.program}")


def others(m: Marked) -> None:
    for key in (
        "core.editor", "sequence.editor", "core.askPass", "core.sshCommand", "credential.helper", "trailer.x.command",
        "trailer.x.cmd", "core.alternateRefsCommand", "uploadpack.packObjectsHook", "merge.own.driver",
    ):  # fmt: skip
        m.repository.config(key, str(m.program))
    for key, value in (
        ("gc.auto", "1"),
        ("commit.verbose", "true"),
        ("commit.status", "true"),
        ("trailer.x.ifmissing", "add"),
    ):
        m.repository.config(key, value)


def filter_of_a_submodule(m: Marked) -> None:
    r = m.repository
    source = r.place / "source"
    source.mkdir()
    r.git("init", "-q", "-b", "main", cwd=source)
    (source / "inner").write_text("inner\n")
    r.git("add", "-A", cwd=source)
    r.git("commit", "-qm", "Inner", cwd=source)
    r.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(source), "sub")
    r.commit("Submodule")
    sub = r.top / "sub"
    for key in ("filter.own.clean", "core.fsmonitor"):
        r.git("config", key, str(m.program), cwd=sub)
    (sub / ".gitattributes").write_text("* filter=own\n")
    os.utime(sub / "inner", ns=(1, 1))


ATTACKS: dict[str, Callable[[Marked], None]] = {
    "file system monitor": monitor,
    "hooks": hooks,
    "hooks in a configured folder": hooks_elsewhere,
    "filters": filters,
    "process filter": process_filter,
    "text conversion": text_conversion,
    "external diff": external_diff,
    "signature": signature,
    "pager": pager,
    "aliases": aliases,
    "editors, helpers and drivers": others,
    "filter of a submodule": filter_of_a_submodule,
}
# Those that succeed against plain git without a terminal, so that the tests are known to be able to fail.
AGAINST_PLAIN_GIT = set(ATTACKS) - {"pager", "aliases", "editors, helpers and drivers"}


@pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")
class TestAttacks:
    @pytest.mark.parametrize("name", ATTACKS)
    def test_no_program_runs_that_the_repository_names(
        self, name: str, tools: GitTools, repository: Repository
    ) -> None:
        marked = Marked(repository)
        ATTACKS[name](marked)
        marked.change()
        for staged in (False, True):
            tools.git_diff(staged=staged)
        tools.git_diff(against="HEAD")
        tools.get_repo_context()
        tools.git_commit("Staged")
        if name in ("filters", "process filter"):
            with pytest.raises(ToolError, match="goes through the filter `own`"):
                tools.git_commit("Named", ["."])
        else:
            tools.git_commit("Named", ["."])
        assert not marked.mark.exists()
        if name in AGAINST_PLAIN_GIT:
            repository.write("a", "changed again\n")
            for command in (["diff"], ["add", "a"], ["commit", "-qm", "x"], ["diff", "HEAD~1"]):
                subprocess.run(
                    ["git", *command],
                    cwd=repository.top,
                    env=repository.environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                )
            assert marked.mark.exists(), "plain git does not run it either, so the test shows nothing"

    def test_an_external_diff_of_the_environment_does_not_run_either(
        self, tools: GitTools, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        marked = Marked(repository)
        marked.change()
        for name in ("GIT_EXTERNAL_DIFF", "GIT_EDITOR", "GIT_PAGER"):
            monkeypatch.setenv(name, str(marked.program))
        monkeypatch.setenv("GIT_ICASE_PATHSPECS", "1")
        monkeypatch.setenv("GIT_GLOB_PATHSPECS", "1")
        assert "+changed" in tools.git_diff()
        tools.git_commit("m", ["a"])
        assert not marked.mark.exists()

    def test_a_working_tree_elsewhere_is_neither_shown_nor_committed(
        self, tools: GitTools, repository: Repository
    ) -> None:
        elsewhere = repository.place / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "a").write_text("secret\n")
        repository.config("core.worktree", str(elsewhere))
        for call in (tools.git_diff, lambda: tools.git_commit("m", ["a"]), lambda: tools.git_diff(against="HEAD")):
            with pytest.raises(ToolError, match="does not hold the workspace"):
                call()
        assert repository.git("rev-list", "--all", "--count") == "1\n"

    def test_hooks_in_the_configuration_have_a_commit_refused(self, tools: GitTools, repository: Repository) -> None:
        marked = Marked(repository)
        marked.change()
        repository.config("hook.own.command", str(marked.program))
        repository.config("hook.own.event", "post-commit")
        assert "+changed" in tools.git_diff()
        with pytest.raises(GitError, match="names hooks") as caught:
            tools.git_commit("m", ["a"])
        assert caught.value.reason == "refused"
        assert not marked.mark.exists()

    def test_a_git_in_the_workspace_does_not_run(
        self, tools: GitTools, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        marked = Marked(repository)
        (repository.top / "bin").mkdir()
        (repository.top / "bin/git").symlink_to(marked.program)
        monkeypatch.setenv("PATH", f"{repository.top / 'bin'}{os.pathsep}{os.environ['PATH']}")
        repository.write("a", "changed\n")
        assert "+changed" in tools.git_diff()
        tools.git_commit("m", ["a"])
        assert not marked.mark.exists()
