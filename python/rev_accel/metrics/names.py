"""The names of what is measured: OpenTelemetry's, where its conventions for generative AI have one."""

from __future__ import annotations

__all__ = [
    "AGENT_PHASE",
    "ANALYSIS",
    "CACHE_RESULT",
    "MEMORY",
    "MODEL_CALL",
    "PREFIX",
    "TOKENS",
    "TOOL",
    "TOOL_FAILURES",
    "TOOL_OVERHEAD",
    "UNITS",
]

# Of the conventions, whose status is "development": names may still change, so they stand here alone.
TOKENS = "gen_ai.client.token.usage"
MODEL_CALL = "gen_ai.client.operation.duration"
TOOL = "gen_ai.execute_tool.duration"

# Ours.
TOOL_OVERHEAD = "rev_accel.tool.overhead"
"""What a registry does before the function of a tool is called: look-up, check of the arguments, description."""
TOOL_FAILURES = "rev_accel.tool.failures"
"""Calls of tools that went wrong; the attribute `kind` is `unknown`, `arguments` or `error`."""
ANALYSIS = "rev_accel.analysis.duration"
"""A scan; the attribute `state` is `cold` or `warm`."""
CACHE_RESULT = "rev_accel.cache.result"
"""Questions for replies of models; the attribute `result` is `hit`, `miss`, `shared` or `bypass`."""
AGENT_PHASE = "rev_accel.agent.phase.duration"
"""A phase of an agent's run; the attribute `phase` names it, as `planning`."""
PREFIX = "rev_accel.prefix.size"
"""Bytes of messages that were sent; the attribute `kind` is `shared` with the request before, or `fresh`."""
MEMORY = "rev_accel.process.memory"
"""Resident memory; the attribute `kind` is `current` or `peak`."""

UNITS = {TOKENS: "{token}", TOOL_FAILURES: "{call}", CACHE_RESULT: "{request}", PREFIX: "By", MEMORY: "By"}
"""Of those that are not seconds."""
