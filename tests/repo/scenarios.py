"""States of repositories, each with a name and a function that makes it of a repository with two commits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from .builder import Repository

Make = Callable[[Repository], object]

SCENARIOS: dict[str, Make] = {}


def scenario(make: Make) -> Make:
    SCENARIOS[make.__name__] = make
    return make


def each(name: str, values: Iterable[object], make: Callable[..., object]) -> None:
    """One scenario for each value."""
    for value in values:
        SCENARIOS[f"{name} {value}"] = lambda r, value=value: make(r, value)


def dirty(r: Repository) -> None:
    """A bit of everything."""
    r.write("a", "changed\n")
    r.write("folder/b", "staged\n")
    r.git("add", "folder/b")
    r.git("mv", "c", "moved")
    r.write("new")
    r.write("folder/new")
    r.write("untracked/deep/x")
    r.write("ignored/x")
    r.write("x.o")


scenario(dirty)


@scenario
def clean(r: Repository) -> None:
    pass


@scenario
def modified(r: Repository) -> None:
    r.write("a", "changed\n")


@scenario
def staged(r: Repository) -> None:
    r.write("a", "changed\n")
    r.git("add", "a")


@scenario
def staged_and_modified(r: Repository) -> None:
    r.write("a", "changed\n")
    r.git("add", "a")
    r.write("a", "again\n")


@scenario
def touched(r: Repository) -> None:
    os.utime(r.top / "a", ns=(1, 1))


@scenario
def same_size_same_time(r: Repository) -> None:
    before = (r.top / "a").stat()
    r.write("a", "x\n")
    os.utime(r.top / "a", ns=(before.st_atime_ns, before.st_mtime_ns))


@scenario
def deleted(r: Repository) -> None:
    (r.top / "a").unlink()


@scenario
def deleted_staged(r: Repository) -> None:
    r.git("rm", "-q", "a")


@scenario
def deleted_in_index_only(r: Repository) -> None:
    r.git("rm", "-q", "--cached", "a")


@scenario
def deleted_folder(r: Repository) -> None:
    shutil.rmtree(r.top / "folder")


@scenario
def untracked_nested(r: Repository) -> None:
    r.write("u/v/w/x")
    r.write("folder/u/x")


@scenario
def empty_folders(r: Repository) -> None:
    (r.top / "empty/empty").mkdir(parents=True)


@scenario
def folder_of_ignored_only(r: Repository) -> None:
    r.write("only/x.o")
    r.write("only/y.o")


@scenario
def ignored_folder_with_tracked_file(r: Repository) -> None:
    r.write("ignored/tracked")
    r.git("add", "-f", "ignored/tracked")
    r.commit()
    r.write("ignored/other")
    r.write("ignored/tracked", "changed\n")


@scenario
def renamed(r: Repository) -> None:
    r.git("mv", "a", "z")


@scenario
def renamed_with_edit(r: Repository) -> None:
    r.write("long", "".join(f"line {number}\n" for number in range(50)))
    r.commit()
    r.git("mv", "long", "longer")
    r.write("longer", "".join(f"line {number}\n" for number in range(1, 52)))
    r.git("add", "longer")


@scenario
def renamed_in_worktree_only(r: Repository) -> None:
    (r.top / "a").rename(r.top / "z")


@scenario
def renamed_with_intent_to_add(r: Repository) -> None:
    (r.top / "a").rename(r.top / "z")
    r.git("add", "-N", "z")


@scenario
def intent_to_add(r: Repository) -> None:
    r.write("new")
    r.git("add", "-N", "new")


@scenario
def copied(r: Repository) -> None:
    r.config("status.renames", "copies")
    r.write("copy", (r.top / "a").read_bytes())
    r.write("a", "a\nchanged\n")
    r.git("add", "-A")


@scenario
def file_to_link(r: Repository) -> None:
    (r.top / "a").unlink()
    (r.top / "a").symlink_to("c")


@scenario
def link_to_file(r: Repository) -> None:
    (r.top / "link").symlink_to("a")
    r.commit()
    (r.top / "link").unlink()
    r.write("link", "a")


@scenario
def link_changed(r: Repository) -> None:
    (r.top / "link").symlink_to("a")
    r.commit()
    (r.top / "link").unlink()
    (r.top / "link").symlink_to("c")


@scenario
def links_that_lead_nowhere(r: Repository) -> None:
    (r.top / "tracked-link").symlink_to("/nowhere/at/all")
    r.commit()
    (r.top / "new-link").symlink_to("/nowhere/at/all")
    (r.top / "loop").symlink_to("loop")


@scenario
def file_to_folder(r: Repository) -> None:
    (r.top / "a").unlink()
    r.write("a/x")


@scenario
def folder_to_file(r: Repository) -> None:
    shutil.rmtree(r.top / "folder")
    r.write("folder")


@scenario
def folder_to_link(r: Repository) -> None:
    (r.top / "folder").rename(r.top / "elsewhere")
    (r.top / "folder").symlink_to("elsewhere")


@scenario
def executable(r: Repository) -> None:
    (r.top / "a").chmod(0o755)


@scenario
def executable_that_does_not_count(r: Repository) -> None:
    r.config("core.fileMode", "false")
    (r.top / "a").chmod(0o755)


@scenario
def fifo(r: Repository) -> None:
    os.mkfifo(r.top / "fifo")
    (r.top / "a").unlink()
    os.mkfifo(r.top / "a")


def conflicting(r: Repository) -> None:
    r.git("checkout", "-q", "-b", "topic", "HEAD~1")
    r.write("c", "other\n")
    r.write("a", "theirs\n")
    r.commit("Theirs")
    r.git("checkout", "-q", "main")
    r.write("a", "ours\n")
    r.commit("Ours")


@scenario
def conflict_of_merge(r: Repository) -> None:
    conflicting(r)
    r.git("merge", "topic", check=False)


@scenario
def conflict_of_rebase(r: Repository) -> None:
    conflicting(r)
    r.git("rebase", "topic", check=False)


@scenario
def conflict_of_cherry_pick(r: Repository) -> None:
    conflicting(r)
    r.git("cherry-pick", "topic", check=False)


@scenario
def conflict_of_revert(r: Repository) -> None:
    conflicting(r)
    r.git("revert", "--no-edit", "HEAD~1", check=False)


@scenario
def conflict_of_stash(r: Repository) -> None:
    r.write("a", "stashed\n")
    r.git("stash")
    r.write("a", "ours\n")
    r.commit()
    r.git("stash", "pop", check=False)


@scenario
def conflict_of_deletion(r: Repository) -> None:
    r.git("checkout", "-q", "-b", "topic")
    r.git("rm", "-q", "a")
    r.commit("Gone")
    r.git("checkout", "-q", "main")
    r.write("a", "ours\n")
    r.commit("Ours")
    r.git("merge", "topic", check=False)


@scenario
def conflict_of_two_additions(r: Repository) -> None:
    r.git("checkout", "-q", "-b", "topic")
    r.write("n", "theirs\n")
    r.commit("Theirs")
    r.git("checkout", "-q", "main")
    r.write("n", "ours\n")
    r.commit("Ours")
    r.git("merge", "topic", check=False)


@scenario
def conflict_of_renames(r: Repository) -> None:
    r.git("checkout", "-q", "-b", "topic")
    r.git("mv", "a", "theirs")
    r.commit("Theirs")
    r.git("checkout", "-q", "main")
    r.git("mv", "a", "ours")
    r.commit("Ours")
    r.git("merge", "topic", check=False)


@scenario
def merged(r: Repository) -> None:
    r.git("checkout", "-q", "-b", "topic", "HEAD~1")
    r.write("t")
    r.commit("Topic")
    r.git("checkout", "-q", "main")
    r.git("merge", "-q", "--no-edit", "topic")


@scenario
def bisecting(r: Repository) -> None:
    r.git("bisect", "start")
    r.git("bisect", "bad")
    r.git("bisect", "good", "HEAD~1")


@scenario
def rebase_stopped_for_an_edit(r: Repository) -> None:
    r.environment["GIT_SEQUENCE_EDITOR"] = "sed -i s/pick/edit/"
    r.git("rebase", "-i", "HEAD~1")
    del r.environment["GIT_SEQUENCE_EDITOR"]


@scenario
def untracked_repository(r: Repository) -> None:
    r.git("init", "-q", "nested")
    r.write("nested/x")


@scenario
def untracked_repository_with_commits(r: Repository) -> None:
    r.git("init", "-q", "outer/nested")
    r.write("outer/nested/x")
    r.git("add", "-A", cwd=r.top / "outer/nested")
    r.git("commit", "-qm", "x", cwd=r.top / "outer/nested")
    r.write("outer/y")


@scenario
def ignored_repository(r: Repository) -> None:
    r.git("init", "-q", "ignored/nested")
    r.write("ignored/nested/x")


def with_submodule(r: Repository) -> Path:
    source = r.place / "source"
    source.mkdir()
    r.git("init", "-q", "-b", "main", cwd=source)
    (source / "s").write_text("s\n")
    r.git("add", "-A", cwd=source)
    r.git("commit", "-qm", "Source", cwd=source)
    r.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(source), "sub")
    r.commit("Submodule")
    return r.top / "sub"


@scenario
def submodule(r: Repository) -> None:
    with_submodule(r)


@scenario
def submodule_modified(r: Repository) -> None:
    (with_submodule(r) / "s").write_text("changed\n")


@scenario
def submodule_with_untracked_file(r: Repository) -> None:
    (with_submodule(r) / "new").write_text("new\n")


@scenario
def submodule_with_new_commit(r: Repository) -> None:
    r.git("commit", "-q", "--allow-empty", "-m", "Ahead", cwd=with_submodule(r))


@scenario
def submodule_in_all_states(r: Repository) -> None:
    sub = with_submodule(r)
    (sub / "new").write_text("new\n")
    (sub / "s").write_text("changed\n")
    r.git("commit", "-q", "--allow-empty", "-m", "Ahead", cwd=sub)


@scenario
def submodule_not_checked_out(r: Repository) -> None:
    with_submodule(r)
    r.git("submodule", "-q", "deinit", "-f", "sub")


@scenario
def submodule_ignored(r: Repository) -> None:
    (with_submodule(r) / "s").write_text("changed\n")
    r.config("submodule.sub.ignore", "all")


@scenario
def submodule_removed(r: Repository) -> None:
    with_submodule(r)
    shutil.rmtree(r.top / "sub")


@scenario
def submodule_that_leads_nowhere(r: Repository) -> None:
    dirty(r)
    (with_submodule(r) / ".git").write_text("gitdir: ../.git/modules/none\n")


@scenario
def submodule_where_a_split_index_has_a_file(r: Repository) -> None:
    for name in ("inner", *"123456789"):
        r.write(name)
    r.commit()
    r.config("splitIndex.maxPercentChange", "100")
    r.git("update-index", "--split-index")
    (r.top / "inner").unlink()
    r.git("init", "-q", "inner")
    r.git("commit", "-q", "--allow-empty", "-m", "x", cwd=r.top / "inner")
    r.git("update-index", "--cacheinfo", f"160000,{r.git('rev-parse', 'HEAD', cwd=r.top / 'inner').strip()},inner")
    r.write("inner/new")


@scenario
def submodule_in_a_split_index(r: Repository) -> None:
    sub = with_submodule(r)
    r.git("update-index", "--split-index")
    r.git("commit", "-q", "--allow-empty", "-m", "Ahead", cwd=sub)
    r.git("add", "sub")
    (sub / "s").write_text("changed\n")


@scenario
def submodule_in_a_submodule(r: Repository) -> None:
    sub = with_submodule(r)
    r.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(r.place / "source"), "deep", cwd=sub)
    (sub / "deep/new").write_text("new\n")


@scenario
def sparse_index_with_what_it_leaves_out(r: Repository) -> None:
    r.write("other/x")
    r.commit()
    r.git("sparse-checkout", "set", "--sparse-index", "folder")
    r.write("other/new")


@scenario
def folder_in_submodule(r: Repository) -> None:
    r.go_to(with_submodule(r))
    (r.cwd / "new").write_text("new\n")


@scenario
def commit_in_index_without_gitmodules(r: Repository) -> None:
    name = r.git("rev-parse", "HEAD").strip()
    r.git("update-index", "--add", "--cacheinfo", f"160000,{name},link")


def lines(r: Repository, setting: tuple[str, str]) -> None:
    r.write("lf", "x\ny\n")
    r.write("crlf", "x\r\ny\r\n")
    r.commit()
    r.config(*setting)
    for name in ("lf", "crlf"):
        os.utime(r.top / name, ns=(1, 1))
    r.write("new", "x\r\n")


each(
    "lines with",
    [("core.autocrlf", "true"), ("core.autocrlf", "input"), ("core.eol", "crlf"), ("core.safecrlf", "true")],
    lines,
)


def attributes(r: Repository, line: str) -> None:
    r.write("crlf", "x\r\ny\r\n")
    r.write("dollar", "$Id$\n")
    r.commit()
    r.write(".gitattributes", line + "\n")
    for name in ("crlf", "dollar"):
        os.utime(r.top / name, ns=(1, 1))


each(
    "attributes",
    ["* text=auto", "* text", "* eol=crlf", "* eol=lf", "* -text", "* binary", "* ident", "* working-tree-encoding=UTF-16",
     "* filter=missing", "a export-ignore", "[attr]own text\n* own"],
    attributes,
)  # fmt: skip


@scenario
def filter_of_the_user(r: Repository) -> None:
    (r.home / ".gitconfig").write_text('[filter "upper"]\nclean = tr a-z A-Z\n')
    r.write(".gitattributes", "f filter=upper\n")
    r.write("f", "text\n")
    r.commit()
    r.write("f", "TEXT\n")
    r.write("g", "text\n")


@scenario
def filter_of_the_user_without_use(r: Repository) -> None:
    (r.home / ".gitconfig").write_text('[filter "lfs"]\nclean = git-lfs clean -- %f\nrequired = true\n')
    dirty(r)


@scenario
def assumed_unchanged(r: Repository) -> None:
    r.git("update-index", "--assume-unchanged", "a")
    r.write("a", "changed\n")


@scenario
def skipped(r: Repository) -> None:
    r.skip("folder/b")


@scenario
def skipped_and_there(r: Repository) -> None:
    r.skip("folder/b")
    r.write("folder/b", "changed\n")


@scenario
def sparse_cone(r: Repository) -> None:
    r.write("other/x")
    r.commit()
    r.git("sparse-checkout", "set", "folder")
    r.write("folder/b", "changed\n")


@scenario
def sparse_index(r: Repository) -> None:
    r.write("other/x")
    r.commit()
    r.git("sparse-checkout", "set", "--sparse-index", "folder")
    r.write("folder/b", "changed\n")


@scenario
def split_index(r: Repository) -> None:
    r.git("update-index", "--split-index")
    dirty(r)


@scenario
def untracked_cache(r: Repository) -> None:
    r.git("update-index", "--untracked-cache")
    r.git("status")
    dirty(r)


each("index of version", ["2", "3", "4"], lambda r, v: (r.git("update-index", "--index-version", v), dirty(r)))


@scenario
def index_with_extended_flags(r: Repository) -> None:
    r.write("new")
    r.git("add", "-N", "new")
    r.git("update-index", "--index-version", "3")


@scenario
def index_without_checksum(r: Repository) -> None:
    r.config("index.skipHash", "true")
    dirty(r)


@scenario
def index_gone(r: Repository) -> None:
    (r.dot / "index").unlink()


@scenario
def index_locked(r: Repository) -> None:
    dirty(r)
    (r.dot / "index.lock").write_text("")


@scenario
def index_damaged(r: Repository) -> None:
    (r.dot / "index").write_bytes(b"DIRC\0\0\0\2\0\0\0\1damaged")


@scenario
def index_elsewhere(r: Repository) -> None:
    shutil.copy(r.dot / "index", r.place / "index")
    dirty(r)
    r.environment["GIT_INDEX_FILE"] = str(r.place / "index")


ODD_NAMES = [
    b"with space",
    "ü".encode(),
    b'quo"te',
    b"tab\t",
    b"line\nend",
    b"\xff\xfe",
    b"back\\slash",
    b"-dash",
    b" lead",
    b"cr\r",
]


def odd_names(r: Repository, _: object = None) -> None:
    for name in ODD_NAMES:
        r.write(b"tracked " + name)
    r.commit()
    for name in ODD_NAMES:
        r.write(b"tracked " + name, "changed\n")
        r.write(b"new " + name)
        r.write(name + b"/in")
        r.write(name + b"o/x.o")
        r.write(b"ig" + name + b"/x")
    r.write(".gitignore", "*.o\nignored/\nig*/\n")


scenario(odd_names)


@scenario
def odd_names_unquoted(r: Repository) -> None:
    r.config("core.quotePath", "false")
    odd_names(r)


@scenario
def odd_names_renamed(r: Repository) -> None:
    odd_names(r)
    r.commit()
    for name in ODD_NAMES:
        os.rename(os.fsencode(r.top) + b"/tracked " + name, os.fsencode(r.top) + b"/moved " + name)
    r.git("add", "-A")


@scenario
def unreadable_folder(r: Repository) -> None:
    r.write("closed/x")
    (r.top / "closed").chmod(0)


each(
    "untracked files",
    ["no", "normal", "all", "true", "false"],
    lambda r, value: (r.config("status.showUntrackedFiles", value), dirty(r)),
)
each(
    "setting",
    [("status.branch", "true"), ("status.relativePaths", "false"), ("status.renames", "false"), ("status.renames", "copies"),
     ("status.short", "false"), ("status.showStash", "true"), ("status.aheadBehind", "false"), ("status.renameLimit", "1"),
     ("diff.renames", "false"), ("diff.renameLimit", "1"), ("diff.noprefix", "true"), ("diff.ignoreSubmodules", "all"),
     ("log.decorate", "short"), ("log.decorate", "full"), ("log.decorate", "auto"), ("log.decorate", "no"),
     ("log.abbrevCommit", "false"), ("log.showRoot", "false"), ("log.date", "iso"), ("log.mailmap", "false"),
     ("log.follow", "true"), ("log.diffMerges", "on"), ("log.excludeDecoration", "*"), ("format.pretty", "fuller"),
     ("core.abbrev", "4"), ("core.abbrev", "20"), ("core.abbrev", "no"), ("core.abbrev", "auto"),
     ("core.ignoreCase", "true"), ("core.symlinks", "false"), ("core.trustctime", "false"), ("core.checkStat", "minimal"),
     ("core.preloadIndex", "false"), ("core.untrackedCache", "true"), ("core.splitIndex", "true"),
     ("core.precomposeUnicode", "true"), ("core.pager", "cat"), ("core.commitGraph", "false"), ("core.multiPackIndex", "false"),
     ("color.ui", "always"), ("color.ui", "false"), ("color.status", "always"), ("color.diff", "always"),
     ("column.ui", "always"), ("i18n.logOutputEncoding", "latin1"), ("i18n.logOutputEncoding", "UTF-16"),
     ("i18n.commitEncoding", "latin1"), ("feature.manyFiles", "true"), ("feature.experimental", "true"),
     ("advice.statusHints", "false"), ("extensions.worktreeConfig", "true"), ("core.attributesFile", "/nowhere"),
     ("core.excludesFile", "/nowhere"), ("core.excludesFile", ""), ("core.excludesFile", "~/none"), ("core.logAllRefUpdates", "false"),
     ("diff.orderFile", "/dev/null"), ("core.fsmonitor", "false")],
    lambda r, setting: (r.config(*setting), dirty(r), r.commit("Ünïcode é")),
)  # fmt: skip


@scenario
def setting_that_is_not_valid(r: Repository) -> None:
    dirty(r)
    (r.dot / "config").write_text((r.dot / "config").read_text() + "[core]\nfileMode = perhaps\n")


@scenario
def configuration_that_is_not_valid(r: Repository) -> None:
    (r.dot / "config").write_text("[core\n")


@scenario
def repository_of_a_later_version(r: Repository) -> None:
    r.config("core.repositoryFormatVersion", "99")


@scenario
def exclude(r: Repository) -> None:
    (r.dot / "info/exclude").write_text("new\n")
    dirty(r)


@scenario
def excludes_of_the_user(r: Repository) -> None:
    (r.home / ".config/git/ignore").write_text("new\n")
    dirty(r)


@scenario
def excludes_in_the_xdg_folder(r: Repository) -> None:
    (r.place / "xdg/git").mkdir(parents=True)
    (r.place / "xdg/git/ignore").write_text("new\n")
    r.environment["XDG_CONFIG_HOME"] = str(r.place / "xdg")
    dirty(r)


each(
    "ignore file",
    ["*\n!a\n", "*\n!*/\n!*.py\n", "/new\n", "untracked/\n", "untracked/*\n", "untracked/**\n!untracked/deep\n", "**/x\n",
     "!ignored/\n", "ignored/*\n!ignored/x\n", "folder/\n", "\n# comment\n\\#x\n", "deep\n", "[a-z]*\n", "NEW\n"],
    lambda r, text: (dirty(r), r.write(".gitignore", text)),
)  # fmt: skip


@scenario
def ignore_file_in_a_folder(r: Repository) -> None:
    r.write("folder/.gitignore", "*\n!.gitignore\n")
    dirty(r)


@scenario
def ignore_file_that_is_a_link(r: Repository) -> None:
    (r.place / "patterns").write_text("new\n")
    (r.top / ".gitignore").unlink()
    (r.top / ".gitignore").symlink_to(r.place / "patterns")
    dirty(r)


@scenario
def ignore_file_only_in_the_index(r: Repository) -> None:
    dirty(r)
    (r.top / ".gitignore").unlink()


@scenario
def linked_worktree(r: Repository) -> None:
    r.git("worktree", "add", "-q", "-b", "linked", str(r.place / "linked"))
    r.go_to(r.place / "linked")
    (r.cwd / "a").write_text("changed\n")


@scenario
def linked_worktree_detached(r: Repository) -> None:
    r.git("worktree", "add", "-q", "--detach", str(r.place / "linked"), "HEAD~1")
    r.go_to(r.place / "linked")


@scenario
def linked_worktree_inside(r: Repository) -> None:
    r.git("worktree", "add", "-q", "-b", "linked", "inside")


@scenario
def separate_git_folder(r: Repository) -> None:
    r.git("init", "-q", "--separate-git-dir", str(r.place / "separate"))
    dirty(r)


@scenario
def git_folder_behind_a_link(r: Repository) -> None:
    r.dot.rename(r.place / "real.git")
    r.dot.symlink_to(r.place / "real.git")
    dirty(r)


@scenario
def git_folder_named_by_the_environment(r: Repository) -> None:
    r.dot.rename(r.place / "real.git")
    r.environment["GIT_DIR"] = str(r.place / "real.git")
    dirty_files(r)


@scenario
def working_tree_named_by_the_environment(r: Repository) -> None:
    r.dot.rename(r.place / "real.git")
    r.environment |= {"GIT_DIR": str(r.place / "real.git"), "GIT_WORK_TREE": str(r.top)}
    dirty_files(r)
    r.go_to(r.top / "folder")


@scenario
def working_tree_elsewhere(r: Repository) -> None:
    (r.place / "elsewhere").mkdir()
    (r.place / "elsewhere/x").write_text("x\n")
    r.config("core.worktree", str(r.place / "elsewhere"))


def dirty_files(r: Repository) -> None:
    r.write("a", "changed\n")
    r.write("new")


@scenario
def objects_elsewhere(r: Repository) -> None:
    (r.dot / "objects").rename(r.place / "objects")
    (r.dot / "objects").mkdir()
    r.environment["GIT_OBJECT_DIRECTORY"] = str(r.place / "objects")


@scenario
def objects_of_another_repository(r: Repository) -> None:
    r.git("clone", "-q", "--shared", str(r.top), str(r.place / "clone"))
    r.go_to(r.place / "clone")
    (r.cwd / "a").write_text("changed\n")


@scenario
def cloned(r: Repository) -> None:
    r.git("clone", "-q", str(r.top), str(r.place / "clone"))
    r.go_to(r.place / "clone")


@scenario
def cloned_shallow(r: Repository) -> None:
    r.git("clone", "-q", "--depth", "1", f"file://{r.top}", str(r.place / "clone"))
    r.go_to(r.place / "clone")


@scenario
def cloned_in_part(r: Repository) -> None:
    r.git("config", "uploadpack.allowFilter", "true")
    r.git("clone", "-q", "--filter=blob:none", f"file://{r.top}", str(r.place / "clone"))
    r.go_to(r.place / "clone")
    (r.cwd / "a").write_text("changed\n")


@scenario
def in_a_folder(r: Repository) -> None:
    dirty(r)
    r.go_to(r.top / "folder")


@scenario
def in_a_folder_with_paths_from_the_top(r: Repository) -> None:
    r.config("status.relativePaths", "false")
    dirty(r)
    r.write("folder/ignored/x")
    r.write("folder/deep/ignored/x")
    r.go_to(r.top / "folder")


@scenario
def in_an_untracked_folder(r: Repository) -> None:
    dirty(r)
    r.go_to(r.top / "untracked/deep")


@scenario
def in_an_ignored_folder(r: Repository) -> None:
    dirty(r)
    r.go_to(r.top / "ignored")


@scenario
def in_the_git_folder(r: Repository) -> None:
    r.go_to(r.dot)


@scenario
def bare(r: Repository) -> None:
    r.git("clone", "-q", "--bare", str(r.top), str(r.place / "bare.git"))
    r.go_to(r.place / "bare.git")


@scenario
def no_repository(r: Repository) -> None:
    shutil.rmtree(r.dot)


@scenario
def beyond_a_ceiling(r: Repository) -> None:
    r.environment["GIT_CEILING_DIRECTORIES"] = str(r.top)
    r.go_to(r.top / "folder")


@scenario
def no_commit_yet(r: Repository) -> None:
    shutil.rmtree(r.dot)
    r.init()
    r.git("add", "a")


@scenario
def orphan(r: Repository) -> None:
    r.git("checkout", "-q", "--orphan", "other")


@scenario
def detached(r: Repository) -> None:
    r.git("checkout", "-q", "--detach")


@scenario
def packed(r: Repository) -> None:
    r.git("pack-refs", "--all")
    r.git("gc", "-q")


@scenario
def packed_with_many_indices(r: Repository) -> None:
    r.git("repack", "-q", "-adm")
    r.git("commit-graph", "write", "--reachable", "--split")


@scenario
def references_in_a_table(r: Repository) -> None:
    shutil.rmtree(r.dot)
    r.init("--ref-format=reftable")
    r.commit("In a table")


@scenario
def longer_names(r: Repository) -> None:
    shutil.rmtree(r.dot)
    r.init("--object-format=sha256")
    r.commit("With SHA-256")
    dirty(r)


@scenario
def replaced(r: Repository) -> None:
    r.git("replace", "--graft", "HEAD")


@scenario
def replaced_and_packed(r: Repository) -> None:
    r.git("replace", "--graft", "HEAD")
    r.git("pack-refs", "--all")


@scenario
def grafted(r: Repository) -> None:
    (r.dot / "info/grafts").write_text(r.git("rev-parse", "HEAD"))


@scenario
def reference_to_a_reference(r: Repository) -> None:
    r.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    r.git("symbolic-ref", "HEAD", "refs/heads/alias")


@scenario
def head_as_a_link(r: Repository) -> None:
    (r.dot / "HEAD").unlink()
    (r.dot / "HEAD").symlink_to("refs/heads/main")


@scenario
def head_damaged(r: Repository) -> None:
    (r.dot / "HEAD").write_text("nonsense\n")


@scenario
def branch_damaged(r: Repository) -> None:
    (r.dot / "refs/heads/main").write_text("nonsense\n")


@scenario
def object_missing(r: Repository) -> None:
    name = r.git("rev-parse", "HEAD~1").strip()
    (r.dot / "objects" / name[:2] / name[2:]).unlink()


@scenario
def many_commits(r: Repository) -> None:
    for number in range(9):
        r.git("commit", "-q", "--allow-empty", "-m", f"Number {number}")


each(
    "subject",
    ["two\nlines", "\n\nlate", "tab\tand \x1b escape", "é ü 漢字 🎉", "x" * 3000, "a\r\nb", "with \\ and \"quotes\"", " "],
    lambda r, subject: r.git("commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-m", subject),
)  # fmt: skip


@scenario
def subject_in_another_encoding(r: Repository) -> None:
    r.config("i18n.commitEncoding", "latin1")
    r.git("commit", "-q", "--allow-empty", "-F", "-", text=b"caf\xe9")


@scenario
def subject_not_in_its_encoding(r: Repository) -> None:
    r.git("commit", "-q", "--allow-empty", "-F", "-", text=b"caf\xe9 \xff")


@scenario
def commits_of_one_moment(r: Repository) -> None:
    r.environment |= {"GIT_COMMITTER_DATE": "1700000000 +0000"}
    r.git("checkout", "-q", "-b", "topic", "HEAD~1")
    r.commit("Topic")
    r.git("checkout", "-q", "main")
    r.commit("Main")
    r.git("merge", "-q", "--no-edit", "topic")
    del r.environment["GIT_COMMITTER_DATE"]


@scenario
def commits_out_of_order(r: Repository) -> None:
    for date in ("1700000000 +0000", "1500000000 +0000", "1900000000 +0000"):
        r.environment["GIT_COMMITTER_DATE"] = date
        r.commit(date)
    del r.environment["GIT_COMMITTER_DATE"]


@scenario
def notes_and_tags(r: Repository) -> None:
    r.git("notes", "add", "-m", "A note")
    r.git("tag", "-a", "-m", "A tag", "tag")


@scenario
def stashed(r: Repository) -> None:
    dirty(r)
    r.git("stash", "-u")


@scenario
def ambiguous_name(r: Repository) -> None:
    short, name = r.git("log", "-1", "--format=%h %H").split()
    digit = "0" if name[len(short)] != "0" else "1"
    path = r.dot / "objects" / short[:2] / (short + digit + "f" * (len(name) - len(short) - 1))[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_text("x")


@scenario
def many_untracked_files(r: Repository) -> None:
    for number in range(3000):
        r.write(f"many/{number % 40}/{number}", "")


@scenario
def many_ignored_files(r: Repository) -> None:
    for number in range(3000):
        r.write(f"ignored/{number % 40}/{number}", "")


@scenario
def more_than_a_hundred_entries(r: Repository) -> None:
    for number in range(130):
        r.write(f"entry{number}")


VARIABLES = [
    ("GIT_LITERAL_PATHSPECS", "1"), ("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C"),
    ("GIT_PAGER_IN_USE", "1"), ("GIT_CONFIG", "/nowhere"), ("GIT_ATTR_NOSYSTEM", "1"), ("GIT_NAMESPACE", "space"),
    ("GIT_FLUSH", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("TZ", "Asia/Tokyo"), ("GIT_ICASE_PATHSPECS", "1"),
    ("GIT_OPTIONAL_LOCKS", "1"), ("GIT_TRACE", "0"), ("GIT_DEFAULT_HASH", "sha256"),
]  # fmt: skip


def variable(r: Repository, setting: tuple[str, str]) -> None:
    dirty(r)
    r.environment[setting[0]] = setting[1]


each("variable", VARIABLES, variable)


@scenario
def settings_in_the_environment(r: Repository) -> None:
    dirty(r)
    r.environment |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.abbrev", "GIT_CONFIG_VALUE_0": "17"}


@scenario
def no_home(r: Repository) -> None:
    dirty(r)
    del r.environment["HOME"]
