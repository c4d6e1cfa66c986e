"""The tools that read and change single files, on real files."""

from __future__ import annotations

import os
import random
import stat
import tracemalloc
from pathlib import Path

import pytest

from rev_accel.metrics import Metrics
from rev_accel.tools import Failure, Registry, builtin_tools, documents, files
from rev_accel.tools.files import LONGEST_LINE, MOST_CHARACTERS
from rev_accel.tools.text import decode
from rev_accel.workspace import Workspace


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return builtin_tools(Workspace(tmp_path), metrics=Metrics())


def good(registry: Registry, name: str, **arguments: object) -> str:
    found = registry.execute(name, arguments)
    assert not isinstance(found, Failure), found
    return found


def bad(registry: Registry, name: str, **arguments: object) -> str:
    found = registry.execute(name, arguments)
    assert isinstance(found, Failure), found
    return found


class TestReading:
    def test_a_part_says_which_lines_it_has(self, registry: Registry, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("".join(f"{n}\n" for n in range(1, 11)))
        assert good(registry, "read_file", path="a.txt", start=3, lines=2) == "[a.txt, lines 3-4 of 10]\n3\n4"
        assert good(registry, "read_file", path="a.txt", start=9, lines=50) == "[a.txt, lines 9-10 of 10]\n9\n10"
        assert "`start` is 11, but `a.txt` has 10 lines" in bad(registry, "read_file", path="a.txt", start=11)
        for start, lines in ((0, 1), (-1, None), (1, 0)):
            assert "expected numbers from 1" in bad(registry, "read_file", path="a.txt", start=start, lines=lines)

    def test_what_is_unusual_is_told(self, registry: Registry, tmp_path: Path) -> None:
        for name, data, told in (
            ("crlf", b"a\r\nb\r\n", "CRLF line ends]\na\nb"),
            ("cr", b"a\rb\r", "CR line ends]\na\nb"),
            ("mixed", b"a\r\nb\n", "mixed line ends]\na\r\nb"),
            ("latin", b"caf\xe9\n", "latin-1]\ncafé"),
            ("mark", b"\xef\xbb\xbfa\n", "utf-8 with a byte order mark]\na"),
            ("wide", "é\n".encode("utf-16"), "utf-16-le with a byte order mark]\né"),
            ("odd.py", b"# coding: cp932\ns = '\x87\x90'\n", "latin-1]\n# coding: cp932\ns = '\x87\x90'"),
            ("escape.py", b"# coding: unicode_escape\n\xe9\n", "latin-1]\n# coding: unicode_escape\né"),
            ("cookie.py", "# coding: cp1251\nж = 1\n".encode("cp1251"), "cp1251]\n# coding: cp1251\nж = 1"),
            ("wrong.py", b"# coding: cp1251x\n\xe9 = 1\n", "latin-1]\n# coding: cp1251x\né = 1"),
            ("open", b"a\nb", "no newline at the end]\na\nb"),
        ):
            (tmp_path / name).write_bytes(data)
            assert good(registry, "read_file", path=name).endswith(told)
        (tmp_path / "empty").write_bytes(b"")
        assert good(registry, "read_file", path="empty") == "[empty, empty]"

    @pytest.mark.parametrize("data", [b"\x7fELF\0\0", b"a" * 100 + b"\0", b"\xff\xfe\0\xd8\0\xd8"])
    def test_binary_files_are_told_of(self, registry: Registry, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "b").write_bytes(data)
        assert bad(registry, "read_file", path="b") == f"Error: `b` is binary ({len(data)} bytes): expected a text file"

    def test_bytes_that_are_no_text_in_any_encoding_are_binary(self, registry: Registry, tmp_path: Path) -> None:
        for data in (bytes(range(1, 256)), b"\x1f\x8b\x08\x01\xff" * 9, b"key: \xe9\x05\n"):
            (tmp_path / "b").write_bytes(data)
            assert f"`b` is binary ({len(data)} bytes)" in bad(registry, "read_file", path="b")
        # What old texts have: new pages, escapes for colours, quotation marks of Windows.
        (tmp_path / "t").write_bytes(b"\x93caf\xe9\x94\x0c\x1b[1m\x07\n")
        assert "latin-1" in good(registry, "read_file", path="t")

    def test_a_part_of_many_lines_needs_no_memory_for_each(self, registry: Registry, tmp_path: Path) -> None:
        count = 2_000_000
        (tmp_path / "many").write_bytes(b"ab\n" * (count - 1) + b"last")
        good(registry, "read_file", path="many", lines=1)
        tracemalloc.start()
        try:
            found = good(registry, "read_file", path="many", start=count - 1, lines=3)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert found == f"[many, lines {count - 1}-{count} of {count:,}, no newline at the end]\nab\nlast"
        assert peak < 4 * 3 * count  # the bytes and the text, and no list

    def test_any_part_is_that_of_the_lines(
        self, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "STEP", 7)
        source = random.Random(8)
        for round_ in range(200):
            lines = [source.choice(["", "x", "y" * source.randrange(30)]) for _ in range(source.randrange(1, 30))]
            (tmp_path / "f").write_text("\n".join(lines) + "\n")
            start, asked = source.randrange(1, len(lines) + 1), source.randrange(1, 40)
            given = good(registry, "read_file", path="f", start=start, lines=asked, again=True)
            expected = lines[start - 1 : start - 1 + asked]
            end = start - 1 + len(expected)
            assert given == "\n".join([f"[f, lines {start}-{end} of {len(lines)}]", *expected]), (round_, lines)

    def test_of_a_file_that_is_too_large_it_is_said_how_else(
        self, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(documents, "MOST_BYTES", 10)
        (tmp_path / "log").write_text("12345678901\n")
        for found in (
            bad(registry, "read_file", path="log", lines=1),
            bad(registry, "replace_in_file", path="log", old="1", new="2"),
        ):
            assert "`log` has 12 bytes" in found and "`search_code` finds lines in it" in found

    def test_long_files_and_lines_are_cut_and_can_be_read_on(self, registry: Registry, tmp_path: Path) -> None:
        lines = [f"line {n} " + "x" * (n % 50) for n in range(5_000)]
        (tmp_path / "long").write_text("\n".join(lines) + "\n")
        found, start = [], 1
        while True:
            text = good(registry, "read_file", path="long", start=start)
            assert len(text) < MOST_CHARACTERS + 200
            _, *body = text.split("\n")
            if not body[-1].startswith("["):
                found += body
                break
            *body, more = body
            found += body
            assert more == f"[{5_000 - len(found):,} more lines: go on with start={len(found) + 1}]"
            start = len(found) + 1
        assert found == lines
        (tmp_path / "wide").write_text("y" * 300_000 + "\nnext\n")
        text = good(registry, "read_file", path="wide")
        assert "lines of more than 2,000 characters are cut" in text and len(text) < LONGEST_LINE + 300
        assert "[... 298,000 characters left out]\nnext" in text

    def test_lines_that_were_read_before_are_not_given_again(self, registry: Registry, tmp_path: Path) -> None:
        file = tmp_path / "a"
        file.write_text("1\n2\n3\n")
        first = good(registry, "read_file", path="a")
        assert good(registry, "read_file", path="./a") == "[a, lines 1-3 of 3: unchanged since you read these lines]"
        assert good(registry, "read_file", path="a", again=True) == first
        assert good(registry, "read_file", path="a", start=2).endswith("\n2\n3")
        # The same bytes at another time are no change; others are.
        os.utime(file, ns=(1, 1))
        assert "unchanged" in good(registry, "read_file", path="a")
        file.write_text("1\n2\n4\n")
        assert good(registry, "read_file", path="a").endswith("\n1\n2\n4")
        file.write_text("1\n2\n3\n")
        assert good(registry, "read_file", path="a") == first
        good(registry, "delete", path="a")
        file.write_text("1\n2\n3\n")
        assert good(registry, "read_file", path="a") == first

    def test_what_cannot_be_read_is_told(self, registry: Registry, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo")
        (tmp_path / "folder").mkdir()
        (tmp_path / "out").symlink_to("/etc/passwd")
        assert "No such file or directory: 'none'" in bad(registry, "read_file", path="none")
        assert "`fifo` is a FIFO" in bad(registry, "read_file", path="fifo").replace("named pipe", "FIFO")
        assert "`folder` is a folder" in bad(registry, "read_file", path="folder")
        for path in ("out", "/etc/passwd", "../x", "folder/../../x"):
            assert "leads out of the workspace" in bad(registry, "read_file", path=path)
        for path in ("", "a\0b", "x" * 10_000, "\ud800"):
            assert len(bad(registry, "read_file", path=path)) < 1_000


class TestWriting:
    def test_a_new_file_with_its_folders(self, registry: Registry, tmp_path: Path) -> None:
        assert good(registry, "write_file", path="a/b/c.txt", content="é\n") == "Created `a/b/c.txt`, 1 line."
        assert (tmp_path / "a/b/c.txt").read_bytes() == "é\n".encode()
        assert good(registry, "write_file", path="a/b/c.txt", content="é\n") == "`a/b/c.txt` has this text already."
        assert good(registry, "write_file", path="a/b/c.txt", content="x\ny") == "Wrote `a/b/c.txt`, 2 lines."
        assert (tmp_path / "a/b/c.txt").read_bytes() == b"x\ny\n"  # there was a newline at the end

    def test_what_was_not_read_is_not_overwritten(self, registry: Registry, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("mine\n")
        assert "was not read: read it before you overwrite it" in bad(registry, "write_file", path="a", content="x\n")
        assert (tmp_path / "a").read_text() == "mine\n"
        good(registry, "read_file", path="a")
        good(registry, "write_file", path="a", content="x\n")
        assert (tmp_path / "a").read_text() == "x\n"

    @pytest.mark.parametrize("way", ["write_file", "replace_in_file", "apply_patch"])
    def test_what_somebody_else_has_changed_is_refused_with_the_difference(
        self, registry: Registry, tmp_path: Path, way: str
    ) -> None:
        file = tmp_path / "a"
        file.write_text("one\ntwo\n")
        good(registry, "read_file", path="a")
        file.write_text("one\nTWO\n")
        arguments = {
            "write_file": {"path": "a", "content": "x\n"},
            "replace_in_file": {"path": "a", "old": "one", "new": "1"},
            "apply_patch": {"patch": "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-one\n+1\n"},
        }[way]
        found = bad(registry, way, **arguments)
        assert "`a` has changed since it was read; read it again" in found and "-two\n+TWO" in found
        assert file.read_text() == "one\nTWO\n"
        good(registry, "read_file", path="a")
        good(registry, way, **arguments)
        # What the tools write themselves, they know.
        if way != "write_file":
            good(registry, "replace_in_file", path="a", old="TWO", new="2")

    def test_how_a_file_is_written_stays(self, registry: Registry, tmp_path: Path) -> None:
        for name, before, after in (
            ("crlf", b"a\r\nb\r\n", b"x\r\ny\r\n"),
            ("latin", b"\xe9\n", b"x\ny\n"),
            ("mark", b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfx\ny\n"),
            ("wide", "a\r\n".encode("utf-16"), "x\r\ny\r\n".encode("utf-16")),
            ("open", b"a", b"x\ny"),
        ):
            file = tmp_path / name
            file.write_bytes(before)
            file.chmod(0o751)
            good(registry, "read_file", path=name)
            good(registry, "write_file", path=name, content="x\ny")
            assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (after, 0o751), name
        (tmp_path / "latin").write_bytes(b"\xe9\n")
        good(registry, "read_file", path="latin")
        assert "latin-1, which has no '\\u0436'" in bad(registry, "write_file", path="latin", content="ж\n")
        assert (tmp_path / "latin").read_bytes() == b"\xe9\n"

    def test_line_ends_of_the_content_are_those_of_the_file(self, registry: Registry, tmp_path: Path) -> None:
        for before, content, after, told in (
            (b"a\nb\n", "x\r\ny\r\n", b"x\ny\n", ""),
            (b"a\r\nb\r\n", "x\ny\r\n", b"x\r\ny\r\n", " (CRLF line ends kept)"),
            (b"a\rb\r", "x\r\ny\n", b"x\ry\r", " (CR line ends kept)"),
            (b"a\r\nb\n", "x\ny\n", b"x\ny\n", " (the mixed line ends are now those of the content)"),
            (
                b"\xef\xbb\xbfa\r\nb\n",
                "x\r\n",
                b"\xef\xbb\xbfx\r\n",
                " (the mixed line ends are now those of the content, utf-8 with a byte order mark kept)",
            ),
        ):
            (tmp_path / "f").write_bytes(before)
            good(registry, "read_file", path="f")
            assert good(registry, "write_file", path="f", content=content).endswith(
                f"line{'s' * ('y' in content)}{told}."
            )
            assert (tmp_path / "f").read_bytes() == after
        good(registry, "write_file", path="new", content="x\r\n")
        assert (tmp_path / "new").read_bytes() == b"x\r\n"

    def test_links_are_followed_inside_and_refused_outside(self, registry: Registry, tmp_path: Path) -> None:
        (tmp_path / "real").write_text("a\n")
        (tmp_path / "link").symlink_to("real")
        outside = tmp_path.parent / f"{tmp_path.name}-outside"
        outside.write_text("secret\n")
        (tmp_path / "out").symlink_to(outside)
        good(registry, "read_file", path="link")
        good(registry, "write_file", path="link", content="b\n")
        assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_text() == "b\n"
        for name, more in (("write_file", {"content": "x"}), ("replace_in_file", {"old": "secret", "new": "x"})):
            assert "leads out of the workspace" in bad(registry, name, path="out", **more)
        assert outside.read_text() == "secret\n"


class TestReplacing:
    def test_it_must_be_there_once(self, registry: Registry, tmp_path: Path) -> None:
        file = tmp_path / "a.py"
        file.write_text("def f():\n    return 1\n\ndef g():\n    return 1\n")
        found = bad(registry, "replace_in_file", path="a.py", old="    return 1\n", new="    return 2\n")
        assert "is in `a.py` 2 times, at lines 2, 5: expected once" in found
        said = good(
            registry, "replace_in_file", path="a.py", old="def g():\n    return 1", new="def g():\n    return 2"
        )
        assert said == "Replaced it in `a.py` once, at line 4."
        said = good(registry, "replace_in_file", path="a.py", old="return", new="yield", every=True)
        assert said == "Replaced it in `a.py` 2 times, at lines 2, 5."
        assert file.read_text() == "def f():\n    yield 1\n\ndef g():\n    yield 2\n"

    def test_places_that_overlap_are_several(self, registry: Registry, tmp_path: Path) -> None:
        file = tmp_path / "f"
        for text, old, told in (
            ("}\n}\n}\n", "}\n}\n", "2 times, at lines 1, 2"),
            ("aaa", "aa", "2 times, at lines 1, 1"),
            ("\n" * 100, "\n\n", "more than 10 times, at lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and on"),
        ):
            file.write_text(text)
            good(registry, "read_file", path="f")
            found = bad(registry, "replace_in_file", path="f", old=old, new="X")
            assert f"is in `f` {told}: expected once" in found
            assert file.read_text() == text
            good(registry, "replace_in_file", path="f", old=old, new="X", every=True)
            assert file.read_text() == text.replace(old, "X")

    def test_what_is_not_there_is_answered_with_the_nearest_text(self, registry: Registry, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_text(
            "import os\n\n\ndef first(a, b):\n    return a + b\n\n\ndef second(a):\n\treturn a\n"
        )
        found = bad(registry, "replace_in_file", path="a.py", old="def first(a, c):\n    return a + b\n", new="x")
        assert "nearest text begins at line 4" in found and "-def first(a, c):\n+def first(a, b):" in found
        # Tabs for spaces, which nobody sees.
        found = bad(registry, "replace_in_file", path="a.py", old="def second(a):\n    return a\n", new="x")
        assert "begins at line 8" in found and "-    return a\n+\treturn a" in found
        found = bad(registry, "replace_in_file", path="a.py", old="zzzzzz qqqqqq\n" * 3, new="x")
        assert "nothing is like it: read the file again" in found

    def test_differences_at_the_ends_of_lines_can_be_seen(self, registry: Registry, tmp_path: Path) -> None:
        (tmp_path / "open").write_text("alpha\nlast line")
        found = bad(registry, "replace_in_file", path="open", old="last line\n", new="x")
        assert found.endswith("begins at line 2; the difference from `old`:\n(the file has no newline at its end)")
        (tmp_path / "mixed").write_bytes(b"first\x0c line\nalpha\r\nlast line\n")
        found = bad(registry, "replace_in_file", path="mixed", old="alpha\nlast line\n", new="x")
        assert "begins at line 2" in found and "-alpha\n+alpha␍\n last line" in found

    def test_texts_that_are_alike_everywhere_take_no_longer(self, registry: Registry, tmp_path: Path) -> None:
        source, words = random.Random(1), "self value return result name index for in if else none".split()
        lines = [" " * 8 + " ".join(source.choices(words, k=14)) for _ in range(4_000)]
        (tmp_path / "alike").write_text("\n".join(lines) + "\n")
        others = [" " * 8 + " ".join(source.choices(words, k=14)) for _ in range(300)]
        assert "nearest text begins" in bad(registry, "replace_in_file", path="alike", old="\n".join(others), new="x")

    def test_the_nearest_text_of_a_large_file_is_found(self, registry: Registry, tmp_path: Path) -> None:
        lines = [f"    value_{n} = compute({n * 7919 % 100_003})" for n in range(50_000)]
        (tmp_path / "big.py").write_text("\n".join(lines) + "\n")
        wanted = "\n".join([lines[40_000], lines[40_001].replace("compute", "computed"), lines[40_002]])
        assert "begins at line 40001" in bad(registry, "replace_in_file", path="big.py", old=wanted, new="x")

    @pytest.mark.parametrize(
        ("old", "new", "text"),
        [("", "x", "`old` is empty"), ("a", "a", "are the same text"), ("b", "c", "`old` is not in `a`")],
    )
    def test_senseless_replacements_are_refused(
        self, registry: Registry, tmp_path: Path, old: str, new: str, text: str
    ) -> None:
        (tmp_path / "a").write_text("a\n")
        assert text in bad(registry, "replace_in_file", path="a", old=old, new=new)
        assert "there is no file `none`" in bad(registry, "replace_in_file", path="none", old="a", new="b")

    def test_line_ends_of_the_file_count_not_those_of_the_model(self, registry: Registry, tmp_path: Path) -> None:
        file = tmp_path / "a"
        file.write_bytes(b"a\r\nb\r\nc")
        good(registry, "replace_in_file", path="a", old="a\nb\n", new="x\ny\nz\n")
        assert file.read_bytes() == b"x\r\ny\r\nz\r\nc"
        good(registry, "replace_in_file", path="a", old="y\r\nz", new="q")
        assert file.read_bytes() == b"x\r\nq\r\nc"
        file.write_bytes(b"a\r\nb\nc\n")
        good(registry, "read_file", path="a")
        good(registry, "replace_in_file", path="a", old="b\nc", new="d")
        assert file.read_bytes() == b"a\r\nd\n"


def test_any_text_is_written_as_it_was_read() -> None:
    source = random.Random(5)
    parts = ["a", "é", "ж", "\n", "\r\n", "\r", "\t", "\x0c", "\u2028", "x = 1", "# coding: latin-1\n"]
    encodings = ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1251"]
    seen = 0
    for _ in range(5_000):
        text = "".join(source.choices(parts, k=source.randrange(12)))
        data = text.encode(source.choice(encodings), "ignore")
        form = decode(data)
        if form is not None:
            seen += 1
            assert form.encode(form.text) == data, data
    assert seen > 4_500
