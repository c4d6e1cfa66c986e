"""The workspace root: who sets it, for whom, and what is refused."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rev_accel import InputError, RevAccelError, analyze_ast_patterns, scan, workspace


@pytest.fixture(autouse=True)
def _no_process_root() -> Iterator[None]:
    workspace.set_root(None)
    yield
    workspace.set_root(None)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path, Path]:
    made = tmp_path / "one", tmp_path / "two", tmp_path / "three"
    for folder in made:
        folder.mkdir()
        (folder / f"{folder.name}.py").write_text("print()\n")
    return tuple(folder.resolve() for folder in made)


def test_the_root_is_the_working_directory_at_the_time_of_the_call(folders, monkeypatch):
    for folder in folders:
        monkeypatch.chdir(folder)
        assert workspace.get_root() == folder


def test_set_root_holds_for_all_threads_until_it_is_taken_back(folders, monkeypatch):
    one, two, _ = folders
    monkeypatch.chdir(two)
    workspace.set_root(one)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(workspace.get_root()))
    thread.start()
    thread.join()
    assert seen == [one]
    workspace.set_root(None)
    assert workspace.get_root() == two


def test_use_root_holds_inside_its_block_only_and_goes_before_set_root(folders):
    one, two, three = folders
    workspace.set_root(one)
    with workspace.use_root(two) as root:
        assert root == workspace.get_root() == two
        with workspace.use_root(three):
            assert workspace.get_root() == three
        assert workspace.get_root() == two
    assert workspace.get_root() == one


def test_use_root_ends_with_its_block_also_when_that_raises(folders):
    one, two, _ = folders
    workspace.set_root(one)
    with pytest.raises(KeyError), workspace.use_root(two):
        raise KeyError
    assert workspace.get_root() == one


def test_use_root_can_be_entered_again(folders):
    one, two, _ = folders
    workspace.set_root(one)
    root = workspace.use_root(two)
    with root, root:
        assert workspace.get_root() == two
    with root:
        assert workspace.get_root() == two
    assert workspace.get_root() == one


def test_use_root_is_not_seen_by_other_threads(folders):
    one, two, _ = folders
    workspace.set_root(one)
    seen = []
    with workspace.use_root(two):
        thread = threading.Thread(target=lambda: seen.append(workspace.get_root()))
        thread.start()
        thread.join()
    assert seen == [one]


def test_two_tasks_have_a_root_each(folders):
    async def name_of_root(folder: Path) -> str:
        with workspace.use_root(folder):
            await asyncio.sleep(0)
            return workspace.get_root().name

    async def both() -> list[str]:
        return await asyncio.gather(*map(name_of_root, folders))

    assert asyncio.run(both()) == ["one", "two", "three"]


def test_a_relative_root_is_fixed_when_it_is_set(folders, monkeypatch):
    one, two, _ = folders
    monkeypatch.chdir(one.parent)
    workspace.set_root("one")
    monkeypatch.chdir(two)
    assert workspace.get_root() == one


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege there")
def test_links_in_the_root_are_resolved(folders, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folders[0])
    with workspace.use_root(link):
        assert workspace.get_root() == folders[0]


@pytest.mark.parametrize(
    "root", [None, 5, b".", "", "nowhere", "file", "a\0b", "\ud800", object()], ids=lambda root: ascii(root)[:12]
)
def test_what_is_not_a_folder_is_refused_with_an_input_error(root, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^root ") as caught:
        workspace.use_root(root)
    assert isinstance(caught.value, (RevAccelError, ValueError))
    if root is not None:
        with pytest.raises(InputError):
            workspace.set_root(root)
    assert workspace.get_root() == tmp_path.resolve()


def test_the_drop_in_and_scan_start_at_the_root(folders, monkeypatch):
    one, two, three = folders
    monkeypatch.chdir(three)
    workspace.set_root(one)
    assert [finding.path for finding in scan()] == ["one.py"]
    assert '"one.py"' in analyze_ast_patterns(".")
    with workspace.use_root(two):
        assert [finding.path for finding in scan()] == ["two.py"]
        assert '"two.py"' in analyze_ast_patterns(".")
        assert analyze_ast_patterns("../one") == (
            '{"error": "AST analysis failed: ValueError: Path escapes repo: ../one"}'
        )


@pytest.mark.skipif(sys.platform == "win32", reason="the working directory cannot be removed there")
def test_a_removed_working_directory_is_an_os_error(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    os.rmdir(gone)
    with pytest.raises(FileNotFoundError):
        workspace.get_root()
    with pytest.raises(InputError, match="working directory has been removed"):
        scan()
    assert analyze_ast_patterns(".").startswith('{"error": "AST analysis failed: FileNotFoundError: ')
