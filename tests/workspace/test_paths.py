"""Where paths lead, and which are refused."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from rev_accel import InputError, PathOutsideRootError
from rev_accel import workspace as roots
from rev_accel.workspace import Workspace

from .hostile import Trials

unix = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


def test_the_root_is_that_of_the_package_unless_another_is_named(root, place):
    with roots.use_root(root):
        own = Workspace()
    assert own.root == root
    assert Workspace(place).root == place
    assert repr(own) == f"<Workspace: {root} (write)>"


@pytest.mark.parametrize("path", ["a/b.txt", "./a//b.txt", "a/../a/b.txt", "a/./b.txt", "a/b.txt/."])
def test_relative_paths_start_at_the_root_whatever_the_working_directory(workspace, root, path, monkeypatch):
    (root / "a").mkdir()
    (root / "a" / "b.txt").touch()
    monkeypatch.chdir("/")
    for given in (path, Path(path), str(root / path)):
        assert workspace.resolve(given) == root / "a" / "b.txt"
    assert workspace.resolve(".") == root


def test_only_the_last_part_may_be_missing(workspace, root):
    assert workspace.resolve("new") == root / "new"
    for path in ("new/b", "new/../b"):
        with pytest.raises(FileNotFoundError) as caught:
            workspace.resolve(path)
        assert caught.value.filename == path
    (root / "file").touch()
    with pytest.raises(NotADirectoryError):
        workspace.resolve("file/b")


@pytest.mark.parametrize(
    "path", ["..", "../work2/x", "a/../../x", "/", "/etc/passwd", "/nowhere/at/all", "../nowhere/x", "/etc/passwd/x"]
)
def test_what_leads_out_is_refused_and_not_told_apart_by_what_is_there(workspace, root, place, path):
    (root / "a").mkdir()
    (place / "work2").mkdir()
    with pytest.raises(PathOutsideRootError, match=r"^`.*` leads out of the workspace: "):
        workspace.resolve(path)


def test_long_ways_are_taken_as_short_ones_are(workspace, root):
    (root / "1/2/3/4/5").mkdir(parents=True)
    (root / "1/2/3/4/5/file").touch()
    for path in ("1/2/3/4/5/file", "1/2/3/4/5", "1/2/3/4/5/new", "1/2/3/./4/../4/5/file", "1/2//3/4/5/file/"):
        assert str(workspace.resolve(path)) == os.path.realpath(root / path)
        assert str(workspace.resolve(str(root / path))) == os.path.realpath(root / path)
    with pytest.raises(FileNotFoundError):
        workspace.resolve("1/2/3/4/new/file")
    with pytest.raises(NotADirectoryError):
        workspace.resolve("1/2/3/4/5/file/x")
    if sys.platform != "win32":
        (root / "1/2/3/out").symlink_to("../../../..")
        (root / "1/2/3/in").symlink_to("4")
        assert workspace.resolve("1/2/3/in/5/file") == root / "1/2/3/4/5/file"
        for path in ("1/2/3/out/x", "1/2/3/out", "1/2/3/in/../../../../../x"):
            with pytest.raises(PathOutsideRootError):
                workspace.resolve(path)


@unix
def test_links_are_followed_where_they_stay_inside(workspace, root, place):
    (root / "a").mkdir()
    (root / "relative").symlink_to("a")
    (root / "absolute").symlink_to(root / "a")
    (root / "round").symlink_to("../work/a")
    (root / "dangling").symlink_to("a/new")
    (root / "a" / "up").symlink_to("..")
    (place / "link").symlink_to(root)
    for path in ("relative/x", "absolute/x", "round/x", "a/up/relative/x", str(place / "link" / "a" / "x")):
        assert workspace.resolve(path) == root / "a" / "x"
    assert workspace.resolve("dangling") == root / "a" / "new"
    assert workspace.resolve("relative/..") == root
    assert Workspace(place / "link").root == root


@unix
def test_links_that_lead_out_or_in_circles_are_refused(workspace, root, place):
    (place / "secret").touch()
    (root / "out").symlink_to(place)
    (root / "file").symlink_to(place / "secret")
    (root / "dangling").symlink_to("../new")
    (root / "proc").symlink_to("/proc/self/root")
    (root / "loop").symlink_to("loop")
    for path in ("out", "out/secret", "file", "dangling", "proc", "proc/etc", "out/nowhere/x"):
        with pytest.raises(PathOutsideRootError):
            workspace.resolve(path)
    with pytest.raises(OSError, match="loop"):
        workspace.resolve("loop/x")
    assert workspace.resolve("out/work/x") == root / "x"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "is empty"),
        ("a\0b", "control character U+0000"),
        ("a\nb", "control character U+000A"),
        ("\x1b[2J", "control character U+001B"),
        ("a\x7f", "control character"),
        ("a\x85", "control character"),
        ("x" * 256, "part of 256 bytes"),
        ("é" * 128, "part of 256 bytes"),
        ("x/" * 2048, "4096 bytes long"),
        ("\ud800", "lone surrogate"),
        ("a\udc80", "lone surrogate"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_what_cannot_be_a_path_is_an_input_error_on_one_line(workspace, path, problem):
    calls = [
        lambda: workspace.resolve(path),
        lambda: workspace.open(path),
        lambda: workspace.read(path),
        lambda: workspace.version(path),
        lambda: workspace.write(path, b""),
        lambda: workspace.list(path),
        lambda: workspace.stat(path),
        lambda: workspace.make_folder(path),
        lambda: workspace.move(path, "b"),
        lambda: workspace.copy(path, "b"),
        lambda: workspace.delete(path),
    ]
    for call in calls:
        with pytest.raises(InputError) as caught:
            call()
        assert problem in str(caught.value)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("path", [None, 5, b"a", object()], ids=lambda path: type(path).__name__)
def test_a_path_of_another_type_is_a_type_error(workspace, path):
    with pytest.raises(TypeError, match="str"):
        workspace.resolve(path)


@unix
def test_names_that_are_odd_but_harmless_are_taken(workspace, root):
    for name in (
        "~",
        "%2e%2e",
        "..\\..\\x",
        "．．",
        "a:b",
        "nul",
        "con.txt",
        "a.",
        "a ",
        "-rf",
        "*",
        "a\u202eb",
        "日本",
    ):
        workspace.write(name, b"x")
        assert workspace.read(name) == b"x"
        assert workspace.resolve(name) == root / name


class TestRights:
    @pytest.fixture
    def several(self, root, place) -> Workspace:
        for name in ("read", "write", "outside"):
            (place / name).mkdir()
            (place / name / "file").write_bytes(name.encode())
        (root / "vendor").mkdir()
        (root / "vendor" / "file").write_bytes(b"vendor")
        return Workspace(root, also={place / "read": "read", str(place / "write"): "write", "vendor": "read"})

    def test_each_root_has_its_right_and_the_inner_one_holds(self, several, root, place):
        assert several.roots == {
            root: "write",
            place / "read": "read",
            place / "write": "write",
            root / "vendor": "read",
        }
        for path in ("vendor/file", "../read/file", place / "write" / "file"):
            assert several.read(path)
        several.write("../write/file", b"new")
        for path in ("vendor/file", "vendor/new", "../read/file", place / "read"):
            assert several.resolve(path)
            with pytest.raises(PathOutsideRootError, match="may only be read"):
                several.resolve(path, right="write")
        for change in (
            lambda: several.write("vendor/file", b""),
            lambda: several.delete("vendor/file"),
            lambda: several.make_folder("vendor/new"),
            lambda: several.move("vendor/file", "here"),
            lambda: several.move("../write/file", "vendor/new"),
            lambda: several.copy("../write/file", "vendor/new"),
        ):
            with pytest.raises(PathOutsideRootError, match="may only be read"):
                change()
        several.copy("vendor/file", "copy")
        assert several.read("copy") == b"vendor"
        with pytest.raises(PathOutsideRootError, match="leads out"):
            several.read("../outside/file")

    def test_a_read_only_root_can_hold_one_that_is_not(self, root):
        (root / "out").mkdir()
        own = Workspace(root, also={"out": "write"}, read_only=True)
        own.write("out/a", b"1")
        with pytest.raises(PathOutsideRootError):
            own.write("a", b"1")

    def test_roots_and_what_is_around_them_have_to_stay(self, several, root):
        (root / "around").mkdir()
        (root / "around" / "inner").mkdir()
        own = Workspace(root, also={"around/inner": "write"})
        for path in (".", "around", "around/inner", root):
            for change in (
                lambda path=path: own.delete(path, recursive=True),
                lambda path=path: own.move(path, "elsewhere"),
            ):
                with pytest.raises(InputError, match="has to stay"):
                    change()

    def test_another_name_of_an_inner_root_does_not_change_its_right(self, several, root):
        import subprocess

        (root / "alias").mkdir()
        if subprocess.run(
            ["mount", "--bind", root / "vendor", root / "alias"], capture_output=True, check=False
        ).returncode:
            pytest.skip("mounting is not permitted")
        try:
            assert several.read("alias/file") == b"vendor"
            with pytest.raises(PathOutsideRootError, match="may only be read"):
                several.write("alias/file", b"new")
            with pytest.raises(PathOutsideRootError, match="may only be read"):
                several.make_folder("alias/x/y")
            with pytest.raises(PathOutsideRootError, match="may only be read"):
                several.delete("alias", recursive=True)
        finally:
            subprocess.run(["umount", root / "alias"], check=True)
        several.delete("alias")

    def test_a_right_or_root_that_is_none_is_refused(self, root):
        with pytest.raises(InputError, match="`read` or `write`"):
            Workspace(root, also={".": "all"})
        with pytest.raises(InputError, match="two rights"):
            Workspace(root, also={".": "read"})
        with pytest.raises(InputError, match="not a folder"):
            Workspace(root, also={"nowhere": "read"})


@pytest.mark.parametrize("name", [".git", ".GIT", ".g\u200cit", "sub/.git"])
def test_what_belongs_to_git_can_be_read_and_not_changed(workspace, root, name):
    (root / name / "hooks").mkdir(parents=True)
    (root / name / "config").write_bytes(b"[core]")
    assert workspace.read(f"{name}/config") == b"[core]"
    (root / "file").touch()
    changes = [
        lambda: workspace.write(f"{name}/hooks/post-commit", b"", make_folders=True),
        lambda: workspace.delete(name, recursive=True),
        lambda: workspace.delete(f"{name}/hooks", recursive=True),
        lambda: workspace.move(name, "git"),
        lambda: workspace.move("file", f"{name}/hooks/pre-commit"),
        lambda: workspace.copy("file", f"{name}/config", overwrite=True),
        lambda: workspace.make_folder(f"{name}/hooks/new"),
    ]
    for change in changes:
        with pytest.raises(InputError, match="have `git` change it"):
            change()
    assert workspace.write(".gitignore", b"*.pyc\n")


@unix
@pytest.mark.parametrize("seed", range(2))
def test_no_hostile_path_gets_at_anything_outside(place, seed):
    trials = Trials(place, seed)
    for _ in range(2500):
        trials.trial()
    trials.finish()


@unix
def test_a_workspace_of_the_whole_file_system_can_be_had(place):
    (place / "file").write_bytes(b"x")
    whole = Workspace("/", read_only=True)
    assert whole.read(place / "file") == whole.read(str(place / "file").lstrip("/")) == b"x"
    assert whole.resolve("..") == Path("/")
    assert whole.stat("/").kind == "folder"
    assert {entry.name for entry in whole.list()} == set(os.listdir("/"))
