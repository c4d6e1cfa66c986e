"""The output of commands: what is kept of it, and what of it is no text."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rev_accel.tools import output
from rev_accel.tools.output import Excerpt, Plain, collapsed
from rev_accel.tools.process import Completed, run

# Seconds after which something hangs; nothing comes near.
HANGS = 60


def run_python(code: str, cwd: Path, **options: object) -> Completed:
    return run([sys.executable, "-c", code], cwd=cwd, timeout=HANGS, **options)


def test_the_beginning_and_the_end_of_long_output_are_kept(tmp_path: Path) -> None:
    done = run_python("for n in range(100_000): print('line', n)", tmp_path, limit=600)
    assert done.bytes == sum(len(f"line {n}\n") for n in range(100_000))
    lines = done.output.splitlines()
    assert lines[0] == "line 0"
    assert lines[-1] == "line 99999"
    (cut,) = [line for line in lines if line.startswith("[... ")]
    assert (
        cut
        == f"[... {done.bytes - len(done.output) + len(cut) + 1:,} bytes, {100_001 - len(lines):,} lines left out ...]"
    )
    assert len(done.output) <= 600 + len(cut) + 2


@pytest.mark.parametrize("limit", range(200, 212))
def test_a_cut_never_breaks_a_character(limit: int) -> None:
    excerpt = Excerpt(limit)
    for _ in range(200):
        excerpt.add("é中😀")
    text = excerpt.text()
    head, _, tail = text.partition("\n[... ")
    assert set(head + tail.partition("...]\n")[2]) <= set("é中😀")
    assert f"{limit // 3}" and len(text.encode()) <= limit + 50


def test_what_just_fits_is_whole() -> None:
    for size in (299, 300, 301):
        excerpt = Excerpt(300)
        excerpt.add("x" * size)
        assert ("left out" in excerpt.text()) == (size > 300)


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    done = run_python("import os; os.write(1, b'a\\xff\\xe4\\xb8'); os.write(1, b'\\xadb\\xe4')", tmp_path)
    assert done.output == "a\ufffd\u4e2db\ufffd"


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("\x1b[1;31mred\x1b[0m plain", "red plain"),
        ("\x1b]0;title\x07a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "alink"),
        ("\x1bPdevice\x1b\\a\x1b(Bb\x1b=c\x1bM", "abc"),
        ("a\x08b\x00c\x7f\td", "abc\td"),
        ("\x9b31mx\x9d0;t\x9cy\x85z", "xyz"),
        ("\x1b[38;2;1;2;3mx\x1b[?25l\x1b[2K\x1b[Gy", "xy"),
        ("open at the end \x1b[12", "open at the end 12"),
        ("\x1b]no end\nnext", "no end\nnext"),
        ("\x1b[3\0001mred\x1b\x1b[0m", "red"),
    ],
)
def test_escapes_are_removed_wherever_the_pieces_end(printed: str, text: str) -> None:
    data = printed.encode()
    for cut in range(len(data) + 1):
        plain = Plain()
        pieces = plain.feed(data[:cut]) + plain.feed(data[cut:]) + plain.feed(b"", is_last=True)
        assert pieces.replace("[", "") == text


@pytest.mark.parametrize("piece", ["\0", "\x1b", "\x1b]", "\x1bP", "\x1b[", "\x9d", "\x90", "\x9b", "\x9d\x90x"])
def test_control_characters_without_end_take_time_for_each_once(piece: str) -> None:
    # Where each beginning looked for its end behind all others, this took minutes.
    plain, data = Plain(), (piece * (200_000 // len(piece))).encode()
    text = "".join(plain.feed(data[at : at + 65536]) for at in range(0, len(data), 65536))
    assert not set(text + plain.feed(b"", is_last=True)) - set("[]Px")


@pytest.mark.parametrize("piece", ["\0", "\x1b", "\x85"])
def test_control_characters_are_removed_in_runs(piece: str) -> None:
    # One match for each of them made 100 MB of zeros take longer than the usual time-out.
    _, count = output._ESCAPE.subn("", piece * 100_000)
    assert count <= 2


def test_control_characters_between_others_are_not_looked_for_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_ESCAPE", None)
    assert Plain().feed(b"\1a\2" * 1_000) == "a" * 1_000


def test_all_control_characters_are_removed() -> None:
    controls = "".join(map(chr, [*range(32), *range(127, 160)]))
    assert Plain().feed(f"{controls[:27]}{controls[28:]}".encode(), is_last=True) == "\t\n\r"
    assert Plain().feed(controls.encode(), is_last=True) == "\t\n\r"


def test_an_escape_without_end_is_not_kept_for_ever() -> None:
    plain = Plain()
    given = plain.feed(b"\x1b]" + b"x" * 5000)
    assert given == "x" * 5000


@pytest.mark.parametrize(
    ("line", "shown"),
    [("10%\r50%\r100%", "100%"), ("text\r", "text"), ("\r\rx", "x"), ("a\r\r", "a"), ("", ""), ("\r", "")],
)
def test_what_is_written_over_counts_as_what_is_left(line: str, shown: str) -> None:
    assert collapsed(line) == shown
    for cut in range(len(line) + 1):
        excerpt = Excerpt(1000)
        excerpt.add(f"before\n{line[:cut]}")
        excerpt.add(f"{line[cut:]}\nafter\r\n")
        assert excerpt.text() == f"before\n{shown}\nafter\n"


def test_progress_without_a_newline_is_bounded() -> None:
    excerpt = Excerpt(1000)
    for number in range(20_000):
        excerpt.add(f"\r{number:>10} of many")
    assert excerpt.text().strip() == "19999 of many"


def test_pieces_are_told_while_it_runs(tmp_path: Path) -> None:
    told: list[str] = []

    def listen(text: str) -> None:
        told.append(text)
        if "first" in text:
            (tmp_path / "go").touch()

    code = "import os, time\nprint('\\x1b[1mfirst')\nwhile not os.path.exists('go'): time.sleep(0.01)\nprint('second')"
    done = run_python(code, tmp_path, on_output=listen)
    assert "".join(told) == done.output == "first\nsecond\n"
    assert len(told) > 1


def test_one_who_listens_and_fails_changes_nothing(tmp_path: Path) -> None:
    def fail(_: str) -> None:
        raise ValueError

    assert run(["echo", "there"], cwd=tmp_path, timeout=HANGS, on_output=fail).output == "there\n"


def test_much_output_takes_little_memory(tmp_path: Path) -> None:
    code = f"""if 1:
        import resource, sys
        from rev_accel.tools.process import run
        def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        run([sys.executable, "-c", "print('x' * 99)"], cwd=".", timeout={HANGS})
        before = peak()
        done = run([sys.executable, "-c", "import os\\nfor _ in range(1600): os.write(1, b'0123456789abcde\\\\n' * 4096)"],
                   cwd=".", timeout={HANGS})
        print(done.bytes, peak() - before)
    """
    printed, grown = map(int, run_python(code, tmp_path).output.split())
    assert printed == 1600 * 65536
    assert grown <= 16 << 20
