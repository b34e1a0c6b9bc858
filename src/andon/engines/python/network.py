"""The network of a Python source: a proxy in the parent that leads to the hosts that the source declares, and to no other.

Where the child has no network of its own it listens on its own loopback, and hands that listener to the parent: what connects there talks
to the proxy, and there is no other way out. A host that is declared with a port is also one of the child's own addresses, from which the
parent leads to it: so whatever speaks no HTTP, such as the driver of a database, finds it by its name. Where the child can't be cut off,
the proxy listens on the machine's loopback and asks for a word that only the child knows; then nothing but the custom of HTTP libraries
leads through it, and the outcome says so.
"""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

_PORTS = {"http": 80, "https": 443}
_LARGEST_HEAD = 65536
_CHUNK = 65536
_CONNECT_SECONDS = 30.0
#: So long a connection may say nothing.
_IDLE_SECONDS = 600.0
_POLL = 0.2
#: Ports from here on may be listened on by anybody.
_OWN_PORTS = 1024
_MOST_NAMED = 200
_MESSAGE = 4096
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
        named: hosts with a port, each with the address that the child has for it.
        refused: hosts that were asked for and are not declared.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._allowed = [_split(host) for host in hosts]
        self.named = _named(self._allowed)
        self.refused: set[str] = set()
        self.word = secrets.token_urlsafe(16)
        self._parent, self.child = socket.socketpair()
        self._own = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._own.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def __enter__(self) -> SourceNetwork:
        self._start(self._serve, self._own, self._answer)
        self._start(self._take_listeners)
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

    def _take_listeners(self) -> None:
        """Serve the listeners that a child without a network hands over: that of the proxy, then those of hosts with a port."""
        with contextlib.suppress(OSError, ValueError):
            said, handed, _, _ = socket.recv_fds(self._parent, _MESSAGE, _MOST_NAMED + 1)
            served = [self._answer, *(self._leads_to(int(number)) for number in json.loads(said))]
            for descriptor, answer in zip(handed, served, strict=True):
                self._start(self._serve, socket.socket(fileno=descriptor), answer)

    def _leads_to(self, number: int) -> Callable[[socket.socket], None]:
        """What a connection to the child's address of a host is answered with: the host itself."""
        host, port, _ = self.named[number]

        def lead(client: socket.socket) -> None:
            self._pipe(client, self._connected(host, port), b"")

        return lead

    def _serve(self, listener: socket.socket, answer: Callable[[socket.socket], None]) -> None:
        with listener, contextlib.suppress(OSError):  # it was closed at the end
            listener.settimeout(_POLL)
            while not self._ended.is_set():
                with contextlib.suppress(TimeoutError):
                    client, _ = listener.accept()
                    self._start(self._talk, client, answer)

    def _talk(self, client: socket.socket, answer: Callable[[socket.socket], None]) -> None:
        with self._lock:
            self._open.add(client)
        try:
            client.settimeout(_IDLE_SECONDS)
            answer(client)
        except (OSError, ValueError):
            return  # it is gone, or what it asks is no address: who asked sees that the line is cut
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
            return self._connected(host, port)
        except OSError as error:
            _say(client, "502 Bad Gateway", f"{host} can't be reached: {error.strerror or error}")
            return None

    def _connected(self, host: str, port: int) -> socket.socket:
        server = _connect(host, port)
        server.settimeout(_IDLE_SECONDS)
        with self._lock:
            self._open.add(server)
        return server

    def _pipe(self, client: socket.socket, server: socket.socket, first: bytes) -> None:
        """Hand on what both say, each way in a thread of its own, until the server has said all."""
        try:
            server.sendall(first)
            self._start(_copy, client, server)
            _copy(server, client)
        finally:
            with self._lock:
                self._open.discard(server)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # what the other thread waits for
            server.close()


def _copy(one: socket.socket, other: socket.socket) -> None:
    """Hand on what `one` says to the end."""
    with contextlib.suppress(OSError, ValueError):  # one of them was closed
        while chunk := one.recv(_CHUNK):
            other.sendall(chunk)
        other.shutdown(socket.SHUT_WR)


def _connect(host: str, port: int) -> socket.socket:
    """A connection to a host, through the proxy that the machine is set to.

    Raises:
        OSError: it can't be reached.
    """
    proxy = getproxies().get("http" if port == _PORTS["http"] else "https", "")
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if not parts.hostname or parts.scheme != "http" or proxy_bypass(f"{host}:{port}"):
        return socket.create_connection((host, port), timeout=_CONNECT_SECONDS)
    server = socket.create_connection((parts.hostname, parts.port or _PORTS["http"]), timeout=_CONNECT_SECONDS)
    try:
        lines = [f"CONNECT {host}:{port} HTTP/1.1", f"Host: {host}:{port}"]
        if parts.username is not None:
            said = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            lines.append(f"Proxy-Authorization: Basic {base64.b64encode(said).decode()}")
        server.sendall("\r\n".join([*lines, "", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n") and len(head) < _LARGEST_HEAD:
            byte = server.recv(1)  # what comes behind it is the host's
            if not byte:
                raise OSError("the proxy that this machine is set to hung up")
            head += byte
        if head.split(b" ")[1:2] != [b"200"]:
            raise OSError("the proxy that this machine is set to refuses it")
    except BaseException:
        server.close()
        raise
    return server


def _named(allowed: Sequence[tuple[str, int | None]]) -> list[tuple[str, int, str]]:
    """Hosts with a port that the child may listen on itself, each with an address of its loopback; the same host has the same one."""
    addresses: dict[str, str] = {}
    found: list[tuple[str, int, str]] = []
    for host, port in allowed:
        is_name = not host.startswith("*.") and not host.replace(".", "").isdigit() and ":" not in host
        if port is not None and port >= _OWN_PORTS and is_name and len(found) < _MOST_NAMED:
            address = addresses.setdefault(host, f"127.0.1.{len(addresses) + 1}")
            found.append((host, port, address))
    return found


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
