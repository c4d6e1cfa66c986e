"""The tools that show folders and change what is in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rev_accel.metrics import Metrics
from rev_accel.tools import Failure, Registry, builtin_tools
from rev_accel.workspace import Workspace


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    (tmp_path / "src/pkg").mkdir(parents=True)
    (tmp_path / "src/pkg/a.py").write_text("a = 1\n")
    (tmp_path / "src/b.py").write_text("b = 1\n")
    (tmp_path / "README").write_text("x" * 1234)
    (tmp_path / "link").symlink_to("README")
    (tmp_path / "node_modules/x").mkdir(parents=True)
    (tmp_path / ".git/objects").mkdir(parents=True)
    return builtin_tools(Workspace(tmp_path), metrics=Metrics())


def text(registry: Registry, name: str, **arguments: object) -> str:
    return registry.execute(name, arguments)


def test_a_listing_is_sorted_and_says_what_things_are(registry: Registry, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "new\nline").touch()
    (tmp_path / os.fsdecode(b"caf\xe9")).touch()
    assert text(registry, "list_dir") == (
        ".git/\nREADME  1,234 bytes\ncaf\\udce9  0 bytes\nlink@\nnew\\nline  0 bytes\nnode_modules/\npipe (no file)\nsrc/"
    )
    assert text(registry, "list_dir", path="src", pattern="*.py") == "b.py  6 bytes"
    assert text(registry, "list_dir", path="src", pattern="*.c") == "(nothing fits `*.c`)"
    assert text(registry, "list_dir", path=".git/objects") == "(empty)"


def test_a_long_listing_says_how_much_more_there_is(registry: Registry, tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / f"src/pkg/f{number:03}").touch()
    *shown, last = text(registry, "list_dir", path="src/pkg").splitlines()
    assert len(shown) == 500 and last == "[101 more of 601: narrow them down with `pattern`]"
    *_, last = text(registry, "tree_view").splitlines()
    assert "more entries in folders that are shown" in last


def test_a_tree_goes_so_deep_and_leaves_closed_what_others_made(registry: Registry) -> None:
    assert text(registry, "tree_view") == (
        "./\n  .git/\n  README\n  link@\n  node_modules/\n  src/\n    b.py\n    pkg/\n      a.py"
    )
    assert text(registry, "tree_view", path="src", depth=1) == "src/\n  b.py\n  pkg/"
    assert "expected at least 1" in text(registry, "tree_view", depth=0)


def test_folders_that_cannot_be_looked_into_are_in_the_tree_all_the_same(registry: Registry, tmp_path: Path) -> None:
    for name in (b"bad\xff", b"new\nline"):
        os.makedirs(os.fsencode(tmp_path / "top") + b"/" + name)
    (tmp_path / "top" / "z").touch()
    found = text(registry, "tree_view", path="top")
    assert found == "\n".join(
        ["top/", "  bad\\udcff/", "    (cannot be looked into)", "  new\\nline/", "    (cannot be looked into)", "  z"]
    )


def test_links_to_what_has_to_stay_can_be_moved_and_removed(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "to-git").symlink_to(".git")
    assert text(registry, "move", source="to-git", target="moved") == "Moved `to-git` to `moved`."
    assert text(registry, "delete", path="moved") == "Deleted `moved`."
    assert not (tmp_path / "moved").is_symlink() and (tmp_path / ".git").is_dir()


def test_files_and_folders_are_moved_copied_and_deleted(registry: Registry, tmp_path: Path) -> None:
    assert text(registry, "copy", source="src", target="lib") == "Copied `src` to `lib`."
    assert (tmp_path / "lib/pkg/a.py").read_text() == "a = 1\n"
    assert text(registry, "move", source="lib/b.py", target="lib/c.py") == "Moved `lib/b.py` to `lib/c.py`."
    assert not (tmp_path / "lib/b.py").exists() and (tmp_path / "lib/c.py").exists()
    assert "is there already" in text(registry, "move", source="lib/c.py", target="src/b.py")
    assert "was not read" in text(registry, "move", source="lib/c.py", target="src/b.py", overwrite=True)
    assert "was not read" in text(registry, "copy", source="lib/c.py", target="src/b.py", overwrite=True)
    text(registry, "read_file", path="src/b.py")
    assert text(registry, "move", source="lib/c.py", target="src/b.py", overwrite=True).startswith("Moved")
    assert "not empty" in text(registry, "delete", path="lib")
    assert text(registry, "delete", path="lib", recursive=True) == "Deleted `lib`."
    assert text(registry, "create_directory", path="x/y/z") == text(registry, "create_directory", path="x/y/z")
    assert (tmp_path / "x/y/z").is_dir()


def test_what_has_changed_since_it_was_read_is_not_removed(registry: Registry, tmp_path: Path) -> None:
    file = tmp_path / "src/b.py"
    text(registry, "read_file", path="src/b.py")
    file.write_text("b = 2\n")
    for name, arguments in (
        ("delete", {"path": "src/b.py"}),
        ("delete", {"path": "src", "recursive": True}),
        ("move", {"source": "src/b.py", "target": "c.py"}),
        ("copy", {"source": "README", "target": "src/b.py", "overwrite": True}),
        ("move", {"source": "README", "target": "src/b.py", "overwrite": True}),
    ):
        found = registry.execute(name, arguments)
        assert isinstance(found, Failure) and "`src/b.py` has changed since it was read" in found and "+b = 2" in found
    assert file.read_text() == "b = 2\n"
    text(registry, "read_file", path="src/b.py")
    assert text(registry, "delete", path="src", recursive=True) == "Deleted `src`."


def test_what_was_read_is_known_after_it_was_moved(registry: Registry) -> None:
    text(registry, "read_file", path="src/pkg/a.py")
    text(registry, "move", source="src", target="lib")
    assert text(registry, "write_file", path="lib/pkg/a.py", content="a = 2\n") == "Wrote `lib/pkg/a.py`, 1 line."


def test_links_that_lead_outside_can_be_removed_themselves(registry: Registry, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text("x")
    for name in ("one", "two"):
        (tmp_path / name).symlink_to(outside)
    assert text(registry, "delete", path="one") == "Deleted `one`."
    assert text(registry, "move", source="two", target="src/three") == "Moved `two` to `src/three`."
    assert outside.read_text() == "x" and not (tmp_path / "one").is_symlink() and (tmp_path / "src/three").is_symlink()


@pytest.mark.parametrize("path", [".", "/", "..", ".git", ".git/objects", "src/../.git", "src/.."])
def test_what_has_to_stay_stays(registry: Registry, tmp_path: Path, path: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    for name, arguments in (
        ("delete", {"path": path, "recursive": True}),
        ("move", {"source": path, "target": "gone"}),
    ):
        assert isinstance(registry.execute(name, arguments), Failure)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("path", ["../x", "/tmp/x", "out/x", "src/../../x"])
def test_nothing_leaves_the_workspace(registry: Registry, tmp_path: Path, path: str) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (tmp_path / "out").symlink_to(outside)
    for name, arguments in (
        ("create_directory", {"path": path}),
        ("move", {"source": "README", "target": path}),
        ("copy", {"source": "README", "target": path}),
        ("copy", {"source": path, "target": "stolen"}),
        ("delete", {"path": path}),
        ("list_dir", {"path": path}),
        ("tree_view", {"path": path}),
        ("write_file", {"path": path, "content": "x"}),
    ):
        assert "leads out of the workspace" in text(registry, name, **arguments), name
    assert list(outside.iterdir()) == [] and (tmp_path / "README").exists()


def test_those_that_only_read_can_be_had_alone(tmp_path: Path) -> None:
    registry = builtin_tools(Workspace(tmp_path), reads_only=True)
    assert "read_file" in registry and "write_file" not in registry and all(one.reads for one in registry)
    locked = builtin_tools(Workspace(tmp_path, read_only=True))
    assert isinstance(locked.execute("write_file", {"path": "a", "content": "x"}), Failure)
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_of_a_file_is_forgotten_when_another_takes_its_place(registry: Registry) -> None:
    for name, arguments in (
        ("copy", {"source": "README", "target": "src/b.py", "overwrite": True}),
        ("move", {"source": "README", "target": "src/b.py", "overwrite": True}),
    ):
        text(registry, "read_file", path="src/b.py")
        assert not isinstance(registry.execute(name, arguments), Failure)
        assert "was not read" in text(registry, "write_file", path="src/b.py", content="x\n")
