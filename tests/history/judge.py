"""Whether a server takes messages, by another way than `rev_accel.history.check`: it tears them down from the end."""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]


def refusal(messages: list[Message], dialect: str) -> str | None:
    """Why a server of that dialect would refuse these messages; `None` if it takes them."""
    left = list(messages)
    while left:
        results: list[Message] = []
        while left and left[-1]["role"] == "tool":
            results.insert(0, left.pop())
        head = left.pop() if left else None
        calls = (head or {}).get("tool_calls")
        if results and not calls:
            return f"results without calls: {results}"
        if head is None:
            break
        if head["role"] not in ("system", "developer", "user", "assistant"):
            return f"role {head['role']}"
        if "tool_calls" in head and (head["role"] != "assistant" or not isinstance(calls, list) or not calls):
            return f"calls {calls}"
        if calls and len(calls) != len(results):
            return f"{len(calls)} calls and {len(results)} results"
        for call, result in zip(calls or (), results, strict=True):
            if call.get("id") != result.get("tool_call_id"):
                return f"the result of {result.get('tool_call_id')} where that of {call.get('id')} should be"
            if dialect == "openai" and not call.get("id"):
                return "no id"
            if result.get("tool_name", call["function"]["name"]) != call["function"]["name"]:
                return f"the result of {result['tool_name']} for {call}"
        for message in (head, *results):
            content = message.get("content")
            if content is None and not (message is head and calls):
                return f"no content: {message}"
            if content is not None and not isinstance(content, str):
                is_parts = isinstance(content, list) and content and all(isinstance(part, dict) for part in content)
                if dialect == "ollama" or not is_parts:
                    return f"content {content!r}"
    return None
