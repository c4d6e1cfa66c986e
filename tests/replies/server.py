"""A server on loopback that is asked for replies, and counts."""

import threading
import time
import urllib.request
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


def key(number: int) -> bytes:
    """The key of a request."""
    return number.to_bytes(32, "little")


def reply(number: int) -> bytes:
    """The one right reply to a request; some are longer than a page of the store."""
    text = f"reply {number} "
    return text.encode() * (1 + number * 37 % 1500)


def ask(port: int, number: int) -> bytes:
    """Makes the call."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{number}", timeout=60) as answer:
        found: bytes = answer.read()
        return found


class Server(ThreadingHTTPServer):
    """Replies after `delay` seconds, and not before as many are asking as `together` says.

    A number in `failing` is answered with an error that often.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, delay: float = 0.02, together: int = 1) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.delay = delay
        self.together = threading.Barrier(together, timeout=30)
        self.calls: Counter[int] = Counter()
        self.failing: Counter[int] = Counter()
        self.lock = threading.Lock()
        self.asked = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[0.05]).start()
        return self

    def __exit__(self, *_raised: Any) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        number = int(self.path[1:])
        with self.server.lock:
            self.server.calls[number] += 1
            is_failing = self.server.failing[number] > 0
            self.server.failing[number] -= is_failing
        self.server.asked.set()
        self.server.together.wait()
        time.sleep(self.server.delay)
        body = reply(number)
        self.send_response(500 if is_failing else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:  # who asked was killed
            pass

    def log_message(self, *_arguments: object) -> None:
        pass
