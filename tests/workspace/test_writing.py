"""Files that are written: whole or not at all, with what they were besides their content."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from rev_accel import InputError, PathOutsideRootError, RevAccelError, StaleFileError
from rev_accel.workspace import Absent, Version, Workspace

from .kills import Kills
from .swapping import Swaps

unix = pytest.mark.skipif(sys.platform == "win32", reason="links, modes and owners are those of Unix")
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")


def test_a_new_file_is_written_with_the_usual_mode(workspace, root):
    (root / "usual").touch()
    assert workspace.write("new", b"content") == Version.of(b"content") == workspace.version("new")
    assert (root / "new").read_bytes() == b"content"
    assert (root / "new").stat().st_mode == (root / "usual").stat().st_mode
    workspace.write("new", b"")
    assert workspace.read("new") == b""
    assert sorted(os.listdir(root)) == ["new", "usual"]


def test_bytes_are_written_as_they_are(workspace):
    for data in (b"a\r\nb\rc\nd", b"\xef\xbb\xbfx", b"no end", b"\0\xff" * 3_000_000):
        workspace.write("file", data)
        assert workspace.read("file") == data
    for data in ("text", bytearray(b"x"), None):
        with pytest.raises(TypeError):
            workspace.write("file", data)


def test_folders_are_made_only_when_asked(workspace, root):
    with pytest.raises(FileNotFoundError):
        workspace.write("x/y/file", b"1")
    assert os.listdir(root) == []
    workspace.write("x/y/file", b"1", make_folders=True)
    assert workspace.read("x/y/file") == b"1"


@unix
class TestWhatStays:
    @pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o777, 0o664, 0o4755, 0o2770, 0o200])
    def test_the_mode(self, workspace, root, mode):
        (root / "file").write_bytes(b"old")
        (root / "file").chmod(mode)
        workspace.write("file", b"new")
        assert (root / "file").stat().st_mode & 0o7777 == mode
        assert (root / "file").read_bytes() == b"new" if os.geteuid() == 0 or mode & 0o400 else True

    @as_root
    def test_the_owner_and_the_group(self, workspace, root):
        (root / "file").write_bytes(b"old")
        os.chown(root / "file", 1234, 2345)
        (root / "file").chmod(0o4711)
        workspace.write("file", b"new")
        stat = (root / "file").stat()
        assert (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777) == (1234, 2345, 0o4711)

    @as_root
    def test_rights_of_a_group_that_cannot_be_kept_are_not_handed_on(self, workspace, root):
        root.chmod(0o777)
        (root / "file").write_bytes(b"old")
        os.chown(root / "file", 1234, 2345)
        (root / "file").chmod(0o6772)
        with other_user(root):
            workspace.write("file", b"new")
        stat = (root / "file").stat()
        assert (stat.st_uid, stat.st_gid, stat.st_mode & 0o7777) == (65534, 65534, 0o722)

    @as_root
    def test_a_file_that_may_not_be_written_to_is_not_replaced_either(self, workspace, root):
        root.chmod(0o777)
        (root / "file").write_bytes(b"old")
        (root / "file").chmod(0o444)
        with other_user(root), pytest.raises(PermissionError) as caught:
            workspace.write("file", b"new")
        assert caught.value.filename == "file"
        assert os.listdir(root) == ["file"]

    def test_extended_attributes(self, workspace, root):
        (root / "file").write_bytes(b"old")
        try:
            os.setxattr(root / "file", "user.origin", b"here")
            os.setxattr(root / "file", "user.empty", b"")
        except (AttributeError, OSError):
            pytest.skip("the file system has none")
        workspace.write("file", b"new")
        assert {name: os.getxattr(root / "file", name) for name in os.listxattr(root / "file")} == {
            "user.origin": b"here",
            "user.empty": b"",
        }

    def test_an_access_control_list_and_none_where_none_was(self, workspace, root):
        # Version 2: the owner, user 1234, the group, the mask, others.
        entries = [
            (0x01, 6, 0xFFFFFFFF),
            (0x02, 4, 1234),
            (0x04, 4, 0xFFFFFFFF),
            (0x10, 4, 0xFFFFFFFF),
            (0x20, 0, 0xFFFFFFFF),
        ]
        acl = (2).to_bytes(4, "little") + b"".join(
            tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + who.to_bytes(4, "little")
            for tag, rights, who in entries
        )
        for name in ("with", "without"):
            (root / name).write_bytes(b"old")
        (root / "without").chmod(0o640)
        try:
            os.setxattr(root / "with", "system.posix_acl_access", acl)
            os.setxattr(root, "system.posix_acl_default", acl)
        except (AttributeError, OSError):
            pytest.skip("the file system has none")
        for name in ("with", "without"):
            before = (root / name).stat().st_mode
            workspace.write(name, b"new")
            assert (root / name).stat().st_mode == before
        assert os.getxattr(root / "with", "system.posix_acl_access") == acl
        assert os.listxattr(root / "without") == []

    def test_links_which_are_followed_to_their_file(self, workspace, root):
        (root / "folder").mkdir()
        (root / "folder" / "file").write_bytes(b"old")
        (root / "link").symlink_to("folder/file")
        (root / "dangling").symlink_to("folder/new")
        workspace.write("link", b"new")
        workspace.write("dangling", b"newer")
        assert (root / "link").is_symlink()
        assert (root / "folder" / "file").read_bytes() == b"new"
        assert (root / "folder" / "new").read_bytes() == b"newer"

    def test_names_of_one_file_which_are_parted_only_when_asked(self, workspace, root, place):
        (place / "outside").write_bytes(b"old")
        os.link(place / "outside", root / "file")
        with pytest.raises(InputError, match=r"^`file` has 2 names \(hard links\)"):
            workspace.write("file", b"new")
        assert sorted(os.listdir(root)) == ["file"]
        workspace.write("file", b"new", break_links=True)
        assert (place / "outside").read_bytes() == b"old"
        assert (root / "file").read_bytes() == b"new"


class other_user:
    """Nobody, for a while: the rights of files hold for them."""

    def __init__(self, root: Path) -> None:
        self.changed = [folder for folder in root.parents if not folder.stat().st_mode & 0o001]

    def __enter__(self) -> None:
        self.modes = [(folder, folder.stat().st_mode) for folder in self.changed]
        for folder, mode in self.modes:
            folder.chmod(mode & 0o7777 | 0o001)
        self.groups = os.getgroups()
        os.setgroups([])
        os.setegid(65534)
        os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(self.groups)
        for folder, mode in self.modes:
            folder.chmod(mode & 0o7777)


class TestExpected:
    def test_a_file_that_is_as_expected_is_written(self, workspace, root):
        first = workspace.write("file", b"1", expected=Absent())
        second = workspace.write("file", b"2", expected=first)
        os.utime(root / "file", (1, 1))
        assert workspace.write("file", b"3", expected=second) == workspace.version("file")
        assert workspace.read("file") == b"3"

    def test_one_that_has_changed_is_left_and_the_difference_told(self, workspace, root):
        before = "".join(f"line {number}\n" for number in range(1, 101))
        read = Version.of(before.encode())
        (root / "file").write_text(before.replace("line 50\n", "line fifty\n"))
        with pytest.raises(StaleFileError) as caught:
            workspace.write("file", b"new", expected=read)
        assert isinstance(caught.value, RevAccelError)
        assert caught.value.difference == (
            "from line 47 on:\n--- read\n+++ now\n@@ -1,7 +1,7 @@\n line 47\n line 48\n line 49\n"
            "-line 50\n+line fifty\n line 51\n line 52\n line 53"
        )
        assert str(caught.value) == ("`file` has changed since it was read; read it again\n" + caught.value.difference)
        assert "fifty" in (root / "file").read_text()
        assert os.listdir(root) == ["file"]

    @pytest.mark.parametrize(
        ("before", "now", "told"),
        [
            (b"a\n", b"a\r\n", "only line ends differ"),
            (b"\xff", b"a", None),
            (b"a", b"\xff", None),
            (b"a\0", b"b\0", None),
            (b"x" * 70_000, b"y", None),
            (b"", b"x" * 70_000, None),
            (b"a", b"x" * 1000, "…"),
            (b"a\n" * 5000, b"b\n" * 5000, "[... more differences are not shown]"),
        ],
        ids=range(8),
    )
    def test_the_difference_is_short_or_none(self, workspace, root, before, now, told):
        (root / "file").write_bytes(now)
        with pytest.raises(StaleFileError) as caught:
            workspace.write("file", b"new", expected=Version.of(before))
        found = caught.value.difference
        assert (found is None) if told is None else found.endswith(told)
        assert len(str(caught.value)) < 10_000

    def test_one_that_is_gone_or_there_against_expectation_is_left(self, workspace, root):
        with pytest.raises(StaleFileError, match=r"^`file` is gone since it was read$"):
            workspace.write("file", b"new", expected=Version.of(b"old"))
        assert os.listdir(root) == []
        (root / "file").write_bytes(b"theirs")
        with pytest.raises(StaleFileError, match="`file` is there already, and was expected not to be"):
            workspace.write("file", b"new", expected=Absent())
        assert (root / "file").read_bytes() == b"theirs"

    def test_folders_that_were_made_for_a_write_that_failed_go_again(self, workspace, root):
        (root / "there").mkdir()
        with pytest.raises(StaleFileError):
            workspace.write("there/a/b/file", b"new", expected=Version.of(b"old"), make_folders=True)
        assert list(root.rglob("*")) == [root / "there"]
        workspace.write("there/a/b/file", b"new", make_folders=True)
        assert (root / "there/a/b/file").read_bytes() == b"new"

    def test_a_digest_that_is_none_is_an_input_error(self, workspace):
        with pytest.raises(InputError, match="64 hexadecimal digits"):
            workspace.write("file", b"", expected=Version("zz", 1))

    def test_an_expectation_of_another_type_is_an_input_error(self, workspace):
        with pytest.raises(InputError, match="`expected` is a str: expected a Version"):
            workspace.write("file", b"", expected="abc")

    def test_no_change_of_several_threads_is_lost(self, root):
        (root / "count").write_bytes(b"0")

        def count():
            own = Workspace(root)
            for _ in range(40):
                while True:
                    found = own.read("count")
                    try:
                        own.write("count", b"%d" % (int(found) + 1), expected=Version.of(found))
                        break
                    except StaleFileError:
                        pass

        threads = [threading.Thread(target=count) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (root / "count").read_bytes() == b"120"

    def test_of_those_who_create_a_file_at_once_one_does(self, workspace, root):
        done = []
        barrier = threading.Barrier(8)

        def create(number: int) -> None:
            barrier.wait()
            try:
                workspace.write("file", b"%d" % number, expected=Absent())
            except StaleFileError:
                return
            done.append(b"%d" % number)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == [(root / "file").read_bytes()]
        assert os.listdir(root) == ["file"]


@unix
class TestTemporaryFiles:
    def test_nothing_is_left_when_a_write_fails(self, workspace, root):
        import resource
        import signal

        (root / "file").write_bytes(b"old")
        former = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, former[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                workspace.write("file", b"x" * (2 << 20))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, former)
            signal.signal(signal.SIGXFSZ, handler)
        assert os.listdir(root) == ["file"]
        assert (root / "file").read_bytes() == b"old"

    def test_those_of_killed_processes_go_with_a_later_write_when_they_are_old(self, workspace, root):
        old, young = ".rev-accel-0123456789abcdef.tmp", ".rev-accel-fedcba9876543210.tmp"
        others = [".rev-accel-0123456789abcdef", ".rev-accel-x.tmp", "rev-accel-0123456789abcdef.tmp"]
        for name in (old, young, *others):
            (root / name).write_bytes(b"x")
        folder = ".rev-accel-aaaaaaaaaaaaaaaa.tmp"
        (root / folder / "x").mkdir(parents=True)
        for name in (old, folder, *others):
            os.utime(root / name, (1, 1))
        workspace.write("file", b"x")
        assert sorted(os.listdir(root)) == sorted([young, "file", *others])

    def test_a_killed_writer_leaves_the_old_or_the_new(self, place):
        kills = Kills(place, seed=7)
        for _ in range(30):
            kills.round()
        kills.finish()


@unix
def test_nothing_outside_is_read_or_written_while_folders_are_replaced_by_links(place):
    swaps = Swaps(place, seed=7)
    swaps.run(rounds=2000, deeds=300)
    swaps.finish()


@unix
def test_a_link_that_leads_out_is_not_written_through(workspace, root, place):
    (place / "outside").mkdir()
    (place / "outside" / "file").write_bytes(b"theirs")
    (root / "folder").symlink_to(place / "outside")
    (root / "file").symlink_to(place / "outside" / "file")
    for path in ("folder/file", "folder/new", "file"):
        with pytest.raises(PathOutsideRootError):
            workspace.write(path, b"mine", make_folders=True)
    assert [path.read_bytes() for path in (place / "outside").iterdir()] == [b"theirs"]


@unix
def test_a_workspace_can_be_used_from_many_threads(workspace: Workspace) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(50):
                workspace.write(f"{number}/file", b"%d" % turn, make_folders=True)
                assert workspace.read(f"{number}/file") == b"%d" % turn
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
