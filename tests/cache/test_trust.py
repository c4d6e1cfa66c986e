"""A cache folder that somebody else could have written to is not used: the answer is right, and that is said once."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from robustness.process import run_python

from .conftest import COUNT, make_tree

pytestmark = pytest.mark.skipif(os.name != "posix", reason="owners and modes")

OTHER_USER = 65534
AS_ROOT = pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give files away")

# What the snippets below start with. Everything is loaded before rights are given up, since then it might not be readable.
PRELUDE = """
import difflib, encodings.idna, io, json, os, sys, warnings
from contextlib import redirect_stderr, redirect_stdout
import rev_accel
from rev_accel import _core, _interpreter, cache, cli, records, report, workspace
from rev_accel.cli import app, summary

def ordinary():
    "Root may do everything, whatever the modes say."
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

def ask(tree):
    with workspace.use_root(tree):
        return rev_accel.analyze_ast_patterns("."), rev_accel.scan().to_json(), rev_accel.scan(selection="all").to_json()

def right(tree):
    os.environ["REV_ACCEL_NO_CACHE"] = "1"
    answer = ask(tree)
    del os.environ["REV_ACCEL_NO_CACHE"]
    return answer
"""

# Asks twice, and prints how often and with what was warned.
ASKING = """
if sys.argv[2] == "ordinary": ordinary()
expected = right(sys.argv[1])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    answers = [ask(sys.argv[1]) for _ in range(2)]
print(json.dumps([all(answer == expected for answer in answers), *[[w.category.__name__, str(w.message)] for w in caught]]))
"""

COMMAND = """
if sys.argv[2] == "ordinary": ordinary()
os.chdir(sys.argv[1])
def run(*arguments):
    class Output(io.TextIOWrapper): pass
    output, errors = Output(io.BytesIO(), "utf-8"), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        code = cli.main(["scan", *arguments])
    return code, output.buffer.getvalue().decode(), errors.getvalue()
with_cache, without = run(), run("--no-cache")
print(json.dumps([with_cache[:2] == without[:2], with_cache[2].removesuffix(without[2])]))
"""


def other_user(folder: Path, tree: Path) -> str:
    folder.mkdir(mode=0o700)
    os.chown(folder, OTHER_USER, OTHER_USER)
    return str(folder)


def group_writable(folder: Path, tree: Path) -> str:
    folder.mkdir()
    folder.chmod(0o770)
    return str(folder)


def writable_for_all(folder: Path, tree: Path) -> str:
    folder.mkdir()
    folder.chmod(0o777)
    return str(folder)


def a_link(folder: Path, tree: Path) -> str:
    target = folder.with_name("target")
    target.mkdir(mode=0o700)
    folder.symlink_to(target)
    return str(folder)


def link_below(folder: Path, tree: Path) -> str:
    folder.mkdir(mode=0o700)
    target = folder.with_name("target")
    target.mkdir(mode=0o700)
    (folder / "v1").symlink_to(target)
    return str(folder)


def group_writable_below(folder: Path, tree: Path) -> str:
    (folder / "v1" / "manifests").mkdir(mode=0o700, parents=True)
    (folder / "v1" / "manifests").chmod(0o720)
    return str(folder)


def other_user_below(folder: Path, tree: Path) -> str:
    (folder / "v1" / "facts").mkdir(mode=0o700, parents=True)
    os.chown(folder / "v1" / "facts", OTHER_USER, OTHER_USER)
    return str(folder)


def inside_the_tree(folder: Path, tree: Path) -> str:
    return str(tree / "cache")


def inside_the_tree_by_a_link(folder: Path, tree: Path) -> str:
    folder.with_name("way").symlink_to(tree)
    return str(folder.with_name("way") / "cache")


def the_tree_itself(folder: Path, tree: Path) -> str:
    return str(tree)


def relative_path(folder: Path, tree: Path) -> str:
    return "cache"


def parent_parts(folder: Path, tree: Path) -> str:
    return f"{folder}/../cache"


def no_folder(folder: Path, tree: Path) -> str:
    folder.write_text("a file")
    return str(folder)


def below_a_file(folder: Path, tree: Path) -> str:
    folder.write_text("a file")
    return str(folder / "cache")


def where_nothing_can_be_made(folder: Path, tree: Path) -> str:
    return "/proc/cache"


CASES: dict[Callable[[Path, Path], str], str] = {
    group_writable: "its group can write to it",
    writable_for_all: "other users can write to it",
    a_link: "it is a symbolic link",
    link_below: "it is a symbolic link",
    group_writable_below: "its group can write to it",
    inside_the_tree: "which is analysed",
    inside_the_tree_by_a_link: "which is analysed",
    the_tree_itself: "which is analysed",
    relative_path: "not an absolute path",
    parent_parts: "`..`",
    no_folder: "not a folder|Not a directory",
    below_a_file: "cannot be created|Not a directory",
    where_nothing_can_be_made: "cannot be created|does not exist",
}
OWNER_CASES = {other_user: "it belongs to user 65534", other_user_below: "it belongs to user 65534"}
EVERY_CASE = [
    *[pytest.param(make, reason, id=make.__name__) for make, reason in CASES.items()],
    *[pytest.param(make, reason, id=make.__name__, marks=AS_ROOT) for make, reason in OWNER_CASES.items()],
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return make_tree(tmp_path / "tree", "trust")


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Everything below a folder, with mode and time of change."""
    found = {str(path): path.lstat() for path in [folder, *folder.rglob("*")]}
    return {path: (status.st_mode, status.st_mtime_ns) for path, status in found.items()}


def answered(
    tree: Path, folder: str | None, *, code: str = ASKING, user: str = "same", **options: object
) -> list[object]:
    """What a snippet prints, with a cache folder named by the environment."""
    import json

    result = run_python(PRELUDE + code, tree, user, environment={"REV_ACCEL_CACHE_DIR": folder or ""}, **options)
    return json.loads(result.stdout)


def expect_one_warning(said: list[object], reason: str) -> None:
    is_right, *caught = said
    assert is_right
    assert len(caught) == 1, caught
    category, text = caught[0]  # type: ignore[misc]
    assert category == "RuntimeWarning"
    assert re.search(reason, text), text
    assert "\n" not in text


@pytest.mark.parametrize(("make", "reason"), EVERY_CASE)
def test_a_folder_that_cannot_be_trusted_is_not_used_and_told_of_once(
    make: Callable[[Path, Path], str], reason: str, tree: Path, tmp_path: Path
) -> None:
    folder = make(tmp_path / "folder", tree)
    before = state(tree)
    expect_one_warning(answered(tree, folder), reason)
    assert state(tree) == before
    assert [path for path in tmp_path.rglob("*") if path.is_file() and tree not in path.parents] == (
        [tmp_path / "folder"] if make in (no_folder, below_a_file) else []
    )


@pytest.mark.parametrize(("make", "reason"), EVERY_CASE)
def test_such_a_folder_is_no_error_where_warnings_are_errors_and_a_line_of_the_command(
    make: Callable[[Path, Path], str], reason: str, tree: Path, tmp_path: Path
) -> None:
    folder = make(tmp_path / "folder", tree)
    code = "print(json.dumps([ask(sys.argv[1]) == right(sys.argv[1])]))"
    assert answered(tree, folder, code=code, options=("-W", "error")) == [True]
    is_right, line = answered(tree, folder, code=COMMAND)
    assert is_right
    assert re.fullmatch(rf"rev-accel: warning: done without the cache: [^\n]*({reason})[^\n]*\n", str(line)), line


@pytest.mark.parametrize(("make", "reason"), EVERY_CASE)
def test_nothing_is_made_in_a_folder_that_cannot_be_trusted(
    make: Callable[[Path, Path], str], reason: str, tree: Path, tmp_path: Path
) -> None:
    folder = make(tmp_path / "folder", tree)
    before = state(tmp_path)
    assert answered(tree, folder)[0]
    assert state(tmp_path) == before


ORDINARY = """
import pathlib
os.mkdir(sys.argv[1] + "/../mine")
base = os.path.realpath(sys.argv[1] + "/../mine")
{prepare}
os.environ["REV_ACCEL_CACHE_DIR"] = base + "/cache"
if os.getuid() == 0: os.system(f"chown -R 65534:65534 {{base}}")
ordinary()
"""


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        ("os.mkdir(base + '/cache', 0o500)", "it cannot be created: Permission denied"),
        ("os.chmod(base, 0o500)", "it cannot be created: Permission denied"),
        ("os.mkdir(base + '/cache', 0o000)", "Permission denied"),
    ],
    ids=["read-only folder", "unwritable parent", "unreadable folder"],
)
def test_a_folder_without_rights_is_told_of_once(prepare: str, reason: str, tree: Path) -> None:
    for folder in (tree, tree.parent, tree.parent.parent, tree.parent.parent.parent):
        folder.chmod(0o755)
    code = ORDINARY.format(prepare=prepare) + ASKING
    expect_one_warning(answered(tree, None, code=code), reason)


def test_where_none_can_be_made_the_figures_say_why(tree: Path) -> None:
    for folder in (tree, tree.parent, tree.parent.parent, tree.parent.parent.parent):
        folder.chmod(0o755)
    code = """
try: print(json.dumps([str(cache.info())]))
except rev_accel.InputError as error: print(json.dumps([str(error)]))
"""
    said = answered(tree, None, code=ORDINARY.format(prepare="os.chmod(base, 0o500)") + code)
    assert re.search("/mine/cache` is not used: it is not there, and `[^`]*/mine` cannot be written to", str(said[0]))


def test_a_cache_that_can_only_be_read_still_answers(settled: Path, tmp_path: Path) -> None:
    for folder in (settled, settled.parent, settled.parent.parent, tmp_path, tmp_path.parent):
        folder.chmod(0o755)
    prepare = "os.environ['REV_ACCEL_CACHE_DIR'] = base + '/cache'; ask(sys.argv[2]); "
    prepare += "os.system(f'chmod -R a-w,a+rX {base}'); _core.forget()"
    code = """
expected = right(sys.argv[2])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    report = rev_accel.scan(root=sys.argv[2])
    answer = ask(sys.argv[2])
print(json.dumps([report.stats.manifest, report.stats.parsed, answer == expected, len(caught), cache.info()["writable"]]))
"""
    (tmp_path / "base").mkdir()
    result = run_python(PRELUDE + ORDINARY.format(prepare=prepare) + code, tmp_path / "base", settled)
    assert result.stdout.split() == f"[{COUNT}, 0, true, 0, false]".split()


def test_without_a_home_there_is_no_cache_and_that_is_told_once(tree: Path) -> None:
    code = "for name in ('HOME', 'XDG_CACHE_HOME'): os.environ.pop(name, None)\n" + ASKING
    expect_one_warning(answered(tree, None, code=code), "neither `XDG_CACHE_HOME` nor `HOME`")


def test_the_usual_place_is_below_the_folder_that_the_environment_names(tree: Path, tmp_path: Path) -> None:
    code = """
def place():
    _core.forget()
    ask(sys.argv[1])
    return cache.info()["folder"]
os.environ["HOME"] = sys.argv[3]
os.environ.pop("XDG_CACHE_HOME", None)
places = [place()]
os.environ["XDG_CACHE_HOME"] = "relative"
places.append(place())
os.environ["XDG_CACHE_HOME"] = sys.argv[3] + "/xdg"
places.append(place())
print("\\n".join(places))
"""
    result = run_python(PRELUDE + code, tree, "same", tmp_path / "home", environment={"REV_ACCEL_CACHE_DIR": ""})
    home = (tmp_path / "home").resolve()
    usual = str(home / ".cache" / "rev-accel" / "v1")
    assert result.stdout.split() == [usual, usual, str(home / "xdg" / "rev-accel" / "v1")]


def test_all_that_is_kept_is_for_the_user_alone(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    code = "os.umask(0)\n" + ASKING
    assert answered(tree, str(folder), code=code) == [True]
    found = [folder, *folder.rglob("*")]
    assert len(found) > 7
    for path in found:
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_file_of_the_cache_that_others_can_write_to_is_not_believed(settled: Path, tmp_path: Path) -> None:
    code = """
ask(sys.argv[1])
scan = lambda: (_core.forget(), rev_accel.scan(root=sys.argv[1]).stats)[1]
before = scan()
for folder, _, names in os.walk(os.environ["REV_ACCEL_CACHE_DIR"]):
    for name in names: os.chmod(os.path.join(folder, name), 0o666)
after = scan()
print(json.dumps([before.manifest, after.manifest, after.store, after.parsed, ask(sys.argv[1]) == right(sys.argv[1])]))
"""
    assert answered(settled, str(tmp_path / "folder"), code=code) == [COUNT, 0, 0, COUNT, True]


def test_nothing_that_is_kept_could_be_executed_or_unpickled(tree: Path, tmp_path: Path) -> None:
    code = """
def hook(event, arguments):
    if event in ("exec", "compile", "marshal.loads", "pickle.find_class", "import", "os.system", "subprocess.Popen"):
        events.append((event, str(arguments[:1])[:80]))
right(sys.argv[1])
events = []
sys.addaudithook(hook)
for _ in range(3):
    ask(sys.argv[1])
    _core.forget()
print(json.dumps([event for event in events if "rev_accel" in event[1] or event[0] != "import"]))
print("pickle" in sys.modules, "marshal.loads" in str(events))
"""
    result = run_python(PRELUDE + code, tree, "same", environment={"REV_ACCEL_CACHE_DIR": str(tmp_path / "folder")})
    assert result.stdout.splitlines() == ["[]", "False False"]
    for path in (tmp_path / "folder").rglob("*"):
        assert path.suffix not in (".py", ".pyc", ".pkl", ".so"), path
