"""An HTTP API for tests: a real server with pages of every kind, limits, credentials, and all that goes wrong out there."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

#: What stands in place of an answer: given the request and its number, it answers itself and says so.
Fault = Callable[["Handler", int], bool]


@dataclass
class Api:
    """A running API.

    Attributes:
        records: all that it holds, in its order.
        pages: how it turns pages: `none`, `page`, `offset`, `cursor`, `next` or `link`.
        size: records of a page, where nobody asks for another number.
        largest: more than that it never hands out.
        by: the field that `since` is compared with; its records come in its order then.
        inclusive: whether `since` means that moment, too.
        faults: looked at before each answer.
        asked: path, parameters and headers of each request.
    """

    records: list[dict] = field(default_factory=list)
    pages: str = "none"
    size: int = 2
    largest: int = 1000
    by: str | None = None
    inclusive: bool = True
    wrap: bool = True
    total: int | None = None
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/orders"

    def answer(self, params: dict[str, str]) -> tuple[object, dict[str, str]]:
        """What it says to a request, and headers."""
        found = self.records
        if self.by is not None:
            since = params.get("since")
            found = sorted(found, key=lambda r: (r.get(self.by) is not None, r.get(self.by) or ""))
            if since is not None:
                found = [
                    r
                    for r in found
                    if r.get(self.by) and (r[self.by] > since or (self.inclusive and r[self.by] == since))
                ]
        size = min(int(params.get("size", self.size)), self.largest)
        at = {
            "page": (int(params.get("page", 1)) - 1) * size,
            "offset": int(params.get("offset", 0)),
            "none": 0,
        }.get(self.pages, int(params.get("cursor", "c0")[1:]))
        part = found if self.pages == "none" else found[at : at + size]
        more = self.pages != "none" and at + size < len(found)
        rest = "".join(f"&{n}={v}" for n, v in params.items() if n in ("since", "size"))
        address = f"{self.url}?cursor=c{at + size}{rest}" if more else None
        headers = (
            {"Link": f'<{self.url}>; rel="first", <{address}>; rel="next"'} if self.pages == "link" and more else {}
        )
        if not self.wrap:
            return part, headers
        meta = {"total": len(found) if self.total is None else self.total}
        if self.pages == "cursor":
            meta["next"] = f"c{at + size}" if more else None
        if self.pages == "next":
            meta["next"] = address
        return {"data": {"items": part}, "meta": meta}, headers


class Handler(BaseHTTPRequestHandler):
    """Answers requests of one API."""

    protocol_version = "HTTP/1.1"
    api: Api

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.api.asked.append((parts.path, params, headers))
        number = len(self.api.asked)
        if any(fault(self, number) for fault in list(self.api.faults)):
            return
        value, more = self.api.answer(params)
        self.say(200, json.dumps(value).encode(), **{"Content-Type": "application/json", **more})

    def say(self, status: int, body: bytes = b"", length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        if length is not None and length > len(body):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def serving(api: Api) -> Iterator[Api]:
    """Let an API run."""
    made = type("OneHandler", (Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), made)
    server.daemon_threads = True
    api.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# -- what goes wrong


def first(count: int, fault: Fault) -> Fault:
    """A fault that goes by after so many times."""
    left = [count]

    def once(handler: Handler, number: int) -> bool:
        if not left[0]:
            return False
        left[0] -= 1
        return fault(handler, number)

    return once


def at(number: int, fault: Fault) -> Fault:
    """A fault of one request alone, counted from when it is made."""
    seen = [0]

    def then(handler: Handler, asked: int) -> bool:
        seen[0] += 1
        return fault(handler, asked) if seen[0] == number else False

    return then


def status(code: int, body: bytes = b'{"message": "no"}', **headers: str) -> Fault:
    """Answers with a status."""

    def say(handler: Handler, _: int) -> bool:
        handler.say(code, body, **{"Content-Type": "application/json", **headers})
        return True

    return say


def truncated(handler: Handler, _: int) -> bool:
    """Breaks off in the middle of a page."""
    value, _headers = handler.api.answer({})
    body = json.dumps(value).encode()
    handler.say(200, body[: len(body) // 2], length=len(body))
    return True


def cut(handler: Handler, _: int) -> bool:
    """A page that ends too early, and says that it is whole."""
    value, _headers = handler.api.answer({})
    handler.say(200, json.dumps(value).encode()[:-9])
    return True


def hanging(seconds: float) -> Fault:
    """Says nothing for some time."""

    def wait(handler: Handler, _: int) -> bool:
        time.sleep(seconds)
        handler.close_connection = True
        return True

    return wait


def broken(handler: Handler, _: int) -> bool:
    """Hangs up without a word."""
    handler.close_connection = True
    handler.connection.close()
    return True
