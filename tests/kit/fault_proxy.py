"""A proxy before a server of files whose requests are counted and whose faults are chosen: the server behind it is a real one.

It reads each request whole and hands it on, so that a fault is of one request: refused, reset before or after it was done, its answer cut
or kept back, or only late, as of a server far away.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit

#: What may go wrong with a request.
FAULTS = ("503", "reset", "cut", "lost answer", "hang")
_HOP = {"connection", "transfer-encoding", "keep-alive"}


@dataclass
class Asked:
    """A request: its method, its path without the bucket, and what came of it."""

    method: str
    path: str
    fault: str = ""
    status: int = 0


@dataclass
class Plan:
    """Which requests go wrong, and how: `chosen` says it for a request and how many there were before."""

    chosen: Callable[[Asked, int], str] = field(default=lambda asked, number: "")
    latency: float = 0.0
    hang: float = 30.0


class FaultProxy:
    """See the module.

    Attributes:
        asked: each request.
        plan: what goes wrong from here on.
        most: so many requests were on their way at once.
    """

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (str(parts.hostname), int(parts.port or 80))
        self.asked: list[Asked] = []
        self.plan = Plan()
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                outer._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that left is none of ours."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def fail(self, fault: str, when: Callable[[Asked], bool] = lambda asked: True, times: int | None = None) -> None:
        """Let requests go wrong that `when` chooses: so many, or all."""
        left = [times]

        def chosen(asked: Asked, number: int) -> str:
            if not when(asked) or left[0] == 0:
                return ""
            if left[0] is not None:
                left[0] -= 1
            return fault

        self.plan = Plan(chosen, self.plan.latency, self.plan.hang)

    def heal(self) -> None:
        """Nothing goes wrong from here on."""
        self.plan = Plan(latency=self.plan.latency)

    def take(self) -> list[Asked]:
        """The requests since it was asked last."""
        with self._lock:
            found, self.asked = self.asked, []
            return found

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, handler: socketserver.StreamRequestHandler) -> None:
        behind = HTTPConnection(*self._target, timeout=60)
        handler.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while self._one(handler, behind):
                pass
        except (ConnectionError, OSError):
            pass
        finally:
            behind.close()

    def _one(self, handler: socketserver.StreamRequestHandler, behind: HTTPConnection) -> bool:
        line = handler.rfile.readline().decode("latin-1").split()
        if len(line) != 3:
            return False
        headers: list[tuple[str, str]] = []
        while (text := handler.rfile.readline().decode("latin-1").strip()) != "":
            name, _, value = text.partition(":")
            headers.append((name.strip(), value.strip()))
        size = int({name.lower(): value for name, value in headers}.get("content-length", "0"))
        body = handler.rfile.read(size)
        asked = Asked(line[0], line[1])
        with self._lock:
            asked.fault = self.plan.chosen(asked, len(self.asked))
            self.asked.append(asked)
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            return self._answered(handler, behind, asked, headers, body)
        finally:
            with self._lock:
                self._now -= 1

    def _answered(
        self,
        handler: socketserver.StreamRequestHandler,
        behind: HTTPConnection,
        asked: Asked,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> bool:
        if self.plan.latency:
            time.sleep(self.plan.latency)
        if asked.fault == "503":
            handler.wfile.write(b"HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\n\r\n")
            return True
        if asked.fault == "reset":
            return _reset(handler.request)
        if asked.fault == "hang":
            self._stopped.wait(self.plan.hang)
            return _reset(handler.request)
        answer, content = self._behind(behind, asked, headers, body)
        asked.status = answer.status
        if asked.fault == "lost answer":
            return _reset(handler.request)
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{k}: {v}" for k, v in answer.getheaders() if k.lower() not in {*_HOP, "content-length"}]
        length = answer.getheader("content-length") if asked.method == "HEAD" else None
        lines.append(f"content-length: {length or len(content)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if asked.fault == "cut" and len(content) > 1:
            handler.wfile.write(head + content[: len(content) // 2])
            handler.wfile.flush()
            return False
        handler.wfile.write(head + content)
        return True

    def _behind(
        self, behind: HTTPConnection, asked: Asked, headers: list[tuple[str, str]], body: bytes
    ) -> tuple[HTTPResponse, bytes]:
        for attempt in (1, 2):
            try:
                behind.putrequest(asked.method, asked.path, skip_host=True, skip_accept_encoding=True)
                for name, value in headers:
                    if name.lower() not in _HOP:
                        behind.putheader(name, value)
                behind.endheaders(body or None)
                answer = behind.getresponse()
                return answer, answer.read()
            except (ConnectionError, OSError):
                behind.close()  # it was idle for long: once more on a new one
                if attempt == 2:
                    raise
        raise AssertionError


def _reset(connection: socket.socket) -> bool:
    """End a connection so that the other side learns of it as of a server that died."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False
