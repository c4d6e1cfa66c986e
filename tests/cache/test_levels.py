"""By which level a file is answered, and what calls and the environment say about the cache."""

import os
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

import rev_accel
from rev_accel import InputError, Limits, _core, cache, workspace

from .conftest import COUNT, make_tree

LEVELS = ("memory", "manifest", "recent", "store", "parsed", "unparsed")


def levels(tree: Path, **options: object) -> dict[str, int]:
    """How many files each level answered, where it is any."""
    stats = asdict(rev_accel.scan(root=tree, **options).stats)  # type: ignore[arg-type]
    assert sum(stats[name] for name in LEVELS) == stats["files"]
    return {name: stats[name] for name in LEVELS if stats[name]}


def test_a_tree_at_rest_is_parsed_once_then_remembered(cache_dir: Path, settled: Path) -> None:
    assert levels(settled) == {"parsed": COUNT}
    assert levels(settled) == {"memory": COUNT}
    _core.forget()
    assert levels(settled) == {"manifest": COUNT}
    assert levels(settled) == {"memory": COUNT}


def test_a_copy_is_answered_from_the_store(cache_dir: Path, settled: Path, resting: Path) -> None:
    levels(settled)
    assert levels(resting / "copy") == {"store": COUNT}
    assert levels(resting / "copy") == {"memory": COUNT}


def test_files_that_were_just_written_are_read_again_until_they_rest(cache_dir: Path, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", "recent")
    assert levels(tree) == {"parsed": COUNT}
    assert levels(tree) == {"recent": COUNT}
    _core.forget()
    assert levels(tree) == {"recent": COUNT}
    os.utime(tree / "part0" / "file0.py", ns=(0, 0))
    assert levels(tree) == {"recent": COUNT}


def test_one_edit_costs_one_file(cache_dir: Path, own: Path) -> None:
    levels(own)
    (own / "part2" / "file4.py").write_text("eval('1')\n")
    assert levels(own) == {"memory": COUNT - 1, "parsed": 1}
    assert levels(own) == {"memory": COUNT - 1, "recent": 1}
    _core.forget()
    assert levels(own)["manifest"] == COUNT - 1
    (own / "part2" / "new.py").write_text("eval('1')\n")
    assert levels(own).get("parsed", 0) <= 2


def test_an_edit_that_changes_no_finding_is_parsed_once(cache_dir: Path, own: Path) -> None:
    levels(own)
    for number in range(8):
        path = own / "part2" / f"file{number}.py"
        path.write_text(path.read_text().replace(" = 1\n", " = 2\n"))
        assert levels(own).pop("parsed") == 1
        assert "parsed" not in levels(own)


def test_a_touch_costs_a_look_at_the_content(cache_dir: Path, own: Path) -> None:
    levels(own)
    os.utime(own / "part1" / "file1.py")
    assert levels(own) == {"memory": COUNT - 1, "recent": 1}


def test_always_has_every_file_read(cache_dir: Path, settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(settled, verify="always") == {"parsed": COUNT}
    assert levels(settled, verify="always") == {"recent": COUNT}
    assert levels(settled, verify="stamp") == {"memory": COUNT}
    monkeypatch.setenv("REV_ACCEL_VERIFY", "always")
    assert levels(settled) == {"recent": COUNT}
    assert levels(settled, verify="stamp") == {"memory": COUNT}
    _core.forget()
    assert levels(settled) == {"recent": COUNT}


def test_without_a_cache_everything_is_parsed_and_nothing_is_kept(
    cache_dir: Path, settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        assert levels(settled, cache=False) == {"parsed": COUNT}
    monkeypatch.setenv("REV_ACCEL_NO_CACHE", "1")
    for _ in range(2):
        assert levels(settled) == {"parsed": COUNT}
    with workspace.use_root(settled):
        first, second = (rev_accel.analyze_ast_patterns(".") for _ in range(2))
    assert first == second
    assert first is not second
    assert not cache_dir.exists()
    monkeypatch.setenv("REV_ACCEL_NO_CACHE", "0")
    assert levels(settled) == {"parsed": COUNT}
    assert cache_dir.exists()


def test_other_options_are_other_questions(cache_dir: Path, settled: Path) -> None:
    whole = rev_accel.scan(root=settled).to_json()
    assert rev_accel.scan(root=settled, exclude=["part0/"]).stats.files == COUNT * 3 // 4
    small = rev_accel.scan(root=settled, limits=Limits(max_bytes=10))
    assert {error.status for error in small.errors} == {"too_large"}
    assert rev_accel.scan("part1", root=settled).stats.files == COUNT // 4
    assert rev_accel.scan("part1/file1.py", root=settled).stats.files == 1
    assert rev_accel.scan(root=settled.parent / "tree0" / ".." / "tree0").to_json() == whole
    assert rev_accel.scan(root=settled).to_json() == whole


def test_patterns_share_what_is_known(cache_dir: Path, settled: Path) -> None:
    rev_accel.scan(root=settled, patterns=["todos"])
    report = rev_accel.scan(root=settled, patterns=["prints"])
    assert (len(report), report.stats.memory) == (COUNT, COUNT)


def test_outcomes_that_may_be_otherwise_the_next_time_are_not_kept(cache_dir: Path, tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", "odd")
    (tree / "broken.py").write_text("def broken(:\n")
    (tree / "dead.py").symlink_to("nowhere.py")
    for _ in range(3):
        report = rev_accel.scan(root=tree)
        assert {error.exception for error in report.errors} == {"SyntaxError", "FileNotFoundError"}
    (tree / "nowhere.py").write_text("print()\n")
    assert {error.exception for error in rev_accel.scan(root=tree).errors} == {"SyntaxError"}


def test_a_folder_that_is_removed_meanwhile_is_made_again(cache_dir: Path, settled: Path) -> None:
    levels(settled)
    shutil.rmtree(cache_dir)
    _core.forget()
    assert levels(settled) == {"parsed": COUNT}
    _core.forget()
    assert levels(settled) == {"manifest": COUNT}
    shutil.rmtree(cache_dir)
    assert levels(settled) == {"memory": COUNT}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"cache": 1}, "`cache` must be True or False, not int"),
        ({"cache": None}, "`cache` must be True or False, not NoneType"),
        ({"verify": "never"}, '`verify` must be "stamp" or "always", not \'never\''),
        ({"verify": True}, '`verify` must be "stamp" or "always", not True'),
    ],
)
def test_arguments_that_cannot_be_used_are_refused_with_the_reason(
    options: dict[str, object], text: str, cache_dir: Path, settled: Path
) -> None:
    with pytest.raises(InputError) as caught:
        rev_accel.scan(root=settled, **options)  # type: ignore[arg-type]
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("REV_ACCEL_NO_CACHE", "yes", "must be 0 or 1"),
        ("REV_ACCEL_VERIFY", "Always", 'must be "stamp" or "always"'),
        ("REV_ACCEL_CACHE_SIZE", "much", "must be a size like"),
        ("REV_ACCEL_CACHE_SIZE", "-1", "must be a size like"),
        ("REV_ACCEL_CACHE_SIZE", "1.5G", "must be a size like"),
        ("REV_ACCEL_CACHE_SIZE", "9" * 30 + "G", "must be a size like"),
        ("REV_ACCEL_CACHE_SIZE", "G", "must be a size like"),
    ],
)
def test_an_environment_that_cannot_be_used_is_refused_by_name(
    variable: str, value: str, text: str, cache_dir: Path, settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=text) as caught:
        rev_accel.scan(root=settled)
    assert variable in str(caught.value)
    assert "\n" not in str(caught.value)
    with workspace.use_root(settled), pytest.warns(RuntimeWarning, match=variable):
        assert '"scanned_files": 40' in rev_accel.analyze_ast_patterns(".")
    # What a variable says does not matter where there is to be no cache; the switch itself must be one.
    if variable == "REV_ACCEL_CACHE_SIZE":
        assert levels(settled, cache=False) == {"parsed": COUNT}


@pytest.mark.parametrize("size", ["", "0", "1", "500000", "1K", "2m", "3G"])
def test_sizes_that_can_be_used_do_not_change_the_answer(
    size: str, cache_dir: Path, settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REV_ACCEL_CACHE_SIZE", size)
    right = rev_accel.scan(root=settled, cache=False).to_json()
    for _ in range(3):
        assert rev_accel.scan(root=settled).to_json() == right
        _core.forget()


@pytest.mark.parametrize("value", [-1, 1 << 61, True, 1.0, "1K"])
def test_gc_refuses_what_is_no_size(value: object, cache_dir: Path) -> None:
    with pytest.raises(InputError, match="`max_bytes` must be a whole number from 0 to"):
        cache.gc(value)  # type: ignore[arg-type]


def test_what_there_is_not_is_none_or_done(cache_dir: Path) -> None:
    assert cache.info() is None
    assert cache.verify() is None
    assert cache.gc(0)
    assert cache.clear()
    assert not cache_dir.exists()


def test_info_counts_what_is_kept_and_what_was_answered(cache_dir: Path, settled: Path, resting: Path) -> None:
    levels(settled)
    levels(resting / "copy")
    _core.forget()
    levels(settled)
    figures = cache.info()
    assert figures is not None
    assert figures["folder"] == str(cache_dir / "v1")
    assert (figures["writable"], figures["manifests"], figures["contents"]) == (True, 2, COUNT)
    assert figures["content_problem"] is None
    assert figures["manifest_bytes"] == sum(path.stat().st_size for path in (cache_dir / "v1" / "manifests").iterdir())
    assert (figures["miss"], figures["store"], figures["manifest"]) == (COUNT, COUNT, COUNT)


def test_clear_empties_the_cache_and_what_is_remembered(cache_dir: Path, settled: Path) -> None:
    levels(settled)
    assert cache.clear()
    figures = cache.info()
    assert figures is not None
    assert (figures["manifests"], figures["contents"], figures["miss"]) == (0, 0, 0)
    assert levels(settled) == {"parsed": COUNT}


def test_gc_keeps_to_its_limit(cache_dir: Path, resting: Path) -> None:
    for number in (0, 11, 12):
        for limit in range(5):
            levels(resting / f"tree{number}", limits=Limits(max_bytes=100_000 + limit))
    for limit in (1 << 30, 200_000, 60_000, 0):
        assert cache.gc(limit)
        figures = cache.info()
        assert figures is not None
        empty = 64 << 10  # an empty store has some pages, too
        assert figures["manifest_bytes"] + figures["content_bytes"] <= max(limit, empty)
    found = cache.verify()
    assert found is not None
    assert not found["store_damaged"]
    assert levels(resting / "tree0", limits=Limits(max_bytes=50_000)) == {"parsed": COUNT}


def test_many_trees_do_not_outgrow_the_limit_of_the_environment(
    cache_dir: Path, settled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REV_ACCEL_CACHE_SIZE", "200K")
    for limit in range(120):
        levels(settled, limits=Limits(max_bytes=100_000 + limit))
    size = sum(path.stat().st_size for path in cache_dir.rglob("*") if path.is_file())
    assert size < 600_000, size
