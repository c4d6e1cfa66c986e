"""Unified diffs: applied as git applies them, to all files or to none."""

from __future__ import annotations

import difflib
import os
import random
import subprocess
from pathlib import Path

import pytest

from rev_accel.errors import ToolError
from rev_accel.metrics import Metrics
from rev_accel.tools import Failure, Registry, builtin_tools, hunks
from rev_accel.tools.diff import Hunk, parse
from rev_accel.tools.hunks import apply
from rev_accel.workspace import Workspace


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return builtin_tools(Workspace(tmp_path), metrics=Metrics())


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def git(folder: Path, *arguments: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-c", "core.autocrlf=false", "-c", "diff.renames=true", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, **more)  # type: ignore[call-overload, no-any-return]


def changed(source: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    for _ in range(source.randrange(1, 5)):
        at = source.randrange(len(lines) + 1)
        lines[at : at + source.choice([0, 0, 1, 1, 2, 5])] = [
            f"{source.choice(['new', '--- x', '+++ y', '@@ -1 +1 @@', '', 'ж', '-', '+'])} {source.randrange(9)}\n"
            for _ in range(source.choice([0, 1, 1, 2, 4]))
        ]
    text = "".join(lines)
    return text.rstrip("\n") if source.random() < 0.2 else text


def test_what_git_writes_is_applied_as_git_does(tmp_path: Path) -> None:
    source = random.Random(11)
    for round_ in range(40):
        folder = tmp_path / f"r{round_}"
        folder.mkdir()
        git(folder, "init", "-q")
        names = ["a.txt", "dir/b.py", "with space.txt", "ж.txt", 'quote".txt']
        for name in names:
            (folder / name).parent.mkdir(exist_ok=True)
            lines = [
                f"{source.choice(['x', 'y', '', 'same'])}{source.choice(['', n])}\n"
                for n in range(source.randrange(30))
            ]
            (folder / name).write_text("".join(lines))
        git(folder, "add", "-A")
        git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "before")
        before = content(folder)
        # Edits of every kind.
        for name in names:
            file, kind = folder / name, source.random()
            if kind < 0.5:
                file.write_text(changed(source, file.read_text()))
            elif kind < 0.6:
                file.unlink()
            elif kind < 0.75:
                file.rename(folder / f"moved {names.index(name)}")
        if source.random() < 0.5:
            (folder / "made.txt").write_text(changed(source, "made\n"))
        if source.random() < 0.2:
            (folder / "made empty").touch()
        git(folder, "add", "-A")
        patch = git(folder, "diff", "--cached", f"-U{source.choice([0, 1, 3, 8])}", "-M").stdout
        after = content(folder)
        git(folder, "reset", "-q", "--hard")
        assert content(folder) == before
        if patch:
            found = builtin_tools(Workspace(folder), metrics=Metrics()).execute(
                "apply_patch", {"patch": patch.decode()}
            )
            assert not isinstance(found, Failure), (round_, found, patch.decode())
        assert content(folder) == after, (round_, patch.decode())


def test_hunks_are_found_where_they_fit_though_numbers_are_wrong() -> None:
    source = random.Random(3)
    for round_ in range(500):
        old = "".join(f"line {n}\n" for n in range(source.randrange(1, 60)))
        new = changed(source, old)
        if old == new:
            continue
        lines = list(difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), "a/f", "b/f"))
        # As difflib leaves lines that have no end.
        patch = "".join(line if line.endswith("\n") else line + "\n\\ No newline at end of file\n" for line in lines)
        (one,) = parse(patch)
        assert apply(one.hunks, old, "f") == new, (round_, patch)
        shifted = old if "\n@@ -0,0 " in patch else "first\n" * 3 + old
        for hunk in one.hunks:
            hunk.start += source.randrange(-2, 3) if hunk.old else 0
        if all(len(hunk.old) > 3 for hunk in one.hunks):
            assert apply(one.hunks, shifted, "f") == shifted[: len(shifted) - len(old)] + new


def test_counts_may_be_wrong_and_blank_lines_bare() -> None:
    text = "a\n\nb\nc\n"
    for patch in (
        "--- a/f\n+++ b/f\n@@ -1,9 +1,2 @@\n a\n \n-b\n+B\n c\n",
        "--- a/f\n+++ b/f\n@@ -1,4 +1,4 @@\n a\n\n-b\n+B\n c\n",
        "--- f\n+++ f\n@@ -1 +1 @@ def x():\n a\n\n-b\n+B\n",
        "```diff\n--- a/f\n+++ b/f\n@@ -3 +3 @@\n-b\n+B\n```\n",
        "Here it is:\n\n--- a/f\t2026-01-01\n+++ b/f\t2026-01-02\n@@ -3 +3 @@\n-b\n+B\n\n\n",
        "--- a/f\r\n+++ b/f\r\n@@ -3 +3 @@\r\n-b\r\n+B\r\n",
    ):
        (one,) = parse(patch)
        assert (one.source, one.target) == ("f", "f")
        assert apply(one.hunks, text, "f") == "a\n\nB\nc\n", patch


@pytest.mark.parametrize(
    ("patch", "text"),
    [
        ("", "the patch changes nothing"),
        ("hello\nworld", "the patch changes nothing"),
        ("@@ -1 +1 @@\n-a\n+b\n", "is no head of a hunk"),
        ("--- a/f\n+++ b/f\n@@ nonsense @@\n-a\n+b\n", "is no head of a hunk"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "before and after: expected a name"),
        ("diff --git a/b b/b\nindex 1..2 100644\nGIT binary patch\nliteral 1\n", "expected changes of text only"),
        (
            "diff --git a/b b/b\nnew file mode 120000\n--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+/etc/passwd\n",
            "expected changes of text only",
        ),
        ("diff --git a/b b/b\nBinary files a/b and b/b differ\n", "expected changes of text only"),
        (
            "diff --git a/b b/b\nnew file mode 160000\n--- /dev/null\n+++ b/b\n@@ -0,0 +1 @@\n+Subproject commit 1\n",
            "expected changes of text only",
        ),
        ("diff --git a/b b/c\nrename from b\n--- a/b\n+++ b/c\n@@ -1 +1 @@\n-a\n+b\n", "half of a renaming"),
        (
            "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\ndiff --git a/b b/b\nindex 1..2 100644\n@@ -1 +1 @@\n-a\n+b\n",
            "is no head of a hunk",
        ),
    ],
)
def test_what_is_no_usable_patch_is_told(patch: str, text: str) -> None:
    with pytest.raises(ToolError, match=text):
        parse(patch)


@pytest.mark.parametrize(
    "hunk",
    [
        "@@ -1,5 +1,5 @@\n a\n-b\n+B\nc\n-d\n+D\n e\n",
        "@@ -1,5 +1,5 @@\n a\n-b\n+B\nc\n d\n e\n",
        "@@ -1,5 +1,5 @@\n a\n-b\n+B\n\tc\n",
        "@@ -1,5 +1,5 @@\n a\n-b\n+B\n\\section\n",
        "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\nand\n-d\n+D\n",
        "@@ -1,2 +1,2 @@\n a\n-b\n+B\nc\n d\n+D\n",
        "@@ -2 +2 @@\n-b\n+B\n```\n+D\n",
        "-b\n+B\n@@ -4 +4 @@\n-d\n+D\n",
    ],
)
def test_no_line_of_a_hunk_is_passed_over(hunk: str) -> None:
    with pytest.raises(ToolError, match=r"line \d+ of the patch, `.*`, (stands in a hunk|is in no hunk)"):
        parse(f"--- a/f\n+++ b/f\n{hunk}")


@pytest.mark.parametrize(
    ("text", "hunk", "said"),
    [
        ("a\nb\na\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+c\n", "but the file has one there"),
        ("a\nb\na", "@@ -2 +2 @@\n-b\n\\ No newline at end of file\n+c\n", "it says that the file ends with them"),
        ("a\nb\n", "@@ -1 +1 @@\n-a\n+c\n\\ No newline at end of file\n", "it says that the file ends with them"),
        ("a\nb\n", "@@ -1,0 +2 @@\n+c\n\\ No newline at end of file\n", "but more lines follow"),
        ("a\nb\n", "@@ -100,0 +101 @@\n+z\n", "no line 100 to put the new ones"),
        ("a\nb\n", "@@ -2 +2 @@\n-b\n+B\n@@ -1,0 +2 @@\n+z\n", "hunk 2 of `f` has no old lines"),
        ("a\nb\n", "@@ -2 +2 @@\n-b\n+B\n@@ -1 +1 @@\n-a\n+A\n", "They begin at line 1"),
    ],
)
def test_hunks_without_a_choice_of_place_fit_there_or_nowhere(text: str, hunk: str, said: str) -> None:
    (one,) = parse(f"--- a/f\n+++ b/f\n{hunk}")
    with pytest.raises(ToolError, match=said):
        apply(one.hunks, text, "f")


def test_of_several_places_the_nearest_counts() -> None:
    source = random.Random(5)
    for round_ in range(300):
        lines = source.choices("abc", k=source.randrange(1, 40)) * source.choice([1, 1, 100])
        old = source.choices("abc", k=source.randrange(1, 4))
        start = source.randrange(1, len(lines) + 10)
        places = [at for at in range(len(lines)) if lines[at : at + len(old)] == old]
        (one,) = parse("".join(["--- f\n+++ f\n", f"@@ -{start} +1 @@\n", *(f"-{line}\n" for line in old), "+new\n"]))
        if not places:
            with pytest.raises(ToolError, match="does not fit"):
                apply(one.hunks, "\n".join(lines) + "\n", "f")
            continue
        at = min(places, key=lambda at: (abs(at - start + 1), at))
        expected = [*lines[:at], "new", *lines[at + len(old) :]]
        assert apply(one.hunks, "\n".join(lines) + "\n", "f") == "\n".join(expected) + "\n", (round_, lines, old, start)


def test_many_hunks_of_a_large_file_take_no_more_than_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    # All alike, which once took hunks times lines: minutes here. What is looked at is counted.
    count = 100_000
    monkeypatch.setattr(hunks, "MOST_LOOKS", 0)
    places = [Hunk(at + 1, ["y bar"], ["q"]) for at in range(0, count, 50)]
    assert apply(places, "y bar\n" * count, "f") == ("q\n" + "y bar\n" * 49) * (count // 50)
    # The same from wrong numbers, each at the other end.
    lines = [f"line {number}" for number in range(count)]
    wrong = [Hunk(1 if number % 100 else count, [lines[number]], ["q"]) for number in range(0, count, 50)]
    with pytest.raises(ToolError, match="is too far from the line that its head says"):
        apply(wrong, "\n".join(lines), "f")
    monkeypatch.undo()
    assert apply(wrong, "\n".join(lines), "f").count("q") == len(wrong)


MANY = """--- a/one
+++ b/one
@@ -1 +1 @@
-1
+uno
--- a/two
+++ /dev/null
@@ -1 +0,0 @@
-2
--- /dev/null
+++ b/new/three
@@ -0,0 +1 @@
+3
"""


class TestAllOrNothing:
    @pytest.fixture
    def files(self, tmp_path: Path) -> dict[str, bytes]:
        for name, text in (("one", "1\n"), ("two", "2\n"), ("four", "4\n")):
            (tmp_path / name).write_text(text)
            (tmp_path / name).chmod(0o640)
        return content(tmp_path)

    def test_all(self, registry: Registry, tmp_path: Path, files: dict[str, bytes]) -> None:
        found = registry.execute("apply_patch", {"patch": MANY})
        assert found == "Changed `one`, 1 hunk.\nDeleted `two`.\nCreated `new/three`."
        assert content(tmp_path) == {"four": b"4\n", "new/three": b"3\n", "one": b"uno\n"}

    @pytest.mark.parametrize(
        ("more", "text"),
        [
            ("--- a/four\n+++ b/four\n@@ -1 +1 @@\n-5\n+x\n", "hunk 1 of `four` does not fit"),
            ("--- a/five\n+++ b/five\n@@ -1 +1 @@\n-5\n+x\n", "there is no file `five`"),
            ("--- /dev/null\n+++ b/four\n@@ -0,0 +1 @@\n+x\n", "`four` is there already"),
            ("--- a/four\n+++ /dev/null\n@@ -0,0 +0,0 @@\n", "has not all of its lines"),
            ("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-5\n+x\n", "leads out of the workspace"),
            ("--- a/one\n+++ b/one\n@@ -1 +1 @@\n-1\n+x\n", "`one` is in the patch twice"),
            ("diff --git a/four b/one\nrename from four\nrename to one\n", "`one` is in the patch twice"),
            ("--- a/./one\n+++ b/./one\n@@ -1 +1 @@\n-1\n+x\n", "one` is in the patch twice"),
            ("--- a/link\n+++ b/link\n@@ -1 +1 @@\n-1\n+x\n", "` is in the patch twice"),
        ],
    )
    def test_none_if_a_part_does_not_fit(
        self, registry: Registry, tmp_path: Path, files: dict[str, bytes], more: str, text: str
    ) -> None:
        (tmp_path / "link").symlink_to("one")
        for patch in (MANY + more, more + MANY):
            found = registry.execute("apply_patch", {"patch": patch})
            assert isinstance(found, Failure) and text in found and "Nothing was changed" in found
            assert content(tmp_path) == files | {"link": b"1\n"}

    def test_none_if_a_file_with_two_names_is_among_them(self, registry: Registry, tmp_path: Path) -> None:
        (tmp_path / "last").write_text("one\n")
        (tmp_path / "twin").hardlink_to(tmp_path / "last")
        last = "--- a/last\n+++ b/last\n@@ -1 +1 @@\n-one\n+two\n"
        for data, hunk in (
            (b"caf\xe9\nplain\n", "@@ -1,2 +1,2 @@\n-café\n+cafe\n plain\n"),
            (b"only\r\n", "@@ -1 +0,0 @@\n-only\n"),
            (b"\xef\xbb\xbfa\r\nb", "@@ -1,2 +1 @@\n-a\n b\n\\ No newline at end of file\n"),
        ):
            for target, moved in (
                ("first", ""),
                ("new/first", "diff --git a/first b/new/first\nrename from first\nrename to new/first\n"),
            ):
                (tmp_path / "first").write_bytes(data)
                (tmp_path / "first").chmod(0o751)
                found = registry.execute("apply_patch", {"patch": f"{moved}--- a/first\n+++ b/{target}\n{hunk}{last}"})
                assert isinstance(found, Failure) and "hard links" in found
                assert (tmp_path / "first").read_bytes() == data and (
                    tmp_path / "first"
                ).stat().st_mode & 0o777 == 0o751
                registry.execute("delete", {"path": "first"})
        made = "--- /dev/null\n+++ b/deep/er/made\n@@ -0,0 +1 @@\n+x\n"
        assert isinstance(registry.execute("apply_patch", {"patch": made + last}), Failure)
        assert sorted(one.name for one in tmp_path.iterdir()) == ["last", "twin"]

    def test_a_link_is_deleted_itself(self, registry: Registry, tmp_path: Path) -> None:
        (tmp_path / "real").write_text("x\n")
        (tmp_path / "link").symlink_to("real")
        assert (
            registry.execute("apply_patch", {"patch": "--- a/link\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"})
            == "Deleted `link`."
        )
        assert [one.name for one in tmp_path.iterdir()] == ["real"]

    def test_returns_at_the_ends_of_lines_are_as_in_the_patch(self, registry: Registry, tmp_path: Path) -> None:
        (tmp_path / "crlf").write_bytes(b"a\r\nb\r\n")
        patch = "--- a/crlf\n+++ b/crlf\n@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n--- /dev/null\n+++ b/made\n@@ -0,0 +1 @@\n+x\r\n"
        assert not isinstance(registry.execute("apply_patch", {"patch": patch}), Failure)
        assert content(tmp_path) == {"crlf": b"a\r\nc\r\n", "made": b"x\r\n"}

    @pytest.mark.parametrize(
        ("before", "hunk", "after"),
        [
            (b"a\r\nb\r\n", "@@ -1,2 +1,2 @@\n-a\r\n-b\r\n+a\n+b\n", b"a\nb\n"),
            (b"a\r\nb\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\n", b"a\r\nc\n"),
            (b"a\r\nb", "@@ -1,2 +1,2 @@\n a\r\n-b\n\\ No newline at end of file\n+c\n", b"a\r\nc\n"),
            (b"a\r\n", "@@ -1,0 +2 @@\n+b\r\n\\ No newline at end of file\n", b"a\r\nb\r"),
            (b"a\nb\n", "@@ -1,2 +1,2 @@\n-a\n-b\n+a\r\n+b\r\n", b"a\r\nb\r\n"),
            (b"a\r\nb\r\n", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n", b"a\r\nc\r\n"),
        ],
    )
    def test_changes_of_line_ends_are_made_where_the_patch_has_them(
        self, registry: Registry, tmp_path: Path, before: bytes, hunk: str, after: bytes
    ) -> None:
        (tmp_path / "f").write_bytes(before)
        assert registry.execute("apply_patch", {"patch": f"--- a/f\n+++ b/f\n{hunk}"}) == "Changed `f`, 1 hunk."
        assert (tmp_path / "f").read_bytes() == after

    def test_modes_that_are_not_set_are_told(self, registry: Registry, tmp_path: Path, files: dict[str, bytes]) -> None:
        patch = (
            "diff --git a/s b/s\nnew file mode 100755\n--- /dev/null\n+++ b/s\n@@ -0,0 +1 @@\n+x\n"
            "diff --git a/one b/one\nold mode 100644\nnew mode 100755\n--- a/one\n+++ b/one\n@@ -1 +1 @@\n-1\n+uno\n"
            "diff --git a/two b/two\nold mode 100644\nnew mode 100755\n"
            "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n"
        )
        told = "The mode 100755 was not set: a patch changes text alone."
        assert registry.execute("apply_patch", {"patch": patch}) == (
            f"Created `s`. {told}\nChanged `one`, 1 hunk. {told}\nLeft `two` as it is. {told}\nCreated `n`."
        )
        assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("one", "two")} == {0o640}

    def test_none_if_a_file_cannot_be_written(
        self, registry: Registry, tmp_path: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = Workspace.write
        for refused in ("one", "new/three", "four"):

            def write_some(
                self: Workspace, path: str, *given: object, refused: str = refused, **more: object
            ) -> object:
                if str(path).endswith(refused) and os.environ.get("FULL"):
                    raise OSError(28, "No space left on device", refused)
                return write(self, path, *given, **more)  # type: ignore[arg-type]

            monkeypatch.setattr(Workspace, "write", write_some)
            monkeypatch.setenv("FULL", "1")
            patch = MANY + "--- a/four\n+++ b/four\n@@ -1 +1 @@\n-4\n+x\n"
            found = registry.execute("apply_patch", {"patch": patch})
            assert isinstance(found, Failure) and "No space left" in found and "Nothing was changed" in found
            assert content(tmp_path) == files, refused
            assert {(tmp_path / name).stat().st_mode & 0o777 for name in files} == {0o640}
            monkeypatch.delenv("FULL")
