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
        bodies=("248f99e434977f2f",),
        maker="analysis",
    ),
    MethodPoint(
        group="llm_key",
        module="rev.cache.implementations",
        owner="LLMResponseCache",
        name="_hash_messages",
        parameters=("self", "messages", "tools", "model"),
        defaults=(None, None),
        bodies=("da8a2ed8717c0db8",),
        maker="llm_key",
    ),
    MethodPoint(
        group="llm_key",
        module="rev.cache.implementations",
        owner="LLMResponseCache",
        name="_hash_tools",
        parameters=("self", "tools"),
        bodies=("060c0fcf2cde3e05", "8f8512e9c105e154"),
        maker="llm_key",
    ),
    FunctionPoint(
        group="repo_context",
        module="rev.tools.git_ops",
        name="get_repo_context",
        parameters=("commits",),
        defaults=(6,),
        bodies=("6f47e63eb7da46c3",),
        maker="repo_context",
    ),
    FunctionPoint(
        group="descriptions",
        module="rev.tools.registry",
        name="_get_friendly_description",
        parameters=("name", "args"),
        bodies=("53d817a4ca812fbb",),
        maker="descriptions",
    ),
    FunctionPoint(
        group="paths",
        module="rev.tools.utils",
        name="_safe_path",
        parameters=("rel",),
        bodies=("b071128cce30e27e",),
        maker="paths",
    ),
    FunctionPoint(
        group="paths",
        module="rev.tools.file_ops",
        name="_safe_path",
        parameters=("rel",),
        bodies=("b071128cce30e27e",),
        maker="paths",
    ),
    FunctionPoint(
        group="history",
        module="rev.execution.executor",
        name="_manage_message_history",
        parameters=("messages", "max_recent", "tracker"),
        defaults=(20, None),
        bodies=("0f0b1803be04bf9d",),
        maker="history",
    ),
    MethodPoint(
        group="disk_caches",
        module="rev.cache.base",
        owner="IntelligentCache",
        name="_load_from_disk",
        parameters=("self",),
        bodies=("5d1320067cd9326e",),
        maker="disk_caches",
    ),
    MethodPoint(
        group="disk_caches",
        module="rev.cache.base",
        owner="IntelligentCache",
        name="_save_to_disk",
        parameters=("self",),
        bodies=("fd22dee1171522c0",),
        maker="disk_caches",
    ),
)

GROUPS = tuple(dict.fromkeys(point.group for point in POINTS))
"""The names that `install` takes: each group of points is installed as a whole or not at all."""
