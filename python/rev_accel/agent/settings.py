"""What a run is told before it begins: who is asked, what may be spent, who decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from rev_accel.errors import InputError
from rev_accel.llm import Request
from rev_accel.llm.dialects import of
from rev_accel.llm.request import Dialect

__all__ = ["Limits", "Prices", "Settings"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a run may take. `None` sets no limit."""

    iterations: int = 50
    """Replies of the model for each task."""
    calls: int | None = 500
    """Replies of the model in all."""
    tokens: int | None = None
    """Tokens in all, of prompts and replies, as the server counts them."""
    seconds: float | None = 3600.0
    cost: float | None = None
    """In the unit of the prices, which have to be given with it."""
    repeats: int = 3
    """How often the same call may have the same result in one task before the model is told; at twice as many the task
    has failed."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if value is None and one.name in ("calls", "tokens", "seconds", "cost"):
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
                raise InputError(f"`limits.{one.name}` is {value!r}: expected a number above 0")


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """What a million tokens cost, in any one unit."""

    prompt: float
    completion: float
    cached: float | None = None
    """Of prompts that the server had computed before; by default the same as others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How a run is done. What it may do is said by a `Policy`."""

    model: str
    endpoint: str = "http://localhost:11434"
    dialect: Dialect = "ollama"
    window: int = 32_768
    """Tokens that a request and its reply may have: sent as `num_ctx` with each request to Ollama."""
    options: Mapping[str, Any] = field(default_factory=lambda: {"temperature": 0})
    """Sampling options, by the names of the server's dialect."""
    workers: int = 2
    """Tasks at a time."""
    plan: bool = True
    """Whether there is a plan; else the goal is one task."""
    review: bool = True
    """Whether the model looks at its plan once more."""
    test: bool = True
    """Whether tests are run before and after."""
    repairs: int = 1
    """How often the model is asked to mend what got worse."""
    limits: Limits = field(default_factory=Limits)
    prices: Prices | None = None

    def __post_init__(self) -> None:
        if not self.model:
            raise InputError("`model` is empty: expected the name of a model")
        if "num_ctx" in self.options:
            raise InputError("`options.num_ctx` is given: expected `window`, which is sent as it")
        given = {name: getattr(self, name) for name in ("endpoint", "dialect", "model", "options")}
        try:
            asked = Request(messages=(), **given)
            of(asked.dialect).write(asked, stream=False)
        except TypeError as error:
            raise InputError(str(error)) from None
        for name, least in (("window", 1024), ("workers", 1), ("repairs", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(f"`{name}` is {value!r}: expected a whole number from {least}")
        if self.limits.cost is not None and self.prices is None:
            raise InputError("`limits.cost` is given without `prices`: expected what a million tokens cost")

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """What `dataclasses.asdict` made of them."""
        prices = given.get("prices")
        parts = {"limits": Limits(**given["limits"]), "prices": None if prices is None else Prices(**prices)}
        return cls(**{**given, **parts})
