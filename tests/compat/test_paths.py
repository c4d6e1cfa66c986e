"""The check of paths: rev's answers, but for a folder beside the root whose name begins like that of the root."""

import itertools
import os
import pathlib
import random
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import rev_accel.compat.rev as accel
from compat import rev as points
from compat.process import in_every_rev, in_rev

SEED = 20_260_103
PATHS = 6_000

Check = Callable[[Any], Any]


def build(root: pathlib.Path) -> None:
    """A tree with links of all kinds, and what lies outside."""
    (root / "a/b/c").mkdir(parents=True)
    (root / "a/b/file.py").write_text("")
    (root / "é 😀").mkdir()
    other = root.parent / f"{root.name}-other"
    (other / "sub").mkdir(parents=True)
    (other / "x").write_text("")
    links = {
        "to_a": "a",
        "a/to_c": "b/c",
        "to_file": "a/b/file.py",
        "a/up": "..",
        "self": "self",
        "loop1": "loop2",
        "loop2": "loop1",
        "broken": "nowhere/at/all",
        "out": str(other),
        "out_file": f"../{other.name}/x",
        "out_up": "../..",
        "absolute": str(root / "a"),
        "chain": "to_a/to_c",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    for name in (os.fsdecode(b"\xff.py"), "line\nend", "back\\slash", " "):
        (root / name).write_text("")


PARTS = (
    *("a", "b", "c", "file.py", "é 😀", "to_a", "to_c", "to_file", "up", "self", "loop1", "broken", "out", "out_file"),
    *("out_up", "absolute", "chain", "missing", "new.py", ".", "..", "", os.fsdecode(b"\xff.py"), " ", "~", "x", "sub"),
)


def functions() -> tuple[dict[str, Check], dict[str, Check]]:
    """rev's two functions and ours, by their modules."""
    points.load()
    modules = ("rev.tools.utils", "rev.tools.file_ops")
    rev = {name: sys.modules[name]._safe_path for name in modules}
    accel.install(only=["paths"])
    ours = {name: sys.modules[name]._safe_path for name in modules}
    assert all(map(points.is_ours, ours.values()))
    return rev, ours


def told(check: Check, path: Any) -> Any:
    try:
        found = check(path)
    except Exception as error:
        return type(error), str(error)
    assert type(found) is type(pathlib.Path())
    return str(found)


def compare(rev: Check, ours: Check, path: Any, root: pathlib.Path, note: object = None) -> None:
    expected, found = told(rev, path), told(ours, path)
    if isinstance(expected, str) and expected != str(root) and not expected.startswith(str(root).rstrip("/") + "/"):
        assert found == (ValueError, f"Path escapes repo: {path}"), (note, path, expected, found)
        return
    assert found == expected, (note, path, expected, found)


@in_every_rev
def test_random_paths_through_links_lead_where_rev_says() -> None:
    root = pathlib.Path.cwd()
    build(root)
    rev, ours = functions()
    chance = random.Random(SEED)
    starts = (
        "",
        "",
        "",
        "./",
        "../",
        f"{root}/",
        "/",
        f"{root}-other/",
        f"../{root.name}/",
        f"../{root.name}-other/",
        "//",
        "///",
    )
    for number in range(PATHS):
        path = chance.choice(starts) + "/".join(chance.choice(PARTS) for _ in range(chance.randrange(5)))
        path += chance.choice(("", "", "", "/"))
        module = chance.choice([*rev])
        compare(rev[module], ours[module], path, root, (SEED, number))


@in_rev
def test_all_short_paths_lead_where_rev_says() -> None:
    root = pathlib.Path.cwd()
    build(root)
    rev, ours = functions()
    for parts in itertools.chain(itertools.product(PARTS), itertools.product(PARTS, repeat=2)):
        compare(rev["rev.tools.utils"], ours["rev.tools.utils"], "/".join(parts), root)


@in_rev
def test_what_is_no_path() -> None:
    root = pathlib.Path.cwd()
    build(root)
    rev, ours = functions()
    odd: tuple[Any, ...] = (
        None,
        5,
        b"a",
        [],
        "a\0b",
        "\0",
        "a" * 300,
        "a/" * 3_000,
        "\udcff",
        "\ud800",
        True,
        1.5,
        object,
    )
    paths = (
        pathlib.Path("a"),
        pathlib.Path("/"),
        pathlib.PurePosixPath("a/b"),
        pathlib.Path("to_a"),
        root,
        root.parent,
    )
    for module in rev:
        for path in (
            *odd,
            *paths,
            type("Text", (str,), {})("a/b"),
            "",
            ".",
            "/",
            str(root),
            f"{root}/",
            "~/x",
            "C:\\x",
        ):
            compare(rev[module], ours[module], path, root)


@in_rev
def test_a_folder_that_becomes_a_link_is_seen_at_the_next_call() -> None:
    root = pathlib.Path.cwd()
    build(root)
    _, ours = functions()
    check = ours["rev.tools.file_ops"]
    assert check("a/b/file.py") == root / "a/b/file.py"
    (root / "a").rename(root / "was_a")
    (root / "a").symlink_to(root.parent / f"{root.name}-other")
    assert told(check, "a/x") == (ValueError, "Path escapes repo: a/x")
    (root / "a").unlink()
    (root / "a").symlink_to("was_a")
    assert check("a/b/file.py") == root / "was_a/b/file.py"
    (root / "a").unlink()
    (root / "was_a").rename(root / "a")
    assert check("a/b/file.py") == root / "a/b/file.py"
    root.rename(root.parent / "moved")
    root.symlink_to("moved")
    # The root itself has become a link: what is in it is no longer below its name.
    assert told(check, "a/b/file.py") == (ValueError, "Path escapes repo: a/b/file.py")


@in_rev
def test_roots_of_all_kinds() -> None:
    here = pathlib.Path.cwd()
    build(here)
    rev, ours = functions()
    (here / "link").symlink_to("a")
    for root in (
        here / "a",
        here / "link",
        pathlib.Path("/"),
        pathlib.Path("a"),
        pathlib.Path(),
        here / "a/..",
        here / "none",
        here / "self",
        str(here),
        None,
        pathlib.PurePosixPath(here),
    ):
        for module in rev:
            vars(sys.modules[module])["ROOT"] = root
            for path in (
                "",
                ".",
                "b",
                "b/c",
                "new",
                "..",
                "../a",
                "/",
                "/etc",
                str(here),
                str(here / "a/b"),
                "to_c",
                "x/../y",
            ):
                compare(rev[module], ours[module], path, pathlib.Path(str(root)), root)


@in_rev
def test_who_may_not_look_is_told_what_rev_tells() -> None:
    rev, ours = functions()
    # Where everybody may come to it; the folder of the test is for its user alone.
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve() / "root"
        root.mkdir()
        build(root)
        vars(sys.modules["rev.tools.utils"])["ROOT"] = root
        (root / "a").chmod(0o000)
        user = os.geteuid()
        if user == 0:
            root.parent.chmod(0o755)
            os.seteuid(65534)
        try:
            for path in ("a", "a/b", "a/b/file.py", "a/b/../c", "a/to_c", "to_a/b", "missing/a"):
                compare(rev["rev.tools.utils"], ours["rev.tools.utils"], path, root)
        finally:
            os.seteuid(user)
            (root / "a").chmod(0o755)
