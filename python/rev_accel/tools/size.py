"""How much of each prompt the tools take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from rev_accel.history.tokens import tools_tokens
from rev_accel.llm.estimate import compact

__all__ = ["SchemaSize", "SchemaSizes"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaSize:
    """Of one tool."""

    name: str
    bytes: int
    """Of its schema as JSON in UTF-8, without spaces."""
    tokens: int
    """About how many these are, as a `History` counts them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaSizes:
    """Of all tools, the largest first."""

    tools: tuple[SchemaSize, ...]
    bytes: int
    tokens: int

    @classmethod
    def of(cls, schemas: Iterable[Mapping[str, Any]]) -> Self:
        """Measures the tools of a request."""
        found = [
            SchemaSize(
                name=one["function"]["name"],
                bytes=len(compact(one).encode("utf-8", "surrogatepass")),
                tokens=tools_tokens([one]),
            )
            for one in schemas
        ]
        found.sort(key=lambda one: (-one.bytes, one.name))
        total = sum(one.bytes for one in found)
        return cls(tools=tuple(found), bytes=total, tokens=sum(one.tokens for one in found))

    def table(self) -> str:
        """For people."""
        width = max([len(one.name) for one in self.tools] + [len("all tools")])
        rows = [("all tools", self.bytes, self.tokens), *((one.name, one.bytes, one.tokens) for one in self.tools)]
        lines = [f"{'tool':<{width}}    bytes   tokens  share"]
        for name, size, tokens in rows:
            share = size / self.bytes if self.bytes else 0
            lines.append(f"{name:<{width}} {size:>8,} {tokens:>8,} {share:>6.1%}")
        return "\n".join(lines)
