"""`rev-accel cache`, and what `rev-accel scan` says and takes about the cache."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rev_accel import cache
from robustness.process import run_python

from .conftest import COUNT


def run(*arguments: object, code: int = 0, folder: Path | None = None, **variables: str) -> tuple[str, str]:
    """Runs the command, checks its exit code, and returns what it wrote to standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "rev_accel", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **variables},
        timeout=60,
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def rows(text: str) -> dict[str, str]:
    """A table of two columns."""
    return {line[:11].strip(): line[11:] for line in text.splitlines()}


@pytest.mark.parametrize("name", ["info", "verify"])
def test_with_no_cache_yet_there_is_one_line_and_no_error(name: str, cache_dir: Path) -> None:
    assert run("cache", name) == ("There is no cache yet\n", "")
    assert not cache_dir.exists()


@pytest.mark.parametrize("arguments", [["clear"], ["gc"], ["gc", "--max-bytes", "0"]])
def test_with_no_cache_yet_there_is_nothing_to_do(arguments: list[str], cache_dir: Path) -> None:
    assert run("cache", *arguments) == ("There is no cache yet\n", "")
    assert not cache_dir.exists()


def test_info_tells_where_the_cache_is_and_what_it_answered(cache_dir: Path, settled: Path) -> None:
    for _ in range(2):
        run("scan", folder=settled)
    output, errors = run("cache", "info")
    assert errors == ""
    found = rows(output)
    assert found["folder"] == str(cache_dir / "v1")
    assert found["manifests"].startswith("1, ")
    assert found["contents"].startswith(f"{COUNT} files, ")
    assert found["answered"] == f"{2 * COUNT} files, about"
    assert found["manifest"] == str(COUNT)
    assert found["miss"].startswith(f"{COUNT} ")


def test_verify_finds_nothing_in_a_sound_cache(cache_dir: Path, settled: Path) -> None:
    run("scan", folder=settled)
    output, errors = run("cache", "verify")
    assert errors == ""
    assert output.splitlines() == [
        "manifests  1 read, 0 damaged and dropped",
        f"contents   {COUNT} read, 0 damaged and dropped",
        "replies    0 read, 0 damaged and dropped",
    ]


def test_verify_tells_of_damage_once_with_an_exit_code(cache_dir: Path, settled: Path) -> None:
    run("scan", folder=settled)
    (manifest,) = (cache_dir / "v1" / "manifests").iterdir()
    manifest.write_bytes(manifest.read_bytes()[:-1] + b"?")
    output, errors = run("cache", "verify", code=1)
    assert "manifests  1 read, 1 damaged and dropped\n" in output
    assert errors == ""
    output, _ = run("cache", "verify")
    assert "manifests  0 read, 0 damaged and dropped\n" in output


def test_a_damaged_cache_can_be_looked_at_shrunk_and_cleared(cache_dir: Path, settled: Path) -> None:
    for name in ("info", "gc", "clear"):
        run("scan", folder=settled)
        for path in cache_dir.rglob("*"):
            if path.is_file():
                path.write_bytes(os.urandom(9000))
        assert run("cache", name)[1] == ""
    output, _ = run("scan", folder=settled)
    assert output.count("\n") == COUNT


def freed(output: str, errors: str) -> float:
    """The number in the only line, in kB."""
    found = re.fullmatch(r"Freed ([0-9,.]+) kB: [0-9,.]+ [kM]B before, [0-9,.]+ [kM]B now\n", output)
    assert found, output
    assert errors == ""
    return float(found[1].replace(",", ""))


@pytest.mark.parametrize("name", ["clear", "gc"])
def test_what_other_processes_left_behind_is_removed_once_it_is_old(name: str, cache_dir: Path, settled: Path) -> None:
    run("scan", folder=settled)
    old, new = (cache_dir / "v1" / "manifests" / f"tmp-{number}-0" for number in (1, 2))
    for path in (old, new):
        path.write_bytes(bytes(50_000))
    os.utime(old, (0, 0))
    assert freed(*run("cache", name)) >= 50
    assert (old.exists(), new.exists()) == (False, True)


def test_clear_empties_and_gc_shrinks(cache_dir: Path, settled: Path) -> None:
    run("scan", folder=settled)
    assert freed(*run("cache", "gc", "--max-bytes", "1G")) >= 0
    assert rows(run("cache", "info")[0])["contents"].startswith(f"{COUNT} files, ")
    assert freed(*run("cache", "gc", "--max-bytes", "0")) > 0
    found = rows(run("cache", "info")[0])
    assert (found["manifests"], found["contents"].partition(",")[0]) == ("0, 0.0 kB", "0 files")
    run("scan", folder=settled)
    assert freed(*run("cache", "clear")) > 0
    found = rows(run("cache", "info")[0])
    assert (found["manifests"], found["contents"].partition(",")[0]) == ("0, 0.0 kB", "0 files")


@pytest.mark.parametrize("name", ["info", "verify", "clear", "gc"])
def test_a_folder_that_cannot_be_used_is_told_of_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder, text in (
        ("relative", "not an absolute path"),
        (str(tmp_path / "file"), "not a folder|Not a directory"),
    ):
        output, errors = run("cache", name, code=2, REV_ACCEL_CACHE_DIR=folder)
        assert output == ""
        assert re.fullmatch(rf"rev-accel: error: [^\n]*({text})[^\n]*\n", errors), errors


@pytest.mark.parametrize(
    "arguments",
    [["gc", "--max-bytes", "much"], ["gc", "--max-bytes", "-1"], ["gc", "--max-bytes"], ["info", "more"], ["nothing"]],
)
def test_wrong_usage_is_told_of_in_one_line(arguments: list[str], cache_dir: Path) -> None:
    output, errors = run("cache", *arguments, code=2)
    assert output == ""
    assert errors.startswith("rev-accel: error: ")
    assert errors.count("\n") == 1
    assert "--help" in errors


@pytest.mark.parametrize("arguments", [[], ["info"], ["verify"], ["clear"], ["gc"]])
def test_help_tells_what_each_command_does(arguments: list[str], cache_dir: Path) -> None:
    output, errors = run("cache", *arguments, "--help")
    assert errors == ""
    assert output.startswith("Usage: rev-accel cache")
    assert arguments or all(word in output for word in ("info", "verify", "clear", "gc", "REV_ACCEL_CACHE_DIR"))
    assert not cache_dir.exists()


def test_a_size_in_the_environment_that_is_none_is_told_of(cache_dir: Path, settled: Path) -> None:
    _, errors = run("cache", "gc", code=2, REV_ACCEL_CACHE_SIZE="much")
    assert "REV_ACCEL_CACHE_SIZE" in errors
    _, errors = run("scan", code=2, folder=settled, REV_ACCEL_CACHE_SIZE="much")
    assert "REV_ACCEL_CACHE_SIZE" in errors
    assert errors.count("\n") == 1


def known(errors: str) -> str:
    """The row of `--stats` about files that were known."""
    return next(line for line in errors.splitlines() if line.startswith("known"))


def test_a_scan_tells_what_was_known(cache_dir: Path, settled: Path, resting: Path) -> None:
    _, errors = run("scan", "--stats", folder=settled)
    assert known(errors).split() == "known 0 unchanged, 0 read again, 0 seen before".split()
    _, errors = run("scan", "--stats", folder=settled)
    assert known(errors).split() == f"known {COUNT} unchanged, 0 read again, 0 seen before".split()
    _, errors = run("scan", "--stats", folder=resting / "copy")
    assert known(errors).split() == f"known 0 unchanged, 0 read again, {COUNT} seen before".split()
    _, errors = run("scan", "--stats", "--verify=always", folder=settled)
    assert known(errors).split() == f"known 0 unchanged, {COUNT} read again, 0 seen before".split()


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "sarif"])
def test_the_output_is_the_same_however_the_cache_is_used(form: str, cache_dir: Path, settled: Path) -> None:
    ways = (["--no-cache"], [], [], ["--verify=always"], ["--verify=stamp"], ["--no-cache"], ["--explain-cache=x.py"])
    outputs = {run("scan", f"--format={form}", *way, folder=settled)[0] for way in ways}
    if form == "jsonl":  # the summary counts by level
        outputs = {output[: output.rindex("\n", 0, -1)] for output in outputs}
    assert len(outputs) == 1


def test_without_a_cache_the_command_makes_none(cache_dir: Path, settled: Path) -> None:
    run("scan", "--no-cache", folder=settled)
    run("scan", folder=settled, REV_ACCEL_NO_CACHE="1")
    assert not cache_dir.exists()


def explained(tree: Path, path: object, *options: str) -> str:
    """What is said about one file, in one line."""
    _, errors = run("scan", *options, f"--explain-cache={path}", folder=tree)
    (line,) = [line for line in errors.splitlines() if line.startswith(str(tree))]
    return line.removeprefix(f"{tree}/")


def test_the_cache_explains_how_a_file_was_answered(cache_dir: Path, own: Path, resting: Path) -> None:
    path = "part1/file2.py"
    assert "no manifest of this tree yet" in explained(own, path)
    assert "answered from the manifest" in explained(own, path)
    assert "answered from the manifest" in explained(own, own / path)
    os.utime(own / path, ns=(0, 0))
    line = explained(own, path)
    assert "change time" in line
    assert "modification time" in line
    assert "its content is what it was" in line
    (own / path).write_text("eval('1')\n")
    line = explained(own, path)
    assert "size" in line
    assert "it was analysed" in line
    (own / "part1" / "new.py").write_text("print()\n")
    line = explained(own, "part1/new.py")
    assert "not in the manifest" in line
    assert "analysed" in line
    assert "its content is what it was" in explained(own, "part1/new.py")
    assert "had changed shortly before" in explained(own, "part1/new.py")
    assert "not among the" in explained(own, "nowhere.py")
    assert "stamps are not trusted in this call" in explained(own, path, "--verify=always")


def test_the_cache_explains_that_it_is_not_used(
    cache_dir: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "part1/file2.py"
    explained(own, path)
    assert explained(own, path, "--no-cache") == f"{path}: the cache is not used: `--no-cache`"
    for variable, value in (("REV_ACCEL_NO_CACHE", "1"), ("REV_ACCEL_RECOGNISER", "0"), ("REV_ACCEL_AUDIT", "1")):
        with monkeypatch.context() as context:
            context.setenv(variable, value)
            assert re.search(f"the cache is not used: .*{variable}", explained(own, path))
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REV_ACCEL_CACHE_DIR", str(tmp_path / "file"))
    line = explained(own, path)
    assert re.search(r"the cache folder `[^`]*` is not used: .*; it was analysed", line), line


def test_files_answered_by_processes_that_ended_are_counted(cache_dir: Path, settled: Path) -> None:
    code = "import sys, rev_accel\nfor _ in range(3): rev_accel.scan(root=sys.argv[1])"
    for _ in range(2):
        run_python(code, settled, environment={"REV_ACCEL_CACHE_DIR": str(cache_dir)})
    info = cache.info()
    assert info is not None
    assert [info[kind] for kind in ("memory", "manifest", "miss")] == [4 * COUNT, COUNT, COUNT]


def test_a_child_counts_what_it_was_answered_itself(cache_dir: Path, settled: Path) -> None:
    code = """
import os, sys, rev_accel
rev_accel.scan(root=sys.argv[1])
rev_accel.scan(root=sys.argv[1])
if os.fork() == 0:
    rev_accel.scan(root=sys.argv[1])
    sys.exit()
os.wait()
"""
    run_python(code, settled, environment={"REV_ACCEL_CACHE_DIR": str(cache_dir)})
    info = cache.info()
    assert info is not None
    assert (info["memory"], info["miss"]) == (2 * COUNT, COUNT)


def test_the_cache_explains_that_a_content_was_known_from_elsewhere(
    cache_dir: Path, settled: Path, resting: Path
) -> None:
    run("scan", folder=settled)
    line = explained(resting / "copy", "part1/file2.py")
    assert "no manifest of this tree yet" in line
    assert "had been seen before" in line


def test_explanations_of_odd_names_stay_one_line(cache_dir: Path, settled: Path) -> None:
    _, errors = run("scan", "--explain-cache=a\nb\x1b[31m", folder=settled)
    assert "\x1b" not in errors
    assert errors.count("\n") == 2


def test_a_verify_that_is_none_is_wrong_usage(cache_dir: Path, settled: Path) -> None:
    _, errors = run("scan", "--verify=never", code=2, folder=settled)
    assert "stamp" in errors
    assert "always" in errors
    _, errors = run("scan", code=2, folder=settled, REV_ACCEL_VERIFY="never")
    assert "REV_ACCEL_VERIFY" in errors
