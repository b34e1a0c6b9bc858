"""The child's way to the hosts that its source declares: a proxy in the parent, of which the usual variables tell every HTTP library."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from typing import Any


def open_way(job: dict[str, Any], network: str) -> str:
    """Let HTTP libraries find the proxy. Where there is no network but the process's own loopback, a listener there is handed to the
    parent, which serves it; elsewhere the parent listens itself.

    Returns:
        `hosts` where nothing but the proxy can be reached, else `network` as it is.
    """
    way = job["network"]
    if way is None:
        return network
    line = socket.socket(fileno=way["line"])
    port = way["port"]
    if network == "blocked":
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        named = _listeners(way["named"])
        numbers = json.dumps([number for number, _ in named]).encode()
        socket.send_fds(line, [numbers], [each.fileno() for each in (listener, *(own for _, own in named))])
        for each in (listener, *(own for _, own in named)):
            each.close()
        _find_by_name({host: address for host, _, address in way["named"]})
    line.close()
    address = f"http://andon:{way['word']}@127.0.0.1:{port}"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        os.environ[name] = address
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ""
    return "hosts" if network == "blocked" else network


def _listeners(named: list[list[Any]]) -> list[tuple[int, socket.socket]]:
    """A listener for each host with a port, by its number; where the system gives none, the host can't be reached so."""
    found = []
    for number, (_, port, address) in enumerate(named):
        with contextlib.suppress(OSError):
            found.append((number, socket.create_server((address, port))))
    return found


def _find_by_name(addresses: dict[str, str]) -> None:
    """Let Python find these hosts, also where `/etc/hosts` is not ours."""
    found = socket.getaddrinfo

    def getaddrinfo(host: Any, *rest: Any, **more: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        return found(addresses.get(name.lower(), host) if isinstance(name, str) else host, *rest, **more)

    socket.getaddrinfo = getaddrinfo
