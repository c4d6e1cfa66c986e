"""Nothing is left behind by calls: no descriptors, no memory, no change of warning filters."""

import sys
from pathlib import Path

import pytest

from .process import run_python
from .test_door import door
from .trees import SMALL, large_tree, small_tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

# Calls that succeed, calls that meet failing files of each kind, and calls that fail as a whole.
EVERY_CALL = """
def every_call(folder):
    for call in calls.values():
        call(folder)
    rev_accel.scan_source("print(1)\\n" * 50)
    rev_accel.scan_source(b"\\xff")
    rev_accel.scan_source("(" * 500)
    rev_accel.scan_source("def f(:\\n")
    for wrong in (lambda: rev_accel.scan("missing", root=folder), lambda: rev_accel.scan(root=folder, exclude=["a[b"])):
        try: wrong()
        except rev_accel.InputError: pass
    class Enough(Exception): pass
    def stop(*_): raise Enough
    try: rev_accel.scan(root=folder, progress=stop)
    except Enough: pass
    for where in ("caller", "worker"):
        try: _core._panic_for_tests(where)
        except rev_accel.InternalError: pass
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with failures of each kind."""
    folder = small_tree(tmp_path_factory.mktemp("odd") / "tree")
    (folder / "latin.py").write_bytes(b"\xff")
    (folder / "deep.py").write_text("(" * 300)
    (folder / "gone.py").symlink_to("nowhere")
    (folder / "loop.py").symlink_to("loop.py")
    (folder / "folder.py").mkdir()
    (folder / "many.py").write_text(SMALL * 200)
    return folder


def test_descriptors_are_closed(odd: Path) -> None:
    output = door(
        EVERY_CALL
        + """
def descriptors(): return sorted(os.listdir("/proc/self/fd"))
every_call(sys.argv[1])
before = descriptors()
for _ in range(100): every_call(sys.argv[1])
print(descriptors() == before)
""",
        odd,
    )
    assert output.strip() == "True"


def test_an_interrupted_scan_closes_its_descriptors(tmp_path: Path) -> None:
    tree = large_tree(tmp_path / "tree", 10_000)
    output = door(
        """
def descriptors(): return sorted(os.listdir("/proc/self/fd"))
before = descriptors()
for turn in range(10):
    interrupt_after(0.02 + turn / 200)
    try: scan(sys.argv[1])
    except KeyboardInterrupt: pass
    else: raise SystemExit("came to its end")
print(descriptors() == before)
""",
        tree,
    )
    assert output.strip() == "True"


def test_memory_does_not_grow_with_the_number_of_calls(odd: Path) -> None:
    output = door(
        EVERY_CALL
        + """
import gc
def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
for _ in range(100): every_call(sys.argv[1])
sizes = [resident()]
for _ in range(3):
    for _ in range(100): every_call(sys.argv[1])
    sizes.append(resident())
print(json.dumps(sizes))
""",
        odd,
        seconds=120,
    )
    sizes = [int(size) for size in output.strip("[]\n").split(",")]
    print("MB after each 100 rounds:", [size >> 20 for size in sizes])
    # Each round answers with some 300 KB of text and findings: a leak of one of them would be 30 MB in 100 rounds.
    assert min(sizes[1:]) - sizes[0] < 12 << 20
    assert sizes[-1] - sizes[1] < 12 << 20


def test_references_are_given_back(odd: Path) -> None:
    output = door(
        EVERY_CALL
        + """
folder, source, name, excludes = sys.argv[1], b"print()\\n" * 9, "name.py", ["a", "b"]
def progress(done, total): pass
def write(piece): pass
watched = [folder, source, name, excludes, progress, write]
def use():
    rev_accel.scan(folder, root=folder, exclude=excludes, progress=progress)
    _core.scan(folder, ["."], rules=63, all_files=True, exclude=excludes, max_bytes=999, progress=progress)
    _core.scan_source(source, path=name, rules=63, max_bytes=999)
    _core.stream(folder, ["."], rules=63, all_files=True, exclude=excludes, max_bytes=999, threads=1,
                 format="text", color=False, write=write, progress=progress)
    every_call(folder)
for _ in range(5): use()
before = [sys.getrefcount(thing) for thing in watched]
for _ in range(50): use()
print([after - earlier for after, earlier in zip(map(sys.getrefcount, watched), before)])
""",
        odd,
    )
    assert all(abs(int(change)) < 40 for change in output.strip("[]\n").split(",")), output


WARNING_SOURCES = {
    "escape.py": 'a = "\\d"\n',
    "escape_and_error.py": 'a = "\\d"\ndef f(:\n',
    "number.py": "a = 0or 1\n",
    "number_and_error.py": "a = 1if 2else 3\n)\n",
    "identity.py": "a = b is 1\nassert (a, 'b')\n",
    "call.py": '"text"(1)\n[1][2, 3]\n(\n',
}

# What a program that shows each warning once sees, before, between and after scans.
ONCE = """
import warnings
def warn(): warnings.warn("once", DeprecationWarning)
def call(): return drop_in(sys.argv[1])
call()
with warnings.catch_warnings(record=True) as shown:
    warnings.simplefilter("default")
    warn()
    for _ in range(3):
        call()
        warn()
print(len(shown))
"""


def test_warnings_turned_into_errors_change_nothing(tmp_path: Path) -> None:
    for name, text in WARNING_SOURCES.items():
        (tmp_path / name).write_text(text)
    code = """
import sys, warnings
import rev_accel
from rev_accel import workspace
with workspace.use_root(sys.argv[1]):
    print(rev_accel.analyze_ast_patterns("."), rev_accel.scan(".").to_json())
"""
    plain = run_python(code, tmp_path)
    shown = run_python(code, tmp_path, options=("-W", "always"))
    strict = run_python(code, tmp_path, options=("-W", "error"))
    assert plain.stdout == shown.stdout == strict.stdout
    assert plain.stderr == shown.stderr == strict.stderr == ""


def test_warnings_that_are_shown_once_are_not_shown_again_after_a_scan(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text(WARNING_SOURCES["escape_and_error.py"])
    # One more is allowed: the first question after the filters changed may change them, too.
    assert int(door(ONCE, tmp_path)) <= 2


def test_many_threads_asking_at_once_leave_the_warning_filters_alone(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"file{number}.py").write_text(WARNING_SOURCES["escape_and_error.py"] * 50)
    output = door(
        """
import warnings
expected = drop_in(sys.argv[1])
before, showing = list(warnings.filters), warnings.showwarning
answers = []
def work(): answers.extend(drop_in(sys.argv[1]) for _ in range(5))
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(set(answers) == {expected}, warnings.filters == before, warnings.showwarning is showing)
""",
        tmp_path,
        quiet=True,
    )
    assert output.split() == ["True", "True", "True"]
