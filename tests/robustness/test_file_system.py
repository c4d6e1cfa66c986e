"""What a file system may hold or do meanwhile: always a status, never a hang."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rev_accel
from rev_accel import Limits, workspace

from .process import STATUSES, run_python
from .test_door import door

pytestmark = pytest.mark.skipif(os.name != "posix", reason="makes things that only POSIX has")

MIB = 1 << 20


def drop_in(folder: Path, path: str = ".") -> dict[str, object]:
    """The parsed answer, or the error of the whole call under `error`."""
    with workspace.use_root(folder):
        return json.loads(rev_accel.analyze_ast_patterns(path))


def failures(folder: Path) -> dict[str, str]:
    """By file, the class that the drop-in reports."""
    files = drop_in(folder)["files"]
    assert isinstance(files, dict)
    return {path: entry["error"].removeprefix("Failed to parse: ") for path, entry in files.items() if "error" in entry}


def statuses(folder: Path, **options: object) -> dict[str, tuple[str, str]]:
    """By file, the status and class that `scan` reports, with every file selected."""
    report = rev_accel.scan(root=folder, selection="all", **options)  # type: ignore[arg-type]
    assert {error.status for error in report.errors} <= STATUSES
    return {error.path: (error.status, error.exception) for error in report.errors}


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as end:
        place = os.open(path.parent, os.O_RDONLY)  # the whole path may be longer than a socket's may be
        try:
            end.bind(f"/proc/self/fd/{place}/{path.name}" if sys.platform == "linux" else str(path))
        finally:
            os.close(place)


ODD_FILES = {
    "fifo": (make_fifo, "OSError"),
    "socket": (make_socket, "OSError"),
    "zeros without end": (lambda path: path.symlink_to("/dev/zero"), "OSError"),
    "null device": (lambda path: path.symlink_to("/dev/null"), "OSError"),
    "full device": (lambda path: path.symlink_to("/dev/full"), "OSError"),
    "random device": (lambda path: path.symlink_to("/dev/urandom"), "OSError"),
    "terminal": (lambda path: path.symlink_to("/dev/tty"), "OSError"),
    "link to a fifo": (
        lambda path: (make_fifo(path.with_suffix(".fifo")), path.symlink_to(path.with_suffix(".fifo"))),
        "OSError",
    ),
    "broken link": (lambda path: path.symlink_to("nowhere.py"), "FileNotFoundError"),
    "link to itself": (lambda path: path.symlink_to(path.name), "OSError"),
    "link through a file": (lambda path: path.symlink_to("/dev/null/file.py"), "NotADirectoryError"),
    "link with a long name": (lambda path: path.symlink_to("a" * 300), "OSError"),
    "folder": (lambda path: path.mkdir(), "IsADirectoryError"),
    "link to a folder": (lambda path: path.symlink_to("."), "IsADirectoryError"),
}


@pytest.mark.parametrize("kind", ODD_FILES)
def test_what_is_no_regular_file_gives_a_status_and_the_class_of_python(kind: str, tmp_path: Path) -> None:
    make, expected = ODD_FILES[kind]
    (tmp_path / "plain.py").write_text("print()\n")
    make(tmp_path / "odd.py")
    assert failures(tmp_path) == {"odd.py": expected}
    assert drop_in(tmp_path)["total_issues"] == 1
    if "folder" not in kind:  # a folder is walked, not read
        assert statuses(tmp_path) == {"odd.py": ("unreadable", expected)}


@pytest.mark.parametrize("kind", ODD_FILES)
def test_naming_what_is_no_regular_file_gives_an_answer(kind: str, tmp_path: Path) -> None:
    ODD_FILES[kind][0](tmp_path / "odd.py")
    assert "error" in drop_in(tmp_path, "odd.py") or failures_of(drop_in(tmp_path, "odd.py"))
    try:
        report = rev_accel.scan("odd.py", root=tmp_path)
    except rev_accel.InputError:  # what cannot be looked at, as a broken link
        return
    assert report.errors or "folder" in kind


def failures_of(answer: dict[str, object]) -> list[str]:
    files = answer["files"]
    assert isinstance(files, dict)
    return [path for path, entry in files.items() if "error" in entry]


def test_two_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "one.py").symlink_to("two.py")
    (tmp_path / "two.py").symlink_to("one.py")
    assert failures(tmp_path) == {"one.py": "OSError", "two.py": "OSError"}
    assert set(statuses(tmp_path)) == {"one.py", "two.py"}


def test_linked_folders_are_not_entered_even_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "file.py").write_text("print()\n")
    (tmp_path / "package" / "up").symlink_to("..")
    (tmp_path / "package" / "self").symlink_to(".")
    assert drop_in(tmp_path)["scanned_files"] == 1
    assert len(rev_accel.scan(root=tmp_path)) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux")
def test_names_that_are_no_text_are_keys_with_surrogate_escapes(tmp_path: Path) -> None:
    names = [
        b"\xff.py",
        b"a\xc3.py",
        b"new\nline.py",
        b'quote".py',
        b"back\\slash.py",
        b"\x1b[31m.py",
        "é\U0001f600.py".encode(),
        b"-.py",
    ]
    folder = os.fsencode(tmp_path) + b"/\xfe"
    os.mkdir(folder)
    for name in names:
        with open(folder + b"/" + name, "wb") as file:
            file.write(b"print()\n")
    expected = {os.fsdecode(b"\xfe/" + name) for name in names}
    assert set(drop_in(tmp_path)["files"]) == expected  # type: ignore[call-overload]
    assert {finding.path for finding in rev_accel.scan(root=tmp_path)} == expected
    assert set(json.loads(rev_accel.scan(root=tmp_path).to_json())["files"]) == expected
    for form in ("text", "json", "jsonl"):
        code = "import sys; from rev_accel.__main__ import main; sys.exit(main())"
        result = run_python(code, "scan", tmp_path, "--format", form, environment={"PYTHONIOENCODING": "utf-8:strict"})
        assert result.stdout, form


UNREADABLE = """
import json, os, shutil, sys, tempfile
import rev_accel
from rev_accel import workspace

# What is loaded lazily is loaded before the rights are given up, since the interpreter may be out of reach then.
json.loads(rev_accel.analyze_ast_patterns(os.devnull))
rev_accel.scan_source("def f(:").errors
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
folder = tempfile.mkdtemp()
os.chdir(folder)
try:
    def write(name):
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "w") as file: file.write("print()\\n")
    for name in ("plain.py", "secret.py", "closed/inside.py", "listed/inside.py", "blind/inside.py"): write(name)
    os.chmod("secret.py", 0)
    os.chmod("closed", 0)
    os.chmod("listed", 0o444)  # names can be read, files cannot be reached
    os.chmod("blind", 0o111)  # files can be reached, names cannot be read
    os.symlink("closed/inside.py", "link.py")
    def attempt(work):
        try: return work()
        except rev_accel.InputError as error: return f"InputError: {error}"
    def errors(*paths, **options):
        return {error.path: [error.status, error.exception] for error in rev_accel.scan(*paths, **options).errors}
    with workspace.use_root(folder):
        print(json.dumps({
            "drop-in": json.loads(rev_accel.analyze_ast_patterns(".")),
            "all": errors(selection="all"),
            "ignore": errors(),
            "found": sorted({finding.path for finding in rev_accel.scan()}),
            "named file": attempt(lambda: errors("secret.py")),
            "named folder": attempt(lambda: errors("closed")),
            "drop-in file": json.loads(rev_accel.analyze_ast_patterns("secret.py")),
            "drop-in folder": json.loads(rev_accel.analyze_ast_patterns("closed")),
            "drop-in inside": json.loads(rev_accel.analyze_ast_patterns("blind/inside.py")),
        }))
finally:
    for name in ("closed", "listed", "blind"): os.chmod(name, 0o755)
    os.chdir("/")
    shutil.rmtree(folder)
"""


def test_files_and_folders_without_permission_give_a_status() -> None:
    answers = json.loads(run_python(UNREADABLE).stdout)
    errors = {path: entry.get("error") for path, entry in answers["drop-in"]["files"].items()}
    denied = "Failed to parse: PermissionError"
    # The closed folder and the blind one are passed over in silence, as `pathlib` does.
    assert errors == {"plain.py": None, "secret.py": denied, "listed/inside.py": denied, "link.py": denied}
    for selection in ("all", "ignore"):
        for path in ("secret.py", "link.py", "listed/inside.py"):
            assert answers[selection][path] == ["unreadable", "PermissionError"]
    assert answers["found"] == ["plain.py"]
    for named in ("named file", "named folder"):
        assert answers[named].startswith("InputError: path `"), answers[named]
    assert answers["drop-in file"]["files"] == {"secret.py": {"error": denied}}
    assert answers["drop-in folder"] == {"error": "No Python files found"}
    assert answers["drop-in inside"]["total_issues"] == 1


@pytest.fixture
def deep_folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "deep"
    subprocess.run(["rm", "-rf", str(tmp_path / "deep")], check=True)  # what `shutil` cannot remove, being recursive


def dig(top: Path, name: str, depth: int) -> None:
    """A chain of folders, maybe deeper than any path may say, with a file at its top, in its middle and at its end."""
    top.mkdir()
    place = os.open(top, os.O_RDONLY)
    for level in range(depth):
        if level in (0, depth // 2, depth - 1):
            os.close(os.open("file.py", os.O_WRONLY | os.O_CREAT, dir_fd=place))
        os.mkdir(name, dir_fd=place)
        below = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)


@pytest.mark.parametrize(("name", "depth"), [("d", 900), ("d" * 200, 19), ("d" * 200, 60), ("d", 2_600)])
def test_deep_chains_of_folders_give_an_answer(name: str, depth: int, deep_folder: Path) -> None:
    dig(deep_folder, name, depth)
    output = door(
        """
from collections import Counter
def work():
    answer = json.loads(drop_in(sys.argv[1]))
    counts["drop-in"] = answer.get("scanned_files", answer)
    for selection in ("all", "ignore"):
        report = rev_accel.scan(root=sys.argv[1], selection=selection)
        counts[selection] = report.stats.files
results = []
for stack in (0, 128 << 10):
    counts = {}
    threading.stack_size(stack)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    results.append(counts)
print(json.dumps(results))
""",
        deep_folder,
        quiet=True,
    )
    normal, small_stack = json.loads(output)
    assert normal == small_stack
    reachable = 3 if len(str(deep_folder)) + (len(name) + 1) * depth < 4_000 else 1
    for count in normal.values():
        assert isinstance(count, dict) or reachable <= count <= 3, normal


def test_ten_thousand_files_in_one_folder_are_all_analysed(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"file{number}.py").write_text("print()\n" if number % 2 else "")
    assert (drop_in(tmp_path)["scanned_files"], drop_in(tmp_path)["total_issues"]) == (10_000, 5_000)
    report = rev_accel.scan(root=tmp_path)
    assert (report.stats.files, len(report)) == (10_000, 5_000)


def test_a_file_at_the_limit_is_analysed_and_one_over_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "at.py").write_text("#" * 99 + "\n")
    (tmp_path / "over.py").write_text("#" * 100 + "\n")
    assert statuses(tmp_path, limits=Limits(max_bytes=100)) == {"over.py": ("too_large", "MemoryError")}
    for name, size in (("at.py", 16 * MIB), ("over.py", 16 * MIB + 1)):
        with (tmp_path / name).open("wb") as file:
            file.write(b"#" * size)
    assert statuses(tmp_path) == {"over.py": ("too_large", "MemoryError")}
    assert failures(tmp_path) == {"over.py": "MemoryError"}


def test_a_source_at_the_limit_is_analysed_and_one_over_it_is_not() -> None:
    assert not rev_accel.scan_source(b"#" * 100, limits=Limits(max_bytes=100)).errors
    (error,) = rev_accel.scan_source(b"#" * 101, limits=Limits(max_bytes=100)).errors
    assert (error.status, error.exception) == ("too_large", "MemoryError")


def test_a_sparse_file_of_five_gigabytes_is_too_large_whatever_the_limit(tmp_path: Path) -> None:
    (tmp_path / "sparse.py").touch()
    os.truncate(tmp_path / "sparse.py", 5 << 30)
    assert failures(tmp_path) == {"sparse.py": "MemoryError"}
    assert statuses(tmp_path) == {"sparse.py": ("too_large", "MemoryError")}
    greatest = Limits(max_bytes=(4 << 30) - 2)
    assert statuses(tmp_path, limits=greatest) == {"sparse.py": ("too_large", "MemoryError")}


def test_files_without_a_size_are_read_to_their_end(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here")
    (tmp_path / "odd.py").symlink_to("/proc/self/cmdline")
    (tmp_path / "text.py").symlink_to("/proc/version")
    assert set(statuses(tmp_path)) <= {"odd.py", "text.py"}
    assert set(failures(tmp_path).values()) <= {"SyntaxError", "OSError"}


def test_no_file_of_the_working_directory_is_opened_to_report_an_error(tmp_path: Path) -> None:
    for name in ("<rev_accel>", "<unknown>", "<string>", "<source>"):
        os.mkfifo(tmp_path / name)  # whoever opens it waits for ever
    output = door(
        """
os.chdir(sys.argv[1])
opened = []
sys.addaudithook(lambda event, arguments: opened.append(arguments[0]) if event == "open" else None)
(error,) = rev_accel.scan_source("def f(:\\n").errors
print(error.exception, [name for name in opened if isinstance(name, str) and name and not os.path.isabs(name)])
""",
        tmp_path,
        seconds=20,
    )
    assert output.strip() == "SyntaxError []"


def test_running_out_of_descriptors_gives_a_status(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"folder{number}").mkdir()
        (tmp_path / f"folder{number}" / "file.py").write_text("print()\n")
    output = door(
        """
import resource
drop_in(sys.argv[1])
for spare in range(6):
    limit = max(map(int, os.listdir("/proc/self/fd"))) + spare
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, 4096))
    try: scan(sys.argv[1]).errors
    except (rev_accel.RevAccelError, OSError) as error: pass
    list(json.loads(drop_in(sys.argv[1])))
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
print(json.loads(drop_in(sys.argv[1]))["total_issues"])
""",
        tmp_path,
    )
    assert output.strip() == "50"


def test_closed_standard_streams_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("print()\ndef f(:\n")
    (tmp_path / "two.py").write_text("print()\n")
    output = door(
        """
keep = os.dup(1)
for number in (0, 1, 2): os.close(number)
answer = drop_in(sys.argv[1])
os.write(keep, answer.encode())
os._exit(0)
""",
        tmp_path,
    )
    assert json.loads(output)["total_issues"] == 1
