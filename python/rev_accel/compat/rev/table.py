"""The points of rev that are replaced, and what is expected there."""

from __future__ import annotations

from .points import FunctionPoint, MethodPoint, Point

__all__ = ["GROUPS", "KNOWN_VERSIONS", "POINTS"]

KNOWN_VERSIONS = ("2.0.0", "2.0.1")
"""The versions of rev that the drop-in was compared with."""

POINTS: tuple[Point, ...] = (
    FunctionPoint(
        group="analysis",
        module="rev.tools.analysis",
        name="analyze_ast_patterns",
        parameters=("path", "patterns"),
        defaults=(None,),
        bodies=("e79ad6e0d4d88412",),
        maker="analysis",
    ),
    MethodPoint(
        group="llm_key",
        module="rev.cache.implementations",
        owner="LLMResponseCache",
        name="_hash_messages",
        parameters=("self", "messages", "tools", "model"),
        defaults=(None, None),
        bodies=("a9d1a812fa4aca8c",),
        maker="llm_key",
    ),
    MethodPoint(
        group="llm_key",
        module="rev.cache.implementations",
        owner="LLMResponseCache",
        name="_hash_tools",
        parameters=("self", "tools"),
        bodies=("ff573bb7dd4c140b", "e65511efe5a9c066"),
        maker="llm_key",
    ),
    FunctionPoint(
        group="repo_context",
        module="rev.tools.git_ops",
        name="get_repo_context",
        parameters=("commits",),
        defaults=(6,),
        bodies=("ae83c319d593c45e",),
        maker="repo_context",
    ),
    FunctionPoint(
        group="descriptions",
        module="rev.tools.registry",
        name="_get_friendly_description",
        parameters=("name", "args"),
        bodies=("6e856d01520cc6f2",),
        maker="descriptions",
    ),
    FunctionPoint(
        group="paths",
        module="rev.tools.utils",
        name="_safe_path",
        parameters=("rel",),
        bodies=("2a64d4c1ba775853",),
        maker="paths",
    ),
    FunctionPoint(
        group="paths",
        module="rev.tools.file_ops",
        name="_safe_path",
        parameters=("rel",),
        bodies=("2a64d4c1ba775853",),
        maker="paths",
    ),
    FunctionPoint(
        group="history",
        module="rev.execution.executor",
        name="_manage_message_history",
        parameters=("messages", "max_recent", "tracker"),
        defaults=(20, None),
        bodies=("96ad86ab685d4980",),
        maker="history",
    ),
    MethodPoint(
        group="disk_caches",
        module="rev.cache.base",
        owner="IntelligentCache",
        name="_load_from_disk",
        parameters=("self",),
        bodies=("86896a2bcb263589",),
        maker="disk_caches",
    ),
    MethodPoint(
        group="disk_caches",
        module="rev.cache.base",
        owner="IntelligentCache",
        name="_save_to_disk",
        parameters=("self",),
        bodies=("e05e4d6107cdeeba",),
        maker="disk_caches",
    ),
)

GROUPS = tuple(dict.fromkeys(point.group for point in POINTS))
"""The names that `install` takes: each group of points is installed as a whole or not at all."""
