"""A server on loopback that speaks both dialects, written from their documentation and not from our clients.

It answers each request by the next `Plan` that was given to it, and can do everything wrong that a server can.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATHS = {
    "/api/chat": "ollama",
    "/v1/api/chat": "ollama",
    "/chat/completions": "openai",
    "/v1/chat/completions": "openai",
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a request is answered."""

    content: str = "Hello there, world."
    thinking: str = ""
    refusal: str = ""
    tool_calls: tuple[tuple[str, Any], ...] = ()
    finish: str | None = ""
    """`""` for what fits, `None` for none."""
    usage: tuple[int, int] | None = (7, 3)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """A body in the place of a reply."""
    delay: float = 0.0
    """Seconds before anything is sent."""
    pause: float = 0.0
    """Seconds before each chunk but the first."""
    stop_after: int | None = None
    """Chunks after which the connection is closed, without ending the body."""
    says_done: bool = True
    """Whether the stream ends as its dialect says."""


Planned = Plan | Callable[[dict[str, Any]], Plan]


@dataclass
class Server:
    address: str
    plans: list[Planned] = field(default_factory=list)
    default: Planned = field(default_factory=Plan)
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    """Path, headers and body of each request."""
    connections: set[tuple[str, int]] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def endpoint(self, dialect: str) -> str:
        return self.address + ("/v1" if dialect == "openai" else "")

    def next(self, *plans: Planned) -> None:
        self.plans.extend(plans)

    def plan(self, path: str, headers: dict[str, str], body: dict[str, Any], peer: tuple[str, int]) -> Plan:
        with self.lock:
            self.asked.append((path, headers, body))
            self.connections.add(peer)
            planned = self.plans.pop(0) if self.plans else self.default
        return planned(body) if callable(planned) else planned


def calls(plan: Plan, dialect: str) -> list[dict[str, Any]]:
    if dialect == "ollama":
        return [{"function": {"name": name, "arguments": given}} for name, given in plan.tool_calls]
    return [
        {
            "id": f"call-{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(plan.tool_calls)
    ]


def finish(plan: Plan, dialect: str) -> str | None:
    if plan.finish != "":
        return plan.finish
    return "tool_calls" if plan.tool_calls and dialect == "openai" else "stop"


def usage(plan: Plan, dialect: str) -> dict[str, Any]:
    if plan.usage is None:
        return {}
    prompt, completion = plan.usage
    if dialect == "ollama":
        return {"total_duration": 5, "prompt_eval_count": prompt, "eval_count": completion}
    return {"usage": {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}}


def around(dialect: str, model: str, streamed: bool) -> dict[str, Any]:
    if dialect == "ollama":
        return {"model": model, "created_at": "2026-01-01T00:00:00Z"}
    kind = "chat.completion.chunk" if streamed else "chat.completion"
    return {"id": "chatcmpl-1", "object": kind, "created": 1767225600, "model": model}


def whole(plan: Plan, dialect: str, model: str) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": plan.content}
    if plan.tool_calls:
        message["tool_calls"] = calls(plan, dialect)
    if plan.refusal:
        message["refusal"] = plan.refusal
    if plan.thinking:
        message["thinking" if dialect == "ollama" else "reasoning_content"] = plan.thinking
    reason = finish(plan, dialect)
    if dialect == "ollama":
        body = {"message": message, "done": True} | ({"done_reason": reason} if reason else {})
    else:
        body = {"choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}]}
    return json.dumps(around(dialect, model, False) | body | usage(plan, dialect)).encode()


def pieces(text: str) -> list[str]:
    return [text[at : at + 5] for at in range(0, len(text), 5)]


def ollama_chunks(plan: Plan, model: str) -> Iterator[bytes]:
    def line(message: dict[str, Any], **more: Any) -> bytes:
        body = around("ollama", model, True) | {"message": {"role": "assistant", "content": "", **message}, **more}
        return json.dumps(body).encode() + b"\n"

    for part in pieces(plan.thinking):
        yield line({"thinking": part}, done=False)
    for part in pieces(plan.content):
        yield line({"content": part}, done=False)
    for call in calls(plan, "ollama"):
        yield line({"tool_calls": [call]}, done=False)
    if plan.says_done:
        reason = finish(plan, "ollama")
        yield line({}, done=True, **({"done_reason": reason} if reason else {}), **usage(plan, "ollama"))


def openai_chunks(plan: Plan, model: str) -> Iterator[bytes]:
    def event(delta: dict[str, Any] | None, reason: str | None = None, **more: Any) -> bytes:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": reason}]
        body = around("openai", model, True) | {"choices": choices, **more}
        return b"data: " + json.dumps(body).encode() + b"\n\n"

    yield b": a comment to keep the connection alive\n\n"
    yield event({"role": "assistant", "content": ""})
    for part in pieces(plan.thinking):
        yield event({"reasoning_content": part})
    for part in pieces(plan.content):
        yield event({"content": part})
    if plan.refusal:
        yield event({"refusal": plan.refusal})
    for number, call in enumerate(calls(plan, "openai")):
        text = call["function"]["arguments"]
        yield event({"tool_calls": [{"index": number, **call, "function": {**call["function"], "arguments": ""}}]})
        for part in pieces(text):
            yield event({"tool_calls": [{"index": number, "function": {"arguments": part}}]})
    if plan.says_done:
        yield event({}, finish(plan, "openai"))
        if plan.usage is not None:
            yield event(None, **usage(plan, "openai"))
        yield b"data: [DONE]\n\n"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listening
    # Else the second of two small packets waits for the first one's acknowledgement.
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        plan = self.server.described.plan(self.path, headers, body, self.client_address)
        dialect = PATHS.get(self.path)
        self.server.stopped.wait(plan.delay)
        try:
            if dialect is None:
                self.reply(404, {}, [b'{"error": "not found"}'], plan)
            elif plan.raw is not None or plan.status != 200:
                raw = plan.raw if plan.raw is not None else json.dumps({"error": {"message": "no"}}).encode()
                kind = {"content-type": "text/event-stream"} if raw.startswith(b"data:") else {}
                self.reply(plan.status, {**plan.headers, **kind}, [raw], plan)
            elif body.get("stream", dialect == "ollama"):
                chunks = (ollama_chunks if dialect == "ollama" else openai_chunks)(plan, body["model"])
                self.stream(chunks, plan, dialect)
            else:
                self.reply(200, plan.headers, [whole(plan, dialect, body["model"])], plan)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def reply(self, status: int, headers: dict[str, str], parts: list[bytes], plan: Plan) -> None:
        raw = b"".join(parts)
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        if plan.stop_after is not None:
            raw = raw[: len(raw) // 2]
            self.close_connection = True
        half = len(raw) // 2 if plan.pause else len(raw)
        self.wfile.write(raw[:half])
        self.wfile.flush()
        if plan.pause:
            self.server.stopped.wait(plan.pause)
            self.wfile.write(raw[half:])

    def stream(self, chunks: Iterator[bytes], plan: Plan, dialect: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson" if dialect == "ollama" else "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for number, chunk in enumerate(chunks):
            if number:
                self.server.stopped.wait(plan.pause)
            if number == plan.stop_after:
                self.close_connection = True
                return
            self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


class Listening(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    described: Server
    stopped: threading.Event

    def renew(self) -> Server:
        self.described = Server(f"http://127.0.0.1:{self.server_address[1]}")
        return self.described

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def listening_server() -> Iterator[Listening]:
    """A server that listens until the end of the block; `renew` forgets what it was told and asked."""
    listening = Listening(("127.0.0.1", 0), Handler)
    listening.stopped = threading.Event()
    listening.renew()
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield listening
    finally:
        listening.stopped.set()
        listening.shutdown()
        thread.join()
        listening.server_close()


if __name__ == "__main__":
    with listening_server() as running:
        print(running.described.address, flush=True)
        time.sleep(3600)
