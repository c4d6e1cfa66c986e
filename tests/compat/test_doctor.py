"""`rev-accel doctor` tells the truth about the rev that is installed, and leaves no trace in the tree."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rev_accel.compat.rev import GROUPS
from rev_accel.doctor import examination
from rev_accel.doctor.findings import Check, Examined

from .fixes import DIFFERENCES, FIXES
from .installation import Installation, install
from .runs import make_repository

pytestmark = pytest.mark.skipif(os.name == "nt", reason="commands are files with a first line on POSIX systems only")

SABOTAGE = """
import os, subprocess
if "git" in os.environ.get("SABOTAGE", ""):
    run = subprocess.run
    def lie(command, *arguments, **options):
        done = run(command, *arguments, **options)
        if str(command).startswith("git status"):
            done.stdout += "?? lie"
        return done
    subprocess.run = lie
if os.environ.get("SABOTAGE"):
    import sys, time
    class Finder:
        def find_spec(self, name, path, target=None):
            if name == "rev.execution.executor":
                if "tools" in os.environ["SABOTAGE"]:
                    sys.modules["rev.tools.registry"].get_available_tools = None
                    return
                if os.environ["SABOTAGE"] == "hang":
                    subprocess.run(["sleep", "1000"])
                print("last words", file=sys.stderr, flush=True)
                os._exit(3)
    sys.meta_path.insert(0, Finder())
"""
"""Makes rev say something else than git does, have no tools, die, or never come to an end."""


class Hostile:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return os.mkdir, ("ran",)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doctor").resolve() / "tree"
    folder.mkdir()
    make_repository(folder)
    (folder / ".rev_cache").mkdir()
    (folder / ".rev_cache" / "llm_cache.pkl").write_bytes(pickle.dumps({"cache": Hostile(), "stats": {}}))
    return folder


def doctor(
    installation: Installation, tree: Path, *options: str, home: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REV_", "PIPX_", "UV_", "XDG_"))}
    return subprocess.run(
        [installation.commands / "rev-accel", "doctor", *options, str(tree)],
        env={**kept, "PATH": os.defpath, "HOME": str(home or tree.parent), **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def snapshot(tree: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(tree)): (path.stat().st_mtime_ns, None if path.is_dir() else path.read_bytes())
        for path in sorted(tree.rglob("*"))
    }


def test_a_rev_that_fits_is_compared_on_the_tree_without_a_trace(installation: Installation, tree: Path) -> None:
    before = snapshot(tree)
    done = doctor(installation, tree, "--json", "--seconds", "10")
    assert snapshot(tree) == before
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["schema_version"], told["tree"], told["exit_code"]) == (1, str(tree), 0)
    (found,) = told["found"]
    assert (found["interpreter"], found["rev"], found["problem"]) == (str(installation.interpreter), "2.0.1", None)
    assert {point["state"] for point in found["points"]} == {"replaced"}
    assert {point["group"] for point in found["points"]} == set(GROUPS)
    checks = {check["name"]: check for check in found["checks"]}
    assert list(checks) == ["paths", "descriptions", "keys", "repository context", "analysis"]
    for check in checks.values():
        assert (check["outcome"], check["differences"]) == ("same", [])
        assert all(time["times_faster"] > 0 for time in check["times"])
        assert check["times"]
    assert checks["analysis"]["compared"].startswith("6 files, ")
    assert checks["keys"]["fixed"].keys() == {"key_of_model", "key_of_tools", "key_after_change"}
    fixed = {name for check in checks.values() for name in check["fixed"]}
    assert fixed <= FIXES.keys() | DIFFERENCES.keys()
    assert checks["paths"]["fixed"] == {"path_beside_the_root": 2}


def test_it_tells_people_the_same(installation: Installation, tree: Path) -> None:
    done = doctor(installation, tree, "--seconds", "3")
    assert done.returncode == 0
    for part in (
        str(installation.interpreter),
        "10 of 10 parts are replaced",
        f"compared on {tree}",
        "faster",
        "fixed: ",
    ):
        assert part in done.stdout


def test_an_answer_that_differs_is_shown_though_other_checks_cannot_be_made(
    installation: Installation, tree: Path
) -> None:
    (installation.packages / "sabotage.py").write_text(SABOTAGE)
    (installation.packages / "sabotage.pth").write_text("import sabotage\n")
    done = doctor(installation, tree, "--json", "--seconds", "3", SABOTAGE="git, tools")
    told = json.loads(done.stdout)
    assert done.returncode == told["exit_code"] == 1
    (found,) = told["found"]
    checks = {check["name"]: check for check in found["checks"]}
    assert [check["outcome"] for check in checks.values()] == ["same", "unchecked", "unchecked", "differs", "same"]
    assert "?? lie" in checks["repository context"]["differences"][0]
    assert checks["descriptions"]["compared"].startswith("it ended: TypeError: ")
    assert found["problem"].startswith("comparing keys ended: TypeError: ")


def test_a_tree_with_what_is_done_otherwise_on_purpose_has_every_check(
    installation: Installation, tmp_path: Path
) -> None:
    outside, inside = tmp_path / "outside.py", tmp_path / "tree"
    outside.write_text("print(1)\n")
    (inside / "folder").mkdir(parents=True)
    make_repository(inside)
    (inside / "outside.py").symlink_to(outside)
    (inside / "loop.py").symlink_to("loop.py")
    (inside / "folder" / "beside.py").write_text("print(1)\n")
    os.mkfifo(inside / "folder" / "fifo.py")
    (inside / "large.py").write_text(f"#{'x' * (16 << 20)}\n")
    (inside / ".gitattributes").write_text("* filter=own\n")
    (inside / "a.py").write_text("text = 1\n")
    for command in (["config", "filter.own.clean", "tr a-z A-Z"], ["add", "a.py"], ["commit", "-qm", "Filtered"]):
        subprocess.run(["git", "-C", inside, *command], check=True, capture_output=True)
    os.utime(inside / "a.py", (1_000_000_000,) * 2)
    before = {name: os.lstat(inside / name).st_mtime_ns for name in ["", *os.listdir(inside)]}
    # Its temporary files would be in the tree, so it makes none.
    done = doctor(installation, inside, "--json", "--seconds", "5", TMPDIR=str(inside / "folder"))
    assert before == {name: os.lstat(inside / name).st_mtime_ns for name in ["", *os.listdir(inside)]}
    told = json.loads(done.stdout)
    (found,) = told["found"]
    assert (done.returncode, found["problem"]) == (0, None), done.stdout
    fixed = {check["name"]: check["fixed"] for check in found["checks"]}
    assert {check["outcome"] for check in found["checks"]} == {"same"}
    assert list(fixed) == ["paths", "descriptions", "keys", "repository context", "analysis"]
    assert fixed["analysis"] == {"analysis_size": 1, "analysis_special": 1}
    assert fixed["repository context"].keys() == {"context_programs"}


def test_a_rev_that_dies_is_told_with_its_last_words(installation: Installation, tree: Path) -> None:
    (installation.packages / "sabotage.py").write_text(SABOTAGE)
    (installation.packages / "sabotage.pth").write_text("import sabotage\n")
    done = doctor(installation, tree, "--json", SABOTAGE="die")
    told = json.loads(done.stdout)
    assert done.returncode == told["exit_code"] == 2
    assert told["found"][0]["problem"] == "it ended while starting: last words"


def test_a_rev_that_hangs_is_ended_with_what_it_started(
    installation: Installation, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (installation.packages / "sabotage.py").write_text(SABOTAGE)
    (installation.packages / "sabotage.pth").write_text("import sabotage\n")
    monkeypatch.setenv("SABOTAGE", "hang")
    monkeypatch.setattr(examination, "GRACE", 1.0)
    found = examination.examine(str(installation.interpreter), "by hand", tree, 0, lambda _: None)
    assert (found.exit_code, found.problem) == (2, "not done within 1 s: starting")


def test_a_part_that_does_not_fit_is_not_all_well() -> None:
    same = Check(name="paths", outcome="same", compared="3 paths")
    points = [{"name": "a", "group": "paths", "state": "replaced", "reason": ""}]
    found = Examined(interpreter="python", how="by hand", points=points, checks=[same])
    assert found.exit_code == 0
    found.points.append({"name": "b", "group": "paths", "state": "skipped", "reason": "it is another"})
    assert found.exit_code == 1


@pytest.fixture(scope="module")
def without_rev(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    return install(tmp_path_factory.mktemp("without").resolve() / "environment", with_rev=False)


def test_without_rev_it_says_where_it_looked(without_rev: Installation, tree: Path) -> None:
    done = doctor(without_rev, tree)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "`rev` on the search path" in done.stderr and "pipx" in done.stderr
    done = doctor(without_rev, tree, "--json")
    assert (done.returncode, json.loads(done.stdout)["found"], done.stderr) == (2, [], "")


def test_a_rev_elsewhere_is_found_once(
    without_rev: Installation, installation: Installation, tree: Path, tmp_path: Path
) -> None:
    commands, tools = tmp_path / "commands", tmp_path / ".local" / "share" / "uv" / "tools"
    commands.mkdir()
    tools.mkdir(parents=True)
    (commands / "rev").symlink_to(installation.commands / "rev")
    (tools / "rev-agentic").symlink_to(installation.folder)
    path = f"{without_rev.commands}{os.pathsep}{commands}{os.pathsep}{os.defpath}"
    without_rev.script("rev", f"#!{without_rev.interpreter}\nprint('another program of that name')\n")
    done = doctor(without_rev, tree, "--json", "--seconds", "1", home=tmp_path, PATH=path)
    assert done.returncode == 0
    (found,) = json.loads(done.stdout)["found"]
    assert (found["found"], found["rev"]) == (str(commands / "rev"), "2.0.1")
    done = doctor(without_rev, tree, "--json", "--seconds", "1", home=tmp_path)
    (found,) = json.loads(done.stdout)["found"]
    assert (found["found"], found["interpreter"]) == ("uv", str(tools / "rev-agentic" / "bin" / "python"))


def test_a_folder_that_is_not_there_is_wrong_usage(installation: Installation, tree: Path) -> None:
    done = doctor(installation, tree / "missing")
    assert (done.returncode, done.stdout) == (2, "")
    assert "missing" in done.stderr
