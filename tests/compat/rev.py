"""What tests inside of rev need of it: its functions, and which of them stand where."""

import importlib
import sys
from types import FunctionType, ModuleType
from typing import Any

POINTS = {
    "rev.tools.analysis.analyze_ast_patterns": "analysis",
    "rev.cache.implementations.LLMResponseCache._hash_messages": "llm_key",
    "rev.cache.implementations.LLMResponseCache._hash_tools": "llm_key",
    "rev.tools.git_ops.get_repo_context": "repo_context",
    "rev.tools.registry._get_friendly_description": "descriptions",
    "rev.tools.utils._safe_path": "paths",
    "rev.tools.file_ops._safe_path": "paths",
    "rev.execution.executor._manage_message_history": "history",
    "rev.cache.base.IntelligentCache._load_from_disk": "disk_caches",
    "rev.cache.base.IntelligentCache._save_to_disk": "disk_caches",
}
"""All points with their groups."""

HOMES = tuple(
    dict.fromkeys(
        name.rpartition(".")[0].removesuffix(".LLMResponseCache").removesuffix(".IntelligentCache") for name in POINTS
    )
)

BINDINGS = {
    "analyze_ast_patterns": ("rev.tools.analysis", "rev.tools.registry"),
    "get_repo_context": ("rev.tools.git_ops", "rev.tools.registry", "rev.execution.planner", "rev.tools", "rev"),
}
"""Modules that are known to hold a function."""


def load() -> None:
    """Imports all of rev that has points."""
    for home in (*HOMES, "rev.execution.planner"):
        importlib.import_module(home)


def get(name: str) -> Any:
    """What stands at a point or another attribute, by its full name."""
    owner, _, last = name.rpartition(".")
    if owner in sys.modules:
        return vars(sys.modules[owner])[last]
    return vars(get(owner))[last]


def rev_modules() -> list[ModuleType]:
    """All modules of rev that are imported."""
    return [
        module
        for name, module in list(sys.modules.items())
        if name.split(".")[0] == "rev" and isinstance(module, ModuleType)
    ]


def everything() -> dict[str, object]:
    """All attributes of all modules of rev, and those of the classes that have points."""
    found: dict[str, object] = {}
    for module in rev_modules():
        found |= {f"{module.__name__}.{key}": value for key, value in vars(module).items() if not key.startswith("__")}
    for name in ("rev.cache.implementations.LLMResponseCache", "rev.cache.base.IntelligentCache"):
        if name in found:
            found |= {f"{name}.{key}": value for key, value in vars(found[name]).items()}  # type: ignore[arg-type]
    return found


def changed(before: dict[str, object], after: dict[str, object]) -> set[str]:
    """The names under which something else stands."""
    return {name for name in before | after if before.get(name) is not after.get(name)}


def is_ours(value: Any) -> bool:
    """Whether a value is a function of rev-accel."""
    return isinstance(value, FunctionType) and "rev_accel" in value.__code__.co_filename


def states(report: Any) -> dict[str, str]:
    return {point.name: point.state for point in report.points}
