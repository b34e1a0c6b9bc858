"""Servers that messages are sent to: a web server and a mail server, real ones, on free ports of this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage as Mail
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass
class WebReceiver:
    """A web server: what it was sent, and how it answers by path.

    `/ok` takes all. `/fail` answers 503, `/redirect` leads to `/ok`, `/hang` answers nothing until `let_go` is set; `/flaky` takes what
    comes while `is_well`.
    """

    port: int = 0
    is_well: bool = True
    got: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def documents(self, path: str = "/ok") -> list[dict[str, Any]]:
        """What came at a path, in order."""
        return [document for at, _, document in self.got if at == path]


@contextmanager
def web_receiver() -> Iterator[WebReceiver]:
    """A running `WebReceiver`."""
    receiver = WebReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, dict(self.headers), json.loads(body)))
            if self.path == "/hang":
                receiver.let_go.wait(60)
            is_refused = self.path.split("?")[0].split("/")[1] == "fail" or (
                self.path == "/flaky" and not receiver.is_well
            )
            self.send_response(503 if is_refused else 302 if self.path == "/redirect" else 200)
            if self.path == "/redirect":
                self.send_header("Location", "/ok")
            self.end_headers()
            if is_refused:
                self.wfile.write(b"come back later")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Post:
    """What the mail server does with what it is sent."""

    def __init__(self) -> None:
        self.got: list[tuple[list[str], Mail]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("nobody@"):
            return "550 nobody lives here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.got.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        return "250 taken"


class MailReceiver:
    """A mail server and what it was sent: `(recipients, mail)`."""

    def __init__(self, controller: Controller, post: _Post) -> None:
        self.port = controller.server.sockets[0].getsockname()[1]
        self._post = post

    @property
    def got(self) -> list[tuple[list[str], Mail]]:
        return self._post.got


@contextmanager
def mail_receiver(tls: Any = None, user: str | None = None, password: str = "") -> Iterator[MailReceiver]:
    """A running `MailReceiver`; with `tls` (an `ssl.SSLContext`) it asks for STARTTLS, with `user` for a login."""

    def lets_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        is_right = (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=is_right, handled=False)

    post = _Post()
    more = {"tls_context": tls, "require_starttls": True} if tls is not None else {}
    if user is not None:
        more |= {"authenticator": lets_in, "auth_required": True, "auth_require_tls": tls is not None}
    controller = Controller(post, hostname="127.0.0.1", port=_free(), **more)
    controller.start()
    try:
        yield MailReceiver(controller, post)
    finally:
        controller.stop()


def _free() -> int:
    import socket

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
