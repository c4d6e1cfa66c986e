"""Patches: what `difflib` writes is applied, and anything else is applied whole or not at all."""

from __future__ import annotations

import difflib
import random
import shutil
from collections.abc import Sequence

from rev_accel.metrics import Metrics
from rev_accel.tools import Failure, Registry
from rev_accel.tools.documents import Documents
from rev_accel.tools.patch import PatchTools
from rev_accel.workspace import Workspace

from .choices import Choices
from .places import folder

FOLDER = folder()
ROOT, OUTSIDE = FOLDER / "root", FOLDER / "outside.txt"

FILES = {"a.txt": "one\ntwo\nthree\nfour\nfive\n", "b/c.py": "x = 1\r\ny = 2\r\n", "d": "no end", "e e": ""}
LINES = ("one", "two", "", "x = 1", " ", "\\", "--- a/a.txt", "+++ b/a.txt", "@@ -1 +1 @@", "é", "\ud7ff", "new\r")


def run(data: bytes) -> None:
    source = Choices(data)
    build()
    if source.random() < 0.3:
        written(source)
    else:
        foreign(source)


def build() -> None:
    shutil.rmtree(ROOT, ignore_errors=True)
    for name, content in FILES.items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_bytes(content.encode())
    OUTSIDE.write_text("outside")


def applied(patch: str) -> str:
    return Registry([PatchTools(Documents(Workspace(ROOT))).apply_patch], metrics=Metrics()).execute(
        "apply_patch", {"patch": patch}
    )


def contents() -> dict[str, bytes]:
    return {str(path.relative_to(ROOT)): path.read_bytes() for path in sorted(ROOT.rglob("*")) if path.is_file()}


def written(source: random.Random) -> None:
    """The difference of two texts makes one of the other."""
    name = source.choice(("a.txt", "d"))
    before = FILES[name].splitlines(keepends=True)
    after = list(before)
    for _ in range(1 + source.randrange(4)):
        at = source.randrange(len(after) + 1)
        new = [f"{source.choice(LINES)}\n" for _ in range(source.randrange(4))]
        after[at : at + source.randrange(3)] = new
    if any(not line.endswith("\n") for line in (*before, *after)):
        # `difflib` has no words for a missing end.
        before, after = (
            [f"{line.rstrip(chr(10))}\n" for line in before],
            [f"{line.rstrip(chr(10))}\n" for line in after],
        )
        (ROOT / name).write_bytes("".join(before).encode())
    patch = "".join(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}", n=source.randrange(4)))
    if not patch:
        return
    answer = applied(patch)
    assert not isinstance(answer, Failure), (patch, answer)
    assert (ROOT / name).read_bytes() == "".join(after).encode(), patch


def foreign(source: Choices) -> None:
    """A patch that is refused changes nothing, and none changes anything outside."""
    patch = source.rest().decode("utf-8", source.choice(("replace", "surrogateescape")))
    before = contents()
    answer = applied(patch)
    assert isinstance(answer, str) and answer
    if isinstance(answer, Failure):
        assert contents() == before, (patch, answer)
    assert OUTSIDE.read_text() == "outside"
    assert {path.name for path in FOLDER.iterdir()} <= {"root", "outside.txt"}


def seeds() -> Sequence[bytes]:
    patches = (
        "--- a/a.txt\n+++ b/a.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n@@ -5 +5,2 @@\n five\n+six\n",
        "--- a/d\n+++ b/d\n@@ -1 +1 @@\n-no end\n\\ No newline at end of file\n+an end\n",
        "diff --git a/a.txt b/new/f.txt\nsimilarity index 100%\nrename from a.txt\nrename to new/f.txt\n",
        "diff --git a/n b/n\nnew file mode 100755\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n",
        "diff --git a/d b/d\ndeleted file mode 100644\n--- a/d\n+++ /dev/null\n@@ -1 +0,0 @@\n-no end\n\\ No newline at end of file\n",
        "--- b/c.py\r\n+++ b/c.py\r\n@@ -1,2 +1,2 @@\r\n-x = 1\r\n+x = 3\r\n y = 2\r\n",
        '--- "a/e e"\n+++ "b/e e"\n@@ -0,0 +1 @@\n+x\n--- a/../outside.txt\n+++ b/../outside.txt\n@@ -1 +1 @@\n-outside\n+in\n',
        'diff --git "a/\\303\\251" "b/\\303\\251"\nnew file mode 100644\n--- /dev/null\n+++ "b/\\303\\251"\n@@ -0,0 +1 @@\n+x\n',
    )
    return [b"\xff\xff" + patch.encode() for patch in patches] + [b"\0\0" + bytes(range(n, n + 40)) for n in range(20)]
