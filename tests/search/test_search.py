"""What a search takes, leaves out, keeps and survives."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rev_accel
from rev_accel import InputError, Match, SearchLimits, search

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs FIFOs, links and permissions")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "root"
    (root / "package").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / ".git").mkdir()
    (root / "venv").mkdir()
    (root / "venv" / "pyvenv.cfg").touch()
    (root / "a.py").write_text("one\nword two words\nthree\nword\nfour\nfive\nsix\nWord word\n")
    (root / "b.txt").write_text("word é word\n", encoding="utf-8")
    (root / "ignored.log").write_text("word\n")
    (root / ".gitignore").write_text("*.log\n")
    (root / "package" / "c.py").write_text("x\r\nword\r\n")
    for folder in (".hidden", ".git", "venv"):
        (root / folder / "d.txt").write_text("word\n")
    return root


def places(result: rev_accel.SearchResult) -> list[tuple[str, int]]:
    return [(match.path, match.line) for match in result]


def test_lines_come_by_path_and_line_with_their_places(tree: Path) -> None:
    result = search("w(or)d", root=tree)
    assert places(result) == [
        (".hidden/d.txt", 1),
        ("a.py", 2),
        ("a.py", 4),
        ("a.py", 8),
        ("b.txt", 1),
        ("package/c.py", 2),
    ]
    assert result.matches[3] == Match("a.py", 8, 6, "Word word", 0, 9, ((5, 9),))
    assert result.matches[4].spans == ((0, 4), (7, 11))
    assert result.matches[5].text == "word"
    assert dict(result.counts) == {".hidden/d.txt": 1, "a.py": 3, "b.txt": 1, "package/c.py": 1}
    assert (result.total, len(result), result.files, result.errors, result.binary) == (6, 6, 5, (), ())


def test_matches_are_a_sequence_that_is_equal_to_a_tuple(tree: Path) -> None:
    matches = search("word", root=tree).matches
    every = tuple(matches)
    assert len(matches) == len(every) == 6
    assert [matches[place] for place in range(-6, 6)] == [*every, *every]
    assert (matches[1:5:2], matches[:-7:-1], matches[9:]) == (every[1:5:2], every[::-1], ())
    assert every[3] in matches
    assert Match("a.py", 1, 1, "word", 0, 4, ()) not in matches
    assert (matches.index(every[2]), matches.count(every[2]), [*reversed(matches)]) == (2, 1, [*every[::-1]])
    for place in (6, -7):
        with pytest.raises(IndexError):
            matches[place]
    assert matches == every == matches == search("word", root=tree).matches
    assert hash(matches) == hash(every)
    assert matches != search("word", "a.py", root=tree).matches
    assert matches != [*every], "as of a tuple"
    assert repr(matches) == "<Matches: 6>"
    with pytest.raises(TypeError):
        matches[0] = every[0]
    with pytest.raises(AttributeError):
        matches.other = 1


def test_matches_are_pickled_as_a_tuple(tree: Path) -> None:
    matches = search("word", root=tree, before=1).matches
    again = pickle.loads(pickle.dumps(matches))
    assert type(again) is tuple
    assert again == matches


def test_matches_are_those_of_the_time_of_the_search(tree: Path) -> None:
    matches = search("word", "a.py", root=tree).matches
    (tree / "a.py").write_text("gone\n")
    assert [match.text for match in matches] == ["word two words", "word", "Word word"]


def test_a_record_is_the_same_however_its_line_was_kept(tree: Path) -> None:
    # Lines of more than 4 KiB, and those with context, are worked out at once.
    line = "é" + "word " * 1_000
    (tree / "long.txt").write_bytes(f"{line}\n{line[:3000]}\r\n".encode() + b"\xff word \xff\xff\n")
    plain = search("wo(rd)? ?", "long.txt", root=tree, limits=SearchLimits(characters=10_000))
    around = search("wo(rd)? ?", "long.txt", root=tree, limits=SearchLimits(characters=10_000), after=1)
    assert plain.matches == around.matches
    assert [(match.text, match.column) for match in plain] == [
        (line, 2),
        (line[:3000], 2),
        ("\N{REPLACEMENT CHARACTER} word \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}", 3),
    ]
    assert [len(match.spans) for match in plain] == [1_000, 600, 1]


def test_threads_take_records_of_one_result_at_once(tree: Path) -> None:
    (tree / "many.txt").write_text("a word\n" * 3_000)
    result = search(r"\bwo\w+", root=tree, limits=SearchLimits(matches=10_000, file_matches=10_000))
    with ThreadPoolExecutor(4) as pool:
        lists = [*pool.map(lambda _: [*result], range(4))]
    assert lists[0] == lists[1] == lists[2] == lists[3]
    assert len(lists[0]) == 3_006


def test_the_selection_and_globs_say_what_is_searched(tree: Path) -> None:
    every = {*search("word", root=tree, selection="all").counts}
    assert every - {*search("word", root=tree).counts} == {".git/d.txt", "ignored.log", "venv/d.txt"}
    assert {*search("word", root=tree, exclude=[".*"]).counts} == {"a.py", "b.txt", "package/c.py"}
    assert {*search("word", root=tree, include=["*.py"]).counts} == {"a.py", "package/c.py"}
    assert {*search("word", root=tree, include=["/package"]).counts} == {"package/c.py"}
    assert {*search("word", root=tree, include=["*.log"]).counts} == set(), "an ignored file stays ignored"
    named = search("word", "ignored.log", "venv", root=tree, include=["*.py"])
    assert {*named.counts} == {"ignored.log"}
    assert {*search("word", tree / "package", root=tree / "package").counts} == {"c.py"}
    assert {*search("word", tree / "b.txt", root=tree / "package").counts} == {str(tree / "b.txt")}


def test_case_words_and_literals(tree: Path) -> None:
    def lines(pattern: str, **options: object) -> list[int]:
        return [match.line for match in search(pattern, "a.py", root=tree, **options)]

    assert lines("word") == [2, 4, 8]
    assert lines("Word") == [8]
    assert lines("WORD", case="insensitive") == [2, 4, 8]
    assert lines("Word", case="smart") == [8]
    assert lines("word", case="smart") == [2, 4, 8]
    assert lines("word$", words=True) == [4, 8]
    assert lines("words?", words=True) == [2, 4, 8]
    assert lines("wor", words=True) == []
    assert lines("w.rd", literal=True) == []
    (tree / "a.py").write_text("a.b(c\n")
    assert lines("a.b(", literal=True) == [1]


def test_context_is_given_once_and_to_the_right_match(tree: Path) -> None:
    first, second, third = search("word", "a.py", root=tree, before=2, after=2)
    assert (first.before, first.after) == (("one",), ("three",))
    assert (second.before, second.after) == ((), ("four", "five"))
    assert (third.before, third.after) == (("six",), ())
    only = search("word", "a.py", root=tree, before=2, after=2, limits=SearchLimits(matches=1))
    assert [(match.line, match.before, match.after) for match in only] == [(2, ("one",), ("three",))]


def test_limits_cut_the_list_and_never_the_counts(tree: Path) -> None:
    for number in range(50):
        (tree / f"many{number:02}.txt").write_text("word\n" * 100)
    for threads in (1, 3):
        result = search("word", root=tree, limits=SearchLimits(matches=250, file_matches=3), threads=threads)
        assert (result.total, len(result), len(result.counts)) == (5006, 6 + 50 * 3, 54)
        assert set(list(result.counts.values())[3:53]) == {100}
        few = search("word", root=tree, limits=SearchLimits(matches=7), threads=threads)
        assert (few.total, few.counts) == (result.total, result.counts)
        assert places(few) == places(search("word", root=tree, limits=SearchLimits(matches=250)))[:7]


def test_a_long_line_is_cut_round_its_first_match(tree: Path) -> None:
    line = "é" * 5000 + "needle" + "z" * 5000
    (tree / "long.txt").write_text(f"{line}\nneedle{line}\n", encoding="utf-8")
    far, near = search("needle", "long.txt", root=tree, limits=SearchLimits(characters=40), after=1)
    assert (far.column, far.offset, far.length, far.is_cut) == (5001, 4990, 10_006, True)
    assert far.text == "é" * 10 + "needle" + "z" * 24
    assert far.spans == ((10, 16),)
    assert (near.column, near.offset, near.length) == (1, 0, 10_012)
    assert near.text == "needle" + "é" * 34
    assert near.spans == ((0, 6),)
    (match,) = search("^needle", "long.txt", root=tree, before=1, limits=SearchLimits(characters=8))
    assert match.before == ("é" * 8 + "…",)


def test_a_line_without_end_is_an_error_of_its_file(tree: Path) -> None:
    with open(tree / "endless.txt", "wb") as file:
        file.write(b"word\n")
        file.seek(40 << 20)
        file.write(b"word")
    (tree / "full.txt").write_bytes(b"word\n" + b"x" * (20 << 20))
    result = search("word", root=tree, exclude=[".hidden"])
    assert [(error.path, error.status) for error in result.errors] == [("full.txt", "too_large")]
    # The other one is full of NUL bytes, so it is binary.
    assert "endless.txt" not in result.counts


def test_binary_files_are_left_out_unless_they_are_named(tree: Path) -> None:
    (tree / "binary").write_bytes(b"word\n\0word\n")
    (tree / "late").write_bytes(b"word\n" * 30_000 + b"\0\nword\n")
    result = search("word", root=tree)
    assert "binary" not in result.counts
    assert result.binary == ("late",)
    assert result.counts["late"] > 0
    named = search("word", "binary", root=tree)
    assert (named.total, named.binary, named.matches) == (1, ("binary",), ())


@POSIX
def test_what_is_no_file_or_cannot_be_read_costs_only_itself(tree: Path) -> None:
    os.mkfifo(tree / "pipe.py")
    os.symlink(tree.parent, tree / "up")
    (tree.parent / "outside.txt").write_text("word\n")
    os.symlink(tree.parent / "outside.txt", tree / "link.txt")
    os.symlink("nowhere", tree / "broken.txt")
    result = search("word", root=tree)
    assert {*result.counts} == {".hidden/d.txt", "a.py", "b.txt", "package/c.py"}
    assert result.errors == ()
    assert places(search("word", "link.txt", root=tree)) == [("link.txt", 1)]
    named = search("word", "pipe.py", root=tree)
    assert [(error.path, error.status) for error in named.errors] == [("pipe.py", "unreadable")]
    (tree / "a.py").chmod(0)
    if not os.access(tree / "a.py", os.R_OK):
        assert [(error.path, error.exception) for error in search("word", root=tree).errors] == [
            ("a.py", "PermissionError")
        ]


def test_a_pattern_may_end_in_a_comment(tree: Path) -> None:
    for words in (False, True):
        found = search("(?x) w o r d # (whatever", root=tree, words=words)
        assert found.total and places(found) == places(search("word", root=tree, words=words))
    assert search("word # c", root=tree).total == search("(?x) word # c", root=tree, literal=True).total == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pattern": "("}, "pattern `(` cannot be searched for: unclosed group"),
        ({"pattern": "p)|(r"}, "pattern `p)|(r` cannot be searched for: unopened group"),
        (
            {"pattern": "\\"},
            r"pattern `\` cannot be searched for: incomplete escape sequence, reached end of pattern prematurely",
        ),
        ({"pattern": "(?=a)"}, "look-around"),
        ({"pattern": r"(a)\1"}, "backreferences are not supported"),
        ({"pattern": "a\nb"}, "matches the end of a line"),
        ({"pattern": r"\w{900}"}, "too large once its repetitions"),
        ({"pattern": "(a?){3000}"}, "more than 1000 places"),
        ({"pattern": "((a{100}){100}){100}"}, "more than 1000 places"),
        ({"pattern": "(" * 300 + "a" + ")" * 300}, "nested"),
        ({"pattern": "x" * 10_001}, "longer than 10000 bytes"),
        ({"pattern": "\ud800"}, "lone surrogate"),
        ({"pattern": b"a"}, "must be a str"),
        ({"pattern": "a", "case": "none"}, "`case` must be"),
        ({"pattern": "a", "before": -1}, "`before` must be a whole number from 0 to 1000"),
        ({"pattern": "a", "after": 1.5}, "`after` must be"),
        ({"pattern": "a", "include": ["["]}, "include pattern `[` is not a valid glob"),
        ({"pattern": "a", "exclude": ["["]}, "exclude pattern `[` is not a valid glob"),
        ({"pattern": "a", "include": "*.py"}, "`include` must be a list"),
        ({"pattern": "a", "selection": "some"}, "`selection` must be"),
        ({"pattern": "a", "limits": 5}, "`limits` must be a SearchLimits"),
        ({"pattern": "a", "root": "/nowhere"}, "root `/nowhere`"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_cannot_be_used_is_refused(tree: Path, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        search(**{"root": tree, **arguments})
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_path_that_is_not_there_and_limits_out_of_bounds_are_refused(tree: Path) -> None:
    with pytest.raises(InputError, match="path `nowhere` does not exist"):
        search("a", "nowhere", root=tree)
    with pytest.raises(InputError, match="`matches` must be a whole number from 1"):
        SearchLimits(matches=0)


def test_a_pattern_of_many_words_and_an_empty_one_are_taken(tree: Path) -> None:
    words = "|".join(f"w{number}" for number in range(1_500)) + "|word"
    assert search(words, root=tree).total == 6
    assert search("", "b.txt", root=tree).matches[0].spans == tuple((place, place) for place in range(12))


def test_an_order_of_bytes_is_kept_whatever_the_threads(tree: Path) -> None:
    for number in range(300):
        (tree / f"f{number}.txt").write_text("word\n" * (number % 7))
    results = [search("word", root=tree, threads=threads) for threads in (1, 2, 7)]
    assert results[0] == results[1] == results[2]


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_ends_a_search_in_a_large_file(tmp_path: Path) -> None:
    code = """
import os, signal, sys, threading, time
import rev_accel
def send():
    time.sleep(0.3)
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)
sent = []
rev_accel.search("warm", "small.txt")
threading.Thread(target=send).start()
try:
    while True:
        rev_accel.search("[a-z]+x?$", limits=rev_accel.SearchLimits(matches=1))
except KeyboardInterrupt:
    print(time.perf_counter() - sent[0])
"""
    (tmp_path / "small.txt").write_text("warm\n")
    for number in range(4):
        (tmp_path / f"large{number}.txt").write_bytes((b"abcdefgh" * 8 + b"\n") * 1_000_000)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    # The time is printed for whoever wonders; that it ends is what is tested.
    assert float(done.stdout) < 30


def test_other_threads_run_meanwhile(tree: Path) -> None:
    (tree / "large.txt").write_bytes((b"abcdefgh" * 8 + b"\n") * 500_000)
    ticks = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(0.001):
            ticks.append(time.perf_counter())

    thread = threading.Thread(target=tick)
    thread.start()
    search("[a-z]+x?$", root=tree, limits=SearchLimits(matches=1))
    stop.set()
    thread.join()
    assert ticks


def test_a_child_of_a_fork_can_search(tree: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    search("word", root=tree)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if search("word", root=tree).total == 6 else 1
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
