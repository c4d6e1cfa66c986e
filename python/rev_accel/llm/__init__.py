"""Calls of language models: described whole, named by a key, asked, judged, recorded and replayed::

    from rev_accel.llm import OllamaClient, storable

    with OllamaClient("http://localhost:11434") as client:
        request = client.request(
            model="qwen3", messages=[{"role": "user", "content": "Hello"}], options={"temperature": 0, "num_ctx": 8192}
        )
        reply = client.chat(request)
        print(request.key(), reply.content, storable(reply).reason)

Every name is loaded when it is first used. `OllamaClient` and `OpenAIClient` need the extra `rev-accel[agent]`.
"""

from rev_accel.lazily import loader as _loader

TYPE_CHECKING = False

if TYPE_CHECKING:
    from .caching import CachingClient as CachingClient
    from .client import Client as Client
    from .difference import diff as diff
    from .http import OllamaClient as OllamaClient
    from .http import OpenAIClient as OpenAIClient
    from .key import NOT_IN_KEY as NOT_IN_KEY
    from .key import Key as Key
    from .key import Part as Part
    from .limits import Limits as Limits
    from .limits import Retries as Retries
    from .parts import Messages as Messages
    from .parts import ToolSet as ToolSet
    from .recording import RecordingClient as RecordingClient
    from .redaction import redact as redact
    from .replay import ReplayClient as ReplayClient
    from .reply import Piece as Piece
    from .reply import Reply as Reply
    from .reply import Timings as Timings
    from .reply import ToolCall as ToolCall
    from .reply import Usage as Usage
    from .request import Request as Request
    from .scripted import Answer as Answer
    from .scripted import ScriptedClient as ScriptedClient
    from .structure import structured as structured
    from .verdict import Verdict as Verdict
    from .verdict import storable as storable

__all__ = [
    "NOT_IN_KEY",
    "Answer",
    "CachingClient",
    "Client",
    "Key",
    "Limits",
    "Messages",
    "OllamaClient",
    "OpenAIClient",
    "Part",
    "Piece",
    "RecordingClient",
    "ReplayClient",
    "Reply",
    "Request",
    "Retries",
    "ScriptedClient",
    "Timings",
    "ToolCall",
    "ToolSet",
    "Usage",
    "Verdict",
    "diff",
    "redact",
    "storable",
    "structured",
]

# Where each name is defined.
_HOMES = {
    "Answer": "scripted",
    "CachingClient": "caching",
    "Client": "client",
    "Key": "key",
    "Limits": "limits",
    "Messages": "parts",
    "NOT_IN_KEY": "key",
    "OllamaClient": "http",
    "OpenAIClient": "http",
    "Part": "key",
    "Piece": "reply",
    "RecordingClient": "recording",
    "ReplayClient": "replay",
    "Reply": "reply",
    "Request": "request",
    "Retries": "limits",
    "ScriptedClient": "scripted",
    "Timings": "reply",
    "ToolCall": "reply",
    "ToolSet": "parts",
    "Usage": "reply",
    "Verdict": "verdict",
    "diff": "difference",
    "redact": "redaction",
    "storable": "verdict",
    "structured": "structure",
}

if not TYPE_CHECKING:
    __getattr__ = _loader(globals(), _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
