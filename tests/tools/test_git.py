"""Changes shown and committed; and no program runs that the repository names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from repo.builder import Repository
from rev_accel import GitError
from rev_accel.errors import InputError, PathOutsideRootError, ToolError
from rev_accel.tools import Registry
from rev_accel.tools.git import MOST_CHARACTERS, GitTools
from rev_accel.workspace import Workspace

IDENTITY = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")


def committed(repository: Repository) -> list[str]:
    """The files of the last commit, each with its letter."""
    return repository.git("show", "--format=", "--name-status", "--no-renames", "HEAD").split("\n")[:-1]


class TestDiff:
    def test_no_changes_are_told(self, tools: GitTools) -> None:
        assert tools.git_diff() == "No changes."

    def test_what_is_not_staged_is_shown_with_counts_and_untracked_files(
        self, tools: GitTools, repository: Repository
    ) -> None:
        repository.write("a", "one\n2\nthree\n")
        repository.write("new")
        repository.write("many/x")
        repository.write("many/y")
        repository.write("made.o")
        assert tools.git_diff() == (
            "1 file changed, +1 -1 lines.\nUntracked: many/, new\n\n"
            "diff --git a/a b/a\nindex 4cb29ea..f04eb26 100644\n--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three"
        )
        assert "\n-two\n+2" in tools.git_diff(context_lines=0)
        assert "three" not in tools.git_diff(context_lines=0)

    def test_staged_changes_and_other_commits_can_be_compared(self, tools: GitTools, repository: Repository) -> None:
        repository.write("a", "staged\n")
        repository.git("add", "a")
        repository.write("a", "later\n")
        assert "+staged" in tools.git_diff(staged=True)
        assert "-staged\n+later" in tools.git_diff()
        repository.commit("Second")
        assert tools.git_diff(against="HEAD") == "No changes."
        assert "-one\n-two\n-three\n+later" in tools.git_diff(against="HEAD~1")
        repository.git("tag", "-a", "v1", "-m", "v1", "HEAD~1")
        assert (
            tools.git_diff(against="v1")
            == tools.git_diff(against="main~1")
            == tools.git_diff(against="HEAD~1", staged=True)
        )

    def test_why_nothing_is_told_of_a_path_is_told(self, tools: GitTools, repository: Repository) -> None:
        assert tools.git_diff(["nope"]) == "No changes.\n`nope` is neither there nor tracked by git."
        repository.git("init", "-q", "sub/inner")
        repository.write("sub/inner/x", "new\n")
        assert (
            tools.git_diff(["sub/inner/x"]) == "No changes.\n`sub/inner/x` belongs to another repository, `sub/inner`."
        )
        with pytest.raises(
            ToolError, match="nothing has changed in `sub/inner/x`; `sub/inner/x` belongs to another repo"
        ):
            tools.git_commit("x", ["sub/inner/x"])
        (repository.top / "a").unlink()
        assert "deleted file mode" in tools.git_diff(["a"])
        assert tools.git_diff(["a"], staged=True) == "No changes."

    def test_paths_choose_and_mean_what_they_say(self, tools: GitTools, repository: Repository) -> None:
        repository.write("*", "star\n")
        repository.write(":(top)a", "colon\n")
        repository.write("--help", "help\n")
        repository.git("add", "-A")
        for name in ("*", ":(top)a", "--help"):
            answer = tools.git_diff([name], staged=True)
            assert answer.startswith("1 file changed, +1 -0 lines.")
            assert f"b/{name}" in answer
        assert tools.git_diff(["folder"], staged=True) == "No changes."
        assert tools.git_diff(["folder/../a", str(repository.top / "a")]) == "No changes."

    @pytest.mark.parametrize("path", ["..", "../other", "/etc/passwd", "folder/../../x"])
    def test_a_path_outside_is_refused(self, path: str, tools: GitTools) -> None:
        for call in (lambda: tools.git_diff([path]), lambda: tools.git_commit("m", [path])):
            with pytest.raises(PathOutsideRootError):
                call()

    @pytest.mark.parametrize("path", ["", "a\0b", "\ud800"])
    def test_what_is_no_path_is_refused(self, path: str, tools: GitTools) -> None:
        with pytest.raises(ToolError, match="is no path"):
            tools.git_diff([path])

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "no-such",
            "--help",
            "-p",
            "--output=made",
            "HEAD..HEAD~1",
            "HEAD:a",
            "@{upstream}",
            "a\nb",
            "x" * 5000,
            "^HEAD",
            "HEAD --stat",
        ],
    )
    def test_what_names_no_commit_is_refused(self, name: str, tools: GitTools, repository: Repository) -> None:
        with pytest.raises(ToolError, match="commit"):
            tools.git_diff(against=name)
        assert not (repository.top / "made").exists()

    def test_a_branch_that_looks_like_an_option_is_a_branch(self, tools: GitTools, repository: Repository) -> None:
        name = repository.git("rev-parse", "HEAD").strip()
        (repository.dot / "refs/heads/--output=made").write_text(f"{name}\n")
        assert tools.git_diff(against="--output=made") == "No changes."
        assert not (repository.top / "made").exists()

    def test_a_workspace_in_a_repository_sees_its_own_part(self, repository: Repository) -> None:
        repository.write("a", "changed\n")
        repository.write("folder/b", "changed\n")
        repository.write("folder/c")
        repository.write("d")
        answer = GitTools(Workspace(repository.top / "folder")).git_diff()
        assert answer.startswith("1 file changed, +1 -1 lines.\nUntracked: c\n\ndiff --git a/b b/b\n")
        assert "a/a" not in answer

    def test_settings_of_the_user_do_not_change_the_form(self, tools: GitTools, repository: Repository) -> None:
        repository.write("a", "one\n2\nthree\n")
        repository.write("é", "x\n")
        repository.git("add", "é")
        plain = tools.git_diff(), tools.git_diff(staged=True)
        for key, value in (
            ("color.ui", "always"), ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"), ("diff.wordRegex", "."),
            ("diff.context", "0"), ("diff.algorithm", "patience"), ("diff.renames", "copies"), ("diff.colorMoved", "zebra"),
            ("core.pager", "false"), ("diff.submodule", "log"), ("diff.ignoreSubmodules", "none"),
        ):  # fmt: skip
            repository.config(key, value)
        assert (tools.git_diff(), tools.git_diff(staged=True)) == plain
        assert "b/é" in plain[1]

    def test_a_long_diff_is_cut_and_its_files_are_named(self, tools: GitTools, repository: Repository) -> None:
        for number in range(60):
            repository.write(f"file{number:02}", f"{number}\n" * 400)
        repository.write("bytes", b"\0\1")
        repository.git("add", "-A")
        answer = tools.git_diff(staged=True)
        assert len(answer) < MOST_CHARACTERS + 3000
        assert answer.startswith("61 files changed, +24,000 -0 lines:\nbytes (binary)\nfile00 +400 -0\n")
        assert "\nand 11 more\n" in answer
        assert answer.endswith("more characters left out: give `paths` to see some of the files ...]")

    def test_before_the_first_commit_all_is_new(self, tmp_path: Path, repository: Repository) -> None:
        fresh = Repository(tmp_path / "home", name="fresh").init()
        fresh.write("a")
        tools = GitTools(Workspace(fresh.top))
        assert tools.git_diff() == "No changes.\nUntracked: a"
        assert tools.git_commit("First", ["."]).endswith("\nA a")
        assert tools.git_diff() == "No changes."

    def test_where_there_is_no_repository_that_is_told(self, tmp_path: Path, repository: Repository) -> None:
        (tmp_path / "plain").mkdir()
        tools = GitTools(Workspace(tmp_path / "plain"))
        for call in (tools.git_diff, lambda: tools.git_commit("m", ["."])):
            with pytest.raises(GitError, match="not a git repository"):
                call()
        assert json.loads(tools.get_repo_context())["status"] == ""


class TestCommit:
    def test_named_paths_are_committed_as_they_are_and_nothing_else(
        self, tools: GitTools, repository: Repository
    ) -> None:
        repository.write("a", "changed\n")
        repository.write("new/x")
        repository.write("new/made.o")
        (repository.top / "folder/b").unlink()
        repository.write("other", "staged\n")
        repository.git("add", "other")
        answer = tools.git_commit("Change things\n\nIn detail.\n", ["a", "new", "folder"])
        name = repository.git("rev-parse", "--short", "HEAD").strip()
        assert answer == f"Committed 3 files as {name}:\nM a\nD folder/b\nA new/x"
        assert committed(repository) == ["M\ta", "D\tfolder/b", "A\tnew/x"]
        assert repository.git("log", "-1", "--format=%B").strip() == "Change things\n\nIn detail."
        assert repository.plain()[0] == b"A  other\n"

    def test_without_paths_what_is_staged_is_committed(self, tools: GitTools, repository: Repository) -> None:
        repository.write("a", "staged\n")
        repository.git("add", "a")
        repository.write("a", "later\n")
        repository.write("folder/b", "later\n")
        assert tools.git_commit("Staged").endswith(":\nM a")
        assert repository.git("show", "HEAD:a") == "staged\n"
        assert repository.plain()[0] == b" M a\n M folder/b\n"

    def test_a_deleted_folder_and_a_link_are_committed(self, tools: GitTools, repository: Repository) -> None:
        (repository.top / "folder/b").unlink()
        (repository.top / "folder").rmdir()
        (repository.top / "link").symlink_to("/etc/passwd")
        assert tools.git_commit("m", ["folder/b", "link"]).endswith("D folder/b\nA link")
        assert repository.git("show", "HEAD:link") == "/etc/passwd"

    def test_what_is_staged_as_deleted_is_committed(self, tools: GitTools, repository: Repository) -> None:
        repository.git("rm", "-rq", "folder")
        (repository.top / "a").write_text("changed\n")
        assert tools.git_commit("m", ["folder/b"]).endswith(":\nD folder/b")
        repository.git("rm", "-q", "-f", "a")
        assert tools.git_commit("m", ["a"]).endswith("\nD a")

    def test_what_lies_behind_a_link_is_not_committed(self, tools: GitTools, repository: Repository) -> None:
        (repository.top / "link").symlink_to("/etc")
        with pytest.raises(GitError, match="beyond a symbolic link"):
            tools.git_commit("m", ["link/passwd"])

    def test_nothing_to_commit_is_told(self, tools: GitTools, repository: Repository) -> None:
        with pytest.raises(ToolError, match="nothing is staged"):
            tools.git_commit("m")
        with pytest.raises(ToolError, match="nothing has changed in `a`, `folder`"):
            tools.git_commit("m", ["a", "folder"])
        with pytest.raises(GitError, match="missing"):
            tools.git_commit("m", ["missing"])
        repository.write("made.o")
        with pytest.raises(GitError, match="ignored"):
            tools.git_commit("m", ["made.o"])
        assert repository.git("rev-list", "--count", "HEAD") == "1\n"

    @pytest.mark.parametrize("message", ["", " \n\t", "a\0b", "\ud800", "x" * 70_000])
    def test_a_message_that_is_none_is_refused(self, message: str, tools: GitTools, repository: Repository) -> None:
        repository.write("a", "changed\n")
        with pytest.raises(ToolError, match="`message`"):
            tools.git_commit(message, ["a"])
        with pytest.raises(ToolError, match="`paths` is empty"):
            tools.git_commit("m", [])
        assert repository.plain()[0] == b" M a\n"

    @pytest.mark.parametrize("message", ["--amend", "-F/etc/passwd", "# no comment", "é 中", "x" * 50_000])
    def test_a_message_is_taken_as_it_is(self, message: str, tools: GitTools, repository: Repository) -> None:
        repository.config("commit.cleanup", "strip")
        repository.config("i18n.commitEncoding", "ISO-8859-1")
        repository.config("commit.template", "/no/such")
        repository.write("-n", "x")
        assert tools.git_commit(message, ["-n"]).endswith(":\nA -n")
        assert repository.git("log", "-1", "--format=%B").strip() == message
        assert repository.git("rev-list", "--count", "HEAD") == "2\n"

    def test_without_an_identity_nothing_is_done(
        self, tools: GitTools, repository: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in IDENTITY:
            monkeypatch.delenv(name)
        repository.write("a", "changed\n")
        with pytest.raises(ToolError, match="set `user.name` and `user.email`"):
            tools.git_commit("m", ["a"])
        assert repository.plain()[0] == b" M a\n"
        repository.config("user.name", "Grace")
        repository.config("user.email", "grace@example.org")
        tools.git_commit("m", ["a"])
        assert repository.git("log", "-1", "--format=%an <%ce>") == "Grace <grace@example.org>\n"

    def test_what_is_staged_outside_of_the_workspace_is_not_committed(self, repository: Repository) -> None:
        repository.write("a", "changed\n")
        repository.write("folder/b", "changed\n")
        repository.git("add", "-A")
        tools = GitTools(Workspace(repository.top / "folder"))
        with pytest.raises(ToolError, match="`a` is staged and outside of the workspace"):
            tools.git_commit("m")
        assert tools.git_commit("m", ["."]).endswith(":\nM b")
        assert committed(repository) == ["M\tfolder/b"]

    def test_a_workspace_that_may_only_be_read_commits_nothing(self, repository: Repository) -> None:
        repository.write("a", "changed\n")
        with pytest.raises(PathOutsideRootError):
            GitTools(Workspace(repository.top, read_only=True)).git_commit("m", ["a"])

    def test_a_merge_that_is_not_done_is_told(self, tools: GitTools, repository: Repository) -> None:
        repository.git("checkout", "-q", "-b", "other")
        repository.write("a", "other\n")
        repository.commit()
        repository.git("checkout", "-q", "main")
        repository.write("a", "main\n")
        repository.commit()
        repository.git("merge", "-q", "other", check=False)
        with pytest.raises(GitError, match="merge"):
            tools.git_commit("m", ["a"])
        repository.git("add", "a")
        tools.git_commit("Merged")
        assert len(repository.git("log", "-1", "--format=%P").split()) == 2


class TestTool:
    def test_they_are_tools_with_schemas(self, tools: GitTools, repository: Repository) -> None:
        repository.write("a", "changed\n")
        registry = Registry([tools.git_diff, tools.git_commit, tools.get_repo_context])
        assert '" M a\\n"' in registry.execute("get_repo_context", {"commits": 1})
        assert registry.execute("git_diff", {}).startswith("1 file changed")
        assert "`context_lines` is -1" in registry.execute("git_diff", {"context_lines": -1})
        assert registry.execute("git_commit", {"message": "m", "paths": ["a"]}).startswith("Committed 1 file as ")
        assert len(registry.schemas()) == 3

    def test_the_state_of_the_repository_is_bounded(self, tools: GitTools, repository: Repository) -> None:
        for number in range(250):
            repository.write(f"new{number:03}")
        status = json.loads(tools.get_repo_context())["status"].split("\n")
        assert status[199:] == ["?? new199", "[... 50 more lines ...]", ""]
        for number in (0, -1, 1000):
            with pytest.raises(ToolError, match="`commits` is"):
                tools.get_repo_context(number)

    def test_git_is_not_waited_for_for_ever(self, repository: Repository) -> None:
        with pytest.raises(GitError) as caught:
            GitTools(Workspace(repository.top), timeout=1e-6).git_diff()
        assert caught.value.reason == "timeout"

    def test_a_time_out_that_is_none_is_refused(self, repository: Repository) -> None:
        with pytest.raises(InputError, match="`timeout` is 0"):
            GitTools(Workspace(repository.top), timeout=0)
