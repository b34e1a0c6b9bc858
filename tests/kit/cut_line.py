"""A line between a client and a server of a database, which is cut at a chosen message."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

#: What becomes of a message: it goes through (None), is lost with the line, or arrives while its answer is lost with the line.
Fate = Callable[[bytes], str | None]


class Line:
    """Lets everything through, until `fate` says otherwise of a message; then it says nothing more.

    Args:
        port: where the server listens, on this machine.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.fate: Fate | None = None
        self.lost = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def loses_commit(self, how: str) -> None:
        """Lose the next `commit`, or the answer to it."""
        self.fate = lambda data: how if b"commit\x00" in data.lower() else None

    def loses_message(self, number: int, how: str) -> None:
        """Lose the message of this number, counted from now, over all connections."""
        seen = iter(range(1, number + 1))
        self.fate = lambda _: how if next(seen) == number else None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            answered = threading.Event()
            threading.Thread(target=self._up, args=(client, server, answered), daemon=True).start()
            threading.Thread(target=self._down, args=(server, client, answered), daemon=True).start()

    def _of(self, data: bytes) -> str | None:
        with self._lock:
            found = self.fate(data) if self.fate is not None else None
            if found is not None:
                self.fate = None
                self.lost += 1
            return found

    def _up(self, client: socket.socket, server: socket.socket, answered: threading.Event) -> None:
        while data := _read(client):
            fate = self._of(data)
            if fate is not None:
                if fate == "answer":
                    client.shutdown(socket.SHUT_WR)  # nothing of what the server says comes any more
                    answered.clear()
                    server.sendall(data)
                    answered.wait(2)
                break
            server.sendall(data)
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _down(self, server: socket.socket, client: socket.socket, answered: threading.Event) -> None:
        while data := _read(server):
            answered.set()
            try:
                client.sendall(data)
            except OSError:
                return


def _read(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""
