"""Who a machine is, as clouds tell it to what runs there, on this one: the metadata of an instance, and the credentials of a container."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_ROLES = "/latest/meta-data/iam/security-credentials/"
_SESSION = "of this machine"


class RoleServer(ThreadingHTTPServer):
    """Hands out a key to who asks as it must be asked.

    Attributes:
        url: where it is.
        lasts: so long a key is good.
        given: how often one was handed out.
    """

    daemon_threads = True

    def __init__(self, key: str, secret: str, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key, self.secret, self.token = key, secret, token
        self.lasts, self.given = timedelta(hours=6), 0

    def answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        """The metadata of an instance are asked in the newer way, with a session; those of a container with the token of a file."""
        if (method, path) == ("PUT", "/latest/api/token"):
            return 200, _SESSION
        is_instance = path.startswith(_ROLES)
        if (
            (headers.get("x-aws-ec2-metadata-token") != _SESSION)
            if is_instance
            else headers.get("authorization") != self.token
        ):
            return 401, "who are you?"
        if path == _ROLES:
            return 200, "a-role"
        self.given += 1
        end = f"{datetime.now(UTC) + self.lasts:%Y-%m-%dT%H:%M:%SZ}"
        known = {"AccessKeyId": self.key, "SecretAccessKey": self.secret, "Token": "", "Expiration": end}
        return 200, json.dumps({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": end, **known})


class _Handler(BaseHTTPRequestHandler):
    server: RoleServer

    def _do(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, text = self.server.answer(self.command, self.path, headers)
        self.send_response(status)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_PUT = _do

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


@contextmanager
def role_server(key: str, secret: str, token: str = "of a file") -> Iterator[RoleServer]:
    """One that runs."""
    server = RoleServer(key, secret, token)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
