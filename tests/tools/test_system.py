"""What a model is told of the machine."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import pytest

from rev_accel.tools import Registry
from rev_accel.tools.system import PROGRAMS, SystemTools
from rev_accel.workspace import Workspace


def told(root: Path) -> dict[str, str]:
    lines = SystemTools(Workspace(root)).system_info().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def program(path: Path, text: str = "#!/bin/sh\nexit 1\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_it_tells_of_the_machine_and_of_this_python(tmp_path: Path) -> None:
    found = told(tmp_path)
    assert list(found) == ["System", "Processors", "Memory", "Python", "Git", "Programs"]
    assert found["System"] == f"{platform.system()} {platform.release()}, {platform.machine()}"
    assert found["Python"] == f"{platform.python_implementation()} {platform.python_version()}"
    assert int(found["Processors"]) >= 1
    assert "git" in found["Programs"].split(", ")
    assert found["Git"][0].isdecimal()


def test_it_says_the_same_each_time(tmp_path: Path) -> None:
    registry = Registry([SystemTools(Workspace(tmp_path)).system_info])
    assert registry.execute("system_info", {}) == registry.execute("system_info", {})


def test_programs_are_named_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(PROGRAMS) == sorted(PROGRAMS)
    for name in ("rg", "docker", "make"):
        program(tmp_path / "bin" / name)
    (tmp_path / "bin/node").write_text("not executable")
    (tmp_path / "root").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    found = told(tmp_path / "root")
    assert found["Programs"] == "docker, make, rg"
    assert found["Git"] == "none"
    monkeypatch.setenv("PATH", "")
    assert told(tmp_path / "root")["Programs"] == "none of the usual ones"


def test_entries_of_path_that_may_not_be_looked_at_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin/make")
    (tmp_path / "root").mkdir()
    (tmp_path / "closed").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    stat = os.stat

    def refused(path: str, **more: bool) -> os.stat_result:
        if "closed" in str(path):
            raise PermissionError(13, "Permission denied", path)
        return stat(path, **more)

    monkeypatch.setattr(os, "stat", refused)
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in ("closed", "loop", "none", "bin")))
    assert told(tmp_path / "root")["Programs"] == "make"


@pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")
def test_no_program_of_the_workspace_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    program(root / "bin/git", f"#!/bin/sh\ntouch {tmp_path}/mark\n")
    (tmp_path / "link").symlink_to(root / "bin")
    program(tmp_path / "other/git").unlink()
    (tmp_path / "other/git").symlink_to(root / "bin/git")
    monkeypatch.chdir(root)
    monkeypatch.setenv(
        "PATH", os.pathsep.join(["bin", "", str(root / "bin"), str(tmp_path / "link"), str(tmp_path / "other")])
    )
    assert told(root)["Git"] == "none"
    assert not (tmp_path / "mark").exists()


@pytest.mark.skipif(os.name != "posix", reason="the programs are shell scripts")
@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/no/such/program\n", "no program"])
def test_a_git_that_fails_is_told(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin/git", text)
    (tmp_path / "root").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert told(tmp_path / "root")["Git"] == "unknown"
