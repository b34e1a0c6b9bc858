"""A real server over a project, in threads of the test's process, and what asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3  # noqa: TID253 - a server is never far from its client here

from andon.query.workers import Workers
from andon.service.service import Service
from andon.web.server import address_of, listen, server


@dataclass
class Reply:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.data)

    @property
    def code(self) -> str:
        return self.document["code"]


class Client:
    """Asks a server; `token` is shown with each request."""

    def __init__(self, address: str, token: str | None = None) -> None:
        self.address, self.token = address, token
        self._pool = urllib3.PoolManager(retries=False, maxsize=60, timeout=60)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Reply:
        sent = dict(headers or {})
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        is_whole = path == "/" or path.startswith(("/healthz", "/metrics", "/api", "/static"))
        place = path if is_whole else f"/api/v1{path}"
        found = self._pool.request(method, self.address + place, body=data, headers=sent)
        return Reply(found.status, found.headers, found.data)

    def get(self, path: str, **headers: str) -> Reply:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.ask("POST", path, {} if body is None else body, headers)

    def visit(self, path: str, **headers: str) -> Reply:
        """A page, as a browser asks for it; redirects are not followed."""
        sent = {"Accept": "text/html", **headers, **self._shown()}
        found = self._pool.request("GET", self.address + path, headers=sent, redirect=False)
        return Reply(found.status, found.headers, found.data)

    def send(self, path: str, fields: Any, **headers: str) -> Reply:
        """A form of a page: `fields` by name, or as pairs; redirects are not followed."""
        pairs = list(fields.items()) if isinstance(fields, Mapping) else list(fields)
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html", **headers, **self._shown()}
        body = urlencode(pairs).encode()
        found = self._pool.request("POST", self.address + path, body=body, headers=sent, redirect=False)
        return Reply(found.status, found.headers, found.data)

    def _shown(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token is not None else {}

    def delete(self, path: str, **headers: str) -> Reply:
        return self.ask("DELETE", path, headers=headers)


class Serving:
    """A running server; `lines` are those of its access log."""

    def __init__(self, root: Path, environ: Mapping[str, str] | None = None, host: str = "127.0.0.1") -> None:
        self.root = root
        self.lines: list[dict[str, Any]] = []
        self.service = Service.open(root, face="http", environ={"HOME": str(root.parent), **(environ or {})})
        self._server, self.application = server(self.service, host, self.lines.append)
        self._socket = listen(host, 0)
        self.address = address_of(host, self._socket)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    @property
    def workers(self) -> Workers:
        return self.service._shared.workers

    def client(self, token: str | None = None) -> Client:
        return Client(self.address, token)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()
        self._socket.close()
        self.service.close()


@contextmanager
def serving(root: Path, **options: Any):
    """A server that is stopped at the end."""
    found = Serving(root, **options)
    try:
        yield found
    finally:
        found.stop()
