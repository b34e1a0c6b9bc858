"""Who gets the messages of the drill: a web server on this machine that keeps what it is told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from andon.base.record import Record


class Heard(Record):
    """What a message said of one incident, and in which pass it came."""

    message: str
    pass_: int
    incident: int
    change: str
    dataset: str
    what: str


class Receiver:
    """Takes messages until it is closed; each counts once, however often it comes.

    Attributes:
        pass_: in which pass of the drill what comes now comes.
    """

    def __init__(self) -> None:
        self._heard: dict[str, list[Heard]] = {}
        self.pass_ = 0
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                document = json.loads(body)
                receiver.take(document)
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """What a server says of each request is nothing for who watches."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="drill-receiver", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def take(self, document: dict[str, Any]) -> None:
        """Keep a message; one that comes again is the same one."""
        told = [_heard(document, each, self.pass_) for each in document["incidents"]]
        self._heard.setdefault(str(document["id"]), told)

    @property
    def messages(self) -> int:
        """How many messages came."""
        return len(self._heard)

    def heard(self) -> list[Heard]:
        """What was told, a line for each incident of each message, in the order in which they came."""
        return [each for told in self._heard.values() for each in told]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _heard(document: dict[str, Any], said: dict[str, Any], pass_: int) -> Heard:
    return Heard(
        str(document["id"]),
        pass_,
        int(said["incident"]),
        str(said["change"]),
        str(said["dataset"]),
        str(said["what"]),
    )
