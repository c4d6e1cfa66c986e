"""The usual tools of a coding agent, for a workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rev_accel import metrics as measured
from rev_accel.workspace import Workspace
from rev_accel.workspace.root import chosen_root

from .code import CodeTools
from .commands import CommandTools
from .documents import Documents
from .files import FileTools
from .folders import FolderTools
from .git import GitTools
from .patch import PatchTools
from .process import Printed, Stopped
from .registry import Registry, Started
from .search import SearchTools
from .system import SystemTools
from .testing import TestTools

if TYPE_CHECKING:
    from typing import Any

__all__ = ["builtin_tools", "default_registry", "execute_tool"]


def builtin_tools(
    workspace: Workspace | None = None,
    *,
    reads_only: bool = False,
    on_start: Started | None = None,
    on_output: Printed | None = None,
    stopped: Stopped | None = None,
    documents: Documents | None = None,
    metrics: measured.Metrics = measured.METRICS,
) -> Registry:
    """The usual tools, working in a workspace.

    What a model has read of files is known to the tools of one registry, and to none else, unless given `documents`.

    Args:
        workspace: By default that of the current root.
        reads_only: Leave out the tools that write, and run commands.
        on_start: Called with the description of each tool before it runs: `print`, for example.
        on_output: Called with pieces of what commands and tests print while they run.
        stopped: Asked again and again while commands and tests run; once it says so, they are ended.
        documents: What the model knows of the files of this workspace.
        metrics: Where durations and failures go.
    """
    here = Workspace() if workspace is None else workspace
    documents = Documents(here) if documents is None else documents
    files, folders, code = FileTools(documents), FolderTools(documents), CodeTools(here)
    commands = CommandTools(here, on_output=on_output, stopped=stopped)
    tests, git = TestTools(here, on_output=on_output, stopped=stopped), GitTools(here)
    tools: list[Callable[..., object]] = [
        files.read_file,
        files.write_file,
        files.replace_in_file,
        PatchTools(documents).apply_patch,
        folders.list_dir,
        folders.tree_view,
        folders.move,
        folders.copy,
        folders.delete,
        folders.create_directory,
        SearchTools(here).search_code,
        code.find_definitions,
        code.outline,
        code.analyze_ast_patterns,
        git.get_repo_context,
        git.git_diff,
        git.git_commit,
        commands.run_command,
        tests.run_tests,
        SystemTools(here).system_info,
    ]
    made = Registry(tools, on_start=on_start, metrics=metrics)
    return made.subset(one.name for one in made if one.reads) if reads_only else made


_by_root: dict[str | None, Registry] = {}


def default_registry() -> Registry:
    """The registry that `execute_tool` uses: the usual tools in the current root, of which each has its own.

    Where no root is set, it is the working directory at the first use.
    """
    root = chosen_root()
    found = _by_root.get(root)
    return _by_root.setdefault(root, builtin_tools()) if found is None else found


def execute_tool(name: str, arguments: Any, *, registry: Registry | None = None) -> str:
    """Executes a tool of `default_registry`, or of another one: see `Registry.execute`."""
    return (default_registry() if registry is None else registry).execute(name, arguments)
