"""Random messages, and an independent digest of them."""

import random
from typing import Any

from rev_accel import digest

TEXTS = (
    "",
    "hello",
    "line\nline\r\n\u2028\x00\x7f",
    "съешь ещё",
    "😀" * 3,
    "\ud83d",
    "\ud83d\ude00",  # two lone surrogates, which are not one character
    '"quoted" \\ and / \\u0041',
    "x" * 5_000,
    '{"bytes":1,"digest":"',
    "}\n{",
)
NUMBERS = (0, 1, -1, 2**63, -(2**200), 0.0, -0.0, 1.0, 1e22, 1e-320, float("inf"), float("-inf"), float("nan"), 0.1)


def value(choice: random.Random, levels: int = 3) -> Any:
    """Any data."""
    kind = choice.randrange(7 if levels else 5)
    if kind < 2:
        return choice.choice(TEXTS)
    if kind == 2:
        return choice.choice(NUMBERS)
    if kind in (3, 4):
        return choice.choice((None, True, False))
    if kind == 5:
        return [value(choice, levels - 1) for _ in range(choice.randrange(4))]
    return {choice.choice(TEXTS) + str(n): value(choice, levels - 1) for n in range(choice.randrange(4))}


def message(choice: random.Random) -> dict[str, Any]:
    """A message, as servers exchange them or odder."""
    role = choice.choice(("system", "user", "assistant", "tool"))
    found: dict[str, Any] = {"role": role, "content": value(choice, 2)}
    if role == "assistant" and choice.random() < 0.5:
        found["tool_calls"] = [call(choice.randrange(10**6)) for _ in range(choice.randrange(3))]
    if role == "tool":
        found["tool_call_id"] = f"call_{choice.randrange(10**6)}"
    if choice.random() < 0.3:
        found["more"] = value(choice)
    return found


def call(number: int) -> dict[str, Any]:
    """A tool call as OpenAI's servers write it."""
    return {"id": f"call_{number}", "type": "function", "function": {"name": "read", "arguments": "{}"}}


def result(number: int, content: str = "done") -> dict[str, Any]:
    """Its result."""
    return {"role": "tool", "tool_call_id": f"call_{number}", "content": content}


def chained(messages: list[dict[str, Any]]) -> str | None:
    """The digest of a log, made another way."""
    chain = None
    for one in messages:
        chain = digest([chain, digest(one, domain="message")], domain="messages")
    return chain
