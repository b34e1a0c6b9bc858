"""The network of a Python source: a proxy in the parent that leads to the hosts that the source declares, and to no other.

Where the child has no network of its own it listens on its own loopback, and hands that listener to the parent: what connects there talks
to the proxy, and there is no other way out. Where the child can't be cut off, the proxy listens on the machine's loopback and asks for a
word that only the child knows; then nothing but the custom of HTTP libraries leads through it, and the outcome says so.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import select
import socket
import threading
from collections.abc import Sequence
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_LARGEST_HEAD = 65536
_CHUNK = 65536
_CONNECT_SECONDS = 30.0
#: So long a connection may say nothing.
_IDLE_SECONDS = 600.0
_POLL = 0.2
#: Headers that are meant for a proxy alone.
_OWN_HEADERS = (b"proxy-authorization:", b"proxy-connection:", b"connection:")


class SourceNetwork:
    """The way out of one child; a context manager, which ends all that goes through it.

    Args:
        hosts: names of hosts, each with or without a port; without one the ports of `http` and `https` are meant. `*.example.com` means
            what lies below.

    Attributes:
        child: the end of the line that the child inherits.
        word: what the child must say to the proxy.
        port: of the machine's loopback, where the child can't be cut off.
        refused: hosts that were asked for and are not declared.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._allowed = [_split(host) for host in hosts]
        self.refused: set[str] = set()
        self.word = secrets.token_urlsafe(16)
        self._parent, self.child = socket.socketpair()
        self._own = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._own.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> SourceNetwork:
        self._start(self._serve, self._own)
        self._start(self._take_listener)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        with self._lock:
            still = [*self._open, self._own, self._parent, self.child]
        for each in still:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def allows(self, host: str, port: int) -> bool:
        """Whether a host may be reached at a port."""
        host = host.lower().rstrip(".")
        for name, stated in self._allowed:
            fits = host == name or (name.startswith("*.") and host.endswith(name[1:]))
            if fits and (port == stated if stated is not None else port in _PORTS.values()):
                return True
        return False

    def _start(self, work: object, *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()  # type: ignore[arg-type]

    def _take_listener(self) -> None:
        """Serve the listener that a child without a network hands over."""
        with contextlib.suppress(OSError):
            _, handed, _, _ = socket.recv_fds(self._parent, 16, 1)
            for descriptor in handed:
                with socket.socket(fileno=descriptor) as listener:
                    self._serve(listener)

    def _serve(self, listener: socket.socket) -> None:
        listener.settimeout(_POLL)
        while not self._ended.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self._start(self._talk, client)

    def _talk(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        try:
            client.settimeout(_IDLE_SECONDS)
            self._answer(client)
        except OSError:
            return  # who asked sees that the line is cut
        finally:
            with self._lock:
                self._open.discard(client)
            client.close()

    def _answer(self, client: socket.socket) -> None:
        """One request: a tunnel, or a plain request that is handed on."""
        head, rest = _head(client)
        lines = head.split(b"\r\n")
        words = lines[0].split(b" ")
        if len(words) != 3:
            return _say(client, "400 Bad Request", "this is no request of HTTP")
        method, target, version = words
        if not self._knows(lines[1:]):
            return _say(client, "407 Proxy Authentication Required", "only the source that was started may ask")
        if method == b"CONNECT":
            host, port = _split(target.decode("latin-1"))
            server = self._reach(client, host, port or 443)
            if server is not None:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                self._pipe(client, server, rest)
            return None
        parts = urlsplit(target.decode("latin-1"))
        if parts.scheme != "http" or not parts.hostname:
            return _say(client, "400 Bad Request", "this proxy leads to hosts, and none is named")
        server = self._reach(client, parts.hostname, parts.port or 80)
        if server is not None:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            kept = [line for line in lines[1:] if not line.lower().startswith(_OWN_HEADERS)]
            begin = b" ".join([method, path.encode("latin-1"), version])
            self._pipe(client, server, b"\r\n".join([begin, *kept, b"Connection: close", b"", b""]) + rest)
        return None

    def _knows(self, headers: Sequence[bytes]) -> bool:
        expected = b"basic " + base64.b64encode(f"andon:{self.word}".encode())
        said = [line.partition(b":")[2].strip() for line in headers if line.lower().startswith(b"proxy-authorization:")]
        return any(each[:6].lower() + each[6:] == expected for each in said)

    def _reach(self, client: socket.socket, host: str, port: int) -> socket.socket | None:
        if not self.allows(host, port):
            self.refused.add(host if port in _PORTS.values() else f"{host}:{port}")
            _say(client, "403 Forbidden", f"the source does not declare the host {host}, port {port}")
            return None
        try:
            server = socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
        except OSError as error:
            _say(client, "502 Bad Gateway", f"{host} can't be reached: {error.strerror or error}")
            return None
        server.settimeout(_IDLE_SECONDS)
        with self._lock:
            self._open.add(server)
        return server

    def _pipe(self, client: socket.socket, server: socket.socket, first: bytes) -> None:
        """Hand on what both say, until one of them has ended and the other has said all."""
        try:
            server.sendall(first)
            ways = {client: server, server: client}
            while ways and not self._ended.is_set():
                ready, _, _ = select.select([*ways], [], [], _POLL)
                for one in ready:
                    chunk = one.recv(_CHUNK)
                    if chunk:
                        ways[one].sendall(chunk)
                        continue
                    with contextlib.suppress(OSError):
                        ways[one].shutdown(socket.SHUT_WR)
                    del ways[one]
                    if one is server:
                        return
        finally:
            with self._lock:
                self._open.discard(server)
            server.close()


def _split(text: str) -> tuple[str, int | None]:
    """Host and port of a text; None where it states no port."""
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isdecimal():
        return text.strip().strip("[]").lower(), None
    return host.strip("[]").lower(), int(port)


def _head(client: socket.socket) -> tuple[bytes, bytes]:
    """The head of a request, and what came behind it.

    Raises:
        OSError: it never ended.
    """
    found = b""
    while b"\r\n\r\n" not in found:
        chunk = client.recv(_CHUNK)
        if not chunk or len(found) > _LARGEST_HEAD:
            raise OSError("no head")
        found += chunk
    head, _, rest = found.partition(b"\r\n\r\n")
    return head, rest


def _say(client: socket.socket, status: str, text: str) -> None:
    body = text.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    client.sendall(head.encode() + body)
