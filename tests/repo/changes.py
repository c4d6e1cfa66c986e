"""Random changes of a repository, of all kinds that can change what git says of it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from . import submodules
from .builder import Repository

NAMES = ["a", "b.c", "c.o", "dé", "e f", 'g"q', "lib.py", "x", "build", "tmp"]
FOLDERS = ["", "", "src/", "src/deep/", "doc/", "node_modules/p/", "u/", "u/v/", "build/", "b d/"]
PATTERNS = [
    "*.o", "!*.o", "node_modules/", "build", "/build/", "u/", "u/*", "!u/v/", "src/**/a", "*", "!*/", "!*.py", "#x",
    "a", "*.c", "doc/*", "!c.o", "node_modules/*", "**/v", "b d/",
]  # fmt: skip
SETTINGS = [
    ("core.fileMode", "false"), ("core.fileMode", "true"), ("core.quotePath", "false"), ("core.abbrev", "12"),
    ("core.abbrev", "auto"), ("status.showUntrackedFiles", "all"), ("status.showUntrackedFiles", "no"),
    ("status.showUntrackedFiles", "normal"), ("status.relativePaths", "false"), ("status.renames", "copies"),
    ("status.renames", "false"), ("core.autocrlf", "true"), ("core.autocrlf", "false"), ("status.branch", "true"),
    ("status.branch", "false"), ("log.decorate", "short"), ("log.decorate", "auto"), ("core.untrackedCache", "true"),
    ("core.untrackedCache", "false"), ("core.splitIndex", "true"), ("core.splitIndex", "false"),
    ("core.ignoreCase", "true"), ("core.ignoreCase", "false"), ("core.excludesFile", "@/excludes"),
    ("core.excludesFile", "~/excludes"), ("core.attributesFile", "@/attributes"), ("include.path", "@/include"),
    ("includeIf.onbranch:topic*.path", "@/include2"), ("includeIf.gitdir:@/.path", "@/include3"),
    ("core.trustctime", "false"), ("core.checkStat", "minimal"), ("diff.renames", "false"), ("color.ui", "always"),
    ("color.ui", "auto"), ("index.version", "4"), ("core.commitGraph", "true"), ("extensions.worktreeConfig", "true"),
    ("core.logAllRefUpdates", "false"), ("i18n.logOutputEncoding", "latin1"), ("core.symlinks", "false"),
    ("index.skipHash", "true"), ("feature.manyFiles", "true"), ("core.preloadIndex", "false"),
    ("core.preferSymlinkRefs", "true"),
]  # fmt: skip
RARE = {"always", "short", "no"}
VARIABLES = [
    ("GIT_CONFIG_NOSYSTEM", "1"), ("XDG_CONFIG_HOME", "@/xdg"), ("GIT_CONFIG_GLOBAL", "@/include"), ("LC_ALL", "C"),
    ("GIT_NO_REPLACE_OBJECTS", "1"), ("GIT_LITERAL_PATHSPECS", "1"), ("GIT_INDEX_FILE", "^/.git/index2"),
]  # fmt: skip


class Changes:
    """A repository that changes as a seed decides; it begins anew now and then."""

    def __init__(self, place: Path, seed: int) -> None:
        self.place = place
        self.random = random.Random(seed)
        self.number = 0
        self._focus: Callable[[Changes], None] | None = None
        self.repository: Repository
        self._usual: dict[str, str] = {}
        self._made_objects: list[Path] = []
        self._nested: list[Path] = []
        self.begin()

    def begin(self) -> None:
        """A new repository in a new place."""
        self.number += 1
        place = self.place / f"r{self.number}"
        shutil.rmtree(self.place / f"r{self.number - 1}", ignore_errors=True)
        place.mkdir(parents=True)
        repository = self.repository = Repository(place)
        self._usual = dict(repository.environment)
        self._made_objects.clear()
        self._nested.clear()
        repository.init(*(["--object-format=sha256"] if self.random.random() < 0.1 else []))
        for _ in range(self.random.randint(2, 14)):
            self._write(repository.top / self._name(), self._text())
        self._write(repository.top / ".gitignore", "*.o\nnode_modules/\n")
        repository.git("add", "-A", check=False)
        repository.git("commit", "-qm", "init", check=False)
        # What is rare elsewhere is frequent in some.
        self._focus = self.random.choices([None, Changes.change_submodule, Changes.make_sparse], [7, 2, 1])[0]

    def change(self) -> str:
        """Make one change and name it."""
        kinds = list(KINDS)
        kind = self.random.choices(kinds, [KINDS[kind] for kind in kinds])[0]
        if self._focus is not None and self.random.random() < 0.35:
            kind = self._focus
        try:
            kind(self)
        except OSError:  # as where a folder is a file by now
            pass
        if not self.repository.top.is_dir():
            self.begin()
        if not self.repository.cwd.is_dir():
            self.repository.cwd = self.repository.top
        return kind.__name__

    # What the changes are made of.

    def _name(self) -> str:
        return self.random.choice(FOLDERS) + self.random.choice(NAMES)

    def _text(self) -> str:
        return "".join(self.random.choice("ab\n") for _ in range(self.random.choice([0, 3, 8, 8, 8, 40])))

    def _patterns(self) -> str:
        return "\n".join(self.random.sample(PATTERNS, self.random.randint(0, 4))) + "\n"

    def _write(self, path: Path, text: str) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        except OSError:
            pass

    def _walk(self) -> list[tuple[str, list[str], list[str]]]:
        found = []
        for folder, folders, files in os.walk(self.repository.top):
            folders[:] = sorted(name for name in folders if name != ".git")
            found.append((folder, folders, files))
        return found

    def _file(self) -> Path:
        files = sorted(Path(folder, name) for folder, _, names in self._walk() for name in names if name != ".git")
        return self.random.choice(files) if files else self.repository.top / "a"

    def _folder(self) -> Path:
        return Path(self.random.choice(sorted(folder for folder, _, _ in self._walk())))

    def _tracked(self) -> str:
        names = [name for name in self._git("ls-files", "-z").split("\0") if name]
        return self.random.choice(names) if names else "a"

    def _git(self, *arguments: str, cwd: Path | None = None) -> str:
        return self.repository.git(*arguments, cwd=cwd, check=False)

    def _path(self, *arguments: str) -> Path:
        return Path(
            self._git("rev-parse", "--path-format=absolute", *arguments).rstrip("\n") or str(self.place / "none")
        )

    def _in_place(self, text: str) -> str:
        return text.replace("@", str(self.repository.place)).replace("^", str(self.repository.top))

    # The changes.

    def rewrite_in_place(self) -> None:
        path = self._file()
        if path.is_symlink() or not path.is_file():
            return
        before = path.stat()
        with open(path, "r+b") as file:
            file.write(bytes(self.random.choice(b"ab\n") for _ in range(before.st_size)))
        if self.random.random() < 0.5:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def replace(self) -> None:
        path = self._file()
        before = path.lstat() if os.path.lexists(path) else None
        same = before is not None and self.random.random() < 0.5
        new = self.repository.place / "new"
        self._write(new, "".join(self.random.choice("ab") for _ in range(before.st_size)) if same else self._text())
        if before is not None:
            os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
        if path.parent.is_dir() and not path.is_dir():
            os.rename(new, path)

    def write_twice(self) -> None:
        self.rewrite_in_place()
        self.replace()

    def move_in_an_old_folder(self) -> None:
        old = self.repository.place / "old" / f"d{self.random.randrange(3)}"
        if old.is_dir():
            os.rename(old, self._folder() / self.random.choice(["od", "src", "u"]))
        else:
            self._write(old / self.random.choice(NAMES), self._text())

    def change_mode(self) -> None:
        path = self._file()
        if not path.is_symlink() and path.exists():
            path.chmod(self.random.choice([0o644, 0o755]))

    def link(self) -> None:
        path = self._file()
        target = self.random.choice(["a", "b.c", "src", "/etc/passwd", "nope", str(self.repository.place)])
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def link_folder(self) -> None:
        folder = self._folder()
        if folder != self.repository.top:
            moved = folder.with_name(folder.name + "_m")
            os.rename(folder, moved)
            folder.symlink_to(moved.name)

    def remove_file(self) -> None:
        self._file().unlink()

    def remove_folder(self) -> None:
        folder = self._folder()
        if folder != self.repository.top:
            shutil.rmtree(folder, ignore_errors=True)

    def rename_file(self) -> None:
        os.rename(self._file(), self.repository.top / self._name())

    def rename_folder(self) -> None:
        folder = self._folder()
        if folder != self.repository.top:
            os.rename(folder, self._folder() / self.random.choice(["src", "u", "nd", "build", "doc"]))

    def make_file(self) -> None:
        self._write(self._folder() / self.random.choice(NAMES), self._text())

    def make_folder(self) -> None:
        names = ["u", "v", "nd", "build", "src", "node_modules", "e/e2"]
        (self._folder() / self.random.choice(names)).mkdir(parents=True, exist_ok=True)

    def make_only_ignored(self) -> None:
        folder = self._folder() / self.random.choice(["u", "only", "v/w"])
        self._write(folder / self.random.choice(["z.o", "y.o"]), "x")

    def make_inside_ignored(self) -> None:
        folder = self.repository.top / "node_modules" / self.random.choice(["p", ".", "q/r"])
        name = self.random.choice(["i.js", "k.o", ".gitignore", ".gitattributes"])
        self._write(folder / name, self.random.choice(["x", "!*\n", "*\n"]))

    def write_ignore_file(self) -> None:
        self._write(self._folder() / ".gitignore", self._patterns())

    def write_exclude(self) -> None:
        self._write(self._path("--git-path", "info/exclude"), self._patterns())

    def write_user_excludes(self) -> None:
        repository = self.repository
        places = [repository.home / ".config/git/ignore", repository.place / "excludes", repository.home / "excludes"]
        self._write(self.random.choice(places), self._patterns())

    def write_attributes(self) -> None:
        repository = self.repository
        places = [
            self._folder() / ".gitattributes", self._path("--git-path", "info/attributes"),
            repository.home / ".config/git/attributes", repository.place / "attributes",
        ]  # fmt: skip
        lines = ["* text=auto\n", "*.c eol=crlf\n", "* -text\n", "", "* ident\n", "* working-tree-encoding=UTF-16\n"]
        self._write(self.random.choice(places), self.random.choice(lines))

    def set_config(self) -> None:
        key, value = self.random.choice(SETTINGS)
        if value in RARE and self.random.random() < 0.85:
            return
        repository = self.repository
        key, value = self._in_place(key), self._in_place(value)
        files = [repository.place / name for name in ("include", "include2", "include3", "system.config")]
        files.append(repository.home / ".config/git/config")
        targets = [["--local"]] * 4 + [["--global"], ["--worktree"]] + [["--file", str(file)] for file in files]
        target = ["--local"] if key.startswith("extensions") else self.random.choice(targets)
        if self.random.random() < 0.35:
            self._git("config", *target, "--unset-all", key)
        else:
            self._git("config", *target, key, value)

    def remove_configs(self) -> None:
        repository = self.repository
        names = ("include", "include2", "include3", "system.config")
        files = [repository.home / ".gitconfig", repository.home / ".config/git/config"]
        for path in [*files, *(repository.place / name for name in names)]:
            if self.random.random() < 0.5:
                path.unlink(missing_ok=True)

    def set_variable(self) -> None:
        key, value = self.random.choice(VARIABLES)
        environment = self.repository.environment
        if key in environment:
            del environment[key]
            environment.update({name: text for name, text in self._usual.items() if name == key})
        else:
            environment[key] = self._in_place(value)

    def change_folder(self) -> None:
        self.repository.cwd = self.random.choice([self.repository.top, self.repository.top, self._folder()])

    def add(self) -> None:
        self._git("add", "--", self.random.choice([self._tracked(), ".", str(self._file())]))

    def intend_to_add(self) -> None:
        self._git("add", "-N", "--", str(self._file()))

    def commit(self) -> None:
        empty = ["--allow-empty"] if self.random.random() < 0.4 else []
        self._git("commit", "-qam", f"c{self.random.randrange(100)} é", *empty)

    def amend(self) -> None:
        self._git("commit", "-q", "--amend", "-m", f"am{self.random.randrange(99)}")

    def cherry_pick(self) -> None:
        self._git("cherry-pick", self.random.choice(["main", "topic", "HEAD~1", "HEAD@{2}", "--abort"]))

    def reset(self) -> None:
        kinds = [["--hard"], [], ["HEAD~1"], ["--soft", "HEAD~1"], ["--hard", "ORIG_HEAD"]]
        self._git("reset", "-q", *self.random.choice(kinds))

    def branch(self) -> None:
        name = self.random.choice(["topic", "topic2", "feat/x"])
        self._git("branch", name, *self.random.choice([[], ["-f"], ["-D"]]))

    def check_out(self) -> None:
        self._git("checkout", "-q", self.random.choice(["main", "topic", "topic2", "HEAD~1", "-f", "-"]))

    def check_out_orphan(self) -> None:
        self._git("checkout", "-q", "--orphan", f"orphan{self.random.randrange(9)}")

    def stash(self) -> None:
        self._git("stash", *self.random.choice([[], ["pop"], ["-u"], ["drop"], ["apply"]]))

    def merge(self) -> None:
        self._git("merge", "-q", self.random.choice(["topic", "main", "topic2", "--abort"]))

    def rebase(self) -> None:
        self._git("rebase", "-q", self.random.choice(["topic", "main", "--abort", "--skip", "--continue"]))

    def tag(self) -> None:
        self._git("tag", "-f", self.random.choice(["t1", "HEAD", "main"]))

    def collect_garbage(self) -> None:
        self._git("gc", "-q", *self.random.choice([[], ["--prune=now"]]))

    def pack_references(self) -> None:
        self._git("pack-refs", "--all", *self.random.choice([[], ["--no-prune"]]))

    def repack(self) -> None:
        self._git("repack", "-q", *self.random.choice([["-ad"], ["-d"], ["-adm"], ["-adk"]]))

    def write_commit_graph(self) -> None:
        self._git("commit-graph", "write", "--reachable", *self.random.choice([[], ["--split"]]))

    def mark_in_index(self) -> None:
        kinds = [
            "--assume-unchanged", "--no-assume-unchanged", "--skip-worktree", "--no-skip-worktree", "--force-remove",
            "--chmod=+x",
        ]  # fmt: skip
        self._git("update-index", self.random.choice(kinds), "--", self._tracked())

    def refresh_index(self) -> None:
        kinds = ["--refresh", "--really-refresh", "--untracked-cache", "--split-index", "--no-split-index"]
        self._git("update-index", "-q", self.random.choice(kinds))

    def let_git_refresh(self) -> None:
        self._git("status")

    def update_reference(self) -> None:
        names = ["HEAD", "refs/heads/main", "refs/heads/topic"]
        self._git("update-ref", self.random.choice(names), self.random.choice(["HEAD~1", "main", "topic", "HEAD@{1}"]))

    def remove_tracked(self) -> None:
        self._git("rm", "-q", self.random.choice(["--cached", "-f"]), "--", self._tracked())

    def move_tracked(self) -> None:
        self._git("mv", self._tracked(), self._name())

    def clean(self) -> None:
        self._git("clean", "-fdq")

    def restore(self) -> None:
        self._git("restore", "--", self._tracked())

    def make_ambiguous(self) -> None:
        # A loose object whose name begins as a commit is abbreviated; git looks at names of files only.
        names = self._git("log", "-n", "3", "--format=%H").split()
        if not names:
            return
        name = self.random.choice(names)
        short = self._git("rev-parse", "--short", name).strip()
        if not short or len(short) >= len(name):
            return
        other = "0" if name[len(short)] != "0" else "1"
        rest = "".join(self.random.choice("0123456789abcdef") for _ in range(len(name) - len(short) - 1))
        objects = self._path("--git-path", "objects")
        path = objects / short[:2] / (short + other + rest)[2:]
        self._write(path, "x")
        self._made_objects.append(path)

    def make_unambiguous(self) -> None:
        while self._made_objects:
            self._made_objects.pop().unlink(missing_ok=True)

    def nest(self) -> None:
        if self.random.random() < 0.3 or not self._nested:
            inner = self._folder() / "sub"
            inner.mkdir(parents=True, exist_ok=True)
            self._git("init", "-q", str(inner))
            self._nested.append(inner)
            return
        inner = self.random.choice(self._nested)
        if inner.is_dir():
            self._write(inner / "f", self._text())
            self._git("add", "-A", cwd=inner)
            self._git("commit", "-qm", "n", cwd=inner)
            if self.random.random() < 0.4:
                self._git("add", str(inner))
        if self.random.random() < 0.5:
            shutil.rmtree(inner / ".git", ignore_errors=True)

    def change_submodule(self) -> None:
        submodules.change(self)

    def link_worktree(self) -> None:
        folder = self.repository.place / f"linked{self.random.randrange(99)}"
        detach = ["--detach"] if self.random.random() < 0.5 else []
        self._git("worktree", "add", "-q", "-f", *detach, str(folder), self.random.choice(["HEAD", "topic", "main"]))
        if folder.is_dir() and self.random.random() < 0.5:
            self.repository.top = self.repository.cwd = folder

    def make_sparse(self) -> None:
        chance = self.random.random()
        if chance < 0.3:
            self._write(self.repository.top / self.random.choice(["src/", "doc/", "src/deep/"]) / "a", self._text())
        elif chance < 0.8:
            sparse_index = ["--sparse-index"] if self.random.random() < 0.5 else []
            folders = self.random.sample(["src", "doc", "u", "src/deep"], self.random.randint(0, 2))
            self._git("sparse-checkout", "set", *sparse_index, *folders)
        else:
            self._git("sparse-checkout", "disable")

    def write_references_by_hand(self) -> None:
        own, common = self._path("--absolute-git-dir"), self._path("--git-common-dir")
        names = self._git("log", "-n", "6", "--format=%H").split()
        if not names:
            return
        name, chance = self.random.choice(names), self.random.random()
        if chance < 0.3:
            self._write(own / "HEAD", f"{name}\n")
        elif chance < 0.5:
            self._write(own / "HEAD", f"ref: refs/heads/{self.random.choice(['main', 'topic', 'nope/x', 'sy'])}\n")
        elif chance < 0.6:
            self._write(common / "refs/heads/sy", "ref: refs/heads/main\n")
        elif chance < 0.8:
            self._write(common / "refs/heads/main", f"{name}\n")
        elif chance < 0.9:
            if self.random.random() < 0.3:
                self._write(common / "shallow", f"{name}\n")
            else:
                (common / "shallow").unlink(missing_ok=True)
        elif self.random.random() < 0.5:
            self._write(common / "info/grafts", f"{name}\n")
        else:
            (common / "info/grafts").unlink(missing_ok=True)

    def replace_objects(self) -> None:
        if self.random.random() < 0.5:
            self._git("replace", "-f", "HEAD~1", "HEAD")
        else:
            self._git("replace", "-d", *self._git("replace", "-l").split())

    def change_alternates(self) -> None:
        objects = self._path("--git-path", "objects")
        other = self.repository.place / "other-objects"
        if self.random.random() < 0.5:
            (other / "pack").mkdir(parents=True, exist_ok=True)
            self._write(objects / "info/alternates", f"{other}\n")
            return
        words = self._git("log", "-n", "3", "--format=%h %H").split()
        if len(words) > 1 and len(words[0]) < len(words[1]):
            short, name = words[:2]
            digit = "0" if name[len(short)] != "0" else "1"
            path = other / short[:2] / (short + digit + "f" * (len(name) - len(short) - 1))[2:]
            self._write(path, "x")
            self._made_objects.append(path)

    def move_top(self) -> None:
        repository = self.repository
        moved = repository.top.with_name(repository.top.name + "m")
        os.rename(repository.top, moved)
        if self.random.random() < 0.5:
            os.rename(moved, repository.top)
        else:
            shutil.copytree(moved, repository.top, symlinks=True)
            shutil.rmtree(moved)

    def separate_git_folder(self) -> None:
        if self.repository.dot.is_dir():
            folder = self.repository.place / f"separate{self.random.randrange(999)}"
            self._git("init", "-q", "--separate-git-dir", str(folder))

    def lead_elsewhere(self) -> None:
        """A part of the repository moves behind a link, or the link leads to another copy, old or new."""
        names = ("index", "refs", "info", "config", "HEAD", "modules", "objects", ".git")
        name = self.random.choices(names, [4, 2, 2, 1, 1, 1, 0.3, 2])[0]
        path = self.repository.dot if name == ".git" else self._path("--absolute-git-dir") / name
        folder = self.repository.place / "parts"
        folder.mkdir(exist_ok=True)
        copies = sorted(folder.glob(f"{name}-*"))
        there = folder / f"{name}-{len(copies)}"
        if not path.is_symlink():
            path.rename(there)
        elif copies and self.random.random() < 0.6:
            there = self.random.choice(copies)
        elif path.is_dir():
            shutil.copytree(path, there, symlinks=True)
        else:
            shutil.copy2(path, there)
        link = folder / "link"
        link.symlink_to(there)
        link.rename(path)

    def nothing(self) -> None:
        pass


KINDS: dict[Callable[[Changes], None], float] = {
    Changes.rewrite_in_place: 10, Changes.replace: 8, Changes.write_twice: 3, Changes.move_in_an_old_folder: 3,
    Changes.change_mode: 4, Changes.link: 3, Changes.link_folder: 1, Changes.remove_file: 4, Changes.remove_folder: 1,
    Changes.rename_file: 4, Changes.rename_folder: 2, Changes.make_file: 8, Changes.make_folder: 5,
    Changes.make_only_ignored: 6, Changes.make_inside_ignored: 5, Changes.write_ignore_file: 5,
    Changes.write_exclude: 2, Changes.write_user_excludes: 3, Changes.write_attributes: 3, Changes.set_config: 12,
    Changes.remove_configs: 2, Changes.set_variable: 1.5, Changes.change_folder: 2, Changes.add: 3,
    Changes.intend_to_add: 1.5, Changes.commit: 4, Changes.amend: 1, Changes.cherry_pick: 1, Changes.reset: 2,
    Changes.branch: 1, Changes.check_out: 3, Changes.check_out_orphan: 0.2, Changes.stash: 1.5, Changes.merge: 1.5,
    Changes.rebase: 1.5, Changes.tag: 1, Changes.collect_garbage: 0.5, Changes.pack_references: 1, Changes.repack: 0.5,
    Changes.write_commit_graph: 0.4, Changes.mark_in_index: 3, Changes.refresh_index: 2, Changes.let_git_refresh: 3,
    Changes.update_reference: 1, Changes.remove_tracked: 1, Changes.move_tracked: 0.7, Changes.clean: 0.3,
    Changes.restore: 1, Changes.make_ambiguous: 4, Changes.make_unambiguous: 2, Changes.nest: 2,
    Changes.change_submodule: 0.7, Changes.link_worktree: 0.5, Changes.make_sparse: 1.2,
    Changes.write_references_by_hand: 4, Changes.replace_objects: 0.5, Changes.change_alternates: 1,
    Changes.move_top: 0.4, Changes.separate_git_folder: 0.3, Changes.lead_elsewhere: 1.5, Changes.nothing: 6,
}  # fmt: skip
