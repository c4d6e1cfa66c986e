"""`analyze_ast_patterns` against the live rev on odd cases, as text; and the few differences that are intended."""

import inspect
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rev_accel
from contract.arguments import PATHS, PATTERNS
from contract.sources import SOURCES
from contract.tree import FOLDERS, write
from oracle import Oracle, show_difference
from oracle.reference import RULES


@pytest.fixture(autouse=True)
def at_the_root(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(request.getfixturevalue("odd_root"))


def check(oracle: Oracle, path: Any, patterns: Any = None) -> Any:
    """Asserts equal text and returns the answer as objects."""
    expected = oracle.expected(path, patterns)
    ours = rev_accel.analyze_ast_patterns(path, patterns)
    assert ours == expected, show_difference(ours, expected)
    return json.loads(ours)


def files_of(answer: dict[str, Any]) -> dict[str, Any]:
    files: dict[str, Any] = answer["files"]
    return files


# --- the frame of an answer


def test_the_whole_tree_gives_revs_text(odd_oracle: Oracle) -> None:
    answer = check(odd_oracle, ".")
    assert list(answer) == ["scanned_files", "files", "total_issues", "patterns_checked"]
    assert answer["scanned_files"] > 150
    assert answer["patterns_checked"] == list(RULES)
    listed = [found for entry in files_of(answer).values() for found in entry.values() if isinstance(found, list)]
    assert answer["total_issues"] == sum(map(len, listed))


def test_its_parameters_have_revs_names(odd_oracle: Oracle) -> None:
    assert list(inspect.signature(rev_accel.analyze_ast_patterns).parameters) == ["path", "patterns"]
    assert rev_accel.analyze_ast_patterns(path="usual", patterns=["prints"]) == odd_oracle.expected("usual", ["prints"])
    assert rev_accel.analyze_ast_patterns("usual") == odd_oracle.expected("usual")


def test_equal_calls_give_equal_text_without_statistics(odd_oracle: Oracle) -> None:
    assert "cache_stats" in json.loads(odd_oracle.raw("usual"))
    texts = {rev_accel.analyze_ast_patterns("usual") for _ in range(3)}
    assert len(texts) == 1
    assert "cache_stats" not in json.loads(texts.pop())


def test_files_are_in_the_order_of_python_strings(odd_oracle: Oracle) -> None:
    keys = list(files_of(check(odd_oracle, "sorting")))
    assert len(keys) == len(FOLDERS["sorting"])
    assert keys == sorted(keys)
    everything = list(files_of(json.loads(rev_accel.analyze_ast_patterns("."))))
    assert everything == sorted(everything)


# --- what is found in a file, and how it is read


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_gives_revs_text_and_shows_its_rule(name: str, odd_oracle: Oracle) -> None:
    answer = check(odd_oracle, f"sources/{name}.py")
    entry = files_of(answer).get(f"sources/{name}.py", {})
    shows = SOURCES[name].shows
    if shows is not None and shows.endswith("Error"):
        assert entry == {"error": f"Failed to parse: {shows}"}
    elif shows is not None:
        assert " ".join(entry) == shows
    if "error" in entry:
        assert answer["total_issues"] == 0


@pytest.mark.parametrize("rule", RULES)
def test_one_rule_alone_gives_revs_text_on_every_source(rule: str, odd_oracle: Oracle) -> None:
    answer = check(odd_oracle, "sources", [rule])
    assert {key for entry in files_of(answer).values() for key in entry} > {"error"}


# --- the arguments


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("path", ["sources", "no python", "absent"])
def test_any_value_of_patterns_gives_revs_text(name: str, path: str, odd_oracle: Oracle) -> None:
    check(odd_oracle, path, PATTERNS[name])


@pytest.mark.parametrize("name", PATHS)
def test_any_value_of_path_gives_revs_text(name: str, odd_oracle: Oracle) -> None:
    check(odd_oracle, PATHS[name])


def test_absolute_paths_inside_the_root_give_revs_text(odd_root: Path, odd_oracle: Oracle) -> None:
    assert check(odd_oracle, str(odd_root))["scanned_files"] > 150
    assert list(files_of(check(odd_oracle, str(odd_root / "usual" / "a.py")))) == ["usual/a.py"]
    assert "Path escapes repo" in check(odd_oracle, str(odd_root.parent / "outside.py"))["error"]


# --- which files


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_gives_revs_text(folder: str, odd_oracle: Oracle) -> None:
    check(odd_oracle, folder)


def test_nothing_is_excluded(odd_oracle: Oracle) -> None:
    assert check(odd_oracle, "never skipped")["scanned_files"] == len(FOLDERS["never skipped"])
    assert check(odd_oracle, "ignored by git")["scanned_files"] == 2


def test_links_and_folders_named_like_files_are_told_as_rev_does(odd_oracle: Oracle) -> None:
    links = files_of(check(odd_oracle, "links"))
    assert links["links/broken.py"] == {"error": "Failed to parse: FileNotFoundError"}
    assert links["links/to folder.py"] == {"error": "Failed to parse: IsADirectoryError"}
    assert links["links/loop.py"] == {"error": "Failed to parse: OSError"}
    assert "print_statements" in links["links/out.py"]
    assert not [key for key in links if key.startswith(("links/to folder/", "links/to parent/", "links/out folder/"))]
    folders = files_of(check(odd_oracle, "folders"))
    assert folders["folders/hollow.py"] == {"error": "Failed to parse: IsADirectoryError"}
    assert "print_statements" in folders["folders/x.py/inside.py"]


def test_names_that_are_not_utf8_keep_their_surrogates(odd_oracle: Oracle) -> None:
    keys = list(files_of(check(odd_oracle, "bytes \udcff")))
    assert all("\udcff" in key for key in keys)
    assert len(keys) == 4
    assert keys != sorted(keys, key=os.fsencode)  # a surrogate sorts between the code points it is not made of


@pytest.fixture
def private_root() -> Iterator[Path]:
    """A tree that another user may enter (pytest's own folders are closed to others), with parts that may not be read."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        root.chmod(0o755)
        for path in ("open.py", "closed.py", "closed/x.py", "listed/x.py", "passable/x.py", "closed.d.py/x.py"):
            write(root / path, b"print(1)\n")
        (root / "link.py").symlink_to("closed.py")
        modes = {"closed.py": 0o200, "closed": 0, "listed": 0o644, "passable": 0o311, "closed.d.py": 0}
        for path, mode in modes.items():
            (root / path).chmod(mode)
        yield root
        for path in modes:
            (root / path).chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="permissions of POSIX")
@pytest.mark.parametrize(
    "path", [".", "closed.py", "closed", "closed/x.py", "listed", "listed/x.py", "passable", "passable/x.py", "link.py"]
)
def test_unreadable_files_and_folders_are_told_as_rev_does(
    path: str, private_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(private_root)
    user = 65_534 if os.geteuid() == 0 else None  # root may read anything: act as nobody
    with Oracle(private_root) as oracle:
        expected = oracle.expected(path, effective_user=user)
    rev_accel.analyze_ast_patterns("open.py")  # everything is imported before the rights are given up
    if user is not None:
        os.seteuid(user)
    try:
        ours = rev_accel.analyze_ast_patterns(path)
    finally:
        if user is not None:
            os.seteuid(0)
    assert ours == expected, show_difference(ours, expected)
    if path == ".":
        assert files_of(json.loads(ours))["closed.py"] == {"error": "Failed to parse: PermissionError"}


# --- intended differences


def test_a_sibling_whose_name_begins_like_the_root_is_refused(odd_root: Path, odd_oracle: Oracle) -> None:
    for path in (f"../{odd_root.name}-other", f"../{odd_root.name}-other/x.py", str(odd_root) + "-other"):
        assert "Path escapes repo" not in odd_oracle.raw(path)  # rev compares string prefixes
        answer = json.loads(rev_accel.analyze_ast_patterns(path))
        assert answer == {"error": f"AST analysis failed: ValueError: Path escapes repo: {path}"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_what_is_not_a_regular_file_is_an_os_error_and_not_a_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo.py")
    (tmp_path / "device.py").symlink_to(os.devnull)
    (tmp_path / "to fifo.py").symlink_to("fifo.py")
    (tmp_path / "plain.py").write_bytes(b"print(1)\n")
    assert stat.S_ISFIFO((tmp_path / "fifo.py").stat().st_mode)
    monkeypatch.chdir(tmp_path)
    answer = json.loads(rev_accel.analyze_ast_patterns("."))
    refused = {"error": "Failed to parse: OSError"}
    assert answer["scanned_files"] == 4
    assert answer["files"].pop("plain.py")["print_statements"]
    assert answer["files"] == {"device.py": refused, "fifo.py": refused, "to fifo.py": refused}


def test_a_file_beyond_the_size_limit_is_a_memory_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "large.py").open("wb") as file:
        file.truncate((16 << 20) + 1)
    monkeypatch.chdir(tmp_path)
    answer = json.loads(rev_accel.analyze_ast_patterns("."))
    assert answer["files"] == {"large.py": {"error": "Failed to parse: MemoryError"}}
    assert answer["scanned_files"] == 1


# --- the oracle itself


def test_the_oracle_writes_nothing_and_sees_every_change(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"print(1)\n")
    with Oracle(tmp_path) as oracle:
        before = oracle.expected(".")
        times = path.stat()
        path.write_bytes(b"x = eval\n")
        os.utime(
            path, ns=(times.st_atime_ns, times.st_mtime_ns)
        )  # same path and time: a cache of rev's kind would answer
        after = oracle.expected(".")
    assert "print_statements" in before
    assert json.loads(after)["files"] == {}
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.py"]
