"""Long output of tools."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rev_accel import InputError, digest
from rev_accel.history import ToolOutputs

LONG = "".join(f"line {number}\n" for number in range(1_000))


def test_a_long_text_keeps_its_beginning_and_end_and_the_whole_is_in_a_file_named_by_its_content(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "deep" / "outputs"
    outputs = ToolOutputs(folder, limit=1_000)
    text = outputs.cut(LONG)
    head, marker, tail = text.partition("[... ")
    assert LONG.startswith(head) and head.endswith("\n")
    name = f"{digest(LONG, domain='tool_output')[:32]}.txt"
    told, _, end = tail.partition(" ...]\n")
    assert LONG.endswith(end) and marker
    missing = LONG[len(head) : len(LONG) - len(end)]
    count = missing.count("\n")
    assert told == f"{len(missing):,} characters, {count} lines left out; all {len(LONG):,} are in {folder}/{name}"
    assert (folder / name).read_text() == LONG
    assert len(head) + len(end) <= 1_000 < len(text) < 1_200
    if os.name == "posix":
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_equal_texts_give_equal_bytes_and_one_file(tmp_path: Path) -> None:
    texts = {ToolOutputs(tmp_path, limit=1_000).cut(LONG) for _ in range(3)}
    assert len(texts) == len(list(tmp_path.iterdir())) == 1


def test_short_texts_are_left_alone_and_nothing_is_written(tmp_path: Path) -> None:
    outputs = ToolOutputs(tmp_path / "none", limit=1_000)
    for text in ("", "x" * 1_000):
        assert outputs.cut(text) == text
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("text", ["x" * 5_000, "😀" * 3_000, "\ud83d" * 3_000, "\n" * 3_000, "a\r\n" * 3_000])
def test_any_text_can_be_cut(tmp_path: Path, text: str) -> None:
    cut = ToolOutputs(tmp_path, limit=500).cut(text)
    assert len(cut) < 1_000 and cut[:100] == text[:100]
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == text.encode("utf-8", "surrogatepass")


def test_a_file_that_was_cut_short_is_written_again(tmp_path: Path) -> None:
    outputs = ToolOutputs(tmp_path, limit=1_000)
    outputs.cut(LONG)
    (file,) = tmp_path.iterdir()
    file.write_text("half")
    outputs.cut(LONG)
    assert file.read_text() == LONG


def test_where_nothing_can_be_written_the_text_is_cut_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outputs = ToolOutputs(tmp_path / "file", limit=1_000)
    text = outputs.cut(LONG)
    assert len(text) < 1_100 and ".txt" not in text
    assert isinstance(outputs.failed, OSError)
    assert ToolOutputs(None, limit=1_000).cut(LONG) == text


def test_only_results_of_tools_are_cut_and_texts_in_parts_too(tmp_path: Path) -> None:
    outputs = ToolOutputs(tmp_path, limit=1_000)
    for kept in (
        {"role": "user", "content": LONG},
        {"role": "tool", "content": "short"},
        {"role": "tool", "content": None},
        {"role": "tool", "content": [{"type": "text", "text": "short"}, 7]},
    ):
        assert outputs.record(kept) is kept
    assert outputs.record({"role": "tool", "content": LONG})["content"] == outputs.cut(LONG)
    parts = [{"type": "text", "text": LONG}, {"type": "image_url"}]
    assert outputs.record({"role": "tool", "content": parts})["content"] == [
        {"type": "text", "text": outputs.cut(LONG)},
        {"type": "image_url"},
    ]
    with pytest.raises(InputError, match="`limit` is 10"):
        ToolOutputs(None, limit=10)
