"""The usual tools together: what models are told of them, which root they work in, what they keep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rev_accel.metrics.memory import current_bytes
from rev_accel.tools import builtin_tools, default_registry, execute_tool
from rev_accel.workspace import Workspace, use_root

SCHEMAS = Path(__file__).parents[1] / "fixtures" / "tools.json"


def test_schemas_are_the_bytes_that_are_kept(tmp_path: Path) -> None:
    """On any version of Python; `REV_ACCEL_KEEP=1` writes them anew after a change that is meant."""
    found = json.dumps(builtin_tools(Workspace(tmp_path)).schemas(), indent=1) + "\n"
    if os.environ.get("REV_ACCEL_KEEP"):
        SCHEMAS.write_text(found)
    assert found == SCHEMAS.read_text()


def test_every_tool_and_parameter_is_described(tmp_path: Path) -> None:
    for schema in builtin_tools(Workspace(tmp_path)).schemas():
        function = schema["function"]
        assert function["description"].endswith(".") and len(function["description"]) >= 25
        for name, part in function["parameters"]["properties"].items():
            assert part.get("description"), f"{function['name']}: {name}"


def test_each_root_has_its_own_tools(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(name)
    with use_root(tmp_path / "one"):
        assert execute_tool("read_file", {"path": "a"}).endswith("one")
        assert default_registry() is default_registry()
        with use_root(tmp_path / "two"):
            assert execute_tool("read_file", {"path": "a"}).endswith("two")
        assert "unchanged" in execute_tool("read_file", {"path": "a"})
    other = builtin_tools(Workspace(tmp_path))
    assert execute_tool("read_file", {"path": "one/a"}, registry=other).endswith("one")


def test_importing_the_tools_loads_no_workspace_of_the_host() -> None:
    code = (
        "import sys; import rev_accel; print(sorted(one for one in sys.modules if 'rev_accel' in one)); "
        "from rev_accel.tools import Registry; print('rev_accel.workspace' in sys.modules, 'pydantic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "['rev_accel']\nFalse False\n"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs the resident memory of a process")
def test_many_large_results_leave_little_behind(tmp_path: Path) -> None:
    registry = builtin_tools(Workspace(tmp_path))
    for number in range(500):
        (tmp_path / f"{number}.txt").write_text(f"{number}\n" + "x" * 99 + "\n" + ("y" * 99 + "\n") * 1000)
    registry.execute("read_file", {"path": "0.txt"})
    before = current_bytes()
    for number in range(500):
        assert len(registry.execute("read_file", {"path": f"{number}.txt", "again": True})) > 40_000
    after = current_bytes()
    assert before is not None and after is not None
    assert after - before < 40 << 20
