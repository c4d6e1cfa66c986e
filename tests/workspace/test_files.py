"""What is read, listed, made, moved, copied and deleted."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from rev_accel import InputError, PathOutsideRootError
from rev_accel.workspace import Absent, Entry, Version, Workspace

unix = pytest.mark.skipif(sys.platform == "win32", reason="links, modes and FIFOs are those of Unix")


@pytest.fixture
def tree(root: Path) -> Path:
    """Some files, with links in and out."""
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "one.txt").write_bytes(b"one")
    (root / "a" / "b" / "two.txt").write_bytes(b"two")
    (root / "a" / "b" / "two.txt").chmod(0o755)
    (root / "outside").symlink_to("../..")
    (root / "a" / "link").symlink_to("one.txt")
    (root / "a" / "out").symlink_to("../../secret")
    (root.parent / "secret").write_bytes(b"secret")
    return root


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


class TestReading:
    def test_a_file_is_opened_as_python_opens_it(self, workspace, tree):
        with workspace.open("a/one.txt") as file:
            assert file.read() == b"one"
            assert file.seek(0) == 0
            assert file.readable()
            assert not file.writable()
        assert file.closed
        assert workspace.read("a/link") == b"one"

    def test_a_file_that_is_longer_than_the_limit_is_refused_with_its_length(self, workspace, root):
        (root / "file").write_bytes(b"x" * 5000)
        assert workspace.read("file", limit=5000) == workspace.read("file") == b"x" * 5000
        with pytest.raises(InputError, match=r"^`file` has 5,000 bytes: expected at most 4,999$"):
            workspace.read("file", limit=4999)

    def test_a_version_is_that_of_the_content_alone(self, workspace, root):
        (root / "file").write_bytes(b"x" * (3 << 20))
        seen = workspace.version("file")
        os.utime(root / "file", (1, 1))
        assert seen == workspace.version("file") == Version.of(workspace.read("file"))
        assert seen.size == 3 << 20
        assert seen.content is None
        assert Version.of(b"x") != Version.of(b"y")
        assert len({Version.of(b"x"), Version.of(b"x"), Absent(), Absent()}) == 2
        assert "content" not in repr(Version.of(b"x"))
        blake3 = pytest.importorskip("blake3")
        assert seen.digest == blake3.blake3(b"x" * (3 << 20)).hexdigest()

    def test_the_version_of_nothing_is_absent(self, workspace):
        assert workspace.version("nothing") == workspace.version("no/thing") == Absent()

    @unix
    def test_what_is_no_regular_file_is_refused_at_once(self, workspace, tree, monkeypatch):
        os.mkfifo(tree / "fifo")
        (tree / "to-fifo").symlink_to("fifo")
        with socket.socket(socket.AF_UNIX) as server:
            monkeypatch.chdir(tree)  # the name of a socket has to be short
            server.bind("socket")
            for path, found in (
                ("fifo", "FIFO"),
                ("to-fifo", "FIFO"),
                ("socket", "socket"),
                ("a", "folder"),
                (".", "folder"),
            ):
                for call in (
                    workspace.open,
                    workspace.read,
                    workspace.version,
                    lambda path: workspace.write(path, b""),
                ):
                    with pytest.raises(InputError, match=rf"^`{path}` is a .*{found}.*: expected a regular file"):
                        call(path)
        devices = Workspace("/dev", read_only=True)
        for path in ("null", "zero", "tty", "ptmx"):
            with pytest.raises(InputError, match="device"):
                devices.read(path)

    def test_a_missing_file_is_an_os_error_with_the_path_as_given(self, workspace):
        for call in (workspace.open, workspace.read, workspace.stat, workspace.list, workspace.delete):
            with pytest.raises(FileNotFoundError) as caught:
                call("nothing")
            assert str(caught.value) == "[Errno 2] No such file or directory: 'nothing'"

    def test_no_descriptor_is_left_open(self, workspace, tree):
        before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
        for _ in range(20):
            workspace.read("a/one.txt")
            workspace.list("a")
            workspace.write("a/one.txt", b"x")
            workspace.copy("a", "copy")
            workspace.delete("copy", recursive=True)
            with pytest.raises(InputError):
                workspace.open("a")
        assert sys.platform != "linux" or len(os.listdir("/proc/self/fd")) == before


@unix
class TestLooking:
    def test_entries_come_by_name_and_links_are_themselves(self, workspace, tree):
        assert workspace.list("a") == (
            Entry(name="b", kind="folder", size=(tree / "a" / "b").stat().st_size),
            Entry(name="link", kind="link", size=7),
            Entry(name="one.txt", kind="file", size=3),
            Entry(name="out", kind="link", size=12),
        )
        assert [entry.name for entry in workspace.list()] == ["a", "outside"]
        with pytest.raises(InputError, match="expected a folder"):
            workspace.list("a/one.txt")

    def test_stat_follows_links_and_tells_what_is_there(self, workspace, tree):
        (tree / "a" / "one.txt").chmod(0o640)
        os.link(tree / "a" / "one.txt", tree / "second")
        os.utime(tree / "second", ns=(0, 1_234_567_890_123_456_789))
        stat = workspace.stat("a/link")
        assert (stat.kind, stat.size, stat.mode, stat.links) == ("file", 3, 0o640, 2)
        assert stat.modified_ns == 1_234_567_890_123_456_789
        assert workspace.stat(".").kind == "folder"
        with pytest.raises(PathOutsideRootError):
            workspace.stat("a/out")


class TestFolders:
    def test_folders_are_made_with_those_around_them(self, workspace, root):
        workspace.make_folder("x/y/z")
        workspace.make_folder("x/y")
        assert (root / "x" / "y" / "z").is_dir()
        (root / "file").touch()
        with pytest.raises(InputError, match="is a file: expected a folder, or nothing"):
            workspace.make_folder("file")
        with pytest.raises(NotADirectoryError):
            workspace.make_folder("file/x")
        workspace.make_folder(".")


@unix
class TestDeleting:
    def test_links_are_deleted_and_never_followed(self, workspace, tree):
        workspace.delete("a/out")
        workspace.delete("a/link")
        workspace.delete("outside", recursive=True)
        assert names(tree / "a") == ["b", "one.txt"]
        assert (tree.parent / "secret").exists()

    def test_folders_need_to_be_empty_unless_all_in_them_may_go(self, workspace, tree):
        (tree / "a" / "b" / "out").symlink_to("../../..")
        with pytest.raises(OSError, match="not empty"):
            workspace.delete("a")
        workspace.delete("a", recursive=True)
        assert names(tree) == ["outside"]
        assert names(tree.parent) == ["secret", "work"]
        workspace.make_folder("x")
        workspace.delete("x")
        assert not (tree / "x").exists()

    @pytest.mark.parametrize("depth", [198, 199, 200, 201, 450])
    def test_folders_of_any_depth_are_deleted_and_those_that_are_too_deep_not_copied(self, workspace, root, depth):
        for branch in ("a", "b"):
            path = root.joinpath("deep", branch, *["d"] * depth)
            path.mkdir(parents=True)
            (path / "file").touch()
            (path.parent / "file").touch()
        if depth > 200:
            with pytest.raises(InputError, match="more than 200 folders"):
                workspace.copy("deep", "copy")
            assert names(root) == ["deep"]
        workspace.delete("deep", recursive=True)
        assert names(root) == []


@unix
class TestRepositories:
    @pytest.mark.parametrize("at", [".git", "a/.git", "a/.GIT", "a/b/" + "d/" * 201 + ".git"])
    @pytest.mark.parametrize("is_file", [False, True])
    def test_a_folder_with_one_in_it_stays_as_it_is(self, workspace, root, at, is_file):
        git = root / "sub" / at
        git.parent.mkdir(parents=True)
        if is_file:
            git.write_bytes(b"gitdir: elsewhere")
        else:
            git.mkdir()
        (root / "sub" / "0").touch()
        before = sorted(path.relative_to(root) for path in root.rglob("*"))
        for deed in (
            lambda: workspace.delete("sub", recursive=True),
            lambda: workspace.move("sub", "new"),
            lambda: workspace.copy("sub", "new"),
        ):
            with pytest.raises(InputError, match="^`sub` has a git repository's own data in it, at `") as caught:
                deed()
            assert f"`{at}`" in str(caught.value) or len(at) > 200
            assert sorted(path.relative_to(root) for path in root.rglob("*")) == before

    def test_what_is_beside_it_goes(self, workspace, root):
        (root / "sub" / ".git").mkdir(parents=True)
        (root / "sub" / "a" / ".github").mkdir(parents=True)
        (root / "sub" / "a" / "link").symlink_to("../.git")
        workspace.move("sub/a", "a")
        workspace.copy("a", "b")
        workspace.delete("a", recursive=True)
        assert names(root) == ["b", "sub"]
        assert names(root / "sub") == [".git"]


@unix
class TestMoving:
    def test_files_folders_and_links_get_another_name(self, workspace, tree):
        workspace.move("a/one.txt", "moved.txt")
        workspace.move("a/link", "link")
        workspace.move("a", "c")
        assert names(tree) == ["c", "link", "moved.txt", "outside"]
        assert os.readlink(tree / "link") == "one.txt"
        assert (tree / "c" / "b" / "two.txt").read_bytes() == b"two"

    def test_what_is_there_is_replaced_only_when_asked_and_folders_never(self, workspace, tree):
        for deed in (workspace.move, workspace.copy):
            (tree / "file").write_bytes(b"file")
            with pytest.raises(FileExistsError, match="`a/one.txt` is there already"):
                deed("file", "a/one.txt")
            with pytest.raises(FileExistsError):
                deed("file", "a")
            with pytest.raises(InputError, match="`a/b` is a folder: expected a file, a link, or nothing"):
                deed("file", "a/b", overwrite=True)
            deed("file", "a/one.txt", overwrite=True)
            assert (tree / "a" / "one.txt").read_bytes() == b"file"
            deed("a/one.txt", "a/out", overwrite=True)
            assert not (tree / "a" / "out").is_symlink()
            assert (tree.parent / "secret").read_bytes() == b"secret"
            (tree / "a" / "one.txt").touch()
            (tree / "a" / "out").unlink()

    def test_nothing_is_put_into_itself(self, workspace, tree):
        for deed in (workspace.move, workspace.copy):
            for target in ("a/b/new", "a/b", "a"):
                with pytest.raises((InputError, FileExistsError)):
                    deed("a", target)
            with pytest.raises(InputError, match="expected another place"):
                deed("a/one.txt", "a/one.txt", overwrite=True)
        assert (tree / "a" / "one.txt").read_bytes() == b"one"

    def test_of_two_names_of_one_file_one_is_left(self, workspace, root):
        (root / "one").write_bytes(b"x")
        os.link(root / "one", root / "two")
        with pytest.raises(FileExistsError):
            workspace.move("one", "two")
        workspace.move("one", "two", overwrite=True)
        assert names(root) == ["two"]

    def test_names_that_lead_out_are_refused_on_both_sides(self, workspace, tree):
        for deed in (workspace.move, workspace.copy):
            for source, target in (("outside/secret", "x"), ("a", "outside/x"), ("a/one.txt", "../x"), ("..", "x")):
                with pytest.raises(PathOutsideRootError):
                    deed(source, target)
            with pytest.raises(FileNotFoundError):
                deed("a/one.txt", "no/where")
        with pytest.raises(PathOutsideRootError):
            workspace.copy("a/out", "x")

    @pytest.mark.skipif(
        not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat("/tmp").st_dev,
        reason="needs a second file system",
    )
    def test_to_another_file_system_things_are_copied_and_then_deleted(self, tree, tmp_path):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as other:
            own = Workspace(tree, also={other: "write"})
            own.move("a/one.txt", f"{other}/one.txt")
            own.move("a/out", f"{other}/out")
            own.move("a", f"{other}/a")
            assert names(tree) == ["outside"]
            assert names(Path(other)) == ["a", "one.txt", "out"]
            assert os.readlink(f"{other}/out") == "../../secret"
            assert os.readlink(f"{other}/a/link") == "one.txt"
            assert os.stat(f"{other}/a/b/two.txt").st_mode & 0o777 == 0o755
            os.mkfifo(f"{other}/a/fifo")
            with pytest.raises(InputError, match="expected a folder of files"):
                own.move(f"{other}/a", "a")
            assert names(Path(other)) == ["a", "one.txt", "out"]
            assert names(tree) == ["outside"]
            own.move(f"{other}/one.txt", "x")
            with pytest.raises(FileExistsError):
                own.move("x", f"{other}/out")
            own.move("x", f"{other}/out", overwrite=True)
            assert Path(other, "out").read_bytes() == b"one"


@unix
def test_errors_of_permission_name_the_side_that_is_the_cause():
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        root.chmod(0o755)
        (root / "open").mkdir()
        (root / "closed").mkdir()
        for path in ("open/file", "open/secret", "closed/file"):
            (root / path).touch()
        for path, mode in (("open", 0o777), ("open/secret", 0), ("closed", 0o555)):
            (root / path).chmod(mode)
        workspace = Workspace(root)
        is_root = os.geteuid() == 0  # who may do everything: act as nobody
        if is_root:
            os.seteuid(65534)
        try:
            for deed, source, target, cause in (
                (workspace.move, "closed/file", "open/new", "closed/file"),
                (workspace.move, "open/file", "closed/new", "closed/new"),
                (workspace.copy, "open/secret", "open/new", "open/secret"),
                (workspace.copy, "open/file", "closed/new", "closed/new"),
            ):
                with pytest.raises(PermissionError) as caught:
                    deed(source, target)
                assert caught.value.filename == cause
        finally:
            if is_root:
                os.seteuid(0)
            (root / "closed").chmod(0o755)


@unix
class TestCopying:
    def test_a_file_is_copied_with_its_mode_and_a_named_link_is_followed(self, workspace, tree):
        workspace.copy("a/b/two.txt", "copy")
        workspace.copy("a/link", "one")
        assert (tree / "copy").read_bytes() == b"two"
        assert (tree / "copy").stat().st_mode & 0o777 == 0o755
        assert (tree / "one").read_bytes() == b"one"
        assert not (tree / "one").is_symlink()

    def test_folders_are_copied_with_their_modes(self, workspace, root):
        modes = {"d": 0o700, "d/a": 0o1777, "d/a/b": 0o555, "d/a/b/c": 0o2750, "d/x": 0o500}
        for path in modes:
            (root / path).mkdir()
        (root / "d/a/b/c/file").touch()
        for path, mode in reversed(modes.items()):
            (root / path).chmod(mode)
        workspace.copy("d", "e")
        assert {path: (root / "e" / path[2:]).stat().st_mode & 0o7777 for path in modes} == modes
        assert (root / "e/a/b/c/file").exists()

    def test_a_file_with_several_names_is_not_parted_from_the_others(self, workspace, root):
        (root / "a").write_bytes(b"a")
        (root / "b").write_bytes(b"b")
        os.link(root / "b", root / "c")
        with pytest.raises(InputError, match="`b` has 2 names"):
            workspace.copy("a", "b", overwrite=True)
        assert (root / "b").samefile(root / "c")
        workspace.delete("b")
        workspace.copy("a", "c", overwrite=True)
        assert (root / "c").read_bytes() == b"a"

    def test_a_folder_is_copied_with_links_as_links(self, workspace, tree):
        os.mkfifo(tree / "a" / "fifo")
        workspace.copy("a", "copy")
        assert names(tree / "copy") == ["b", "link", "one.txt", "out"]
        assert os.readlink(tree / "copy" / "out") == "../../secret"
        assert (tree / "copy" / "b" / "two.txt").stat().st_mode & 0o777 == 0o755
        assert names(tree) == ["a", "copy", "outside"]
        with pytest.raises(InputError, match="is a FIFO"):
            workspace.copy("a/fifo", "x")

    def test_a_large_file_is_copied_whole(self, workspace, root):
        data = os.urandom(1 << 20) * 40
        (root / "large").write_bytes(data)
        workspace.copy("large", "copy")
        assert (root / "copy").read_bytes() == data
